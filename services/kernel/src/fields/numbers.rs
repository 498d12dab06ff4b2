//! Numbers that tell who somebody is, found in texts that were meant for something else: ID numbers and mobile phones.

use std::ops::Range;

use uuid::Uuid;

/// Digits of an ID number, and of a mobile phone.
const ID: usize = 18;
const PHONE: usize = 11;
/// Most separators within one number: 138 0000 0000, 320699 1985 0517 1890.
const SEPARATORS: usize = 3;

/// Where the first number of a person stands in a text, in bytes: 18 characters with a date of birth at their place, whatever
/// the check digit says, or a mobile phone. Full-width digits count, and so do single spaces, dots and dashes between digits.
/// Ids of machines (UUIDs) are none, whatever digits they have.
pub fn number_of_a_person(text: &str) -> Option<Range<usize>> {
    let digits: Vec<(usize, char)> = text.char_indices().map(|(at, c)| (at, narrow(c))).collect();
    (0..digits.len())
        .filter(|&from| digits[from].1.is_ascii_digit() && !inside_a_uuid(text, digits[from].0))
        .find_map(|from| id_number(&digits, from).or_else(|| phone(&digits, from)))
        .map(|(from, last)| from..last + text[last..].chars().next().map_or(0, char::len_utf8))
}

/// The text with stars in place of numbers of people.
pub fn without_numbers_of_people(mut text: String) -> String {
    while let Some(found) = number_of_a_person(&text) {
        let stars = "*".repeat(text[found.clone()].chars().count());
        text.replace_range(found, &stars);
    }
    text
}

/// A number that begins here: where its first and its last character stand. Digits may follow, as in 残疾证号, but none go
/// before, for else dates in a row would look like one.
fn id_number(text: &[(usize, char)], from: usize) -> Option<(usize, usize)> {
    let places = places(&text[from..], ID)?;
    if follows_a_digit(text, from) {
        return None;
    }
    let number: String = places.iter().map(|&place| text[from + place].1).collect();
    let part = |range: Range<usize>| number.get(range)?.parse::<u32>().ok();
    let born = (1850..2150).contains(&part(6..10)?) && (1..=12).contains(&part(10..12)?);
    (born && (1..=31).contains(&part(12..14)?) && part(14..17).is_some())
        .then(|| (text[from].0, text[from + places[ID - 1]].0))
}

/// A number that begins here; what stands around it is no digit, for else it would be an amount or an account.
fn phone(text: &[(usize, char)], from: usize) -> Option<(usize, usize)> {
    let places = places(&text[from..], PHONE)?;
    let digit = |n: usize| text[from + places[n]].1;
    let last = from + places[PHONE - 1];
    let alone = !follows_a_digit(text, from) || text[..from].iter().rev().map(|&(_, c)| c).take(2).eq(['6', '8']);
    let ends = !text.get(last + 1).is_some_and(|(_, after)| after.is_ascii_digit());
    (alone && ends && digit(0) == '1' && ('3'..='9').contains(&digit(1)) && digit(10).is_ascii_digit())
        .then(|| (text[from].0, text[last].0))
}

fn follows_a_digit(text: &[(usize, char)], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| text[before].1.is_ascii_digit())
}

/// The places of so many digits from here on, the last of which may be an X; one separator may stand between two of them.
fn places(text: &[(usize, char)], count: usize) -> Option<Vec<usize>> {
    let mut places = Vec::with_capacity(count);
    let (mut at, mut separators) = (0, 0);
    while places.len() < count {
        let (_, c) = text.get(at)?;
        if c.is_ascii_digit() || (places.len() == ID - 1 && matches!(c, 'x' | 'X')) {
            places.push(at);
        } else if at == 0 || separators == SEPARATORS || !is_separator(*c) || is_separator(text[at - 1].1) {
            return None;
        } else {
            separators += 1;
        }
        at += 1;
    }
    Some(places)
}

fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '-' | '.' | '·' | '_' | '\u{3000}' | '—')
}

/// Full-width digits and letters as plain ones.
fn narrow(c: char) -> char {
    match c {
        '\u{ff10}'..='\u{ff5a}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

fn inside_a_uuid(text: &str, at: usize) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let begins = text[..at]
        .rfind(|c| !is_part(c))
        .map_or(0, |before| before + text[before..].chars().next().map_or(0, char::len_utf8));
    let ends = text[at..].find(|c| !is_part(c)).map_or(text.len(), |after| at + after);
    let word = &text[begins..ends];
    word.len() == 36 && Uuid::try_parse(word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_numbers_and_mobile_phones_are_found_however_they_are_written() {
        for (text, found) in [
            ("13800000000", "13800000000"),
            ("电话138 0000 0000，晚上打", "138 0000 0000"),
            ("母亲13800000000接", "13800000000"),
            ("tel:+86-138-0000-0000", "138-0000-0000"),
            ("8613800000000", "13800000000"),
            ("１３８００００００００", "１３８００００００００"),
            ("证号320699198505171899", "320699198505171899"),
            ("32069919850517189x", "32069919850517189x"),
            ("320699 19850517 1890", "320699 19850517 1890"),
            // 残疾证: the ID number and two more.
            ("残疾证32069919850517189944", "320699198505171899"),
            ("３２０６９９１９８５０５１７１８９Ｘ。", "３２０６９９１９８５０５１７１８９Ｘ"),
        ] {
            assert_eq!(number_of_a_person(text).map(|range| &text[range]), Some(found), "{text}");
        }
    }

    #[test]
    fn amounts_dates_accounts_and_ids_are_no_numbers_of_people() {
        for text in [
            "",
            "2026-01-05",
            "20260105",
            "2026-01-05 14:30 到 15:30",
            "0513-88880000",
            "12345678901",
            "工资4500-6000元",
            "第1380000000003号",
            "91320685MA1234567X",
            "623058000012345678901",
            "119900001111-2",
            "01380000-0000-4000-8000-138000000001",
            "13800000-0001-7000-8000-000000000000",
            "13.14.15.16.17.8",
            "20230103-20231204.20260101",
        ] {
            assert_eq!(number_of_a_person(text).map(|range| &text[range]), None, "{text}");
        }
    }

    #[test]
    fn stars_take_their_place() {
        let text = "协理员甲 13800000000/13900000000".to_owned();
        assert_eq!(without_numbers_of_people(text), "协理员甲 ***********/***********");
        assert_eq!(without_numbers_of_people("双溪村".to_owned()), "双溪村");
    }
}
