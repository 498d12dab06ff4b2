//! All rows, by area. Whoever adds one writes a function in its area's file and its name here: that makes it a test and a
//! line of `make torture`.

use crate::row::Row;

pub mod acknowledged;
pub mod interop;
pub mod stops;
pub mod tls;

/// Hands the areas and names of all rows to a macro.
#[macro_export]
macro_rules! rows {
    ($with:ident) => {
        $with! {
            acknowledged: [
                an_answer_lost_after_commit_is_repeated_with_one_effect,
            ],
            stops: [
                a_process_that_is_told_to_stop_ends_in_time_with_a_watch_a_silent_connection_and_a_call_open,
                no_call_fails_while_two_replicas_are_restarted_in_turn,
            ],
            interop: [
                a_foreign_client_gets_what_grpc_promises,
            ],
            tls: [
                a_server_speaks_tls_1_3_and_nothing_older_or_plain,
                a_server_refuses_bad_certificates_and_takes_a_services_token_only_with_a_good_one,
                a_service_tells_nothing_to_a_server_that_does_not_prove_its_name,
                services_meet_over_mtls,
                renewed_certificates_are_taken_up_without_a_restart,
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
