//! The people service through the wire, against a real PostgreSQL with databases of its own for each test; and rosters
//! as files.

mod audit;
mod audit_proof;
mod employment;
mod groups;
mod import;
mod keys;
mod list;
mod register;
mod registrations;
mod retention;
mod roster;
mod roster_files;
mod roster_judge;
mod surveys;
mod townships;
mod update;
mod walls;
mod watch;
