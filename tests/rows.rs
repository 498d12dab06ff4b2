//! All rows, by area. Whoever adds one writes a function in its area's file and its name here: that makes it a test and a
//! line of `make torture`.

use crate::row::Row;

pub mod access;
pub mod acknowledged;
pub mod feeds;
pub mod floors;
pub mod interop;
pub mod isolation;
pub mod secrets;
pub mod shell;
pub mod stops;
pub mod sweeps;
pub mod tls;
pub mod tokens;

/// Hands the areas and names of all rows to a macro.
#[macro_export]
macro_rules! rows {
    ($with:ident) => {
        $with! {
            acknowledged: [
                an_answer_lost_after_commit_is_repeated_with_one_effect,
                a_call_given_up_at_any_moment_is_whole_or_not_at_all,
                a_statement_that_fails_leaves_nothing_by_halves,
                a_commit_whose_answer_is_lost_is_known_by_repeating_the_request,
                what_was_acknowledged_survives_a_postgresql_that_stops_at_once,
            ],
            feeds: [
                twelve_writers_keep_the_six_promises,
                a_consumer_killed_at_every_await_has_each_event_once_and_never_half_a_unit,
                the_follower_killed_at_every_await_knows_everybody_once,
                a_producer_killed_between_insert_and_commit_leaves_nothing_behind,
                a_slow_reader_is_told_so_and_goes_on_where_it_stood,
                every_kind_of_bad_cursor_is_refused_by_its_name,
                compaction_at_the_edge_stops_only_those_whose_next_event_is_gone,
                a_restore_to_ten_minutes_ago_stops_consumers_and_says_so,
                a_township_goes_on_by_itself_once_what_stopped_it_is_repaired,
            ],
            sweeps: [
                replicas_killed_in_the_middle_of_sweeps_leave_the_ledger_of_one_undisturbed,
                five_replicas_sweeping_at_once_do_the_work_of_one,
                a_replica_that_was_stopped_and_wakes_in_the_middle_of_its_batch_changes_nothing,
                a_sweep_goes_on_when_the_database_was_gone_and_is_back,
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
            shell: [
                every_call_ends_at_the_servers_deadline_and_leaves_no_statement,
                every_call_ends_at_its_callers_deadline_and_leaves_no_statement,
                silent_connections_leave_room_for_others_and_give_their_places_back,
                requests_that_are_begun_and_never_whole_give_their_places_back,
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
            isolation: [
                a_million_mixed_calls_of_two_townships_read_and_write_no_foreign_row,
                mixed_calls_through_the_wire_answer_with_no_foreign_row,
                every_policy_dropped_or_widened_in_turn_is_noticed,
                every_power_given_to_a_role_is_noticed,
                no_constraint_tells_a_township_what_another_has,
                a_foreign_id_sends_the_same_statements_as_a_random_one,
                a_foreign_id_is_answered_as_fast_as_a_random_one,
            ],
            secrets: [
                a_life_that_touches_every_rpc_leaves_nothing_of_its_people_outside_the_ciphertext,
                no_error_tells_of_the_inside,
                numbers_of_people_are_refused_in_every_text_that_is_stored_as_it_is,
            ],
            floors: [
                a_lock_file_below_a_floor_or_with_a_rejected_crate_fails_the_check,
            ],
            tokens: [
                every_refused_token_at_every_rpc_is_unauthenticated_and_runs_no_statement,
                keys_that_rotate_under_load_fail_no_call,
                keys_that_cannot_be_had_leave_the_last_good_ones_serving_for_a_day,
                without_good_keys_nobody_is_let_in,
                a_key_file_that_hangs_takes_no_room_and_is_read_when_it_answers,
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
