//! The rules for `wardian-shader-component`, a workspace of its own, which cargo's checks of this one don't reach.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

use anyhow::{Context, Result};

use super::Finding;
use crate::{process, project::Project};

const FOLDER: &str = "crates/wardian-shader-component";
/// What is patched is in the root's lock file with another source, or not at all.
const OWN: &[&str] = &["naga", "wardian-evaluate", "wardian-shader", "wardian-shader-component"];

pub(super) fn check(project: &Project, findings: &mut Vec<Finding>) -> Result<()> {
    let lock = format!("{FOLDER}/Cargo.lock");
    let read = |path: &str| fs::read_to_string(project.root.join(path)).with_context(|| format!("cannot read {path}"));
    compare_locks(&lock, &read(&lock)?, &read("Cargo.lock")?, findings);
    check_format(project, findings)
}

/// What both lock files have must be the same: the host trusts the versions that `cargo deny` has seen.
fn compare_locks(path: &str, lock: &str, root: &str, findings: &mut Vec<Finding>) {
    let known = versions(root);
    for (name, versions) in versions(lock) {
        let Some(wanted) = known.get(name).filter(|_| !OWN.contains(&name)) else { continue };
        for (version, line) in versions.iter().filter(|(version, _)| !wanted.iter().any(|(known, _)| known == version))
        {
            let wanted = wanted.iter().map(|(version, _)| *version).collect::<Vec<_>>().join(" or ");
            let what = format!(
                "{name} {version}, and the root's Cargo.lock has {wanted}: in {FOLDER} run `cargo update {name} --precise \
                 VERSION` with the naga of its Cargo.toml's first lines"
            );
            findings.push(Finding { place: format!("{path}:{line}"), what });
        }
    }
}

/// The versions of each package, with the lines where they stand.
fn versions(lock: &str) -> BTreeMap<&str, Vec<(&str, usize)>> {
    let mut packages: BTreeMap<&str, Vec<(&str, usize)>> = BTreeMap::new();
    let mut name = None;
    for (index, line) in lock.lines().enumerate() {
        let value = |key: &str| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"');
        if let Some(value) = value("name") {
            name = Some(value);
        } else if let (Some(version), Some(name)) = (value("version"), name.take()) {
            packages.entry(name).or_default().push((version, index + 1));
        }
    }
    packages
}

/// naga's own source files: no crate has them as modules, so `cargo fmt` doesn't find them.
fn check_format(project: &Project, findings: &mut Vec<Finding>) -> Result<()> {
    let folder = project.root.join(FOLDER).join("naga");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.sort();
    let mut format = Command::new("rustfmt");
    format.current_dir(&project.root).args(["--edition", "2024", "--check", "-l"]).args(&files);
    // It lists files by themselves, and fails where there are any.
    let output = format.output().context("tidy needs rustfmt: `rustup component add rustfmt`")?;
    let listed = String::from_utf8_lossy(&output.stdout);
    for file in &files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if listed.lines().any(|line| line.ends_with(&*name)) {
            let what = format!("is not formatted: `rustfmt --edition 2024 {FOLDER}/naga/{name}`");
            findings.push(Finding { place: format!("{FOLDER}/naga/{name}:1"), what });
        }
    }
    if !output.status.success() && listed.trim().is_empty() {
        anyhow::bail!("`{}` fails: {}", process::line(&format), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, version: &str) -> String {
        format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"x\"\n\n")
    }

    #[test]
    fn another_version_is_found() {
        let root = package("serde", "1.0.2")
            + &package("half", "2.4.0")
            + &package("half", "1.8.0")
            + &package("naga", "30.0.1");
        let same = package("serde", "1.0.2")
            + &package("half", "1.8.0")
            + &package("naga", "30.0.0")
            + &package("wit", "1.0.0");
        let mut findings = Vec::new();
        compare_locks("a/Cargo.lock", &same, &root, &mut findings);
        assert_eq!(findings, [], "the same, patched, and unknown");
        compare_locks("a/Cargo.lock", &(same + &package("serde", "1.0.3")), &root, &mut findings);
        assert!(
            matches!(findings.as_slice(), [Finding { place, what }]
                if place == "a/Cargo.lock:23" && what.contains("serde 1.0.3") && what.contains("1.0.2")),
            "one other: {findings:?}"
        );
    }
}
