//! Keyed hashes of what is sealed, for finding it again: an ID number in the city, a name in its township, and entries of
//! a township that may be one person. Keyed, because an unkeyed hash of a county's numbers is reversed in seconds.
//!
//! What whoever holds the database without the key learns from them: which entries of one township have the same first
//! two or last two characters of a name, or the same name and day of birth. Each township's are its own.

use bangfu_kernel::{IdNumber, Township};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret as _;
use sha2::Sha256;

use super::Vault;

/// HMAC-SHA-256 of a normalised ID number under the index key.
pub type IdIndex = [u8; 32];

/// What somebody is found by in their township, besides their ID number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens {
    /// The name's first two characters.
    pub name_head: i64,
    /// Its last two.
    pub name_tail: i64,
    /// Name and day of birth.
    pub twin_birth: i64,
    /// Name, area code and sequence code of the ID number.
    pub twin_order: i64,
    /// Name, year of birth and check digit.
    pub twin_year: i64,
    /// Name, month and day of birth and check digit.
    pub twin_day: i64,
}

impl Vault {
    /// The index of an ID number.
    pub fn id_index(&self, id: &IdNumber) -> IdIndex {
        self.hash(&[id.reveal().as_bytes()])
    }

    /// What stands for a request with personal data among the results that are repeated: an unkeyed hash of one person's
    /// data could be guessed.
    pub fn fingerprint(&self, request: &impl prost::Message) -> [u8; 32] {
        self.hash(&[b"request\0", &request.encode_to_vec()])
    }

    /// What somebody is found by.
    ///
    /// Two numbers that differ in two places at most agree in at least three of their five parts: area code, year, month
    /// and day, sequence code, check digit. Among any three there are both area and sequence code, or two of the other
    /// three parts. So with the same name, one of the four `twin` tokens is the same.
    pub fn tokens(&self, township: &Township, name: &str, id: &IdNumber) -> Tokens {
        let (name_head, name_tail) = self.name_tokens(township, name);
        let number = id.reveal();
        let part = |range: std::ops::Range<usize>| number.get(range).unwrap_or_default();
        let twin = |kind: &str, parts: &[&str]| self.token(township, kind, &[&[name], parts].concat());
        Tokens {
            name_head,
            name_tail,
            twin_birth: twin("twin_birth", &[part(6..14)]),
            twin_order: twin("twin_order", &[part(0..6), part(14..17)]),
            twin_year: twin("twin_year", &[part(6..10), part(17..18)]),
            twin_day: twin("twin_day", &[part(10..14), part(17..18)]),
        }
    }

    /// The first two and the last two characters of a name, or of a part of one.
    pub fn name_tokens(&self, township: &Township, name: &str) -> (i64, i64) {
        let letters: Vec<char> = name.chars().collect();
        let head: String = letters.iter().take(2).collect();
        let tail: String = letters.iter().skip(letters.len().saturating_sub(2)).collect();
        // One kind for both: two characters are looked for at either end.
        (self.token(township, "name", &[&head]), self.token(township, "name", &[&tail]))
    }

    fn token(&self, township: &Township, kind: &str, parts: &[&str]) -> i64 {
        let mut told = vec![kind.as_bytes(), b"\0", township.as_str().as_bytes()];
        for part in parts {
            told.extend([b"\0", part.as_bytes()]);
        }
        let hash = self.hash(&told);
        i64::from_be_bytes(*hash.first_chunk().unwrap_or(&[0; 8]))
    }

    fn hash(&self, told: &[&[u8]]) -> IdIndex {
        // HMAC takes keys of any length; the zero index stands for what cannot happen.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.index.expose_secret()) else { return [0; 32] };
        for told in told {
            mac.update(told);
        }
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use bangfu_kernel::id_number::check_digit;
    use secrecy::SecretSlice;

    use super::*;

    fn vault() -> Vault {
        Vault::new(SecretSlice::from(vec![1; 32]), SecretSlice::from(vec![2; 32])).expect("long enough")
    }

    fn number(digits: &[u8]) -> IdNumber {
        let digits = String::from_utf8(digits.to_vec()).expect("digits");
        let check = char::from(check_digit(digits.as_bytes()));
        format!("{digits}{check}").parse().expect("a number")
    }

    #[test]
    fn numbers_that_differ_in_two_places_share_a_token_with_the_same_name() {
        let (vault, here) = (vault(), "320685102".parse::<Township>().expect("a code"));
        let right = b"32069919800101123";
        let whole = number(right);
        let own = vault.tokens(&here, "张三丰", &whole);
        let mut compared = 0;
        for one in 0..17 {
            for other in one..17 {
                for step in 1..=9 {
                    let mut wrong = *right;
                    for at in [one, other] {
                        wrong[at] = b'0' + (wrong[at] - b'0' + step) % 10;
                    }
                    let text = String::from_utf8(wrong.to_vec()).expect("digits");
                    let Ok(mistyped) = format!("{text}{}", char::from(check_digit(&wrong))).parse::<IdNumber>() else {
                        continue;
                    };
                    let places = whole.reveal().bytes().zip(mistyped.reveal().bytes()).filter(|(a, b)| a != b).count();
                    if places > 2 {
                        continue;
                    }
                    compared += 1;
                    let tokens = vault.tokens(&here, "张三丰", &mistyped);
                    let shared = tokens.twin_birth == own.twin_birth
                        || tokens.twin_order == own.twin_order
                        || tokens.twin_year == own.twin_year
                        || tokens.twin_day == own.twin_day;
                    assert!(shared, "{one} {other} {step}");
                }
            }
        }
        assert!(compared > 100, "{compared}");
        let another_name = vault.tokens(&here, "张三", &whole);
        assert_ne!(another_name.twin_birth, own.twin_birth);
        assert_eq!(another_name.name_head, own.name_head);
    }

    #[test]
    fn a_name_is_found_by_its_ends_in_its_own_township() {
        let vault = vault();
        let [here, there]: [Township; 2] = ["320685102", "320685103"].map(|code| code.parse().expect("a code"));
        let (head, tail) = vault.name_tokens(&here, "李秀英");
        assert_eq!(vault.name_tokens(&here, "李秀"), (head, head));
        assert_eq!(vault.name_tokens(&here, "秀英"), (tail, tail));
        assert_ne!(head, tail);
        assert_ne!(vault.name_tokens(&there, "李秀英"), (head, tail));
    }
}
