//! A roster (人员台账) as offices send it: read, judged, reported, and made up for trying. Domain text, section 6.
//!
//! `sheet` opens a file and gives rows in text form; `judge` says what becomes of each; both the import and
//! `bangfu roster check` use it, so that they cannot disagree. Nothing here knows a clock, a database or a network.

pub mod date;
pub mod judge;
pub mod ledger;
pub mod listed;
pub mod normal;
pub mod report;
pub mod row;
pub mod sample;
pub mod sheet;

pub use judge::{AcceptedRow, Judge, Judged, Spell, Verdict, judge};
pub use listed::{Besides, ListedRow};
pub use row::{Column, RosterRow, too_long};
pub use sheet::{CsvRecord, List, Roster, SheetError, read, read_csv, read_list};
