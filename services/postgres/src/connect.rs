//! Connects to the cluster as its superuser, with nothing taken from the environment or from `~/.pgpass`.

use std::time::Duration;

use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};

/// The superuser every cluster of ours has.
pub(crate) const SUPERUSER: &str = "postgres";

/// The database for work on databases.
pub(crate) const MAINTENANCE: &str = "postgres";

/// Longer than a loaded machine needs to fork a backend and check a password.
const TIMEOUT: Duration = Duration::from_secs(10);

/// One superuser connection over the loopback device: without TLS, which the private server does not speak.
pub(crate) async fn connect(port: u16, password: &str) -> Result<PgConnection, sqlx::Error> {
    let options = PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(port)
        .username(SUPERUSER)
        .password(password)
        .database(MAINTENANCE)
        .ssl_mode(PgSslMode::Disable)
        .application_name("bangfu-postgres");
    tokio::time::timeout(TIMEOUT, PgConnection::connect_with(&options))
        .await
        .unwrap_or_else(|elapsed| Err(sqlx::Error::Io(elapsed.into())))
}

/// The superuser's URL of a database; any name will do.
pub(crate) fn url(port: u16, password: &str, database: &str) -> String {
    let database = percent_encoded(database);
    format!("postgres://{SUPERUSER}:{password}@127.0.0.1:{port}/{database}?sslmode=disable")
}

/// Whether the server turned the password down.
pub(crate) fn is_refusal(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("28P01"))
}

fn percent_encoded(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_database_names_survive_the_url() {
        assert_eq!(url(5, "p", "a b/海"), "postgres://postgres:p@127.0.0.1:5/a%20b%2F%E6%B5%B7?sslmode=disable");
    }
}
