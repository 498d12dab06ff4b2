//! How many change streams one caller may hold open: each costs a task, a buffer and a place on the feed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bangfu_kernel::{Caller, Error};

/// The default of open streams per caller.
pub const PER_CALLER: usize = 16;

/// Counts open streams per caller. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct WatchQuota {
    per_caller: usize,
    open: Arc<Mutex<HashMap<String, usize>>>,
}

/// An open stream's place; keep it as long as the stream, dropping gives it back.
#[derive(Debug)]
pub struct Guard {
    subject: String,
    open: Arc<Mutex<HashMap<String, usize>>>,
}

impl WatchQuota {
    /// A quota of so many streams per caller.
    pub fn new(per_caller: usize) -> Self {
        Self { per_caller, open: Arc::default() }
    }

    /// A place for one more stream of this caller (the token's `sub`). Errors: OVERLOADED with limit `watch`.
    pub fn enter(&self, caller: &Caller) -> Result<Guard, Error> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let streams = open.entry(caller.subject.clone()).or_default();
        if *streams >= self.per_caller {
            return Err(Error::Overloaded { limit: "watch" });
        }
        *streams += 1;
        Ok(Guard { subject: caller.subject.clone(), open: self.open.clone() })
    }
}

impl Default for WatchQuota {
    fn default() -> Self {
        Self::new(PER_CALLER)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(streams) = open.get_mut(&self.subject) {
            *streams -= 1;
            if *streams == 0 {
                open.remove(&self.subject);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(subject: &str) -> Caller {
        Caller {
            subject: subject.to_owned(),
            city: "320685".to_owned(),
            township: None,
            roles: [].into(),
            villages: [].into(),
        }
    }

    #[test]
    fn a_caller_holds_so_many_streams_and_no_more_until_one_ends() {
        let quota = WatchQuota::new(2);
        let places = [quota.enter(&caller("a")), quota.enter(&caller("a"))];
        assert!(matches!(quota.enter(&caller("a")), Err(Error::Overloaded { limit: "watch" })));
        quota.enter(&caller("b")).expect("others have their own");
        drop(places);
        quota.enter(&caller("a")).expect("room again");
        assert!(quota.open.lock().expect("whole").is_empty(), "callers without streams leave nothing behind");
    }
}
