//! `wardian completions`.

use std::process::ExitCode;

use clap::CommandFactory;

use crate::exit::Failure;
use crate::flags::{CompletionsFlags, Flags};
use crate::stdout;

pub(crate) fn print(flags: &CompletionsFlags) -> Result<ExitCode, Failure> {
    // The generator panics where it can't write, so it gets memory to write to.
    let mut script = Vec::new();
    clap_complete::generate(flags.shell, &mut Flags::command(), "wardian", &mut script);
    stdout::write(&script)?;
    Ok(ExitCode::SUCCESS)
}
