//! Texts that recur in thousands of rows (villages, coordinators, wishes), kept once.

use std::{collections::HashSet, sync::Arc};

use bangfu_kernel::fields;

/// Longest text that is looked up: longer ones are remarks, which do not recur.
const LONGEST: usize = 96;

/// The texts met so far.
#[derive(Debug, Default)]
pub(super) struct Words(HashSet<Arc<str>>);

impl Words {
    /// The one copy of a text that is stored as it is: numbers of people, which slipped into it from another column, become
    /// stars.
    pub(super) fn plain(&mut self, text: String) -> Arc<str> {
        self.share(fields::without_numbers_of_people(text))
    }

    /// The one copy of a text.
    pub(super) fn share(&mut self, text: String) -> Arc<str> {
        if let Some(known) = self.0.get(text.as_str()) {
            return Arc::clone(known);
        }
        let word: Arc<str> = text.into();
        if word.len() <= LONGEST {
            self.0.insert(Arc::clone(&word));
        }
        word
    }
}
