//! National ID numbers (公民身份号码), GB 11643: 18 characters, ISO 7064 MOD 11-2.

use std::{fmt, str::FromStr};

use chrono::NaiveDate;

/// A well-formed ID number. `Debug` and `Display` show it masked; the whole of it comes from [`IdNumber::reveal`] only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdNumber(String);

/// Why a text is no ID number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdNumberFault {
    /// Not 17 digits and a digit or X.
    #[error("an ID number has 18 characters: 17 digits and a check digit")]
    Length,
    /// The date in it does not exist.
    #[error("the date of birth in the ID number does not exist")]
    BirthDate,
    /// The last character is not the one that follows from the others.
    #[error("the check digit of the ID number is wrong")]
    CheckDigit,
}

/// Sex as the number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// 女
    Female,
    /// 男
    Male,
}

impl IdNumber {
    /// All faults of a text, and the number if there is none. The text must be normalised: upper-case X, no spaces.
    pub fn examine(text: &str) -> Result<Self, Vec<IdNumberFault>> {
        let bytes = text.as_bytes();
        let shape = bytes.len() == 18
            && bytes[..17].iter().all(u8::is_ascii_digit)
            && (bytes[17].is_ascii_digit() || bytes[17] == b'X');
        if !shape {
            return Err(vec![IdNumberFault::Length]);
        }
        let mut faults = Vec::new();
        if birth_date(text).is_none() {
            faults.push(IdNumberFault::BirthDate);
        }
        if check_digit(&bytes[..17]) != bytes[17] {
            faults.push(IdNumberFault::CheckDigit);
        }
        if faults.is_empty() { Ok(Self(text.to_owned())) } else { Err(faults) }
    }

    /// The whole number. Whoever calls this sees personal data: for sealing, indexing, and RevealPerson.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Date of birth.
    pub fn born_on(&self) -> NaiveDate {
        birth_date(&self.0).unwrap_or_default()
    }

    /// Sex: the 17th digit, odd is male.
    pub fn sex(&self) -> Sex {
        if self.0.as_bytes()[16] % 2 == 1 { Sex::Male } else { Sex::Female }
    }

    /// First six and last four characters: "320699********1899".
    pub fn masked(&self) -> String {
        mask(&self.0)
    }
}

/// Any text that was meant as an ID number, masked for showing: first six and last four characters where there are 18,
/// fewer where there are fewer.
pub fn mask(text: &str) -> String {
    let letters = text.chars().collect::<Vec<_>>();
    let (head, tail) = if letters.len() >= 15 { (6, 4) } else { (letters.len() / 4, letters.len() / 4) };
    letters.iter().enumerate().map(|(i, &c)| if i < head || i + tail >= letters.len() { c } else { '*' }).collect()
}

impl FromStr for IdNumber {
    type Err = IdNumberFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::examine(text).map_err(|faults| faults.first().copied().unwrap_or(IdNumberFault::Length))
    }
}

impl fmt::Display for IdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for IdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// The check character of 17 digits: ISO 7064 MOD 11-2.
pub fn check_digit(seventeen: &[u8]) -> u8 {
    let sum = seventeen.iter().fold(0_u32, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    b"10X98765432"[(sum % 11) as usize]
}

fn birth_date(text: &str) -> Option<NaiveDate> {
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
    let year = i32::try_from(part(6..10)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, part(10..12)?, part(12..14)?)?;
    (crate::calendar::EARLIEST..=crate::calendar::LATEST).contains(&date).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_own_example_is_right() {
        // GB 11643-1999, annex A; nobody's: the area code has not been in use since 1999.
        let number = IdNumber::examine("11010519491231002X").expect("the example of the standard");
        assert_eq!(number.born_on(), "1949-12-31".parse().expect("a date"));
        assert_eq!(number.sex(), Sex::Female);
        assert_eq!(number.to_string(), "110105********002X");
        assert_eq!(format!("{number:?}"), "110105********002X");
    }

    #[test]
    fn every_fault_is_named() {
        use IdNumberFault::{BirthDate, CheckDigit, Length};
        for (text, faults) in [
            ("", vec![Length]),
            ("11010519491231002", vec![Length]),
            ("11010519491231002x", vec![Length]),
            ("1101051949123100２X", vec![Length]),
            ("110105194912310021", vec![CheckDigit]),
            ("11010519491331002X", vec![BirthDate, CheckDigit]),
            ("110105194902300027", vec![BirthDate, CheckDigit]),
        ] {
            let found = IdNumber::examine(text).expect_err("faulty");
            assert_eq!(found[0], faults[0], "{text}");
            assert!(found.iter().all(|f| faults.contains(f)), "{text}: {found:?}");
        }
    }

    #[test]
    fn a_single_wrong_digit_never_passes() {
        let right = b"11010519491231002X";
        for place in 0..17 {
            for digit in b'0'..=b'9' {
                let mut wrong = *right;
                if wrong[place] == digit {
                    continue;
                }
                wrong[place] = digit;
                assert_ne!(check_digit(&wrong[..17]), right[17], "place {place} digit {digit}");
            }
        }
    }

    #[test]
    fn masks_show_no_more_than_ten_characters() {
        assert_eq!(mask("320699198505171899"), "320699********1899");
        assert_eq!(mask("3206991"), "3*****1");
        assert_eq!(mask("12"), "**");
        assert_eq!(mask(""), "");
    }
}
