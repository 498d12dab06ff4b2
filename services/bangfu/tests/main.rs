//! The binary as its users meet it: started, killed, started again, asked from the terminal.

mod coordinators;
mod crash;
mod demo;
mod privacy;
mod process;
mod readme;
mod terminal;
mod work_done;
