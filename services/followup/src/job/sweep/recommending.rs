//! What a sweep recommends days by: the load of every coordinator as it was when the sweep began, and what it adds itself.

use bangfu_kernel::Error;
use bangfu_platform::db::TownshipTx;
use chrono::Days;

use super::Sweeper;
use crate::{replan::Recommender, store};

/// How far ahead the load is read: over the windows of months and of what is owed once. What lies further ahead is spread as
/// if nothing were there, for nearly all of the ledger would have to be read to know.
const AHEAD: Days = Days::new(62);

impl Sweeper {
    /// Shared by the hands of the sweep; the first batch reads the load.
    pub(super) async fn recommender(&self, tx: &mut TownshipTx) -> Result<Recommender, Error> {
        let read = async || {
            let open = store::load::between(tx, self.as_of, self.as_of + AHEAD).await?;
            Ok(Recommender::over(self.days.clone(), open))
        };
        self.recommender.get_or_try_init(read).await.cloned()
    }

    /// Days of a year without a table were taken for Monday to Friday: somebody has to publish one.
    pub(super) fn tell_years_without_table(&self) {
        let years = self.recommender.get().map(Recommender::without_table).unwrap_or_default();
        for year in years {
            tracing::warn!(
                year,
                "no working days were published for the year: days are recommended from Monday to Friday"
            );
            metrics::gauge!("bangfu_followup_calendar_missing", "year" => year.to_string()).set(1.0);
        }
    }
}
