//! `bangfu households …`: households, from the terminal.

use bangfu_proto::people::v1::{self as proto, HouseholdKind, HouseholdRelation, HouseholdState};

use super::{Client, day, problem::Problem, table::Table};

/// All households of a township that a filter admits, page by page.
pub async fn all(client: &Client, mut request: proto::ListHouseholdsRequest) -> Result<Vec<proto::Household>, Problem> {
    request.page_size = 500;
    let mut households = Vec::new();
    loop {
        let page = client.people().list_households(request.clone()).await?.into_inner();
        households.extend(page.households);
        if page.next_page_token.is_empty() {
            return Ok(households);
        }
        request.page_token = page.next_page_token;
    }
}

/// Households as a table.
pub fn table(households: &[proto::Household]) -> Table {
    let mut table = Table::new([
        "状态 state",
        "城乡 kind",
        "零就业 without work",
        "人数 members",
        "认定日期 recognised",
        "清零日期 cleared",
        "household_id",
    ]);
    for household in households {
        let last = household.spells.last();
        table.row([
            state_words(household.state()).to_owned(),
            if household.kind() == HouseholdKind::Rural { "农村 rural" } else { "城镇 urban" }.to_owned(),
            if household.without_work { "是 yes" } else { "否 no" }.to_owned(),
            household.members.iter().filter(|member| member.until.is_none()).count().to_string(),
            day(last.and_then(|spell| spell.recognised_on.as_ref())),
            day(last.and_then(|spell| spell.cleared_on.as_ref())),
            household.household_id.clone(),
        ]);
    }
    table
}

/// Who lives there; `people` are those of the register, masked.
pub fn members(household: &proto::Household, people: &[proto::Person]) -> Table {
    let mut table =
        Table::new(["与户主关系 relation", "姓名 name", "就业 work", "加入 from", "离开 until", "person_id"]);
    for member in &household.members {
        let person = people.iter().find(|person| person.person_id == member.person_id);
        table.row([
            relation_words(member.relation()).to_owned(),
            person.map_or_else(|| "-".to_owned(), |person| person.name_masked.clone()),
            person.map_or("-", super::people::level).to_owned(),
            day(member.from.as_ref()),
            day(member.until.as_ref()),
            member.person_id.clone(),
        ]);
    }
    for other in &household.others {
        table.row([
            relation_words(other.relation()).to_owned(),
            format!("{} 年生", other.birth_year),
            if other.works { "就业 works" } else { "未就业 does not work" }.to_owned(),
            "-".to_owned(),
            "-".to_owned(),
            "不在台账 not in the register".to_owned(),
        ]);
    }
    table
}

fn relation_words(relation: HouseholdRelation) -> &'static str {
    match relation {
        HouseholdRelation::Unspecified => "",
        HouseholdRelation::Head => "户主 head",
        HouseholdRelation::Spouse => "配偶 spouse",
        HouseholdRelation::Child => "子女 child",
        HouseholdRelation::Parent => "父母 parent",
        HouseholdRelation::Sibling => "兄弟姐妹 sibling",
        HouseholdRelation::Other => "其他 other",
    }
}

/// "已认定 recognised"
pub fn state_words(state: HouseholdState) -> &'static str {
    match state {
        HouseholdState::Unspecified => "",
        HouseholdState::Entered => "已登记 entered",
        HouseholdState::Recognised => "已认定 recognised",
        HouseholdState::Cleared => "已清零 cleared",
    }
}
