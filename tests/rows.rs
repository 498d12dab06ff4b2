//! All rows, by area. Whoever adds one writes a function in its area's file and its name here: that makes it a test and a
//! line of `make torture`.

use crate::row::Row;

pub mod access;
pub mod acknowledged;
pub mod tokens;

/// Hands the areas and names of all rows to a macro.
#[macro_export]
macro_rules! rows {
    ($with:ident) => {
        $with! {
            acknowledged: [
                an_answer_lost_after_commit_is_repeated_with_one_effect,
            ],
            tokens: [
                every_refused_token_at_every_rpc_is_unauthenticated_and_runs_no_statement,
                keys_that_rotate_under_load_fail_no_call,
                keys_that_cannot_be_had_leave_the_last_good_ones_serving_for_a_day,
                without_good_keys_nobody_is_let_in,
                a_flood_of_unknown_kids_asks_once_in_thirty_seconds,
                a_flood_while_the_source_is_slow_takes_no_room_from_others,
            ],
            access: [
                every_rpc_admits_whom_the_committed_table_says,
                another_townships_everything_is_answered_like_what_never_was,
                every_field_that_a_caller_may_set_is_the_callers_to_set,
                what_the_server_owns_is_not_set_by_a_caller,
                a_page_token_opens_only_the_list_it_was_given_for,
                a_cursor_of_another_place_is_refused_and_tells_nothing,
                headers_that_a_caller_forges_are_not_believed,
                a_contact_writes_into_no_other_townships_registry,
                what_is_told_to_the_registry_is_told_under_the_services_own_name,
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
