//! What a watch promises, after etcd's six promises; each has a checker, a pure function over a recorded run. They say what
//! was broken, or nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::recording::{Fate, Recording, Step, Tag};

/// A checker, by its name.
pub(super) type Promise = (&'static str, fn(&Recording) -> Result<(), String>);

/// All six.
pub(super) const ALL: [Promise; 6] = [
    ("ordered", ordered),
    ("unique", unique),
    ("reliable", reliable),
    ("atomic", atomic),
    ("resumable", resumable),
    ("bookmarkable", bookmarkable),
];

/// All of them hold.
pub(super) fn hold(recording: &Recording, seed: u64) {
    for (name, check) in ALL {
        if let Err(broken) = check(recording) {
            panic!("{name}: {broken} (seed {seed})");
        }
    }
}

/// **Ordered**: within a watch numbers never go back; a number means the same event to everybody; and numbers follow time:
/// a unit whose commit was answered before another's was asked for stands before it.
pub(super) fn ordered(recording: &Recording) -> Result<(), String> {
    for watch in &recording.watches {
        for segment in watch.segments() {
            let mut last = i64::MIN;
            for step in segment {
                if let Step::Event(seq, _) = *step {
                    if seq < last {
                        return Err(format!("{}: {seq} came after {last}", watch.name));
                    }
                    last = seq;
                }
            }
        }
    }
    let log = log(recording)?;
    let mut places = BTreeMap::new();
    for (seq, tag) in &log {
        places.entry((tag.writer, tag.unit)).or_insert(*seq);
    }
    let mut units: Vec<_> = recording
        .units
        .iter()
        .filter_map(|unit| places.get(&(unit.writer, unit.number)).map(|place| (*place, unit)))
        .collect();
    units.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
    let mut first_answer_after: Option<(u64, i64)> = None;
    for (place, unit) in units {
        if let Some((answered, later)) = first_answer_after
            && answered < unit.began
        {
            return Err(format!("event {later} was committed before event {place} was asked for"));
        }
        if first_answer_after.is_none_or(|(answered, _)| unit.ended < answered) {
            first_answer_after = Some((unit.ended, place));
        }
    }
    Ok(())
}

/// **Unique**: no watch tells an event twice, nor one that its cursor says was taken, and no event has two numbers.
pub(super) fn unique(recording: &Recording) -> Result<(), String> {
    let mut numbers = BTreeMap::new();
    for watch in &recording.watches {
        for segment in watch.segments() {
            let mut seen = BTreeSet::new();
            let mut after = i64::MIN;
            for step in segment {
                match *step {
                    Step::Opened(at) => after = at,
                    Step::Event(seq, tag) => {
                        if seq <= after || !seen.insert(seq) {
                            return Err(format!("{}: {seq} came twice", watch.name));
                        }
                        let number = *numbers.entry(tag).or_insert(seq);
                        if number != seq {
                            return Err(format!("{tag:?} has the numbers {number} and {seq}"));
                        }
                    }
                    Step::Bookmark(_) => {}
                }
            }
        }
    }
    Ok(())
}

/// **Reliable**: nothing is left out and nothing is made up: numbers are dense from where a watch was opened; what was rolled
/// back is told to nobody; what was committed is told to everybody who watched to the end.
pub(super) fn reliable(recording: &Recording) -> Result<(), String> {
    let fates: BTreeMap<_, _> = recording.units.iter().map(|unit| ((unit.writer, unit.number), unit)).collect();
    for watch in &recording.watches {
        for segment in watch.segments() {
            let mut last = 0;
            for step in segment {
                match *step {
                    Step::Opened(after) => last = after,
                    Step::Event(seq, _) if seq > last + 1 => {
                        return Err(format!("{}: {seq} follows {last}", watch.name));
                    }
                    Step::Event(seq, _) => last = last.max(seq),
                    Step::Bookmark(_) => {}
                }
            }
        }
        let mut told = BTreeMap::<_, BTreeSet<_>>::new();
        for (seq, tag) in watch.events() {
            match fates.get(&(tag.writer, tag.unit)) {
                None => return Err(format!("{}: nobody made {seq}, {tag:?}", watch.name)),
                Some(unit) if unit.fate == Fate::RolledBack => {
                    return Err(format!("{}: {seq}, {tag:?} was rolled back", watch.name));
                }
                Some(_) => told.entry((tag.writer, tag.unit)).or_default().insert(tag.index),
            };
        }
        let committed = recording.units.iter().filter(|unit| unit.fate == Fate::Committed && watch.to_the_end);
        for unit in committed {
            let count = told.get(&(unit.writer, unit.number)).map_or(0, BTreeSet::len);
            if count != unit.of as usize {
                return Err(format!("{}: {count} events of {unit:?}", watch.name));
            }
        }
    }
    Ok(())
}

/// **Atomic**: a unit's events have consecutive numbers, in the order in which it made them; all of them are in the feed or
/// none; and no bookmark stands among them. So a consumer that stores effect and cursor in one transaction whenever a bookmark
/// comes never stands between two events of a unit: there is no moment at which its effects show half of one.
pub(super) fn atomic(recording: &Recording) -> Result<(), String> {
    let log = log(recording)?;
    let mut before: Option<(i64, Tag)> = None;
    for (&seq, &tag) in &log {
        if let Some((last, other)) = before {
            let same = (other.writer, other.unit) == (tag.writer, tag.unit);
            let goes_on = same && tag.index == other.index + 1 && seq == last + 1;
            let begins = other.index + 1 == other.of && tag.index == 0;
            if !goes_on && !begins {
                return Err(format!("{last} is {other:?}, and then comes {seq}, {tag:?}"));
            }
        }
        before = Some((seq, tag));
    }
    if let Some((last, tag)) = before
        && tag.index + 1 != tag.of
    {
        return Err(format!("the feed ends with {last}, {tag:?}"));
    }
    for watch in &recording.watches {
        for step in &watch.steps {
            if let Step::Bookmark(seq) = step
                && let Some(tag) = log.get(seq)
                && tag.index + 1 != tag.of
            {
                return Err(format!("{}: a bookmark stands at {seq}, {tag:?}", watch.name));
            }
        }
    }
    Ok(())
}

/// **Resumable**: a watch that was broken off and opened again where it stood has seen, all in all, what one sees that was
/// never broken off: the same events, in the same order, from its first to its last.
pub(super) fn resumable(recording: &Recording) -> Result<(), String> {
    let log = log(recording)?;
    for watch in &recording.watches {
        let (mut begin, mut stands) = (None, 0);
        for step in &watch.steps {
            match *step {
                Step::Opened(after) if begin.is_some() && after != stands => {
                    return Err(format!("{}: stood at {stands} and went on after {after}", watch.name));
                }
                Step::Opened(after) => {
                    begin.get_or_insert(after);
                    stands = after;
                }
                Step::Event(seq, _) | Step::Bookmark(seq) => stands = seq,
            }
        }
        let Some(begin) = begin else { continue };
        let seen: Vec<_> = watch.events().collect();
        let unbroken: Vec<_> = log.range(begin + 1..=stands.max(begin)).map(|(seq, tag)| (*seq, *tag)).collect();
        if seen != unbroken {
            let place = seen.iter().zip(&unbroken).position(|(one, other)| one != other);
            let place = place.unwrap_or(seen.len().min(unbroken.len()));
            return Err(format!(
                "{}: saw {:?} where an unbroken watch sees {:?}",
                watch.name,
                seen.get(place),
                unbroken.get(place)
            ));
        }
    }
    Ok(())
}

/// **Bookmarkable**: a bookmark tells where the watch stands, no more and no less: everything up to it has come, nothing
/// beyond; and whoever watched to the end was told so by one.
pub(super) fn bookmarkable(recording: &Recording) -> Result<(), String> {
    for watch in &recording.watches {
        let mut stands = 0;
        for step in &watch.steps {
            match *step {
                Step::Opened(seq) | Step::Event(seq, _) => stands = seq,
                Step::Bookmark(seq) if seq != stands => {
                    return Err(format!("{}: a bookmark at {seq} where the watch stands at {stands}", watch.name));
                }
                Step::Bookmark(_) => {}
            }
        }
        if watch.to_the_end && !matches!(watch.steps.last(), Some(Step::Bookmark(_))) {
            return Err(format!("{}: no bookmark at the end", watch.name));
        }
    }
    Ok(())
}

/// The feed as its watchers saw it; an error when a number means two events.
fn log(recording: &Recording) -> Result<BTreeMap<i64, Tag>, String> {
    let mut log = BTreeMap::new();
    for watch in &recording.watches {
        for (seq, tag) in watch.events() {
            let other = *log.entry(seq).or_insert(tag);
            if other != tag {
                return Err(format!("{}: {seq} is {tag:?}, and was {other:?}", watch.name));
            }
        }
    }
    Ok(log)
}

#[cfg(test)]
#[path = "promises_tests.rs"]
mod tests;
