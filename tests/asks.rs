//! Every RPC of the contract, asked about things that a caller names: ids, townships, cursors, page tokens. Whoever adds
//! an RPC adds its case here.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Debug,
    sync::atomic::{AtomicU32, Ordering},
};

use bangfu::client::{Client, date, request_id};
use bangfu_proto::{
    common::v1::{CalendarDate, Cursor},
    followup::v1::{
        AssignPersonRequest, AssignVillageRequest, CancelAbsenceRequest, Channel, ContactResult, Coordinator,
        DecideWaiverRequest, GetCalendarRequest, GetPersonProgressRequest, GetProgressRequest, GetStandardRequest,
        GetWaiverRequest, GetWorkloadRequest, HandOverRequest, ListAssignmentsRequest, ListContactsRequest,
        ListCoordinatorsRequest, ListDutiesRequest, ListQuarantineRequest, ListServicesRequest, ListStandardsRequest,
        ListSweepsRequest, ListWaiversRequest, PreviewStandardRequest, ProgressGroup, PublishCalendarRequest,
        PublishStandardRequest, PutCoordinatorRequest, RecordAbsenceRequest, RecordContactRequest,
        RecordContactsRequest, RecordServiceRequest, RecordServicesRequest, RequestWaiverRequest, RevokeWaiverRequest,
        RunSweepRequest, Service, VoidContactRequest, VoidServiceRequest, WaiverReason, WatchDutiesRequest,
        WatchRemindersRequest, WithdrawWaiverRequest, WorkCalendar, WorkloadGroup,
    },
    people::v1::{
        AcceptTransferRequest, AddHouseholdMemberRequest, AppliedAt, AppliedBy, ApplyForRecognitionRequest,
        BatchGetPeopleRequest, CancelUnemploymentRequest, CancellationReason, CheckRecognitionRequest,
        CommitDataMatchRequest, CreateHouseholdRequest, DataMatch, DataMatchDecision, DataMatchKind, DataMatchStart,
        DecideDataMatchRowsRequest, DecideRecognitionRequest, Department, DifficultyType, DismissDuplicateRequest,
        EmploymentStatus, FindPersonRequest, GetAuditProofRequest, GetDataMatchRequest, GetEmploymentHistoryRequest,
        GetHouseholdRequest, GetKeyRotationRequest, GetLevelRequest, GetPersonRequest, GetRecognitionRequest,
        GetRegistrationsRequest, GetTransferRequest, Group, HouseholdKind, HouseholdRelation, ImportRosterRequest,
        JoinGroupRequest, LeaveGroupRequest, ListAuditRequest, ListDataMatchRowsRequest, ListDataMatchesRequest,
        ListDuplicatesRequest, ListHouseholdsRequest, ListMergesRequest, ListPeopleRequest, ListRecognitionsRequest,
        ListSurveysRequest, ListTownshipsRequest, ListTransfersRequest, ListedRow, ListedRows, MergePeopleRequest,
        NewHouseholdMember, OfferTransferRequest, RecogniseHouseholdRequest, RecordEmploymentRequest,
        RecordSurveyRequest, RegisterEmploymentRequest, RegisterPersonRequest, RegisterUnemploymentRequest,
        RegisteredBy, RejectTransferRequest, RemoveHouseholdMemberRequest, RequestTransferRequest, RevealPersonRequest,
        RevokeRecognitionRequest, RosterRow, RosterRows, RosterStart, RotateKeyRequest, RunRetentionRequest, Source,
        StartDataMatchRequest, UnmergePeopleRequest, UpdateHouseholdRequest, UpdatePersonRequest,
        UpsertTownshipRequest, WantsWork, WatchPeopleRequest, WithdrawRecognitionRequest, WithdrawTransferRequest,
        import_roster_request::Part, start_data_match_request,
    },
};
use bangfu_testkit::sample;
use tonic::{
    Response, Status, Streaming,
    metadata::{KeyAndValueRef, MetadataMap},
};
use tonic_types::{ErrorInfo, StatusExt as _};
use uuid::Uuid;

/// Sample people nobody else in a test uses.
static NEXT: AtomicU32 = AtomicU32::new(2_000);

/// A township that is neither DADONG nor LIBAO; the scene of foreign.rs has it.
pub const THIRD: &str = "320685104";

/// A coordinator whom every township may have; LIBAO in the scene of foreign.rs has given them a village.
pub const ANYWHERE: &str = "协理员丙";

/// What requests name.
#[derive(Debug, Clone)]
pub struct Names {
    /// A township, by its code.
    pub township: String,
    /// Somebody of it, by id; so are the following.
    pub person: String,
    /// A record of employment.
    pub record: String,
    /// A contact.
    pub contact: String,
    /// A record of a service.
    pub service_record: String,
    /// Somebody whom only their township has entered.
    pub coordinator: String,
    /// An absence of theirs.
    pub absence: String,
    /// An open duty.
    pub duty: String,
    /// A waiver asked for.
    pub waiver: String,
    /// An application for recognition.
    pub recognition: String,
    /// A household.
    pub household: String,
    /// A pair of possible duplicates.
    pub pair: String,
    /// A merge.
    pub merge: String,
    /// A transfer offered.
    pub transfer: String,
    /// A list held against the register.
    pub data_match: String,
    /// The id of a request that was carried out.
    pub request: String,
    /// The same of a roster.
    pub import_request: String,
    /// The same of a list.
    pub match_request: String,
    /// Epochs of its feeds, by service.
    pub epochs: BTreeMap<&'static str, String>,
    /// A page token of every list, by method.
    pub pages: BTreeMap<&'static str, String>,
}

/// What came back, as text: an answer, or an error in all its parts with the names in it made alike.
pub type Answer = Result<String, Refusal>;

/// An error as a client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its closed reason.
    pub reason: String,
    /// All of it, with the names in it made alike.
    pub text: String,
}

impl Names {
    /// Of things that never were.
    pub fn of_nobody() -> Self {
        let random = || Uuid::new_v4().to_string();
        Self {
            township: "320685999".to_owned(),
            person: random(),
            record: random(),
            contact: random(),
            service_record: random(),
            coordinator: "没有这人".to_owned(),
            absence: random(),
            duty: random(),
            waiver: random(),
            recognition: random(),
            household: random(),
            pair: random(),
            merge: random(),
            transfer: random(),
            data_match: random(),
            request: random(),
            import_request: random(),
            match_request: random(),
            epochs: ["people", "followup"].map(|service| (service, random())).into(),
            pages: BTreeMap::new(),
        }
    }

    fn cursor(&self, service: &str) -> Cursor {
        Cursor { township: self.township.clone(), epoch: self.epochs[service].clone(), seq: 1 }
    }

    fn page(&self, method: &str) -> String {
        self.pages
            .get(method)
            .cloned()
            .unwrap_or_else(|| "bm8gdG9rZW4gb2Ygb3VycyBhdCBhbGwsIG5vdCBldmVyLCBubw".to_owned())
    }

    /// An error's parts. Its bytes too, unless several keys of metadata stand in them in any order.
    fn refusal(&self, status: &Status) -> Refusal {
        let details = status.get_error_details();
        let info = details.error_info().cloned().unwrap_or_else(|| ErrorInfo::new("", "", HashMap::new()));
        let metadata: BTreeMap<_, _> = info.metadata.iter().collect();
        let bytes = if metadata.len() < 2 { hex(status.details()) } else { String::new() };
        let (bad, told) = (details.bad_request(), details.localized_message());
        let mut text = format!(
            "{:?} {} {} {} {metadata:?} {bad:?} {told:?} {bytes} {}",
            status.code(),
            status.message(),
            info.reason,
            info.domain,
            headers(status.metadata())
        );
        let ids = [
            &self.person,
            &self.record,
            &self.contact,
            &self.service_record,
            &self.coordinator,
            &self.absence,
            &self.duty,
            &self.waiver,
            &self.recognition,
            &self.household,
            &self.pair,
            &self.merge,
            &self.transfer,
            &self.data_match,
        ];
        for name in ids.into_iter().chain([&self.township, &self.request, &self.import_request, &self.match_request]) {
            text = text.replace(name.as_str(), "…").replace(&hex(name.as_bytes()), "…");
        }
        Refusal { reason: info.reason, text }
    }

    fn told<T: Debug>(&self, answer: Result<Response<T>, Status>) -> Answer {
        self.tells(answer, |message| format!("{message:?}"))
    }

    fn tells<T>(&self, answer: Result<Response<T>, Status>, show: impl Fn(T) -> String) -> Answer {
        answer
            .map(|message| {
                let headers = headers(message.metadata());
                format!("{} {headers}", show(message.into_inner()))
            })
            .map_err(|status| self.refusal(&status))
    }

    async fn streams<T>(&self, answer: Result<Response<Streaming<T>>, Status>) -> Answer {
        let mut stream = answer.map_err(|status| self.refusal(&status))?.into_inner();
        match stream.message().await {
            Ok(_) => Ok("it streams".to_owned()),
            Err(status) => Err(self.refusal(&status)),
        }
    }
}

/// Headers and trailers, less the time of day and what is read as code, message and details.
fn headers(metadata: &MetadataMap) -> String {
    let mut all: Vec<_> = metadata
        .iter()
        .map(|header| match header {
            KeyAndValueRef::Ascii(key, _) if key == "date" => "date".to_owned(),
            KeyAndValueRef::Ascii(key, value) => format!("{key}: {value:?}"),
            KeyAndValueRef::Binary(key, value) => format!("{key}: {value:?}"),
        })
        .filter(|header| !header.starts_with("grpc-"))
        .collect();
    all.sort();
    all.join(", ")
}

/// A list of civil affairs.
pub fn civil_affairs() -> DataMatchStart {
    DataMatchStart {
        request_id: request_id(),
        department: Department::CivilAffairs.into(),
        list_name: "低保名单".to_owned(),
        list_on: date("2026-01-05".parse().expect("a date")),
        group: 0,
    }
}

/// Sends a list of sample people.
pub async fn send_list(client: &Client, start: DataMatchStart, numbers: &[u32]) -> Result<Response<DataMatch>, Status> {
    let rows = numbers.iter().zip(4..).map(|(&n, row)| ListedRow {
        cells: Some(RosterRow { groups: String::new(), ..sample::row(n, row) }),
        ..Default::default()
    });
    let rows = ListedRows { rows: rows.collect() };
    let parts = [start_data_match_request::Part::Start(start), start_data_match_request::Part::Rows(rows)];
    let parts = parts.map(|part| StartDataMatchRequest { part: Some(part) });
    client.people().start_data_match(futures::stream::iter(parts)).await
}

fn lives_there(person_id: &str) -> NewHouseholdMember {
    NewHouseholdMember {
        person_id: person_id.to_owned(),
        relation: HouseholdRelation::Other.into(),
        ..Default::default()
    }
}

/// Asks one method about names, beside the caller's own person where it takes one. `path` as in the access rules.
#[expect(clippy::too_many_lines, reason = "one table: every RPC of the contract")]
pub async fn ask(client: &Client, path: &str, names: &Names, own_person: &str) -> Vec<Answer> {
    let (mut people, mut followup) = (client.people(), client.followup());
    let method = path.rsplit('/').next().unwrap_or_default();
    let township = || names.township.clone();
    let page_token = names.page(method);
    let on = date("2026-01-05".parse().expect("a date"));
    match method {
        "RegisterPerson" => {
            let request = RegisterPersonRequest { request_id: names.request.clone(), ..sample::person(next()) };
            vec![names.tells(people.register_person(request).await, |_| "registered".to_owned())]
        }
        "GetPerson" => {
            let about = GetPersonRequest { person_id: names.person.clone(), township: String::new() };
            let at = GetPersonRequest { person_id: own_person.to_owned(), township: township() };
            vec![names.told(people.get_person(about).await), names.told(people.get_person(at).await)]
        }
        "FindPerson" => {
            // LIBAO's first person in the scene of foreign.rs; a number that nobody has.
            let number = if names.pages.is_empty() { 9_999 } else { 10 };
            let about = FindPersonRequest { id_number: sample::id_number(number) };
            vec![names.told(people.find_person(about).await)]
        }
        "BatchGetPeople" => {
            let about = BatchGetPeopleRequest { person_ids: vec![names.person.clone()], township: String::new() };
            let at = BatchGetPeopleRequest { person_ids: vec![own_person.to_owned()], township: township() };
            vec![names.told(people.batch_get_people(about).await), names.told(people.batch_get_people(at).await)]
        }
        "ListPeople" => {
            let at = ListPeopleRequest { township: township(), ..Default::default() };
            let on = ListPeopleRequest { page_token, ..Default::default() };
            vec![names.told(people.list_people(at).await), names.told(people.list_people(on).await)]
        }
        "UpdatePerson" => {
            let about = UpdatePersonRequest {
                request_id: request_id(),
                person_id: names.person.clone(),
                etag: "0".to_owned(),
                update_mask: Some(prost_types::FieldMask { paths: vec!["education".to_owned()] }),
                education: "高中".to_owned(),
                ..Default::default()
            };
            vec![names.told(people.update_person(about).await)]
        }
        "RecordEmployment" => {
            let record = RecordEmploymentRequest {
                request_id: request_id(),
                person_id: own_person.to_owned(),
                employment: Some(sample::employment(EmploymentStatus::Flexible, "2026-01-05")),
                ..Default::default()
            };
            let about = RecordEmploymentRequest { person_id: names.person.clone(), ..record.clone() };
            let at = RecordEmploymentRequest { township: township(), ..record.clone() };
            let corrects = RecordEmploymentRequest { corrects_record_id: names.record.clone(), ..record };
            vec![
                names.told(people.record_employment(about).await),
                names.told(people.record_employment(at).await),
                names.told(people.record_employment(corrects).await),
            ]
        }
        "JoinGroup" => {
            let about = JoinGroupRequest {
                request_id: request_id(),
                person_id: names.person.clone(),
                group: Group::Veteran.into(),
                source: Source::SelfApplication.into(),
                ..Default::default()
            };
            vec![names.told(people.join_group(about).await)]
        }
        "LeaveGroup" => {
            let about = LeaveGroupRequest {
                request_id: request_id(),
                person_id: names.person.clone(),
                group: Group::Veteran.into(),
                evidence: "证件注销".to_owned(),
                ..Default::default()
            };
            vec![names.told(people.leave_group(about).await)]
        }
        "GetEmploymentHistory" => {
            let about = GetEmploymentHistoryRequest { person_id: names.person.clone(), ..Default::default() };
            let at = GetEmploymentHistoryRequest { person_id: own_person.to_owned(), township: township() };
            vec![
                names.told(people.get_employment_history(about).await),
                names.told(people.get_employment_history(at).await),
            ]
        }
        "GetLevel" => {
            let about = GetLevelRequest { person_id: names.person.clone(), ..Default::default() };
            let at = GetLevelRequest { person_id: own_person.to_owned(), township: township(), ..Default::default() };
            vec![names.told(people.get_level(about).await), names.told(people.get_level(at).await)]
        }
        "RegisterUnemployment" => {
            let about = RegisterUnemploymentRequest {
                request_id: request_id(),
                person_id: names.person.clone(),
                ..Default::default()
            };
            vec![names.told(people.register_unemployment(about).await)]
        }
        "CancelUnemployment" => {
            let about = CancelUnemploymentRequest {
                request_id: request_id(),
                person_id: names.person.clone(),
                reason: CancellationReason::Hired.into(),
                evidence: "劳动合同".to_owned(),
                ..Default::default()
            };
            vec![names.told(people.cancel_unemployment(about).await)]
        }
        "RegisterEmployment" => {
            let entry = RegisterEmploymentRequest {
                request_id: request_id(),
                person_id: own_person.to_owned(),
                record_id: names.record.clone(),
                registered_by: RegisteredBy::Employer.into(),
                ..Default::default()
            };
            let about = RegisterEmploymentRequest {
                request_id: request_id(),
                person_id: names.person.clone(),
                ..entry.clone()
            };
            vec![
                names.told(people.register_employment(entry).await),
                names.told(people.register_employment(about).await),
            ]
        }
        "GetRegistrations" => {
            let about = GetRegistrationsRequest { person_id: names.person.clone(), ..Default::default() };
            let at = GetRegistrationsRequest { person_id: own_person.to_owned(), township: township() };
            vec![names.told(people.get_registrations(about).await), names.told(people.get_registrations(at).await)]
        }
        "RecordSurvey" => {
            let about = RecordSurveyRequest {
                request_id: request_id(),
                person_id: names.person.clone(),
                asked_by: "协理员甲".to_owned(),
                wants_work: WantsWork::Yes.into(),
                ..Default::default()
            };
            vec![names.told(people.record_survey(about).await)]
        }
        "ListSurveys" => {
            let about = ListSurveysRequest { person_id: names.person.clone(), ..Default::default() };
            let at =
                ListSurveysRequest { person_id: own_person.to_owned(), township: township(), ..Default::default() };
            let next = ListSurveysRequest { person_id: own_person.to_owned(), page_token, ..Default::default() };
            vec![
                names.told(people.list_surveys(about).await),
                names.told(people.list_surveys(at).await),
                names.told(people.list_surveys(next).await),
            ]
        }
        "ListDuplicates" => {
            let about = ListDuplicatesRequest { person_id: names.person.clone(), ..Default::default() };
            let at = ListDuplicatesRequest { township: township(), ..Default::default() };
            let next = ListDuplicatesRequest { page_token, ..Default::default() };
            vec![
                names.told(people.list_duplicates(about).await),
                names.told(people.list_duplicates(at).await),
                names.told(people.list_duplicates(next).await),
            ]
        }
        "DismissDuplicate" => {
            let about = DismissDuplicateRequest {
                request_id: request_id(),
                pair_id: names.pair.clone(),
                reason: "不是同一人".to_owned(),
            };
            vec![names.told(people.dismiss_duplicate(about).await)]
        }
        "MergePeople" => {
            let about = |kept: &str, merged: &str| MergePeopleRequest {
                request_id: request_id(),
                kept_person_id: kept.to_owned(),
                merged_person_id: merged.to_owned(),
                reason: "同一人".to_owned(),
            };
            vec![
                names.told(people.merge_people(about(own_person, &names.person)).await),
                names.told(people.merge_people(about(&names.person, own_person)).await),
            ]
        }
        "UnmergePeople" => {
            let about = UnmergePeopleRequest {
                request_id: request_id(),
                merge_id: names.merge.clone(),
                reason: "并非同一人".to_owned(),
            };
            vec![names.told(people.unmerge_people(about).await)]
        }
        "ListMerges" => {
            let about = ListMergesRequest { person_id: names.person.clone(), ..Default::default() };
            let at = ListMergesRequest { township: township(), ..Default::default() };
            let next = ListMergesRequest { page_token, ..Default::default() };
            vec![
                names.told(people.list_merges(about).await),
                names.told(people.list_merges(at).await),
                names.told(people.list_merges(next).await),
            ]
        }
        "ApplyForRecognition" => {
            let about = ApplyForRecognitionRequest {
                request_id: request_id(),
                person_id: names.person.clone(),
                difficulty_type: DifficultyType::Disabled.into(),
                applied_by: AppliedBy::Self_.into(),
                applied_at: AppliedAt::Residence.into(),
                evidence: "残疾证".to_owned(),
                ..Default::default()
            };
            vec![names.told(people.apply_for_recognition(about).await)]
        }
        "CheckRecognition" => {
            let about = CheckRecognitionRequest {
                request_id: request_id(),
                recognition_id: names.recognition.clone(),
                passed: false,
                note: "材料不全".to_owned(),
            };
            vec![names.told(people.check_recognition(about).await)]
        }
        "DecideRecognition" => {
            let about = DecideRecognitionRequest {
                request_id: request_id(),
                township: township(),
                recognition_id: names.recognition.clone(),
                granted: false,
                note: "不符合条件".to_owned(),
            };
            vec![names.told(people.decide_recognition(about).await)]
        }
        "RevokeRecognition" => {
            let about = RevokeRecognitionRequest {
                request_id: request_id(),
                township: township(),
                recognition_id: names.recognition.clone(),
                reason: "已就业".to_owned(),
                ..Default::default()
            };
            vec![names.told(people.revoke_recognition(about).await)]
        }
        "WithdrawRecognition" => {
            let about = WithdrawRecognitionRequest {
                request_id: request_id(),
                recognition_id: names.recognition.clone(),
                reason: "本人放弃".to_owned(),
            };
            vec![names.told(people.withdraw_recognition(about).await)]
        }
        "GetRecognition" => {
            let about = GetRecognitionRequest { recognition_id: names.recognition.clone(), ..Default::default() };
            let at = GetRecognitionRequest { recognition_id: names.recognition.clone(), township: township() };
            vec![names.told(people.get_recognition(about).await), names.told(people.get_recognition(at).await)]
        }
        "ListRecognitions" => {
            let about = ListRecognitionsRequest { person_id: names.person.clone(), ..Default::default() };
            let at = ListRecognitionsRequest { township: township(), ..Default::default() };
            let next = ListRecognitionsRequest { page_token, ..Default::default() };
            vec![
                names.told(people.list_recognitions(about).await),
                names.told(people.list_recognitions(at).await),
                names.told(people.list_recognitions(next).await),
            ]
        }
        "CreateHousehold" => {
            let about = CreateHouseholdRequest {
                request_id: request_id(),
                kind: HouseholdKind::Urban.into(),
                members: vec![lives_there(&names.person)],
                ..Default::default()
            };
            vec![names.told(people.create_household(about).await)]
        }
        "AddHouseholdMember" => {
            let about = AddHouseholdMemberRequest {
                request_id: request_id(),
                household_id: names.household.clone(),
                member: Some(lives_there(own_person)),
            };
            vec![names.told(people.add_household_member(about).await)]
        }
        "RemoveHouseholdMember" => {
            let about = RemoveHouseholdMemberRequest {
                request_id: request_id(),
                household_id: names.household.clone(),
                person_id: names.person.clone(),
                ..Default::default()
            };
            vec![names.told(people.remove_household_member(about).await)]
        }
        "UpdateHousehold" => {
            let about = UpdateHouseholdRequest {
                request_id: request_id(),
                household_id: names.household.clone(),
                etag: "1".to_owned(),
                ..Default::default()
            };
            vec![names.told(people.update_household(about).await)]
        }
        "RecogniseHousehold" => {
            let about = RecogniseHouseholdRequest {
                request_id: request_id(),
                household_id: names.household.clone(),
                evidence: "入户核实".to_owned(),
            };
            vec![names.told(people.recognise_household(about).await)]
        }
        "GetHousehold" => {
            let about = GetHouseholdRequest { household_id: names.household.clone(), ..Default::default() };
            let at = GetHouseholdRequest { household_id: names.household.clone(), township: township() };
            vec![names.told(people.get_household(about).await), names.told(people.get_household(at).await)]
        }
        "ListHouseholds" => {
            let about = ListHouseholdsRequest { person_id: names.person.clone(), ..Default::default() };
            let at = ListHouseholdsRequest { township: township(), ..Default::default() };
            let next = ListHouseholdsRequest { page_token, ..Default::default() };
            vec![
                names.told(people.list_households(about).await),
                names.told(people.list_households(at).await),
                names.told(people.list_households(next).await),
            ]
        }
        "ImportRoster" => {
            let start = RosterStart { request_id: names.import_request.clone(), ..Default::default() };
            let rows = RosterRows { rows: vec![sample::row(next(), 4)] };
            let parts = [Part::Start(start), Part::Rows(rows)].map(|part| ImportRosterRequest { part: Some(part) });
            let answer = people.import_roster(futures::stream::iter(parts)).await;
            vec![names.tells(answer, |import| format!("{} accepted", import.accepted))]
        }
        "StartDataMatch" => {
            let start = DataMatchStart { request_id: names.match_request.clone(), ..civil_affairs() };
            let answer = send_list(client, start, &[next()]).await;
            vec![names.tells(answer, |started| format!("{} rows", started.rows))]
        }
        "GetDataMatch" => {
            let (match_id, at) = (names.data_match.clone(), township());
            let about = GetDataMatchRequest { match_id: match_id.clone(), ..Default::default() };
            let at = GetDataMatchRequest { match_id, township: at };
            vec![names.told(people.get_data_match(about).await), names.told(people.get_data_match(at).await)]
        }
        "ListDataMatches" => {
            let at = ListDataMatchesRequest { township: township(), ..Default::default() };
            let next = ListDataMatchesRequest { page_token, ..Default::default() };
            vec![names.told(people.list_data_matches(at).await), names.told(people.list_data_matches(next).await)]
        }
        "ListDataMatchRows" => {
            let about = ListDataMatchRowsRequest { match_id: names.data_match.clone(), ..Default::default() };
            let at = ListDataMatchRowsRequest { township: township(), ..about.clone() };
            let next = ListDataMatchRowsRequest { page_token, ..about.clone() };
            vec![
                names.told(people.list_data_match_rows(about).await),
                names.told(people.list_data_match_rows(at).await),
                names.told(people.list_data_match_rows(next).await),
            ]
        }
        "DecideDataMatchRows" => {
            let about = DecideDataMatchRowsRequest {
                request_id: request_id(),
                match_id: names.data_match.clone(),
                decision: DataMatchDecision::Ignore.into(),
                row_kind: DataMatchKind::New.into(),
                ..Default::default()
            };
            vec![names.told(people.decide_data_match_rows(about).await)]
        }
        "CommitDataMatch" => {
            let about = CommitDataMatchRequest { request_id: request_id(), match_id: names.data_match.clone() };
            vec![names.told(people.commit_data_match(about).await)]
        }
        "RevealPerson" => {
            let about = RevealPersonRequest { person_id: names.person.clone(), reason: "上门走访".to_owned() };
            vec![names.told(people.reveal_person(about).await)]
        }
        "OfferTransfer" => {
            let offer = OfferTransferRequest {
                request_id: request_id(),
                person_id: names.person.clone(),
                to_township: THIRD.to_owned(),
                reason: "户籍迁移".to_owned(),
                transfer_id: String::new(),
            };
            let asked = OfferTransferRequest {
                request_id: request_id(),
                person_id: own_person.to_owned(),
                to_township: String::new(),
                transfer_id: names.transfer.clone(),
                ..offer.clone()
            };
            vec![
                names.tells(people.offer_transfer(offer).await, |_| "offered".to_owned()),
                names.told(people.offer_transfer(asked).await),
            ]
        }
        "AcceptTransfer" => {
            let (request_id, transfer_id) = (request_id(), names.transfer.clone());
            let about = AcceptTransferRequest { request_id, transfer_id, ..Default::default() };
            vec![names.told(people.accept_transfer(about).await)]
        }
        "RejectTransfer" => {
            let (request_id, transfer_id, reason) = (request_id(), names.transfer.clone(), "查无此人".to_owned());
            let about = RejectTransferRequest { request_id, transfer_id, reason };
            vec![names.told(people.reject_transfer(about).await)]
        }
        "WithdrawTransfer" => {
            let (request_id, transfer_id, reason) = (request_id(), names.transfer.clone(), "提错了人".to_owned());
            let about = WithdrawTransferRequest { request_id, transfer_id, reason };
            vec![names.told(people.withdraw_transfer(about).await)]
        }
        "RequestTransfer" => {
            // LIBAO's first person in the scene of foreign.rs: that they are elsewhere is told, whoever asks, and nothing
            // more. It is taken back, so that whoever comes next may ask.
            let (id_number, reason) = (sample::id_number(10), "本人已在我镇居住".to_owned());
            let about = RequestTransferRequest { request_id: request_id(), id_number, reason: reason.clone() };
            let asked = people.request_transfer(about).await;
            if let Ok(asked) = &asked {
                let transfer_id = asked.get_ref().transfer_id.clone();
                let back = WithdrawTransferRequest { request_id: request_id(), transfer_id, reason };
                people.withdraw_transfer(back).await.expect("one's own");
            }
            vec![names.tells(asked, |asked| format!("{asked:?}").replace(&asked.transfer_id, "…"))]
        }
        "GetTransfer" => {
            let about = GetTransferRequest { transfer_id: names.transfer.clone(), township: String::new() };
            let at = GetTransferRequest { transfer_id: names.transfer.clone(), township: township() };
            vec![names.told(people.get_transfer(about).await), names.told(people.get_transfer(at).await)]
        }
        "ListTransfers" => {
            let at = ListTransfersRequest { township: township(), ..Default::default() };
            let next = ListTransfersRequest { page_token, ..Default::default() };
            vec![names.told(people.list_transfers(at).await), names.told(people.list_transfers(next).await)]
        }
        "ListAudit" => {
            let about = ListAuditRequest { person_id: names.person.clone(), ..Default::default() };
            let at = ListAuditRequest { township: township(), ..Default::default() };
            let next = ListAuditRequest { page_token, ..Default::default() };
            vec![
                names.told(people.list_audit(about).await),
                names.told(people.list_audit(at).await),
                names.told(people.list_audit(next).await),
            ]
        }
        "WatchPeople" => {
            let at = WatchPeopleRequest { townships: vec![township()], ..Default::default() };
            let from = WatchPeopleRequest { cursors: vec![names.cursor("people")], ..Default::default() };
            vec![
                names.streams(people.watch_people(at).await).await,
                names.streams(people.watch_people(from).await).await,
            ]
        }
        "ListTownships" => {
            let on = ListTownshipsRequest { page_token, ..Default::default() };
            vec![names.told(people.list_townships(on).await)]
        }
        "UpsertTownship" => {
            let request = UpsertTownshipRequest {
                request_id: request_id(),
                code: township(),
                name: "改名镇".to_owned(),
                etag: "0".to_owned(),
            };
            vec![names.told(people.upsert_township(request).await)]
        }
        "GetAuditProof" => {
            let at = GetAuditProofRequest { township: township(), seqs: vec![1] };
            vec![names.told(people.get_audit_proof(at).await)]
        }
        "RotateKey" => {
            let at = RotateKeyRequest { request_id: request_id(), township: township() };
            vec![names.told(people.rotate_key(at).await)]
        }
        "GetKeyRotation" => {
            let at = GetKeyRotationRequest { township: township() };
            vec![names.told(people.get_key_rotation(at).await)]
        }
        "RunRetention" => {
            let at = RunRetentionRequest { request_id: request_id(), township: township(), validate_only: true };
            vec![names.told(people.run_retention(at).await)]
        }
        "ListDuties" => {
            let about = ListDutiesRequest { person_id: names.person.clone(), ..Default::default() };
            let at = ListDutiesRequest { township: township(), ..Default::default() };
            let next = ListDutiesRequest { page_token, ..Default::default() };
            vec![
                names.told(followup.list_duties(about).await),
                names.told(followup.list_duties(at).await),
                names.told(followup.list_duties(next).await),
            ]
        }
        "GetWorkload" => {
            let group_by = WorkloadGroup::Rule.into();
            let at = GetWorkloadRequest { group_by, township: township(), ..Default::default() };
            vec![names.told(followup.get_workload(at).await)]
        }
        "RecordContact" => {
            let about = RecordContactRequest {
                request_id: request_id(),
                person_id: names.person.clone(),
                on,
                channel: Channel::Phone.into(),
                result: ContactResult::ReachedSelf.into(),
                ..Default::default()
            };
            vec![names.told(followup.record_contact(about).await)]
        }
        "ListContacts" => {
            let about = ListContactsRequest { person_id: names.person.clone(), ..Default::default() };
            let at = ListContactsRequest { township: township(), ..Default::default() };
            let next = ListContactsRequest { page_token, ..Default::default() };
            vec![
                names.told(followup.list_contacts(about).await),
                names.told(followup.list_contacts(at).await),
                names.told(followup.list_contacts(next).await),
            ]
        }
        "VoidContact" => {
            let about = VoidContactRequest {
                request_id: request_id(),
                contact_id: names.contact.clone(),
                reason: "录入有误".to_owned(),
            };
            vec![names.told(followup.void_contact(about).await)]
        }
        "RecordContacts" => {
            let row = RecordContactRequest {
                request_id: request_id(),
                person_id: names.person.clone(),
                on,
                channel: Channel::Phone.into(),
                result: ContactResult::ReachedSelf.into(),
                ..Default::default()
            };
            let about = RecordContactsRequest { contacts: vec![row] };
            vec![names.told(followup.record_contacts(about).await)]
        }
        "RecordService" => vec![names.told(followup.record_service(referral(names, on)).await)],
        "RecordServices" => {
            let about = RecordServicesRequest { services: vec![referral(names, on)] };
            vec![names.told(followup.record_services(about).await)]
        }
        "ListServices" => {
            let about = ListServicesRequest { person_id: names.person.clone(), ..Default::default() };
            let at = ListServicesRequest { township: township(), ..Default::default() };
            let next = ListServicesRequest { page_token, ..Default::default() };
            vec![
                names.told(followup.list_services(about).await),
                names.told(followup.list_services(at).await),
                names.told(followup.list_services(next).await),
            ]
        }
        "VoidService" => {
            let about = VoidServiceRequest {
                request_id: request_id(),
                service_record_id: names.service_record.clone(),
                reason: "录入有误".to_owned(),
            };
            vec![names.told(followup.void_service(about).await)]
        }
        "PutCoordinator" => {
            let coordinator = Some(Coordinator { name: ANYWHERE.to_owned(), ..Default::default() });
            let put = PutCoordinatorRequest { request_id: request_id(), coordinator };
            vec![names.told(followup.put_coordinator(put).await)]
        }
        "ListCoordinators" => {
            let at = ListCoordinatorsRequest { township: township() };
            vec![names.told(followup.list_coordinators(at).await)]
        }
        "AssignVillage" => {
            let to = AssignVillageRequest {
                request_id: request_id(),
                village: "双溪村".to_owned(),
                coordinator: names.coordinator.clone(),
                from: on,
            };
            vec![names.told(followup.assign_village(to).await)]
        }
        "AssignPerson" => {
            let about = AssignPersonRequest {
                request_id: request_id(),
                person_id: names.person.clone(),
                from: on,
                ..Default::default()
            };
            let to = AssignPersonRequest {
                request_id: request_id(),
                person_id: own_person.to_owned(),
                coordinator: names.coordinator.clone(),
                from: on,
            };
            vec![names.told(followup.assign_person(about).await), names.told(followup.assign_person(to).await)]
        }
        "HandOver" => {
            let from = HandOverRequest {
                request_id: request_id(),
                from_coordinator: names.coordinator.clone(),
                to_coordinator: ANYWHERE.to_owned(),
                on: date("2026-02-01".parse().expect("a date")),
            };
            vec![names.told(followup.hand_over(from).await)]
        }
        "ListAssignments" => {
            let about = ListAssignmentsRequest { person_id: names.person.clone(), ..Default::default() };
            let at = ListAssignmentsRequest { township: township(), ..Default::default() };
            let next = ListAssignmentsRequest { page_token, ..Default::default() };
            vec![
                names.told(followup.list_assignments(about).await),
                names.told(followup.list_assignments(at).await),
                names.told(followup.list_assignments(next).await),
            ]
        }
        "RecordAbsence" => {
            let of = RecordAbsenceRequest {
                request_id: request_id(),
                coordinator: names.coordinator.clone(),
                from: on,
                to: on,
                stand_in: ANYWHERE.to_owned(),
            };
            vec![names.told(followup.record_absence(of).await)]
        }
        "CancelAbsence" => {
            let about = CancelAbsenceRequest { request_id: request_id(), absence_id: names.absence.clone() };
            vec![names.told(followup.cancel_absence(about).await)]
        }
        "PublishCalendar" => {
            let calendar = Some(WorkCalendar { year: 2027, source: "测试".to_owned(), ..Default::default() });
            let request = PublishCalendarRequest { request_id: request_id(), calendar };
            vec![names.told(followup.publish_calendar(request).await)]
        }
        "GetCalendar" => vec![names.told(followup.get_calendar(GetCalendarRequest { year: 2026 }).await)],
        "PublishStandard" => {
            let request = PublishStandardRequest { request_id: names.request.clone(), standard: None };
            vec![names.told(followup.publish_standard(request).await)]
        }
        "GetStandard" => {
            let request = GetStandardRequest { version: "2021-03-01".to_owned(), on: None };
            vec![names.told(followup.get_standard(request).await)]
        }
        "ListStandards" => vec![names.told(followup.list_standards(ListStandardsRequest {}).await)],
        "PreviewStandard" => {
            let at = PreviewStandardRequest { townships: vec![township()], ..Default::default() };
            vec![names.streams(followup.preview_standard(at).await).await]
        }
        "RequestWaiver" => {
            let about = RequestWaiverRequest {
                request_id: request_id(),
                duty_id: names.duty.clone(),
                reason: WaiverReason::Error.into(),
                ..Default::default()
            };
            let with = RequestWaiverRequest {
                request_id: request_id(),
                evidence_ids: vec![names.contact.clone()],
                ..about.clone()
            };
            vec![names.told(followup.request_waiver(about).await), names.told(followup.request_waiver(with).await)]
        }
        "DecideWaiver" => {
            let about = DecideWaiverRequest {
                request_id: request_id(),
                waiver_id: names.waiver.clone(),
                grant: false,
                decision: "证据不足".to_owned(),
            };
            vec![names.told(followup.decide_waiver(about).await)]
        }
        "WithdrawWaiver" => {
            let about = WithdrawWaiverRequest { request_id: request_id(), waiver_id: names.waiver.clone() };
            vec![names.told(followup.withdraw_waiver(about).await)]
        }
        "RevokeWaiver" => {
            let about = RevokeWaiverRequest {
                request_id: request_id(),
                waiver_id: names.waiver.clone(),
                revocation: "证据不实".to_owned(),
            };
            vec![names.told(followup.revoke_waiver(about).await)]
        }
        "GetWaiver" => {
            let about = GetWaiverRequest { waiver_id: names.waiver.clone(), ..Default::default() };
            let at = GetWaiverRequest { township: township(), ..about.clone() };
            vec![names.told(followup.get_waiver(about).await), names.told(followup.get_waiver(at).await)]
        }
        "ListWaivers" => {
            let about = ListWaiversRequest { person_id: names.person.clone(), ..Default::default() };
            let of = ListWaiversRequest { duty_id: names.duty.clone(), ..Default::default() };
            let at = ListWaiversRequest { township: township(), ..Default::default() };
            let next = ListWaiversRequest { page_token, ..Default::default() };
            vec![
                names.told(followup.list_waivers(about).await),
                names.told(followup.list_waivers(of).await),
                names.told(followup.list_waivers(at).await),
                names.told(followup.list_waivers(next).await),
            ]
        }
        "GetPersonProgress" => {
            let about = GetPersonProgressRequest { person_id: names.person.clone(), ..Default::default() };
            let at = GetPersonProgressRequest { township: township(), ..about.clone() };
            vec![
                names.told(followup.get_person_progress(about).await),
                names.told(followup.get_person_progress(at).await),
            ]
        }
        "GetProgress" => {
            let group_by = ProgressGroup::Township.into();
            let at = GetProgressRequest { group_by, township: township(), ..Default::default() };
            vec![names.told(followup.get_progress(at).await)]
        }
        "WatchReminders" => {
            let at = WatchRemindersRequest { within_days: 92, townships: vec![township()], ..Default::default() };
            vec![names.streams(followup.watch_reminders(at).await).await]
        }
        "RunSweep" => {
            let at = RunSweepRequest { request_id: request_id(), townships: vec![township()], ..Default::default() };
            vec![names.told(followup.run_sweep(at).await)]
        }
        "ListSweeps" => {
            let at = ListSweepsRequest { township: township(), ..Default::default() };
            let next = ListSweepsRequest { page_token, ..Default::default() };
            vec![names.told(followup.list_sweeps(at).await), names.told(followup.list_sweeps(next).await)]
        }
        "ListQuarantine" => {
            let at = ListQuarantineRequest { township: township(), ..Default::default() };
            let next = ListQuarantineRequest { page_token, ..Default::default() };
            vec![names.told(followup.list_quarantine(at).await), names.told(followup.list_quarantine(next).await)]
        }
        "WatchDuties" => {
            let at = WatchDutiesRequest { townships: vec![township()], ..Default::default() };
            let from = WatchDutiesRequest { cursors: vec![names.cursor("followup")], ..Default::default() };
            vec![
                names.streams(followup.watch_duties(at).await).await,
                names.streams(followup.watch_duties(from).await).await,
            ]
        }
        other => panic!("{other} has no case here: a new RPC needs one"),
    }
}

fn referral(names: &Names, on: Option<CalendarDate>) -> RecordServiceRequest {
    RecordServiceRequest {
        request_id: request_id(),
        person_id: names.person.clone(),
        on,
        service: Service::JobReferral.into(),
        ..Default::default()
    }
}

fn next() -> u32 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Bytes as they stand in logs.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all");
        text
    })
}
