//! What an office calls the fields of the contract: the sentence for an office worker names no English field.

/// By the field's own name, or by its path where the name alone would say something else.
const WORDS: [(&str, &str); 197] = [
    ("absence_id", "请假编号"),
    ("absences", "请假"),
    ("account", "账号"),
    ("actor", "操作账号"),
    ("address", "住址"),
    ("after", "此日之后"),
    ("answered_by", "接听人"),
    ("applied_at", "申请地"),
    ("applied_by", "申请方"),
    ("applied_on", "申请日期"),
    ("as_of", "截至日期"),
    ("asked_by", "调查人"),
    ("asked_on", "调查日期"),
    ("birth_year", "出生年份"),
    ("calendar", "工作日历"),
    ("calendar.days_off.name", "节日名称"),
    ("calendar.days_off.on", "放假日"),
    ("cancelled_on", "注销日期"),
    ("capacity", "每月可办事项数"),
    ("cells", "名单行"),
    ("channel", "联系方式"),
    ("channels", "联系方式"),
    ("code", "区镇代码"),
    ("committed_by", "提交账号"),
    ("contact_id", "联系记录编号"),
    ("contacts", "联系记录"),
    ("contract_months", "合同期限"),
    ("coordinator", "协理员"),
    ("corrects_record_id", "被更正的记录编号"),
    ("count", "次数"),
    ("credit_code", "统一社会信用代码"),
    ("cursors", "订阅位置"),
    ("day", "日"),
    ("days_after", "节后天数"),
    ("days_before", "节前天数"),
    ("days_off", "放假日"),
    ("decision", "决定"),
    ("department", "部门"),
    ("details", "类别详情"),
    ("difficulties", "困难情况"),
    ("difficulty_type", "困难类型"),
    ("direction", "转移方向"),
    ("discharge", "退役信息"),
    ("discharge.kind", "退役方式"),
    ("discharge_kind", "退役方式"),
    ("discharged_on", "退役时间"),
    ("due", "到期日"),
    ("due.from", "到期日起"),
    ("due.to", "到期日止"),
    ("during", "日期范围"),
    ("during.from", "起始日期"),
    ("during.to", "截止日期"),
    ("duty_id", "应做事项编号"),
    ("education", "文化程度"),
    ("effective_on", "起始日期"),
    ("employer", "就业单位"),
    ("employment", "就业信息"),
    ("ended_on", "终止时间"),
    ("entry_grace_days", "补录天数"),
    ("epoch", "数据库标识"),
    ("etag", "版本标记"),
    ("every", "周期"),
    ("evidence", "佐证材料"),
    ("evidence_ids", "佐证记录编号"),
    ("festival", "节令"),
    ("file_name", "文件名"),
    ("from", "起始日"),
    ("from_coordinator", "移交人"),
    ("graduated_on", "毕业时间"),
    ("graduation", "毕业信息"),
    ("grant", "是否批准"),
    ("granted", "是否认定"),
    ("group", "人员类别"),
    ("group_by", "统计口径"),
    ("groups", "人员类别"),
    ("homecoming", "返乡信息"),
    ("household", "是否针对家庭"),
    ("household_id", "家庭编号"),
    ("id_number", "身份证号码"),
    ("id_number_is_numeric", "身份证号码为数值格式"),
    ("in_force_from", "生效日期"),
    ("insured", "是否参保"),
    ("job_intention", "求职意向"),
    ("job_wish", "就业意愿"),
    ("kept_person_id", "保留的服务对象编号"),
    ("kind", "家庭类型"),
    ("kinds", "事件种类"),
    ("known_on", "知晓日期"),
    ("leaving_on", "拟外出时间"),
    ("ledger_on", "填报日期"),
    ("level", "服务等级"),
    ("levels", "服务等级"),
    ("list_name", "名单名称"),
    ("list_on", "名单日期"),
    ("makeup_days", "调休上班日"),
    ("match_id", "数据比对编号"),
    ("member", "家庭成员"),
    ("members", "家庭成员"),
    ("memberships", "人员类别"),
    ("merge_id", "合并记录编号"),
    ("merged_person_id", "被合并的服务对象编号"),
    ("min_days", "最少剩余天数"),
    ("month", "月"),
    ("monthly_wage_fen", "期望月薪(分)"),
    ("name", "姓名/名称"),
    ("note", "备注"),
    ("occupation", "意向职业"),
    ("office_name", "事项名称"),
    ("on", "日期"),
    ("order", "排列方式"),
    ("others", "其他家庭成员"),
    ("outcome", "服务结果"),
    ("page_size", "每页条数"),
    ("page_token", "翻页标记"),
    ("pair_id", "疑似重复编号"),
    ("part", "消息"),
    ("passed", "是否通过"),
    ("people", "服务人数"),
    ("person_id", "服务对象编号"),
    ("person_ids", "服务对象编号"),
    ("phone", "联系电话"),
    ("place", "意向地点"),
    ("policies_told", "宣传的政策"),
    ("proration", "折算方式"),
    ("published", "是否已发布"),
    ("published_at", "发布时间"),
    ("published_by", "发布人"),
    ("reason", "理由"),
    ("recognised", "认定情况"),
    ("recognition_id", "认定编号"),
    ("recommended_to", "建议日期止"),
    ("record_id", "就业记录编号"),
    ("registered_by", "登记人"),
    ("registered_on", "登记日期"),
    ("relation", "与户主关系"),
    ("remark", "备注"),
    ("request", "消息"),
    ("request_id", "请求编号"),
    ("result", "联系结果"),
    ("results", "联系结果"),
    ("returned_from", "返乡前务工地点"),
    ("returned_on", "返乡时间"),
    ("revocation", "撤销理由"),
    ("revoked_on", "取消认定日期"),
    ("row", "行号"),
    ("row_kind", "行类别"),
    ("rows", "数据行"),
    ("rule", "服务规则"),
    ("rule_id", "规则编号"),
    ("rules", "服务规则"),
    ("school", "毕业院校"),
    ("seq", "事件序号"),
    ("seqs", "日志编号"),
    ("service", "服务项目"),
    ("service_record_id", "服务记录编号"),
    ("services", "服务项目"),
    ("sex", "性别"),
    ("skills", "技能特长"),
    ("source", "信息来源"),
    ("source_ref", "原编号"),
    ("spring_festival", "春节"),
    ("stand_in", "代班人"),
    ("standard", "服务标准"),
    ("standard.rules.after", "此前等级"),
    ("standard.rules.within_days", "办理天数"),
    ("start", "名单说明"),
    ("state", "状态"),
    ("states", "事项状态"),
    ("status", "就业状态"),
    ("status_learned", "了解到的就业状态"),
    ("status_since", "就业(失业)时间"),
    ("subsidies_suggested", "建议申领的补贴"),
    ("suspected", "疑似零就业"),
    ("text", "理由说明"),
    ("to", "截止日"),
    ("to_coordinator", "接收人"),
    ("to_township", "转入区镇"),
    ("township", "区镇"),
    ("townships", "区镇"),
    ("training_intention", "培训意向"),
    ("training_wish", "培训意愿"),
    ("transfer_id", "转移编号"),
    ("unassigned", "未分配"),
    ("undecided", "未决定"),
    ("until", "终止日期"),
    ("update_mask", "修改项"),
    ("validate_only", "仅校验"),
    ("version", "版本号"),
    ("village", "村(社区)"),
    ("villages", "村(社区)"),
    ("waiver_id", "豁免编号"),
    ("wants_work", "是否有就业意愿"),
    ("window", "节令期间"),
    ("within_days", "提前天数"),
    ("work_wish", "就业意向"),
    ("works", "是否就业"),
    ("year", "年"),
];

/// The office's word for a field: "employment.effective_on" → "起始日期". Brackets say which of many, and change nothing. A
/// field without one keeps its name.
pub fn office_word(field: &str) -> &str {
    let path: String = field.split('[').map(|part| part.rsplit(']').next().unwrap_or(part)).collect();
    let last = path.rsplit('.').next().unwrap_or(&path);
    let word = |name: &str| WORDS.iter().find(|(known, _)| *known == name).map(|&(_, word)| word);
    word(&path).or_else(|| word(last)).unwrap_or(field)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use prost::Message as _;
    use prost_types::{DescriptorProto, FileDescriptorSet};

    use super::*;

    #[test]
    fn every_field_of_every_request_has_an_office_word() {
        let set = FileDescriptorSet::decode(bangfu_proto::DESCRIPTOR_SET).expect("the contract");
        let mut messages = HashMap::new();
        for file in set.file.iter().filter(|file| file.package().starts_with("bangfu.")) {
            for message in &file.message_type {
                messages.insert(format!(".{}.{}", file.package(), message.name()), message);
            }
        }
        let mut waiting: Vec<&DescriptorProto> =
            messages.values().copied().filter(|message| message.name().ends_with("Request")).collect();
        let (mut seen, mut without) = (BTreeSet::new(), BTreeSet::new());
        while let Some(message) = waiting.pop() {
            seen.insert(message.name());
            for field in &message.field {
                if office_word(field.name()) == field.name() {
                    without.insert(format!("{}.{}", message.name(), field.name()));
                }
                if let Some(inner) = messages.get(field.type_name()).filter(|inner| !seen.contains(inner.name())) {
                    waiting.push(inner);
                }
            }
        }
        assert!(seen.len() > 10, "the contract was read");
        assert_eq!(without, BTreeSet::new());
    }

    #[test]
    fn a_path_is_told_by_its_last_name() {
        assert_eq!(office_word("employment.effective_on"), "起始日期");
        assert_eq!(office_word("due.from"), "到期日起");
        assert_eq!(office_word("unheard_of"), "unheard_of");
        assert_eq!(office_word("calendar.makeup_days[2027-01-09]"), "调休上班日");
        assert_eq!(office_word("calendar.days_off[2027-01-01].name"), "节日名称");
    }
}
