//! Behaviour of the people service, one file each.

mod roster;
mod roster_files;
mod roster_judge;
