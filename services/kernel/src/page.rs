//! Pages of lists: how many rows, and where the next one begins.

use crate::{error::Violations, fields};

/// Rows on a page when the caller does not say.
pub const DEFAULT_SIZE: i32 = 50;
/// Most rows a page has.
pub const LARGEST_SIZE: i32 = 500;

/// How many rows a page has: 1 to 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(i32);

impl PageSize {
    /// From a request's `page_size`: 0 is 50, more than 500 or less than 0 is a fault.
    pub fn parse(size: i32, faults: &mut Violations) -> Self {
        if !(0..=LARGEST_SIZE).contains(&size) {
            faults.add("page_size", fields::range(0, i64::from(LARGEST_SIZE)));
        }
        Self(if size == 0 { DEFAULT_SIZE } else { size.clamp(1, LARGEST_SIZE) })
    }

    /// Rows on the page.
    pub fn rows(self) -> usize {
        usize::try_from(self.0).unwrap_or(1)
    }

    /// The SQL limit: one row more than the page, which tells whether there is a next one.
    pub fn probe(self) -> i64 {
        i64::from(self.0) + 1
    }
}
