//! Transfers of people between townships: who may do what, in which state; pure.
//!
//! requested → offered → accepted, or on the way there rejected, withdrawn, or expired by the clock. Each open state is
//! one township's turn: a request waits for the holder's offer, an offer for the receiver's answer.

use bangfu_kernel::{Error, Township};
use chrono::{DateTime, Days, NaiveDate, Utc};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::vault::IdIndex;

/// Days for which a request or an offer is open, its own day not counted (default).
const OPEN_DAYS: u64 = 30;
/// Days for which a township may read somebody who left, the day of the decision not counted.
const READ_DAYS: u64 = 30;

/// On which side of a transfer a township is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// 转出: the person is, or was, here.
    Out,
    /// 转入: the person is to come here.
    In,
}

/// How far a transfer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// 已申请: the receiver asks for somebody found elsewhere.
    Requested,
    /// 待接收: the holder offers them.
    Offered,
    /// 已接收: they moved.
    Accepted,
    /// 已拒绝: whoever was asked said no.
    Rejected,
    /// 已撤回: whoever asked took it back.
    Withdrawn,
    /// 已过期: nobody answered in time.
    Expired,
}

/// What a township does with a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The holder answers a request with an offer.
    Offer,
    /// The receiver accepts an offer.
    Accept,
    /// Whoever was asked says no.
    Reject,
    /// Whoever asked takes it back.
    Withdraw,
}

/// Why a step cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It is over, in this state.
    Closed(State),
    /// The step is the other township's.
    OthersTurn,
}

impl Direction {
    /// As stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Out => "OUT",
            Self::In => "IN",
        }
    }

    /// From what is stored.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Out, Self::In].into_iter().find(|direction| direction.code() == code)
    }

    /// The other side's.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Out => Self::In,
            Self::In => Self::Out,
        }
    }
}

impl State {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Requested, Self::Offered, Self::Accepted, Self::Rejected, Self::Withdrawn, Self::Expired];

    /// As stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Offered => "OFFERED",
            Self::Accepted => "ACCEPTED",
            Self::Rejected => "REJECTED",
            Self::Withdrawn => "WITHDRAWN",
            Self::Expired => "EXPIRED",
        }
    }

    /// From what is stored.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether somebody has still to answer.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Requested | Self::Offered)
    }

    /// What a step makes of it, taken by the township on one side.
    pub fn step(self, side: Direction, step: Step) -> Result<Self, Refusal> {
        use {Direction as D, State as S, Step as T};
        match (self, side, step) {
            (S::Requested, D::Out, T::Offer) => Ok(S::Offered),
            (S::Offered, D::In, T::Accept) => Ok(S::Accepted),
            (S::Requested, D::Out, T::Reject) | (S::Offered, D::In, T::Reject) => Ok(S::Rejected),
            (S::Requested, D::In, T::Withdraw) | (S::Offered, D::Out, T::Withdraw) => Ok(S::Withdrawn),
            (S::Requested | S::Offered, _, _) => Err(Refusal::OthersTurn),
            (closed, _, _) => Err(Refusal::Closed(closed)),
        }
    }
}

/// Last day on which what is opened on a day is open.
pub fn expires_on(opened_on: NaiveDate) -> NaiveDate {
    opened_on.checked_add_days(Days::new(OPEN_DAYS)).unwrap_or(opened_on)
}

/// Whoever left on a day known before this one cannot be read any more.
pub fn read_since(today: NaiveDate) -> NaiveDate {
    today.checked_sub_days(Days::new(READ_DAYS)).unwrap_or(today)
}

/// A transfer, as one of the two townships holds it.
pub struct Transfer {
    /// The same on both sides.
    pub transfer_id: Uuid,
    /// On which side this township is.
    pub direction: Direction,
    /// The township on the other side.
    pub counterpart: Township,
    /// As written; see [`Transfer::state`].
    pub written: State,
    /// Who; `None`: not offered yet, and this is the requester's side.
    pub person_id: Option<Uuid>,
    /// The number asked for; the requester's side only.
    pub id_index: Option<IdIndex>,
    /// 张**; may be empty.
    pub name_masked: Zeroizing<String>,
    /// 320699********1899; may be empty.
    pub id_number_masked: Zeroizing<String>,
    /// Why it was asked for; may be empty.
    pub request_reason: String,
    /// Why it was offered; may be empty.
    pub offer_reason: String,
    /// Why it was rejected or withdrawn; may be empty.
    pub closing_reason: String,
    /// The day of the request.
    pub requested_on: Option<NaiveDate>,
    /// The day of the offer.
    pub offered_on: Option<NaiveDate>,
    /// Last day on which it is open.
    pub expires_on: NaiveDate,
    /// The day it was accepted, rejected, withdrawn, or found expired.
    pub closed_on: Option<NaiveDate>,
    /// First day in the receiving township.
    pub effective_on: Option<NaiveDate>,
    /// First day of the stay that ended; the sender's side only.
    pub joined_on: Option<NaiveDate>,
    /// When the entry was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Transfer {
    /// Its state on a day: what nobody answered in time is expired, whether or not somebody wrote that down.
    pub fn state(&self, today: NaiveDate) -> State {
        if self.written.is_open() && self.expires_on < today { State::Expired } else { self.written }
    }

    /// The state that a step of this side leads to. Errors: TRANSFER_CLOSED, TRANSFER_OTHERS_TURN.
    pub fn step(&self, step: Step, today: NaiveDate) -> Result<State, Error> {
        let transfer_id = self.transfer_id;
        self.state(today).step(self.direction, step).map_err(|refusal| match refusal {
            Refusal::Closed(state) => Error::TransferClosed { transfer_id, state: state.code() },
            Refusal::OthersTurn => Error::TransferOthersTurn { transfer_id },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [Step; 4] = [Step::Offer, Step::Accept, Step::Reject, Step::Withdraw];

    #[test]
    fn each_step_is_one_sides_in_one_state_and_nothing_leads_out_of_an_end() {
        let mut allowed = Vec::new();
        for state in State::ALL {
            for side in [Direction::Out, Direction::In] {
                for step in STEPS {
                    match state.step(side, step) {
                        Ok(next) => allowed.push(format!("{} {} {step:?} {}", state.code(), side.code(), next.code())),
                        Err(Refusal::OthersTurn) => assert!(state.is_open()),
                        Err(Refusal::Closed(closed)) => assert!(closed == state && !state.is_open()),
                    }
                }
            }
        }
        assert_eq!(
            allowed,
            [
                "REQUESTED OUT Offer OFFERED",
                "REQUESTED OUT Reject REJECTED",
                "REQUESTED IN Withdraw WITHDRAWN",
                "OFFERED OUT Withdraw WITHDRAWN",
                "OFFERED IN Accept ACCEPTED",
                "OFFERED IN Reject REJECTED",
            ]
        );
    }

    #[test]
    fn every_word_comes_back() {
        assert!(State::ALL.into_iter().all(|state| State::from_code(state.code()) == Some(state)));
        for side in [Direction::Out, Direction::In] {
            assert_eq!(Direction::from_code(side.code()), Some(side));
            assert_eq!(side.other().other(), side);
        }
    }

    #[test]
    fn what_is_opened_is_open_for_thirty_days_and_whoever_left_is_read_for_thirty() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        assert_eq!(expires_on(day("2026-01-05")), day("2026-02-04"));
        assert_eq!(read_since(day("2026-02-04")), day("2026-01-05"));
    }
}
