//! What the suite's tests, benches and tortures share. The tests lie in `tests/`, the figures in `benches/`; an attack or a
//! fault that is tried in two sizes is a row (`row.rs`), and the rows stand in `rows/`, one file an area of the walls.

pub mod all_wrong;
pub mod asks;
pub mod certificates;
pub mod chance;
pub mod child;
pub mod collector;
pub mod methods;
pub mod proxy;
pub mod raw;
pub mod replica;
pub mod row;
pub mod rows;
pub mod scene;
pub mod served;
pub mod steps;
pub mod tap;
