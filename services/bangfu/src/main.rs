//! `bangfu`: the suite and its client commands.

mod cli;
mod plan;
mod roster;
mod serve;
mod up;

use std::process::ExitCode;

use clap::Parser as _;

/// Batches are made on one thread and freed on another: what glibc keeps of that grows with the work done.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // One crypto provider for everything, before anything asks for one. A second installation is not possible here.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match cli::Command::parse().run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bangfu: {error:#}");
            ExitCode::FAILURE
        }
    }
}
