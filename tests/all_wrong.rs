//! For every RPC of the contract: a request in which every field is wrong, and the fields that must be named.

use bangfu::client::Client;
use bangfu_kernel::Role;
use bangfu_proto::{
    common::v1::{CalendarDate, DateRange},
    followup::v1 as followup,
    people::v1 as people,
};
use bangfu_testkit::{City, DADONG, sample};
use tonic::{Response, Status};

use crate::steps::on;

/// An answer as text, or the error.
pub type Refused = Result<String, Status>;

/// An answer as text, or the error.
pub fn told<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> Refused {
    answer.map(|message| format!("{message:?}"))
}

fn long(characters: usize) -> String {
    "字".repeat(characters + 1)
}

#[expect(clippy::unnecessary_wraps, reason = "every message field is an option")]
fn no_date() -> Option<CalendarDate> {
    Some(CalendarDate { year: 2026, month: 2, day: 30 })
}

fn employment() -> people::NewEmployment {
    people::NewEmployment {
        status: 99,
        effective_on: no_date(),
        known_on: no_date(),
        employer: long(128),
        credit_code: "123".to_owned(),
        contract_months: 601,
        insured: 9,
        source: long(64),
        evidence: long(512),
    }
}

const OF_EMPLOYMENT: &str = "employment.status employment.effective_on employment.known_on employment.employer \
     employment.credit_code employment.contract_months employment.insured employment.source employment.evidence";

/// Between them, two rules have everything wrong that a rule can have.
fn standard() -> followup::Standard {
    let first = followup::DutyRule {
        rule_id: "Upper".to_owned(),
        office_name: long(64),
        source: long(256),
        service: 99,
        levels: vec![99],
        groups: vec![99],
        recognised: 99,
        every: followup::Cadence::Once.into(),
        after: vec![99],
        min_days: 1,
        entry_grace_days: 367,
        channels: vec![99],
        ..Default::default()
    };
    let second = followup::DutyRule {
        rule_id: "second".to_owned(),
        office_name: "第二条".to_owned(),
        source: "default".to_owned(),
        service: followup::Service::PostDelivery.into(),
        every: followup::Cadence::Window.into(),
        count: 2,
        proration: 99,
        window: Some(followup::Window { festival: 99, days_before: 151, days_after: -1 }),
        results: vec![99],
        ..Default::default()
    };
    followup::Standard {
        version: "a version".to_owned(),
        in_force_from: no_date(),
        rules: vec![first, second],
        ..Default::default()
    }
}

/// The fields of a standard that must be named.
fn of_standard() -> String {
    let first = "rule_id office_name source service levels groups recognised within_days after count min_days \
                 entry_grace_days channels results";
    let second = "count proration window.festival window.days_before window.days_after results";
    let rules = [("1", first), ("second", second)].map(|(name, fields)| {
        fields.split_whitespace().map(|field| format!("standard.rules[{name}].{field}")).collect::<Vec<_>>().join(" ")
            + " "
    });
    format!("standard.version standard.in_force_from {}", rules.concat())
}

#[expect(clippy::unnecessary_wraps, reason = "every message field is an option")]
fn backwards() -> Option<DateRange> {
    Some(DateRange { from: on("2026-02-01"), to: on("2026-01-01") })
}

/// A request with all fields wrong, and the fields that must be named.
#[expect(clippy::too_many_lines, reason = "one table: every RPC of the contract")]
pub async fn all_wrong(city: &City, method: &str) -> (Refused, String) {
    let caller = |role: Role| match role {
        Role::Bureau => city.bureau(),
        Role::Reviewer => city.reviewer(DADONG),
        _ => city.clerk(DADONG),
    };
    let client = caller(match method {
        "UpsertTownship" | "RunSweep" | "DecideRecognition" | "RevokeRecognition" | "PublishCalendar"
        | "PublishStandard" | "PreviewStandard" => Role::Bureau,
        "CheckRecognition" | "RecogniseHousehold" => Role::Reviewer,
        _ => Role::Clerk,
    });
    let (mut registry, mut follow) = (client.people(), client.followup());
    let bad = || "nonsense\u{0}".to_owned();
    match method {
        "RegisterPerson" => {
            let request = people::RegisterPersonRequest {
                request_id: bad(),
                name: long(64),
                id_number: "320699".to_owned(),
                phone: "1".to_owned(),
                address: long(256),
                village: long(64),
                coordinator: long(64),
                education: long(64),
                groups: vec![99],
                source: 99,
                employment: Some(employment()),
                remark: long(512),
                job_wish: long(128),
                training_wish: long(128),
            };
            let fields = "request_id name id_number phone address village coordinator education groups source remark \
                          job_wish training_wish";
            (told(registry.register_person(request).await), format!("{fields} {OF_EMPLOYMENT}"))
        }
        "GetPerson" => {
            let request = people::GetPersonRequest { person_id: bad(), township: bad() };
            (told(registry.get_person(request).await), "person_id township".into())
        }
        "FindPerson" => {
            let request = people::FindPersonRequest { id_number: "320699198001010010".to_owned() };
            (told(registry.find_person(request).await), "id_number".into())
        }
        "BatchGetPeople" => {
            let request = people::BatchGetPeopleRequest { person_ids: vec![bad(); 501], township: bad() };
            (told(registry.batch_get_people(request).await), "person_ids township".into())
        }
        "ListPeople" => {
            let request = people::ListPeopleRequest {
                page_size: 501,
                page_token: bad(),
                township: bad(),
                village: bad(),
                coordinator: long(64),
                group: 99,
                level: 99,
                name: "李".to_owned(),
            };
            let fields = "page_size township village coordinator group level name";
            (told(registry.list_people(request).await), fields.into())
        }
        "UpdatePerson" => {
            let paths = "id_number name phone address village coordinator education job_wish training_wish remark";
            let request = people::UpdatePersonRequest {
                request_id: bad(),
                person_id: bad(),
                etag: String::new(),
                update_mask: Some(prost_types::FieldMask { paths: paths.split(' ').map(str::to_owned).collect() }),
                name: String::new(),
                phone: "1".to_owned(),
                address: long(256),
                village: long(64),
                coordinator: long(64),
                education: long(64),
                job_wish: long(128),
                training_wish: long(128),
                remark: long(512),
            };
            let fields = "request_id person_id etag update_mask name phone address village coordinator education \
                          job_wish training_wish remark";
            (told(registry.update_person(request).await), fields.into())
        }
        "RecordEmployment" => {
            let request = people::RecordEmploymentRequest {
                request_id: bad(),
                person_id: bad(),
                employment: Some(employment()),
                corrects_record_id: bad(),
                township: bad(),
            };
            let fields = "request_id person_id corrects_record_id township";
            (told(registry.record_employment(request).await), format!("{fields} {OF_EMPLOYMENT}"))
        }
        "JoinGroup" => {
            let request = people::JoinGroupRequest {
                request_id: bad(),
                person_id: bad(),
                group: 99,
                from: no_date(),
                source: 99,
                evidence: long(512),
                details: Some(people::join_group_request::Details::Homecoming(people::Homecoming {
                    returned_from: long(128),
                    returned_on: no_date(),
                    leaving_on: no_date(),
                })),
            };
            let fields = "request_id person_id group from source evidence homecoming.returned_from \
                          homecoming.returned_on homecoming.leaving_on details";
            (told(registry.join_group(request).await), fields.into())
        }
        "LeaveGroup" => {
            let request = people::LeaveGroupRequest {
                request_id: bad(),
                person_id: bad(),
                group: 99,
                until: no_date(),
                evidence: String::new(),
            };
            (told(registry.leave_group(request).await), "request_id person_id group until evidence".into())
        }
        "GetEmploymentHistory" => {
            let request = people::GetEmploymentHistoryRequest { person_id: bad(), township: bad() };
            (told(registry.get_employment_history(request).await), "person_id township".into())
        }
        "GetLevel" => {
            let request = people::GetLevelRequest {
                person_id: bad(),
                on: no_date(),
                known_on: on("2100-12-31"),
                township: bad(),
            };
            (told(registry.get_level(request).await), "person_id on known_on township".into())
        }
        "RegisterUnemployment" => {
            let request = people::RegisterUnemploymentRequest {
                request_id: bad(),
                person_id: bad(),
                registered_on: on("2100-12-31"),
                evidence: long(512),
            };
            let fields = "request_id person_id registered_on evidence";
            (told(registry.register_unemployment(request).await), fields.into())
        }
        "CancelUnemployment" => {
            let request = people::CancelUnemploymentRequest {
                request_id: bad(),
                person_id: bad(),
                cancelled_on: no_date(),
                reason: 11,
                evidence: "无".to_owned(),
            };
            let fields = "request_id person_id cancelled_on reason evidence";
            (told(registry.cancel_unemployment(request).await), fields.into())
        }
        "RegisterEmployment" => {
            let request = people::RegisterEmploymentRequest {
                request_id: bad(),
                person_id: bad(),
                record_id: bad(),
                registered_by: 3,
                registered_on: no_date(),
                evidence: long(512),
            };
            let fields = "request_id person_id record_id registered_by registered_on evidence";
            (told(registry.register_employment(request).await), fields.into())
        }
        "GetRegistrations" => {
            let request = people::GetRegistrationsRequest { person_id: bad(), township: bad() };
            (told(registry.get_registrations(request).await), "person_id township".into())
        }
        "ListDuplicates" => {
            let request = people::ListDuplicatesRequest {
                page_size: 501,
                page_token: bad(),
                township: bad(),
                state: 99,
                person_id: bad(),
            };
            (told(registry.list_duplicates(request).await), "page_size township state person_id".into())
        }
        "DismissDuplicate" => {
            let request =
                people::DismissDuplicateRequest { request_id: bad(), pair_id: bad(), reason: "否".to_owned() };
            (told(registry.dismiss_duplicate(request).await), "request_id pair_id reason".into())
        }
        "MergePeople" => {
            let request = people::MergePeopleRequest {
                request_id: bad(),
                kept_person_id: bad(),
                merged_person_id: bad(),
                reason: long(512),
            };
            let fields = "request_id kept_person_id merged_person_id reason";
            (told(registry.merge_people(request).await), fields.into())
        }
        "UnmergePeople" => {
            let request = people::UnmergePeopleRequest { request_id: bad(), merge_id: bad(), reason: String::new() };
            (told(registry.unmerge_people(request).await), "request_id merge_id reason".into())
        }
        "ListMerges" => {
            let request =
                people::ListMergesRequest { page_size: 501, page_token: bad(), township: bad(), person_id: bad() };
            (told(registry.list_merges(request).await), "page_size township person_id".into())
        }
        "ApplyForRecognition" => {
            let request = people::ApplyForRecognitionRequest {
                request_id: bad(),
                person_id: bad(),
                difficulty_type: 99,
                applied_by: 3,
                applied_at: 3,
                applied_on: no_date(),
                evidence: long(512),
            };
            let fields = "request_id person_id difficulty_type applied_by applied_at applied_on evidence";
            (told(registry.apply_for_recognition(request).await), fields.into())
        }
        "CheckRecognition" => {
            let request = people::CheckRecognitionRequest {
                request_id: bad(),
                recognition_id: bad(),
                passed: true,
                note: long(512),
            };
            (told(registry.check_recognition(request).await), "request_id recognition_id note".into())
        }
        "DecideRecognition" => {
            let request = people::DecideRecognitionRequest {
                request_id: bad(),
                township: bad(),
                recognition_id: bad(),
                granted: true,
                note: "无".to_owned(),
            };
            (told(registry.decide_recognition(request).await), "request_id township recognition_id note".into())
        }
        "RevokeRecognition" => {
            let request = people::RevokeRecognitionRequest {
                request_id: bad(),
                township: bad(),
                recognition_id: bad(),
                revoked_on: no_date(),
                reason: long(512),
            };
            let fields = "request_id township recognition_id revoked_on reason";
            (told(registry.revoke_recognition(request).await), fields.into())
        }
        "WithdrawRecognition" => {
            let request =
                people::WithdrawRecognitionRequest { request_id: bad(), recognition_id: bad(), reason: String::new() };
            (told(registry.withdraw_recognition(request).await), "request_id recognition_id reason".into())
        }
        "GetRecognition" => {
            let request = people::GetRecognitionRequest { recognition_id: bad(), township: bad() };
            (told(registry.get_recognition(request).await), "recognition_id township".into())
        }
        "ListRecognitions" => {
            let request = people::ListRecognitionsRequest {
                page_size: 501,
                page_token: bad(),
                township: bad(),
                person_id: bad(),
                state: 99,
            };
            (told(registry.list_recognitions(request).await), "page_size township person_id state".into())
        }
        "CreateHousehold" => {
            let member = || people::NewHouseholdMember { person_id: bad(), relation: 99, from: no_date() };
            let other = people::HouseholdOther { relation: 99, birth_year: 1899, works: true };
            let request = people::CreateHouseholdRequest {
                request_id: bad(),
                kind: 3,
                members: (0..21).map(|_| member()).collect(),
                others: vec![other; 21],
            };
            let fields = "request_id kind members members.person_id members.relation members.from others                           others.relation others.birth_year";
            (told(registry.create_household(request).await), fields.into())
        }
        "AddHouseholdMember" => {
            let member = people::NewHouseholdMember { person_id: bad(), relation: 99, from: no_date() };
            let request =
                people::AddHouseholdMemberRequest { request_id: bad(), household_id: bad(), member: Some(member) };
            let fields = "request_id household_id member.person_id member.relation member.from";
            (told(registry.add_household_member(request).await), fields.into())
        }
        "RemoveHouseholdMember" => {
            let request = people::RemoveHouseholdMemberRequest {
                request_id: bad(),
                household_id: bad(),
                person_id: bad(),
                until: no_date(),
            };
            let fields = "request_id household_id person_id until";
            (told(registry.remove_household_member(request).await), fields.into())
        }
        "UpdateHousehold" => {
            let other = people::HouseholdOther { relation: 0, birth_year: 2101, works: false };
            let request = people::UpdateHouseholdRequest {
                request_id: bad(),
                household_id: bad(),
                etag: String::new(),
                others: vec![other; 21],
            };
            let fields = "request_id household_id etag others others.relation others.birth_year";
            (told(registry.update_household(request).await), fields.into())
        }
        "RecogniseHousehold" => {
            let request =
                people::RecogniseHouseholdRequest {
                    request_id: bad(), household_id: bad(), evidence: "无".to_owned()
                };
            (told(registry.recognise_household(request).await), "request_id household_id evidence".into())
        }
        "GetHousehold" => {
            let request = people::GetHouseholdRequest { household_id: bad(), township: bad() };
            (told(registry.get_household(request).await), "household_id township".into())
        }
        "ListHouseholds" => {
            let request = people::ListHouseholdsRequest {
                page_size: 501,
                page_token: bad(),
                township: bad(),
                state: 99,
                kind: 99,
                person_id: bad(),
                suspected: true,
            };
            (told(registry.list_households(request).await), "page_size township state kind person_id".into())
        }
        "RecordSurvey" => {
            let request = people::RecordSurveyRequest {
                request_id: bad(),
                person_id: bad(),
                asked_on: on("2100-12-31"),
                asked_by: String::new(),
                source: 99,
                wants_work: 99,
                work_wish: Some(people::WorkWish { occupation: long(128), monthly_wage_fen: -1, place: long(128) }),
                training_wish: long(128),
                skills: vec![String::new(); 21],
                note: long(512),
            };
            let fields = "request_id person_id asked_on asked_by source wants_work work_wish.occupation \
                          work_wish.monthly_wage_fen work_wish.place training_wish skills note";
            (told(registry.record_survey(request).await), fields.into())
        }
        "ListSurveys" => {
            let request =
                people::ListSurveysRequest { person_id: bad(), page_size: 501, page_token: bad(), township: bad() };
            (told(registry.list_surveys(request).await), "person_id page_size township".into())
        }
        "ImportRoster" => {
            let start = people::RosterStart {
                request_id: bad(),
                validate_only: false,
                ledger_on: no_date(),
                file_name: long(256),
            };
            let answer = send(&client, vec![begin(start)]).await;
            (told(answer), "start.request_id start.ledger_on start.file_name".into())
        }
        "StartDataMatch" => {
            let start = people::DataMatchStart {
                request_id: bad(),
                department: 99,
                list_name: long(128),
                list_on: no_date(),
                group: 99,
            };
            let start = people::start_data_match_request::Part::Start(start);
            let part = people::StartDataMatchRequest { part: Some(start) };
            let answer = registry.start_data_match(futures::stream::iter([part])).await;
            let fields = "start.request_id start.department start.list_name start.list_on start.group";
            (told(answer), fields.into())
        }
        "GetDataMatch" => {
            let request = people::GetDataMatchRequest { match_id: bad(), township: bad() };
            (told(registry.get_data_match(request).await), "match_id township".into())
        }
        "ListDataMatches" => {
            let request =
                people::ListDataMatchesRequest { page_size: 501, page_token: bad(), township: bad(), state: 99 };
            (told(registry.list_data_matches(request).await), "page_size township state".into())
        }
        "ListDataMatchRows" => {
            let request = people::ListDataMatchRowsRequest {
                page_size: 501,
                page_token: bad(),
                township: bad(),
                match_id: bad(),
                row_kind: 99,
                decision: 99,
                undecided: true,
            };
            let fields = "page_size township match_id row_kind decision";
            (told(registry.list_data_match_rows(request).await), fields.into())
        }
        "DecideDataMatchRows" => {
            let request = people::DecideDataMatchRowsRequest {
                request_id: bad(),
                match_id: bad(),
                decision: 99,
                row_kind: 99,
                rows: (0..1_001).collect(),
            };
            let fields = "request_id match_id decision row_kind rows";
            (told(registry.decide_data_match_rows(request).await), fields.into())
        }
        "CommitDataMatch" => {
            let request = people::CommitDataMatchRequest { request_id: bad(), match_id: bad() };
            (told(registry.commit_data_match(request).await), "request_id match_id".into())
        }
        "RevealPerson" => {
            let request = people::RevealPersonRequest { person_id: bad(), reason: "看".to_owned() };
            (told(registry.reveal_person(request).await), "person_id reason".into())
        }
        "OfferTransfer" => {
            let request = people::OfferTransferRequest {
                request_id: bad(),
                person_id: bad(),
                to_township: bad(),
                reason: "转".to_owned(),
                transfer_id: bad(),
            };
            let fields = "request_id person_id to_township reason transfer_id";
            (told(registry.offer_transfer(request).await), fields.into())
        }
        "AcceptTransfer" => {
            let request = people::AcceptTransferRequest {
                request_id: bad(),
                transfer_id: bad(),
                village: long(64),
                coordinator: long(64),
                effective_on: on("2100-12-31"),
            };
            let fields = "request_id transfer_id village coordinator effective_on";
            (told(registry.accept_transfer(request).await), fields.into())
        }
        "RejectTransfer" => {
            let request =
                people::RejectTransferRequest { request_id: bad(), transfer_id: bad(), reason: String::new() };
            (told(registry.reject_transfer(request).await), "request_id transfer_id reason".into())
        }
        "WithdrawTransfer" => {
            let request = people::WithdrawTransferRequest { request_id: bad(), transfer_id: bad(), reason: long(256) };
            (told(registry.withdraw_transfer(request).await), "request_id transfer_id reason".into())
        }
        "RequestTransfer" => {
            let request = people::RequestTransferRequest {
                request_id: bad(),
                id_number: "320699198001010010".to_owned(),
                reason: "转".to_owned(),
            };
            (told(registry.request_transfer(request).await), "request_id id_number reason".into())
        }
        "GetTransfer" => {
            let request = people::GetTransferRequest { transfer_id: bad(), township: bad() };
            (told(registry.get_transfer(request).await), "transfer_id township".into())
        }
        "ListTransfers" => {
            let request = people::ListTransfersRequest {
                page_size: 501,
                page_token: bad(),
                township: bad(),
                direction: 3,
                state: 7,
            };
            (told(registry.list_transfers(request).await), "page_size township direction state".into())
        }
        "ListAudit" => {
            let request = people::ListAuditRequest {
                page_size: 501,
                page_token: bad(),
                township: bad(),
                person_id: bad(),
                actor: long(128),
                during: backwards(),
            };
            let answer = city.reviewer(DADONG).people().list_audit(request).await;
            (told(answer), "page_size township person_id actor during.to".into())
        }
        "WatchPeople" => {
            let request =
                people::WatchPeopleRequest { kinds: vec![0, 99], townships: vec![String::new()], ..Default::default() };
            (told(registry.watch_people(request).await), "kinds townships".into())
        }
        "ListTownships" => {
            let request = people::ListTownshipsRequest { page_size: -1, page_token: bad() };
            (told(registry.list_townships(request).await), "page_size".into())
        }
        "UpsertTownship" => {
            let request = people::UpsertTownshipRequest { request_id: bad(), code: bad(), name: long(64), etag: bad() };
            (told(registry.upsert_township(request).await), "request_id code name".into())
        }
        "GetAuditProof" => {
            let request = people::GetAuditProofRequest { township: bad(), seqs: vec![0; 1_001] };
            (told(city.bureau().people().get_audit_proof(request).await), "township seqs".into())
        }
        "RotateKey" => {
            let request = people::RotateKeyRequest { request_id: bad(), township: bad() };
            (told(city.bureau().people().rotate_key(request).await), "request_id township".into())
        }
        "GetKeyRotation" => {
            let request = people::GetKeyRotationRequest { township: bad() };
            (told(city.bureau().people().get_key_rotation(request).await), "township".into())
        }
        "RunRetention" => {
            let request = people::RunRetentionRequest { request_id: bad(), township: bad(), validate_only: true };
            (told(city.bureau().people().run_retention(request).await), "request_id township".into())
        }
        "ListDuties" => {
            let request = followup::ListDutiesRequest {
                page_size: -1,
                page_token: bad(),
                township: bad(),
                coordinator: "甲".to_owned(),
                unassigned: true,
                village: bad(),
                person_id: bad(),
                rule: long(64),
                states: vec![0, 99],
                due: backwards(),
                order: 99,
                recommended_to: no_date(),
            };
            let fields = "page_size township unassigned village person_id rule states due.to order recommended_to";
            (told(follow.list_duties(request).await), fields.into())
        }
        "GetWorkload" => {
            let request = followup::GetWorkloadRequest { group_by: 99, township: bad(), due: backwards() };
            (told(follow.get_workload(request).await), "group_by township due.to".into())
        }
        "RecordContact" => {
            let request = followup::RecordContactRequest {
                request_id: bad(),
                person_id: bad(),
                on: no_date(),
                channel: 99,
                result: 99,
                answered_by: long(32),
                status_learned: Some(followup::StatusLearned {
                    status: 99,
                    effective_on: no_date(),
                    employer: long(128),
                    contract_months: -1,
                    insured: 9,
                }),
                job_intention: Some(followup::JobIntention {
                    occupation: long(64),
                    monthly_wage_fen: -1,
                    place: long(64),
                }),
                training_intention: long(128),
                difficulties: vec![long(128)],
                services: vec![followup::Service::PolicyPublicity.into(), 99],
                policies_told: vec![],
                subsidies_suggested: vec![String::new(); 21],
                note: bad(),
                coordinator: long(64),
                source: long(64),
                source_ref: long(128),
            };
            let fields = "request_id person_id on channel result answered_by status_learned.status \
                          status_learned.effective_on status_learned.employer status_learned.contract_months \
                          status_learned.insured job_intention.occupation job_intention.monthly_wage_fen \
                          job_intention.place training_intention difficulties services policies_told \
                          subsidies_suggested note coordinator source source_ref";
            (told(follow.record_contact(request).await), fields.into())
        }
        "ListContacts" => {
            let request =
                followup::ListContactsRequest { page_size: 501, page_token: bad(), township: bad(), person_id: bad() };
            (told(follow.list_contacts(request).await), "page_size township person_id".into())
        }
        "VoidContact" => {
            let request = followup::VoidContactRequest { request_id: bad(), contact_id: bad(), reason: long(256) };
            (told(follow.void_contact(request).await), "request_id contact_id reason".into())
        }
        "RecordContacts" => {
            let contacts = vec![followup::RecordContactRequest::default(); 501];
            (told(follow.record_contacts(followup::RecordContactsRequest { contacts }).await), "contacts".into())
        }
        "RecordService" => {
            let request = followup::RecordServiceRequest {
                request_id: bad(),
                person_id: bad(),
                on: no_date(),
                service: 99,
                outcome: long(128),
                note: bad(),
                coordinator: long(64),
                source: long(64),
                source_ref: long(128),
                policies_told: vec![String::new(); 21],
            };
            let fields = "request_id person_id on service outcome note coordinator source source_ref policies_told";
            (told(follow.record_service(request).await), fields.into())
        }
        "RecordServices" => {
            let request = followup::RecordServicesRequest { services: vec![] };
            (told(follow.record_services(request).await), "services".into())
        }
        "ListServices" => {
            let request =
                followup::ListServicesRequest { page_size: 501, page_token: bad(), township: bad(), person_id: bad() };
            (told(follow.list_services(request).await), "page_size township person_id".into())
        }
        "VoidService" => {
            let request =
                followup::VoidServiceRequest { request_id: bad(), service_record_id: bad(), reason: long(256) };
            (told(follow.void_service(request).await), "request_id service_record_id reason".into())
        }
        "PutCoordinator" => {
            let coordinator = Some(followup::Coordinator {
                name: long(64),
                account: long(128),
                capacity: 100_001,
                ..Default::default()
            });
            let request = followup::PutCoordinatorRequest { request_id: bad(), coordinator };
            let fields = "request_id coordinator.name coordinator.account coordinator.capacity";
            (told(follow.put_coordinator(request).await), fields.into())
        }
        "ListCoordinators" => {
            let request = followup::ListCoordinatorsRequest { township: bad() };
            (told(follow.list_coordinators(request).await), "township".into())
        }
        "AssignVillage" => {
            let request = followup::AssignVillageRequest {
                request_id: bad(),
                village: long(64),
                coordinator: long(64),
                from: no_date(),
            };
            (told(follow.assign_village(request).await), "request_id village coordinator from".into())
        }
        "AssignPerson" => {
            let request = followup::AssignPersonRequest {
                request_id: bad(),
                person_id: bad(),
                coordinator: long(64),
                from: on("2027-01-06"),
            };
            (told(follow.assign_person(request).await), "request_id person_id coordinator from".into())
        }
        "HandOver" => {
            let request = followup::HandOverRequest {
                request_id: bad(),
                from_coordinator: String::new(),
                to_coordinator: long(64),
                on: on("2026-01-04"),
            };
            (told(follow.hand_over(request).await), "request_id from_coordinator to_coordinator on".into())
        }
        "ListAssignments" => {
            let request = followup::ListAssignmentsRequest {
                page_size: 501,
                page_token: bad(),
                township: bad(),
                village: long(64),
                person_id: bad(),
            };
            (told(follow.list_assignments(request).await), "page_size township village person_id".into())
        }
        "RecordAbsence" => {
            let request = followup::RecordAbsenceRequest {
                request_id: bad(),
                coordinator: long(64),
                from: no_date(),
                to: on("2026-01-04"),
                stand_in: String::new(),
            };
            (told(follow.record_absence(request).await), "request_id coordinator from to stand_in".into())
        }
        "CancelAbsence" => {
            let request = followup::CancelAbsenceRequest { request_id: bad(), absence_id: bad() };
            (told(follow.cancel_absence(request).await), "request_id absence_id".into())
        }
        "PublishCalendar" => {
            let off = |on| followup::DayOff { on, name: long(16) };
            let calendar = followup::WorkCalendar {
                year: 1999,
                days_off: vec![off(no_date()), off(on("2027-01-01"))],
                makeup_days: no_date().into_iter().chain(on("2027-01-04")).collect(),
                source: long(128),
                ..Default::default()
            };
            let request = followup::PublishCalendarRequest { request_id: bad(), calendar: Some(calendar) };
            let fields = "request_id calendar.year calendar.days_off.on calendar.days_off[2027-01-01].name \
                 calendar.makeup_days calendar.makeup_days[2027-01-04] calendar.source";
            (told(follow.publish_calendar(request).await), fields.into())
        }
        "GetCalendar" => {
            let request = followup::GetCalendarRequest { year: 1999 };
            (told(follow.get_calendar(request).await), "year".into())
        }
        "PublishStandard" => {
            let request = followup::PublishStandardRequest { request_id: bad(), standard: Some(standard()) };
            (told(follow.publish_standard(request).await), format!("request_id {}", of_standard()))
        }
        "GetStandard" => {
            let request = followup::GetStandardRequest { version: long(32), on: no_date() };
            (told(follow.get_standard(request).await), "version on".into())
        }
        // It has no fields.
        "ListStandards" => (told(follow.list_standards(followup::ListStandardsRequest {}).await), String::new()),
        "PreviewStandard" => {
            let request = followup::PreviewStandardRequest {
                standard: Some(standard()),
                townships: vec![String::new(), bad()],
                capacity: 100_001,
            };
            let fields = format!("{} townships capacity", of_standard());
            (told(follow.preview_standard(request).await), fields)
        }
        "RequestWaiver" => {
            let request = followup::RequestWaiverRequest {
                request_id: bad(),
                duty_id: bad(),
                reason: 99,
                text: long(512),
                evidence_ids: vec![bad()],
            };
            (told(follow.request_waiver(request).await), "request_id duty_id reason text evidence_ids".into())
        }
        "DecideWaiver" => {
            let request = followup::DecideWaiverRequest {
                request_id: bad(),
                waiver_id: bad(),
                grant: false,
                decision: String::new(),
            };
            let answer = city.reviewer(DADONG).followup().decide_waiver(request).await;
            (told(answer), "request_id waiver_id decision".into())
        }
        "WithdrawWaiver" => {
            let request = followup::WithdrawWaiverRequest { request_id: bad(), waiver_id: bad() };
            (told(follow.withdraw_waiver(request).await), "request_id waiver_id".into())
        }
        "RevokeWaiver" => {
            let request = followup::RevokeWaiverRequest { request_id: bad(), waiver_id: bad(), revocation: long(512) };
            let answer = city.reviewer(DADONG).followup().revoke_waiver(request).await;
            (told(answer), "request_id waiver_id revocation".into())
        }
        "GetWaiver" => {
            let request = followup::GetWaiverRequest { waiver_id: bad(), township: bad() };
            (told(follow.get_waiver(request).await), "waiver_id township".into())
        }
        "ListWaivers" => {
            let request = followup::ListWaiversRequest {
                page_size: 501,
                page_token: bad(),
                township: bad(),
                states: vec![0, 99],
                person_id: bad(),
                duty_id: bad(),
            };
            (told(follow.list_waivers(request).await), "page_size township states person_id duty_id".into())
        }
        "GetPersonProgress" => {
            let request = followup::GetPersonProgressRequest { person_id: bad(), year: 2020, township: bad() };
            (told(follow.get_person_progress(request).await), "person_id year township".into())
        }
        "GetProgress" => {
            let request = followup::GetProgressRequest { group_by: 99, year: 2101, township: bad(), rule: long(64) };
            (told(follow.get_progress(request).await), "group_by year township rule".into())
        }
        "WatchReminders" => {
            let request =
                followup::WatchRemindersRequest { within_days: 93, townships: vec![String::new()], after: no_date() };
            (told(follow.watch_reminders(request).await), "within_days townships after".into())
        }
        "RunSweep" => {
            let request = followup::RunSweepRequest {
                request_id: bad(),
                as_of: on("2021-02-28"),
                townships: vec![String::new(), bad()],
            };
            (told(follow.run_sweep(request).await), "request_id as_of townships".into())
        }
        "ListSweeps" => {
            let request = followup::ListSweepsRequest { page_size: 501, page_token: bad(), township: bad() };
            (told(follow.list_sweeps(request).await), "page_size township".into())
        }
        "ListQuarantine" => {
            let request = followup::ListQuarantineRequest { page_size: 501, page_token: bad(), township: bad() };
            (told(follow.list_quarantine(request).await), "page_size township".into())
        }
        "WatchDuties" => {
            let request = followup::WatchDutiesRequest {
                states: vec![0, 99],
                townships: vec![String::new()],
                ..Default::default()
            };
            (told(follow.watch_duties(request).await), "states townships".into())
        }
        other => panic!("{other} has no case here: a new RPC needs one"),
    }
}

/// The first message of a roster.
pub fn begin(start: people::RosterStart) -> people::import_roster_request::Part {
    people::import_roster_request::Part::Start(start)
}

/// A message with sample people as rows.
pub fn rows(numbers: std::ops::Range<u32>) -> people::import_roster_request::Part {
    let rows = numbers.zip(4..).map(|(n, row)| sample::row(n, row)).collect();
    people::import_roster_request::Part::Rows(people::RosterRows { rows })
}

/// Sends a roster message by message.
pub async fn send(
    client: &Client,
    parts: Vec<people::import_roster_request::Part>,
) -> Result<Response<people::RosterImport>, Status> {
    let messages: Vec<_> = parts.into_iter().map(|part| people::ImportRosterRequest { part: Some(part) }).collect();
    client.people().import_roster(futures::stream::iter(messages)).await
}
