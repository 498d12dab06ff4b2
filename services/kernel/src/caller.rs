//! Who calls: what a verified token says.

use std::collections::BTreeSet;

pub use bangfu_proto::access::v1::Role;

use crate::Township;

/// A verified caller. Only the auth layer makes one from a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The token's `sub`: an account, a program. Stands in audit entries.
    pub subject: String,
    /// The city: six digits.
    pub city: String,
    /// The township; `None` for city callers and services.
    pub township: Option<Township>,
    /// What they may do.
    pub roles: BTreeSet<Role>,
    /// Coordinators: the villages they serve; empty: every village of the township.
    pub villages: BTreeSet<String>,
}

impl Caller {
    /// Whether the caller has the role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether the caller may act for people of this village: clerks for all, coordinators for theirs.
    pub fn serves(&self, village: &str) -> bool {
        let only_coordinator = self.is(Role::Coordinator) && !self.is(Role::Clerk);
        !only_coordinator || self.villages.is_empty() || self.villages.contains(village)
    }
}

/// The word of a role in a token: "coordinator".
pub fn role_word(role: Role) -> String {
    role.as_str_name().trim_start_matches("ROLE_").to_lowercase()
}

/// The role a token's word means; `None` for words that are no role.
pub fn role_of_word(word: &str) -> Option<Role> {
    let known = !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let role = Role::from_str_name(&format!("ROLE_{}", word.to_uppercase()))?;
    (known && role != Role::Unspecified).then_some(role)
}
