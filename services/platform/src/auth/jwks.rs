//! The public keys that tokens are verified with: from a file, an https URL, or memory. Looked up by `kid` on every call;
//! calls never wait for a reload unless they bring a key that is not known yet.

mod document;
mod source;

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, RwLock, RwLockReadGuard},
};

use bangfu_kernel::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::{
    sync::{OwnedMutexGuard, Semaphore},
    time::{Instant, timeout},
};

pub use document::{Key, Unusable};
use source::Source;

use crate::hangs::{self, HANGS};

/// How long the last good keys serve while the source is out of reach.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// Calls that wait for a reload at once. A stranger may name any key; whoever finds no place here is refused at once, for
/// strangers that wait for a slow source must not fill the room of all.
const WAITING: usize = 32;

type Keys = HashMap<String, Arc<Key>>;

/// The keys of one issuer. Cloning gives another handle on the same keys.
#[derive(Debug, Clone)]
pub struct Jwks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    clock: Clock,
    known: RwLock<Known>,
    /// One reload at a time; since when it is under way.
    reload: Arc<tokio::sync::Mutex<()>>,
    begun: RwLock<Option<Instant>>,
    /// Places of those who wait for it.
    waiting: Semaphore,
}

#[derive(Debug, Default)]
struct Known {
    keys: Keys,
    /// When the source last gave good keys.
    good: Option<DateTime<Utc>>,
    /// When the source was last asked.
    asked: Option<DateTime<Utc>>,
}

impl Jwks {
    /// Keys that never change: tests, and the development issuer within one process.
    pub fn fixed(document: &str, clock: Clock) -> Result<Self, Unusable> {
        let keys = document::parse(document.as_bytes())?;
        let now = clock.now();
        Ok(Self::over(Source::Fixed, clock, Known { keys, good: Some(now), asked: Some(now) }))
    }

    /// A JWKS file, looked at again every few seconds. Need not exist yet.
    pub fn file(path: impl Into<PathBuf>, clock: Clock) -> Self {
        Self::over(Source::File(path.into()), clock, Known::default())
    }

    /// A JWKS behind https, fetched again every five minutes. Plain http is taken from this machine only: whoever can
    /// change the keys on the way is every caller at once.
    pub fn url(url: &str, clock: Clock) -> Result<Self, Unusable> {
        Ok(Self::over(Source::url(url)?, clock, Known::default()))
    }

    fn over(source: Source, clock: Clock, known: Known) -> Self {
        let (reload, begun, waiting) = (Arc::default(), RwLock::default(), Semaphore::new(WAITING));
        Self(Arc::new(Inner { source, clock, known: RwLock::new(known), reload, begun, waiting }))
    }

    /// Loads the keys now, so that whoever starts a service hears at once if they cannot be had. Needs a runtime.
    pub fn look(&self) {
        if let Ok(turn) = self.0.reload.clone().try_lock_owned() {
            tokio::spawn(self.clone().load(turn, self.0.clock.now()));
        }
    }

    /// The key of this id, if there is one. An unknown one asks the source again, at most once in the source's rest.
    pub(super) async fn key(&self, kid: &str) -> Option<Arc<Key>> {
        let Inner { source, clock, .. } = &*self.0;
        if matches!(source, Source::Fixed) {
            return self.0.known().keys.get(kid).cloned();
        }
        let now = clock.now();
        if let Some((key, stale)) = self.0.serving(kid, now) {
            if stale {
                self.look();
            }
            return Some(key);
        }
        let begun = *self.0.begun.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        // Nobody waits for a source that hangs.
        let wait = begun.map_or(HANGS, |begun| HANGS.saturating_sub(begun.elapsed()));
        let _place = self.0.waiting.try_acquire().ok().filter(|_| !wait.is_zero())?;
        let _too_long = timeout(wait, self.reload(now)).await;
        self.0.serving(kid, now).map(|(key, _)| key)
    }

    /// The load is a task of its own: a caller that hangs up must not leave the others with "asked" and no answer.
    async fn reload(&self, now: DateTime<Utc>) {
        let turn = self.0.reload.clone().lock_owned().await;
        if let Err(error) = tokio::spawn(self.clone().load(turn, now)).await {
            tracing::error!(%error, "the reload of token keys broke off");
        }
    }

    async fn load(self, _turn: OwnedMutexGuard<()>, now: DateTime<Utc>) {
        {
            let mut known = self.0.write();
            // The distance, not the difference: a clock that was set back must not stop reloads.
            if known.asked.is_some_and(|asked| (now - asked).abs() < self.0.source.rest()) {
                return;
            }
            known.asked = Some(now);
        }
        let _under_way = UnderWay::begin(&self.0.begun);
        let tell = || {
            tracing::error!(
                "token keys cannot be had, their source hangs: no other ones are taken up until it answers"
            );
        };
        match hangs::wait(self.0.source.load(), tell).await {
            Ok(keys) => {
                let mut known = self.0.write();
                known.keys = keys;
                known.good = Some(now);
            }
            Err(error) => match self.0.known().good {
                Some(since) => {
                    tracing::warn!(%error, %since, "token keys could not be loaded; the last good ones serve on");
                }
                None => {
                    tracing::error!(%error, "token keys could not be loaded, and there are none: every call is refused");
                }
            },
        }
    }
}

/// Notes that a reload is under way, for as long as it lives.
struct UnderWay<'a>(&'a RwLock<Option<Instant>>);

impl<'a> UnderWay<'a> {
    fn begin(begun: &'a RwLock<Option<Instant>>) -> Self {
        *begun.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Instant::now());
        Self(begun)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        *self.0.write().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    }
}

impl Inner {
    /// The key, and whether it is time to look for newer ones.
    fn serving(&self, kid: &str, now: DateTime<Utc>) -> Option<(Arc<Key>, bool)> {
        let known = self.known();
        let age = (now - known.good?).abs();
        let asked = known.asked.map_or(KEPT, |asked| (now - asked).abs());
        let stale = age >= self.source.fresh() && asked >= self.source.rest();
        (age < KEPT).then(|| known.keys.get(kid).map(|key| (Arc::clone(key), stale))).flatten()
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
