//! The contract of the suite: messages, clients and servers generated from the files beside this crate, the encoded
//! descriptor set (for reflection), and who may call what.
#![expect(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated code; the comments stand in the contract, where buf checks that every element has one"
)]

pub mod access {
    pub mod v1 {
        tonic::include_proto!("bangfu.access.v1");
    }
}
pub mod common {
    pub mod v1 {
        tonic::include_proto!("bangfu.common.v1");
    }
}
pub mod people {
    pub mod v1 {
        tonic::include_proto!("bangfu.people.v1");
    }
}
pub mod followup {
    pub mod v1 {
        tonic::include_proto!("bangfu.followup.v1");
    }
}

use access::v1::{Role, Scope};

/// The encoded `FileDescriptorSet` of the contract, option extensions included.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/bangfu.bin"));

/// Who may call one method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessRule {
    /// Path of the method: `/bangfu.people.v1.PeopleService/GetPerson`.
    pub path: &'static str,
    /// Which kind of caller.
    pub scope: Scope,
    /// At least one of these.
    pub roles: &'static [Role],
}

/// The access rules of every method of the contract.
pub const ACCESS: &[AccessRule] = include!(concat!(env!("OUT_DIR"), "/access.rs"));
