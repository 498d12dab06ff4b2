//! A slip of the pen is put right on the day it was made: the later entry counts, and the first one stays to be seen.

use super::{hand_over::hand_over, *};

/// Assignments of a village (or, if it is empty, of a person), the latest entered first: to whom, from when, replaced or not.
async fn entries(client: &Client, village: &str, person_id: &str) -> Vec<(String, String, bool)> {
    let request =
        ListAssignmentsRequest { village: village.to_owned(), person_id: person_id.to_owned(), ..Default::default() };
    let listed = client.followup().list_assignments(request).await.expect("listed").into_inner().assignments;
    assert!(listed.iter().all(|it| !it.entered_by.is_empty() && it.entered_at.is_some()), "who and when: {listed:?}");
    assert!(listed.iter().all(|it| it.replaced == (it.from == it.until)), "{listed:?}");
    listed.into_iter().map(|it| (it.coordinator, bangfu::client::day(it.from.as_ref()), it.replaced)).collect()
}

fn entry(coordinator: &str, from: &str, replaced: bool) -> (String, String, bool) {
    (coordinator.to_owned(), from.to_owned(), replaced)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_begins_on_the_same_day_replaces_what_was_entered_before_and_both_are_seen() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let person = somebody(&city, DADONG, 0, "李庄", "").await;
    sweep(&city).await;
    for name in ["协理员甲", "协理员乙", "协理员丙"] {
        put(&clerk, name, "").await.expect("entered");
    }
    assign_village(&clerk, "李庄", "协理员甲", "2026-01-02").await.expect("assigned");
    assign_village(&clerk, "李庄", "协理员乙", "2026-01-05").await.expect("a slip");
    assert_eq!(served_by(&clerk, "协理员乙").await, these(vec![&person]));
    city.clock.advance(chrono::TimeDelta::minutes(1));
    let right = assign_village(&clerk, "李庄", "协理员丙", "2026-01-05").await.expect("put right");
    assert_eq!((right.until, right.replaced), (None, false));
    assert_eq!(served_by(&clerk, "协理员丙").await, these(vec![&person]), "at once");
    assert_eq!(coordinators(&clerk).await.coordinators.iter().filter(|it| !it.villages.is_empty()).count(), 1);
    let mut expected = vec![
        entry("协理员丙", "2026-01-05", false),
        entry("协理员乙", "2026-01-05", true),
        entry("协理员甲", "2026-01-02", false),
    ];
    let mut listed = entries(&clerk, "李庄", "").await;
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);

    // The same for a person, with nobody; a day that is to come; and more than once.
    assign_person(&clerk, &person, "协理员乙", "2026-01-05").await.expect("assigned");
    assign_person(&clerk, &person, "", "2026-01-05").await.expect("taken back");
    assert_eq!(served_by(&clerk, "协理员丙").await, these(vec![&person]), "the village's again");
    assign_person(&clerk, &person, "协理员甲", "2026-01-07").await.expect("planned");
    assign_person(&clerk, &person, "协理员乙", "2026-01-07").await.expect("planned otherwise");
    assign_person(&clerk, &person, "", "2026-01-07").await.expect("planned no more");
    let nothing = hand_over(&clerk, "协理员乙", "协理员丙", "2026-01-05").await.expect("nothing to hand over");
    assert_eq!((nothing.villages, nothing.people), (vec![], 0), "what was replaced is nobody's");
    city.turn_to("2026-01-07");
    sweep(&city).await;
    assert_eq!(served_by(&clerk, "协理员丙").await, these(vec![&person]));
    assert_eq!(entries(&clerk, "", &person).await.iter().filter(|(_, _, replaced)| *replaced).count(), 3);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_handed_over_is_handed_back_on_the_same_day() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let registered = somebody(&city, DADONG, 0, "双溪村", "协理员甲").await;
    let of_the_village = somebody(&city, DADONG, 1, "李庄", "").await;
    for name in ["协理员甲", "协理员乙"] {
        put(&clerk, name, "").await.expect("entered");
    }
    assign_village(&clerk, "李庄", "协理员甲", "2026-01-05").await.expect("assigned");
    sweep(&city).await;
    let both = these(vec![&registered, &of_the_village]);
    for on in ["2026-01-05", "2026-01-12"] {
        for (from, to) in [("协理员甲", "协理员乙"), ("协理员乙", "协理员甲")] {
            let handed = hand_over(&clerk, from, to, on).await.expect("handed over");
            assert_eq!((handed.villages, handed.people), (vec!["李庄".to_owned()], 1), "from {from} on {on}");
            let whose = if on == "2026-01-05" { to } else { "协理员甲" };
            assert_eq!(served_by(&clerk, whose).await, both, "from {from} on {on}");
        }
    }
    city.turn_to("2026-01-12");
    sweep(&city).await;
    assert_eq!(served_by(&clerk, "协理员甲").await, both);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn assigning_a_village_tells_who_serves_its_people_and_why_it_is_not_the_one_assigned() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    for (n, registered) in ["", "", "协理员甲", "协理员甲", "协理员甲"].into_iter().enumerate() {
        let person = somebody(&city, DADONG, u32::try_from(n).expect("few"), "李庄", registered).await;
        if n == 4 {
            put(&clerk, "协理员丙", "").await.expect("entered");
            assign_person(&clerk, &person, "协理员丙", "2026-01-05").await.expect("assigned");
        }
    }
    put(&clerk, "协理员乙", "").await.expect("entered");
    let assigned = assign_village(&clerk, "李庄", "协理员乙", "2026-01-05").await.expect("assigned");
    let shares: Vec<_> =
        assigned.shares.iter().map(|it| (it.coordinator.as_str(), it.people, it.assigned, it.registered)).collect();
    assert_eq!(shares, [("协理员丙", 1, 1, 0), ("协理员乙", 2, 0, 0), ("协理员甲", 2, 0, 2)]);
    let nowhere = assign_village(&clerk, "李莊", "协理员乙", "2026-01-05").await.expect("assigned");
    assert_eq!(nowhere.shares, [], "nobody lives there");
    city.close().await;
}
