//! The daemon and its command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    eastwest::main(std::env::args_os())
}
