//! What a database error means to a caller.

use bangfu_kernel::Error;

/// The error of a statement. Constraints that mean something are mapped by name where the statement is, before this.
pub fn fault(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(database) => match database.code().as_deref() {
            // query_canceled: the statement's time is the caller's deadline
            Some("57014") => Error::Deadline,
            // serialization_failure, deadlock_detected, lock_not_available
            Some("40001" | "40P01" | "55P03") => Error::Conflict(Box::new(error)),
            // connection exceptions, idle_in_transaction_session_timeout, too_many_connections, admin_shutdown,
            // crash_shutdown, cannot_connect_now
            Some(code) if code.starts_with("08") || matches!(code, "25P03" | "53300" | "57P01" | "57P02" | "57P03") => {
                Error::Unavailable(Box::new(error))
            }
            _ => Error::Internal(Box::new(error)),
        },
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Tls(_) => {
            Error::Unavailable(Box::new(error))
        }
        _ => Error::Internal(Box::new(error)),
    }
}

/// The error of asking for a session. Where PostgreSQL itself has not answered, it cannot be reached, whatever the driver
/// makes of that: of a connection closed before the first byte it says that the byte is unexpected.
pub(super) fn unreachable(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(_) => fault(error),
        _ => Error::Unavailable(Box::new(error)),
    }
}

/// The name of the constraint a statement broke.
pub fn constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(|database| database.constraint())
}
