//! How many calls are at work at once: in the whole server, and of one township. Beyond it a call is refused, not queued.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bangfu_kernel::{Error, Township};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Settings;

/// Both limits of one server. Cloning gives another handle.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    calls: Arc<Semaphore>,
    per_township: usize,
    at_work: Arc<Mutex<HashMap<Township, usize>>>,
}

/// A call's place among its township's; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    at_work: Arc<Mutex<HashMap<Township, usize>>>,
    township: Township,
}

impl Limits {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            calls: Arc::new(Semaphore::new(settings.calls)),
            per_township: settings.calls_per_township,
            at_work: Arc::default(),
        }
    }

    /// Room for one more call of the server; `None` when it is full.
    pub(super) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        self.calls.clone().try_acquire_owned().ok()
    }

    /// Room for one more call of a township.
    pub(super) fn enter_township(&self, township: &Township) -> Result<Place, Error> {
        let mut at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = at_work.entry(township.clone()).or_default();
        if *calls >= self.per_township {
            return Err(Error::Overloaded { limit: "township" });
        }
        *calls += 1;
        Ok(Place { at_work: self.at_work.clone(), township: township.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(calls) = at_work.get_mut(&self.township) {
            *calls -= 1;
            if *calls == 0 {
                at_work.remove(&self.township);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_township_leaves_room_for_others_and_has_room_again_when_a_call_ends() {
        let limits = Limits::new(&Settings { calls_per_township: 1, ..Settings::default() });
        let [one, other]: [Township; 2] = ["320685102", "320685103"].map(|code| code.parse().expect("a code"));
        let place = limits.enter_township(&one).expect("room");
        assert!(matches!(limits.enter_township(&one), Err(Error::Overloaded { limit: "township" })));
        limits.enter_township(&other).expect("room for another");
        drop(place);
        limits.enter_township(&one).expect("room again");
        assert!(limits.at_work.lock().expect("whole").is_empty(), "townships without calls leave nothing behind");
    }
}
