//! Two townships in which there is one of everything that an RPC can name.

use std::collections::BTreeMap;

use bangfu::client::{Client, date, people::send, request_id};
use bangfu_proto::{
    followup::v1::{
        AssignPersonRequest, AssignVillageRequest, Coordinator, DutyState, ListAssignmentsRequest, ListContactsRequest,
        ListDutiesRequest, ListQuarantineRequest, ListServicesRequest, ListSweepsRequest, ListWaiversRequest,
        PutCoordinatorRequest, RecordAbsenceRequest, RecordServiceRequest, RequestWaiverRequest, Service, WaiverReason,
    },
    people::v1::{
        AppliedAt, AppliedBy, ApplyForRecognitionRequest, CreateHouseholdRequest, DataMatchStart, DifficultyType,
        EmploymentStatus, HouseholdKind, HouseholdRelation, ListDataMatchRowsRequest, ListDataMatchesRequest,
        ListDuplicatesRequest, ListHouseholdsRequest, ListMergesRequest, ListPeopleRequest, ListRecognitionsRequest,
        ListTownshipsRequest, ListTransfersRequest, MergePeopleRequest, NewHouseholdMember, OfferTransferRequest,
        RegisterPersonRequest, RosterStart,
    },
};
use bangfu_testkit::{City, DADONG, LIBAO, sample};
use uuid::Uuid;

use crate::{
    asks::{ANYWHERE, Names, THIRD, civil_affairs, send_list},
    steps::{contact, record, sweep, unemployed},
};

/// Two townships with people, duties, contacts and sweeps; the names of LIBAO's, and somebody of each.
pub struct Scene {
    /// The city.
    pub city: City,
    /// What stands in LIBAO.
    pub foreign: Names,
    /// Somebody of DADONG.
    pub own_person: String,
}

impl Scene {
    /// Set up anew.
    pub async fn new() -> Self {
        Self::in_city(City::new().await).await
    }

    /// Set up in a city where nobody lives yet.
    pub async fn in_city(city: City) -> Self {
        let own_person = unemployed(&city, DADONG, 0..2, "2026-01-05").await.swap_remove(0);
        let theirs = unemployed(&city, LIBAO, 10..12, "2026-01-05").await;
        let clerk = city.clerk(LIBAO);
        sweep(&city).await;
        sweep(&city).await;
        record(&clerk, contact(&city, &theirs[1])).await;
        let contact_id = record(&clerk, contact(&city, &theirs[0])).await.contact_id;
        let request = sample::person_who_is(12, EmploymentStatus::Unemployed, "2026-01-05");
        let registered = clerk.people().register_person(request.clone()).await.expect("registered").into_inner();
        let record = registered.employment.expect("a record").record_id;
        let start = RosterStart { request_id: request_id(), ..Default::default() };
        send(&clerk, start.clone(), vec![sample::row(13, 4)]).await.expect("imported");
        let (mut recognitions, mut households, mut service_records) = (Vec::new(), Vec::new(), Vec::new());
        let first = send_list(&clerk, civil_affairs(), &[13, 14]).await.expect("held against the register");
        let data_match = first.into_inner().match_id;
        let list = civil_affairs();
        send_list(&clerk, DataMatchStart { list_name: "第二份".to_owned(), ..list.clone() }, &[15])
            .await
            .expect("held");
        for person in &theirs {
            let referred = clerk.followup().record_service(referral(&city, person)).await.expect("entered");
            service_records.push(referred.into_inner().service_record_id);
            let applied = clerk.people().apply_for_recognition(disabled(person)).await.expect("applied").into_inner();
            recognitions.push(applied.recognition_id);
            let home = clerk.people().create_household(home_of(person)).await.expect("entered").into_inner();
            households.push(home.household_id);
        }
        let (pairs, merge) = doubles(&clerk).await;
        city.township(THIRD, "曲塘镇").await;
        let mut transfer = String::new();
        // Two, so that their list has a second page; of people that nothing else is asked about.
        for person_id in [registered.person_id, theirs[1].clone()] {
            let request = OfferTransferRequest {
                request_id: request_id(),
                person_id,
                to_township: THIRD.to_owned(),
                reason: "户籍迁移".to_owned(),
                ..Default::default()
            };
            transfer = clerk.people().offer_transfer(request).await.expect("offered").into_inner().transfer_id;
        }
        city.settle().await;
        quarantined(&city).await;
        let absence = at_work(&clerk, &theirs[1]).await;
        let (duty, waiver) = waivers(&clerk).await;
        let foreign = Names {
            township: LIBAO.to_owned(),
            person: theirs[0].clone(),
            record,
            contact: contact_id,
            service_record: service_records.swap_remove(0),
            coordinator: THEIRS.to_owned(),
            absence,
            duty,
            waiver,
            recognition: recognitions.swap_remove(0),
            household: households.swap_remove(0),
            pair: pairs,
            merge,
            transfer,
            request: request.request_id,
            import_request: start.request_id,
            match_request: list.request_id,
            epochs: epochs(&city).await,
            pages: pages(&clerk, &city.bureau(), &data_match).await,
            data_match,
        };
        Self { city, foreign, own_person }
    }
}

/// A coordinator whom nobody but LIBAO has entered.
const THEIRS: &str = "协理员丁";

/// Two coordinators; one has a village, and the other a person, and will be absent. The absence.
async fn at_work(clerk: &Client, person_id: &str) -> String {
    let mut followup = clerk.followup();
    let from = date("2026-01-05".parse().expect("a date"));
    for name in [ANYWHERE, THEIRS] {
        let coordinator = Some(Coordinator { name: name.to_owned(), ..Default::default() });
        let request = PutCoordinatorRequest { request_id: request_id(), coordinator };
        followup.put_coordinator(request).await.expect("entered");
    }
    let (village, coordinator) = ("李庄".to_owned(), ANYWHERE.to_owned());
    let request = AssignVillageRequest { request_id: request_id(), village, coordinator, from };
    followup.assign_village(request).await.expect("assigned");
    let (person_id, coordinator) = (person_id.to_owned(), THEIRS.to_owned());
    let request = AssignPersonRequest { request_id: request_id(), person_id, coordinator, from };
    followup.assign_person(request).await.expect("assigned");
    let day = date("2026-03-02".parse().expect("a date"));
    let request = RecordAbsenceRequest {
        request_id: request_id(),
        coordinator: THEIRS.to_owned(),
        from: day,
        to: day,
        stand_in: ANYWHERE.to_owned(),
    };
    followup.record_absence(request).await.expect("entered").into_inner().absence_id
}

/// Asks for two waivers. A duty of which none is asked for, and the last waiver.
async fn waivers(clerk: &Client) -> (String, String) {
    let request = ListDutiesRequest { states: vec![DutyState::Open.into()], ..Default::default() };
    let duties = clerk.followup().list_duties(request).await.expect("listed").into_inner().duties;
    let mut waiver = String::new();
    for duty in &duties[1..3] {
        let request = RequestWaiverRequest {
            request_id: request_id(),
            duty_id: duty.duty_id.clone(),
            reason: WaiverReason::ForceMajeure.into(),
            ..Default::default()
        };
        waiver = clerk.followup().request_waiver(request).await.expect("asked").into_inner().waiver_id;
    }
    (duties[0].duty_id.clone(), waiver)
}

/// Three entries of one name, birthday and village, which makes three pairs; and two merges of others. The last pair, and
/// the last merge.
async fn doubles(clerk: &Client) -> (String, String) {
    let mut people = clerk.people();
    let mut ids = Vec::new();
    for n in [20, 356, 692, 21, 22] {
        let request = RegisterPersonRequest { name: sample::name(20), ..sample::person(n) };
        ids.push(people.register_person(request).await.expect("registered").into_inner().person_id);
    }
    let pairs = people.list_duplicates(ListDuplicatesRequest::default()).await.expect("listed").into_inner().pairs;
    assert!(pairs.len() >= 3, "{}", pairs.len());
    let mut merge = String::new();
    for merged in [&ids[3], &ids[4]] {
        let request = MergePeopleRequest {
            request_id: request_id(),
            kept_person_id: ids[0].clone(),
            merged_person_id: merged.clone(),
            reason: "同一人".to_owned(),
        };
        merge = people.merge_people(request).await.expect("merged").into_inner().merge_id;
    }
    (pairs.last().map(|pair| pair.pair_id.clone()).unwrap_or_default(), merge)
}

fn referral(city: &City, person_id: &str) -> RecordServiceRequest {
    RecordServiceRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        on: date(city.clock.today()),
        service: Service::JobReferral.into(),
        ..Default::default()
    }
}

fn disabled(person_id: &str) -> ApplyForRecognitionRequest {
    ApplyForRecognitionRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        difficulty_type: DifficultyType::Disabled.into(),
        applied_by: AppliedBy::Self_.into(),
        applied_at: AppliedAt::Residence.into(),
        evidence: "残疾证".to_owned(),
        ..Default::default()
    }
}

fn home_of(person_id: &str) -> CreateHouseholdRequest {
    let head = NewHouseholdMember {
        person_id: person_id.to_owned(),
        relation: HouseholdRelation::Head.into(),
        ..Default::default()
    };
    CreateHouseholdRequest {
        request_id: request_id(),
        kind: HouseholdKind::Urban.into(),
        members: vec![head],
        ..Default::default()
    }
}

async fn epochs(city: &City) -> BTreeMap<&'static str, String> {
    let mut epochs = BTreeMap::new();
    for service in ["people", "followup"] {
        let epoch: Uuid = sqlx::query_scalar("SELECT epoch FROM feed_head WHERE township = $1")
            .bind(LIBAO)
            .fetch_one(&mut city.look(service).await)
            .await
            .expect("an epoch");
        epochs.insert(service, epoch.to_string());
    }
    epochs
}

/// Two whose plan fails.
async fn quarantined(city: &City) {
    for n in ["1", "2"] {
        sqlx::query(
            "INSERT INTO quarantine (township, person_id, household, since, last, correlation_id)
             VALUES ($1, gen_random_uuid(), false, now(), now(), $2)",
        )
        .bind(LIBAO)
        .bind(n)
        .execute(&mut city.look("followup").await)
        .await
        .expect("quarantined");
    }
}

/// A page token of every list, good for LIBAO.
async fn pages(clerk: &Client, bureau: &Client, data_match: &str) -> BTreeMap<&'static str, String> {
    let page_size = 1;
    let (mut people, mut followup) = (clerk.people(), clerk.followup());
    let listed = people.list_people(ListPeopleRequest { page_size, ..Default::default() }).await.expect("a page");
    let townships = ListTownshipsRequest { page_size, ..Default::default() };
    let townships = bureau.people().list_townships(townships).await.expect("a page");
    let transfers =
        people.list_transfers(ListTransfersRequest { page_size, ..Default::default() }).await.expect("a page");
    let duties = followup.list_duties(ListDutiesRequest { page_size, ..Default::default() }).await.expect("a page");
    let contacts = followup.list_contacts(ListContactsRequest { page_size, ..Default::default() }).await;
    let services = followup.list_services(ListServicesRequest { page_size, ..Default::default() }).await;
    let quarantined = ListQuarantineRequest { page_size, ..Default::default() };
    let quarantined = followup.list_quarantine(quarantined).await.expect("a page");
    let assignments = ListAssignmentsRequest { page_size, ..Default::default() };
    let assignments = followup.list_assignments(assignments).await.expect("a page");
    let waivers = followup.list_waivers(ListWaiversRequest { page_size, ..Default::default() }).await;
    let sweeps = followup.list_sweeps(ListSweepsRequest { page_size, ..Default::default() }).await.expect("a page");
    let recognitions = ListRecognitionsRequest { page_size, ..Default::default() };
    let recognitions = people.list_recognitions(recognitions).await.expect("a page");
    let households = ListHouseholdsRequest { page_size, ..Default::default() };
    let households = people.list_households(households).await.expect("a page");
    let duplicates = people.list_duplicates(ListDuplicatesRequest { page_size, ..Default::default() }).await;
    let merges = people.list_merges(ListMergesRequest { page_size, ..Default::default() }).await.expect("a page");
    let matches = ListDataMatchesRequest { page_size, ..Default::default() };
    let matches = people.list_data_matches(matches).await.expect("a page");
    let rows = ListDataMatchRowsRequest { page_size, match_id: data_match.to_owned(), ..Default::default() };
    let rows = people.list_data_match_rows(rows).await.expect("a page");
    let pages = BTreeMap::from([
        ("ListDuplicates", duplicates.expect("a page").into_inner().next_page_token),
        ("ListMerges", merges.into_inner().next_page_token),
        ("ListDataMatches", matches.into_inner().next_page_token),
        ("ListDataMatchRows", rows.into_inner().next_page_token),
        ("ListRecognitions", recognitions.into_inner().next_page_token),
        ("ListHouseholds", households.into_inner().next_page_token),
        ("ListPeople", listed.into_inner().next_page_token),
        ("ListTownships", townships.into_inner().next_page_token),
        ("ListTransfers", transfers.into_inner().next_page_token),
        ("ListDuties", duties.into_inner().next_page_token),
        ("ListContacts", contacts.expect("a page").into_inner().next_page_token),
        ("ListServices", services.expect("a page").into_inner().next_page_token),
        ("ListQuarantine", quarantined.into_inner().next_page_token),
        ("ListAssignments", assignments.into_inner().next_page_token),
        ("ListWaivers", waivers.expect("a page").into_inner().next_page_token),
        ("ListSweeps", sweeps.into_inner().next_page_token),
    ]);
    assert!(pages.values().all(|token| !token.is_empty()), "every list has a second page: {pages:?}");
    pages
}
