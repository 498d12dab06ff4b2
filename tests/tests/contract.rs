//! Rules of the contract that no linter knows: idempotency, pages, tenancy.

use bangfu_tests::methods::{all as methods, reads};
use prost_reflect::{DescriptorPool, FieldDescriptor};

#[test]
fn every_mutating_rpc_takes_a_request_id() {
    for method in methods().iter().filter(|method| !reads(method)) {
        let input = method.input();
        let own = input.get_field_by_name("request_id").is_some();
        let within = |field: FieldDescriptor| {
            field.kind().as_message().is_some_and(|part| part.get_field_by_name("request_id").is_some())
        };
        // A stream names it in its first message.
        let in_first_part = method.is_client_streaming() && input.fields().any(within);
        // A list of units of work has one in each row, and nothing besides its rows.
        let in_each_row = input.fields().all(|field| field.is_list() && within(field));
        assert!(own || in_first_part || in_each_row, "{} has no request_id", method.full_name());
    }
}

/// Lists that are told whole: a township's coordinators are a handful, and the unassigned queue is told with them; there is
/// a standard every few years.
const WHOLE: [&str; 2] = ["ListCoordinators", "ListStandards"];

/// Watches of what a day brings, which go on after a day: no place in a feed tells what has become due soon.
const BY_DAY: [&str; 1] = ["WatchReminders"];

#[test]
fn every_list_has_pages_and_every_watch_has_cursors() {
    for method in methods() {
        let (input, output) = (method.input(), method.output());
        if method.name().starts_with("List") && !WHOLE.contains(&method.name()) {
            for field in ["page_size", "page_token"] {
                assert!(input.get_field_by_name(field).is_some(), "{} has no {field}", input.full_name());
            }
            assert!(output.get_field_by_name("next_page_token").is_some(), "{}", output.full_name());
        }
        if method.name().starts_with("Watch") {
            assert!(method.is_server_streaming(), "{}", method.full_name());
            let goes_on = if BY_DAY.contains(&method.name()) { "after" } else { "cursors" };
            assert!(input.get_field_by_name(goes_on).is_some(), "{}", input.full_name());
            assert!(output.get_field_by_name("bookmark").is_some(), "{}", output.full_name());
        }
    }
}

#[test]
fn every_reason_of_the_contract_can_be_sent_and_no_other() {
    let pool = DescriptorPool::decode(bangfu_proto::DESCRIPTOR_SET).expect("the contract");
    let reasons = pool.get_enum_by_name("bangfu.common.v1.ErrorReason").expect("the reasons");
    let source = include_str!("../../services/kernel/src/status.rs");
    for reason in reasons.values().filter(|reason| reason.number() != 0) {
        let variant = reason
            .name()
            .trim_start_matches("ERROR_REASON_")
            .split('_')
            .map(|word| word[..1].to_owned() + &word[1..].to_lowercase())
            .collect::<String>();
        assert!(source.contains(&format!("R::{variant})")), "{} is never sent", reason.name());
    }
}
