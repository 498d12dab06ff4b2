//! The one place that knows gRPC codes: `Error` → `Status`, with reason, metadata, all violations, and the sentence for
//! an office worker.

use std::{collections::HashMap, time::Duration};

use bangfu_proto::common::v1::ErrorReason as R;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, LocalizedMessage, StatusExt as _};

use crate::{Error, fields::office_word};

/// The domain of every `ErrorInfo` of the suite.
pub const DOMAIN: &str = "bangfu";

/// Bytes of violations that are told. The whole of an error travels in headers: base64 makes a third more of it, message and
/// sentence come to two thousand bytes, and clients on gRPC's C core take 8 KiB.
const ROOM: usize = 4_000;
/// Bytes that a violation takes besides its texts.
const OF_A_VIOLATION: usize = 36;
/// Longest message and sentence, in bytes; beyond it they say how many faults there are.
const LONGEST_TEXT: usize = 600;

/// What a client sees of an error. `correlation_id` leads to the log entry; INTERNAL tells it and nothing else.
pub fn status(error: &Error, correlation_id: &str) -> Status {
    let (code, reason) = code_and_reason(error);
    let mut details = ErrorDetails::new();
    details.set_error_info(reason_word(reason), DOMAIN, metadata(error, correlation_id));
    if let Error::Invalid(violations) = error {
        let mut room = ROOM;
        let told = violations.iter().take_while(|(field, rule)| {
            let size = field.len() + rule.en.len() + rule.zh.len() + OF_A_VIOLATION;
            room = room.saturating_sub(size);
            room > 0
        });
        let told = told.map(|(field, rule)| FieldViolation {
            field: field.to_string(),
            description: rule.en.to_string(),
            reason: reason_word(reason),
            localized_message: Some(LocalizedMessage::new("zh-CN", rule.zh.to_string())),
        });
        details.set_bad_request(told.collect::<Vec<_>>());
    }
    if let Some(wait) = retry_after(error, code) {
        details.set_retry_info(Some(wait));
    }
    details.set_localized_message("zh-CN", office_sentence(error, correlation_id));
    Status::with_error_details(code, sentence(error), details)
}

/// Reason and office sentence of an error that stands within an answer, as one row's of a list does. Errors that end a call
/// are no such: what they say may hang on a correlation id.
pub fn in_an_answer(error: &Error) -> (String, String) {
    let (_, reason) = code_and_reason(error);
    (reason_word(reason), office_sentence(error, ""))
}

/// "REQUEST_ID_REUSED": the reason as it stands in `ErrorInfo`.
pub fn reason_word(reason: R) -> String {
    reason.as_str_name().trim_start_matches("ERROR_REASON_").to_owned()
}

fn code_and_reason(error: &Error) -> (Code, R) {
    match error {
        Error::Invalid(_) => (Code::InvalidArgument, R::FieldInvalid),
        Error::RequestIdReused { .. } => (Code::InvalidArgument, R::RequestIdReused),
        Error::PageTokenInvalid => (Code::InvalidArgument, R::PageTokenInvalid),
        Error::CursorInvalid { .. } => (Code::InvalidArgument, R::CursorInvalid),
        Error::TokenRefused { .. } => (Code::Unauthenticated, R::TokenRefused),
        Error::RoleMissing { .. } => (Code::PermissionDenied, R::RoleMissing),
        Error::TownshipUnknown => (Code::PermissionDenied, R::TownshipUnknown),
        Error::VillageNotYours => (Code::PermissionDenied, R::VillageNotYours),
        Error::NotFound(_) => (Code::NotFound, R::NotFound),
        Error::PersonRegistered { .. } => (Code::AlreadyExists, R::PersonRegistered),
        Error::PersonRegisteredElsewhere => (Code::AlreadyExists, R::PersonRegisteredElsewhere),
        Error::EtagStale => (Code::Aborted, R::EtagStale),
        Error::ContactVoided { .. } => (Code::FailedPrecondition, R::ContactVoided),
        Error::RecordNotCorrectable { .. } => (Code::FailedPrecondition, R::RecordNotCorrectable),
        Error::MembershipOverlaps { .. } => (Code::FailedPrecondition, R::MembershipOverlaps),
        Error::NotAMember { .. } => (Code::FailedPrecondition, R::NotAMember),
        Error::NotUnemployed => (Code::FailedPrecondition, R::NotUnemployed),
        Error::RegistrationStands { .. } => (Code::FailedPrecondition, R::RegistrationStands),
        Error::NoRegistration => (Code::FailedPrecondition, R::NoRegistration),
        Error::RecordNotRegistrable { .. } => (Code::FailedPrecondition, R::RecordNotRegistrable),
        Error::IllegalTransition { .. } => (Code::FailedPrecondition, R::IllegalTransition),
        Error::FactsMissing { .. } => (Code::FailedPrecondition, R::FactsMissing),
        Error::PublicityRuns { .. } => (Code::FailedPrecondition, R::PublicityRuns),
        Error::OwnEntry => (Code::PermissionDenied, R::OwnEntry),
        Error::RecognitionStands { .. } => (Code::FailedPrecondition, R::RecognitionStands),
        Error::PersonInHousehold { .. } => (Code::FailedPrecondition, R::PersonInHousehold),
        Error::PersonMerged { .. } => (Code::FailedPrecondition, R::PersonMerged),
        Error::MergeFinal { .. } => (Code::FailedPrecondition, R::MergeFinal),
        Error::PersonTransferred => (Code::FailedPrecondition, R::PersonTransferred),
        Error::TransferClosed { .. } => (Code::FailedPrecondition, R::TransferClosed),
        Error::TransferOthersTurn { .. } => (Code::FailedPrecondition, R::TransferOthersTurn),
        Error::TransferOpen { .. } => (Code::FailedPrecondition, R::TransferOpen),
        Error::NotElsewhere => (Code::FailedPrecondition, R::NotElsewhere),
        Error::PersonAnonymised => (Code::FailedPrecondition, R::PersonAnonymised),
        Error::MatchUndecided { .. } => (Code::FailedPrecondition, R::MatchUndecided),
        Error::AttemptsMissing { .. } => (Code::FailedPrecondition, R::AttemptsMissing),
        Error::WaiverStands { .. } => (Code::FailedPrecondition, R::WaiverStands),
        Error::AbsenceOverlaps { .. } => (Code::FailedPrecondition, R::AbsenceOverlaps),
        Error::AssignmentOverlaps { .. } => (Code::FailedPrecondition, R::AssignmentOverlaps),
        Error::FeedCompacted { .. } => (Code::OutOfRange, R::FeedCompacted),
        Error::FeedEpochChanged { .. } => (Code::Aborted, R::FeedEpochChanged),
        Error::FeedReaderSlow => (Code::Aborted, R::FeedReaderSlow),
        Error::Overloaded { .. } => (Code::ResourceExhausted, R::Overloaded),
        Error::TooLarge { .. } => (Code::ResourceExhausted, R::TooLarge),
        Error::Deadline => (Code::DeadlineExceeded, R::Deadline),
        Error::Unavailable(_) => (Code::Unavailable, R::Unavailable),
        Error::Conflict(_) => (Code::Aborted, R::Conflict),
        Error::Stopping => (Code::Cancelled, R::Stopping),
        Error::MethodUnknown => (Code::Unimplemented, R::MethodUnknown),
        Error::EncodingUnknown => (Code::Unimplemented, R::EncodingUnknown),
        Error::Internal(_) => (Code::Internal, R::Internal),
    }
}

fn metadata(error: &Error, correlation_id: &str) -> HashMap<String, String> {
    let pairs: Vec<(&str, String)> = match error {
        Error::RequestIdReused { request_id } => vec![("request_id", request_id.to_string())],
        Error::CursorInvalid { township, head } => {
            vec![("township", township.clone()), ("head", head.to_string())]
        }
        Error::RoleMissing { method } => vec![("method", method.clone())],
        Error::NotFound(resource) => vec![("resource", resource.word().to_owned())],
        Error::PersonRegistered { person_id } | Error::PersonMerged { person_id } => {
            vec![("person_id", person_id.to_string())]
        }
        Error::ContactVoided { contact_id } => vec![("contact_id", contact_id.to_string())],
        Error::RecordNotCorrectable { record_id } | Error::RecordNotRegistrable { record_id } => {
            vec![("record_id", record_id.to_string())]
        }
        Error::MembershipOverlaps { group } | Error::NotAMember { group } => {
            vec![("group", group.code().to_owned())]
        }
        Error::RegistrationStands { registration_id } => vec![("registration_id", registration_id.to_string())],
        Error::IllegalTransition { state } => vec![("state", (*state).to_owned())],
        Error::FactsMissing { facts } => vec![("facts", facts.clone())],
        Error::PublicityRuns { until } | Error::MergeFinal { until } => vec![("until", until.to_string())],
        Error::RecognitionStands { recognition_id } => vec![("recognition_id", recognition_id.to_string())],
        Error::PersonInHousehold { person_id, household_id } => {
            vec![("person_id", person_id.to_string()), ("household_id", household_id.to_string())]
        }
        Error::TransferClosed { transfer_id, state } => {
            vec![("transfer_id", transfer_id.to_string()), ("state", (*state).to_owned())]
        }
        Error::TransferOthersTurn { transfer_id } | Error::TransferOpen { transfer_id } => {
            vec![("transfer_id", transfer_id.to_string())]
        }
        Error::MatchUndecided { rows } => vec![("rows", rows.to_string())],
        Error::AttemptsMissing { days, home_visits } => {
            vec![("days", days.to_string()), ("home_visits", home_visits.to_string())]
        }
        Error::WaiverStands { waiver_id } => vec![("waiver_id", waiver_id.to_string())],
        Error::AbsenceOverlaps { absence_id } => vec![("absence_id", absence_id.to_string())],
        Error::AssignmentOverlaps { assignment_id, from } => {
            vec![("assignment_id", assignment_id.to_string()), ("from", from.to_string())]
        }
        Error::FeedCompacted { township, oldest } => {
            vec![("township", township.to_string()), ("oldest", oldest.to_string())]
        }
        Error::FeedEpochChanged { township, epoch } => {
            vec![("township", township.to_string()), ("epoch", epoch.to_string())]
        }
        Error::Overloaded { limit } | Error::TooLarge { limit } => vec![("limit", (*limit).to_owned())],
        Error::Internal(_) => vec![("correlation_id", correlation_id.to_owned())],
        Error::Invalid(_)
        | Error::PageTokenInvalid
        | Error::TokenRefused { .. }
        | Error::TownshipUnknown
        | Error::VillageNotYours
        | Error::PersonRegisteredElsewhere
        | Error::EtagStale
        | Error::NotUnemployed
        | Error::NoRegistration
        | Error::OwnEntry
        | Error::PersonTransferred
        | Error::NotElsewhere
        | Error::PersonAnonymised
        | Error::FeedReaderSlow
        | Error::Deadline
        | Error::Unavailable(_)
        | Error::Conflict(_)
        | Error::Stopping
        | Error::MethodUnknown
        | Error::EncodingUnknown => Vec::new(),
    };
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The English message: the error's own words, less the causes that are for the log.
fn sentence(error: &Error) -> String {
    match error {
        Error::TokenRefused { .. } => "the token is missing or refused".to_owned(),
        Error::Internal(_) => "internal fault; the correlation id leads to the log".to_owned(),
        Error::Invalid(violations) => {
            let all = error.to_string();
            // Chinese is percent-encoded here: three bytes for one.
            let encoded: usize = all.chars().map(|c| if c.is_ascii() { 1 } else { 3 * c.len_utf8() }).sum();
            if encoded <= 2 * LONGEST_TEXT { all } else { format!("{} fields break their rules", violations.len()) }
        }
        other => other.to_string(),
    }
}

fn office_sentence(error: &Error, correlation_id: &str) -> String {
    match error {
        Error::Invalid(violations) => {
            let faults = violations
                .iter()
                .map(|(field, rule)| format!("{}{}", office_field(field), rule.zh))
                .collect::<Vec<_>>();
            let all = format!("填写内容有误：{}。", faults.join("；"));
            if all.len() <= 2 * LONGEST_TEXT {
                return all;
            }
            let mut first = String::new();
            for fault in faults.iter().take_while(|fault| fault.len() < LONGEST_TEXT) {
                if first.len() + fault.len() > LONGEST_TEXT {
                    break;
                }
                first = if first.is_empty() { fault.clone() } else { format!("{first}；{fault}") };
            }
            format!("填写内容有误（共{}处）：{first}……", faults.len())
        }
        Error::RequestIdReused { .. } => "该请求编号已用于另一项操作，请换用新的编号。".to_owned(),
        Error::PageTokenInvalid => "翻页标记无效或已过期，请从第一页重新查询。".to_owned(),
        Error::CursorInvalid { .. } => "订阅位置无效。".to_owned(),
        Error::TokenRefused { .. } => "登录凭证缺失或无效，请重新登录。".to_owned(),
        Error::RoleMissing { .. } => "您的岗位没有办理此项业务的权限。".to_owned(),
        Error::TownshipUnknown => "登录凭证中的区镇不在名录中，请联系市人社局。".to_owned(),
        Error::VillageNotYours => "该服务对象不在您负责的村（社区）。".to_owned(),
        Error::NotFound(resource) => format!("没有找到该{}。", resource.office_word()),
        Error::PersonRegistered { .. } => "该身份证号码已在本区镇登记。".to_owned(),
        Error::PersonRegisteredElsewhere => "该身份证号码已在其他区镇登记，可申请转入。".to_owned(),
        Error::EtagStale => "数据已被他人修改，请刷新后再试。".to_owned(),
        Error::ContactVoided { .. } => "该联系记录已作废。".to_owned(),
        Error::RecordNotCorrectable { .. } => "该就业记录不属于此人，或已被更正。".to_owned(),
        Error::MembershipOverlaps { group } => {
            format!("该人员在此日期已属于或之后又属于“{}”，请先终止原有类别。", group.office_word())
        }
        Error::NotAMember { group } => format!("该人员目前不属于“{}”。", group.office_word()),
        Error::NotUnemployed => "该人员在此日期不是失业状态，请先登记其就业状态。".to_owned(),
        Error::RegistrationStands { .. } => "该人员已办理失业登记，且尚未注销。".to_owned(),
        Error::NoRegistration => "该人员没有有效的失业登记。".to_owned(),
        Error::RecordNotRegistrable { .. } => {
            "该就业记录不属于此人、已被更正、已办理登记，或不属于可登记的情形。".to_owned()
        }
        Error::IllegalTransition { .. } => "当前状态不能办理此步骤，请刷新后查看。".to_owned(),
        Error::FactsMissing { facts } => {
            let facts: Vec<_> = facts.split(',').map(fact_office_word).collect();
            format!("台账信息不支持以下认定条件：{}。请先核实并更新台账。", facts.join("、"))
        }
        Error::PublicityRuns { until } => format!("公示至{until}，期满后方可认定。"),
        Error::OwnEntry => "本人经办或审核过的事项须由他人办理。".to_owned(),
        Error::RecognitionStands { .. } => "该人员同一困难类型已在申请中或已认定。".to_owned(),
        Error::MatchUndecided { rows } => format!("还有{rows}行未作决定，请先逐行或按类决定。"),
        Error::AttemptsMissing { days, home_visits } => format!(
            "“无法联系”须在事项期内于不同日期至少尝试联系3次，其中至少1次上门。目前：{days}天，上门{home_visits}次。"
        ),
        Error::WaiverStands { .. } => "该事项已有待审核或已批准的豁免申请。".to_owned(),
        Error::AbsenceOverlaps { .. } => "所涉人员在此期间已请假，或正为对方代班。".to_owned(),
        Error::AssignmentOverlaps { from, .. } => {
            format!("已有自{from}起的后续安排：新的安排不得早于{from}，自{from}当日起的将取代它。")
        }
        Error::PersonInHousehold { .. } => "该人员已属于另一家庭，请先从原家庭移出。".to_owned(),
        Error::PersonMerged { .. } => "该条信息已并入另一条，请在保留的那条上办理。".to_owned(),
        Error::MergeFinal { until } => format!("合并已超过可撤销期限（{until}）。"),
        Error::PersonTransferred => "该人员已转往其他区镇，只能查看，不能再作修改。".to_owned(),
        Error::TransferClosed { state, .. } => {
            let how = match *state {
                "ACCEPTED" => "已被接收",
                "REJECTED" => "已被拒绝",
                "WITHDRAWN" => "已撤回",
                _ => "已过期",
            };
            format!("该转移{how}，不能再办理。")
        }
        Error::TransferOthersTurn { .. } => "该转移现由对方区镇办理。".to_owned(),
        Error::TransferOpen { .. } => "该人员已有尚未办结的转移，请先处理。".to_owned(),
        Error::NotElsewhere => "该身份证号码未在其他区镇登记，可直接登记。".to_owned(),
        Error::PersonAnonymised => "该人员已过保存期限并匿名化，不能再登记信息。".to_owned(),
        Error::FeedCompacted { .. } => "订阅位置过旧，相应数据已归档。".to_owned(),
        Error::FeedEpochChanged { .. } => "数据已从备份恢复，请从头同步。".to_owned(),
        Error::FeedReaderSlow => "接收速度过慢，连接已断开，请从上次位置继续。".to_owned(),
        Error::Overloaded { .. } => "系统繁忙，请稍后再试。".to_owned(),
        Error::TooLarge { .. } => "数据量超出上限，请分批办理。".to_owned(),
        Error::Deadline => "办理超时；用同一请求编号重试即可得知结果。".to_owned(),
        Error::Unavailable(_) => "服务暂时不可用，请稍后再试。".to_owned(),
        Error::Conflict(_) => "与他人的操作冲突，请重试。".to_owned(),
        Error::Stopping => "服务正在重启，请重新连接。".to_owned(),
        Error::MethodUnknown => "没有此接口。".to_owned(),
        Error::EncodingUnknown => "不支持此压缩方式。".to_owned(),
        Error::Internal(_) => format!("系统故障，请把编号 {correlation_id} 告诉管理员。"),
    }
}

/// The office's word for a field; of one among many in a list, with the name it goes by there: “follow_up.stable”的次数.
fn office_field(field: &str) -> String {
    match field.split_once('[').and_then(|(_, rest)| rest.split_once("].")) {
        Some((name, inner)) => format!("“{name}”的{}", office_word(inner)),
        None => office_word(field).to_owned(),
    }
}

/// The office's word for a condition of recognition.
fn fact_office_word(fact: &str) -> &str {
    match fact {
        "UNEMPLOYED" => "失业",
        "AGE" => "年龄",
        "UNEMPLOYED_FOR_A_YEAR" => "连续失业一年以上",
        "ALLOWANCE" => "相对贫困（低保、低收入）",
        "VETERAN" => "退役军人",
        "URBAN_HOUSEHOLD" => "已认定的城镇零就业家庭",
        "RURAL_HOUSEHOLD" => "已认定的农村零转移家庭",
        "WITHOUT_WORK" => "家庭无人就业且有人失业",
        other => other,
    }
}

/// When to send the same again, for the errors that pass by themselves: not for an etag that is stale or a feed that has
/// to be read from elsewhere.
fn retry_after(error: &Error, code: Code) -> Option<Duration> {
    match (error, code) {
        (Error::TooLarge { .. }, _) => None,
        (_, Code::Unavailable | Code::ResourceExhausted) => Some(Duration::from_secs(1)),
        (Error::Conflict(_), _) => Some(Duration::from_millis(50)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Rule, Violations};

    #[test]
    fn a_wait_is_told_for_what_passes_by_itself_and_for_nothing_else() {
        for (error, told) in [
            (Error::Conflict("two at once".into()), true),
            (Error::Overloaded { limit: "calls" }, true),
            (Error::Stopping, false),
            (Error::TooLarge { limit: "message" }, false),
            (Error::EtagStale, false),
            (Error::FeedReaderSlow, false),
        ] {
            let wait = status(&error, "").get_details_retry_info().and_then(|info| info.retry_delay);
            assert_eq!(wait.is_some(), told, "{error:?}");
        }
    }

    #[test]
    fn an_error_with_as_many_long_faults_as_there_can_be_fits_into_the_headers_that_clients_take() {
        let mut faults = Violations::default();
        for row in 1_000..1_100 {
            let en = format!("row {row}: 就业单位/从事工作 must have at most 128 characters").into();
            faults.add("rows", Rule { en, zh: format!("第{row}行“就业单位/从事工作”不得超过128个字").into() });
        }
        let many = faults.len();
        let status = status(&Error::Invalid(faults), "0123456789abcdef0123456789abcdef");
        let mut headers = http::HeaderMap::new();
        status.add_header(&mut headers).expect("headers");
        let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        assert!(size < 8_000, "{size} bytes");
        let told = status.get_details_bad_request().expect("violations").field_violations.len();
        assert!(told >= 20 && told <= many, "{told} of {many}");
        assert!(status.get_details_localized_message().expect("a sentence").message.contains("共32处"));
    }
}
