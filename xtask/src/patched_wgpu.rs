//! `cargo xtask patched-wgpu`: a copy of `wgpu` whose `Instance::new` works in a component.
//!
//! Cargo's `[patch.crates-io]` needs a whole package in another's place, and that package can't depend on the one it
//! replaces. So this makes one, from the source that cargo has anyway, by a few small edits.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{process, project::Project};

const VERSION: &str = "30.0.1";

/// In `src/api/instance.rs`: `Instance::new` asks who has said how instances are made.
const INSTANCE: [(&str, &str); 2] = [
    (
        "    #[allow(clippy::allow_attributes, unreachable_code)]\n    pub fn new(desc: InstanceDescriptor) -> Self {\n",
        "    #[allow(clippy::allow_attributes, unreachable_code)]\n    pub fn new(desc: InstanceDescriptor) -> Self {\n        \
         #[cfg(custom)]\n        if let Some(factory) = FACTORY.get() {\n            return factory(desc);\n        }\n\n",
    ),
    (
        "#[cfg(custom)]\nimpl Instance {\n",
        "/// Added by Wardian: what makes instances in the place of [`Instance::new`].\n#[cfg(custom)]\nstatic FACTORY: \
         std::sync::OnceLock<fn(InstanceDescriptor) -> Instance> = std::sync::OnceLock::new();\n\n#[cfg(custom)]\nimpl \
         Instance {\n    /// Added by Wardian: makes [`Instance::new`] call this function. The first call counts.\n    pub \
         fn set_factory(factory: fn(InstanceDescriptor) -> Instance) {\n        let _ = FACTORY.set(factory);\n    }\n\n",
    ),
];

/// In `build.rs`: the features for browsers count in a browser only, and not wherever WebAssembly runs.
const CONDITIONS: [(&str, &str); 3] = [
    (
        "web: { all(target_arch = \"wasm32\", not(Emscripten), feature = \"web\") }",
        "web: { all(target_arch = \"wasm32\", target_os = \"unknown\", feature = \"web\") }",
    ),
    (
        "webgpu: { all(not(native), not(Emscripten), feature = \"webgpu\") }",
        "webgpu: { all(not(native), target_os = \"unknown\", feature = \"webgpu\") }",
    ),
    (
        "webgl: { all(not(native), not(Emscripten), feature = \"webgl\") }",
        "webgl: { all(not(native), target_os = \"unknown\", feature = \"webgl\") }",
    ),
];

/// In `Cargo.toml`: and so do the packages that those features bring along.
const TARGET: (&str, &str) = (
    "cfg(all(target_arch = \"wasm32\", not(target_os = \"emscripten\")))",
    "cfg(all(target_arch = \"wasm32\", target_os = \"unknown\"))",
);

/// Makes the copy; an earlier one is replaced.
pub(crate) fn make(project: &Project, folder: &Path) -> Result<()> {
    let source = source(project)?;
    if folder.exists() && !folder.join("src/api/instance.rs").is_file() {
        bail!("{} is there and holds something else; name a folder that is not there yet", folder.display());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot replace {}", folder.display()))?;
    }
    copy(&source, folder)?;
    edit(&folder.join("src/api/instance.rs"), |text| patch(text, &INSTANCE))?;
    edit(&folder.join("build.rs"), |text| patch(text, &CONDITIONS))?;
    edit(&folder.join("Cargo.toml"), patch_manifest)?;
    println!("wgpu {VERSION}, whose Instance::new works in a component, is in {}", folder.display());
    println!("docs/wgpu.md tells how to use it");
    Ok(())
}

/// Where cargo has the source.
fn source(project: &Project) -> Result<PathBuf> {
    let mut command = project.cargo();
    command.args(["metadata", "--format-version", "1", "--locked"]);
    let metadata = process::read(&mut command)?;
    let marker = format!("wgpu-{VERSION}/Cargo.toml");
    let manifest = metadata.split('"').find(|word| {
        word.strip_suffix(&marker).is_some_and(|before| before.ends_with('/')) && Path::new(word).is_file()
    });
    let manifest = manifest.with_context(|| format!("cargo has no source of wgpu {VERSION}; run `cargo fetch`"))?;
    Ok(Path::new(manifest).parent().context("a manifest lies in a folder")?.to_owned())
}

fn copy(source: &Path, target: &Path) -> Result<()> {
    fs::create_dir_all(target).with_context(|| format!("cannot make {}", target.display()))?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let to = target.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), &to).with_context(|| format!("cannot write {}", to.display()))?;
        }
    }
    Ok(())
}

fn edit(path: &Path, change: impl FnOnce(String) -> Result<String>) -> Result<()> {
    let text = fs::read_to_string(path)?;
    let text = change(text).with_context(|| format!("{} is not as in wgpu {VERSION}", path.display()))?;
    // What is copied from cargo's folder may be read-only; a new file is not.
    fs::remove_file(path)?;
    fs::write(path, text)?;
    Ok(())
}

fn patch(mut text: String, edits: &[(&str, &str)]) -> Result<String> {
    for (before, after) in edits {
        if text.matches(before).count() != 1 {
            bail!("expected this once, and found it {} times:\n{before}", text.matches(before).count());
        }
        text = text.replacen(before, after, 1);
    }
    Ok(text)
}

fn patch_manifest(text: String) -> Result<String> {
    let (before, after) = TARGET;
    if !text.contains(before) {
        bail!("expected this, and did not find it: {before}");
    }
    Ok(text.replace(before, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_source_is_refused() {
        assert!(patch("fn new() {}".to_owned(), &INSTANCE).is_err(), "not wgpu's");
        assert!(patch_manifest("[features]\n".to_owned()).is_err(), "no package for browsers");
    }

    #[test]
    fn each_edit_is_made_once() {
        let source: String = CONDITIONS.iter().map(|(before, _)| format!("{before},\n")).collect();
        let patched = patch(source.clone(), &CONDITIONS).expect("all three are there");
        assert_eq!(patched.matches("target_os = \"unknown\"").count(), 3, "the conditions: {patched}");
        assert!(patch(source.repeat(2), &CONDITIONS).is_err(), "twice is once too often");
    }
}
