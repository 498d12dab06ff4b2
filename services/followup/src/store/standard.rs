//! Standards that the city has published; they stand under its own code.

use bangfu_kernel::{Error, fields::rule};
use bangfu_platform::db::{TownshipTx, constraint, fault};
use chrono::{DateTime, Utc};

use crate::model::standard::Standard;

/// A standard as it was published.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    pub(crate) standard: Standard,
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// Who: the token's subject.
    pub(crate) by: String,
}

/// Publishes a standard. FIELD_INVALID: there is one of this version, or one with this first day.
#[tracing::instrument(name = "db.standard.insert", level = "debug", skip_all)]
pub(crate) async fn insert(tx: &mut TownshipTx, published: &Published) -> Result<(), Error> {
    let township = tx.township().to_owned();
    let Published { standard, at, by } = published;
    let document = standard.to_toml()?;
    sqlx::query!(
        r#"
        INSERT INTO standard (township, version, in_force_from, document, published_at, published_by)
        VALUES ($1, $2, $3, $4, $5, $6)
        "#,
        township,
        &*standard.version,
        standard.in_force_from,
        document,
        at,
        by,
    )
    .execute(tx)
    .await
    .map(drop)
    .map_err(|error| match constraint(&error) {
        Some("standard_has_its_own_version") => version_taken(),
        Some("standard_has_its_own_first_day") => first_day_taken(),
        _ => fault(error),
    })
}

/// All that were published, the oldest first.
#[tracing::instrument(name = "db.standard.list", level = "debug", skip_all)]
pub(crate) async fn list(tx: &mut TownshipTx) -> Result<Vec<Published>, Error> {
    let township = tx.township().to_owned();
    sqlx::query!(
        r#"
        SELECT document
             , published_at
             , published_by
          FROM standard
         WHERE township = $1
         ORDER BY in_force_from
        "#,
        township,
    )
    .fetch_all(tx)
    .await
    .map_err(fault)?
    .into_iter()
    .map(|row| {
        // What stands here was right when it was published: a fault in it is ours.
        let standard = Standard::parse(&row.document).map_err(|error| Error::Internal(Box::new(error)))?;
        Ok(Published { standard, at: row.published_at, by: row.published_by })
    })
    .collect()
}

/// Another standard has the version.
pub(crate) fn version_taken() -> Error {
    Error::field("standard.version", rule("is the version of another standard", "与已发布的服务标准版本号相同"))
}

/// Another standard has the first day.
pub(crate) fn first_day_taken() -> Error {
    Error::field(
        "standard.in_force_from",
        rule("is the first day of another standard", "与已发布的服务标准生效日期相同"),
    )
}
