//! Where the command keeps what it need not make again: the shader compiler as native code.

use std::env;
use std::path::PathBuf;

/// The user's choice of the folder.
pub(crate) const VARIABLE: &str = "WARDIAN_CACHE_DIR";
const NAME: &str = "wardian";

/// The folder; none where this system doesn't say where a user's caches are.
pub(crate) fn folder() -> Option<PathBuf> {
    path(VARIABLE).or_else(|| Some(caches()?.join(NAME)))
}

#[cfg(target_vendor = "apple")]
fn caches() -> Option<PathBuf> {
    Some(path("HOME")?.join("Library").join("Caches"))
}

#[cfg(windows)]
fn caches() -> Option<PathBuf> {
    path("LOCALAPPDATA")
}

/// <https://specifications.freedesktop.org/basedir-spec/latest/>
#[cfg(not(any(target_vendor = "apple", windows)))]
fn caches() -> Option<PathBuf> {
    path("XDG_CACHE_HOME").or_else(|| Some(path("HOME")?.join(".cache")))
}

/// A relative path would mean another folder wherever the command is started.
fn path(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}
