//! Sweeps: whatever happens to replicas and database in the middle of one, the ledger is that of one undisturbed sweep.

mod disturbed;
mod ledger;
mod world;

pub use disturbed::{
    a_replica_that_was_stopped_and_wakes_in_the_middle_of_its_batch_changes_nothing,
    a_sweep_goes_on_when_the_database_was_gone_and_is_back, five_replicas_sweeping_at_once_do_the_work_of_one,
    replicas_killed_in_the_middle_of_sweeps_leave_the_ledger_of_one_undisturbed,
};
