//! Dates as ledgers write them. Domain text, section 6.

use bangfu_kernel::calendar::{EARLIEST, LATEST};
use chrono::{Days, NaiveDate};

use super::normal;

/// The date a cell means: 2026-01-05, 2026/01/05, 2026.1.5, 2026年1月5日, 20260105, or the day number of a spreadsheet
/// (five digits, counted from 1899-12-30), a time of day behind it ignored. `None` for anything else, for days that do
/// not exist, and for those before 1900 or after 2100.
pub fn parse(text: &str) -> Option<NaiveDate> {
    let day = without_time(text.trim());
    let day = normal::compact(day);
    let (date, rest) = leading(&day)?;
    rest.is_empty().then_some(date)
}

/// The date at the beginning of a compact text, and what stands behind it.
pub fn leading(text: &str) -> Option<(NaiveDate, &str)> {
    let (first, rest) = number(text)?;
    match first.len() {
        8 => Some((civil(&first[..4], &first[4..6], &first[6..])?, rest)),
        5 => Some((serial(first)?, rest)),
        4 => {
            let (between, rest) = rest.split_at_checked(rest.chars().next()?.len_utf8())?;
            let (month, rest) = number(rest)?;
            let separator = between.chars().next()?;
            let behind_month = if separator == '年' { '月' } else { separator };
            let rest = rest.strip_prefix(|c| same(c, behind_month))?;
            let (day, rest) = number(rest)?;
            let known = matches!(separator, '年' | '/' | '.') || normal::is_dash(separator);
            let rest = if separator == '年' { rest.strip_prefix('日')? } else { rest };
            (known && month.len() <= 2 && day.len() <= 2).then_some((civil(first, month, day)?, rest))
        }
        _ => None,
    }
}

fn same(c: char, separator: char) -> bool {
    c == separator || (normal::is_dash(c) && normal::is_dash(separator))
}

/// What spreadsheets' exports put behind a date: " 00:00:00", "T00:00:00".
fn without_time(text: &str) -> &str {
    text.split_once([' ', 'T']).filter(|(_, time)| time.contains(':')).map_or(text, |(day, _)| day)
}

fn number(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn civil(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    known(NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?)
}

fn serial(number: &str) -> Option<NaiveDate> {
    let zero = NaiveDate::from_ymd_opt(1899, 12, 30)?;
    known(zero.checked_add_days(Days::new(number.parse().ok()?))?)
}

fn known(date: NaiveDate) -> Option<NaiveDate> {
    (EARLIEST..=LATEST).contains(&date).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_a_date_are_read() {
        let fifth = "2026-01-05".parse().ok();
        for text in [
            "2026-01-05",
            "2026-1-5",
            "2026/01/05",
            "2026.1.5",
            "2026.01.05",
            "2026年1月5日",
            "2026年01月05日",
            "20260105",
            "46027",
            "２０２６年１月５日",
            "２０２６．１．５",
            "2026—01—05",
            " 2026 / 1 / 5 ",
            "'2026-01-05",
            "2026-01-05 00:00:00",
            "2026-01-05T00:00:00",
        ] {
            assert_eq!(parse(text), fifth, "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "去年",
            "不详",
            "2025-02-30",
            "2025-13-01",
            "20250230",
            "2026-01",
            "2026年1月",
            "2026",
            "1899-12-31",
            "2101-01-01",
            "2026-01/05",
            "2026年1月5",
            "05/01/2026",
            "26.1.5",
            "2026-001-05",
            "2026-01-05起",
            "460270",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
