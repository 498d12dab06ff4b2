//! Each checker sees what it is there for: a recording that keeps all promises, and spoiled ones.

use super::{
    super::recording::{Fate, Recording, Step, Tag, Unit, Watch},
    ALL,
};

fn tag(writer: u32, index: u32, of: u32) -> Tag {
    Tag { writer, unit: 1, index, of }
}

fn unit(writer: u32, of: u32, fate: Fate, (began, ended): (u64, u64)) -> Unit {
    Unit { writer, number: 1, of, fate, began, ended }
}

/// Writer 1 commits two events, writer 2 one, writer 3 is rolled back, writer 4 commits two.
fn good() -> Recording {
    let event = Step::Event;
    let steady = vec![
        Step::Opened(0),
        event(1, tag(1, 0, 2)),
        event(2, tag(1, 1, 2)),
        Step::Bookmark(2),
        event(3, tag(2, 0, 1)),
        event(4, tag(4, 0, 2)),
        event(5, tag(4, 1, 2)),
        Step::Bookmark(5),
    ];
    let broken = vec![
        Step::Opened(0),
        event(1, tag(1, 0, 2)),
        Step::Opened(1),
        event(2, tag(1, 1, 2)),
        event(3, tag(2, 0, 1)),
        Step::Bookmark(3),
        Step::Opened(3),
        event(4, tag(4, 0, 2)),
        event(5, tag(4, 1, 2)),
        Step::Bookmark(5),
    ];
    Recording {
        units: vec![
            unit(1, 2, Fate::Committed, (1, 2)),
            unit(2, 1, Fate::Committed, (3, 5)),
            unit(3, 2, Fate::RolledBack, (4, 6)),
            unit(4, 2, Fate::Committed, (7, 8)),
        ],
        watches: vec![
            Watch { name: "steady".into(), steps: steady, to_the_end: true },
            Watch { name: "broken".into(), steps: broken, to_the_end: true },
        ],
    }
}

/// The names of the promises that a recording breaks.
fn broken(spoil: impl FnOnce(&mut Recording)) -> Vec<&'static str> {
    let mut recording = good();
    spoil(&mut recording);
    ALL.iter().filter(|(_, check)| check(&recording).is_err()).map(|(name, _)| *name).collect()
}

/// Everybody's steps.
fn everywhere(recording: &mut Recording, change: impl Fn(&mut Step)) {
    recording.watches.iter_mut().flat_map(|watch| &mut watch.steps).for_each(change);
}

#[test]
fn a_good_recording_keeps_all_promises() {
    assert_eq!(broken(|_| {}), [""; 0]);
}

#[test]
fn ordered_sees_numbers_that_go_back_and_numbers_against_time() {
    assert!(broken(|recording| recording.watches[0].steps.swap(4, 5)).contains(&"ordered"));
    // Writer 4 was answered before writer 2 asked.
    let against = broken(|recording| (recording.units[3].began, recording.units[3].ended) = (1, 2));
    assert_eq!(against, ["ordered"]);
    // Two watchers are told the same number for different events.
    assert!(broken(|recording| recording.watches[1].steps[4] = Step::Event(3, tag(4, 0, 2))).contains(&"ordered"));
}

#[test]
fn unique_sees_an_event_that_comes_twice_or_has_two_numbers() {
    assert!(broken(|recording| recording.watches[0].steps.insert(2, Step::Event(1, tag(1, 0, 2)))).contains(&"unique"));
    assert!(broken(|recording| recording.watches[1].steps.insert(3, Step::Event(1, tag(1, 0, 2)))).contains(&"unique"));
    let twice = broken(|recording| {
        everywhere(recording, |step| {
            if let Step::Event(5, tag) = step {
                tag.index = 0;
            }
        });
    });
    assert!(twice.contains(&"unique"), "{twice:?}");
}

#[test]
fn reliable_sees_what_was_left_out_rolled_back_or_made_up() {
    assert!(
        broken(|recording| recording.watches[0].steps.retain(|step| !matches!(step, Step::Event(3, _))))
            .contains(&"reliable")
    );
    // Nothing is missing in between, but what came last never came.
    let lost = broken(|recording| {
        for watch in &mut recording.watches {
            watch.steps.retain(|step| !matches!(step, Step::Event(4 | 5, _)));
            watch.steps.pop();
            watch.steps.push(Step::Bookmark(3));
        }
    });
    assert_eq!(lost, ["reliable"]);
    let ghost = broken(|recording| recording.units[1].fate = Fate::RolledBack);
    assert_eq!(ghost, ["reliable"]);
    assert_eq!(broken(|recording| recording.units.retain(|unit| unit.writer != 2)), ["reliable"]);
}

#[test]
fn atomic_sees_half_a_unit_a_stranger_within_and_a_bookmark_within() {
    let half = broken(|recording| {
        for watch in &mut recording.watches {
            watch.steps.retain(|step| !matches!(step, Step::Event(5, _)));
            watch.steps.pop();
            watch.to_the_end = false;
        }
    });
    assert_eq!(half, ["atomic"]);
    let within = broken(|recording| {
        everywhere(recording, |step| match step {
            Step::Event(2, place) => *place = tag(2, 0, 1),
            Step::Event(3, place) => *place = tag(1, 1, 2),
            _ => {}
        });
        recording.watches[0].steps.remove(3);
    });
    assert_eq!(within, ["atomic"]);
    assert_eq!(broken(|recording| recording.watches[0].steps.insert(2, Step::Bookmark(1))), ["atomic"]);
}

#[test]
fn resumable_sees_a_watch_that_goes_on_elsewhere_or_sees_other_things() {
    let elsewhere = broken(|recording| {
        recording.watches[1].steps[2] = Step::Opened(2);
        recording.watches[1].steps.remove(3);
    });
    assert!(elsewhere.contains(&"resumable"), "{elsewhere:?}");
    let other = broken(|recording| {
        recording.watches[1].steps.truncate(7);
        recording.watches[1].steps.push(Step::Bookmark(5));
        recording.watches[1].to_the_end = false;
    });
    assert!(other.contains(&"resumable"), "{other:?}");
}

#[test]
fn bookmarkable_sees_a_bookmark_ahead_behind_or_none() {
    assert_eq!(broken(|recording| recording.watches[0].steps[3] = Step::Bookmark(3)), ["bookmarkable"]);
    assert!(broken(|recording| recording.watches[0].steps.push(Step::Bookmark(3))).contains(&"bookmarkable"));
    assert_eq!(broken(|recording| recording.watches[0].steps.truncate(7)), ["bookmarkable"]);
}
