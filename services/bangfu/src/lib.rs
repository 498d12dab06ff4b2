//! The one binary, as a library: the suite in one process or one service at a time, the development ground under it, and
//! the client side.

pub mod client;
pub mod demo;
pub mod development;
pub mod suite;
