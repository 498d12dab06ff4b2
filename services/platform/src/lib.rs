//! The ground every service stands on: who calls (`auth`), the server and its layers (`server`, `stack`), the tenant wall
//! and units of work (`db`), change feeds (`feed`), idempotency (`once`), other services (`peers`), telemetry, certificates (`tls`).

pub mod auth;
pub mod db;
pub mod feed;
pub mod ground;
mod hangs;
pub mod id;
pub mod page_token;
pub mod peers;
pub mod server;
pub mod stack;
pub mod telemetry;
pub mod tls;
