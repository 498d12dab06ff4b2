//! Who calls and what they may do: token → verified caller → permit.

pub mod issuer;
pub mod jwks;
pub mod layer;
pub mod permit;
pub mod token;

pub use permit::{Crossing, Permit, admitted};
