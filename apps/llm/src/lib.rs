//! A language model on the GPU, natively and in a sealed component, from this one source.
//!
//! [`engine::Engine`] runs passes over tokens of one or more sequences; [`generate`](mod@generate) makes answers of
//! them. Weights are streamed from a GGUF file in pieces of a megabyte.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program on the command line talks to its user")]

mod arguments;
mod bench;
mod check;
pub mod engine;
pub mod generate;
pub mod gpu;
pub mod model;
mod progress;
pub mod sampler;
mod session;
pub mod shape;
mod talk;

use std::{error::Error, ffi::OsString};

use clap::Parser as _;

use self::arguments::{Arguments, Command};

/// What goes wrong, in words.
pub type Failure = Box<dyn Error>;

/// Does what the command line says.
///
/// # Errors
///
/// What went wrong, and what to do.
pub async fn command(arguments: impl Iterator<Item = OsString>) -> Result<(), Failure> {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        // Help and the version are no failures.
        Err(help) if !help.use_stderr() => {
            print!("{help}");
            return Ok(());
        }
        Err(error) => return Err(error.to_string().trim_start_matches("error: ").to_owned().into()),
    };
    match arguments.command {
        Command::Chat(arguments) => talk::chat(&arguments).await,
        Command::Complete(arguments) => talk::complete(&arguments).await,
        Command::Bench(arguments) => bench::bench(&arguments).await,
        Command::Check(arguments) => check::check(&arguments).await,
    }
}

#[cfg(target_family = "wasm")]
mod entry {
    async fn run() -> Result<(), super::Failure> {
        super::command(std::env::args_os()).await
    }

    wardian_wgpu::main!(run);
}
