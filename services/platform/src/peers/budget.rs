//! How many retries are left: a tenth of the calls made, so that retries never double the load on a peer in trouble.

use std::sync::atomic::{AtomicU32, Ordering};

/// One retry costs what ten calls earn.
const PRICE: u32 = 10;

/// Retries that may be saved up.
const SAVED: u32 = 10 * PRICE;

#[derive(Debug)]
pub(super) struct Budget(AtomicU32);

impl Budget {
    pub(super) fn full() -> Self {
        Self(AtomicU32::new(SAVED))
    }

    /// A call was made.
    pub(super) fn earn(&self) {
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| (saved < SAVED).then_some(saved + 1));
    }

    /// Whether a retry can be paid; it is paid then.
    pub(super) fn spend(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| saved.checked_sub(PRICE)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_calls_may_be_repeated() {
        let budget = Budget::full();
        let spent = (0..1000).filter(|_| {
            budget.earn();
            budget.spend()
        });
        assert_eq!(spent.count(), 109, "ten saved up, then one in ten");
    }
}
