//! The people service (人员台账): who is served, in which groups, at which level; and the directory of townships.
//!
//! It owns names, ID numbers, phones and addresses: they stand in this database only, sealed (`vault`). It promises that
//! one ID number is one person in the whole city, that employment records are never overwritten, that whoever sees or
//! changes a person leaves an entry in the audit trail, and that its feed tells every change in order, without a gap.
//!
//! | RPC | file |
//! |---|---|
//! | RegisterPerson | `rpc/register_person.rs` → `register.rs` |
//! | GetPerson | `rpc/get_person.rs` |
//! | FindPerson | `rpc/find_person.rs` → `vault/index.rs` |
//! | BatchGetPeople | `rpc/batch_get_people.rs` |
//! | ListPeople | `rpc/list_people.rs` |
//! | UpdatePerson | `rpc/update_person.rs` |
//! | RecordEmployment | `rpc/record_employment.rs` |
//! | JoinGroup, LeaveGroup | `rpc/join_group.rs`, `rpc/leave_group.rs` → `model/membership.rs` |
//! | GetEmploymentHistory, GetLevel | `rpc/get_employment_history.rs`, `rpc/get_level.rs` → `model/employment.rs` |
//! | RegisterUnemployment, CancelUnemployment | `rpc/register_unemployment.rs`, `rpc/cancel_unemployment.rs` |
//! | RegisterEmployment, GetRegistrations | `rpc/register_employment.rs` → `model/registration.rs` |
//! | RecordSurvey, ListSurveys | `rpc/record_survey.rs`, `rpc/list_surveys.rs` |
//! | ListDuplicates, DismissDuplicate | `register/twins.rs` → `rpc/list_duplicates.rs`, `rpc/dismiss_duplicate.rs` |
//! | MergePeople, UnmergePeople, ListMerges | `rpc/merge_people.rs`, `rpc/unmerge_people.rs` → `store/merge.rs` |
//! | ApplyForRecognition, CheckRecognition, DecideRecognition | `rpc/apply_for_recognition.rs` … → `model/recognition.rs` |
//! | WithdrawRecognition, RevokeRecognition | `rpc/withdraw_recognition.rs`, `rpc/revoke_recognition.rs` |
//! | GetRecognition, ListRecognitions | `rpc/get_recognition.rs`, `rpc/list_recognitions.rs` |
//! | CreateHousehold, AddHouseholdMember, RemoveHouseholdMember, UpdateHousehold | `rpc/create_household.rs` … → `household.rs` |
//! | RecogniseHousehold | `rpc/recognise_household.rs` → `model/household.rs` |
//! | GetHousehold, ListHouseholds | `rpc/get_household.rs`, `rpc/list_households.rs` |
//! | ImportRoster | `rpc/import_roster.rs` → `register/intake.rs` → `roster/judge.rs` → `register.rs` |
//! | StartDataMatch | `rpc/start_data_match.rs` → `data_match/intake.rs` → `data_match.rs` |
//! | DecideDataMatchRows, CommitDataMatch | `rpc/decide_data_match_rows.rs`, `rpc/commit_data_match.rs` → `data_match.rs` → `register.rs` |
//! | GetDataMatch, ListDataMatches, ListDataMatchRows | `rpc/get_data_match.rs` … |
//! | RevealPerson | `rpc/reveal_person.rs` |
//! | OfferTransfer, AcceptTransfer | `rpc/offer_transfer.rs`, `rpc/accept_transfer.rs` → `transfer.rs` → `store/moving.rs` |
//! | RejectTransfer, WithdrawTransfer, RequestTransfer | `rpc/….rs` → `transfer.rs` → `model/transfer.rs` |
//! | GetTransfer, ListTransfers | `rpc/get_transfer.rs`, `rpc/list_transfers.rs` |
//! | ListAudit | `rpc/list_audit.rs` → `model/audit.rs` |
//! | GetAuditProof | `rpc/get_audit_proof.rs` → `model/audit.rs`, `anchor.rs` |
//! | RotateKey, GetKeyRotation | `rpc/rotate_key.rs` → `job/keys.rs`, `vault.rs` |
//! | RunRetention | `rpc/run_retention.rs` → `model/retention.rs` |
//! | WatchPeople | `rpc/watch_people.rs` |
//! | ListTownships | `rpc/list_townships.rs` |
//! | UpsertTownship | `rpc/upsert_township.rs` |

pub mod anchor;
mod blocking;
mod data_match;
mod directory;
mod household;
mod job;
pub mod model;
mod recognition;
mod register;
pub mod roster;
mod rpc;
mod served;
mod store;
mod transfer;
pub mod vault;
pub mod whole;
mod wire;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bangfu_kernel::Error;
use bangfu_platform::{auth::layer, ground::Ground};
use bangfu_proto::people::v1::people_service_server::PeopleServiceServer;
use sqlx::migrate::Migrator;
use tokio_util::task::TaskTracker;
use tonic::codec::CompressionEncoding;

use crate::{directory::Directory, vault::Vault, whole::Whole};

/// The migrations of this service's own tables; the ground's come first.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// Largest message taken: 1,000 rows of a roster with long remarks.
const LARGEST_REQUEST: usize = 4 << 20;
/// Largest message sent: the results of 200,000 rows.
const LARGEST_RESPONSE: usize = 32 << 20;

/// The people service. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct People {
    ground: Ground,
    vault: Vault,
}

impl People {
    /// On its ground, with the vault's two keys from outside.
    pub fn new(ground: Ground, vault: Vault) -> Self {
        Self { ground, vault }
    }

    /// The gRPC service, to be put behind the stack.
    pub fn server(self) -> Whole<PeopleServiceServer<Self>> {
        let server = PeopleServiceServer::new(self)
            .max_decoding_message_size(LARGEST_REQUEST)
            .max_encoding_message_size(LARGEST_RESPONSE)
            .accept_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Gzip);
        Whole(server)
    }

    /// Which townships there are, for the auth layer.
    pub fn directory(&self) -> Arc<dyn layer::Directory> {
        Arc::new(Directory::new(self.ground.db.clone()))
    }

    /// Starts the background work of this process: keys, hashes that are missing, lists that were
    /// not committed in time, and, if a file is named, the heads of audit trails in it. It ends
    /// with the ground.
    pub fn jobs(&self, anchors: Option<PathBuf>) -> TaskTracker {
        let tasks = TaskTracker::new();
        tasks.spawn(job::keys::learn(self.clone()));
        tasks.spawn(job::keys::change(self.clone()));
        tasks.spawn(job::tokens::run(self.clone()));
        tasks.spawn(job::wipe::run(self.clone()));
        if let Some(file) = anchors {
            tasks.spawn(job::anchor::run(self.clone(), file));
        }
        tasks.close();
        tasks
    }

    /// Notes the heads of all audit trails in a file: once more when nothing is served any longer.
    pub async fn note_heads(&self, anchors: &Path) -> Result<(), Error> {
        job::anchor::note(self, anchors).await
    }
}
