//! `bangfu households …`: households, from the terminal.

use bangfu_proto::people::v1::{self as proto, HouseholdKind, HouseholdState};

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

/// "已认定 recognised"
pub fn state_words(state: HouseholdState) -> &'static str {
    match state {
        HouseholdState::Unspecified => "",
        HouseholdState::Entered => "已登记 entered",
        HouseholdState::Recognised => "已认定 recognised",
        HouseholdState::Cleared => "已清零 cleared",
    }
}
