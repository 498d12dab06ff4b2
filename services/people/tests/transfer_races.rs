//! Calls about transfers that meet: one answer, no ring of waiting, nobody in two places.

use bangfu::client::request_id;
use bangfu_proto::people::v1::{
    EmploymentStatus as S, RecordEmploymentRequest, RosterStart, TransferState, person_event::Change,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};

use crate::transfers::{QUTANG, accept, events, listed, look, offer, reject, somebody, withdraw};

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_about_one_transfer_leave_one_answer() {
    let city = City::new().await;
    let (sender, receiver) = (city.clerk(DADONG), city.clerk(LIBAO));
    let id = somebody(&sender, 1).await;
    for round in 0..6 {
        let (from, to, code) = if round % 2 == 0 { (&sender, &receiver, LIBAO) } else { (&receiver, &sender, DADONG) };
        let open = offer(from, &id, code).await.expect("offered").transfer_id;
        let (accepted, rejected, withdrawn, twice) =
            tokio::join!(accept(to, &open), reject(to, &open), withdraw(from, &open), accept(to, &open));
        let answers = [accepted, rejected, withdrawn, twice];
        let done = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(done, 1, "{answers:?}");
        assert!(
            answers.iter().filter_map(|answer| answer.as_ref().err()).all(|error| reason(error) == "TRANSFER_CLOSED")
        );
        let (out, come) = (look(from, &open).await.expect("found"), look(to, &open).await.expect("found"));
        assert_eq!(out.state(), come.state());
        let moved = come.state() == TransferState::Accepted;
        assert_eq!(listed(to).await.len(), usize::from(moved));
        assert_eq!(listed(from).await.len(), usize::from(!moved));
        if !moved {
            // Go on from the other side.
            let open = offer(from, &id, code).await.expect("offered").transfer_id;
            accept(to, &open).await.expect("accepted");
        }
    }
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_meets_a_move_finds_the_person_before_or_after_it() {
    let city = City::new().await;
    city.township(QUTANG, "曲塘镇").await;
    let (mut from, mut to, third) = ((city.clerk(DADONG), DADONG), (city.clerk(LIBAO), LIBAO), city.clerk(QUTANG));
    let id = somebody(&from.0, 1).await;
    for _ in 0..10 {
        let open = offer(&from.0, &id, to.1).await.expect("offered").transfer_id;
        let record = RecordEmploymentRequest {
            request_id: request_id(),
            person_id: id.clone(),
            employment: Some(sample::employment(S::Flexible, "2026-01-05")),
            ..Default::default()
        };
        let (registry, row) = (from.0.clone(), sample::row(1, 4));
        let start = RosterStart { request_id: request_id(), ..Default::default() };
        let (mut people, mut elsewhere, mut changing) = (to.0.people(), third.people(), from.0.people());
        let (accepted, here, there, recorded, imported) = tokio::join!(
            accept(&to.0, &open),
            people.register_person(sample::person(1)),
            elsewhere.register_person(sample::person(1)),
            changing.record_employment(record),
            bangfu::client::people::send(&registry, start, vec![row]),
        );
        accepted.expect("accepted");
        let here = reason(&here.expect_err("registered"));
        assert!(["PERSON_REGISTERED", "PERSON_REGISTERED_ELSEWHERE", "CONFLICT"].contains(&here.as_str()), "{here}");
        assert_eq!(reason(&there.expect_err("registered")), "PERSON_REGISTERED_ELSEWHERE");
        if let Err(refused) = recorded {
            assert_eq!(reason(&refused), "PERSON_TRANSFERRED");
        }
        match imported {
            Ok(import) => assert_eq!(import.accepted, 1),
            Err(problem) => assert_eq!(problem.reason(), "CONFLICT"),
        }
        assert_eq!((listed(&from.0).await, listed(&to.0).await.len(), listed(&third).await.len()), (vec![], 1, 0));
        let holders: Vec<String> = sqlx::query_scalar("SELECT township FROM identity")
            .fetch_all(&mut city.look("people").await)
            .await
            .expect("holders");
        assert_eq!(holders, [to.1]);
        std::mem::swap(&mut from, &mut to);
    }
    // Nobody was told of anything after they had left.
    for clerk in [&from.0, &to.0] {
        let (mut here, mut told) = (false, 0);
        for event in events(clerk, &id).await {
            match event.change.expect("a change") {
                Change::Registered(_) | Change::Arrived(_) => here = true,
                Change::Left(_) => here = false,
                other => {
                    assert!(here, "{other:?}");
                    told += 1;
                }
            }
        }
        assert!(told > 0);
    }
    city.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_townships_that_exchange_people_do_not_wait_for_each_other_in_a_ring() {
    let city = City::new().await;
    let (one, other) = (city.clerk(DADONG), city.clerk(LIBAO));
    let mut open = Vec::new();
    for n in 0..12 {
        let (from, to, code) = if n % 2 == 0 { (&one, &other, LIBAO) } else { (&other, &one, DADONG) };
        let id = somebody(from, n).await;
        open.push((to.clone(), offer(from, &id, code).await.expect("offered").transfer_id));
    }
    let accepted = open.into_iter().map(|(to, id)| async move { accept(&to, &id).await.map(drop) });
    for answer in futures::future::join_all(accepted).await {
        answer.expect("accepted, without a conflict");
    }
    assert_eq!((listed(&one).await.len(), listed(&other).await.len()), (6, 6));
    city.close().await;
}
