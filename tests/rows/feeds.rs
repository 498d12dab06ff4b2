//! Feeds: what a watch promises, kept whatever happens to writers, watchers, the store and the line.

mod consumers;
mod edges;
mod poison;
pub mod producers;
mod promises;
mod recording;
mod restored;
mod stage;
mod writers;

pub use consumers::{
    a_consumer_killed_at_every_await_has_each_event_once_and_never_half_a_unit,
    the_follower_killed_at_every_await_knows_everybody_once,
};
pub use edges::{
    a_slow_reader_is_told_so_and_goes_on_where_it_stood,
    compaction_at_the_edge_stops_only_those_whose_next_event_is_gone, every_kind_of_bad_cursor_is_refused_by_its_name,
};
pub use poison::a_township_goes_on_by_itself_once_what_stopped_it_is_repaired;
pub use producers::a_producer_killed_between_insert_and_commit_leaves_nothing_behind;
pub use restored::a_restore_to_ten_minutes_ago_stops_consumers_and_says_so;
pub use writers::twelve_writers_keep_the_six_promises;
