//! Files of a published crate, which cargo fetches by name.

use std::{
    env, fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

/// Whether cargo may use the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    Off,
    AsConfigured,
}

/// A crate as cargo's registry names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crate {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
}

impl fmt::Display for Crate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.name, self.version)
    }
}

impl Crate {
    /// Reads a file of the crate, by its path in there. Fetches the crate unless cargo has it already.
    pub(crate) fn read(self, path: &str) -> Result<String> {
        let folder = self.folder()?;
        fs::read_to_string(folder.join(path))
            .with_context(|| format!("{self}, as published, should have a file {path}"))
    }

    /// Where cargo unpacked the crate. `cargo info` fetches and unpacks the crate it tells of, and no dependency of it:
    /// a dependency in a manifest would bring about 300 more. Without the network it still unpacks what cargo has
    /// downloaded before.
    fn folder(self) -> Result<PathBuf> {
        if let Some(folder) = self.find_unpacked()? {
            return Ok(folder);
        }
        let mut attempts = Vec::new();
        for network in [Network::Off, Network::AsConfigured] {
            attempts.push(self.cargo_info(network)?);
            if let Some(folder) = self.find_unpacked()? {
                return Ok(folder);
            }
        }
        bail!(
            "this test compares with the WIT in the crate {self}, which cargo has not downloaded yet and could not \
             fetch now. Connect to the network once and run `cargo info {0}@{1}`; after that the test needs no \
             network. A vendored or mirrored registry must contain this crate.\n{2}",
            self.name,
            self.version,
            attempts.join("\n")
        );
    }

    /// Looks among the crates that cargo has unpacked, whatever registry they came through.
    fn find_unpacked(self) -> Result<Option<PathBuf>> {
        let sources = cargo_home()?.join("registry").join("src");
        // Before the first download there is no such folder.
        let Ok(registries) = fs::read_dir(&sources) else { return Ok(None) };
        for registry in registries {
            let registry = registry.with_context(|| format!("cannot list {}", sources.display()))?;
            let folder = registry.path().join(format!("{}-{}", self.name, self.version));
            if is_complete(&folder) {
                return Ok(Some(folder));
            }
        }
        Ok(None)
    }

    /// Has cargo fetch the crate; tells what cargo was asked and answered.
    fn cargo_info(self, network: Network) -> Result<String> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.arg("info").arg(format!("{}@{}", self.name, self.version));
        if network == Network::Off {
            command.arg("--offline");
        }
        let output = command
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .with_context(|| format!("cannot run {command:?}"))?;
        Ok(format!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
    }
}

/// Whether cargo has finished unpacking a crate into this folder: it writes this file last.
fn is_complete(folder: &Path) -> bool {
    folder.join(".cargo-ok").is_file()
}

/// Where cargo keeps what it downloads.
fn cargo_home() -> Result<PathBuf> {
    if let Some(home) = env::var_os("CARGO_HOME").filter(|home| !home.is_empty()) {
        return Ok(home.into());
    }
    let home =
        env::home_dir().context("neither CARGO_HOME nor a home folder is set, so cargo's downloads can't be found")?;
    Ok(home.join(".cargo"))
}
