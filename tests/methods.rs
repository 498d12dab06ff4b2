//! The RPCs of the contract, as its descriptors tell them.

use prost_reflect::{DescriptorPool, MethodDescriptor};

/// Verbs that change nothing. RevealPerson leaves an audit entry at every call, on purpose.
const READING: [&str; 7] = ["Find", "Get", "BatchGet", "List", "Watch", "Reveal", "Preview"];

/// All of them, of all services.
pub fn all() -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(bangfu_proto::DESCRIPTOR_SET).expect("the contract");
    pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

/// Whether one changes nothing.
pub fn reads(method: &MethodDescriptor) -> bool {
    READING.iter().any(|verb| method.name().starts_with(verb))
}

/// The names of those that change something.
pub fn writing() -> Vec<String> {
    all().iter().filter(|method| !reads(method)).map(|method| method.name().to_owned()).collect()
}
