//! Why a file is no roster, in English and in the office's words; each says what was expected.

use std::io;

use super::{LARGEST_FILE, MOST_ROWS};
use crate::roster::row::Column;

/// A file that cannot be read as a roster. Nothing of it is taken.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// There is no such file.
    #[error(
        "there is no such file; expected an .xlsx workbook or a .csv file. 找不到该文件，应为 .xlsx 工作簿或 .csv 文件。"
    )]
    NotFound,
    /// A directory or a device.
    #[error(
        "this is not a file; expected an .xlsx workbook or a .csv file. 这不是文件，应为 .xlsx 工作簿或 .csv 文件。"
    )]
    NotAFile,
    /// The system refuses to read it.
    #[error("the file cannot be read; expected a file you may open. 文件无法读取，请检查权限和磁盘。")]
    Unreadable(#[from] io::Error),
    /// Zero bytes.
    #[error("the file is empty; expected a roster with a header and rows. 文件是空的，应含表头和人员信息。")]
    Empty,
    /// More bytes, or more when unpacked, than a roster has.
    #[error(
        "the {what} has {bytes} bytes; expected at most {limit}, about 200,000 rows. 文件过大（{bytes} 字节），上限为 {limit} 字节，请分开报送。"
    )]
    TooLarge {
        /// "file" or "unpacked workbook".
        what: &'static str,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// More rows than are taken at once.
    #[error("there are more than {MOST_ROWS} rows; expected at most that many. 人员超过 {MOST_ROWS} 行，请分开报送。")]
    TooManyRows,
    /// Neither a workbook nor text.
    #[error(
        "this is {found}, not a spreadsheet; expected an .xlsx workbook or a .csv file. 这不是电子表格，应为 .xlsx 工作簿或 .csv 文件。"
    )]
    NotASpreadsheet {
        /// What it seems to be.
        found: &'static str,
    },
    /// A workbook where only a CSV is read.
    #[error("this is an .xlsx workbook; expected a CSV: save it as such. 这是 .xlsx 工作簿，请另存为 CSV 后再导入。")]
    Workbook,
    /// A workbook with a password.
    #[error("the workbook is encrypted; expected one without a password. 工作簿已加密，请取消密码后再报送。")]
    Encrypted,
    /// The format before 2007.
    #[error(
        "this is a workbook of the old .xls format; expected .xlsx: save it as such. 这是旧版 .xls 工作簿，请另存为 .xlsx 后再报送。"
    )]
    OldWorkbook,
    /// The end is missing, or something within is broken.
    #[error(
        "the workbook is truncated or damaged; expected a whole .xlsx workbook: send it again. 工作簿不完整或已损坏，请重新保存后再报送。"
    )]
    Damaged(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Neither UTF-8 nor GB18030.
    #[error(
        "the text is in neither encoding; expected a CSV in UTF-8 or GB18030, or an .xlsx workbook. 文件编码无法识别，CSV 应为 UTF-8 或 GB18030（GBK）编码，也可另存为 .xlsx。"
    )]
    UnknownEncoding,
    /// No line names at least two of the columns.
    #[error(
        "no header was found; expected a line with 姓名, 身份证号码, 人员类别 … in the first 60 lines of a sheet; a CSV has commas between its cells. 没有找到表头，应有“姓名”“身份证号码”“人员类别”等列名；CSV 应以逗号分隔，也可另存为 .xlsx。"
    )]
    NoHeader,
    /// A header without a column that every roster, or every list, needs.
    #[error("the header in line {line} has no column {}; expected 姓名, 身份证号码 and, in a roster, 人员类别. 第 {line} 行的表头缺少“{}”列。", .column.header(), .column.header())]
    MissingColumn {
        /// Where the header stands.
        line: i32,
        /// The missing column.
        column: Column,
    },
    /// A header with nothing below.
    #[error(
        "there are no rows below the header in line {line}; expected at least one person. 第 {line} 行的表头下没有人员信息。"
    )]
    NoRows {
        /// Where the header stands.
        line: i32,
    },
}

impl SheetError {
    /// A file of more bytes than the limit.
    pub(super) fn large_file(bytes: u64) -> Self {
        Self::TooLarge { what: "file", bytes, limit: LARGEST_FILE }
    }

    /// A workbook that cannot be read to its end.
    pub(super) fn damaged(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Damaged(cause.into())
    }
}
