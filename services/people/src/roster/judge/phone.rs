//! Phone numbers: an 11-digit mobile, or an area code with 7 or 8 digits.

use bangfu_proto::people::v1::RowCode;

use crate::roster::normal;

/// The digits of a cell's number; none, with PHONE_INVALID, when it is no number of either kind.
pub(crate) fn of(cell: &str, codes: &mut Vec<RowCode>) -> Option<String> {
    let text = normal::digits(cell).replace(['(', ')'], "");
    if text.is_empty() {
        return None;
    }
    let number = text.strip_prefix("+86").unwrap_or(&text);
    if number.bytes().all(|b| b.is_ascii_digit()) && (is_mobile(number) || is_landline(number)) {
        return Some(number.to_owned());
    }
    codes.push(RowCode::PhoneInvalid);
    None
}

/// 1, a digit of 3 to 9, nine more.
fn is_mobile(number: &str) -> bool {
    let bytes = number.as_bytes();
    bytes.len() == 11 && bytes[0] == b'1' && (b'3'..=b'9').contains(&bytes[1])
}

/// Area codes have three digits where they begin with 010 or 02, four elsewhere.
fn is_landline(number: &str) -> bool {
    let code = match number.as_bytes() {
        [b'0', b'1', b'0', ..] | [b'0', b'2', ..] => 3,
        [b'0', b'3'..=b'9', ..] => 4,
        _ => return false,
    };
    matches!(number.len().checked_sub(code), Some(7 | 8))
}
