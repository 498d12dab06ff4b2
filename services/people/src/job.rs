//! Background work of the registry.

pub(crate) mod wipe;
