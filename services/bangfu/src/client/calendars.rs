//! `bangfu calendar …`: working days from the terminal.

use std::collections::BTreeSet;

use bangfu_followup::model::workdays::YearTable;
use bangfu_kernel::{Error, calendar};
use bangfu_proto::followup::v1 as proto;
use chrono::{Days, NaiveDate};

use super::{Client, date, day, problem::Problem, table::Table};

/// The message of a table as a file has it (services/followup/calendars/2026.toml is one). Errors: FIELD_INVALID, with all
/// faults.
pub fn parse(toml: &str) -> Result<proto::WorkCalendar, Error> {
    let table = YearTable::parse(toml)?;
    Ok(proto::WorkCalendar {
        year: table.year,
        days_off: table.days_off.into_iter().map(|(on, name)| proto::DayOff { on: date(on), name }).collect(),
        makeup_days: table.makeup_days.into_iter().map(calendar::message).collect(),
        source: table.source,
        ..Default::default()
    })
}

/// The working days of a year; 0: this year.
pub async fn of(client: &Client, year: i32) -> Result<proto::WorkCalendar, Problem> {
    Ok(client.followup().get_calendar(proto::GetCalendarRequest { year }).await?.into_inner())
}

/// Those of these years that have no table.
pub async fn without_table(client: &Client, years: BTreeSet<i32>) -> Result<Vec<i32>, Problem> {
    let mut without = Vec::new();
    for year in years {
        if !of(client, year).await?.published {
            without.push(year);
        }
    }
    Ok(without)
}

/// Years in which days were recommended without a table, for some duties at least.
pub fn doubtful(duties: &[proto::Duty]) -> BTreeSet<i32> {
    let guessed = duties.iter().filter(|duty| duty.recommended_by() == proto::RecommendedBy::SpreadWithoutTable);
    guessed.flat_map(|duty| [&duty.recommended_on, &duty.due_on]).flatten().map(|day| day.year).collect()
}

/// Holidays as a table: a line for each span of days off.
pub fn table(calendar: &proto::WorkCalendar) -> Table {
    let mut table = Table::new(["节日 holiday", "从 from", "至 to", "天数 days"]);
    for (name, from, to) in spans(&calendar.days_off) {
        let days = (to - from).num_days() + 1;
        table.row([name.to_owned(), from.to_string(), to.to_string(), days.to_string()]);
    }
    table
}

/// What stands below the holidays.
pub fn footer(calendar: &proto::WorkCalendar) -> String {
    let makeup: Vec<_> = calendar.makeup_days.iter().map(|on| day(Some(on))).collect();
    let festival = day(calendar.spring_festival.as_ref());
    format!("调休上班 make-up working days: {}\n春节 Spring Festival: {festival}", makeup.join(" "))
}

/// Days off beside each other with one name.
fn spans(days_off: &[proto::DayOff]) -> Vec<(&str, NaiveDate, NaiveDate)> {
    let mut spans: Vec<(&str, NaiveDate, NaiveDate)> = Vec::new();
    for off in days_off {
        let Some(on) = off.on.as_ref().and_then(calendar::date) else { continue };
        match spans.last_mut() {
            Some((name, _, to)) if *name == off.name && to.checked_add_days(Days::new(1)) == Some(on) => *to = on,
            _ => spans.push((&off.name, on, on)),
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_becomes_spans_of_holidays_again() {
        let file = include_str!("../../../followup/calendars/2025.toml");
        let calendar = parse(file).expect("the shipped file");
        let table = table(&calendar).to_string();
        assert!(table.contains("春节            2025-01-28  2025-02-04  8"), "{table}");
        assert_eq!(table.lines().count(), 7, "{table}");
        assert!(footer(&calendar).contains("2025-01-26 2025-02-08 2025-04-27 2025-09-28 2025-10-11"));
    }
}
