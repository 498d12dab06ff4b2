//! Follow-up through the wire, beside the registry, against a real PostgreSQL.

mod batches;
mod calendar;
mod clocks;
mod contacts;
mod deliveries;
mod follower;
mod guards;
mod households;
mod imports;
mod journeys;
mod lists;
mod people_at_work;
mod previews;
mod progress;
mod reminders;
mod services;
mod standards;
mod steps;
mod sweeps;
mod waivers;
mod watches;
