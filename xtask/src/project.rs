//! Where things are in the checkout.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

/// The checkout and the folders that xtask fills.
#[derive(Debug)]
pub(crate) struct Project {
    /// The folder of the root `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// What setup installs lives here, and nowhere else.
    pub(crate) cache: PathBuf,
    /// Cargo's target folder of host builds.
    pub(crate) target: PathBuf,
}

impl Project {
    pub(crate) fn find() -> Result<Self> {
        // Cargo sets the variable for what `cargo run` starts; the compiled-in value serves a binary started by hand.
        let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest).parent().context("xtask lies in no project")?.to_path_buf();
        // This program is TARGET/debug/xtask: so a target folder that the user has moved is found, too.
        let program = env::current_exe().context("cannot tell where xtask itself lies")?;
        let target = program.ancestors().nth(2).context("xtask lies in no target folder")?.to_path_buf();
        Ok(Self { cache: root.join(".wardian"), target, root })
    }

    /// Cargo's target folder of guest builds, apart from the host's: another compiler builds them.
    pub(crate) fn guest_target(&self) -> PathBuf {
        self.target.join("guest")
    }

    /// Where the built guest components lie; tests find the folder in `WARDIAN_GUESTS`.
    pub(crate) fn guests(&self) -> PathBuf {
        self.guest_target().join("wasm32-wasip2").join("release")
    }

    /// The cargo that started xtask.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
        command.current_dir(&self.root);
        command
    }

    /// A path as the user writes it: from the project's root where it lies in there.
    pub(crate) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}
