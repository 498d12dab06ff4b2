//! Transfers as messages: each side sees its own, and the requester nothing of the person.

use bangfu_kernel::{Error, calendar, error::Violations, fields};
use bangfu_proto::people::v1 as proto;
use chrono::NaiveDate;
use uuid::Uuid;

use super::timestamp;
use crate::model::transfer::{Direction, State, Transfer};

/// The message of a transfer, as the side that holds this row may see it today.
pub(crate) fn message(transfer: &Transfer, today: NaiveDate) -> proto::Transfer {
    let (state, receives) = (transfer.state(today), transfer.direction == Direction::In);
    // Whoever asked learns neither who holds the number nor of whom it is, unless they are offered.
    let blind = receives && transfer.offered_on.is_none();
    let came_to_nothing = receives && !matches!(state, State::Requested | State::Offered | State::Accepted);
    let own_number = transfer.requested_on.is_some();
    proto::Transfer {
        transfer_id: transfer.transfer_id.to_string(),
        direction: direction(transfer.direction).into(),
        state: self::state(state).into(),
        counterpart_township: if blind { String::new() } else { transfer.counterpart.to_string() },
        person_id: transfer.person_id.filter(|_| !blind).map(|id| id.to_string()).unwrap_or_default(),
        name_masked: if blind || came_to_nothing { String::new() } else { transfer.name_masked.to_string() },
        id_number_masked: if came_to_nothing && !own_number {
            String::new()
        } else {
            transfer.id_number_masked.to_string()
        },
        request_reason: transfer.request_reason.clone(),
        offer_reason: transfer.offer_reason.clone(),
        closing_reason: if blind && state != State::Withdrawn {
            String::new()
        } else {
            transfer.closing_reason.clone()
        },
        requested_on: transfer.requested_on.map(calendar::message),
        offered_on: transfer.offered_on.map(calendar::message),
        expires_on: Some(calendar::message(transfer.expires_on)),
        closed_on: transfer.closed_on.filter(|_| state != State::Expired).map(calendar::message),
        effective_on: transfer.effective_on.map(calendar::message),
        joined_on: transfer.joined_on.map(calendar::message),
        created_at: Some(timestamp(transfer.created_at)),
        updated_at: Some(timestamp(transfer.updated_at)),
    }
}

fn direction(direction: Direction) -> proto::TransferDirection {
    match direction {
        Direction::Out => proto::TransferDirection::Out,
        Direction::In => proto::TransferDirection::In,
    }
}

fn state(state: State) -> proto::TransferState {
    match state {
        State::Requested => proto::TransferState::Requested,
        State::Offered => proto::TransferState::Offered,
        State::Accepted => proto::TransferState::Accepted,
        State::Rejected => proto::TransferState::Rejected,
        State::Withdrawn => proto::TransferState::Withdrawn,
        State::Expired => proto::TransferState::Expired,
    }
}

/// The side that a list is confined to; `None`: both.
pub(crate) fn direction_of(number: i32, faults: &mut Violations) -> Option<Direction> {
    match proto::TransferDirection::try_from(number) {
        Ok(proto::TransferDirection::Unspecified) => None,
        Ok(proto::TransferDirection::Out) => Some(Direction::Out),
        Ok(proto::TransferDirection::In) => Some(Direction::In),
        Err(_unknown) => {
            faults.add("direction", fields::enumerated());
            None
        }
    }
}

/// The state that a list is confined to; `None`: all.
pub(crate) fn state_of(number: i32, faults: &mut Violations) -> Option<State> {
    let Ok(message) = proto::TransferState::try_from(number) else {
        faults.add("state", fields::enumerated());
        return None;
    };
    State::ALL.into_iter().find(|&known| state(known) == message)
}

/// What rejecting and withdrawing need: the request's id, the transfer, why.
pub(crate) fn closing(request_id: &str, transfer_id: &str, reason: &str) -> Result<(Uuid, Uuid, String), Error> {
    let mut faults = Violations::default();
    let request_id = fields::uuid("request_id", request_id, &mut faults);
    let transfer_id = fields::uuid("transfer_id", transfer_id, &mut faults);
    let reason = fields::text("reason", reason, 2, 256, &mut faults);
    faults.check()?;
    Ok((request_id, transfer_id, reason))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn transfer(direction: Direction, written: State, requested: bool, offered: bool) -> Transfer {
        let day: NaiveDate = "2026-01-05".parse().expect("a date");
        let over = !written.is_open();
        Transfer {
            transfer_id: Uuid::from_u128(1),
            direction,
            counterpart: "320685103".parse().expect("a code"),
            written,
            person_id: Some(Uuid::from_u128(2)),
            id_index: None,
            name_masked: "张**".to_owned().into(),
            id_number_masked: "320699********1899".to_owned().into(),
            request_reason: String::new(),
            offer_reason: String::new(),
            closing_reason: if over { "不是本人".to_owned() } else { String::new() },
            requested_on: requested.then_some(day),
            offered_on: offered.then_some(day),
            expires_on: day,
            closed_on: over.then_some(day),
            effective_on: None,
            joined_on: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn whoever_asked_sees_the_state_of_its_request_and_the_number_it_gave_and_nothing_else() {
        let (day, later) = ("2026-01-05".parse().expect("a date"), "2026-01-06".parse().expect("a date"));
        for written in [State::Requested, State::Rejected, State::Expired] {
            for today in [day, later] {
                let told = message(&transfer(Direction::In, written, true, false), today);
                let all = [told.counterpart_township, told.person_id, told.name_masked, told.closing_reason].concat();
                assert_eq!((all.as_str(), told.id_number_masked.as_str()), ("", "320699********1899"), "{written:?}");
            }
        }
        let holder = message(&transfer(Direction::Out, State::Requested, true, false), day);
        assert_eq!((holder.counterpart_township.as_str(), holder.name_masked.as_str()), ("320685103", "张**"));
    }

    #[test]
    fn whoever_was_offered_sees_them_masked_for_as_long_as_it_can_decide_and_when_they_came() {
        let day = "2026-01-05".parse().expect("a date");
        for (written, seen) in
            [(State::Offered, true), (State::Accepted, true), (State::Rejected, false), (State::Withdrawn, false)]
        {
            let told = message(&transfer(Direction::In, written, false, true), day);
            assert_eq!((!told.name_masked.is_empty(), !told.id_number_masked.is_empty()), (seen, seen), "{written:?}");
        }
        let late =
            message(&transfer(Direction::In, State::Offered, false, true), "2026-01-06".parse().expect("a date"));
        assert_eq!((late.state(), late.name_masked.as_str()), (proto::TransferState::Expired, ""));
    }
}
