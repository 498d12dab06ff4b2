//! Two entries made one, through both services: contacts and what they settled go with it, and come back.

use bangfu::client::{Client, request_id};
use bangfu_proto::{
    followup::v1::{ListContactsRequest, ListDutiesRequest, VoidContactRequest},
    people::v1::{Merge, MergePeopleRequest, UnmergePeopleRequest},
};
use bangfu_testkit::{City, DADONG, reason};

use bangfu_tests::steps::{contact, duties, record, standing, sweep, sweep_on, unemployed};

async fn merge(client: &Client, kept: &str, merged: &str) -> Merge {
    let request = MergePeopleRequest {
        request_id: request_id(),
        kept_person_id: kept.to_owned(),
        merged_person_id: merged.to_owned(),
        reason: "同一人".to_owned(),
    };
    client.people().merge_people(request).await.expect("merged").into_inner()
}

async fn follow_ups(client: &Client, person_id: &str) -> Vec<String> {
    let request = ListDutiesRequest { person_id: person_id.to_owned(), ..Default::default() };
    let standing = standing(&duties(client, request).await);
    standing.into_keys().filter(|line| line.starts_with("follow_up.unemployed")).collect()
}

async fn contacts(client: &Client, person_id: &str) -> usize {
    let request = ListContactsRequest { person_id: person_id.to_owned(), ..Default::default() };
    client.followup().list_contacts(request).await.expect("listed").into_inner().contacts.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_for_the_merged_entry_counts_for_the_kept_one() {
    let city = City::new().await;
    let ids = unemployed(&city, DADONG, 0..2, "2026-01-05").await;
    let (kept, merged) = (&ids[0], &ids[1]);
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    record(&clerk, contact(&city, merged)).await;
    assert_eq!(follow_ups(&clerk, kept).await, ["follow_up.unemployed 2026-01-01 OPEN"]);
    assert_eq!(follow_ups(&clerk, merged).await, ["follow_up.unemployed 2026-01-01 DONE"]);

    city.turn_to("2026-01-20");
    let done = merge(&clerk, kept, merged).await;
    city.settle().await;
    assert_eq!(follow_ups(&clerk, kept).await, ["follow_up.unemployed 2026-01-01 DONE"]);
    assert_eq!((contacts(&clerk, kept).await, contacts(&clerk, merged).await), (1, 0));
    let refused = clerk.followup().record_contact(contact(&city, merged)).await.expect_err("merged");
    assert_eq!(reason(&refused), "PERSON_MERGED");
    sweep_on(&city, "2026-02-02").await;
    assert_eq!(
        follow_ups(&clerk, kept).await,
        ["follow_up.unemployed 2026-01-01 DONE", "follow_up.unemployed 2026-02-01 OPEN"]
    );
    // Owed to one person once: nothing is raised for the merged entry, and nothing of it stays open.
    assert_eq!(follow_ups(&clerk, merged).await, ["follow_up.unemployed 2026-01-01 DONE"]);
    let request = ListDutiesRequest { person_id: merged.clone(), ..Default::default() };
    let left = standing(&duties(&clerk, request).await);
    assert!(left.keys().all(|line| !line.ends_with("OPEN")), "{left:?}");

    let undo =
        UnmergePeopleRequest {
            request_id: request_id(), merge_id: done.merge_id, reason: "并非同一人".to_owned()
        };
    clerk.people().unmerge_people(undo).await.expect("undone");
    city.settle().await;
    sweep(&city).await;
    assert_eq!((contacts(&clerk, kept).await, contacts(&clerk, merged).await), (0, 1));
    assert_eq!(
        follow_ups(&clerk, merged).await,
        ["follow_up.unemployed 2026-01-01 DONE", "follow_up.unemployed 2026-02-01 OPEN"]
    );
    // The contact was the other one's: what it had settled here opens again. January's grace runs to the fifth.
    assert_eq!(
        follow_ups(&clerk, kept).await,
        ["follow_up.unemployed 2026-01-01 OPEN", "follow_up.unemployed 2026-02-01 OPEN"]
    );
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_voided_while_its_entry_is_merged_counts_as_never_entered_for_both() {
    let city = City::new().await;
    let ids = unemployed(&city, DADONG, 0..2, "2026-01-05").await;
    let (kept, merged) = (&ids[0], &ids[1]);
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    let contact = record(&clerk, contact(&city, merged)).await;
    let done = merge(&clerk, kept, merged).await;
    city.settle().await;
    assert_eq!(follow_ups(&clerk, kept).await, ["follow_up.unemployed 2026-01-01 DONE"]);
    let request =
        VoidContactRequest { request_id: request_id(), contact_id: contact.contact_id, reason: "记错人".to_owned() };
    clerk.followup().void_contact(request).await.expect("voided");
    assert_eq!(follow_ups(&clerk, kept).await, ["follow_up.unemployed 2026-01-01 OPEN"]);
    assert_eq!(follow_ups(&clerk, merged).await, ["follow_up.unemployed 2026-01-01 RELEASED"]);

    let undo =
        UnmergePeopleRequest {
            request_id: request_id(), merge_id: done.merge_id, reason: "并非同一人".to_owned()
        };
    clerk.people().unmerge_people(undo).await.expect("undone");
    city.settle().await;
    for person in [kept, merged] {
        assert_eq!(follow_ups(&clerk, person).await, ["follow_up.unemployed 2026-01-01 OPEN"]);
    }
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_never_planned_takes_over_what_was_done_as_well() {
    let city = City::new().await;
    let merged = unemployed(&city, DADONG, 0..1, "2026-01-05").await.remove(0);
    sweep(&city).await;
    let clerk = city.clerk(DADONG);
    record(&clerk, contact(&city, &merged)).await;
    let kept = unemployed(&city, DADONG, 1..2, "2026-01-05").await.remove(0);
    merge(&clerk, &kept, &merged).await;
    city.settle().await;
    sweep(&city).await;
    assert_eq!(follow_ups(&clerk, &kept).await, ["follow_up.unemployed 2026-01-01 DONE"]);
    city.close().await;
}
