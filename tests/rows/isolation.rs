//! Townships stay apart: under load with faults, when a stone of the wall is taken away, and in what answers give away.

mod battery;
mod constraints;
mod mixed;
mod mutants;
mod roles;
mod scratch;
mod statements;
mod timing;
mod wire;

use bangfu_platform::auth::Permit;

pub use self::{
    constraints::no_constraint_tells_a_township_what_another_has,
    mixed::a_million_mixed_calls_of_two_townships_read_and_write_no_foreign_row,
    mutants::every_policy_dropped_or_widened_in_turn_is_noticed, roles::every_power_given_to_a_role_is_noticed,
    statements::a_foreign_id_sends_the_same_statements_as_a_random_one,
    timing::a_foreign_id_is_answered_as_fast_as_a_random_one,
    wire::mixed_calls_through_the_wire_answer_with_no_foreign_row,
};

#[expect(clippy::disallowed_methods, reason = "a row is no caller: it stands where the auth layer would")]
fn permit(township: &str) -> Permit {
    Permit::of_job("row", bangfu_testkit::city::CITY, Some(township.parse().expect("a code")))
}

/// What a task came to; its panic is ours.
fn alive<T>(lived: Result<T, tokio::task::JoinError>) -> T {
    lived.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}
