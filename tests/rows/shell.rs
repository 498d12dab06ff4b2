//! The shell of a serving process: whatever comes from outside, it stays within its bounds, tells why it refuses, and goes
//! on serving everybody else.

mod deadlines;
mod descriptors;
mod floods;
pub(crate) mod frames;
mod halves;
mod messages;
mod overload;
mod panics;
pub mod server;
mod silent;
mod watches;

pub use self::{
    deadlines::{
        every_call_ends_at_its_callers_deadline_and_leaves_no_statement,
        every_call_ends_at_the_servers_deadline_and_leaves_no_statement,
    },
    descriptors::a_server_without_descriptors_rests_and_recovers,
    floods::floods_are_ended_or_borne_while_others_are_served,
    halves::requests_that_are_begun_and_never_whole_give_their_places_back,
    messages::{
        a_bomb_is_refused_before_it_is_unpacked, a_message_of_four_mebibytes_passes_and_a_byte_more_is_refused,
        an_unknown_encoding_is_refused_with_those_that_are_known,
    },
    overload::ten_times_the_load_is_refused_at_once_and_the_rest_is_served,
    panics::a_panic_ends_one_call_and_tells_nothing,
    silent::silent_connections_leave_room_for_others_and_give_their_places_back,
    watches::{a_caller_holds_sixteen_watches_and_no_more, a_slow_reader_is_told_so_and_costs_little},
};
