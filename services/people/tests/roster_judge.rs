//! Every code and every normalisation of a row, as tables. Domain text, section 6.

use bangfu_kernel::{EmploymentStatus, Group, Insured};
use bangfu_people::roster::{Judged, RosterRow, judge};
use bangfu_proto::people::v1::{RowCode as C, RowOutcome};
use chrono::NaiveDate;

/// Female, born 1984-01-01; the people of these tests do not exist.
const ANNA: &str = "32069919840101002X";

fn ledger_on() -> NaiveDate {
    "2026-01-05".parse().expect("a date")
}

/// A number with its check digit: MOD 11-2 over the weights of GB 11643, written down independently of the product.
fn number(seventeen: &str) -> String {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum = seventeen.chars().zip(weights).map(|(c, weight)| c.to_digit(10).expect("a digit") * weight).sum::<u32>();
    format!("{seventeen}{}", ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][(sum % 11) as usize])
}

fn anna() -> RosterRow {
    RosterRow {
        row: 5,
        name: "安娜".into(),
        sex: "女".into(),
        id_number: number(&ANNA[..17]),
        phone: "15800007045".into(),
        groups: "登记失业人员".into(),
        status: "失业".into(),
        status_since: "2025-12-01".into(),
        ..RosterRow::default()
    }
}

fn with(change: impl FnOnce(&mut RosterRow)) -> RosterRow {
    let mut row = anna();
    change(&mut row);
    row
}

fn codes(row: RosterRow) -> Vec<C> {
    judge([row], ledger_on()).verdicts.remove(0).codes
}

fn numbered(rows: Vec<RosterRow>) -> Judged {
    judge(rows.into_iter().zip(5..).map(|(row, number)| RosterRow { row: number, ..row }), ledger_on())
}

#[test]
fn every_fault_of_a_row_has_its_code() {
    let id = |text: &str| with(|row| row.id_number = text.to_owned());
    let sixteen_tomorrow = number("32069920100106002");
    let sixteen_today = number("32069920100105002");
    let check_wrong = format!("{}{}", &number(&ANNA[..17])[..17], if ANNA.ends_with('7') { '8' } else { '7' });
    for (row, expected) in [
        (anna(), vec![]),
        (with(|row| row.name = " \u{3000}".into()), vec![C::NameMissing]),
        (id(""), vec![C::IdLength]),
        (id("3206991984010100"), vec![C::IdLength]),
        (id(&check_wrong), vec![C::IdCheckDigit]),
        (id("32069919840101002A"), vec![C::IdCheckDigit]),
        (id(&number("32069919841332002")), vec![C::IdBirthDate]),
        (with(|row| row.id_number_is_numeric = true), vec![C::IdLostDigits]),
        (id("3.20699E+17"), vec![C::IdLostDigits]),
        (id(&sixteen_tomorrow), vec![C::UnderAge]),
        (id(&sixteen_today), vec![]),
        (with(|row| row.groups = " ".into()), vec![C::GroupMissing]),
        (with(|row| row.groups = "、；".into()), vec![C::GroupMissing]),
        (with(|row| row.groups = "普通人员".into()), vec![C::GroupUnknown]),
        (with(|row| row.groups = "退役军人、普通人员".into()), vec![C::GroupUnknown]),
        (with(|row| row.sex = "男".into()), vec![C::SexMismatch]),
        (with(|row| row.sex = String::new()), vec![]),
        (with(|row| row.phone = String::new()), vec![]),
        (with(|row| row.status = "打工?".into()), vec![C::StatusUnknown]),
        (with(|row| row.status = String::new()), vec![C::StatusUnknown]),
        (with(|row| row.status_since = "去年".into()), vec![C::DateUnreadable]),
        (with(|row| row.status_since = String::new()), vec![C::DateUnreadable]),
        (with(|row| row.graduated_on = "去年".into()), vec![C::DateUnreadable]),
        (with(|row| row.status_since = "2026-01-06".into()), vec![C::DateInFuture]),
        (with(|row| row.status_since = "2026-01-05".into()), vec![]),
    ] {
        let told = format!("{row:?}");
        assert_eq!(codes(row), expected, "{told}");
    }
}

#[test]
fn a_row_with_several_faults_lists_them_all_in_the_contracts_order() {
    let row = RosterRow {
        id_number: "320699202013320021".into(),
        sex: "男".into(),
        phone: "空号".into(),
        status: "在外".into(),
        status_since: "2027-01-01".into(),
        ..RosterRow::default()
    };
    let mut found = codes(row);
    assert!(found.is_sorted());
    found.retain(|code| *code != C::IdCheckDigit);
    assert_eq!(
        found,
        [
            C::NameMissing,
            C::IdBirthDate,
            C::GroupMissing,
            C::SexMismatch,
            C::PhoneInvalid,
            C::StatusUnknown,
            C::DateInFuture
        ]
    );
}

#[test]
fn phones_are_mobiles_or_area_codes_with_seven_or_eight_digits() {
    for (cell, phone) in [
        ("15800007045", Some("15800007045")),
        ("158-0000-7045", Some("15800007045")),
        ("１５８ ００００ ７０４５", Some("15800007045")),
        ("'15800007045", Some("15800007045")),
        ("+86 15800007045", Some("15800007045")),
        ("0513-88001234", Some("051388001234")),
        ("（0513）8800123", Some("05138800123")),
        ("010-88001234", Some("01088001234")),
        ("0513-8880", None),
        ("0513-888012", None),
        ("1380000123", None),
        ("12800001234", None),
        ("空号", None),
        ("无", None),
        ("15800007045/15800007046", None),
    ] {
        let judged = judge([with(|row| row.phone = cell.into())], ledger_on());
        assert_eq!(judged.accepted[0].phone.as_deref(), phone, "{cell}");
        assert_eq!(judged.accepted[0].warnings.is_empty(), phone.is_some(), "{cell}");
    }
}

#[test]
fn groups_are_known_by_all_their_names_and_separators() {
    use Group::{
        CollegeGraduate, EmploymentDifficulty, RegisteredUnemployed, RelativePoverty, ReturnedMigrant, Veteran,
    };
    for (cell, groups) in [
        ("登记失业", vec![RegisteredUnemployed]),
        ("失业登记人员", vec![RegisteredUnemployed]),
        ("就业困难,就困人员", vec![EmploymentDifficulty]),
        ("高校毕业生（未就业）", vec![CollegeGraduate]),
        ("大学毕业生；低收入", vec![CollegeGraduate, RelativePoverty]),
        ("退役军人;复退军人，返乡人员", vec![Veteran, ReturnedMigrant]),
        (" 登 记 失 业 、\u{3000}返乡农民工、", vec![RegisteredUnemployed, ReturnedMigrant]),
    ] {
        let judged = judge([with(|row| row.groups = cell.into())], ledger_on());
        assert_eq!(judged.accepted[0].groups, groups.into_iter().collect(), "{cell}");
    }
}

#[test]
fn employment_is_read_from_its_cells() {
    let row = with(|row| {
        row.status = "单位 就业".into();
        row.status_since = "２０２５年１月２日".into();
        row.contract_months = "２４个月".into();
        row.insured = " 是 ".into();
        row.employer = " 某某（纺织）有限公司\u{200b} ".into();
        row.graduated_on = "20270630".into();
    });
    let accepted = judge([row], ledger_on()).accepted.remove(0);
    assert_eq!(accepted.employment.status, EmploymentStatus::UnitEmployed);
    assert_eq!(accepted.employment.effective_on, "2025-01-02".parse().expect("a date"));
    assert_eq!((accepted.employment.contract_months, accepted.employment.insured), (24, Insured::Yes));
    assert_eq!(&*accepted.employment.employer, "某某（纺织）有限公司");
    assert_eq!(accepted.graduated_on, "2027-06-30".parse().ok());
    assert!(accepted.warnings.is_empty());
    let late = judge([with(|row| row.status_since = "2027-02-09".into())], ledger_on()).accepted.remove(0);
    assert_eq!(late.employment.effective_on, ledger_on());
}

#[test]
fn the_same_person_again_joins_the_first_row() {
    use RowOutcome::{Accepted, Merged, Rejected};
    let judged = numbered(vec![
        anna(),
        with(|row| {
            row.name = "安\u{3000}娜".into();
            row.id_number = row.id_number.to_lowercase();
            row.groups = "退役军人".into();
            row.sex = "男".into();
        }),
        with(|row| row.groups = "低收入".into()),
        with(|row| row.groups = "普通人员".into()),
        with(|row| row.name = "李娜".into()),
    ]);
    let told = judged.verdicts.iter().map(|v| (v.outcome, v.codes.clone(), v.groups.len())).collect::<Vec<_>>();
    assert_eq!(
        told,
        [
            (Accepted, vec![], 1),
            (Merged, vec![C::DuplicateInFile, C::SexMismatch], 2),
            (Merged, vec![C::DuplicateInFile], 3),
            (Rejected, vec![C::GroupUnknown, C::DuplicateInFile], 0),
            (Rejected, vec![C::IdUsedByOtherName], 1),
        ]
    );
    assert_eq!(judged.accepted.len(), 1);
    assert_eq!(judged.accepted[0].groups.len(), 3);
}

#[test]
fn nobody_is_lost_with_a_rejected_first_row() {
    let groupless = || with(|row| row.groups = String::new());
    let judged = numbered(vec![groupless(), anna(), with(|row| row.name = "李娜".into())]);
    let outcomes = judged.verdicts.iter().map(|verdict| verdict.outcome).collect::<Vec<_>>();
    assert_eq!(outcomes, [RowOutcome::Rejected, RowOutcome::Accepted, RowOutcome::Rejected]);
    assert_eq!(judged.verdicts[2].codes, [C::IdUsedByOtherName]);
}

#[test]
fn numbers_of_people_that_slipped_into_a_text_that_is_stored_as_it_is_become_stars() {
    let slipped = with(|row| {
        row.village = "双溪村 158-0000-7045".into();
        row.coordinator = format!("王样{ANNA}");
        row.employer = "某厂，电话15800007045".into();
        row.job_wish = "15800007045".into();
        row.remark = "母亲电话15800007046".into();
    });
    let judged = judge([slipped], ledger_on());
    assert_eq!(judged.verdicts[0].codes, vec![]);
    let row = &judged.accepted[0];
    assert_eq!(&*row.village, "双溪村*************");
    assert_eq!(&*row.coordinator, "王样******************");
    assert_eq!(&*row.employment.employer, "某厂，电话***********");
    assert_eq!(&*row.job_wish, "***********");
    assert_eq!(&*row.remark, "母亲电话15800007046", "encrypted");
}
