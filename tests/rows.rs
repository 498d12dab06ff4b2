//! All rows, by area. Whoever adds one writes a function in its area's file and its name here: that makes it a test and a
//! line of `make torture`.

use crate::row::Row;

pub mod acknowledged;
pub mod isolation;

/// Hands the areas and names of all rows to a macro.
#[macro_export]
macro_rules! rows {
    ($with:ident) => {
        $with! {
            acknowledged: [
                an_answer_lost_after_commit_is_repeated_with_one_effect,
            ],
            isolation: [
                a_million_mixed_calls_of_two_townships_read_and_write_no_foreign_row,
                mixed_calls_through_the_wire_answer_with_no_foreign_row,
                every_policy_dropped_or_widened_in_turn_is_noticed,
                every_power_given_to_a_role_is_noticed,
                no_constraint_tells_a_township_what_another_has,
                a_foreign_id_sends_the_same_statements_as_a_random_one,
                a_foreign_id_is_answered_as_fast_as_a_random_one,
            ],
        }
    };
}

macro_rules! table {
    ($($area:ident: [$($row:ident),* $(,)?]),* $(,)?) => {
        /// In the order in which they are run.
        pub const ALL: &[Row] = &[
            $($(Row { name: concat!(stringify!($area), "::", stringify!($row)), run: |run| Box::pin($area::$row(run)) },)*)*
        ];
    };
}

rows!(table);
