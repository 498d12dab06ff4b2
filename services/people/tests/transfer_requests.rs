//! Asking for somebody found elsewhere: the holder learns who asks, whoever asks learns nothing.

use bangfu::client::{Client, request_id};
use bangfu_proto::people::v1::{
    ListTransfersRequest, OfferTransferRequest, RequestTransferRequest, Transfer, TransferDirection, TransferState,
};
use bangfu_testkit::{City, DADONG, LIBAO, reason, sample};
use tonic::{Response, Status};

use crate::transfers::{QUTANG, accept, listed, look, offer, reject, withdraw};

fn asking(n: u32) -> RequestTransferRequest {
    RequestTransferRequest {
        request_id: request_id(),
        id_number: sample::id_number(n),
        reason: "本人已在我镇居住".to_owned(),
    }
}

pub(crate) async fn ask(client: &Client, n: u32) -> Result<Transfer, Status> {
    client.people().request_transfer(asking(n)).await.map(Response::into_inner)
}

async fn answer(client: &Client, person_id: &str, transfer_id: &str) -> Result<Transfer, Status> {
    let request = OfferTransferRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        to_township: String::new(),
        reason: "同意转出".to_owned(),
        transfer_id: transfer_id.to_owned(),
    };
    client.people().offer_transfer(request).await.map(Response::into_inner)
}

async fn register(client: &Client, n: u32) -> String {
    client.people().register_person(sample::person(n)).await.expect("registered").into_inner().person_id
}

/// Nothing of what the requester was told leads to the person or their township.
fn is_blind(told: &Transfer, person_id: &str, holder: &str) {
    let all = format!("{told:?}");
    let name: String = sample::name(1).chars().take(1).collect();
    for secret in [person_id, holder, name.as_str(), "查无此人"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

#[tokio::test]
async fn a_request_says_nothing_about_the_person_until_they_are_offered() {
    let city = City::new().await;
    let (holder, asks) = (city.clerk(DADONG), city.clerk(LIBAO));
    let (id, other) = (register(&holder, 1).await, register(&holder, 2).await);
    let request = asking(1);
    let requested = asks.people().request_transfer(request.clone()).await.expect("requested").into_inner();
    assert_eq!(asks.people().request_transfer(request).await.expect("repeated").into_inner(), requested);
    assert_eq!((requested.state(), requested.direction()), (TransferState::Requested, TransferDirection::In));
    is_blind(&requested, &id, DADONG);
    let transfer_id = &requested.transfer_id;
    is_blind(&look(&asks, transfer_id).await.expect("found"), &id, DADONG);

    let filter = ListTransfersRequest { state: TransferState::Requested.into(), ..Default::default() };
    let seen = holder.people().list_transfers(filter).await.expect("listed").into_inner().transfers;
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].counterpart_township.as_str(), &seen[0].person_id), (LIBAO, &id));
    assert_eq!((seen[0].direction(), seen[0].request_reason.as_str()), (TransferDirection::Out, "本人已在我镇居住"));

    // It is the holder's turn; and what is offered is the person asked for.
    assert_eq!(reason(&accept(&asks, transfer_id).await.expect_err("not offered")), "TRANSFER_OTHERS_TURN");
    assert_eq!(reason(&withdraw(&holder, transfer_id).await.expect_err("not the holder's")), "TRANSFER_OTHERS_TURN");
    assert_eq!(reason(&answer(&holder, &other, transfer_id).await.expect_err("another")), "FIELD_INVALID");
    assert_eq!(reason(&answer(&asks, &id, transfer_id).await.expect_err("not theirs")), "NOT_FOUND");
    city.turn_to("2026-01-20");
    let offered = answer(&holder, &id, transfer_id).await.expect("offered");
    assert_eq!((&offered.transfer_id, offered.state()), (transfer_id, TransferState::Offered));
    let seen = look(&asks, transfer_id).await.expect("found");
    assert_eq!((seen.counterpart_township.as_str(), &seen.person_id), (DADONG, &id));
    assert_eq!((&seen.expires_on, &seen.name_masked), (&offered.expires_on, &offered.name_masked));
    accept(&asks, transfer_id).await.expect("accepted");
    assert_eq!((listed(&holder).await, listed(&asks).await), (vec![other], vec![id]));
    city.close().await;
}

#[tokio::test]
async fn whoever_asked_learns_the_state_and_never_why_or_where() {
    let city = City::new().await;
    let (holder, asks) = (city.clerk(DADONG), city.clerk(LIBAO));
    let id = register(&holder, 1).await;
    let first = ask(&asks, 1).await.expect("requested").transfer_id;
    let refused = ask(&asks, 1).await.expect_err("one at a time");
    assert_eq!(reason(&refused), "TRANSFER_OPEN");
    reject(&holder, &first).await.expect("rejected");
    let told = look(&asks, &first).await.expect("found");
    assert_eq!(told.state(), TransferState::Rejected);
    is_blind(&told, &id, DADONG);
    assert_eq!(look(&holder, &first).await.expect("found").closing_reason, "查无此人");

    let second = ask(&asks, 1).await.expect("again").transfer_id;
    let taken_back = withdraw(&asks, &second).await.expect("withdrawn");
    is_blind(&taken_back, &id, DADONG);
    assert_eq!(reason(&answer(&holder, &id, &second).await.expect_err("over")), "TRANSFER_CLOSED");

    let third = ask(&asks, 1).await.expect("again").transfer_id;
    city.turn_to("2026-02-05");
    assert_eq!(reason(&answer(&holder, &id, &third).await.expect_err("over")), "TRANSFER_CLOSED");
    is_blind(&look(&asks, &third).await.expect("found"), &id, DADONG);
    ask(&asks, 1).await.expect("what expired makes room");
    city.close().await;
}

#[tokio::test]
async fn who_is_here_or_nowhere_is_not_asked_for() {
    let city = City::new().await;
    city.township(QUTANG, "曲塘镇").await;
    let (holder, asks, third) = (city.clerk(DADONG), city.clerk(LIBAO), city.clerk(QUTANG));
    let id = register(&holder, 1).await;
    assert_eq!(reason(&ask(&asks, 9).await.expect_err("nobody")), "NOT_ELSEWHERE");
    assert_eq!(reason(&ask(&holder, 1).await.expect_err("here")), "PERSON_REGISTERED");

    // Two ask; one is offered; whoever came away empty asks whoever holds them then.
    let (one, two) = (ask(&asks, 1).await.expect("requested"), ask(&third, 1).await.expect("requested"));
    answer(&holder, &id, &one.transfer_id).await.expect("offered");
    assert_eq!(reason(&answer(&holder, &id, &two.transfer_id).await.expect_err("one at a time")), "TRANSFER_OPEN");
    accept(&asks, &one.transfer_id).await.expect("accepted");
    assert_eq!(reason(&answer(&holder, &id, &two.transfer_id).await.expect_err("gone")), "PERSON_TRANSFERRED");
    assert_eq!(reason(&offer(&holder, &id, QUTANG).await.expect_err("gone")), "PERSON_TRANSFERRED");
    withdraw(&third, &two.transfer_id).await.expect("withdrawn");
    let anew = ask(&third, 1).await.expect("requested").transfer_id;
    assert_eq!(look(&asks, &anew).await.expect("asked").person_id, id);
    assert_eq!(reason(&look(&holder, &anew).await.expect_err("not asked")), "NOT_FOUND");
    ask(&holder, 1).await.expect("the former holder asks like anybody");
    city.close().await;
}
