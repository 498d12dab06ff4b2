//! The table for people: a line for each row, then what the codes mean and how often they occur.

use std::io::{self, Write};

use bangfu_kernel::id_number::mask;
use bangfu_proto::people::v1::{RowCode, RowOutcome};
use chrono::NaiveDate;

use super::{Summary, code_word, group_words};
use crate::roster::{judge::Verdict, normal, row::RosterRow};

/// What each code means to the office and to everybody else.
const MEANINGS: [(RowCode, &str, &str); 15] = [
    (RowCode::NameMissing, "姓名缺失", "rejected: no name"),
    (RowCode::IdLength, "身份证号码不是18位", "rejected: the ID number has not 18 characters"),
    (RowCode::IdCheckDigit, "身份证号码校验位错误", "rejected: the check digit of the ID number is wrong"),
    (
        RowCode::IdBirthDate,
        "身份证号码中的出生日期不存在",
        "rejected: the date of birth in the ID number does not exist",
    ),
    (RowCode::IdLostDigits, "身份证号码为数值格式，末位数字已丢失", "rejected: the ID number stood in a numeric cell"),
    (RowCode::UnderAge, "未满16周岁", "rejected: under 16 on the ledger's date"),
    (RowCode::GroupMissing, "人员类别缺失", "rejected: no group"),
    (RowCode::GroupUnknown, "人员类别无法识别", "rejected: a group that is not known"),
    (
        RowCode::IdUsedByOtherName,
        "身份证号码与前面另一姓名的行重复",
        "rejected: an earlier row has the number, another name",
    ),
    (RowCode::DuplicateInFile, "与前面的行是同一人", "merged: its groups joined the earlier row's"),
    (RowCode::SexMismatch, "性别与身份证号码不符，以号码为准", "warning: the sex is not the number's, which decides"),
    (RowCode::PhoneInvalid, "联系电话格式错误，未采用", "warning: no valid phone, kept without"),
    (RowCode::StatusUnknown, "就业状态无法识别，按待核实处理", "warning: the status is not known, becomes unverified"),
    (RowCode::DateUnreadable, "日期无法识别，按填报日期处理", "warning: a date cannot be read, the ledger's is used"),
    (RowCode::DateInFuture, "日期晚于填报日期，按填报日期处理", "warning: the date lies ahead, the ledger's is used"),
];

/// Writes the table of a judged roster: `rows` and `verdicts` belong together, one by one.
pub fn write_table(
    out: &mut impl Write,
    rows: &[RosterRow],
    verdicts: &[Verdict],
    ledger_on: NaiveDate,
) -> io::Result<()> {
    writeln!(out, "填报日期 ledger date: {ledger_on}")?;
    line(
        out,
        ["行号 row", "姓名 name", "身份证号码 ID number", "结果 outcome", "就业状态 status", "人员类别 groups"],
        "问题 codes",
    )?;
    for (row, verdict) in rows.iter().zip(verdicts) {
        let codes = verdict.codes.iter().map(|&code| format!("{} {}", code_word(code), meaning(code).0));
        let cells = [
            &verdict.row.to_string(),
            &masked_name(&row.name),
            &mask(&normal::digits(&row.id_number)),
            outcome_words(verdict.outcome),
            verdict.status.office_word(),
            &group_words(verdict).join("、"),
        ];
        line(out, cells, &codes.collect::<Vec<_>>().join("; "))?;
    }
    totals(out, &Summary::of(verdicts))
}

fn totals(out: &mut impl Write, summary: &Summary) -> io::Result<()> {
    writeln!(
        out,
        "\n合计 rows: {}   接收 accepted: {}   合并 merged: {}   退回 rejected: {}",
        summary.rows,
        summary.outcome("accepted"),
        summary.outcome("merged"),
        summary.outcome("rejected")
    )?;
    for (code, zh, en) in MEANINGS {
        let count = summary.code(code);
        if count > 0 {
            writeln!(out, "{count:>7}  {:<22}{zh} ({en})", code_word(code))?;
        }
    }
    Ok(())
}

/// What a code means, to the office and to everybody else.
pub fn meaning(code: RowCode) -> (&'static str, &'static str) {
    MEANINGS.iter().find(|(known, ..)| *known == code).map_or(("", ""), |&(_, zh, en)| (zh, en))
}

fn outcome_words(outcome: RowOutcome) -> &'static str {
    match outcome {
        RowOutcome::Accepted => "接收 accepted",
        RowOutcome::Merged => "合并 merged",
        RowOutcome::Rejected => "退回 rejected",
        RowOutcome::Unspecified => "",
    }
}

/// The family name's first character, and an asterisk for each further one.
fn masked_name(name: &str) -> String {
    normal::compact(name)
        .chars()
        .enumerate()
        .map(|(at, c)| if at == 0 && !c.is_ascii_digit() { c } else { '*' })
        .collect()
}

fn line(out: &mut impl Write, cells: [&str; 6], last: &str) -> io::Result<()> {
    const WIDTHS: [usize; 6] = [9, 10, 21, 15, 16, 36];
    let padded = cells.into_iter().zip(WIDTHS).map(|(cell, width)| {
        let blanks = width.saturating_sub(columns(cell));
        format!("{cell}{:blanks$}", "")
    });
    writeln!(out, "{}", format!("{} {last}", padded.collect::<Vec<_>>().join(" ")).trim_end())
}

/// Columns of a terminal: Chinese characters take two.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if u32::from(c) >= 0x1100 { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_meaning() {
        for number in 1..=15 {
            let code = RowCode::try_from(number).expect("a code");
            assert!(!meaning(code).0.is_empty() && !meaning(code).1.is_empty(), "{code:?}");
        }
        assert!(RowCode::try_from(16).is_err(), "a new code needs its meaning");
    }

    #[test]
    fn a_name_shows_its_first_character_and_a_number_in_its_place_nothing() {
        assert_eq!(masked_name(" 张 三丰"), "张**");
        assert_eq!(masked_name("320699198505171899"), "******************");
        assert_eq!(masked_name(""), "");
    }
}
