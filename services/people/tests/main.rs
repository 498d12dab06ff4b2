//! The people service through the wire, against a real PostgreSQL with databases of its own for each test; and rosters
//! as files.

mod audit;
mod data_match;
mod employment;
mod groups;
mod households;
mod import;
mod list;
mod recognitions;
mod register;
mod registrations;
mod roster;
mod roster_files;
mod roster_judge;
mod surveys;
mod townships;
mod update;
mod walls;
mod watch;
