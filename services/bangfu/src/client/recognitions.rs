//! `bangfu recognitions …`: recognition of difficulty, from the terminal.

use bangfu_proto::people::v1::{self as proto, DifficultyType, RecognitionFact, RecognitionState};

use super::{Client, day, problem::Problem, table::Table};

/// All applications of a township that a filter admits, page by page.
pub async fn all(
    client: &Client,
    mut request: proto::ListRecognitionsRequest,
) -> Result<Vec<proto::Recognition>, Problem> {
    request.page_size = 500;
    let mut recognitions = Vec::new();
    loop {
        let page = client.people().list_recognitions(request.clone()).await?.into_inner();
        recognitions.extend(page.recognitions);
        if page.next_page_token.is_empty() {
            return Ok(recognitions);
        }
        request.page_token = page.next_page_token;
    }
}

/// Applications as a table.
pub fn table(recognitions: &[proto::Recognition]) -> Table {
    let mut table = Table::new([
        "状态 state",
        "困难类型 type",
        "申请日期 applied",
        "公示至 notice until",
        "认定日期 recognised",
        "recognition_id",
        "person_id",
    ]);
    for recognition in recognitions {
        table.row([
            state_words(recognition.state()).to_owned(),
            type_words(recognition.r#type()),
            day(recognition.applied_on.as_ref()),
            day(recognition.published_until.as_ref()),
            day(recognition.recognised_on.as_ref()),
            recognition.recognition_id.clone(),
            recognition.person_id.clone(),
        ]);
    }
    table
}

/// What there is to say about one: its conditions, its public notice, since when it holds.
pub fn lines(recognition: &proto::Recognition) -> Vec<String> {
    let mut lines = vec![type_words(recognition.r#type())];
    for fact in &recognition.facts {
        let holds = if fact.holds { "符合 borne out" } else { "台账不支持 not borne out" };
        lines.push(format!("{}: {holds}", fact_words(fact.fact())));
    }
    if recognition.state() == RecognitionState::Published {
        let (first, last) = (day(recognition.published_on.as_ref()), day(recognition.published_until.as_ref()));
        lines.push(format!("公示 {first} 至 {last}，次日起可认定 the city decides from the day after the notice on"));
    }
    if recognition.recognised_on.is_some() {
        lines.push(format!("认定日期 recognised on {}", day(recognition.recognised_on.as_ref())));
    }
    if recognition.revoked_on.is_some() {
        lines.push(format!("取消日期 revoked on {}", day(recognition.revoked_on.as_ref())));
    }
    lines
}

/// What proves it, and what was noted by whom.
pub fn notes(recognition: &proto::Recognition) -> Vec<String> {
    let step = |word: &str, step: &Option<proto::RecognitionStep>| {
        let step = step.as_ref()?;
        Some(format!("{word} {} {}: {}", day(step.on.as_ref()), step.by, step.note))
    };
    let told = |word: &str, text: &str| (!text.is_empty()).then(|| format!("{word}: {text}"));
    [
        told("佐证材料 evidence", &recognition.evidence),
        step("区镇审核 check", &recognition.check),
        step("市级认定 decision", &recognition.decision),
        told("终止理由 reason", &recognition.end_reason),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// "已申请 applied"
pub fn state_words(state: RecognitionState) -> &'static str {
    match state {
        RecognitionState::Unspecified => "",
        RecognitionState::Applied => "已申请 applied",
        RecognitionState::Published => "公示中 published",
        RecognitionState::Refused => "审核不通过 refused",
        RecognitionState::Recognised => "已认定 recognised",
        RecognitionState::Rejected => "不予认定 rejected",
        RecognitionState::Withdrawn => "已撤回 withdrawn",
        RecognitionState::Revoked => "已取消 revoked",
    }
}

/// "大龄 older_age"
pub fn type_words(of: DifficultyType) -> String {
    let office = match of {
        DifficultyType::Unspecified => "",
        DifficultyType::OlderAge => "大龄",
        DifficultyType::MinimumLivingAllowance => "最低生活保障",
        DifficultyType::NeedyWorkerFamily => "特困职工家庭",
        DifficultyType::Disabled => "残疾",
        DifficultyType::UrbanZeroEmployment => "城镇零就业家庭",
        DifficultyType::RuralZeroTransfer => "农村零转移家庭",
        DifficultyType::LongTermUnemployed => "连续失业一年以上",
        DifficultyType::LandTaken => "失地",
        DifficultyType::PreferentialTreatment => "优抚对象家庭",
        DifficultyType::LeftForces => "军队退役",
        DifficultyType::LowIncomeRuralHousehold => "低收入农户",
        DifficultyType::LowIncomePopulation => "低收入人口",
        DifficultyType::Other => "其他",
    };
    format!("{office} {}", of.as_str_name().trim_start_matches("DIFFICULTY_TYPE_").to_lowercase())
}

fn fact_words(fact: RecognitionFact) -> &'static str {
    match fact {
        RecognitionFact::Unspecified => "",
        RecognitionFact::Unemployed => "失业 unemployed",
        RecognitionFact::Age => "年龄 age",
        RecognitionFact::UnemployedForAYear => "失业满一年 unemployed for a year",
        RecognitionFact::Allowance => "相对贫困 allowance",
        RecognitionFact::Veteran => "退役军人 veteran",
        RecognitionFact::UrbanHousehold => "城镇零就业家庭 urban household without work",
        RecognitionFact::RuralHousehold => "农村零转移家庭 rural household without work",
    }
}
