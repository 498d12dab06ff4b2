//! A good request for every writing RPC of the registry.

use bangfu::client::{Client, date, matches, request_id};
use bangfu_proto::people::v1 as proto;
use bangfu_testkit::{City, DADONG, LIBAO, sample};

use super::{
    ground::{Slot, clerk, fresh, in_own_township, namesake, neighbour, person, row},
    write::{By, Whole, Write, to_people},
};
use crate::steps::on;

/// What has to stand for more than a week before a call is made.
pub(super) async fn long_before(city: &City, method: &str, slot: &Slot) {
    if matches!(method, "DecideRecognition" | "RevokeRecognition") {
        let applied = applied(&city.clerk(DADONG), &slot.one).await;
        let request = checked(&applied.recognition_id);
        city.reviewer(DADONG).people().check_recognition(request).await.expect("passed");
    }
}

/// Prepares a call of a method, if it is one of the registry's.
#[expect(clippy::too_many_lines, reason = "one table: every writing RPC of the registry")]
pub(super) async fn write(city: &City, method: &str, slot: &Slot) -> Option<Write> {
    let here = city.clerk(DADONG);
    let mut people = here.people();
    let (request_id, person_id) = (request_id(), slot.one.clone());
    Some(match method {
        "RegisterPerson" => Write::people(clerk(), to_people!(register_person, person(fresh(slot.n)))),
        "UpdatePerson" => {
            let about = proto::GetPersonRequest { person_id: person_id.clone(), ..Default::default() };
            let etag = people.get_person(about).await.expect("found").into_inner().etag;
            let update_mask = Some(prost_types::FieldMask { paths: vec!["education".to_owned()] });
            let request = proto::UpdatePersonRequest {
                request_id,
                person_id,
                etag,
                update_mask,
                education: "高中".to_owned(),
                ..Default::default()
            };
            Write::people(clerk(), to_people!(update_person, request))
        }
        "RecordEmployment" => Write::people(clerk(), to_people!(record_employment, works(request_id, person_id))),
        "JoinGroup" => {
            let group = proto::Group::Veteran.into();
            let source = proto::Source::SelfApplication.into();
            let request =
                proto::JoinGroupRequest { request_id, person_id, group, source, from: None, ..Default::default() };
            Write::people(clerk(), to_people!(join_group, request))
        }
        "LeaveGroup" => {
            let request = proto::LeaveGroupRequest {
                request_id,
                person_id,
                group: proto::Group::RegisteredUnemployed.into(),
                until: None,
                evidence: "复核不符".to_owned(),
            };
            Write::people(clerk(), to_people!(leave_group, request))
        }
        "RegisterUnemployment" => {
            Write::people(clerk(), to_people!(register_unemployment, unemployed(request_id, person_id)))
        }
        "CancelUnemployment" => {
            people.register_unemployment(unemployed(request_id, person_id.clone())).await.expect("registered");
            let request = proto::CancelUnemploymentRequest {
                request_id: bangfu::client::request_id(),
                person_id,
                cancelled_on: None,
                reason: proto::CancellationReason::Hired.into(),
                evidence: "劳动合同".to_owned(),
            };
            Write::people(clerk(), to_people!(cancel_unemployment, request))
        }
        "RegisterEmployment" => {
            let record = people.record_employment(works(request_id, person_id.clone())).await.expect("recorded");
            let request = proto::RegisterEmploymentRequest {
                request_id: bangfu::client::request_id(),
                person_id,
                record_id: record.into_inner().record_id,
                registered_by: proto::RegisteredBy::Employer.into(),
                registered_on: None,
                evidence: "备案表".to_owned(),
            };
            Write::people(clerk(), to_people!(register_employment, request))
        }
        "RecordSurvey" => {
            let request = proto::RecordSurveyRequest {
                request_id,
                person_id,
                asked_by: "协理员甲".to_owned(),
                wants_work: proto::WantsWork::Yes.into(),
                ..Default::default()
            };
            Write::people(clerk(), to_people!(record_survey, request))
        }
        "DismissDuplicate" => {
            let person_id = namesake(&here, slot.n).await;
            let of = proto::ListDuplicatesRequest { person_id, ..Default::default() };
            let pairs = people.list_duplicates(of).await.expect("listed").into_inner().pairs;
            let pair_id = pairs.first().expect("a pair").pair_id.clone();
            let request = proto::DismissDuplicateRequest { request_id, pair_id, reason: "不是同一人".to_owned() };
            Write::people(clerk(), to_people!(dismiss_duplicate, request))
        }
        "MergePeople" => Write::people(clerk(), to_people!(merge_people, merger(request_id, slot))),
        "UnmergePeople" => {
            let merge = people.merge_people(merger(request_id, slot)).await.expect("merged").into_inner();
            let request = proto::UnmergePeopleRequest {
                request_id: bangfu::client::request_id(),
                merge_id: merge.merge_id,
                reason: "并非同一人".to_owned(),
            };
            Write::people(clerk(), to_people!(unmerge_people, request))
        }
        "ApplyForRecognition" => {
            Write::people(clerk(), to_people!(apply_for_recognition, application(request_id, person_id)))
        }
        "CheckRecognition" => {
            let applied = applied(&here, &slot.one).await;
            Write::people(By::Reviewer, to_people!(check_recognition, checked(&applied.recognition_id)))
        }
        "DecideRecognition" => {
            let recognition_id = recognition_of(&here, &slot.one).await;
            Write::people(By::Bureau, to_people!(decide_recognition, decided(request_id, recognition_id)))
        }
        "RevokeRecognition" => {
            let recognition_id = recognition_of(&here, &slot.one).await;
            let request = decided(request_id, recognition_id.clone());
            city.bureau().people().decide_recognition(request).await.expect("granted");
            let request = proto::RevokeRecognitionRequest {
                request_id: bangfu::client::request_id(),
                township: DADONG.to_owned(),
                recognition_id,
                revoked_on: None,
                reason: "已稳定就业".to_owned(),
            };
            Write::people(By::Bureau, to_people!(revoke_recognition, request))
        }
        "WithdrawRecognition" => {
            let recognition_id = applied(&here, &slot.one).await.recognition_id;
            let request =
                proto::WithdrawRecognitionRequest { request_id, recognition_id, reason: "本人放弃".to_owned() };
            Write::people(clerk(), to_people!(withdraw_recognition, request))
        }
        "CreateHousehold" => Write::people(clerk(), to_people!(create_household, home(request_id, &[&slot.one]))),
        "AddHouseholdMember" => {
            let household = homes(&here, &[&slot.one]).await;
            let request = proto::AddHouseholdMemberRequest {
                request_id,
                household_id: household.household_id,
                member: Some(lives_there(&slot.other, proto::HouseholdRelation::Other)),
            };
            Write::people(clerk(), to_people!(add_household_member, request))
        }
        "RemoveHouseholdMember" => {
            let household = homes(&here, &[&slot.one, &slot.other]).await;
            let request = proto::RemoveHouseholdMemberRequest {
                request_id,
                household_id: household.household_id,
                person_id: slot.other.clone(),
                until: None,
            };
            Write::people(clerk(), to_people!(remove_household_member, request))
        }
        "UpdateHousehold" => {
            let household = homes(&here, &[&slot.one]).await;
            let relation = proto::HouseholdRelation::Spouse.into();
            let request = proto::UpdateHouseholdRequest {
                request_id,
                household_id: household.household_id,
                etag: household.etag,
                others: vec![proto::HouseholdOther { relation, birth_year: 1990, works: false }],
            };
            Write::people(clerk(), to_people!(update_household, request))
        }
        "RecogniseHousehold" => {
            let household_id = homes(&here, &[&slot.one]).await.household_id;
            let request =
                proto::RecogniseHouseholdRequest { request_id, household_id, evidence: "入户核实".to_owned() };
            Write::people(By::Reviewer, to_people!(recognise_household, request))
        }
        "ImportRoster" => {
            use proto::import_roster_request::Part;

            let start = proto::RosterStart { request_id, ..Default::default() };
            let rows = proto::RosterRows { rows: vec![row(fresh(slot.n), 4)] };
            let parts = [Part::Start(start), Part::Rows(rows)];
            let parts = parts.map(|part| proto::ImportRosterRequest { part: Some(part) });
            Write::people(clerk(), to_people!(import_roster, futures::stream::iter(parts)))
        }
        "StartDataMatch" => {
            use proto::start_data_match_request::Part;

            let (start, rows) = list(slot);
            let name = start.list_name.clone();
            let parts = [Part::Start(start), Part::Rows(proto::ListedRows { rows })];
            let parts = parts.map(|part| proto::StartDataMatchRequest { part: Some(part) });
            Write::people(clerk(), to_people!(start_data_match, futures::stream::iter(parts))).own([name])
        }
        "DecideDataMatchRows" => {
            let (start, rows) = list(slot);
            let name = start.list_name.clone();
            let started = matches::send(&here, start, rows).await.unwrap_or_else(|problem| panic!("{problem}"));
            let request = decision(request_id, started.match_id);
            Write::people(clerk(), to_people!(decide_data_match_rows, request)).own([name])
        }
        "CommitDataMatch" => {
            let (start, rows) = list(slot);
            let name = start.list_name.clone();
            let started = matches::send(&here, start, rows).await.unwrap_or_else(|problem| panic!("{problem}"));
            let match_id = started.match_id;
            people.decide_data_match_rows(decision(request_id, match_id.clone())).await.expect("decided");
            let request = proto::CommitDataMatchRequest { request_id: bangfu::client::request_id(), match_id };
            // One operation that can be gone on with: what is committed of it stands.
            let whole = Whole::InBatches(&["person ", "membership ", "employment ", "identity ", "event "]);
            Write { whole, ..Write::people(clerk(), to_people!(commit_data_match, request)).own([name]) }
        }
        "OfferTransfer" => Write::people(clerk(), to_people!(offer_transfer, offer(request_id, person_id))),
        "AcceptTransfer" => {
            let transfer_id = offered(&here, &slot.one).await;
            let request = proto::AcceptTransferRequest {
                request_id,
                transfer_id,
                village: "新村".to_owned(),
                coordinator: "协理员丙".to_owned(),
                effective_on: None,
            };
            Write::people(neighbour(), to_people!(accept_transfer, request))
        }
        "RejectTransfer" => {
            let transfer_id = offered(&here, &slot.one).await;
            let request = proto::RejectTransferRequest { request_id, transfer_id, reason: "查无此人".to_owned() };
            Write::people(neighbour(), to_people!(reject_transfer, request))
        }
        "WithdrawTransfer" => {
            let transfer_id = offered(&here, &slot.one).await;
            let request = proto::WithdrawTransferRequest { request_id, transfer_id, reason: "提错了人".to_owned() };
            Write::people(clerk(), to_people!(withdraw_transfer, request))
        }
        "RequestTransfer" => {
            let (id_number, reason) = (sample::id_number(slot.n), "本人已在我镇居住".to_owned());
            let request = proto::RequestTransferRequest { request_id, id_number, reason };
            Write::people(neighbour(), to_people!(request_transfer, request))
        }
        "UpsertTownship" => {
            let (code, name) = (format!("320685{}", 600 + slot.n), "新镇".to_owned());
            let request = proto::UpsertTownshipRequest { request_id, code: code.clone(), name, etag: String::new() };
            Write::people(By::Bureau, to_people!(upsert_township, request)).own([code])
        }
        "RotateKey" => {
            let request = proto::RotateKeyRequest { request_id, township: slot.township.clone() };
            in_own_township(Write::people(By::Bureau, to_people!(rotate_key, request)), slot)
        }
        "RunRetention" => {
            // Results of requests that are kept no longer.
            sqlx::query("UPDATE request SET created_at = '2025-01-01' WHERE township = $1")
                .bind(&slot.township)
                .execute(&mut city.look("people").await)
                .await
                .expect("made older");
            let (township, validate_only) = (slot.township.clone(), false);
            let request = proto::RunRetentionRequest { request_id, township, validate_only };
            in_own_township(Write::people(By::Bureau, to_people!(run_retention, request)), slot)
        }
        _ => return None,
    })
}

fn works(request_id: String, person_id: String) -> proto::RecordEmploymentRequest {
    let employment = Some(sample::employment(proto::EmploymentStatus::Flexible, "2026-01-05"));
    proto::RecordEmploymentRequest { request_id, person_id, employment, ..Default::default() }
}

fn unemployed(request_id: String, person_id: String) -> proto::RegisterUnemploymentRequest {
    let (registered_on, evidence) = (on("2026-01-05"), "就业创业证".to_owned());
    proto::RegisterUnemploymentRequest { request_id, person_id, registered_on, evidence }
}

fn merger(request_id: String, slot: &Slot) -> proto::MergePeopleRequest {
    let (kept_person_id, merged_person_id) = (slot.one.clone(), slot.other.clone());
    proto::MergePeopleRequest { request_id, kept_person_id, merged_person_id, reason: "同一人".to_owned() }
}

fn application(request_id: String, person_id: String) -> proto::ApplyForRecognitionRequest {
    proto::ApplyForRecognitionRequest {
        request_id,
        person_id,
        difficulty_type: proto::DifficultyType::LongTermUnemployed.into(),
        applied_by: proto::AppliedBy::Self_.into(),
        applied_at: proto::AppliedAt::HouseholdRegistration.into(),
        evidence: "证明".to_owned(),
        ..Default::default()
    }
}

async fn applied(clerk: &Client, person_id: &str) -> proto::Recognition {
    let request = application(request_id(), person_id.to_owned());
    clerk.people().apply_for_recognition(request).await.expect("applied").into_inner()
}

fn checked(recognition_id: &str) -> proto::CheckRecognitionRequest {
    proto::CheckRecognitionRequest {
        request_id: request_id(),
        recognition_id: recognition_id.to_owned(),
        passed: true,
        note: "已核实".to_owned(),
    }
}

async fn recognition_of(clerk: &Client, person_id: &str) -> String {
    let request = proto::ListRecognitionsRequest { person_id: person_id.to_owned(), ..Default::default() };
    let listed = clerk.people().list_recognitions(request).await.expect("listed").into_inner().recognitions;
    listed.first().expect("one").recognition_id.clone()
}

fn decided(request_id: String, recognition_id: String) -> proto::DecideRecognitionRequest {
    let (township, note) = (DADONG.to_owned(), "同意".to_owned());
    proto::DecideRecognitionRequest { request_id, township, recognition_id, granted: true, note }
}

fn lives_there(person_id: &str, relation: proto::HouseholdRelation) -> proto::NewHouseholdMember {
    proto::NewHouseholdMember { person_id: person_id.to_owned(), relation: relation.into(), from: None }
}

/// The first is the head.
fn home(request_id: String, members: &[&String]) -> proto::CreateHouseholdRequest {
    let relations = [proto::HouseholdRelation::Head, proto::HouseholdRelation::Other];
    let members = members.iter().zip(relations).map(|(id, relation)| lives_there(id, relation)).collect();
    let (kind, others) = (proto::HouseholdKind::Urban.into(), Vec::new());
    proto::CreateHouseholdRequest { request_id, kind, members, others }
}

async fn homes(clerk: &Client, members: &[&String]) -> proto::Household {
    clerk.people().create_household(home(request_id(), members)).await.expect("entered").into_inner()
}

/// A list of civil affairs with one new person on it.
fn list(slot: &Slot) -> (proto::DataMatchStart, Vec<proto::ListedRow>) {
    let start = proto::DataMatchStart {
        request_id: request_id(),
        department: proto::Department::CivilAffairs.into(),
        list_name: format!("名单{}号", slot.n),
        list_on: date("2026-01-04".parse().expect("a date")),
        group: 0,
    };
    let cells = proto::RosterRow { groups: String::new(), ..row(fresh(slot.n), 4) };
    (start, vec![proto::ListedRow { cells: Some(cells), ..Default::default() }])
}

fn decision(request_id: String, match_id: String) -> proto::DecideDataMatchRowsRequest {
    proto::DecideDataMatchRowsRequest {
        request_id,
        match_id,
        decision: proto::DataMatchDecision::Apply.into(),
        row_kind: proto::DataMatchKind::New.into(),
        rows: Vec::new(),
    }
}

fn offer(request_id: String, person_id: String) -> proto::OfferTransferRequest {
    let (to_township, reason) = (LIBAO.to_owned(), "户籍迁移".to_owned());
    proto::OfferTransferRequest { request_id, person_id, to_township, reason, transfer_id: String::new() }
}

async fn offered(clerk: &Client, person_id: &str) -> String {
    let request = offer(request_id(), person_id.to_owned());
    clerk.people().offer_transfer(request).await.expect("offered").into_inner().transfer_id
}
