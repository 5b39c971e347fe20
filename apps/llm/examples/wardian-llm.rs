//! The same program natively.

#![expect(clippy::print_stderr, reason = "a program on the command line talks to its user")]

use std::process::ExitCode;

fn main() -> ExitCode {
    match futures::executor::block_on(wardian_llm::command(std::env::args_os())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
