//! bangfu
fn main(){}
