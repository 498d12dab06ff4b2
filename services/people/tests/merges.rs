//! Merging two entries, and undoing it: both histories, one person; nothing lost either way.

use bangfu::client::{Client, date, request_id};
use bangfu_proto::{
    common::v1::CalendarDate,
    people::v1::{
        EmploymentStatus as S, FindPersonRequest, GetEmploymentHistoryRequest, GetLevelRequest, Group,
        JoinGroupRequest, ListMergesRequest, ListPeopleRequest, Merge, MergePeopleRequest, Person,
        RecordEmploymentRequest, RegisterPersonRequest, ServiceLevel, UnmergePeopleRequest,
    },
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use proptest::{collection::vec, prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use tonic::Status;

use crate::walls::get;

fn on(day: &str) -> Option<CalendarDate> {
    date(day.parse().expect("a date"))
}

async fn merges(client: &Client, kept: &str, merged: &str) -> Result<Merge, Status> {
    let request = MergePeopleRequest {
        request_id: request_id(),
        kept_person_id: kept.to_owned(),
        merged_person_id: merged.to_owned(),
        reason: "身份证号码录错".to_owned(),
    };
    client.people().merge_people(request).await.map(tonic::Response::into_inner)
}

async fn undoes(client: &Client, merge: &Merge) -> Result<Merge, Status> {
    let request = UnmergePeopleRequest {
        request_id: request_id(),
        merge_id: merge.merge_id.clone(),
        reason: "核实为两人".to_owned(),
    };
    client.people().unmerge_people(request).await.map(tonic::Response::into_inner)
}

async fn somebody(clerk: &Client, n: u32, status: S, since: &str) -> String {
    let request = sample::person_who_is(n, status, since);
    clerk.people().register_person(request).await.expect("registered").into_inner().person_id
}

async fn becomes(client: &Client, person_id: &str, status: S, since: &str) -> Result<String, Status> {
    let request = RecordEmploymentRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        employment: Some(sample::employment(status, since)),
        ..Default::default()
    };
    client.people().record_employment(request).await.map(|record| record.into_inner().record_id)
}

async fn history(client: &Client, person_id: &str) -> Vec<String> {
    let request = GetEmploymentHistoryRequest { person_id: person_id.to_owned(), ..Default::default() };
    let history = client.people().get_employment_history(request).await.expect("found").into_inner();
    history.records.into_iter().map(|record| record.record_id).collect()
}

async fn listed(client: &Client) -> Vec<String> {
    let people = client.people().list_people(ListPeopleRequest::default()).await.expect("listed").into_inner().people;
    people.into_iter().map(|person| person.person_id).collect()
}

fn open_groups(person: &Person) -> Vec<Group> {
    let mut groups: Vec<_> = person
        .memberships
        .iter()
        .filter(|m| m.until.is_none())
        .map(bangfu_proto::people::v1::Membership::group)
        .collect();
    groups.sort_unstable();
    groups
}

#[tokio::test]
async fn both_histories_stand_under_the_kept_entry_and_go_back_when_it_is_undone() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let kept = somebody(&clerk, 1, S::Unemployed, "2025-06-01").await;
    let other = RegisterPersonRequest {
        groups: vec![Group::Veteran.into()],
        ..sample::person_who_is(2, S::Flexible, "2025-12-01")
    };
    let merged = clerk.people().register_person(other).await.expect("registered").into_inner().person_id;
    let before = (get(&clerk, &kept).await.expect("found"), get(&clerk, &merged).await.expect("found"));
    let histories = (history(&clerk, &kept).await, history(&clerk, &merged).await);

    let request = MergePeopleRequest {
        request_id: request_id(),
        kept_person_id: kept.clone(),
        merged_person_id: merged.clone(),
        reason: "身份证号码录错".to_owned(),
    };
    let merge = clerk.people().merge_people(request.clone()).await.expect("merged").into_inner();
    assert_eq!(clerk.people().merge_people(request).await.expect("repeated").into_inner(), merge);
    assert_eq!(merge.undo_until, on("2026-02-04"));
    let one = get(&clerk, &kept).await.expect("found");
    assert_eq!(one.level(), ServiceLevel::Flexible, "the later record is believed, whoever brought it");
    assert_eq!(open_groups(&one), [Group::RegisteredUnemployed, Group::Veteran]);
    assert_eq!(history(&clerk, &kept).await.len(), 2);
    assert_eq!(listed(&clerk).await, std::slice::from_ref(&kept));
    let gone = get(&clerk, &merged).await.expect("shown still");
    assert_eq!(gone.merged_into_person_id, kept);
    let find = FindPersonRequest { id_number: sample::id_number(2) };
    assert_eq!(clerk.people().find_person(find).await.expect("found").into_inner().person_id, kept);
    let refused = becomes(&clerk, &merged, S::Unemployed, "2026-01-05").await.expect_err("merged");
    assert_eq!(reason(&refused), "PERSON_MERGED");
    let level = GetLevelRequest { person_id: kept.clone(), on: on("2025-07-01"), ..Default::default() };
    let level = clerk.people().get_level(level).await.expect("found").into_inner();
    assert_eq!(level.level(), ServiceLevel::Unemployed, "and the earlier one about the time before");

    // What is entered in between stays with the kept one.
    let since = becomes(&clerk, &kept, S::Unemployed, "2026-01-04").await.expect("recorded");
    let undone = undoes(&clerk, &merge).await.expect("undone");
    assert_eq!(undone.undone_on, on("2026-01-05"));
    let mut own = histories.0.clone();
    own.push(since);
    assert_eq!((history(&clerk, &kept).await, history(&clerk, &merged).await), (own, histories.1));
    let after = (get(&clerk, &kept).await.expect("found"), get(&clerk, &merged).await.expect("found"));
    let (kept_before, merged_before) = (&before.0, &before.1);
    assert_eq!(open_groups(&after.0), open_groups(kept_before));
    assert_eq!((after.1.level(), open_groups(&after.1)), (merged_before.level(), open_groups(merged_before)));
    assert_eq!(after.1.merged_into_person_id, "");
    let find = FindPersonRequest { id_number: sample::id_number(2) };
    assert_eq!(clerk.people().find_person(find).await.expect("found").into_inner().person_id, merged);
    assert_eq!(reason(&undoes(&clerk, &merge).await.expect_err("twice")), "ILLEGAL_TRANSITION");
    let list = ListMergesRequest { person_id: merged.clone(), ..Default::default() };
    assert_eq!(clerk.people().list_merges(list).await.expect("listed").into_inner().merges, [undone]);
    city.close().await;
}

#[tokio::test]
async fn no_cycle_no_self_no_stranger_and_no_undoing_after_thirty_days() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let mut ids = Vec::new();
    for n in 1..=3 {
        ids.push(somebody(&clerk, n, S::Unemployed, "2025-06-01").await);
    }
    let [a, b, c] = [&ids[0], &ids[1], &ids[2]];
    assert_eq!(reason(&merges(&clerk, a, a).await.expect_err("self")), "FIELD_INVALID");
    let foreign = somebody(&city.clerk(LIBAO), 9, S::Unemployed, "2025-06-01").await;
    assert_eq!(reason(&merges(&clerk, a, &foreign).await.expect_err("not here")), "NOT_FOUND");
    let first = merges(&clerk, a, b).await.expect("merged");
    for (kept, merged) in [(b, a), (b, c), (c, b)] {
        assert_eq!(reason(&merges(&clerk, kept, merged).await.expect_err("merged already")), "PERSON_MERGED");
    }
    let second = merges(&clerk, c, a).await.expect("merged");
    assert_eq!(history(&clerk, c).await.len(), 3);
    assert_eq!(reason(&undoes(&clerk, &first).await.expect_err("the kept one is merged")), "PERSON_MERGED");
    city.turn_to("2026-02-04");
    undoes(&clerk, &second).await.expect("the last day");
    assert_eq!((history(&clerk, a).await.len(), history(&clerk, c).await.len()), (2, 1));
    city.turn_to("2026-02-05");
    assert_eq!(reason(&undoes(&clerk, &first).await.expect_err("too late")), "MERGE_FINAL");
    assert_eq!(history(&clerk, a).await.len(), 2, "nothing changed");
    city.close().await;
}

#[tokio::test]
async fn a_correction_entered_since_goes_back_with_what_it_corrects() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let kept = somebody(&clerk, 1, S::Unemployed, "2025-06-01").await;
    let merged = somebody(&clerk, 2, S::Flexible, "2025-12-01").await;
    let wrong = history(&clerk, &merged).await.pop().expect("a record");
    let merge = merges(&clerk, &kept, &merged).await.expect("merged");
    let request = RecordEmploymentRequest {
        request_id: request_id(),
        person_id: kept.clone(),
        employment: Some(sample::employment(S::Startup, "2025-12-01")),
        corrects_record_id: wrong,
        ..Default::default()
    };
    clerk.people().record_employment(request).await.expect("corrected");
    undoes(&clerk, &merge).await.expect("undone");
    assert_eq!((history(&clerk, &kept).await.len(), history(&clerk, &merged).await.len()), (1, 2));
    assert_eq!(get(&clerk, &merged).await.expect("found").level(), ServiceLevel::Stable);
    city.close().await;
}

/// What is done with four entries.
#[derive(Debug, Clone)]
enum Act {
    Merge(usize, usize),
    Undo(usize),
    Record(usize),
    Join(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0..4_usize, 0..4_usize).prop_map(|(kept, merged)| Act::Merge(kept, merged)),
        3 => (0..8_usize).prop_map(Act::Undo),
        2 => (0..4_usize).prop_map(Act::Record),
        1 => (0..4_usize).prop_map(Act::Join),
    ]
}

/// Whatever is merged and undone in whatever order: every record stands once, under the entry it belongs to by then.
#[tokio::test(flavor = "multi_thread")]
async fn in_any_order_of_merging_and_undoing_nothing_is_lost_or_doubled() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let mut runner = TestRunner::deterministic();
    for round in 0..8_u32 {
        let acts = vec(act(), 12).new_tree(&mut runner).expect("a sequence").current();
        let mut ids = Vec::new();
        for n in 0..4 {
            ids.push(somebody(&clerk, 100 + round * 4 + n, S::Unemployed, "2025-06-01").await);
        }
        // The model: whose each record is, who is merged into whom, and what each merge brought.
        let mut owner: Vec<(String, usize)> = Vec::new();
        for (at, id) in ids.iter().enumerate() {
            owner.extend(history(&clerk, id).await.into_iter().map(|record| (record, at)));
        }
        let mut into: [Option<usize>; 4] = [None; 4];
        let mut done: Vec<(Merge, usize, usize, Vec<String>, bool)> = Vec::new();
        for act in &acts {
            match *act {
                Act::Merge(kept, merged) => {
                    let answer = merges(&clerk, &ids[kept], &ids[merged]).await;
                    let possible = kept != merged && into[kept].is_none() && into[merged].is_none();
                    assert_eq!(answer.is_ok(), possible, "{acts:?}");
                    let Ok(merge) = answer else { continue };
                    into[merged] = Some(kept);
                    let brought: Vec<_> =
                        owner.iter().filter(|(_, at)| *at == merged).map(|(record, _)| record.clone()).collect();
                    owner.iter_mut().filter(|(_, at)| *at == merged).for_each(|(_, at)| *at = kept);
                    done.push((merge, kept, merged, brought, false));
                }
                Act::Undo(which) => {
                    let Some((merge, kept, merged, brought, undone)) = done.get_mut(which) else { continue };
                    let answer = undoes(&clerk, merge).await;
                    assert_eq!(answer.is_ok(), !*undone && into[*kept].is_none(), "{acts:?}");
                    if answer.is_ok() {
                        *undone = true;
                        into[*merged] = None;
                        let kept = *kept;
                        for (record, at) in owner.iter_mut().filter(|(_, at)| *at == kept) {
                            if brought.contains(record) {
                                *at = *merged;
                            }
                        }
                    }
                }
                Act::Record(at) => {
                    let answer = becomes(&clerk, &ids[at], S::Flexible, "2026-01-02").await;
                    assert_eq!(answer.is_ok(), into[at].is_none());
                    owner.extend(answer.ok().map(|record| (record, at)));
                }
                Act::Join(at) => {
                    let request = JoinGroupRequest {
                        request_id: request_id(),
                        person_id: ids[at].clone(),
                        group: Group::RelativePoverty.into(),
                        source: bangfu_proto::people::v1::Source::DataMatch.into(),
                        ..Default::default()
                    };
                    drop(clerk.people().join_group(request).await);
                }
            }
        }
        for (at, id) in ids.iter().enumerate() {
            let mut expected: Vec<_> =
                owner.iter().filter(|(_, whose)| *whose == at).map(|(record, _)| record.clone()).collect();
            expected.sort_unstable();
            assert_eq!(history(&clerk, id).await, expected, "{acts:?}");
            let shown = get(&clerk, id).await.expect("found");
            assert_eq!(shown.merged_into_person_id.is_empty(), into[at].is_none());
        }
    }
    city.close().await;
}
