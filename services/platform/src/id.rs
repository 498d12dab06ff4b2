//! New identifiers: UUIDv7, in the order they were made, after the injected clock.

use std::sync::LazyLock;

use bangfu_kernel::Clock;
use uuid::{ContextV7, Timestamp, Uuid};

static CONTEXT: LazyLock<std::sync::Mutex<ContextV7>> = LazyLock::new(|| std::sync::Mutex::new(ContextV7::new()));

/// A new id. Ids made in one process sort in the order they were made, as long as the clock does not step back.
pub fn new(clock: &Clock) -> Uuid {
    let now = clock.now();
    let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
    let context = CONTEXT.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Uuid::new_v7(Timestamp::from_unix(&*context, seconds, now.timestamp_subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_in_the_order_they_were_made() {
        let clock = Clock::at("2026-01-05".parse().expect("a date"));
        let ids = (0..1000).map(|_| new(&clock)).collect::<Vec<_>>();
        assert!(ids.is_sorted());
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len());
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }
}
