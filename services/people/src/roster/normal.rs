//! Text as it was meant: full-width characters, spaces of all kinds, apostrophes and dashes out of the way.

use bangfu_kernel::fields::is_invisible;

/// A short field (name, number, group, status): half-width, without any space or invisible character, and without the
/// apostrophe that marks a text cell.
pub fn compact(text: &str) -> String {
    let narrow = text.chars().map(narrowed).filter(|&c| !is_blank(c)).collect::<String>();
    match narrow.trim_start_matches(is_apostrophe) {
        stripped if stripped.len() == narrow.len() => narrow,
        stripped => stripped.to_owned(),
    }
}

/// A number that is no quantity (ID number, phone): as [`compact`], without dashes, letters in upper case.
pub fn digits(text: &str) -> String {
    compact(text).chars().filter(|&c| !is_dash(c)).map(|c| c.to_ascii_uppercase()).collect()
}

/// Free text (employer, wishes, remark): as the office wrote it, full-width characters included, with plain spaces,
/// no invisible characters, and trimmed.
pub fn free(text: &str) -> String {
    let visible = text.chars().filter(|&c| c.is_whitespace() || !is_blank(c));
    let plain = visible.map(|c| if c.is_whitespace() { ' ' } else { c }).collect::<String>();
    plain.trim().trim_start_matches('\'').to_owned()
}

/// Whether a character is one of the dashes that keyboards and spreadsheets put between digits.
pub fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{2500}' | '\u{FE58}' | '\u{FE63}' | '\u{30FC}'
    )
}

/// The half-width form of a full-width character: U+FF01 to U+FF5E are ASCII, 0xFEE0 higher.
fn narrowed(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        '\u{FF64}' => '、',
        _ => c,
    }
}

/// Spaces, controls, and characters that show nothing.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_invisible(c)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '`')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_fields_lose_spaces_apostrophes_and_width() {
        for (written, meant) in [
            ("  张 三 ", "张三"),
            ("张\u{3000}\u{3000}三", "张三"),
            ("张\u{a0}三\u{200b}\u{feff}", "张三"),
            ("张\t三\r\n", "张三"),
            ("'张三", "张三"),
            ("\u{2019}张三", "张三"),
            ("＇张三", "张三"),
            ("高校毕业生（未就业）", "高校毕业生(未就业)"),
            ("登记失业，退役军人；低收入", "登记失业,退役军人;低收入"),
            ("登记失业､低收入", "登记失业、低收入"),
            ("", ""),
            ("\u{3000}", ""),
        ] {
            assert_eq!(compact(written), meant, "{written:?}");
        }
    }

    #[test]
    fn numbers_also_lose_dashes_and_small_letters() {
        for (written, meant) in [
            ("３２０６９９１９８５０５１７１８９９", "320699198505171899"),
            ("320699 19850517 1899", "320699198505171899"),
            ("'32069919850517189x", "32069919850517189X"),
            ("32069919850517189ｘ", "32069919850517189X"),
            ("320699-1985—0517–189－9", "320699198505171899"),
            ("158‐0000‑7045", "15800007045"),
            ("158\u{2212}0000\u{2500}7045", "15800007045"),
        ] {
            assert_eq!(digits(written), meant, "{written:?}");
        }
    }

    #[test]
    fn free_text_keeps_what_the_office_wrote() {
        assert_eq!(free(" 某某（纺织）\u{3000}有限公司\u{200b}\n"), "某某（纺织） 有限公司");
        assert_eq!(free("有，月薪4000以上"), "有，月薪4000以上");
    }
}
