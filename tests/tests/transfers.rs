//! What a transfer does to duties: split by date, nothing owed twice, nothing forgotten.

use bangfu::client::{Client, request_id};
use bangfu_proto::{
    followup::v1::{Duty, ListContactsRequest, ListDutiesRequest, RecordContactRequest, ReleaseReason},
    people::v1::{EmploymentStatus, OfferTransferRequest},
};
use bangfu_testkit::{City, DADONG, LIBAO, reason};

use bangfu_tests::steps::{
    accepts, becomes, contact, duties, learned, lines, moves, on, record, standing, state, sweep_on, unemployed,
};

async fn all(client: &Client) -> Vec<Duty> {
    duties(client, ListDutiesRequest::default()).await
}

async fn contacts(client: &Client, person_id: &str) -> usize {
    let request = ListContactsRequest { person_id: person_id.to_owned(), ..Default::default() };
    client.followup().list_contacts(request).await.map_or(0, |page| page.into_inner().contacts.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_senders_open_duties_are_released_and_the_receiver_raises_its_own_from_its_stay_on() {
    let city = City::new().await;
    let (sender, receiver) = (city.clerk(DADONG), city.clerk(LIBAO));
    let id = unemployed(&city, DADONG, 0..1, "2026-01-05").await.swap_remove(0);
    sweep_on(&city, "2026-01-05").await;
    sweep_on(&city, "2026-02-10").await;
    record(&sender, contact(&city, &id)).await;
    becomes(&city, DADONG, &id, EmploymentStatus::Unemployed, "2026-02-09").await;
    city.turn_to("2026-02-16");
    moves(&city, &id, DADONG, LIBAO, None).await;

    // At once, without a sweep: what was done or missed stays, what was open is released.
    let ledger = all(&sender).await;
    let sent = lines(&[
        "131.career_guidance 2026-01-01 RELEASED",
        "131.job_referral 2026-01-01 RELEASED x3",
        "131.skills_training 2026-01-01 RELEASED",
        "follow_up.unemployed 2026-01-01 MISSED",
        "follow_up.unemployed 2026-02-01 DONE",
        "policy_publicity 2026-01-01 RELEASED",
        "unemployment_benefit 2026-01-05 MISSED",
    ]);
    assert_eq!(standing(&ledger), sent);
    let released = ledger.iter().filter(|duty| state(duty) == "RELEASED");
    assert!(released.into_iter().all(|duty| duty.release_reason() == ReleaseReason::Transferred));

    // The receiver owes from its stay on: twelve days of February, eleven months of the quotas.
    let swept = sweep_on(&city, "2026-02-16").await;
    assert_eq!(swept.iter().map(|sweep| sweep.failed).sum::<i64>(), 0, "{swept:?}");
    let received = lines(&[
        "131.career_guidance 2026-01-01 OPEN",
        "131.job_referral 2026-01-01 OPEN x3",
        "131.skills_training 2026-01-01 OPEN",
        "follow_up.unemployed 2026-02-01 OPEN",
        "policy_publicity 2026-01-01 OPEN",
        "unemployment_benefit 2026-02-16 OPEN",
    ]);
    let ledger = all(&receiver).await;
    assert_eq!(standing(&ledger), received);
    for duty in &ledger {
        assert_eq!((&duty.opens_on, duty.coordinator.as_str()), (&on("2026-02-16"), "协理员丙"), "{duty:?}");
    }
    // Contacts stay with whoever made them; the receiver's own settle its own.
    assert_eq!((contacts(&sender, &id).await, contacts(&receiver, &id).await), (1, 0));
    assert_eq!(record(&receiver, contact(&city, &id)).await.settled_duty_ids.len(), 1);

    // What the sender did before counts where it was done; what comes after, and what is learned, is the receiver's.
    let late = RecordContactRequest { on: on("2026-02-15"), ..contact(&city, &id) };
    assert!(record(&sender, late.clone()).await.settled_duty_ids.is_empty(), "February is done");
    let learns = RecordContactRequest {
        request_id: request_id(),
        status_learned: learned(EmploymentStatus::Flexible, "2026-02-15"),
        ..late
    };
    for (request, expected) in [(contact(&city, &id), "FIELD_INVALID"), (learns, "PERSON_TRANSFERRED")] {
        let refused = sender.followup().record_contact(request).await.expect_err(expected);
        assert_eq!(reason(&refused), expected);
    }
    assert_eq!(contacts(&sender, &id).await, 2);

    // They come back: the same duties open again where they were, the receiver's are released.
    city.turn_to("2026-03-02");
    sweep_on(&city, "2026-03-02").await;
    moves(&city, &id, LIBAO, DADONG, None).await;
    sweep_on(&city, "2026-03-02").await;
    let back = lines(&[
        "131.career_guidance 2026-01-01 OPEN",
        "131.job_referral 2026-01-01 OPEN x3",
        "131.skills_training 2026-01-01 OPEN",
        "follow_up.unemployed 2026-01-01 MISSED",
        "follow_up.unemployed 2026-02-01 DONE",
        "follow_up.unemployed 2026-03-01 OPEN",
        "policy_publicity 2026-01-01 OPEN",
        "unemployment_benefit 2026-01-05 MISSED",
        "unemployment_benefit 2026-03-02 OPEN",
    ]);
    assert_eq!(standing(&all(&sender).await), back);
    let gone = lines(&[
        "131.career_guidance 2026-01-01 RELEASED",
        "131.job_referral 2026-01-01 RELEASED x3",
        "131.skills_training 2026-01-01 RELEASED",
        "follow_up.unemployed 2026-02-01 DONE",
        "follow_up.unemployed 2026-03-01 RELEASED",
        "policy_publicity 2026-01-01 RELEASED",
        "unemployment_benefit 2026-02-16 RELEASED",
    ]);
    assert_eq!(standing(&all(&receiver).await), gone);
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_is_dated_back_splits_duties_by_that_day_and_rewrites_nothing_final() {
    let city = City::new().await;
    let (sender, receiver) = (city.clerk(DADONG), city.clerk(LIBAO));
    let id = unemployed(&city, DADONG, 0..1, "2026-01-05").await.swap_remove(0);
    sweep_on(&city, "2026-01-05").await;
    city.turn_to("2026-01-28");
    let request = OfferTransferRequest {
        request_id: request_id(),
        person_id: id.clone(),
        to_township: LIBAO.to_owned(),
        reason: "户籍迁移".to_owned(),
        ..Default::default()
    };
    let offered = sender.people().offer_transfer(request).await.expect("offered").into_inner();
    // January is missed at the sender on 6 February; the move, decided on the 10th, holds from 28 January.
    sweep_on(&city, "2026-02-10").await;
    assert_eq!(standing(&all(&sender).await)["follow_up.unemployed 2026-01-01 MISSED"], 1);
    accepts(&city, LIBAO, &offered.transfer_id, Some("2026-01-28")).await;
    let sent = standing(&all(&sender).await);
    assert_eq!(sent["follow_up.unemployed 2026-01-01 MISSED"], 1, "what is final stays");
    assert_eq!(sent["follow_up.unemployed 2026-02-01 RELEASED"], 1);
    sweep_on(&city, "2026-02-10").await;
    let received = standing(&all(&receiver).await);
    assert_eq!(received.get("follow_up.unemployed 2026-01-01 OPEN"), None, "over before the receiver knew");
    assert_eq!(received["follow_up.unemployed 2026-02-01 OPEN"], 1);
    city.close().await;
}
