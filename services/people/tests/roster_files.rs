//! Files as offices send them, good and bad, each made here.

use std::{fs, path::PathBuf};

use bangfu_people::roster::{Column, Roster, SheetError, read, read_list, sample};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).expect("written");
        path
    }

    fn error(&self, name: &str, bytes: impl AsRef<[u8]>) -> SheetError {
        read(&self.file(name, bytes)).expect_err(name)
    }

    fn sample(&self) -> Vec<u8> {
        let path = self.0.path().join("sample.xlsx");
        let order = sample::Order { rows: 60, seed: 1, ledger_on: sample::LEDGER_ON, township: "示范镇".into() };
        sample::write(&order, &path).expect("written");
        fs::read(path).expect("read")
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn ole(stream: &str) -> Vec<u8> {
    [&[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], vec![0; 1016].as_slice(), &utf16(stream), &[0; 512]].concat()
}

#[test]
fn every_bad_file_is_refused_with_what_was_expected() {
    use SheetError as E;
    let folder = Folder::new();
    let sample = folder.sample();
    let huge = folder.0.path().join("huge.csv");
    fs::File::create(&huge).expect("made").set_len(2 << 30).expect("sparse");

    let errors = [
        (read(&folder.0.path().join("none.xlsx")).expect_err("missing"), "NotFound"),
        (read(folder.0.path()).expect_err("a directory"), "NotAFile"),
        (read(&huge).expect_err("2 GB"), "TooLarge"),
        (folder.error("empty.csv", ""), "Empty"),
        (folder.error("blank.csv", "\n \n"), "Empty"),
        (folder.error("cut.xlsx", &sample[..sample.len() / 2]), "Damaged"),
        (folder.error("head.xlsx", &sample[..40]), "Damaged"),
        (folder.error("locked.xlsx", ole("EncryptedPackage")), "Encrypted"),
        (folder.error("old.xls", ole("Workbook")), "OldWorkbook"),
        (folder.error("letter.doc", ole("WordDocument")), "NotASpreadsheet"),
        (folder.error("paper.xlsx", "%PDF-1.7 …"), "NotASpreadsheet"),
        (folder.error("page.xls", "\u{feff}<HTML><table>"), "NotASpreadsheet"),
        (folder.error("picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "UnknownEncoding"),
        (folder.error("utf16.csv", utf16("\u{feff}姓名,身份证号码,人员类别\n")), "UnknownEncoding"),
        (folder.error("other.csv", "名称,数量,单价\n苹果,3,2\n"), "NoHeader"),
        (folder.error("no-id.csv", "姓名,人员类别,联系电话\n安娜,低收入,无\n"), "MissingColumn"),
        (folder.error("no-name.csv", "身份证号码,人员类别,联系电话\n1,低收入,无\n"), "MissingColumn"),
        (folder.error("no-group.csv", "姓名,身份证号码\n安娜,1\n"), "MissingColumn"),
        (folder.error("no-rows.csv", "姓名,身份证号码,人员类别\n,,\n填表人：,,\n"), "NoRows"),
    ];
    for (error, kind) in &errors {
        assert!(format!("{error:?}").starts_with(kind), "{kind}: {error:?}");
        let text = error.to_string();
        assert!(text.contains("expected") && text.ends_with('。'), "{kind}: {text}");
    }
    assert!(matches!(errors[15].0, E::MissingColumn { line: 1, column: Column::IdNumber }));
    assert!(errors[15].0.to_string().contains("身份证号码"));
}

#[test]
fn a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() {
    let folder = Folder::new();
    let mut bytes = folder.sample();
    let entry = bytes.windows(4).position(|window| window == b"PK\x01\x02").expect("a directory");
    bytes[entry + 24..entry + 28].copy_from_slice(&(1_u32 << 31).to_le_bytes());
    assert!(matches!(folder.error("bomb.xlsx", bytes), SheetError::TooLarge { .. }));
}

#[test]
fn damage_anywhere_in_a_workbook_is_an_error_or_changes_nothing_and_never_a_panic() {
    let folder = Folder::new();
    let sample = folder.sample();
    for place in (0..sample.len()).step_by(sample.len() / 150) {
        let mut bytes = sample.clone();
        bytes[place] ^= 0x55;
        let _ = read(&folder.file("damaged.xlsx", bytes));
    }
}

const HEADER: &str = "姓名,身份证号,人员类别,村（社区）";

fn people(roster: &Roster) -> Vec<(i32, &str)> {
    roster.rows.iter().map(|row| (row.row, row.name.as_str())).collect()
}

#[test]
fn a_csv_is_read_in_both_encodings() {
    let folder = Folder::new();
    let text =
        format!("某镇台账\n填报日期：2026.1.5\n{HEADER}\n安娜,1,低收入,\"东\n村\"\n\n李東,2,其他,西村\n合计,,2人,\n");
    let (gb, _, _) = encoding_rs::GB18030.encode(&text);
    for bytes in [text.as_bytes(), format!("\u{feff}{text}").as_bytes(), &gb] {
        let roster = read(&folder.file("a.csv", bytes)).expect("a roster");
        assert_eq!(roster.ledger_on, "2026-01-05".parse().ok());
        assert_eq!(people(&roster), [(4, "安娜"), (6, "李東")]);
        assert_eq!(roster.rows[0].village, "东\n村");
        assert_eq!(roster.passed_over, [7]);
    }
}

#[test]
fn a_workbook_with_merged_headers_notes_and_other_sheets_is_read() {
    let folder = Folder::new();
    let path = folder.0.path().join("merged.xlsx");
    let mut book = Workbook::new();
    let (plain, day) = (Format::new(), Format::new().set_num_format("yyyy/m/d"));
    book.add_worksheet().set_name("说明").expect("named").write_string(0, 0, "先填姓名、身份证号码").expect("written");
    let sheet = book.add_worksheet();
    sheet.merge_range(0, 0, 0, 6, "台账", &plain).expect("merged");
    for (header, column) in ["序号", "人员类别", "公民身份号码", "*姓 名"].iter().zip(0..) {
        sheet.merge_range(2, column, 3, column, header, &plain).expect("merged");
    }
    sheet.merge_range(2, 4, 2, 5, "就业情况", &plain).expect("merged");
    sheet.write_string(3, 4, "就业\n（失业）时间").expect("written").write_string(3, 5, "就业状态").expect("written");
    sheet.write_string(2, 6, "手机号码").expect("written");
    let date = ExcelDateTime::from_ymd(2025, 12, 1).expect("a date");
    for (line, name) in [(4, "安娜"), (5, "李東")] {
        sheet.write_number(line, 0, line).expect("written").write_string(line, 1, "低收入").expect("written");
        sheet
            .write_number(line, 2, 3.206_991_984_010_1e17)
            .expect("written")
            .write_string(line, 3, name)
            .expect("written");
        sheet.write_datetime_with_format(line, 4, &date, &day).expect("written");
        sheet.write_number(line, 6, 15_800_007_045_f64).expect("written");
    }
    sheet.write_number(6, 0, 3).expect("an empty line of the form");
    sheet
        .write_string(8, 0, "填表人：某")
        .expect("written")
        .write_string(8, 2, "填报日期：2026-01-05")
        .expect("written");
    book.save(&path).expect("saved");

    let roster = read(&path).expect("a roster");
    assert_eq!(people(&roster), [(5, "安娜"), (6, "李東")]);
    assert_eq!(roster.ledger_on, "2026-01-05".parse().ok());
    assert_eq!(roster.passed_over, [9]);
    let row = &roster.rows[0];
    assert!(row.id_number_is_numeric);
    assert_eq!((row.status_since.as_str(), row.phone.as_str()), ("2025-12-01", "15800007045"));
}

#[test]
fn a_departments_list_needs_no_groups_and_has_columns_of_its_own() {
    let folder = Folder::new();
    let text = "示范市退役军人事务局\n填报日期：2026年1月4日\n序号,姓名,身份证号,退役方式,退役时间,家庭住址,终止日期,奖章\n\
                1,张样,'320699198001010010,自主就业,2025.12.1,示范路1号,,三等功\n合计,1人,,,,,,\n";
    let list = read_list(&folder.file("list.csv", text)).expect("a list");
    assert_eq!((list.list_on, list.passed_over), ("2026-01-04".parse().ok(), vec![5]));
    let [row] = &list.rows[..] else { panic!("{:?}", list.rows.len()) };
    let cells = row.cells.as_ref().expect("cells");
    assert_eq!((cells.row, cells.name.as_str(), cells.id_number.as_str()), (4, "张样", "'320699198001010010"));
    assert_eq!((row.discharge_kind.as_str(), row.discharged_on.as_str()), ("自主就业", "2025.12.1"));
    assert_eq!((row.address.as_str(), row.ended_on.as_str(), cells.remark.as_str()), ("示范路1号", "", ""));
    assert!(matches!(
        read(&folder.file("list.csv", text)),
        Err(SheetError::MissingColumn { column: Column::Groups, .. })
    ));
    let nameless = folder.file("nameless.csv", "身份证号,退役方式\n1,转业\n");
    assert!(matches!(read_list(&nameless), Err(SheetError::MissingColumn { column: Column::Name, .. })));
}

#[test]
fn a_sample_list_is_read_as_it_was_made() {
    let folder = Folder::new();
    folder.sample();
    let roster = read(&folder.0.path().join("sample.xlsx")).expect("a roster");
    let order = sample::Order { rows: 1, seed: 0, ledger_on: sample::LEDGER_ON, township: String::new() };
    let made = sample::list::of(&roster.rows, &order);
    let path = folder.0.path().join("list.csv");
    sample::list::write(&made, &order, &path).expect("written");
    let read = read_list(&path).expect("a list");
    assert_eq!(read.list_on, Some(sample::LEDGER_ON));
    let numbered = made.into_iter().zip(3..).map(|(mut row, number)| {
        row.cells.get_or_insert_default().row = number;
        row
    });
    assert_eq!(read.rows, numbered.collect::<Vec<_>>());
    assert!(read.rows.iter().any(|row| !row.ended_on.is_empty()), "somebody's membership has ended");
}
