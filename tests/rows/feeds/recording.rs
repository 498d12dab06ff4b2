//! A recorded run of a feed: what was committed by whom and when, and what each watcher received, with its cursors, its
//! bookmarks, and where it was broken off.

use bangfu_platform::feed::NewEvent;

/// An event, as its unit of work made it: the payload tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tag {
    /// Whose.
    pub(super) writer: u32,
    /// Which unit of work of theirs.
    pub(super) unit: u32,
    /// Which event of the unit, from 0.
    pub(super) index: u32,
    /// How many it has.
    pub(super) of: u32,
}

/// What became of a unit of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its commit was acknowledged.
    Committed,
    /// It was given up, or killed before its COMMIT was sent.
    RolledBack,
    /// The answer to its COMMIT was lost.
    Unknown,
}

/// A unit of work that wrote events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    /// Whose.
    pub(super) writer: u32,
    /// Which of theirs.
    pub(super) number: u32,
    /// How many events it has.
    pub(super) of: u32,
    /// What became of it.
    pub(super) fate: Fate,
    /// The run's tick before its commit was asked for.
    pub(super) began: u64,
    /// The run's tick after that was answered.
    pub(super) ended: u64,
}

/// What a watcher saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It opened a watch after an event.
    Opened(i64),
    /// An event came.
    Event(i64, Tag),
    /// A bookmark came.
    Bookmark(i64),
}

/// One watcher, through all its breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Watch {
    /// For messages.
    pub(super) name: String,
    /// What it saw, in order.
    pub(super) steps: Vec<Step>,
    /// It watched until everything was over.
    pub(super) to_the_end: bool,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Recording {
    /// Everything that was tried.
    pub(super) units: Vec<Unit>,
    /// Everybody who watched.
    pub(super) watches: Vec<Watch>,
}

impl Tag {
    /// The events of a unit.
    pub(super) fn unit(writer: u32, unit: u32, of: u32) -> Vec<NewEvent> {
        (0..of)
            .map(|index| Self { writer, unit, index, of })
            .map(|tag| NewEvent { kind: 1, payload: tag.payload() })
            .collect()
    }

    fn payload(self) -> Vec<u8> {
        [self.writer, self.unit, self.index, self.of].into_iter().flat_map(u32::to_be_bytes).collect()
    }

    /// The tag of a payload.
    pub(super) fn of(payload: &[u8]) -> Self {
        let numbers: Vec<_> =
            payload.chunks_exact(4).map(|bytes| u32::from_be_bytes(bytes.try_into().expect("four bytes"))).collect();
        let [writer, unit, index, of] = numbers[..] else { panic!("not of ours: {payload:?}") };
        Self { writer, unit, index, of }
    }
}

impl Watch {
    /// The events, in the order in which they came.
    pub(super) fn events(&self) -> impl Iterator<Item = (i64, Tag)> {
        self.steps.iter().filter_map(|step| match step {
            Step::Event(seq, tag) => Some((*seq, *tag)),
            Step::Opened(_) | Step::Bookmark(_) => None,
        })
    }

    /// Its watches, each from where it was opened.
    pub(super) fn segments(&self) -> impl Iterator<Item = &[Step]> {
        self.steps.chunk_by(|_, next| !matches!(next, Step::Opened(_)))
    }
}
