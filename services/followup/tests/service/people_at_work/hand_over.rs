//! Hand-over (移交): all at once, on its day and not before, however late the sweep.

use bangfu_proto::followup::v1::{HandOverRequest, HandOverResponse};

use super::*;

pub(super) async fn hand_over(client: &Client, from: &str, to: &str, on: &str) -> Result<HandOverResponse, Status> {
    let request = HandOverRequest {
        request_id: request_id(),
        from_coordinator: from.to_owned(),
        to_coordinator: to.to_owned(),
        on: date(on.parse().expect("a date")),
    };
    client.followup().hand_over(request).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_over_takes_effect_on_its_day_and_not_before_also_when_the_sweep_is_days_late() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let registered = somebody(&city, DADONG, 0, "双溪村", "协理员甲").await;
    let of_the_village = somebody(&city, DADONG, 1, "李庄", "").await;
    let own = somebody(&city, DADONG, 2, "双溪村", "协理员丁").await;
    let anothers = somebody(&city, DADONG, 3, "双溪村", "协理员丁").await;
    put(&clerk, "协理员甲", "jia").await.expect("entered");
    put(&clerk, "协理员乙", "yi").await.expect("entered");
    assign_village(&clerk, "李庄", "协理员甲", "2026-01-05").await.expect("assigned");
    assign_person(&clerk, &own, "协理员甲", "2026-01-05").await.expect("assigned");
    sweep(&city).await;
    let before = these(vec![&registered, &of_the_village, &own]);
    assert_eq!(served_by(&clerk, "协理员甲").await, before);

    let handed = hand_over(&clerk, "协理员甲", "协理员乙", "2026-01-12").await.expect("handed over");
    assert_eq!((handed.villages, handed.people), (vec!["李庄".to_owned()], 2));
    assert_eq!(served_by(&clerk, "协理员甲").await, before, "not today");
    city.turn_to("2026-01-11");
    sweep(&city).await;
    assert_eq!(served_by(&clerk, "协理员甲").await, before, "nor the day before");
    city.turn_to("2026-01-15");
    sweep(&city).await;
    assert_eq!(served_by(&clerk, "协理员乙").await, before, "on its day, three days late");
    assert_eq!(served_by(&clerk, "协理员甲").await, these(vec![]));
    assert_eq!(served_by(&clerk, "协理员丁").await, these(vec![&anothers]), "others stay");
    let stored = "SELECT serving_on::text FROM township WHERE township = '320685102'";
    let settled_for: String =
        sqlx::query_scalar(stored).fetch_one(&mut city.look("followup").await).await.expect("a day");
    city.turn_to("2026-01-16");
    sweep(&city).await;
    let again: String = sqlx::query_scalar(stored).fetch_one(&mut city.look("followup").await).await.expect("a day");
    assert_eq!(
        (settled_for.as_str(), again.as_str()),
        ("2026-01-15", "2026-01-15"),
        "nothing turned: nobody is settled"
    );
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_over_today_counts_at_once_and_stops_before_what_was_planned_later() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let person = somebody(&city, DADONG, 0, "李庄", "老协理员").await;
    sweep(&city).await;
    put(&clerk, "协理员乙", "yi").await.expect("entered");
    put(&clerk, "协理员丙", "").await.expect("entered");
    let nobody = hand_over(&clerk, "没有这人", "协理员乙", "2026-01-05").await;
    let nobody = nobody.expect_err("nobody knows them");
    assert!(reason(&nobody) == "FIELD_INVALID" && nobody.message().contains("from_coordinator"), "{nobody:?}");
    let unknown = hand_over(&clerk, "老协理员", "没有这人", "2026-01-05").await;
    let unknown = unknown.expect_err("not entered");
    assert!(reason(&unknown) == "FIELD_INVALID" && unknown.message().contains("to_coordinator"), "{unknown:?}");
    hand_over(&clerk, "老协理员", "协理员乙", "2026-01-05").await.expect("only the register knows who hands over");
    assert_eq!(served_by(&clerk, "协理员乙").await, these(vec![&person]));

    assign_person(&clerk, &person, "协理员丙", "2026-02-01").await.expect("planned");
    let planned = hand_over(&clerk, "协理员乙", "协理员丙", "2026-01-20").await;
    assert_eq!(planned.map_err(|status| reason(&status)), Err("ASSIGNMENT_OVERLAPS".to_owned()));
    assert_eq!(served_by(&clerk, "协理员乙").await, these(vec![&person]), "nothing changed");
    city.close().await;
}
