//! Follow-up through the wire, beside the registry, against a real PostgreSQL.

mod contacts;
mod deliveries;
mod follower;
mod guards;
mod households;
mod journeys;
mod lists;
mod progress;
mod reminders;
mod steps;
mod sweeps;
mod waivers;
mod watches;
