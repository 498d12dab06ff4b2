//! All rows, by area. Whoever adds one writes a function in its area's file and its name here: that makes it a test and a
//! line of `make torture`.

use crate::row::Row;

pub mod acknowledged;
pub mod shell;

/// Hands the areas and names of all rows to a macro.
#[macro_export]
macro_rules! rows {
    ($with:ident) => {
        $with! {
            acknowledged: [
                an_answer_lost_after_commit_is_repeated_with_one_effect,
            ],
            shell: [
                every_call_ends_at_the_servers_deadline_and_leaves_no_statement,
                every_call_ends_at_its_callers_deadline_and_leaves_no_statement,
                silent_connections_leave_room_for_others_and_give_their_places_back,
                a_server_without_descriptors_rests_and_recovers,
                a_caller_holds_sixteen_watches_and_no_more,
                a_slow_reader_is_told_so_and_costs_little,
                a_message_of_four_mebibytes_passes_and_a_byte_more_is_refused,
                a_bomb_is_refused_before_it_is_unpacked,
                an_unknown_encoding_is_refused_with_those_that_are_known,
                floods_are_ended_or_borne_while_others_are_served,
                ten_times_the_load_is_refused_at_once_and_the_rest_is_served,
                a_panic_ends_one_call_and_tells_nothing,
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
