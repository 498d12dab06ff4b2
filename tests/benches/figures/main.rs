//! The figures of the suite, measured as ratios in one run on one machine: `make bench`.
//!
//! One real `bangfu up` serves everything, with its log, its walls and a durable PostgreSQL; each measure is set against
//! what PostgreSQL itself does with the same rows or statements, in turns, so that whatever else the machine does falls
//! on both. The run fails when a figure is missed. `-- --json` prints one JSON object a measure; `-- page reveal` measures
//! those two only.

mod crowd;
mod duplicates;
mod idle_sweep;
mod lookup;
mod measure;
mod memory;
mod page;
mod pgbench;
mod process;
mod replicas;
mod reveal;
mod roster;
mod rotation;
mod sweep;
mod turn;

use std::process::ExitCode;

use crate::{
    measure::{Measure, table},
    process::Up,
};

/// What can be asked for, in the order in which it is measured: the idle process must not have worked yet, what is
/// imported is read and swept afterwards, and the township of a million comes last, where it is in nobody's way.
const NAMES: [&str; 11] = [
    "memory",
    "roster",
    "lookup",
    "page",
    "reveal",
    "rotation",
    "sweep",
    "turn",
    "replicas",
    "idle-sweep",
    "duplicates",
];

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let json = std::env::args().any(|argument| argument == "--json");
    let only: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let Some(unknown) = only.iter().find(|name| !NAMES.contains(&name.as_str())) {
        anyhow::bail!("{unknown} is none of {NAMES:?}");
    }
    let up = Up::start().await?;
    let measured = all(&up, |name| only.is_empty() || only.iter().any(|wanted| wanted == name)).await;
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

async fn all(up: &Up, wanted: impl Fn(&str) -> bool) -> anyhow::Result<Vec<Measure>> {
    let mut measures = Vec::new();
    if wanted("memory") {
        say("memory: idle");
        measures.push(memory::idle(up).await?.told());
    }
    if wanted("roster") {
        say("roster: importing 100,000 rows, and COPY of them");
        let (import, importing) = roster::measure(up).await?;
        measures.extend([import.told(), importing.told()]);
    } else if NAMES[2..10].iter().copied().any(&wanted) {
        say("roster: importing 100,000 rows");
        roster::fill(up).await?;
    }
    if wanted("lookup") {
        say("lookup: GetPerson, and pgbench with its statements");
        measures.push(lookup::measure(up).await?.told());
    }
    if wanted("page") {
        say("page: ListPeople, and pgbench with its statements");
        measures.push(page::measure(up).await?.told());
    }
    if wanted("reveal") {
        say("reveal: RevealPerson, and GetPerson");
        measures.push(reveal::measure(up).await?.told());
    }
    if wanted("rotation") {
        say("rotation: the key of 100,000 people changes while they are read");
        measures.push(rotation::measure(up).await?.told());
    }
    if wanted("sweep") {
        say("sweep: raising 200,000 duties, and INSERT … SELECT of them");
        measures.push(sweep::measure(up).await?.told());
    }
    if wanted("turn") {
        say("turn: a month's turn of 1,000,000 people, and INSERT … SELECT of its duties");
        measures.extend(turn::measure(up).await?.into_iter().map(Measure::told));
    }
    if wanted("replicas") {
        say("replicas: townships swept by one replica on one core, and by two");
        measures.push(replicas::measure(up).await?.told());
    }
    if wanted("idle-sweep") {
        say("sweep: 1,000,000 people of whom nobody is due, and 100,000");
        measures.push(idle_sweep::measure(up).await?.told());
    }
    if wanted("duplicates") {
        say("duplicates: importing 10,000 rows into a township of 1,000,000 people");
        measures.push(duplicates::measure(up).await?.told());
    }
    Ok(measures)
}

/// Tells what is going on; the figures alone go to standard output.
fn say(what: &str) {
    eprintln!("{what} …");
}
