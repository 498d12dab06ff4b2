//! The suite from outside, as one binary: one link, one PostgreSQL.

mod access;
mod asks;
mod bad_input;
mod catalogue;
mod contract;
mod foreign;
mod rosters;
mod steps;
mod units;
mod walls;
