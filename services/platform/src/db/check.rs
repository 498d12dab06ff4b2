//! The self-check at start: a service refuses to serve beside a wall that has a hole. Every question is asked as one of the
//! very roles that will serve; `questions.rs` has them.

mod questions;

use sqlx::{PgConnection, PgPool};

/// Why a service refuses to serve.
#[derive(Debug, thiserror::Error)]
pub enum Unsafe {
    /// The database cannot be reached, or refuses the role.
    #[error("the database cannot be reached: {0}")]
    Unreachable(#[source] sqlx::Error),
    /// Something that must hold does not. One entry each.
    #[error("the database is not safe to serve from:\n  - {}", .0.join("\n  - "))]
    Holes(Vec<String>),
}

/// Looks for holes in the wall, as the very roles that will serve.
pub(super) async fn wall(service: &PgPool, city: &PgPool, development: bool) -> Result<(), Unsafe> {
    let mut session = service.acquire().await.map_err(Unsafe::Unreachable)?;
    let mut holes = of_service(&mut session).await.map_err(Unsafe::Unreachable)?;
    if !development {
        holes.extend(ask(&mut session, questions::DURABILITY).await.map_err(Unsafe::Unreachable)?);
    }
    let mut session = city.acquire().await.map_err(Unsafe::Unreachable)?;
    holes.extend(of_city(&mut session).await.map_err(Unsafe::Unreachable)?);
    holes.sort();
    holes.dedup();
    if holes.is_empty() { Ok(()) } else { Err(Unsafe::Holes(holes)) }
}

/// The holes that a session of the service role sees.
pub async fn of_service(session: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let mut holes = Vec::new();
    for question in [questions::ROLE, questions::TABLES, questions::RIGHTS, questions::FUNCTION] {
        holes.extend(ask(session, question).await?);
    }
    // Last: where it fails within a transaction, nothing can follow.
    match sqlx::raw_sql(questions::RAISES).execute(session).await {
        Ok(_) => {}
        Err(sqlx::Error::Database(said)) => holes.push(said.message().to_owned()),
        Err(error) => return Err(error),
    }
    Ok(holes)
}

/// The holes that a session of the city's role sees.
pub async fn of_city(session: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let mut holes = Vec::new();
    for question in [questions::ROLE, questions::TABLES, questions::CITY] {
        holes.extend(ask(session, question).await?);
    }
    Ok(holes)
}

async fn ask(session: &mut PgConnection, question: &'static str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(question).fetch_all(session).await
}
