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

use crate::{
    transfers::{accept, offer},
    walls::get,
};

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
    Correct(usize),
    Join(usize),
    Move(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0..4_usize, 0..4_usize).prop_map(|(kept, merged)| Act::Merge(kept, merged)),
        3 => (0..6_usize).prop_map(Act::Undo),
        2 => (0..4_usize).prop_map(Act::Record),
        2 => (0..4_usize).prop_map(Act::Correct),
        1 => (0..4_usize).prop_map(Act::Join),
        3 => (0..4_usize).prop_map(Act::Move),
    ]
}

/// A merge that was made: where, of whom, which records it brought, and whether it was undone.
struct Made {
    merge: Merge,
    town: usize,
    kept: usize,
    merged: usize,
    brought: Vec<String>,
    undone: bool,
}

/// What has to be true of four entries of two townships.
struct Model {
    ids: Vec<String>,
    /// Whose each record is.
    owner: Vec<(String, usize)>,
    /// What each record corrects.
    corrects: Vec<(String, String)>,
    into: [Option<usize>; 4],
    town: [usize; 4],
    made: Vec<Made>,
}

impl Model {
    fn of(&self, at: usize) -> Vec<String> {
        let mut records: Vec<_> =
            self.owner.iter().filter(|(_, whose)| *whose == at).map(|(record, _)| record.clone()).collect();
        records.sort_unstable();
        records
    }

    fn give(&mut self, from: usize, to: usize, which: impl Fn(&str) -> bool) {
        self.owner.iter_mut().filter(|(record, at)| *at == from && which(record)).for_each(|(_, at)| *at = to);
    }

    async fn act(&mut self, towns: &[Client; 2], act: &Act) -> usize {
        let clerk = |at: usize| &towns[at];
        match *act {
            Act::Merge(kept, merged) => {
                let town = self.town[kept];
                let answer = merges(clerk(town), &self.ids[kept], &self.ids[merged]).await;
                let possible = kept != merged
                    && self.into[kept].is_none()
                    && self.into[merged].is_none()
                    && town == self.town[merged];
                assert_eq!(answer.is_ok(), possible, "{act:?}: {answer:?}");
                let Ok(merge) = answer else { return 0 };
                self.into[merged] = Some(kept);
                let brought = self.of(merged);
                self.give(merged, kept, |_| true);
                self.made.push(Made { merge, town, kept, merged, brought, undone: false });
                1
            }
            Act::Undo(which) => {
                let Some(made) = self.made.get(which) else { return 0 };
                let (town, kept, merged, brought) = (made.town, made.kept, made.merged, made.brought.clone());
                let answer = undoes(clerk(town), &made.merge).await;
                let possible = !made.undone && self.into[kept].is_none() && self.town[kept] == town;
                assert_eq!(answer.is_ok(), possible, "{act:?}: {answer:?}");
                if answer.is_err() {
                    return 0;
                }
                self.made[which].undone = true;
                self.into[merged] = None;
                self.town[merged] = town;
                // A correction entered since goes back with what it corrects.
                let mut back = brought;
                while let Some((record, _)) =
                    self.corrects.iter().find(|(record, corrected)| back.contains(corrected) && !back.contains(record))
                {
                    back.push(record.clone());
                }
                self.give(kept, merged, |record| back.iter().any(|it| it == record));
                1
            }
            Act::Record(at) => {
                let answer = becomes(clerk(self.town[at]), &self.ids[at], S::Flexible, "2026-01-02").await;
                assert_eq!(answer.is_ok(), self.into[at].is_none(), "{act:?}: {answer:?}");
                self.owner.extend(answer.ok().map(|record| (record, at)));
                0
            }
            Act::Correct(at) => {
                let Some(wrong) = self.of(at).pop() else { return 0 };
                let request = RecordEmploymentRequest {
                    request_id: request_id(),
                    person_id: self.ids[at].clone(),
                    employment: Some(sample::employment(S::Startup, "2026-01-03")),
                    corrects_record_id: wrong.clone(),
                    ..Default::default()
                };
                if let Ok(record) = clerk(self.town[at]).people().record_employment(request).await {
                    let record = record.into_inner().record_id;
                    self.owner.push((record.clone(), at));
                    self.corrects.push((record, wrong));
                }
                0
            }
            Act::Join(at) => {
                let request = JoinGroupRequest {
                    request_id: request_id(),
                    person_id: self.ids[at].clone(),
                    group: Group::RelativePoverty.into(),
                    source: bangfu_proto::people::v1::Source::DataMatch.into(),
                    ..Default::default()
                };
                drop(clerk(self.town[at]).people().join_group(request).await);
                0
            }
            Act::Move(at) => {
                let (from, to) = (self.town[at], 1 - self.town[at]);
                let offered = offer(clerk(from), &self.ids[at], [DADONG, LIBAO][to]).await;
                assert_eq!(offered.is_ok(), self.into[at].is_none(), "{act:?}: {offered:?}");
                let Ok(offered) = offered else { return 0 };
                accept(clerk(to), &offered.transfer_id).await.expect("accepted");
                self.town[at] = to;
                1
            }
        }
    }
}

/// Whatever is merged, undone and moved in whatever order: everybody is in one township, every record stands once, under the
/// entry it belongs to by then, and the level follows from it.
#[tokio::test(flavor = "multi_thread")]
async fn in_any_order_of_merging_undoing_and_moving_nothing_is_lost_or_doubled() {
    let city = City::new().await;
    let towns = [city.clerk(DADONG), city.clerk(LIBAO)];
    let mut runner = TestRunner::deterministic();
    let mut done = 0;
    for round in 0..12_u32 {
        let acts = vec(act(), 16).new_tree(&mut runner).expect("a sequence").current();
        let mut model = Model {
            ids: Vec::new(),
            owner: Vec::new(),
            corrects: Vec::new(),
            into: [None; 4],
            town: [0; 4],
            made: Vec::new(),
        };
        for n in 0..4 {
            let id = somebody(&towns[0], 100 + round * 4 + n, S::Unemployed, "2025-06-01").await;
            let at = model.ids.len();
            model.owner.extend(history(&towns[0], &id).await.into_iter().map(|record| (record, at)));
            model.ids.push(id);
        }
        for act in &acts {
            done += model.act(&towns, act).await;
        }
        for (at, id) in model.ids.iter().enumerate() {
            let clerk = &towns[model.town[at]];
            if let Some(kept) = model.into[at] {
                // Where it was merged it leads on, for as long as the kept one is read there.
                let shown = get(clerk, id).await.expect("found");
                assert_eq!(shown.merged_into_person_id, model.ids[kept], "{acts:?}");
                continue;
            }
            assert_eq!(history(clerk, id).await, model.of(at), "{acts:?}");
            let shown = get(clerk, id).await.expect("found");
            assert_eq!((shown.merged_into_person_id.as_str(), shown.left_on), ("", None), "{acts:?}");
            let level = GetLevelRequest { person_id: id.clone(), ..Default::default() };
            let level = clerk.people().get_level(level).await.expect("found").into_inner().level();
            assert_eq!(shown.level(), level, "{acts:?}");
            let elsewhere = &towns[1 - model.town[at]];
            assert!(!listed(elsewhere).await.contains(id), "in one township: {acts:?}");
        }
    }
    assert!(done > 40, "{done}");
    city.close().await;
}
