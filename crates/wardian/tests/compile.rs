//! `wardian compile`: what it writes, what it refuses, and that nothing half-written is left.

#![expect(clippy::unwrap_used, reason = "also what tests share may end them")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A program that ends well.
const PROGRAM: &str = r#"
    (component
      (core module $code (func (export "run") (result i32) i32.const 0))
      (core instance $code (instantiate $code))
      (func $run (result (result)) (canon lift (core func $code "run")))
      (instance $exports (export "run" (func $run)))
      (export "wasi:cli/run@0.2.0" (instance $exports)))
"#;

/// A folder with `program.wasm` in it, where the command runs.
struct Sandbox(TempDir);

impl Sandbox {
    fn new() -> Self {
        let sandbox = Self(TempDir::new().unwrap());
        fs::write(sandbox.path("program.wasm"), wat::parse_str(PROGRAM).unwrap()).unwrap();
        sandbox
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn wardian(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wardian"));
        command.current_dir(self.0.path()).env_remove("RUST_LOG").args(arguments).output().unwrap()
    }

    #[track_caller]
    fn compile(&self, arguments: &[&str]) -> String {
        let output = self.wardian(&[&["compile"], arguments].concat());
        assert!(output.status.success(), "expected success of {arguments:?}, got {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs what must fail with a code and a message with each of `parts`, and leave the folder as it was.
    #[track_caller]
    fn check_refused(&self, arguments: &[&str], code: i32, parts: &[&str]) {
        let before = self.names();
        let output = self.wardian(arguments);
        assert_eq!(output.status.code(), Some(code), "the exit code of {arguments:?}: {output:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        for part in parts {
            assert!(stderr.contains(part), "expected '{part}' in what is said to {arguments:?}, got: {stderr}");
        }
        assert_eq!(self.names(), before, "what is in the folder after {arguments:?}");
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort_unstable();
        names
    }
}

#[test]
fn result_lies_beside_the_component_and_runs() {
    let sandbox = Sandbox::new();
    let stdout = sandbox.compile(&["program.wasm"]);
    assert!(stdout.contains("wardian run --allow-precompiled program.cwasm"), "how to run it: {stdout}");
    assert_eq!(sandbox.names(), ["program.cwasm", "program.wasm"], "nothing else is written");
    let output = sandbox.wardian(&["run", "--allow-precompiled", "program.cwasm"]);
    assert!(output.status.success(), "it runs: {output:?}");
}

#[test]
fn result_replaces_an_earlier_one() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path("out.cwasm"), "an earlier one").unwrap();
    sandbox.compile(&["program.wasm", "-o", "out.cwasm"]);
    assert_eq!(sandbox.names(), ["out.cwasm", "program.wasm"], "nothing else is written");
    let output = sandbox.wardian(&["run", "--allow-precompiled", "out.cwasm"]);
    assert!(output.status.success(), "it runs: {output:?}");
}

#[test]
fn precompiled_file_needs_the_users_word() {
    let sandbox = Sandbox::new();
    sandbox.compile(&["program.wasm"]);
    sandbox.check_refused(&["run", "program.cwasm"], 112, &["native code", "--allow-precompiled", "wardian compile"]);
}

#[test]
fn precompiled_file_of_another_version_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.compile(&["program.wasm"]);
    // The engine's section begins with its own version, 0, and that of Wasmtime, with its length before.
    let mut bytes = fs::read(sandbox.path("program.cwasm")).unwrap();
    let places: Vec<_> =
        bytes.windows(4).enumerate().filter(|(_, four)| *four == b"\0\x0248").map(|(at, _)| at).collect();
    assert!(!places.is_empty(), "the version is where it is looked for");
    for at in places {
        bytes[at + 3] = b'7';
    }
    fs::write(sandbox.path("old.cwasm"), bytes).unwrap();
    sandbox.check_refused(
        &["run", "--allow-precompiled", "old.cwasm"],
        112,
        &["compiled for another host", "version '47'", "compile the component again"],
    );
}

#[test]
fn damaged_precompiled_file_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.compile(&["program.wasm"]);
    let bytes = fs::read(sandbox.path("program.cwasm")).unwrap();
    fs::write(sandbox.path("half.cwasm"), &bytes[..bytes.len() / 2]).unwrap();
    sandbox.check_refused(&["run", "--allow-precompiled", "half.cwasm"], 112, &["compile the component again"]);
}

#[test]
fn wrong_components_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.check_refused(&["compile", "none.wasm"], 110, &["there is no file none.wasm"]);
    fs::write(sandbox.path("text.wasm"), "no component").unwrap();
    sandbox.check_refused(&["compile", "text.wasm"], 110, &["text.wasm is not WebAssembly"]);
    fs::write(sandbox.path("half.wasm"), &wat::parse_str(PROGRAM).unwrap()[..40]).unwrap();
    sandbox.check_refused(&["compile", "half.wasm"], 110, &["half.wasm is not a valid component"]);
    sandbox.compile(&["program.wasm"]);
    sandbox.check_refused(&["compile", "program.cwasm", "-o", "b.cwasm"], 110, &["compiled ahead of time already"]);
}

#[test]
fn places_that_cannot_be_written_are_refused() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("folder")).unwrap();
    sandbox.check_refused(&["compile", "program.wasm", "-o", "folder"], 114, &["cannot write folder: it is a folder"]);
    sandbox.check_refused(&["compile", "program.wasm", "-o", "none/a"], 114, &["there is no folder none"]);
    sandbox.check_refused(&["compile", "program.wasm", "-o", "program.wasm"], 114, &["the component itself"]);
    sandbox.check_refused(&["compile", "program.wasm", "-o", "folder/../program.wasm"], 114, &["the component itself"]);
}
