//! The suite from outside, as one binary: one link, one PostgreSQL.

mod access;
mod catalogue;
mod contract;
mod units;
mod walls;
