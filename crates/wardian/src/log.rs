//! Logs, on standard error.

use std::env;
use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::exit::{Exit, Failure};
use crate::flags::{LogFlags, LogFormat};

/// Who reads the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Reader {
    User,
    /// That of `wardian serve`, which adds the time, and writes all of it in one format.
    Supervisor,
}

/// Starts to log what `--log` says, else what RUST_LOG says, else the default.
pub(crate) fn start(flags: &LogFlags, default: &str, reader: Reader) -> Result<(), Failure> {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(flags, default)?)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    let started = match (reader, flags.log_format) {
        (Reader::User, LogFormat::Text) => builder.finish().try_init(),
        (Reader::User, LogFormat::Json) => builder.json().finish().try_init(),
        (Reader::Supervisor, _) => builder.without_time().finish().try_init(),
    };
    started.map_err(|error| Failure::new(Exit::Internal, format!("cannot start to log: {error}")))
}

fn filter(flags: &LogFlags, default: &str) -> Result<EnvFilter, Failure> {
    let variable = env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty());
    let (source, filter) = match (&flags.log, &variable) {
        (Some(filter), _) => ("--log", filter.as_str()),
        (None, Some(filter)) => ("RUST_LOG", filter.as_str()),
        (None, None) => ("the default filter", default),
    };
    EnvFilter::builder().parse(filter).map_err(|error| {
        Failure::new(Exit::Usage, format!("{source} is '{filter}', which is no filter: {error}"))
            .advise("a filter is a level (error, warn, info, debug, trace), or TARGET=LEVEL, several with commas")
            .advise("for example 'warn', 'wardian_host=debug' or 'warn,wgpu_hal=info'")
    })
}
