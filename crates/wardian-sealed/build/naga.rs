//! A copy of naga with a better front end, for the component alone: cargo's source of it, `naga.patch`, and
//! source files of ours.
//!
//! Cargo's `[patch.crates-io]` needs a whole package in another's place. What cargo has of the package is copied, and
//! files are written only where they differ, so that cargo builds what has changed and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use diffy::Patch;

/// The one that the patch is made for, and that the workspace has: `wgpu-core` validates what the component makes.
const VERSION: &str = "30.0.1";
/// What of the package is copied.
const PARTS: [&str; 3] = ["Cargo.toml", "build.rs", "src"];
/// Our own source in the copy: children of the modules whose private parts they use.
const OWN: [(&str, &str); 5] = [
    ("evaluate.rs", "src/proc/constant_evaluator/evaluate.rs"),
    ("access.rs", "src/front/wgsl/lower/access.rs"),
    ("bitcast.rs", "src/front/wgsl/lower/bitcast.rs"),
    ("live.rs", "src/back/pipeline_constants/live.rs"),
    ("subgroup.rs", "src/front/wgsl/lower/subgroup.rs"),
];
const PATCH: &str = "naga.patch";
/// Asks cargo where it has the package: one that depends on nothing else.
const ASKING: &str = "[package]\nname = \"asks-for-naga\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[lib]\n\
                      path = \"lib.rs\"\n\n[dependencies.naga]\nversion = \"=30.0.1\"\ndefault-features = false\n\
                      features = [\"deserialize\", \"serialize\", \"wgsl-in\"]\n";

/// Where things are.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    /// The workspace: its `Cargo.lock` says which packages there are.
    pub(crate) root: &'a Path,
    /// The folder of the patch and of our own source.
    pub(crate) own: &'a Path,
    /// The crate that the copy calls to evaluate.
    pub(crate) evaluate: &'a Path,
    /// A folder for the copy, which cargo's target folder has room for.
    pub(crate) target: &'a Path,
}

/// Makes the copy, or brings it up to date, and says where it is. `cargo` makes a command for the nested cargo.
pub(crate) fn provide(places: &Places<'_>, cargo: impl Fn() -> Command) -> Result<PathBuf, String> {
    let source = source(places, cargo)?;
    let mut files = Vec::new();
    for part in PARTS {
        collect(&source, Path::new(part), &mut files)?;
    }
    let patch = read(&places.own.join(PATCH))?;
    let mut files = patched(files, &patch)?;
    let manifest = files.iter_mut().find(|(path, _)| path == Path::new("Cargo.toml"));
    let (_, manifest) = manifest.ok_or("naga has no Cargo.toml")?;
    manifest.push_str(&format!("\n[dependencies.wardian-evaluate]\npath = '{}'\n", places.evaluate.display()));
    for (name, place) in OWN {
        files.push((PathBuf::from(place), read(&places.own.join(name))?));
    }
    let copy = places.target.join("naga");
    write(&copy, &files)?;
    Ok(copy)
}

/// Where cargo has the package. It may be asked without a network, once the workspace's packages are there.
fn source(places: &Places<'_>, cargo: impl Fn() -> Command) -> Result<PathBuf, String> {
    let asking = places.target.join("asks-for-naga");
    fs::create_dir_all(&asking).map_err(|error| format!("cannot make {}: {error}", asking.display()))?;
    let lock = read(&places.root.join("Cargo.lock"))?;
    for (name, text) in [("Cargo.toml", ASKING), ("lib.rs", ""), ("Cargo.lock", lock.as_str())] {
        let path = asking.join(name);
        fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    let ask = |offline: &[&str]| -> Result<String, String> {
        let mut command = cargo();
        command.current_dir(&asking).args(["metadata", "--format-version", "1"]).args(offline);
        command.args(["--filter-platform", "wasm32-wasip2"]);
        let output = command.output().map_err(|error| format!("cargo does not start: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout).replace("\\\\", "/"))
    };
    let metadata = ask(&["--offline"]).or_else(|_| ask(&[]));
    let metadata =
        metadata.map_err(|why| format!("cargo has no source of naga {VERSION}; run `cargo fetch`. It says: {why}"))?;
    let end = format!("naga-{VERSION}/Cargo.toml");
    let manifest = metadata
        .split('"')
        .find(|word| word.strip_suffix(&end).is_some_and(|before| before.ends_with('/')) && Path::new(word).is_file());
    let folder = manifest.and_then(|manifest| Path::new(manifest).parent());
    Ok(folder.ok_or_else(|| format!("cargo names no source of naga {VERSION}; run `cargo fetch`"))?.to_owned())
}

/// The files of a part of the package, by their path in it.
fn collect(source: &Path, part: &Path, files: &mut Vec<(PathBuf, String)>) -> Result<(), String> {
    let place = source.join(part);
    if !place.is_dir() {
        files.push((part.to_owned(), read(&place)?));
        return Ok(());
    }
    let entries = fs::read_dir(&place).map_err(|error| format!("cannot read {}: {error}", place.display()))?;
    for entry in entries {
        let entry = entry.map_err(|error| format!("cannot read {}: {error}", place.display()))?;
        collect(source, &part.join(entry.file_name()), files)?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// The files with the changes of a unified diff. Each must fit: another source than the one that it was made for is an
/// error.
pub(crate) fn patched(mut files: Vec<(PathBuf, String)>, patch: &str) -> Result<Vec<(PathBuf, String)>, String> {
    let wrong = |what: String| {
        format!("{PATCH} is for naga {VERSION} as it was published, and does not fit what cargo has: {what}")
    };
    for (path, changes) in sections(patch) {
        let changes = Patch::from_str(&changes).map_err(|error| wrong(format!("{path}: {error}")))?;
        let file = files.iter_mut().find(|(file, _)| file == Path::new(path));
        let (_, text) = file.ok_or_else(|| wrong(format!("there is no {path}")))?;
        *text = diffy::apply(text, &changes).map_err(|error| wrong(format!("{path}: {error}")))?;
    }
    Ok(files)
}

/// The parts of a diff over several files, each with the path of its file.
fn sections(patch: &str) -> Vec<(&str, String)> {
    let mut sections: Vec<(&str, String)> = Vec::new();
    for line in patch.split_inclusive('\n') {
        if let Some(path) = line.strip_prefix("--- a/") {
            sections.push((path.trim_end(), String::new()));
        }
        if let Some((_, section)) = sections.last_mut() {
            section.push_str(line);
        }
    }
    sections
}

/// Writes what differs, and removes what is there and should not be.
fn write(folder: &Path, files: &[(PathBuf, String)]) -> Result<(), String> {
    let mut known = BTreeSet::new();
    for (path, text) in files {
        let path = folder.join(path);
        if fs::read_to_string(&path).is_ok_and(|there| there == *text) {
            known.insert(path);
            continue;
        }
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| format!("cannot make {}: {error}", parent.display()))?;
        fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        known.insert(path);
    }
    let mut there = Vec::new();
    collect(folder, Path::new("src"), &mut there)?;
    for (path, _) in there {
        let path = folder.join(path);
        if !known.contains(&path) {
            fs::remove_file(&path).map_err(|error| format!("cannot remove {}: {error}", path.display()))?;
        }
    }
    Ok(())
}
