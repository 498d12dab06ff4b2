//! The form: title, office line, two header lines with merged cells, people, notes, a sheet with instructions.

use std::path::Path;

use chrono::Datelike as _;
use rust_xlsxwriter::{ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::{Cell, Meant, Order, SampleError};
use crate::roster::{judge::Verdict, row::Column};

/// Captions of the upper header line: first and last column, text.
const CAPTIONS: [(u16, u16, &str); 4] = [(1, 7, "基本信息"), (8, 12, "就业情况"), (13, 14, "意愿"), (15, 17, "其他")];
const INSTRUCTIONS: [&str; 3] =
    ["1. 人员类别可多选，用顿号隔开。", "2. 就业状态为调查当日状态。", "3. 身份证号码请按文本格式填写。"];
const LAST_COLUMN: u16 = 17;

/// Writes the workbook row by row; a whole sheet never stands in memory.
pub(super) fn write(
    order: &Order,
    rows: impl Iterator<Item = Meant>,
    path: &Path,
) -> Result<Vec<Verdict>, SampleError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name("人员台账")?;
    head(sheet, order)?;

    let day = Format::new().set_num_format("yyyy-mm-dd");
    let mut verdicts = Vec::with_capacity(order.rows as usize);
    let mut line = 4;
    for (number, Meant { cells, verdict }) in (1..=order.rows).zip(rows) {
        sheet.write_number(line, 0, number)?;
        for (cell, column) in cells.iter().zip(1..) {
            match cell {
                Cell::Empty => continue,
                Cell::Text(text) => sheet.write_string(line, column, text)?,
                Cell::Number(number) => sheet.write_number(line, column, *number)?,
                Cell::Date(date) => {
                    let [month, day_of_month] = [date.month(), date.day()].map(|part| u8::try_from(part).unwrap_or(1));
                    let year = u16::try_from(date.year()).unwrap_or(1900);
                    let date = ExcelDateTime::from_ymd(year, month, day_of_month)?;
                    sheet.write_datetime_with_format(line, column, &date, &day)?
                }
            };
        }
        verdicts.push(verdict);
        line += 1;
    }
    sheet.write_string(line + 1, 0, "填表人：")?.write_string(line + 1, 4, "审核人：")?;
    sheet.write_string(line + 1, 8, "联系电话：")?;

    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name("填表说明")?;
    for (text, line) in INSTRUCTIONS.iter().zip(0..) {
        sheet.write_string(line, 0, *text)?;
    }
    book.save(path)?;
    Ok(verdicts)
}

fn head(sheet: &mut Worksheet, order: &Order) -> Result<(), XlsxError> {
    let centred = Format::new().set_align(FormatAlign::Center).set_bold();
    let title = format!("{}服务重点群体人员台账", order.township);
    sheet.merge_range(0, 0, 0, LAST_COLUMN, &title, &centred)?;
    let on = order.ledger_on;
    let office = format!(
        "填报单位：{}人社服务中心\u{3000}\u{3000}填报日期：{}年{}月{}日",
        order.township,
        on.year(),
        on.month(),
        on.day()
    );
    sheet.merge_range(1, 0, 1, LAST_COLUMN, &office, &Format::new())?;
    sheet.write_string(2, 0, Column::Number.header())?;
    for (first, last, caption) in CAPTIONS {
        sheet.merge_range(2, first, 2, last, caption, &centred)?;
    }
    for (column, at) in Column::all().zip(0..) {
        sheet.write_string(3, at, column.header())?;
    }
    Ok(())
}
