//! Townships in which the follower has stopped, and when each is tried again: after a moment, then after twice as long, and
//! so on. What made it stop may have been repaired meanwhile.

use std::collections::BTreeMap;

use bangfu_kernel::Township;
use bangfu_platform::feed::Position;
use tokio::time::{Duration, Instant};

/// How long a township that stopped waits for its first repetition; doubled up to the longest.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// How often it is looked whether somebody has set a cursor that was refused, in the long run.
const LOOK: Duration = Duration::from_secs(5);

/// Those that have stopped.
#[derive(Debug, Default)]
pub(super) struct Stopped(BTreeMap<Township, Stop>);

#[derive(Debug)]
struct Stop {
    pause: Duration,
    /// `None`: it is being tried.
    again: Option<Instant>,
    /// Nothing more of it is taken from this stream.
    waits: bool,
    /// The registry did not accept the follower's cursor when it stood here.
    refused: Option<Position>,
}

impl Stopped {
    /// An event could not be applied.
    pub(super) fn stop(&mut self, township: &Township, now: Instant) {
        let pause = self.0.get(township).map_or(PAUSE, |stop| (stop.pause * 2).min(LONGEST_PAUSE));
        self.0.insert(township.clone(), Stop { pause, again: Some(now + pause), waits: true, refused: None });
    }

    /// The registry refused the cursor. Whether that was not known yet.
    pub(super) fn refuse(&mut self, township: &Township, position: Position, now: Instant) -> bool {
        let known = self.0.get(township).is_some_and(|stop| stop.refused.as_ref() == Some(&position));
        let stop = Stop { pause: PAUSE, again: Some(now + PAUSE), waits: true, refused: Some(position) };
        if !known {
            self.0.insert(township.clone(), stop);
        }
        !known
    }

    /// It goes on.
    pub(super) fn goes_on(&mut self, township: &Township) {
        self.0.remove(township);
    }

    /// Whether its events are left for later.
    pub(super) fn waits(&self, township: &Township) -> bool {
        self.0.get(township).is_some_and(|stop| stop.waits)
    }

    /// Whether the registry refuses its cursor.
    pub(super) fn is_refused(&self, township: &Township) -> bool {
        self.0.get(township).is_some_and(|stop| stop.refused.is_some())
    }

    /// When the next one is to be tried again; `None`: none has stopped.
    pub(super) fn again(&self) -> Option<Instant> {
        self.0.values().filter_map(|stop| stop.again).min()
    }

    /// A stream is opened anew from these positions: all are tried again, but those whose cursor stands where it was refused.
    pub(super) fn open(&mut self, positions: &[(Township, Position)]) {
        for (township, position) in positions {
            if self.0.get(township).is_some_and(|stop| stop.refused.as_ref().is_some_and(|refused| refused != position))
            {
                self.0.remove(township);
            }
        }
        for stop in self.0.values_mut() {
            stop.waits = stop.refused.is_some();
            if !stop.waits {
                stop.again = None;
            }
        }
    }

    /// Whether it is worth opening the stream anew, now that it is time for some: an event that could not be applied may be
    /// applied now, but a cursor that was refused will be so again, until somebody has set it.
    pub(super) fn worth_a_try(&mut self, positions: &[(Township, Position)], now: Instant) -> bool {
        let mut worth = false;
        for (township, stop) in self.0.iter_mut().filter(|(_, stop)| stop.again.is_some_and(|again| again <= now)) {
            let stands = positions.iter().find(|(other, _)| other == township).map(|(_, position)| position);
            worth |= stop.refused.is_none() || stop.refused.as_ref() != stands;
            if stop.refused.is_some() {
                stop.pause = (stop.pause * 2).min(LOOK);
                stop.again = Some(now + stop.pause);
            }
        }
        worth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn township() -> Township {
        "320685102".parse().expect("a code")
    }

    fn at(seq: i64) -> Vec<(Township, Position)> {
        vec![(township(), Position { epoch: "e".to_owned(), seq })]
    }

    #[test]
    fn what_cannot_be_applied_is_tried_again_ever_more_seldom_until_it_goes_on() {
        let (mut stopped, now) = (Stopped::default(), Instant::now());
        assert_eq!(stopped.again(), None);
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            stopped.stop(&township(), now);
            assert!(stopped.waits(&township()));
            assert_eq!(stopped.again(), Some(now + Duration::from_secs(seconds)));
            assert!(!stopped.worth_a_try(&at(7), now), "not yet");
            assert!(stopped.worth_a_try(&at(7), now + Duration::from_secs(seconds)));
            stopped.open(&at(7));
            assert!(!stopped.waits(&township()), "tried again");
            assert_eq!(stopped.again(), None, "once");
        }
        stopped.goes_on(&township());
        assert_eq!(stopped.again(), None);
    }

    #[test]
    fn a_refused_cursor_is_not_tried_again_before_somebody_has_set_it() {
        let (mut stopped, now) = (Stopped::default(), Instant::now());
        let (_, position) = at(7).remove(0);
        assert!(stopped.refuse(&township(), position.clone(), now));
        assert!(!stopped.refuse(&township(), position, now), "known");
        let later = now + Duration::from_secs(5);
        assert!(!stopped.worth_a_try(&at(7), later));
        assert!(stopped.again() > Some(later), "looked at again later");
        stopped.open(&at(7));
        assert!(stopped.waits(&township()) && stopped.is_refused(&township()));
        assert!(stopped.worth_a_try(&at(3), later + LONGEST_PAUSE), "somebody has set it");
        stopped.open(&at(3));
        assert!(!stopped.waits(&township()) && !stopped.is_refused(&township()));
    }
}
