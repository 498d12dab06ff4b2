//! One row in text form, and the columns of a roster by their header texts.

pub use bangfu_proto::people::v1::RosterRow;

use super::normal;

/// A column of the roster. Domain text, section 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// 序号
    Number,
    /// 村(社区)
    Village,
    /// 姓名
    Name,
    /// 性别
    Sex,
    /// 身份证号码
    IdNumber,
    /// 联系电话
    Phone,
    /// 文化程度
    Education,
    /// 人员类别
    Groups,
    /// 就业状态
    Status,
    /// 就业单位/从事工作
    Employer,
    /// 就业(失业)时间
    StatusSince,
    /// 合同期限(月)
    ContractMonths,
    /// 是否参保
    Insured,
    /// 就业意愿
    JobWish,
    /// 培训意愿
    TrainingWish,
    /// 毕业时间
    GraduatedOn,
    /// 协理员
    Coordinator,
    /// 备注
    Remark,
}

/// Header texts met in real ledgers, compact; the first is the form's own.
const HEADERS: [(Column, &[&str]); 18] = [
    (Column::Number, &["序号", "编号", "序"]),
    (
        Column::Village,
        &["村(社区)", "村/社区", "村社区", "村、社区", "村居", "村(居)", "所在村(社区)", "所属村(社区)", "社区"],
    ),
    (Column::Name, &["姓名", "人员姓名", "服务对象姓名"]),
    (Column::Sex, &["性别"]),
    (
        Column::IdNumber,
        &["身份证号码", "身份证号", "公民身份号码", "居民身份证号码", "居民身份证号", "身份证", "证件号码", "身份号码"],
    ),
    (Column::Phone, &["联系电话", "手机号码", "手机号", "手机", "联系方式", "电话", "电话号码", "本人电话"]),
    (Column::Education, &["文化程度", "学历", "最高学历"]),
    (Column::Groups, &["人员类别", "人员类型", "类别", "群体类别", "重点群体类别", "人员身份"]),
    (Column::Status, &["就业状态", "就业状况", "就业失业状态", "目前状态", "当前状态"]),
    (
        Column::Employer,
        &["就业单位/从事工作", "就业单位(从事工作)", "就业单位", "从事工作", "工作单位", "就业单位或从事工作"],
    ),
    (Column::StatusSince, &["就业(失业)时间", "就业/失业时间", "就业失业时间", "就业时间", "失业时间"]),
    (Column::ContractMonths, &["合同期限(月)", "合同期限", "合同期", "合同月数"]),
    (Column::Insured, &["是否参保", "参保", "参保情况", "是否缴纳社保"]),
    (Column::JobWish, &["就业意愿", "就业意向", "求职意愿"]),
    (Column::TrainingWish, &["培训意愿", "培训意向"]),
    (Column::GraduatedOn, &["毕业时间", "毕业日期"]),
    (Column::Coordinator, &["协理员", "协理员姓名", "劳动保障协理员"]),
    (Column::Remark, &["备注", "说明"]),
];

impl Column {
    /// All columns, in the order of the form.
    pub fn all() -> impl Iterator<Item = Self> {
        HEADERS.iter().map(|&(column, _)| column)
    }

    /// The header text of the form: "身份证号码".
    pub fn header(self) -> &'static str {
        HEADERS.iter().find(|&&(column, _)| column == self).map_or("", |(_, texts)| texts[0])
    }

    /// The column a header cell names; `None` for a text that names none. Spaces, line breaks, width, a mark of
    /// required fields and a note in brackets do not matter.
    pub fn of_header(text: &str) -> Option<Self> {
        let text = normal::compact(text);
        let text = text.trim_matches(['*', '★', '※']);
        let bare = text.split_once('(').map_or(text, |(before, _)| before);
        named(text).or_else(|| named(bare))
    }

    /// Puts a cell's text into the row's field; 序号 has none.
    pub fn put(self, row: &mut RosterRow, text: String) {
        let field = match self {
            Self::Number => return,
            Self::Village => &mut row.village,
            Self::Name => &mut row.name,
            Self::Sex => &mut row.sex,
            Self::IdNumber => &mut row.id_number,
            Self::Phone => &mut row.phone,
            Self::Education => &mut row.education,
            Self::Groups => &mut row.groups,
            Self::Status => &mut row.status,
            Self::Employer => &mut row.employer,
            Self::StatusSince => &mut row.status_since,
            Self::ContractMonths => &mut row.contract_months,
            Self::Insured => &mut row.insured,
            Self::JobWish => &mut row.job_wish,
            Self::TrainingWish => &mut row.training_wish,
            Self::GraduatedOn => &mut row.graduated_on,
            Self::Coordinator => &mut row.coordinator,
            Self::Remark => &mut row.remark,
        };
        *field = text;
    }

    /// The cell of a row; 序号 has none.
    pub fn cell(self, row: &RosterRow) -> &str {
        match self {
            Self::Number => "",
            Self::Village => &row.village,
            Self::Name => &row.name,
            Self::Sex => &row.sex,
            Self::IdNumber => &row.id_number,
            Self::Phone => &row.phone,
            Self::Education => &row.education,
            Self::Groups => &row.groups,
            Self::Status => &row.status,
            Self::Employer => &row.employer,
            Self::StatusSince => &row.status_since,
            Self::ContractMonths => &row.contract_months,
            Self::Insured => &row.insured,
            Self::JobWish => &row.job_wish,
            Self::TrainingWish => &row.training_wish,
            Self::GraduatedOn => &row.graduated_on,
            Self::Coordinator => &row.coordinator,
            Self::Remark => &row.remark,
        }
    }

    /// Most characters a cell of the column may have: what RegisterPerson takes of the same field.
    pub fn most_characters(self) -> usize {
        match self {
            Self::Remark => 512,
            Self::Employer | Self::JobWish | Self::TrainingWish | Self::Groups => 128,
            _ => 64,
        }
    }
}

/// The columns in which a row has more text than is taken. The domain text has no code for them, and cutting a text short
/// would change what the office wrote: the import as a whole is refused, naming row and column.
pub fn too_long(row: &RosterRow) -> impl Iterator<Item = Column> {
    // Bytes first: as good as every cell is shorter than its limit even in bytes.
    Column::all().filter(|column| {
        let (cell, most) = (column.cell(row), column.most_characters());
        cell.len() > most && cell.chars().count() > most
    })
}

fn named(text: &str) -> Option<Column> {
    HEADERS.iter().find(|(_, texts)| texts.contains(&text)).map(|&(column, _)| column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_known_in_all_the_ways_offices_write_them() {
        for (text, column) in [
            ("村（社区）", Column::Village),
            ("身份证号", Column::IdNumber),
            ("公民身份号码", Column::IdNumber),
            ("身份证号码（18位）", Column::IdNumber),
            ("*姓 名", Column::Name),
            ("手机号码", Column::Phone),
            ("就业\n（失业）\n时间", Column::StatusSince),
            ("合同期限（个月）", Column::ContractMonths),
            ("人员类别(可多选)", Column::Groups),
        ] {
            assert_eq!(Column::of_header(text), Some(column), "{text}");
        }
        for text in ["", "基本信息", "联系电话：", "张三", "320699", "填表人："] {
            assert_eq!(Column::of_header(text), None, "{text}");
        }
        for column in Column::all() {
            assert_eq!(Column::of_header(column.header()), Some(column));
        }
    }
}
