//! The suite from outside, as one binary: one link, one PostgreSQL.

mod access;
mod bad_input;
mod catalogue;
mod contract;
mod crossings;
mod feeds;
mod foreign;
mod journeys;
mod life;
mod merges;
mod rosters;
mod rows;
mod split;
mod telemetry;
mod transfers;
mod two_years;
mod units;
mod walls;
mod worked_examples;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a process that a test starts"]
async fn child() {
    let roles: [bangfu_tests::child::Role; 1] =
        [("calls within a trace", || Box::pin(telemetry::calls_within_a_trace()))];
    bangfu_tests::child::play(&roles).await;
}
