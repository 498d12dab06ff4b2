//! Lists of work done, imported from a file: the older system's export, a day's paper list of contacts.

use std::{fs, path::PathBuf};

use bangfu::client::{
    Client, contacts,
    imports::{self, Became, Report},
    request_id,
};
use bangfu_kernel::Role;
use bangfu_proto::{
    followup::v1::{Service, VoidContactRequest, VoidServiceRequest},
    people::v1::MergePeopleRequest,
};
use bangfu_testkit::{City, DADONG, LIBAO, sample};
use tempfile::TempDir;

use crate::{
    services::listed,
    steps::{duties, standing, sweep, unemployed},
};

/// A file of these lines, in GB18030 as the older system writes it.
fn file(folder: &TempDir, name: &str, lines: &[String]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, encoding_rs::GB18030.encode(&lines.join("\r\n")).0).expect("written");
    path
}

/// What the export has above its rows.
fn head() -> [String; 3] {
    ["帮扶调查管理导出,,,", "单位：大东镇,,,", "服务日期,服务内容,姓名,身份证号,服务结果,备注"].map(str::to_owned)
}

fn line(n: u32, on: &str, service: &str) -> String {
    format!("{on},{service},{},{},已办理,", sample::name(n), sample::id_number(n))
}

async fn import(city: &City, client: &Client, path: &std::path::Path, dry_run: bool) -> Report {
    imports::services::import(client, path, city.clock.today(), dry_run).await.expect("read")
}

/// What became of each row: "ready", "entered", "known", or why it was refused.
fn outcomes(report: &Report) -> Vec<(i32, &str)> {
    let word = |became| match became {
        &Became::Ready => "ready",
        &Became::Entered(_) => "entered",
        &Became::Known(_) => "known",
        Became::Refused(why) => why.as_str(),
    };
    report.rows.iter().map(|(&number, became)| (number, word(became))).collect()
}

fn all(report: &Report, word: &str) -> bool {
    outcomes(report).iter().all(|(_, became)| *became == word)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_tried_entered_and_entered_again_without_effect() {
    let (city, folder) = (City::new().await, TempDir::new().expect("a folder"));
    let people = unemployed(&city, 0..2, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let mut lines = head().to_vec();
    lines.extend([
        line(0, "2026年1月5日", "推荐岗位"),
        line(0, "2026.1.5", "职业介绍"),
        line(1, "20260105", "培训"),
        line(1, "2026-01-06", "慰问"),
        format!("2026/1/5,指导,张三,{},,", sample::id_number(0)),
        line(7, "2026-01-05", "指导"),
        "2026-01-05,指导,某某,320699198001010000,,".to_owned(),
        line(1, "2026-01-05", "政策宣传"),
        "填表人：某某,,,,,".to_owned(),
    ]);
    let path = file(&folder, "export.csv", &lines);

    let tried = import(&city, &clerk, &path, true).await;
    let ready: Vec<_> = outcomes(&tried).into_iter().filter(|(_, became)| *became == "ready").collect();
    assert_eq!(ready, [(4, "ready"), (5, "ready"), (6, "ready"), (11, "ready")], "{tried:?}");
    for (row, said) in [
        (7, vec!["服务项目不在目录中", "晚于今天"]),
        (8, vec!["姓名与登记的不符"]),
        (9, vec!["本区镇没有此人"]),
        (10, vec!["身份证号码有误"]),
    ] {
        let Became::Refused(why) = &tried.rows[&row] else { panic!("row {row}: {tried:?}") };
        assert!(said.iter().all(|said| why.contains(said)), "row {row}: {why}");
    }
    assert_eq!(tried.passed_over, [12]);
    assert_eq!(listed(&clerk).await, [], "tried, not entered");

    let first = import(&city, &clerk, &path, false).await;
    assert_eq!(first.count(|became| *became == Became::Entered(1)), 4, "{first:?}");
    let records = listed(&clerk).await;
    let standing = standing(&duties(&city).await);
    for (duty, done) in [("131.job_referral DONE", 2), ("131.skills_training DONE", 1), ("policy_publicity DONE", 1)] {
        assert_eq!(standing.get(duty), Some(&done), "{duty} in {standing:?}");
    }
    assert!(records.iter().all(|record| record.source == "SURVEY_MANAGEMENT" && record.source_ref.len() == 64));
    let told = format!("{first:?}{records:?}");
    assert!((0..2).all(|n| !told.contains(&sample::id_number(n))), "no ID number is told or kept");

    let again = import(&city, &clerk, &path, false).await;
    assert_eq!((again.count(|became| matches!(became, Became::Known(_))), listed(&clerk).await), (4, records));
    // Somebody else, from a crash's half: what is entered stands once.
    let other = city.caller("clerk-2", &[Role::Clerk], Some(DADONG), &[]);
    assert!(all(&import(&city, &other, &file(&folder, "half.csv", &lines[..6]), false).await, "known"));
    assert_eq!(listed(&clerk).await.len(), 4);

    let theirs = import(&city, &city.clerk(LIBAO), &path, false).await;
    assert_eq!(theirs.count(|became| matches!(became, Became::Refused(_))), theirs.rows.len());
    let elsewhere = city.coordinator(DADONG, &["李庄"]);
    let refused = import(
        &city,
        &elsewhere,
        &file(&folder, "new.csv", &[&head()[..], &[line(0, "2026-01-05", "职业指导")]].concat()),
        false,
    )
    .await;
    assert!(matches!(&refused.rows[&4], Became::Refused(_)), "{refused:?}");
    assert_eq!(listed(&clerk).await.iter().filter(|record| people.contains(&record.person_id)).count(), 4);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_halves_are_the_whole_and_a_voided_row_is_told_as_such() {
    let (city, folder) = (City::new().await, TempDir::new().expect("a folder"));
    unemployed(&city, 0..3, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let rows: Vec<_> = (0..6).map(|n| line(n % 3, "2026-01-05", if n < 3 { "岗位推荐" } else { "职业指导" })).collect();
    let part = |name: &str, rows: &[String]| file(&folder, name, &[&head()[..], rows].concat());
    assert!(all(&import(&city, &clerk, &part("first.csv", &rows[..3]), false).await, "entered"));
    assert!(all(&import(&city, &clerk, &part("second.csv", &rows[3..]), false).await, "entered"));
    let whole = part("whole.csv", &rows);
    assert!(all(&import(&city, &clerk, &whole, false).await, "known"));
    assert_eq!(listed(&clerk).await.len(), 6);

    let record = listed(&clerk).await.swap_remove(0);
    let void = VoidServiceRequest {
        request_id: request_id(),
        service_record_id: record.service_record_id,
        reason: "导入有误".to_owned(),
    };
    clerk.followup().void_service(void).await.expect("voided");
    let again = import(&city, &clerk, &whole, false).await;
    let voided = |became: &Became| matches!(became, Became::Known(why) if why.contains("已作废"));
    assert_eq!((again.count(voided), listed(&clerk).await.len()), (1, 6), "{again:?}");
    let other = city.caller("clerk-2", &[Role::Clerk], Some(DADONG), &[]);
    let again = import(&city, &other, &whole, false).await;
    assert_eq!((again.count(voided), listed(&clerk).await.len()), (1, 6), "whoever sends it: {again:?}");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_about_two_entries_that_became_one_enters_nothing_anew() {
    let (city, folder) = (City::new().await, TempDir::new().expect("a folder"));
    let people = unemployed(&city, 0..2, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let rows = [0, 1].map(|n| format!("2026-01-05,职业介绍,,{},已办理,", sample::id_number(n)));
    let path = file(&folder, "export.csv", &[&head()[..], &rows].concat());
    assert!(all(&import(&city, &clerk, &path, false).await, "entered"));
    let merge = MergePeopleRequest {
        request_id: request_id(),
        kept_person_id: people[0].clone(),
        merged_person_id: people[1].clone(),
        reason: "同一人".to_owned(),
    };
    clerk.people().merge_people(merge).await.expect("merged");
    city.settle().await;
    let records = listed(&clerk).await;
    assert!(records.iter().all(|record| record.person_id == people[0]), "a merged entry's services go with it");
    assert_eq!(records.iter().filter(|record| record.service() == Service::JobReferral).count(), 2);
    let kept = duties(&city).await.into_iter().filter(|duty| duty.person_id == people[0]).collect::<Vec<_>>();
    assert_eq!(standing(&kept).get("131.job_referral DONE"), Some(&2), "and count there");
    assert!(all(&import(&city, &clerk, &path, false).await, "known"), "both numbers are one person's now");
    assert_eq!(listed(&clerk).await, records);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paper_list_of_contacts_is_entered_once() {
    let (city, folder) = (City::new().await, TempDir::new().expect("a folder"));
    let people = unemployed(&city, 0..2, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let row = |n: u32, channel: &str, result: &str| {
        format!("{},2026-01-05,{channel},{result},身体健康", sample::id_number(n))
    };
    let lines = [
        "身份证号码,联系日期,联系方式,联系结果,备注".to_owned(),
        row(0, "电话", "本人"),
        row(1, "上门走访", "不在家"),
        row(1, "写信", "本人"),
    ];
    let path = file(&folder, "contacts.csv", &lines);
    let enter =
        async |dry_run| imports::contacts::import(&clerk, &path, city.clock.today(), dry_run).await.expect("read");
    assert_eq!(enter(true).await.count(|became| *became == Became::Ready), 2);
    let report = enter(false).await;
    assert_eq!(outcomes(&report)[..2], [(2, "entered"), (3, "entered")]);
    let Became::Refused(why) = &report.rows[&4] else { panic!("{report:?}") };
    assert!(why.contains("联系方式"), "{why}");
    let standing = standing(&duties(&city).await);
    assert_eq!(standing.get("follow_up.unemployed DONE"), Some(&1), "an attempt settles nothing");
    let again = enter(false).await;
    assert_eq!(outcomes(&again)[..2], [(2, "known"), (3, "known")]);
    for person in &people {
        assert_eq!(contacts::of(&clerk, person, "").await.expect("listed").len(), 1);
    }
    city.close().await;
}

/// A list of contacts in a file.
fn contact_list(folder: &TempDir, name: &str, rows: &[String]) -> PathBuf {
    let head = "身份证号码,联系日期,联系方式,联系结果,备注".to_owned();
    file(folder, name, &[&[head], rows].concat())
}

fn called(n: u32, on: &str, note: &str) -> String {
    format!("{},{on},电话,本人,{note}", sample::id_number(n))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_contacts_that_two_accounts_send_is_entered_once() {
    let (city, folder) = (City::new().await, TempDir::new().expect("a folder"));
    let people = unemployed(&city, 0..3, "2026-01-05").await;
    sweep(&city).await;
    let (one, two) = (city.clerk(DADONG), city.caller("clerk-2", &[Role::Clerk], Some(DADONG), &[]));
    let first = contact_list(&folder, "first.csv", &[0, 1].map(|n| called(n, "2026-01-05", "")));
    let import =
        async |client, path| imports::contacts::import(client, path, city.clock.today(), false).await.expect("read");
    let of = async |person: usize| contacts::of(&one, &people[person], "").await.expect("listed");
    assert!(all(&import(&one, &first).await, "entered"));
    assert!(all(&import(&two, &first).await, "known"), "one after the other");
    let changed = contact_list(&folder, "changed.csv", &[0, 1].map(|n| called(n, "2026-01-05", "身体健康")));
    let changed = import(&two, &changed).await;
    assert_eq!(changed.count(|it| matches!(it, Became::Known(why) if why.contains("不同，未更改"))), 2, "{changed:?}");
    for person in [0, 1] {
        let entered = of(person).await;
        assert_eq!((entered.len(), entered[0].source.as_str(), entered[0].source_ref.len()), (1, "import", 64));
    }

    let rows: Vec<_> = (0..20).map(|n| called(2, "2026-01-05", &format!("第{n}次"))).collect();
    let path = contact_list(&folder, "second.csv", &rows);
    let (ones, twos) = tokio::join!(import(&one, &path), import(&two, &path));
    assert_eq!(of(2).await.len(), 20, "both at once: {ones:?} {twos:?}");
    let entered = |report: &Report| report.count(|became| matches!(became, Became::Entered(_)));
    assert_eq!(entered(&ones) + entered(&twos), 20, "each row is told as entered by one of them");
    let refused = |report: &Report| report.count(|became| matches!(became, Became::Refused(_)));
    assert_eq!((refused(&ones), refused(&twos)), (0, 0));

    let wrong = of(0).await.swap_remove(0);
    let void =
        VoidContactRequest {
            request_id: request_id(), contact_id: wrong.contact_id, reason: "导入有误".to_owned()
        };
    one.followup().void_contact(void).await.expect("voided");
    for client in [&one, &two] {
        let again = import(client, &first).await;
        let voided = |became: &Became| matches!(became, Became::Known(why) if why.contains("已作废"));
        assert_eq!((again.count(voided), of(0).await.len()), (1, 1), "{again:?}");
    }
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_twice_is_entered_and_told_and_a_dry_run_knows_when_people_joined() {
    let (city, folder) = (City::new().await, TempDir::new().expect("a folder"));
    unemployed(&city, 0..2, "2026-01-05").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let rows = [
        called(0, "2026-01-05", ""),
        called(0, "2026-01-05", "另一次"),
        called(0, "2026年1月5日", ""),
        called(1, "2026-01-04", ""),
    ];
    let list = contact_list(&folder, "contacts.csv", &rows);
    let served = ["2026-01-05", "2026-01-05", "2026-01-04"].map(|on| line(0, on, "职业指导"));
    let export = file(&folder, "export.csv", &[&head()[..], &served].concat());
    for dry_run in [true, false] {
        let contacts = imports::contacts::import(&clerk, &list, city.clock.today(), dry_run).await.expect("read");
        let services = import(&city, &clerk, &export, dry_run).await;
        let became = if dry_run { "ready" } else { "entered" };
        assert_eq!(outcomes(&contacts)[..3], [(2, became), (3, became), (4, became)]);
        assert_eq!(outcomes(&services)[..2], [(4, became), (5, became)]);
        assert_eq!(contacts.repeated, [(4, 2)].into());
        assert_eq!(services.repeated, [(5, 4)].into());
        assert!(contacts.table().to_string().contains("与前面第2行相同"), "{}", contacts.table());
        for refused in [&contacts.rows[&5], &services.rows[&6]] {
            assert!(matches!(refused, Became::Refused(why) if why.contains("纳入服务")), "{refused:?}");
        }
    }
    city.close().await;
}
