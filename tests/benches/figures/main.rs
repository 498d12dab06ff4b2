//! The figures of the suite, measured as ratios in one run on one machine: `make bench`.
//!
//! One real `bangfu up` serves everything, with its log, its walls and a durable PostgreSQL; each measure is set against
//! what PostgreSQL itself does with the same rows or statements, in turns, so that whatever else the machine does falls
//! on both. The run fails when a figure is missed. `-- --json` prints one JSON object a measure.

mod idle_sweep;
mod lookup;
mod measure;
mod memory;
mod process;
mod roster;
mod rotation;
mod sweep;

use std::process::ExitCode;

use crate::{
    measure::{Measure, table},
    process::Up,
};

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let json = std::env::args().any(|argument| argument == "--json");
    let up = Up::start().await?;
    let measured = all(&up).await;
    up.stop().await?;
    let measures = measured?;
    if json {
        for measure in &measures {
            println!("{}", measure.json());
        }
    } else {
        print!("{}", table(&measures));
    }
    Ok(if measures.iter().all(Measure::holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// In this order: the idle process must not have worked yet, and what is imported is looked up and swept afterwards.
async fn all(up: &Up) -> anyhow::Result<Vec<Measure>> {
    say("memory: idle");
    let idle = memory::idle(up).await?.told();
    say("roster: importing 100,000 rows, and COPY of them");
    let (import, importing) = roster::measure(up).await?;
    let (import, importing) = (import.told(), importing.told());
    say("lookup: GetPerson, and pgbench with its statements");
    let lookup = lookup::measure(up).await?.told();
    say("rotation: the key of 100,000 people changes while they are read");
    let rotation = rotation::measure(up).await?.told();
    say("sweep: raising 200,000 duties, and INSERT … SELECT of them");
    let raising = sweep::measure(up).await?.told();
    say("sweep: 200,000 people of whom nobody is due, and 20,000");
    let nobody_due = idle_sweep::measure(up).await?.told();
    Ok(vec![lookup, import, raising, nobody_due, idle, importing, rotation])
}

/// Tells what is going on; the figures alone go to standard output.
fn say(what: &str) {
    eprintln!("{what} …");
}
