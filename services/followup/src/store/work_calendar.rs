//! Working days that the city has published, a row a year under the city's own code.

use bangfu_kernel::Error;
use bangfu_platform::db::{TownshipTx, fault};
use chrono::{DateTime, NaiveDate, Utc};

use crate::model::workdays::YearTable;

/// A table as it was published.
#[derive(Debug, Clone)]
pub(crate) struct KeptTable {
    pub(crate) table: YearTable,
    pub(crate) published_at: DateTime<Utc>,
    pub(crate) published_by: String,
}

struct Row {
    year: i32,
    days_off: Vec<NaiveDate>,
    names: Vec<String>,
    makeup_days: Vec<NaiveDate>,
    source: String,
    published_at: DateTime<Utc>,
    published_by: String,
}

/// Publishes the table of a year, in place of the one that stands.
#[tracing::instrument(name = "db.work_calendar.save", level = "debug", skip_all)]
pub(crate) async fn save(tx: &mut TownshipTx, table: &YearTable) -> Result<(), Error> {
    let (township, now) = (tx.township().to_owned(), tx.clock().now());
    let published_by = tx.permit().caller().subject.clone();
    let days_off: Vec<_> = table.days_off.keys().copied().collect();
    let names: Vec<_> = table.days_off.values().cloned().collect();
    let makeup_days: Vec<_> = table.makeup_days.iter().copied().collect();
    sqlx::query!(
        r#"
        INSERT INTO work_calendar (
               township
             , year
             , days_off
             , names
             , makeup_days
             , source
             , published_at
             , published_by
             )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT ON CONSTRAINT work_calendar_is_one_a_year
            DO UPDATE
           SET days_off = EXCLUDED.days_off
             , names = EXCLUDED.names
             , makeup_days = EXCLUDED.makeup_days
             , source = EXCLUDED.source
             , published_at = EXCLUDED.published_at
             , published_by = EXCLUDED.published_by
        "#,
        township,
        table.year,
        &days_off,
        &names,
        &makeup_days,
        table.source,
        now,
        published_by,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(fault)
}

/// The table of a year; `None`: none was published.
#[tracing::instrument(name = "db.work_calendar.find", level = "debug", skip_all)]
pub(crate) async fn find(tx: &mut TownshipTx, year: i32) -> Result<Option<KeptTable>, Error> {
    let township = tx.township().to_owned();
    let row = sqlx::query_as!(
        Row,
        r#"
        SELECT year
             , days_off
             , names
             , makeup_days
             , source
             , published_at
             , published_by
          FROM work_calendar
         WHERE township = $1
           AND year = $2
        "#,
        township,
        year,
    )
    .fetch_optional(tx)
    .await
    .map_err(fault)?;
    Ok(row.map(KeptTable::from))
}

/// Every table that was published.
#[tracing::instrument(name = "db.work_calendar.list", level = "debug", skip_all)]
pub(crate) async fn list(tx: &mut TownshipTx) -> Result<Vec<KeptTable>, Error> {
    let township = tx.township().to_owned();
    let rows = sqlx::query_as!(
        Row,
        r#"
        SELECT year
             , days_off
             , names
             , makeup_days
             , source
             , published_at
             , published_by
          FROM work_calendar
         WHERE township = $1
         ORDER BY year
        "#,
        township,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?;
    Ok(rows.into_iter().map(KeptTable::from).collect())
}

impl From<Row> for KeptTable {
    fn from(row: Row) -> Self {
        let table = YearTable {
            year: row.year,
            source: row.source,
            days_off: row.days_off.into_iter().zip(row.names).collect(),
            makeup_days: row.makeup_days.into_iter().collect(),
        };
        Self { table, published_at: row.published_at, published_by: row.published_by }
    }
}
