//! The platform from outside: one binary, one file per behaviour.

mod auth;
mod peers;
mod shell;
mod shell_calls;
mod shell_connections;
mod shell_told;
mod tls;
