//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// Writes beside the file and renames: a file of that name that is there already stays as it is until then.
///
/// # Errors
///
/// What went wrong, and what to do.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let partial = partial(path)?;
    let written = File::create(&partial).and_then(|mut file| {
        file.write_all(bytes)?;
        // Else a machine that loses power has the new name without its bytes.
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&partial, path)).map_err(|error| {
        // What is half written would only take room, and its own failure would tell nothing new.
        let _ = fs::remove_file(&partial);
        format!("cannot write {}: {error}{}", path.display(), advice(path))
    })
}

/// Whether files can be written into a folder, which is made where it is missing.
///
/// # Errors
///
/// As for [`write`]: before hours of work, not after.
pub(crate) fn probe(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder)
        .map_err(|error| format!("cannot make the folder {}: {error}{}", folder.display(), advice(folder)))?;
    let probe = folder.join(".probe");
    let written = fs::write(&probe, [0; 4096]);
    // Also where only a part of it could be written.
    let removed = fs::remove_file(&probe);
    written.and(removed).map_err(|error| format!("cannot write into {}: {error}{}", folder.display(), advice(folder)))
}

fn partial(path: &Path) -> Result<std::path::PathBuf, String> {
    let mut name = path.file_name().ok_or_else(|| format!("{} names no file", path.display()))?.to_os_string();
    name.push(".partial");
    Ok(path.with_file_name(name))
}

fn advice(path: &Path) -> String {
    let state = if path.is_file() { "; what was there is as it was" } else { "" };
    let sealed = if cfg!(target_family = "wasm") { ", that `wardian run --dir` opens it" } else { "" };
    format!("{state}. See that the folder can be written, that its disk has room{sealed}")
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;

    #[test]
    fn what_cannot_be_written_leaves_the_old_file() {
        let folder = env::temp_dir().join(format!("wardian-train-files-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder can be made");
        let path = folder.join("file");
        write(&path, b"old").expect("writes");
        assert_eq!(fs::read(&path).expect("reads"), b"old", "all of it");
        // A folder where the partial file would be.
        fs::create_dir(folder.join("file.partial")).expect("a folder can be made");
        let error = write(&path, b"new").expect_err("there is a folder in its way");
        assert!(error.contains("what was there is as it was"), "says so: {error}");
        assert_eq!(fs::read(&path).expect("reads"), b"old", "and it is");
        fs::remove_dir_all(&folder).expect("can be removed");
    }

    #[test]
    fn a_file_in_the_place_of_a_folder_is_an_error_of_the_probe() {
        let path = env::temp_dir().join(format!("wardian-train-probe-{}", std::process::id()));
        fs::write(&path, b"").expect("writes");
        let error = probe(&path).expect_err("this is a file");
        assert!(error.contains("cannot make the folder"), "what failed: {error}");
        fs::remove_file(&path).expect("can be removed");
    }
}
