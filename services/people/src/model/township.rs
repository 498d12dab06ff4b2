//! A township's entry in the directory.

use bangfu_kernel::Township;

/// A township as it stands in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its code.
    pub township: Township,
    /// 李堡镇
    pub name: String,
    /// Changes with every change.
    pub version: i64,
}

impl Entry {
    /// What a client sends back to change what it read.
    pub fn etag(&self) -> String {
        self.version.to_string()
    }
}
