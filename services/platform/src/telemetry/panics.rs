//! Where a panic happened, without what it said: its text may hold what the handler was working on.

use std::{cell::RefCell, panic, sync::Once};

use super::correlation_id;

thread_local! {
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Replaces the standard hook, which prints the text. Inside of a call the place is kept for the call's own guard, which
/// logs it once; anywhere else it is logged here.
pub fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            if correlation_id().is_empty() {
                tracing::error!(place, "panicked outside of a call");
            } else {
                PLACE.with_borrow_mut(|kept| *kept = Some(place));
            }
        }));
    });
}

/// Takes the place of the last panic on this thread, once: for a guard that has just caught it.
pub(crate) fn place() -> String {
    PLACE.with_borrow_mut(Option::take).unwrap_or_else(|| "an unknown place".to_owned())
}
