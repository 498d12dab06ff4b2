//! Rules of request fields: what is parsed at the edge, and the sentence a broken one is told with.
//!
//! Every parser takes the list of faults, adds to it and goes on, so that a caller learns of all faults at once. What it
//! returns after a fault is a stand-in that nobody uses: `Violations::check` comes before any use.

mod numbers;
mod office;

use bangfu_proto::common::v1::CalendarDate;
use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    Township, calendar,
    error::{Rule, Violations},
};

pub use numbers::{number_of_a_person, without_numbers_of_people};
pub use office::office_word;

/// A rule told in both languages.
pub fn rule(en: &'static str, zh: &'static str) -> Rule {
    Rule { en: en.into(), zh: zh.into() }
}

/// The field is required.
pub fn required() -> Rule {
    rule("is required", "必填")
}

/// The field must be a number within bounds.
pub fn range(least: i64, most: i64) -> Rule {
    Rule { en: format!("must be {least} to {most}").into(), zh: format!("应为{least}至{most}").into() }
}

/// The field must be one of the contract's values.
pub fn enumerated() -> Rule {
    rule("must be one of the values of the contract", "应为接口约定的取值")
}

/// What is wrong with the number of an enum that has to be one of the contract's values: 0 stands for nothing given.
pub fn not_given_or_enumerated(number: i32) -> Rule {
    if number == 0 { required() } else { enumerated() }
}

/// A required UUID.
pub fn uuid(field: &'static str, text: &str, faults: &mut Violations) -> Uuid {
    match Uuid::try_parse(text) {
        Ok(id) if !id.is_nil() && text.len() == 36 => id,
        _ if text.is_empty() => fault(field, required(), faults),
        _ => fault(field, rule("must be a UUID in its 36-character form", "应为36位UUID"), faults),
    }
}

/// A UUID or nothing.
pub fn optional_uuid(field: &'static str, text: &str, faults: &mut Violations) -> Option<Uuid> {
    (!text.is_empty()).then(|| uuid(field, text, faults))
}

/// Characters that show nothing and come along when something is copied: soft hyphen, zero-width spaces and joiners,
/// direction marks, fillers, variation selectors, byte order mark. A text of nothing else is empty.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}')
}

/// A text of `least` to `most` characters, trimmed, less invisible characters, without control characters (line breaks
/// excepted), and without ID numbers and mobile phones: it is stored as it is. What is stored encrypted may have them, and so
/// may accounts: [`any_text`].
pub fn text(field: &'static str, text: &str, least: usize, most: usize, faults: &mut Violations) -> String {
    let text = any_text(field, text, least, most, faults);
    if number_of_a_person(&text).is_some() {
        return fault(
            field,
            rule("must not have ID numbers or mobile phone numbers", "不得填写身份证号、手机号"),
            faults,
        );
    }
    text
}

/// The same, with whatever numbers.
pub fn any_text(field: &'static str, text: &str, least: usize, most: usize, faults: &mut Violations) -> String {
    let visible: String = text.chars().filter(|&c| !is_invisible(c)).collect();
    let trimmed = visible.trim();
    let length = trimmed.chars().count();
    if length == 0 && least > 0 {
        return fault(field, required(), faults);
    }
    if !(least..=most).contains(&length) {
        let rule = if least <= 1 {
            Rule {
                en: format!("must have at most {most} characters").into(), zh: format!("不得超过{most}个字").into()
            }
        } else {
            Rule {
                en: format!("must have {least} to {most} characters").into(),
                zh: format!("应为{least}至{most}个字").into(),
            }
        };
        return fault(field, rule, faults);
    }
    if trimmed.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return fault(field, rule("must not have control characters", "不得含有控制字符"), faults);
    }
    trimmed.to_owned()
}

/// A required date between 1900 and 2100.
pub fn date(field: &'static str, message: Option<&CalendarDate>, faults: &mut Violations) -> NaiveDate {
    match message {
        None => fault(field, required(), faults),
        Some(message) => match calendar::date(message) {
            Some(date) => date,
            None => fault(
                field,
                rule(
                    "must be an existing date between 1900-01-01 and 2100-12-31",
                    "应为1900-01-01至2100-12-31之间存在的日期",
                ),
                faults,
            ),
        },
    }
}

/// A date between 1900 and 2100, or nothing.
pub fn optional_date(
    field: &'static str,
    message: Option<&CalendarDate>,
    faults: &mut Violations,
) -> Option<NaiveDate> {
    message.map(|message| date(field, Some(message), faults))
}

/// Adds a fault when a date lies after `today`.
pub fn not_after_today(field: &'static str, date: NaiveDate, today: NaiveDate, faults: &mut Violations) {
    if date > today {
        faults.add(field, rule("must not lie in the future", "不得晚于今天"));
    }
}

/// A township code, or nothing.
pub fn optional_township(field: &'static str, code: &str, faults: &mut Violations) -> Option<Township> {
    if code.is_empty() {
        return None;
    }
    if let Ok(township) = code.parse() {
        Some(township)
    } else {
        faults.add(field, rule("must be a township code of 6 to 12 digits", "应为6至12位区镇代码"));
        None
    }
}

fn fault<T: Default>(field: &'static str, rule: Rule, faults: &mut Violations) -> T {
    faults.add(field, rule);
    T::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_no_text() {
        let mut faults = Violations::default();
        assert_eq!(text("name", "\u{feff}张\u{200b}三 ", 1, 8, &mut faults), "张三");
        assert!(faults.is_empty());
        text("name", "\u{200b}\u{2060}\u{202e}", 1, 8, &mut faults);
        assert_eq!(faults.len(), 1);
    }

    #[test]
    fn a_text_that_is_stored_as_it_is_has_no_number_of_a_person() {
        let mut faults = Violations::default();
        text("note", "电话138 0000 0000", 0, 64, &mut faults);
        text("reason", "证号320699198505171899", 0, 64, &mut faults);
        assert_eq!(faults.len(), 2);
        assert!(!faults.to_string().contains("1380") && !faults.to_string().contains("320699"));
        assert_eq!(any_text("remark", "电话13800000000", 0, 64, &mut faults), "电话13800000000");
        assert_eq!(faults.len(), 2);
    }

    #[test]
    fn all_faults_are_listed_and_none_holds_the_value() {
        let mut faults = Violations::default();
        uuid("request_id", "", &mut faults);
        uuid("person_id", "320699198505171899", &mut faults);
        text("note", &"字".repeat(9), 0, 8, &mut faults);
        text("note", "a\u{0}b", 0, 8, &mut faults);
        date("on", Some(&CalendarDate { year: 2026, month: 2, day: 30 }), &mut faults);
        optional_township("township", "abc", &mut faults);
        assert_eq!(faults.len(), 6);
        assert!(!faults.to_string().contains("320699198505171899"));
        assert!(faults.check().is_err());
    }
}
