//! The audit trail: a chain of entries, each holding the hash of the one before it.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Hash of an entry; the first entry's `previous` is all zeros.
pub type Hash = [u8; 32];

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Somebody was entered by hand.
    Register,
    /// A roster was taken in.
    Import,
    /// An employment record was entered.
    RecordEmployment,
    /// Personal data was shown in full.
    Reveal,
    /// The directory entry was made or changed.
    UpsertTownship,
    /// Somebody became a member of a group.
    JoinGroup,
    /// A membership ended.
    LeaveGroup,
    /// Somebody registered as unemployed.
    RegisterUnemployment,
    /// An unemployment registration was cancelled.
    CancelUnemployment,
    /// A beginning or an end of employment was registered.
    RegisterEmployment,
    /// Answers were entered.
    RecordSurvey,
    /// Fields of somebody's entry were changed; the reason names them.
    UpdatePerson,
    /// A recognition of difficulty was applied for.
    ApplyForRecognition,
    /// The township checked an application.
    CheckRecognition,
    /// The city decided on an application.
    DecideRecognition,
    /// A recognition was ended.
    RevokeRecognition,
    /// An application was taken back.
    WithdrawRecognition,
    /// Somebody came into a household.
    JoinHousehold,
    /// Somebody left a household.
    LeaveHousehold,
    /// Those of a household who are not in the register changed; the reason names it.
    UpdateHousehold,
    /// A household was recognised as without work; the reason names it.
    RecogniseHousehold,
    /// A household was cleared, or recognised again, by itself; the reason names it.
    ReconsiderHousehold,
    /// A pair of entries was found to be two people.
    DismissDuplicate,
    /// Two entries were made one.
    MergePeople,
    /// A merge was undone.
    UnmergePeople,
    /// Somebody was offered to another township, or by one; the reason of this and the following begins with the transfer.
    OfferTransfer,
    /// Somebody moved.
    AcceptTransfer,
    /// An offer or a request was rejected.
    RejectTransfer,
    /// An offer or a request was taken back.
    WithdrawTransfer,
    /// Somebody found elsewhere was asked for.
    RequestTransfer,
    /// A change of the township's data key began, or was done.
    RotateKey,
    /// Somebody was anonymised.
    Anonymise,
    /// What had outlived its purpose was let go; the reason counts it.
    RunRetention,
    /// A department's list was held against the register; the reason names the match.
    StartDataMatch,
    /// Rows of a match were decided on; the reason names match, decision and rows.
    DecideDataMatch,
    /// The writing of a match began; the reason names it.
    CommitDataMatch,
}

impl Action {
    /// As stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Register => "REGISTER",
            Self::Import => "IMPORT",
            Self::RecordEmployment => "RECORD_EMPLOYMENT",
            Self::Reveal => "REVEAL",
            Self::UpsertTownship => "UPSERT_TOWNSHIP",
            Self::JoinGroup => "JOIN_GROUP",
            Self::LeaveGroup => "LEAVE_GROUP",
            Self::RegisterUnemployment => "REGISTER_UNEMPLOYMENT",
            Self::CancelUnemployment => "CANCEL_UNEMPLOYMENT",
            Self::RegisterEmployment => "REGISTER_EMPLOYMENT",
            Self::RecordSurvey => "RECORD_SURVEY",
            Self::UpdatePerson => "UPDATE_PERSON",
            Self::ApplyForRecognition => "APPLY_FOR_RECOGNITION",
            Self::CheckRecognition => "CHECK_RECOGNITION",
            Self::DecideRecognition => "DECIDE_RECOGNITION",
            Self::RevokeRecognition => "REVOKE_RECOGNITION",
            Self::WithdrawRecognition => "WITHDRAW_RECOGNITION",
            Self::JoinHousehold => "JOIN_HOUSEHOLD",
            Self::LeaveHousehold => "LEAVE_HOUSEHOLD",
            Self::UpdateHousehold => "UPDATE_HOUSEHOLD",
            Self::RecogniseHousehold => "RECOGNISE_HOUSEHOLD",
            Self::ReconsiderHousehold => "RECONSIDER_HOUSEHOLD",
            Self::DismissDuplicate => "DISMISS_DUPLICATE",
            Self::MergePeople => "MERGE_PEOPLE",
            Self::UnmergePeople => "UNMERGE_PEOPLE",
            Self::OfferTransfer => "OFFER_TRANSFER",
            Self::AcceptTransfer => "ACCEPT_TRANSFER",
            Self::RejectTransfer => "REJECT_TRANSFER",
            Self::WithdrawTransfer => "WITHDRAW_TRANSFER",
            Self::RequestTransfer => "REQUEST_TRANSFER",
            Self::RotateKey => "ROTATE_KEY",
            Self::Anonymise => "ANONYMISE",
            Self::RunRetention => "RUN_RETENTION",
            Self::StartDataMatch => "START_DATA_MATCH",
            Self::DecideDataMatch => "DECIDE_DATA_MATCH",
            Self::CommitDataMatch => "COMMIT_DATA_MATCH",
        }
    }
}

/// An entry as it stands in the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// 1, 2, 3, … in the township.
    pub seq: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who: the token's `sub`.
    pub actor: String,
    /// What.
    pub action: String,
    /// Whom it was about.
    pub person_id: Option<Uuid>,
    /// Why, in the actor's words, or what it came to.
    pub reason: String,
    /// Hash of the entry before.
    pub previous: Vec<u8>,
    /// Hash of this one.
    pub hash: Vec<u8>,
}

/// The trail is broken at an entry: one was taken out, put in, or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the audit trail is broken at entry {0}")]
pub struct Broken(pub i64);

impl AuditEntry {
    /// The hash that this entry must have. Instants count in microseconds, as they are stored.
    pub fn hash(&self, township: &str) -> Hash {
        let mut hash = Sha256::new();
        let person = self.person_id.map(Uuid::into_bytes);
        let parts: [&[u8]; 8] = [
            &self.previous,
            township.as_bytes(),
            &self.seq.to_be_bytes(),
            &self.at.timestamp_micros().to_be_bytes(),
            self.actor.as_bytes(),
            self.action.as_bytes(),
            person.as_ref().map_or(&[], |id| id.as_slice()),
            self.reason.as_bytes(),
        ];
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }
}

/// Proves a township's trail from its first entry on, page by page.
#[derive(Debug)]
pub struct Proof {
    township: String,
    seq: i64,
    hash: Vec<u8>,
}

impl Proof {
    /// Nothing proved yet.
    pub fn of(township: &str) -> Self {
        Self { township: township.to_owned(), seq: 0, hash: vec![0; size_of::<Hash>()] }
    }

    /// Takes the next entries, in order.
    pub fn take(&mut self, entries: &[AuditEntry]) -> Result<(), Broken> {
        for entry in entries {
            let seq = self.seq + 1;
            if entry.seq != seq || entry.previous != self.hash || entry.hash != entry.hash(&self.township) {
                return Err(Broken(seq));
            }
            self.seq = seq;
            self.hash.clone_from(&entry.hash);
        }
        Ok(())
    }

    /// Number of the last entry that is proved; 0: none.
    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// Its hash.
    pub fn hash(&self) -> &[u8] {
        &self.hash
    }
}

/// Proves that a township's trail is whole, from its first entry.
pub fn verify(township: &str, entries: &[AuditEntry]) -> Result<(), Broken> {
    Proof::of(township).take(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Tamper = fn(&mut Vec<AuditEntry>);

    fn trail() -> Vec<AuditEntry> {
        let mut entries: Vec<AuditEntry> = Vec::new();
        for seq in 1..=4 {
            let previous = entries.last().map_or(vec![0; 32], |entry| entry.hash.clone());
            let mut entry = AuditEntry {
                seq,
                at: DateTime::UNIX_EPOCH,
                actor: "clerk-1".to_owned(),
                action: Action::Reveal.code().to_owned(),
                person_id: Some(Uuid::from_u128(7)),
                reason: "上门走访".to_owned(),
                previous,
                hash: Vec::new(),
            };
            entry.hash = entry.hash("320685102").to_vec();
            entries.push(entry);
        }
        entries
    }

    #[test]
    fn a_whole_trail_is_proved_and_any_tampering_is_found() {
        assert_eq!(verify("320685102", &trail()), Ok(()));
        assert_eq!(verify("320685103", &trail()), Err(Broken(1)), "another township's");

        let tampered: [(&str, Tamper, i64); 5] = [
            ("changed reason", |t| t[1].reason = "别的理由".to_owned(), 2),
            ("changed actor", |t| t[3].actor = "clerk-2".to_owned(), 4),
            ("taken out", |t| drop(t.remove(1)), 2),
            ("taken out at the front", |t| drop(t.remove(0)), 1),
            (
                "changed and hashed again",
                |t| {
                    t[1].reason = "别的理由".to_owned();
                    t[1].hash = t[1].hash("320685102").to_vec();
                },
                3,
            ),
        ];
        for (what, tamper, at) in tampered {
            let mut trail = trail();
            tamper(&mut trail);
            assert_eq!(verify("320685102", &trail), Err(Broken(at)), "{what}");
        }
    }
}
