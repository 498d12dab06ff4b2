//! What is refused, with nothing changed.

use bangfu_proto::common::v1::CalendarDate;
use tonic_types::StatusExt as _;

use super::{hand_over::hand_over, *};

/// The reason, and the fields named.
fn why<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    let status = answer.expect_err("refused");
    let fields = status.get_details_bad_request().map(|it| it.field_violations).unwrap_or_default();
    let fields: Vec<_> = fields.into_iter().map(|it| it.field).collect();
    format!("{} {}", reason(&status), fields.join(" ")).trim_end().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn days_in_the_wrong_order_or_out_of_bounds_are_refused() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    somebody(&city, DADONG, 0, "李庄", "协理员甲").await;
    for name in ["协理员甲", "协理员乙"] {
        put(&clerk, name, "").await.expect("entered");
    }
    assert_eq!(why(assign_village(&clerk, "李庄", "协理员甲", "2025-01-04").await), "FIELD_INVALID from");
    assert_eq!(why(assign_village(&clerk, "李庄", "协理员甲", "2027-01-06").await), "FIELD_INVALID from");
    assert_eq!(why(hand_over(&clerk, "协理员甲", "协理员乙", "2026-01-04").await), "FIELD_INVALID on");
    assert_eq!(why(hand_over(&clerk, "协理员甲", "协理员甲", "2026-01-05").await), "FIELD_INVALID to_coordinator");
    assert_eq!(why(absent(&clerk, "协理员甲", "2026-01-08", "2026-01-07", "协理员乙").await), "FIELD_INVALID to");
    assert_eq!(why(absent(&clerk, "协理员甲", "2025-12-01", "2026-01-04", "协理员乙").await), "FIELD_INVALID to");
    assert_eq!(why(absent(&clerk, "协理员甲", "2026-01-08", "2026-01-09", "协理员甲").await), "FIELD_INVALID stand_in");
    let nothing = AssignVillageRequest { from: Some(CalendarDate::default()), ..Default::default() };
    let nothing = clerk.followup().assign_village(nothing).await;
    assert_eq!(why(nothing), "FIELD_INVALID request_id village from", "all at once");
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn overlaps_strangers_and_another_ones_account_are_refused() {
    let city = City::new().await;
    let clerk = city.clerk(DADONG);
    let person = somebody(&city, DADONG, 0, "李庄", "协理员甲").await;
    let unknown = assign_village(&clerk, "李庄", "协理员甲", "2026-01-05").await;
    let told = unknown.as_ref().map(|_| ()).map_err(|status| status.get_details_localized_message().expect("told"));
    let told = told.expect_err("not entered").message;
    assert!(told.contains("“协理员甲”尚未登记") && told.contains("coordinators put"), "who, and the remedy: {told}");
    assert_eq!(why(unknown), "FIELD_INVALID coordinator");
    assert_eq!(why(assign_person(&clerk, &person, "协理员甲", "2026-01-05").await), "FIELD_INVALID coordinator");
    assert_eq!(why(assign_person(&clerk, &request_id(), "", "2026-01-05").await), "NOT_FOUND", "no such person");
    let stand_in = absent(&clerk, "协理员甲", "2026-01-05", "2026-01-05", "协理员丙").await;
    let message = stand_in.as_ref().expect_err("not entered").message();
    assert!(message.contains("nobody entered 协理员丙"), "{message}");
    assert_eq!(why(stand_in), "FIELD_INVALID stand_in");
    for (name, account) in [("协理员甲", "jia"), ("协理员乙", "yi"), ("协理员丙", "")] {
        put(&clerk, name, account).await.expect("entered");
    }
    assert_eq!(why(put(&clerk, "协理员丙", "yi").await), "FIELD_INVALID coordinator.account");
    put(&clerk, "协理员丙", "").await.expect("two without an account");
    put(&clerk, "协理员乙", "yi").await.expect("again");
    assert_eq!(
        why(absent(&clerk, "没有这人", "2026-01-05", "2026-01-05", "协理员丙").await),
        "FIELD_INVALID coordinator"
    );

    let planned = assign_village(&clerk, "李庄", "协理员甲", "2026-02-01").await.expect("assigned");
    let earlier = assign_village(&clerk, "李庄", "协理员乙", "2026-01-31").await;
    let refused = earlier.as_ref().expect_err("another begins later");
    let info = refused.get_details_error_info().expect("a reason").metadata;
    assert_eq!((info["assignment_id"].as_str(), info["from"].as_str()), (planned.assignment_id.as_str(), "2026-02-01"));
    assert!(refused.message().contains("2026-02-01"), "{refused:?}");
    assert_eq!(why(earlier), "ASSIGNMENT_OVERLAPS");
    assign_village(&clerk, "李庄", "协理员乙", "2026-02-02").await.expect("the day after");

    let away = async |who: &str, from: &str, to: &str, stand_in: &str| {
        let entered = absent(&clerk, who, from, to, stand_in).await;
        entered.map(|absence| absence.absence_id).map_err(|status| reason(&status))
    };
    let overlaps = || Err("ABSENCE_OVERLAPS".to_owned());
    let first = away("协理员甲", "2026-01-10", "2026-01-12", "协理员乙").await.expect("entered");
    assert_eq!(away("协理员甲", "2026-01-12", "2026-01-14", "协理员丙").await, overlaps(), "absent twice");
    assert_eq!(away("协理员丙", "2026-01-09", "2026-01-10", "协理员甲").await, overlaps(), "the stand-in is absent");
    assert_eq!(away("协理员乙", "2026-01-12", "2026-01-12", "协理员丙").await, overlaps(), "who stands in is absent");
    away("协理员丙", "2026-01-12", "2026-01-12", "协理员乙").await.expect("one may stand in for two");
    away("协理员乙", "2026-01-13", "2026-01-13", "协理员甲").await.expect("the day after");
    back(&clerk, &first).await.expect("cancelled");
    assert_eq!(why(back(&clerk, &first).await), "NOT_FOUND", "twice");
    assert_eq!(why(back(&clerk, &request_id()).await), "NOT_FOUND");
    away("协理员甲", "2026-01-10", "2026-01-11", "协理员丙").await.expect("what never was overlaps nothing");
    let refused = city.coordinator(DADONG, &[]).followup().put_coordinator(PutCoordinatorRequest::default()).await;
    assert_eq!(why(refused), "ROLE_MISSING");
    city.close().await;
}
