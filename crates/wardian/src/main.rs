//! The `wardian` command: runs GPU programs as sealed WebAssembly components.
//!
//! `wardian --help` says what it does, and with which exit codes it ends.

mod cache;
mod compile;
mod completions;
mod component;
mod engine;
mod exit;
mod flags;
mod gpu;
mod imports;
mod info;
mod log;
mod quota;
mod run;
mod sandbox;
#[cfg(unix)]
mod serve;
mod stdout;

use std::process::ExitCode;

use clap::Parser;

use crate::exit::Failure;
use crate::flags::{Command, Flags, LogFlags};

fn main() -> ExitCode {
    let flags = Flags::parse();
    let started = log::start(&flags.log, flags.command.log_filter(), flags.command.log_reader());
    match started.and_then(|()| command(&flags.command, &flags.log)) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn command(command: &Command, log: &LogFlags) -> Result<ExitCode, Failure> {
    match command {
        Command::Run(flags) => run::run(flags),
        #[cfg(unix)]
        Command::Serve(flags) => serve::serve(flags, log),
        #[cfg(unix)]
        Command::Worker(_) => serve::work(),
        Command::Compile(flags) => compile::compile(flags),
        Command::Info(flags) => info::info(flags),
        Command::Completions(flags) => completions::print(flags),
    }
}
