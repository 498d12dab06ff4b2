//! Personal data as lists show it. ID numbers are masked by `kernel::id_number`.

/// First character and one asterisk for each further one: "张**".
pub fn name(name: &str) -> String {
    name.chars().enumerate().map(|(i, c)| if i == 0 { c } else { '*' }).collect()
}

/// First three and last four digits: "158****7045"; a number of fewer than ten shows its last four only.
pub fn phone(phone: &str) -> String {
    let length = phone.chars().count();
    let head = if length >= 10 { 3 } else { 0 };
    phone.chars().enumerate().map(|(i, c)| if i < head || i + 4 >= length { c } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_show_their_first_character() {
        for (full, masked) in [("张三丰", "张**"), ("欧阳样例", "欧***"), ("李", "李"), ("", "")] {
            assert_eq!(name(full), masked);
        }
    }

    #[test]
    fn phones_show_three_and_four_digits() {
        for (full, masked) in
            [("15800007045", "158****7045"), ("051388880000", "051*****0000"), ("88880000", "****0000"), ("", "")]
        {
            assert_eq!(phone(full), masked);
        }
    }
}
