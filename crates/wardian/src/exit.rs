//! How the command ends: its exit codes, and what it says when it fails.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Why the command itself failed. A guest's own exit code is passed on as it is.
///
/// The codes are ones that neither shells (126 and up), nor `timeout` (124), nor `sysexits.h` (64 to 78), nor a panic
/// of Rust (101) use, so that a script can tell them from what its guest says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Exit {
    /// The guest's `run` returned an error.
    GuestFailed,
    /// The command line is wrong.
    Usage,
    /// The file is not a component that can be loaded.
    NotLoadable,
    /// Host and component don't fit.
    NotRunnable,
    /// Compiled ahead of time, and not to be used.
    Precompiled,
    /// No adapter, or none such.
    NoAdapter,
    /// A folder or file that the command line names can't be used.
    NotUsable,
    /// The guest trapped.
    Trapped,
    /// The command or the system failed.
    Internal,
    /// A quota of time is used up.
    OutOfTime,
    /// `serve` can't listen.
    NoAddress,
    /// The configuration of `serve` is wrong.
    Configuration,
}

impl Exit {
    const ALL: [Self; 12] = [
        Self::GuestFailed,
        Self::Usage,
        Self::NotLoadable,
        Self::NotRunnable,
        Self::Precompiled,
        Self::NoAdapter,
        Self::NotUsable,
        Self::Trapped,
        Self::Internal,
        Self::OutOfTime,
        Self::NoAddress,
        Self::Configuration,
    ];

    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::GuestFailed => 1,
            Self::Usage => 2,
            Self::NotLoadable => 110,
            Self::NotRunnable => 111,
            Self::Precompiled => 112,
            Self::NoAdapter => 113,
            Self::NotUsable => 114,
            Self::Trapped => 115,
            Self::Internal => 116,
            Self::OutOfTime => 117,
            Self::NoAddress => 118,
            Self::Configuration => 119,
        }
    }

    const fn meaning(self) -> &'static str {
        match self {
            Self::GuestFailed => "the component ended with an error, and said no other code",
            Self::Usage => "the command line is wrong",
            Self::NotLoadable => "the file is missing, or is not a WebAssembly component",
            Self::NotRunnable => "the component needs what this host lacks, or exports nothing to run",
            Self::Precompiled => {
                "the file was compiled ahead of time: for another version, or without your word for it"
            }
            Self::NoAdapter => "there is no GPU adapter, or none such as --gpu-adapter names",
            Self::NotUsable => "a folder or file that the command line names cannot be used",
            Self::Trapped => "the component trapped",
            Self::Internal => "wardian or the system failed",
            Self::NoAddress => "serve cannot listen at its address: it is in use, or not this machine's",
            Self::Configuration => "the configuration of serve is wrong",
            Self::OutOfTime => "the GPU worked for longer than --gpu-time, or a --quota of time, allows",
        }
    }
}

/// The exit codes as `--help` shows them.
pub(crate) fn help() -> String {
    let mut text =
        String::from("Exit codes:\n  0    all went well; what a component exits with is passed on as it is\n");
    for exit in Exit::ALL {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {:<4} {}", exit.code(), exit.meaning());
    }
    text
}

/// What went wrong, as the user reads it, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    what: String,
    advice: Vec<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), advice: Vec::new() }
    }

    /// Adds a line that says what to do.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice.push(advice.into());
        self
    }

    #[cfg(unix)]
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// What it is for a server, whose workers tell their failures to it.
    #[cfg(unix)]
    pub(crate) fn of_server(self) -> wardian_serve::Failure {
        let Self { exit, what, advice } = self;
        wardian_serve::Failure { code: exit.code(), what, advice }
    }

    /// What a server, or a worker of its own, said.
    #[cfg(unix)]
    pub(crate) fn from_server(failure: wardian_serve::Failure) -> Self {
        let wardian_serve::Failure { code, what, advice } = failure;
        let exit = Exit::ALL.into_iter().find(|exit| exit.code() == code).unwrap_or(Exit::Internal);
        Self { exit, what, advice }
    }

    /// Says it on standard error.
    pub(crate) fn report(&self) -> ExitCode {
        // Where standard error is closed, nobody is left to be told.
        let _ = io::stderr().lock().write_all(self.text().as_bytes());
        ExitCode::from(self.exit.code())
    }

    /// Says it, and ends the process at once. What is registered for its end, such as the unloading of drivers, doesn't
    /// run: a driver whose GPU hangs would wait in there.
    pub(crate) fn end_process(&self) -> ! {
        self.report();
        c::exit(self.exit.code())
    }

    fn text(&self) -> String {
        let mut text = format!("error: {}\n", printable(&self.what));
        for advice in &self.advice {
            let _ = writeln!(text, "  help: {}", printable(advice));
        }
        text
    }
}

/// Names of files, and of functions in a hostile component, must not steer the terminal.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\n' {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

#[expect(unsafe_code, reason = "only the C library can end a process without calling what is registered for its end")]
mod c {
    use std::ffi::c_int;

    unsafe extern "C" {
        fn _exit(code: c_int) -> !;
    }

    pub(super) fn exit(code: u8) -> ! {
        // SAFETY: the function takes any number, and ends the process.
        unsafe { _exit(code.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct() {
        let mut codes = Exit::ALL.map(Exit::code);
        codes.sort_unstable();
        assert!(codes.windows(2).all(|pair| pair[0] != pair[1]), "each code has one meaning: {codes:?}");
    }

    #[test]
    fn control_characters_are_escaped() {
        let failure = Failure::new(Exit::NotLoadable, "cannot read \u{1b}[2Jx").advise("look\nhere");
        assert_eq!(failure.text(), "error: cannot read \\u{1b}[2Jx\n  help: look\nhere\n", "only line ends are kept");
    }
}
