//! One life after the other through the wire: from the roster to what was missed.

use std::collections::BTreeMap;

use bangfu::client::{Client, people::send, request_id};
use bangfu_kernel::Role;
use bangfu_proto::{
    followup::v1::{
        Channel, Contact, ContactResult, Duty, DutyState, GetWorkloadRequest, ListContactsRequest, ListDutiesRequest,
        ListSweepsRequest, RecordContactRequest, RunSweepRequest, Service, VoidContactRequest, WorkloadGroup,
        WorkloadRow,
    },
    people::v1::{EmploymentStatus, GetPersonRequest, Insured, Person, RosterRow, RosterStart, ServiceLevel},
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};

use bangfu_tests::steps::{
    becomes, contact, duties, learned, lines, on, record, standing, state, sweep, sweep_on, unemployed, until,
};

/// What a row of the workload is counted by.
type KeyOf = fn(&Duty) -> String;

async fn all(client: &Client) -> Vec<Duty> {
    duties(client, ListDutiesRequest { page_size: 7, ..Default::default() }).await
}

/// One person as the registry tells of them.
pub(crate) async fn person(client: &Client, person_id: &str) -> Person {
    let request = GetPersonRequest { person_id: person_id.to_owned(), ..Default::default() };
    client.people().get_person(request).await.expect("found").into_inner()
}

/// Voids a contact.
pub(crate) async fn void(client: &Client, contact: &Contact) -> Result<Contact, tonic::Status> {
    let request = VoidContactRequest {
        request_id: request_id(),
        contact_id: contact.contact_id.clone(),
        reason: "录入有误".to_owned(),
    };
    client.followup().void_contact(request).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_roster_to_what_was_missed() {
    let city = City::new().await;
    let (clerk, coordinator) = (city.clerk(DADONG), city.coordinator(DADONG, &["双溪村"]));
    let start = RosterStart { request_id: request_id(), ..Default::default() };
    let rows = vec![sample::row(1, 5), RosterRow { status: "灵活就业".into(), ..sample::row(2, 6) }];
    let import = send(&clerk, start, rows).await.expect("imported");
    let (ann, bob) = (import.results[0].person_id.clone(), import.results[1].person_id.clone());
    city.settle().await;
    assert_eq!(all(&clerk).await, []);
    let swept = sweep(&city).await;
    assert_eq!(
        swept.iter().map(|sweep| (sweep.township.as_str(), sweep.in_scope)).collect::<Vec<_>>(),
        [(DADONG, 2), (LIBAO, 0)]
    );
    let of = |duties: &[Duty], person: &str| {
        standing(&duties.iter().filter(|duty| duty.person_id == person).cloned().collect::<Vec<_>>())
    };
    let january = lines(&[
        "131.career_guidance 2026-01-01 OPEN",
        "131.job_referral 2026-01-01 OPEN x3",
        "131.skills_training 2026-01-01 OPEN",
        "follow_up.unemployed 2026-01-01 OPEN",
        "policy_publicity 2026-01-01 OPEN",
        "unemployment_benefit 2026-01-05 OPEN",
    ]);
    let ledger = all(&clerk).await;
    assert_eq!(of(&ledger, &ann), january);
    assert_eq!(of(&ledger, &bob), lines(&["follow_up.flexible 2026-01-01 OPEN", "policy_publicity 2026-01-01 OPEN"]));

    // One contact settles the follow-up, one slot of each of 131, and the policy.
    let services = [Service::CareerGuidance, Service::JobReferral, Service::SkillsTraining, Service::PolicyPublicity];
    let served = RecordContactRequest {
        services: services.map(Into::into).to_vec(),
        policies_told: vec!["社会保险补贴".into()],
        ..contact(&city, &ann)
    };
    let served = record(&coordinator, served).await;
    assert_eq!(served.settled_duty_ids.len(), 5);
    let done = lines(&[
        "131.career_guidance 2026-01-01 DONE",
        "131.job_referral 2026-01-01 DONE",
        "131.job_referral 2026-01-01 OPEN x2",
        "131.skills_training 2026-01-01 DONE",
        "follow_up.unemployed 2026-01-01 DONE",
        "policy_publicity 2026-01-01 DONE",
        "unemployment_benefit 2026-01-05 OPEN",
    ]);
    let ledger = all(&clerk).await;
    assert_eq!(of(&ledger, &ann), done);
    let first_slot = ledger.iter().find(|duty| duty.rule == "131.job_referral" && state(duty) == "DONE").expect("one");
    assert_eq!(first_slot.slot, 1, "the lowest open slot");

    // Voided, everything is as before; entered anew, it is done again. An attempt settles nothing.
    let voided = void(&coordinator, &served).await.expect("voided");
    assert!(voided.voided_at.is_some() && voided.settled_duty_ids.is_empty());
    assert_eq!(of(&all(&clerk).await, &ann), january);
    assert_eq!(reason(&void(&coordinator, &served).await.expect_err("twice")), "CONTACT_VOIDED");
    let attempt = RecordContactRequest { result: ContactResult::NoAnswer.into(), ..contact(&city, &ann) };
    assert!(record(&coordinator, attempt).await.settled_duty_ids.is_empty());
    let text = RecordContactRequest { channel: Channel::Sms.into(), ..contact(&city, &ann) };
    assert!(record(&coordinator, text).await.settled_duty_ids.is_empty());
    assert_eq!(of(&all(&clerk).await, &ann), january);

    // Within the grace it still counts, dated in its window; beyond it is missed and stays so.
    let march = "2026-03-05";
    city.turn_to(march);
    sweep(&city).await;
    assert_eq!(of(&all(&clerk).await, &ann)["follow_up.unemployed 2026-01-01 MISSED"], 1);
    let in_grace = RecordContactRequest { on: on("2026-02-27"), ..contact(&city, &ann) };
    let in_grace = record(&coordinator, in_grace).await;
    assert_eq!(in_grace.settled_duty_ids.len(), 1, "February, on the last day of its grace");
    let late = RecordContactRequest { on: on("2026-01-20"), ..contact(&city, &ann) };
    assert!(record(&coordinator, late).await.settled_duty_ids.is_empty(), "January is over");
    let then = of(&all(&clerk).await, &ann);
    for line in [
        "follow_up.unemployed 2026-01-01 MISSED",
        "follow_up.unemployed 2026-02-01 DONE",
        "follow_up.unemployed 2026-03-01 OPEN",
    ] {
        assert_eq!(then.get(line), Some(&1), "{line}: {then:?}");
    }
    // Voided after its grace, what it settled is missed.
    city.turn_to("2026-03-06");
    void(&clerk, &in_grace).await.expect("voided");
    assert_eq!(of(&all(&clerk).await, &ann).get("follow_up.unemployed 2026-02-01 MISSED"), Some(&1));

    // Flexible work: the first half may be done in June.
    sweep_on(&city, "2026-06-29").await;
    assert_eq!(record(&coordinator, contact(&city, &bob)).await.settled_duty_ids.len(), 1);
    sweep_on(&city, "2026-07-10").await;
    let bobs = of(&all(&clerk).await, &bob);
    assert_eq!((bobs["follow_up.flexible 2026-01-01 DONE"], bobs["follow_up.flexible 2026-07-01 OPEN"]), (1, 1));
    let contacts = clerk.followup().list_contacts(ListContactsRequest { person_id: ann, ..Default::default() }).await;
    assert_eq!(contacts.expect("listed").into_inner().contacts.len(), 5, "voided ones stay to be seen");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_contact_learns_reaches_the_registry_and_comes_back() {
    let city = City::new().await;
    let people = unemployed(&city, DADONG, 0..1, "2026-01-02").await;
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let mut status = learned(EmploymentStatus::UnitEmployed, "2026-01-03").expect("a status");
    (status.employer, status.contract_months, status.insured) = ("样例纺织厂".into(), 6, Insured::Yes.into());
    let told = RecordContactRequest { status_learned: Some(status), ..contact(&city, &people[0]) };
    let told = record(&clerk, told).await;
    until("the registry knows", async || person(&clerk, &people[0]).await.level() == ServiceLevel::Stable).await;
    city.settle().await;
    let employment = person(&clerk, &people[0]).await.employment.expect("a record");
    assert_eq!((employment.employer.as_str(), employment.source.as_str()), ("样例纺织厂", "CONTACT"));
    assert_eq!((employment.evidence.as_str(), employment.effective_on), (told.contact_id.as_str(), on("2026-01-03")));
    let ledger = standing(&all(&clerk).await);
    let expected = lines(&[
        "131.career_guidance 2026-01-01 RELEASED",
        "131.job_referral 2026-01-01 RELEASED x3",
        "131.skills_training 2026-01-01 RELEASED",
        "follow_up.stable 2026-01-01 DONE",
        "follow_up.unemployed 2026-01-01 RELEASED",
        "policy_publicity 2026-01-01 OPEN",
        "unemployment_benefit 2026-01-05 RELEASED",
    ]);
    assert_eq!(ledger, expected);
    let records: i64 = sqlx::query_scalar("SELECT count(*) FROM employment WHERE source = 'CONTACT'")
        .fetch_one(&mut city.look("people").await)
        .await
        .expect("a count");
    assert_eq!(records, 1, "exactly once");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_serves_the_villages_of_the_token_and_no_other() {
    let city = City::new().await;
    let people = unemployed(&city, DADONG, 0..1, "2026-01-05").await;
    sweep(&city).await;
    let (own, other) = (city.coordinator(DADONG, &["双溪村"]), city.coordinator(DADONG, &["别的村", "第三村"]));
    let refused = other.followup().record_contact(contact(&city, &people[0])).await.expect_err("another's village");
    assert_eq!(reason(&refused), "VILLAGE_NOT_YOURS");
    let reveal =
        bangfu_proto::people::v1::RevealPersonRequest { person_id: people[0].clone(), reason: "上门走访".into() };
    assert_eq!(
        reason(&other.people().reveal_person(reveal.clone()).await.expect_err("another's village")),
        "VILLAGE_NOT_YOURS"
    );
    let request = bangfu_proto::people::v1::RecordEmploymentRequest {
        request_id: request_id(),
        person_id: people[0].clone(),
        employment: Some(sample::employment(EmploymentStatus::Flexible, "2026-01-05")),
        ..Default::default()
    };
    assert_eq!(
        reason(&other.people().record_employment(request).await.expect_err("another's village")),
        "VILLAGE_NOT_YOURS"
    );
    let told = record(&own, contact(&city, &people[0])).await;
    assert_eq!(
        own.people().reveal_person(reveal).await.expect("revealed").into_inner().id_number,
        sample::id_number(0)
    );
    let another = city.caller("coordinator-2", &[Role::Coordinator], Some(DADONG), &["双溪村"]);
    assert!(void(&another, &told).await.is_err(), "entered by somebody else");
    void(&own, &told).await.expect("voided");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_a_coordinator_is_left_out_and_the_workload_is_what_the_lists_say() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let rows = (0..9_i32).map(|n| {
        let row = sample::row(u32::try_from(n).expect("small"), n + 5);
        let coordinator = ["协理员甲", "协理员乙", ""][usize::try_from(n % 3).expect("small")].to_owned();
        RosterRow { coordinator, village: format!("第{}村", n % 2), ..row }
    });
    let start = RosterStart { request_id: request_id(), ..Default::default() };
    let import = send(&clerk, start, rows.collect()).await.expect("imported");
    city.settle().await;
    sweep(&city).await;
    record(&clerk, contact(&city, &import.results[2].person_id)).await;
    becomes(&city, DADONG, &import.results[0].person_id, EmploymentStatus::Retired, "2026-01-05").await;
    sweep_on(&city, "2026-02-03").await;
    let grace = sweep_on(&city, "2026-03-03").await;
    assert_eq!(grace[0].missed.values().sum::<i64>(), 15, "January of seven, the benefit of eight");

    let ledger = all(&clerk).await;
    let unassigned = duties(&clerk, ListDutiesRequest { unassigned: true, ..Default::default() }).await;
    let mut expected: Vec<_> = ledger.iter().filter(|duty| duty.coordinator.is_empty()).cloned().collect();
    assert!(!expected.is_empty() && expected.len() < ledger.len());
    expected.sort_by(|a, b| a.duty_id.cmp(&b.duty_id));
    let mut listed = unassigned;
    listed.sort_by(|a, b| a.duty_id.cmp(&b.duty_id));
    assert_eq!(listed, expected);

    let today = bangfu_kernel::calendar::message(city.clock.today());
    let keys: [(WorkloadGroup, KeyOf); 3] = [
        (WorkloadGroup::Coordinator, |duty| duty.coordinator.clone()),
        (WorkloadGroup::Village, |duty| duty.village.clone()),
        (WorkloadGroup::Rule, |duty| duty.rule.clone()),
    ];
    for due in [None, Some(bangfu_proto::common::v1::DateRange { from: on("2026-02-01"), to: on("2026-03-31") })] {
        let within = duties(&clerk, ListDutiesRequest { due, ..Default::default() }).await;
        for (group_by, key) in keys {
            let mut rows: BTreeMap<String, WorkloadRow> = BTreeMap::new();
            for duty in &within {
                let row = rows.entry(key(duty)).or_insert_with(|| WorkloadRow { key: key(duty), ..Default::default() });
                let due = duty.due_on.expect("a day");
                let overdue = (due.year, due.month, due.day) < (today.year, today.month, today.day);
                match duty.state() {
                    DutyState::Open => {
                        row.open += 1;
                        row.overdue += i64::from(overdue);
                    }
                    DutyState::Done => row.done += 1,
                    DutyState::Missed => row.missed += 1,
                    DutyState::Released => row.released += 1,
                    DutyState::Waived | DutyState::Unspecified => row.waived += 1,
                }
            }
            let request = GetWorkloadRequest { group_by: group_by.into(), due, ..Default::default() };
            let mut told = clerk.followup().get_workload(request).await.expect("counted").into_inner().rows;
            told.sort_by(|a, b| a.key.cmp(&b.key));
            assert_eq!(told, rows.into_values().collect::<Vec<_>>(), "{group_by:?} {due:?}");
        }
    }
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn swept_daily_or_once_after_three_months_the_ledger_is_the_same_in_everything_but_ids_and_advice() {
    let mut ledgers = Vec::new();
    for daily in [true, false] {
        let city = City::new().await;
        let people = unemployed(&city, DADONG, 0..4, "2026-01-05").await;
        let names: BTreeMap<_, _> = people.iter().zip(0..).map(|(id, n)| (id.clone(), format!("person {n}"))).collect();
        let clerk = city.clerk(DADONG);
        let mut contacts = BTreeMap::new();
        let mut day: chrono::NaiveDate = "2026-01-05".parse().expect("a date");
        while day <= "2026-04-10".parse().expect("a date") {
            city.clock.turn_to(day);
            if daily || day.to_string() == "2026-04-10" {
                sweep(&city).await;
            }
            // Facts come on the same days in both cities; only the sweeps differ.
            match day.to_string().as_str() {
                "2026-02-12" => {
                    let told = record(&clerk, contact(&city, &people[0])).await;
                    contacts.insert(told.contact_id, "February");
                }
                "2026-03-10" => becomes(&city, DADONG, &people[1], EmploymentStatus::Flexible, "2026-03-02").await,
                "2026-03-25" => becomes(&city, DADONG, &people[2], EmploymentStatus::Deceased, "2026-03-20").await,
                _ => {}
            }
            day = day.succ_opt().expect("a day");
        }
        let mut ledger: Vec<_> = all(&clerk)
            .await
            .into_iter()
            .map(|mut duty| {
                duty.duty_id = String::new();
                // Advice beside the ledger: what is raised late is recommended for the days that are left.
                (duty.recommended_on, duty.recommended_by, duty.moved_from) = (None, 0, None);
                duty.moved_because.clear();
                duty.person_id.clone_from(&names[&duty.person_id]);
                if let Some(word) = contacts.get(&duty.settled_by_contact_id) {
                    duty.settled_by_contact_id = (*word).to_owned();
                }
                format!("{duty:?}")
            })
            .collect();
        ledger.sort();
        ledgers.push(ledger);
        city.close().await;
    }
    assert!(ledgers[0].len() > 30, "{}", ledgers[0].len());
    assert_eq!(ledgers[0], ledgers[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_asked_for_twice_is_one_and_every_sweep_is_listed() {
    let city = City::new().await;
    unemployed(&city, DADONG, 0..5, "2026-01-05").await;
    let bureau = city.bureau();
    let request = RunSweepRequest { request_id: request_id(), ..Default::default() };
    let (mut one, mut two) = (bureau.followup(), bureau.followup());
    let (one, two) = tokio::join!(one.run_sweep(request.clone()), two.run_sweep(request.clone()));
    let (one, two) = (one.expect("swept").into_inner(), two.expect("swept").into_inner());
    assert_eq!(one, two, "one request, one result");
    assert_eq!(standing(&all(&city.clerk(DADONG)).await).values().sum::<usize>(), 40);
    city.turn_to("2026-01-06");
    assert_eq!(bureau.followup().run_sweep(request).await.expect("repeated").into_inner(), one);
    sweep(&city).await;
    let (mut listed, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListSweepsRequest { page_size: 1, page_token, ..Default::default() };
        let page = bureau.followup().list_sweeps(request).await.expect("listed").into_inner();
        listed.extend(page.sweeps);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert!(listed.iter().all(|sweep| sweep.finished_at.is_some() && sweep.failed == 0));
    assert!(one.townships.iter().all(|sweep| listed.contains(sweep)), "the answer is what is listed");
    assert!(listed.iter().all(|sweep| sweep.in_scope == sweep.with_duties + sweep.excluded.values().sum::<i64>()));
    assert_eq!(listed.iter().flat_map(|sweep| sweep.raised.values()).sum::<i64>(), 40);
    city.close().await;
}
