//! The people service through the wire, against a real PostgreSQL with databases of its own for each test; and rosters
//! as files.

mod audit;
mod audit_proof;
mod data_match;
mod duplicates;
mod employment;
mod groups;
mod households;
mod import;
mod keys;
mod list;
mod merges;
mod recognitions;
mod register;
mod registrations;
mod retention;
mod roster;
mod roster_files;
mod roster_judge;
mod surveys;
mod together;
mod townships;
mod transfer_histories;
mod transfer_races;
mod transfer_requests;
mod transfers;
mod update;
mod walls;
mod watch;
