//! The columns of a department's list besides those of a roster, by their header texts.

pub use bangfu_proto::people::v1::ListedRow;

use super::normal;

/// A column that lists have and rosters have not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Besides {
    /// 住址
    Address,
    /// 毕业院校
    School,
    /// 退役方式
    DischargeKind,
    /// 退役时间
    DischargedOn,
    /// 返乡前务工地点
    ReturnedFrom,
    /// 返乡时间
    ReturnedOn,
    /// 终止时间
    EndedOn,
}

/// Header texts, compact; the first is the one we write.
const HEADERS: [(Besides, &[&str]); 7] = [
    (Besides::Address, &["住址", "家庭住址", "家庭地址", "现住址", "地址", "户籍地址"]),
    (Besides::School, &["毕业院校", "毕业学校", "院校", "学校"]),
    (Besides::DischargeKind, &["退役方式", "安置方式"]),
    (Besides::DischargedOn, &["退役时间", "退役日期", "退出现役时间"]),
    (Besides::ReturnedFrom, &["返乡前务工地点", "返乡前务工地", "原务工地点"]),
    (Besides::ReturnedOn, &["返乡时间", "返乡日期"]),
    (Besides::EndedOn, &["终止时间", "终止日期", "退出时间", "退出日期", "停保时间"]),
];

impl Besides {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        HEADERS.iter().map(|&(column, _)| column)
    }

    /// The header text: "毕业院校".
    pub fn header(self) -> &'static str {
        HEADERS.iter().find(|&&(column, _)| column == self).map_or("", |(_, texts)| texts[0])
    }

    /// The column a header cell names; `None` for a text that names none of these.
    pub fn of_header(text: &str) -> Option<Self> {
        let text = normal::compact(text);
        let text = text.trim_matches(['*', '★', '※']);
        let bare = text.split_once('(').map_or(text, |(before, _)| before);
        HEADERS.iter().find(|(_, texts)| texts.contains(&bare)).map(|&(column, _)| column)
    }

    /// The cell of a row.
    pub fn cell(self, row: &ListedRow) -> &str {
        match self {
            Self::Address => &row.address,
            Self::School => &row.school,
            Self::DischargeKind => &row.discharge_kind,
            Self::DischargedOn => &row.discharged_on,
            Self::ReturnedFrom => &row.returned_from,
            Self::ReturnedOn => &row.returned_on,
            Self::EndedOn => &row.ended_on,
        }
    }

    /// Puts a cell's text into the row's field.
    pub fn put(self, row: &mut ListedRow, text: String) {
        let field = match self {
            Self::Address => &mut row.address,
            Self::School => &mut row.school,
            Self::DischargeKind => &mut row.discharge_kind,
            Self::DischargedOn => &mut row.discharged_on,
            Self::ReturnedFrom => &mut row.returned_from,
            Self::ReturnedOn => &mut row.returned_on,
            Self::EndedOn => &mut row.ended_on,
        };
        *field = text;
    }

    /// Most characters a cell of the column may have.
    pub fn most_characters(self) -> usize {
        match self {
            Self::Address => 256,
            Self::School | Self::ReturnedFrom => 128,
            _ => 64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::Column;

    #[test]
    fn no_header_names_a_column_of_a_roster_and_one_of_these() {
        for (column, texts) in HEADERS {
            for text in texts {
                assert_eq!((Besides::of_header(text), Column::of_header(text)), (Some(column), None), "{text}");
            }
        }
        assert_eq!(Besides::of_header("*退役 时间（年月日）"), Some(Besides::DischargedOn));
        for column in Column::all() {
            assert_eq!(Besides::of_header(column.header()), None, "{column:?}");
        }
    }
}
