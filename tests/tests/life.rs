//! A year of random life in the registry: whoever follows it from zero afterwards holds what a follower holds that lived it.

use std::collections::{BTreeMap, BTreeSet};

use bangfu::{
    client::{Client, date, request_id},
    suite::Suite,
};
use bangfu_proto::{
    followup::v1::RecordContactRequest,
    people::v1::{
        AcceptTransferRequest, AddHouseholdMemberRequest, AppliedAt, AppliedBy, ApplyForRecognitionRequest,
        CancelUnemploymentRequest, CancellationReason, CheckRecognitionRequest, CreateHouseholdRequest,
        DecideRecognitionRequest, DifficultyType, EmploymentStatus, GetEmploymentHistoryRequest,
        GetRegistrationsRequest, Group, HouseholdKind, HouseholdRelation, JoinGroupRequest, LeaveGroupRequest,
        ListHouseholdsRequest, ListMergesRequest, ListPeopleRequest, ListRecognitionsRequest, MergePeopleRequest,
        NewHouseholdMember, OfferTransferRequest, RecogniseHouseholdRequest, RecognitionState, RecordEmploymentRequest,
        RecordSurveyRequest, RegisterUnemploymentRequest, RemoveHouseholdMemberRequest, RevokeRecognitionRequest,
        Source, UnmergePeopleRequest, UpdatePersonRequest, WantsWork,
    },
};
use bangfu_testkit::{City, DADONG, LIBAO, databases, reason, sample};
use chrono::Days;
use serde_json::Value;
use sqlx::PgConnection;
use tonic::{Response, Status};

use bangfu_tests::{
    chance::Chance,
    steps::{contact, learned, sweep, until},
};

use crate::journeys::person;

/// What was tried, and how often it was done or refused, by reason.
#[derive(Default)]
struct Tally(BTreeMap<&'static str, BTreeMap<String, usize>>);

impl Tally {
    fn note<T>(&mut self, what: &'static str, answer: Result<Response<T>, Status>) {
        let how = match &answer {
            Ok(_) => "done".to_owned(),
            Err(status) => reason(status),
        };
        assert!(!["INTERNAL", "CONFLICT", "DEADLINE"].contains(&how.as_str()), "{what}: {:?}", answer.err());
        *self.0.entry(what).or_default().entry(how).or_default() += 1;
    }

    fn done(&self, what: &str) -> usize {
        self.0.get(what).and_then(|by| by.get("done")).copied().unwrap_or_default()
    }
}

struct Life {
    city: City,
    chance: Chance,
    tally: Tally,
    next: u32,
}

const TOWNSHIPS: [&str; 2] = [DADONG, LIBAO];

impl Life {
    fn other(township: &str) -> &'static str {
        if township == DADONG { LIBAO } else { DADONG }
    }

    async fn here(&self, clerk: &Client) -> Vec<String> {
        let people =
            clerk.people().list_people(ListPeopleRequest::default()).await.expect("listed").into_inner().people;
        people.into_iter().map(|person| person.person_id).collect()
    }

    async fn act(&mut self) {
        let township = TOWNSHIPS[self.chance.below(2)];
        let clerk = self.city.clerk(township);
        let people = self.here(&clerk).await;
        let (Some(one), Some(other)) = (self.chance.one(&people).cloned(), self.chance.one(&people).cloned()) else {
            return self.register(&clerk).await;
        };
        match self.chance.below(23) {
            0 => self.register(&clerk).await,
            1 | 2 => self.works(&clerk, &one).await,
            3 => self.corrects(&clerk, &one).await,
            4 => self.groups(&clerk, &one).await,
            5 | 19 => self.registers_as_unemployed(&clerk, &one).await,
            6 | 13..=16 => self.difficulty(township, &one).await,
            7 => self.home(&clerk, &one, &other).await,
            8 | 17..=18 => self.homes(township).await,
            9 | 20..=22 => self.merges(&clerk, &one, &other).await,
            10 => self.moves(township, &one).await,
            11 => self.changes(&clerk, &one).await,
            _ => self.talks(&clerk, &one).await,
        }
    }

    async fn register(&mut self, clerk: &Client) {
        self.next += 1;
        let status = [EmploymentStatus::Unemployed, EmploymentStatus::Unemployed, EmploymentStatus::Flexible]
            [self.chance.below(3)];
        let request = sample::person_who_is(self.next, status, "2025-01-05");
        let answer = clerk.people().register_person(request).await;
        self.tally.note("register", answer);
    }

    fn day(&mut self) -> Option<bangfu_proto::common::v1::CalendarDate> {
        let back = u64::try_from(self.chance.below(20)).expect("small");
        date(self.city.clock.today() - Days::new(back))
    }

    async fn works(&mut self, clerk: &Client, one: &str) {
        use EmploymentStatus as S;
        let status = [S::Unemployed, S::Unemployed, S::Unemployed, S::Flexible, S::Startup, S::NoIntention]
            [self.chance.below(6)];
        let mut employment = sample::employment(status, "2026-01-05");
        employment.effective_on = self.day();
        let request = RecordEmploymentRequest {
            request_id: request_id(),
            person_id: one.to_owned(),
            employment: Some(employment),
            ..Default::default()
        };
        let answer = clerk.people().record_employment(request).await;
        self.tally.note("employment", answer);
    }

    async fn corrects(&mut self, clerk: &Client, one: &str) {
        let request = GetEmploymentHistoryRequest { person_id: one.to_owned(), ..Default::default() };
        let records = clerk.people().get_employment_history(request).await.expect("found").into_inner().records;
        let Some(wrong) = self.chance.one(&records) else { return };
        let request = RecordEmploymentRequest {
            request_id: request_id(),
            person_id: one.to_owned(),
            employment: Some(sample::employment(EmploymentStatus::Unemployed, "2025-01-05")),
            corrects_record_id: wrong.record_id.clone(),
            ..Default::default()
        };
        let answer = clerk.people().record_employment(request).await;
        self.tally.note("correction", answer);
    }

    async fn groups(&mut self, clerk: &Client, one: &str) {
        let group = [Group::RelativePoverty, Group::Veteran][self.chance.below(2)];
        if self.chance.below(2) == 0 {
            let request = JoinGroupRequest {
                request_id: request_id(),
                person_id: one.to_owned(),
                group: group.into(),
                source: Source::DataMatch.into(),
                from: self.day(),
                ..Default::default()
            };
            let answer = clerk.people().join_group(request).await;
            self.tally.note("join", answer);
        } else {
            let held = person(clerk, one).await.memberships;
            let held: BTreeSet<i32> = held.iter().filter(|held| held.until.is_none()).map(|held| held.group).collect();
            let held: Vec<i32> = held.into_iter().collect();
            let Some(&group) = self.chance.one(&held) else { return };
            let request = LeaveGroupRequest {
                request_id: request_id(),
                person_id: one.to_owned(),
                group,
                until: None,
                evidence: "核实".to_owned(),
            };
            let answer = clerk.people().leave_group(request).await;
            self.tally.note("leave", answer);
        }
    }

    async fn registers_as_unemployed(&mut self, clerk: &Client, one: &str) {
        let asked = GetRegistrationsRequest { person_id: one.to_owned(), ..Default::default() };
        let known = clerk.people().get_registrations(asked).await.expect("found").into_inner().unemployment;
        if known.iter().all(|registration| registration.cancelled_on.is_some()) {
            let request = RegisterUnemploymentRequest {
                request_id: request_id(),
                person_id: one.to_owned(),
                ..Default::default()
            };
            let answer = clerk.people().register_unemployment(request).await;
            self.tally.note("registration", answer);
        } else {
            let request = CancelUnemploymentRequest {
                request_id: request_id(),
                person_id: one.to_owned(),
                reason: CancellationReason::Hired.into(),
                evidence: "劳动合同".to_owned(),
                ..Default::default()
            };
            let answer = clerk.people().cancel_unemployment(request).await;
            self.tally.note("cancellation", answer);
        }
    }

    /// The next step of an application of the township, or a new one.
    async fn difficulty(&mut self, township: &str, one: &str) {
        let (clerk, reviewer, bureau) = (self.city.clerk(township), self.city.reviewer(township), self.city.bureau());
        let all = clerk.people().list_recognitions(ListRecognitionsRequest::default()).await.expect("listed");
        let all = all.into_inner().recognitions;
        let known = self.chance.one(&all).cloned();
        match known.as_ref().map(|it| (it.recognition_id.clone(), it.state())) {
            Some((recognition_id, RecognitionState::Applied)) => {
                let request = CheckRecognitionRequest {
                    request_id: request_id(),
                    recognition_id,
                    passed: self.chance.below(4) > 0,
                    note: "已核实".to_owned(),
                };
                let answer = reviewer.people().check_recognition(request).await;
                self.tally.note("check", answer);
            }
            Some((recognition_id, RecognitionState::Published)) => {
                let request = DecideRecognitionRequest {
                    request_id: request_id(),
                    township: township.to_owned(),
                    recognition_id,
                    granted: true,
                    note: "同意".to_owned(),
                };
                let answer = bureau.people().decide_recognition(request).await;
                self.tally.note("decide", answer);
            }
            Some((recognition_id, RecognitionState::Recognised)) if self.chance.below(2) == 0 => {
                let request = RevokeRecognitionRequest {
                    request_id: request_id(),
                    township: township.to_owned(),
                    recognition_id,
                    reason: "已就业".to_owned(),
                    ..Default::default()
                };
                let answer = bureau.people().revoke_recognition(request).await;
                self.tally.note("revoke", answer);
            }
            _ => {
                let request = ApplyForRecognitionRequest {
                    request_id: request_id(),
                    person_id: one.to_owned(),
                    difficulty_type: DifficultyType::Disabled.into(),
                    applied_by: AppliedBy::Self_.into(),
                    applied_at: AppliedAt::Residence.into(),
                    evidence: "残疾证".to_owned(),
                    ..Default::default()
                };
                let answer = clerk.people().apply_for_recognition(request).await;
                self.tally.note("apply", answer);
            }
        }
    }

    async fn home(&mut self, clerk: &Client, one: &str, other: &str) {
        let member = |person_id: &str, relation: HouseholdRelation| NewHouseholdMember {
            person_id: person_id.to_owned(),
            relation: relation.into(),
            from: None,
        };
        let mut members = vec![member(one, HouseholdRelation::Head)];
        if one != other {
            members.push(member(other, HouseholdRelation::Spouse));
        }
        let request = CreateHouseholdRequest {
            request_id: request_id(),
            kind: HouseholdKind::Urban.into(),
            members,
            others: Vec::new(),
        };
        let answer = clerk.people().create_household(request).await;
        self.tally.note("household", answer);
    }

    async fn homes(&mut self, township: &str) {
        let (clerk, reviewer) = (self.city.clerk(township), self.city.reviewer(township));
        let homes = clerk.people().list_households(ListHouseholdsRequest::default()).await.expect("listed");
        let homes = homes.into_inner().households;
        let Some(home) = self.chance.one(&homes).cloned() else { return };
        match self.chance.below(3) {
            0 => {
                let request = RecogniseHouseholdRequest {
                    request_id: request_id(),
                    household_id: home.household_id,
                    evidence: "入户核实".to_owned(),
                };
                let answer = reviewer.people().recognise_household(request).await;
                self.tally.note("recognise household", answer);
            }
            1 => {
                let people = self.here(&clerk).await;
                let Some(one) = self.chance.one(&people) else { return };
                let member = NewHouseholdMember {
                    person_id: one.clone(),
                    relation: HouseholdRelation::Other.into(),
                    from: None,
                };
                let request = AddHouseholdMemberRequest {
                    request_id: request_id(),
                    household_id: home.household_id,
                    member: Some(member),
                };
                let answer = clerk.people().add_household_member(request).await;
                self.tally.note("come", answer);
            }
            _ => {
                let Some(member) = self.chance.one(&home.members) else { return };
                let request = RemoveHouseholdMemberRequest {
                    request_id: request_id(),
                    household_id: home.household_id.clone(),
                    person_id: member.person_id.clone(),
                    until: None,
                };
                let answer = clerk.people().remove_household_member(request).await;
                self.tally.note("go", answer);
            }
        }
    }

    async fn merges(&mut self, clerk: &Client, one: &str, other: &str) {
        if self.chance.below(2) == 0 {
            let request = MergePeopleRequest {
                request_id: request_id(),
                kept_person_id: one.to_owned(),
                merged_person_id: other.to_owned(),
                reason: "同一人".to_owned(),
            };
            let answer = clerk.people().merge_people(request).await;
            self.tally.note("merge", answer);
        } else {
            let merges = clerk.people().list_merges(ListMergesRequest::default()).await.expect("listed");
            let merges = merges.into_inner().merges;
            let Some(merge) = merges.iter().find(|merge| merge.undone_on.is_none()) else { return };
            let request = UnmergePeopleRequest {
                request_id: request_id(),
                merge_id: merge.merge_id.clone(),
                reason: "并非同一人".to_owned(),
            };
            let answer = clerk.people().unmerge_people(request).await;
            self.tally.note("unmerge", answer);
        }
    }

    async fn moves(&mut self, township: &str, one: &str) {
        let there = Self::other(township);
        let request = OfferTransferRequest {
            request_id: request_id(),
            person_id: one.to_owned(),
            to_township: there.to_owned(),
            reason: "户籍迁移".to_owned(),
            ..Default::default()
        };
        let offered = match self.city.clerk(township).people().offer_transfer(request).await {
            Ok(offered) => offered.into_inner(),
            Err(refused) => return self.tally.note::<()>("move", Err(refused)),
        };
        let request = AcceptTransferRequest {
            request_id: request_id(),
            transfer_id: offered.transfer_id,
            village: "河口村".to_owned(),
            ..Default::default()
        };
        let answer = self.city.clerk(there).people().accept_transfer(request).await;
        self.tally.note("move", answer);
    }

    async fn changes(&mut self, clerk: &Client, one: &str) {
        let etag = person(clerk, one).await.etag;
        let request = UpdatePersonRequest {
            request_id: request_id(),
            person_id: one.to_owned(),
            etag,
            update_mask: Some(prost_types::FieldMask { paths: vec!["village".to_owned()] }),
            village: ["双溪村", "河口村", "李庄"][self.chance.below(3)].to_owned(),
            ..Default::default()
        };
        let answer = clerk.people().update_person(request).await;
        self.tally.note("change", answer);
    }

    async fn talks(&mut self, clerk: &Client, one: &str) {
        if self.chance.below(2) == 0 {
            let request = RecordSurveyRequest {
                request_id: request_id(),
                person_id: one.to_owned(),
                asked_by: "协理员甲".to_owned(),
                wants_work: WantsWork::Yes.into(),
                ..Default::default()
            };
            let answer = clerk.people().record_survey(request).await;
            self.tally.note("survey", answer);
        } else {
            let today = self.city.clock.today().to_string();
            let request = RecordContactRequest {
                status_learned: learned(EmploymentStatus::Flexible, &today),
                ..contact(&self.city, one)
            };
            let answer = clerk.followup().record_contact(request).await;
            self.tally.note("contact", answer);
        }
    }
}

fn ids(facts: &Value) -> BTreeSet<String> {
    facts.as_array().into_iter().flatten().filter_map(|fact| fact["id"].as_str()).map(str::to_owned).collect()
}

/// The employment records that the registry has of somebody.
async fn records(clerk: &Client, person_id: &str) -> BTreeSet<String> {
    let request = GetEmploymentHistoryRequest { person_id: person_id.to_owned(), ..Default::default() };
    let history = clerk.people().get_employment_history(request).await.expect("found").into_inner();
    history.records.into_iter().map(|record| record.record_id).collect()
}

/// The recognitions that hold or have held.
async fn recognised(clerk: &Client, person_id: &str) -> BTreeSet<String> {
    let request = ListRecognitionsRequest { person_id: person_id.to_owned(), page_size: 500, ..Default::default() };
    let all = clerk.people().list_recognitions(request).await.expect("listed").into_inner().recognitions;
    all.into_iter().filter(|it| it.recognised_on.is_some()).map(|it| it.recognition_id).collect()
}

/// What a follower holds, in one order.
async fn held(database: &mut PgConnection) -> Vec<(String, Value)> {
    let people: Vec<(String, Value)> = sqlx::query_as(
        "SELECT township || ' ' || person_id, to_jsonb(s) - 'next_review_on' - 'planned_as_of' FROM subject s ORDER BY 1",
    )
    .fetch_all(&mut *database)
    .await
    .expect("people");
    people.into_iter().map(|(id, facts)| (id, sorted(facts))).collect()
}

/// Facts have no order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(mut items) => {
            items = items.into_iter().map(sorted).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(name, value)| (name, sorted(value))).collect()),
        other => other,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_from_zero_holds_what_one_holds_that_was_there_all_along() {
    let mut life = Life { city: City::new().await, chance: Chance::new(7), tally: Tally::default(), next: 0 };
    for township in TOWNSHIPS {
        let clerk = life.city.clerk(township);
        for _ in 0..5 {
            life.register(&clerk).await;
        }
    }
    let last = "2027-01-05".parse().expect("a date");
    while life.city.clock.today() < last {
        for _ in 0..3 {
            life.act().await;
        }
        life.city.settle().await;
        let on = life.city.clock.today() + Days::new(u64::try_from(1 + life.chance.below(4)).expect("small"));
        life.city.turn_to(&on.to_string());
        if life.chance.below(4) == 0 {
            sweep(&life.city).await;
        }
    }
    for what in [
        "register",
        "employment",
        "correction",
        "join",
        "leave",
        "registration",
        "cancellation",
        "apply",
        "check",
        "decide",
        "revoke",
        "household",
        "recognise household",
        "come",
        "go",
        "merge",
        "unmerge",
        "move",
        "change",
        "survey",
        "contact",
    ] {
        assert!(life.tally.done(what) > 0, "{what} never came about: {:?}", life.tally.0);
    }
    let city = life.city;
    let mut lived = city.look("followup").await;
    until("everything learned is told", async || {
        let pending: i64 =
            sqlx::query_scalar("SELECT count(*) FROM delivery WHERE delivered_at IS NULL AND refused_at IS NULL")
                .fetch_one(&mut city.look("followup").await)
                .await
                .expect("a count");
        pending == 0
    })
    .await;
    city.settle().await;

    let fresh = databases::clone("followup").await;
    let mut plan = city.plan().await;
    plan.people = None;
    if let Some(followup) = &mut plan.followup {
        followup.database = databases::settings("followup", &fresh).await;
        followup.people_endpoint = Some(city.suite().endpoint());
        followup.sweeps = false;
    }
    let newcomer = Suite::start(plan).await.expect("another follower");
    let mut look = databases::superuser(&fresh).await;
    let heads = "SELECT township, seq FROM township ORDER BY township";
    let expected: Vec<(String, i64)> = sqlx::query_as(heads).fetch_all(&mut lived).await.expect("positions");
    assert!(expected.iter().all(|(_, seq)| *seq > 50), "{expected:?}");
    until("it has caught up", async || {
        let taken: Vec<(String, i64)> = sqlx::query_as(heads).fetch_all(&mut look).await.expect("positions");
        taken == expected
    })
    .await;
    let (own, theirs) = (held(&mut lived).await, held(&mut look).await);
    let homes = own.iter().filter(|(_, subject)| subject["household"] == true).count();
    assert!(own.len() > 10 + homes && homes > 3, "{} subjects, of them {homes} households", own.len());
    for (lived, from_zero) in own.iter().zip(&theirs) {
        assert_eq!(lived, from_zero);
    }
    assert_eq!(own, theirs);
    let held: BTreeMap<&str, &Value> = own.iter().map(|(id, facts)| (id.as_str(), &facts["facts"])).collect();
    let mut compared = 0;
    for township in TOWNSHIPS {
        let clerk = city.clerk(township);
        let people =
            clerk.people().list_people(ListPeopleRequest::default()).await.expect("listed").into_inner().people;
        for person in people {
            let facts = held[format!("{township} {}", person.person_id).as_str()];
            assert_eq!(ids(&facts["statuses"]), records(&clerk, &person.person_id).await, "{person:?}");
            assert_eq!(ids(&facts["recognitions"]), recognised(&clerk, &person.person_id).await, "{person:?}");
            let groups = facts["groups"].as_array().map_or(0, Vec::len);
            assert_eq!(groups, person.memberships.len(), "{person:?}");
            compared += 1;
        }
    }
    assert!(compared > 10, "{compared}");
    newcomer.stop().await.expect("stopped");
    databases::drop(&fresh).await;
    city.close().await;
}
