//! The embedded PostgreSQL, started, killed, adopted and stopped for real.

mod adoption;
mod answers;
mod crashes;
mod databases;
#[expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]
mod ground;
mod interrupted;
mod missing;
mod owners;
mod places;
