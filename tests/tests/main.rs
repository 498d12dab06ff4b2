//! The suite from outside, as one binary: one link, one PostgreSQL.

mod access;
mod all_wrong;
mod asks;
mod bad_input;
mod catalogue;
mod chance;
mod child;
mod contract;
mod crossings;
mod feeds;
mod foreign;
mod journeys;
mod life;
mod merges;
mod rosters;
mod secrets;
mod split;
mod steps;
mod telemetry;
mod transfers;
mod two_years;
mod units;
mod walls;
mod worked_examples;
