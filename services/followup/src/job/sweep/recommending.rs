//! What the days that a sweep recommends were taken from: told when a year has no table of working days.

use super::Sweeper;

impl Sweeper {
    /// Days of a year without a table were taken for Monday to Friday: somebody has to publish one.
    pub(super) fn tell_years_without_table(&self) {
        let years = self.recommender.without_table();
        for year in years {
            tracing::warn!(
                year,
                "no working days were published for the year: days are recommended from Monday to Friday"
            );
            metrics::gauge!("bangfu_followup_calendar_missing", "year" => year.to_string()).set(1.0);
        }
    }
}
