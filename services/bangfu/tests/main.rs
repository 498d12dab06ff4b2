//! The binary as its users meet it: started, killed, started again, asked from the terminal.

mod crash;
mod demo;
mod privacy;
mod process;
mod readme;
mod terminal;
mod work_done;
