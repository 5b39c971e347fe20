//! The component as native code in a file, so that the next process need not compile it.

#![expect(unsafe_code, reason = "native code from a file, which nobody but its owner can have written")]

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use wasmtime::Engine;
use wasmtime::component::Component;

const PREFIX: &str = "shader-compiler-";
const EXTENSION: &str = "cwasm";
/// How old the files of other versions may get. One that is still used is made again.
const AGE_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Takes the component from the folder, or compiles it and leaves it there. Without a folder that can be used it is
/// compiled all the same.
pub(crate) fn component(engine: &Engine, bytes: &[u8], folder: &Path) -> wasmtime::Result<Component> {
    let file = folder.join(name(engine, bytes));
    match load(engine, &file) {
        Ok(component) => return Ok(component),
        Err(error) if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == ErrorKind::NotFound) => {}
        Err(error) => {
            tracing::warn!(file = %file.display(), "the compiled shader compiler is not used: {error:#}; it is made again");
        }
    }
    let code = engine.precompile_component(bytes)?;
    if let Err(error) = save(&code, &file) {
        tracing::warn!(
            file = %file.display(),
            "the compiled shader compiler is not kept, so each start takes seconds longer: {error}"
        );
    }
    // SAFETY: this is what the engine has just made.
    unsafe { Component::deserialize(engine, &code) }
}

/// A name that stands for the component, Wasmtime's version and settings, and the processor.
fn name(engine: &Engine, bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{PREFIX}{:016x}.{EXTENSION}", hasher.finish())
}

fn load(engine: &Engine, file: &Path) -> wasmtime::Result<Component> {
    for path in [file.parent(), Some(file)].into_iter().flatten() {
        is_private(path)?;
    }
    // SAFETY: a file of this name in this folder was written by `save`, whole, and nobody but its owner could change
    // it since, who could as well change this program. Wasmtime itself refuses a file of another version, of other
    // settings, or for another processor.
    unsafe { Component::deserialize_file(engine, file) }
}

/// Whether nobody but its owner can change this.
#[cfg(unix)]
fn is_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    const OTHERS_WRITE: u32 = 0o022;
    if fs::metadata(path)?.permissions().mode() & OTHERS_WRITE == 0 {
        return Ok(());
    }
    Err(io::Error::other(format!("others than its owner can change {}; take that right from them", path.display())))
}

/// Elsewhere a user's own folders are the user's, unless somebody has given them away.
#[cfg(not(unix))]
fn is_private(path: &Path) -> io::Result<()> {
    fs::metadata(path).map(drop)
}

/// Writes the file beside its place, and moves it there when it is whole.
fn save(code: &[u8], file: &Path) -> io::Result<()> {
    let Some(folder) = file.parent() else { return Err(io::Error::other("the folder has no name")) };
    make_private(folder)?;
    let part = file.with_extension(format!("{}.part", process::id()));
    let written = File::create(&part).and_then(|mut file| {
        file.write_all(code)?;
        file.sync_all()
    });
    let moved = written.and_then(|()| fs::rename(&part, file));
    if moved.is_err() {
        // What can't be written can rarely be removed, and the first error says more.
        drop(fs::remove_file(&part));
    }
    moved?;
    remove_old(folder, file);
    Ok(())
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Removes what other versions have left. What can't be removed stays, and harms nobody.
fn remove_old(folder: &Path, kept: &Path) {
    let is_old = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let age = fs::metadata(path).and_then(|metadata| metadata.modified()).map(|time| time.elapsed());
        path != kept && name.starts_with(PREFIX) && matches!(age, Ok(Ok(age)) if age > AGE_MAX)
    };
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    for file in files.filter(is_old) {
        drop(fs::remove_file(file));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component of nothing.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    fn files(folder: &Path) -> Vec<PathBuf> {
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
    }

    #[test]
    fn a_component_is_kept_and_found_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("new").join("newer");
        let engine = Engine::default();
        component(&engine, EMPTY, &folder).expect("a component");
        let [file] = files(&folder).try_into().expect("one file");
        assert!(load(&engine, &file).is_ok(), "what was kept is loaded");

        // A file that is not whole is made again.
        fs::write(&file, b"half").expect("a write");
        assert!(load(&engine, &file).is_err(), "half a file");
        component(&engine, EMPTY, &folder).expect("a component");
        assert!(load(&engine, &file).is_ok(), "it is whole again");
        assert_eq!(files(&folder).len(), 1, "nothing is left beside it");

        // Another engine looks for another file.
        let other = Engine::new(wasmtime::Config::new().epoch_interruption(true)).expect("an engine");
        component(&other, EMPTY, &folder).expect("a component");
        assert_eq!(files(&folder).len(), 2, "one for each engine");
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_done_without() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, b"no folder").expect("a write");
        assert!(component(&Engine::default(), EMPTY, &file).is_ok(), "a file in the folder's place");
    }

    #[cfg(unix)]
    #[test]
    fn what_others_may_write_is_not_loaded() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let engine = Engine::default();
        component(&engine, EMPTY, folder.path()).expect("a component");
        let [file] = files(folder.path()).try_into().expect("one file");
        for path in [folder.path(), file.as_path()] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o777)).expect("permissions");
            let error = load(&engine, &file).map(drop).expect_err("it is refused").to_string();
            assert!(error.contains("others"), "says why: {error}");
            assert!(component(&engine, EMPTY, folder.path()).is_ok(), "it is compiled all the same");
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).expect("permissions");
        }
    }
}
