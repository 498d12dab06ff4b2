//! When two entries may be one person.

use zeroize::Zeroizing;

/// Places in which a mistyped ID number may differ.
const MISTYPED: usize = 2;

/// What of an entry is compared. Never printed.
pub struct Entry {
    /// 姓名
    pub name: Zeroizing<String>,
    /// 身份证号码
    pub id_number: Zeroizing<String>,
    /// 村(社区)
    pub village: String,
}

/// Why two entries are offered as a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Why {
    /// Same name, and numbers that differ in one or two places.
    pub number_mistyped: bool,
    /// Same name, day of birth and village.
    pub same_birth_and_village: bool,
}

/// Why two entries may be one person; `None`: they are not alike.
pub fn alike(one: &Entry, other: &Entry) -> Option<Why> {
    if one.name != other.name {
        return None;
    }
    let birth = |entry: &Entry| entry.id_number.get(6..14).map(str::to_owned);
    let why = Why {
        number_mistyped: (1..=MISTYPED).contains(&differing_places(&one.id_number, &other.id_number)),
        same_birth_and_village: birth(one) == birth(other) && one.village == other.village && !one.village.is_empty(),
    };
    (why.number_mistyped || why.same_birth_and_village).then_some(why)
}

fn differing_places(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).filter(|(a, b)| a != b).count() + one.len().abs_diff(other.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_alike_by_a_mistyped_number_or_by_birth_and_village() {
        let entry = |name: &str, id_number: &str, village: &str| Entry {
            name: name.to_owned().into(),
            id_number: id_number.to_owned().into(),
            village: village.to_owned(),
        };
        let own = entry("张三丰", "320699198001010011", "双溪村");
        for (other, expected) in [
            (entry("张三丰", "320699198001010012", "李庄"), Some((true, false))),
            (entry("张三丰", "320699198001010092", "李庄"), Some((true, false))),
            (entry("张三丰", "320699198001010192", "李庄"), None),
            (entry("张三丰", "320699198001019999", "双溪村"), Some((false, true))),
            (entry("张三丰", "320699198001010092", "双溪村"), Some((true, true))),
            (entry("张三丰", "320699198001029999", "双溪村"), None),
            (entry("张三", "320699198001010012", "双溪村"), None),
        ] {
            let why = alike(&own, &other).map(|why| (why.number_mistyped, why.same_birth_and_village));
            assert_eq!(why, expected);
        }
        let nowhere = entry("张三丰", "320699198001010011", "");
        assert_eq!(alike(&nowhere, &entry("张三丰", "320699198001019999", "")), None, "no village is not the same one");
    }
}
