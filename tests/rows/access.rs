//! Who may do what, about whom: doors, mass assignment, tokens of places, foreign ids, and services that are asked to do
//! what a caller may not.

mod assignment;
mod deputies;
mod doors;
mod places;

pub use assignment::{
    every_field_that_a_caller_may_set_is_the_callers_to_set, what_the_server_owns_is_not_set_by_a_caller,
};
pub use deputies::{
    a_contact_writes_into_no_other_townships_registry, headers_that_a_caller_forges_are_not_believed,
    what_is_told_to_the_registry_is_told_under_the_services_own_name,
};
pub use doors::{
    another_townships_everything_is_answered_like_what_never_was, every_rpc_admits_whom_the_committed_table_says,
};
pub use places::{
    a_cursor_of_another_place_is_refused_and_tells_nothing, a_page_token_opens_only_the_list_it_was_given_for,
};
