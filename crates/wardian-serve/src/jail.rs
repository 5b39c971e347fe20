//! The jail of a worker: what is left to it of the system if the sandbox of its guest, or its driver, fails.
//!
//! | part | what it takes away |
//! |---|---|
//! | files | all but the tenant's folders, the component, the drivers and their devices |
//! | network | sockets, but those that the supervisor gave it |
//! | programs | starting one, and making a process |
//! | kernel | calls that no worker needs: tracing, mounting, namespaces, modules, other processes, … |
//! | privileges | new ones, and dumps of its memory |
//!
//! It is Landlock and seccomp under Linux. Other systems have nothing of the kind that a program could use for itself
//! without an installation, and their workers are processes of their own and no more.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod linux;

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What to do about a jail.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Jail {
    /// What the system has; what it lacks is logged.
    #[default]
    Available,
    /// All of it, or the worker doesn't start.
    Required,
    /// None.
    Off,
}

/// What a worker may reach in the file system, beside drivers and devices.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paths {
    /// Files and folders to read.
    pub(crate) read: Vec<PathBuf>,
    /// Folders to read and to write.
    pub(crate) write: Vec<PathBuf>,
}

/// A part of the jail.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JailPart {
    /// What it is about.
    pub name: &'static str,
    /// Whether it holds, and by what.
    pub state: JailState,
}

/// Whether a part of the jail is there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum JailState {
    /// By this means.
    Holds(&'static str),
    /// For this reason not, or not wholly.
    Missing(String),
}

impl JailPart {
    /// Whether it is there.
    #[must_use]
    pub const fn holds(&self) -> bool {
        matches!(self.state, JailState::Holds(_))
    }
}

impl JailState {
    /// By what means it holds, or why it doesn't.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Holds(means) => means,
            Self::Missing(reason) => reason,
        }
    }
}

impl fmt::Display for JailPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            JailState::Holds(means) => write!(f, "{}: {means}", self.name),
            JailState::Missing(reason) => write!(f, "{}: missing, {reason}", self.name),
        }
    }
}

/// What of a jail this system has for a worker.
#[must_use]
pub fn jail_parts() -> Vec<JailPart> {
    #[cfg(target_os = "linux")]
    return linux::parts();
    #[cfg(not(target_os = "linux"))]
    return none();
}

/// Closes the jail around this thread and those that it will start. Gives what came of each part.
pub(crate) fn close(paths: &Paths) -> Vec<JailPart> {
    #[cfg(target_os = "linux")]
    return linux::close(paths);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = paths;
        return none();
    }
}

#[cfg(not(target_os = "linux"))]
fn none() -> Vec<JailPart> {
    let reason = "this system has no jail that a program can close around itself";
    let parts = ["files", "network", "programs", "kernel", "privileges"];
    parts.map(|name| JailPart { name, state: JailState::Missing(reason.to_owned()) }).into()
}
