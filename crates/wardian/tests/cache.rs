//! What the command keeps for its next start: the shader compiler, once a program has made a shader.

#![expect(clippy::panic, clippy::unwrap_used, reason = "also what tests share may end them")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

fn component() -> PathBuf {
    let folder = env::var_os("WARDIAN_GUESTS");
    let folder = folder.unwrap_or_else(|| panic!("WARDIAN_GUESTS is not set; run `cargo xtask test`"));
    Path::new(&folder).join("wardian_test_programs.wasm")
}

/// Runs a test program with a cache in this folder.
fn run(cache: &Path, program: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wardian"));
    command.env("WARDIAN_CACHE_DIR", cache).arg("run").arg(component()).arg(program);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{program} ended with {}: {output:?}", output.status);
    output
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn the_shader_compiler_is_kept_once_there_was_a_shader() {
    let folder = TempDir::new().unwrap();
    let cache = folder.path().join("wardian");
    run(&cache, "buffer::new_buffer_is_zero");
    assert_eq!(names(&cache), [""; 0], "a program without a shader keeps nothing");
    run(&cache, "shader::valid_module_has_no_errors");
    let kept = names(&cache);
    assert!(
        matches!(kept.as_slice(), [one] if one.starts_with("shader-compiler-") && one.ends_with(".cwasm")),
        "one file: {kept:?}"
    );
    let modified = |name: &String| fs::metadata(cache.join(name)).unwrap().modified().unwrap();
    let made = kept.first().map(modified);
    run(&cache, "shader::valid_module_has_no_errors");
    assert_eq!(names(&cache), kept, "the same file");
    assert_eq!(kept.first().map(modified), made, "it was used, and not made again");
}

#[test]
fn a_cache_that_cannot_be_written_is_done_without() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "no folder").unwrap();
    let output = run(&file, "shader::valid_module_has_no_errors");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("each start takes seconds longer"), "it is said: {stderr}");
}
