//! bangfu
fn main() {}
