//! Says something again and again without filling the log: once in a while, with how often it was not said.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Lets one through a period and counts the others.
#[derive(Debug)]
pub struct Seldom {
    period: Duration,
    state: Mutex<(Option<Instant>, u64)>,
}

impl Seldom {
    /// One a period.
    pub const fn new(period: Duration) -> Self {
        Self { period, state: Mutex::new((None, 0)) }
    }

    /// How many there were since the last that was let through, this one included; `None`: be silent.
    pub fn count(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, silent) = &mut *state;
        *silent += 1;
        if last.is_some_and(|last| now.duration_since(last) < self.period) {
            return None;
        }
        *last = Some(now);
        Some(std::mem::take(silent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_a_period_is_let_through_and_tells_of_the_silent_ones() {
        let seldom = Seldom::new(Duration::from_secs(1));
        let start = Instant::now();
        let at = |millis| seldom.count(start + Duration::from_millis(millis));
        assert_eq!([at(0), at(1), at(999)], [Some(1), None, None]);
        assert_eq!([at(1000), at(1001)], [Some(3), None]);
    }
}
