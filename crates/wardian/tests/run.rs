//! `wardian run`: exit codes, what a component gets, and what is said to input that can't be run.

#![expect(clippy::panic, clippy::unwrap_used, reason = "also what tests share may end them")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A folder where the command runs, with components in it.
struct Sandbox(TempDir);

impl Sandbox {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a component's text as `a.wasm`.
    fn with(text: &str) -> Self {
        let sandbox = Self::new();
        fs::write(sandbox.path("a.wasm"), wat::parse_str(text).unwrap()).unwrap();
        sandbox
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wardian"));
        command.current_dir(self.0.path()).env_remove("RUST_LOG").env_remove("RUST_BACKTRACE");
        command.arg("run").args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    #[track_caller]
    fn check_code(&self, arguments: &[&str], code: i32) {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "the exit code of {arguments:?}: {output:?}");
    }

    /// Runs what must fail with a code and a message with each of `parts`.
    #[track_caller]
    fn check_refused(&self, arguments: &[&str], code: i32, parts: &[&str]) {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "the exit code of {arguments:?}: {output:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        for part in parts {
            assert!(stderr.contains(part), "expected '{part}' in what is said to {arguments:?}, got: {stderr}");
        }
        assert!(output.stdout.is_empty(), "expected nothing on standard output of {arguments:?}");
    }
}

/// A program of WASI 0.2 whose `run` is this code, which leaves 0 for success or 1.
fn program(code: &str) -> String {
    format!(
        r#"(component
             (core module $code (func $inner {code}) (func $run (export "run") (result i32) call $inner))
             (core instance $code (instantiate $code))
             (func $run (result (result)) (canon lift (core func $code "run")))
             (instance $exports (export "run" (func $run)))
             (export "wasi:cli/run@0.2.6" (instance $exports)))"#
    )
}

/// The same of WASI 0.3, whose `run` is asynchronous.
fn asynchronous_program(code: &str) -> String {
    format!(
        r#"(component
             (core module $code (func (export "run") (result i32) {code}))
             (core instance $code (instantiate $code))
             (func $run async (result (result)) (canon lift (core func $code "run")))
             (instance $exports (export "run" (func $run)))
             (export "wasi:cli/run@0.3.0" (instance $exports)))"#
    )
}

/// A program that calls `exit-with-code`.
fn exiting_program(code: u8, imported: &str, exported: &str, effect: &str) -> String {
    format!(
        r#"(component
             (import "wasi:cli/exit@{imported}" (instance $exit
               (export "exit-with-code" (func (param "status-code" u8)))))
             (core func $exit (canon lower (func $exit "exit-with-code")))
             (core module $code
               (import "host" "exit" (func $exit (param i32)))
               (func (export "run") (result i32) (call $exit (i32.const {code})) unreachable))
             (core instance $code (instantiate $code (with "host" (instance (export "exit" (func $exit))))))
             (func $run {effect} (result (result)) (canon lift (core func $code "run")))
             (instance $exports (export "run" (func $run)))
             (export "wasi:cli/run@{exported}" (instance $exports)))"#
    )
}

/// A program that exits with 10 for each string of a list that the host gives, and the last one's length: `function` is
/// get-arguments, and `item` a string, or get-environment, and a tuple of two, of which the second one counts.
fn counting_program(function: &str, item: &str, item_bytes: u32) -> String {
    format!(
        r#"(component
             (import "wasi:cli/environment@0.2.0" (instance $environment
               (export "{function}" (func (result (list {item}))))))
             (import "wasi:cli/exit@0.2.12" (instance $exit
               (export "exit-with-code" (func (param "status-code" u8)))))
             (core module $memory
               (memory (export "memory") 16)
               (global $free (mut i32) (i32.const 1024))
               (func (export "realloc") (param i32 i32 i32 i32) (result i32)
                 (local $at i32)
                 (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
                 (global.set $free (i32.add (local.get $at) (local.get 3)))
                 (local.get $at)))
             (core instance $memory (instantiate $memory))
             (alias core export $memory "memory" (core memory $memory))
             (alias core export $memory "realloc" (core func $realloc))
             (core func $list (canon lower (func $environment "{function}") (memory $memory) (realloc $realloc)))
             (core func $exit (canon lower (func $exit "exit-with-code")))
             (core module $code
               (import "host" "memory" (memory 1))
               (import "host" "list" (func $list (param i32)))
               (import "host" "exit" (func $exit (param i32)))
               (func (export "run") (result i32)
                 (local $count i32) (local $end i32)
                 (call $list (i32.const 16))
                 (local.set $count (i32.load (i32.const 20)))
                 (if (i32.eqz (local.get $count)) (then (return (i32.const 0))))
                 (local.set $end
                   (i32.add (i32.load (i32.const 16)) (i32.mul (local.get $count) (i32.const {item_bytes}))))
                 (call $exit (i32.add
                   (i32.mul (local.get $count) (i32.const 10))
                   (i32.load (i32.sub (local.get $end) (i32.const 4)))))
                 unreachable))
             (core instance $host
               (export "memory" (memory $memory))
               (export "list" (func $list))
               (export "exit" (func $exit)))
             (core instance $code (instantiate $code (with "host" (instance $host))))
             (func $run (result (result)) (canon lift (core func $code "run")))
             (instance $exports (export "run" (func $run)))
             (export "wasi:cli/run@0.2.0" (instance $exports)))"#
    )
}

#[test]
fn result_of_a_program_is_the_exit_code() {
    Sandbox::with(&program("(result i32) i32.const 0")).check_code(&["a.wasm"], 0);
    Sandbox::with(&program("(result i32) i32.const 1")).check_code(&["a.wasm"], 1);
    Sandbox::with(&asynchronous_program("i32.const 0")).check_code(&["a.wasm"], 0);
    Sandbox::with(&asynchronous_program("i32.const 1")).check_code(&["a.wasm"], 1);
}

#[test]
fn exit_code_of_a_program_is_passed_on() {
    Sandbox::with(&exiting_program(42, "0.2.12", "0.2.0", "")).check_code(&["a.wasm"], 42);
    Sandbox::with(&exiting_program(0, "0.2.12", "0.2.0", "")).check_code(&["a.wasm"], 0);
    Sandbox::with(&exiting_program(255, "0.3.0", "0.3.0", "async")).check_code(&["a.wasm"], 255);
}

#[test]
fn arguments_are_the_programs_untouched() {
    let sandbox = Sandbox::with(&counting_program("get-arguments", "string", 8));
    sandbox.check_code(&["a.wasm"], 10 + 6);
    sandbox.check_code(&["a.wasm", "--dir", "nowhere", "--", "--help"], 50 + 6);
}

#[test]
fn program_sees_only_the_variables_it_is_given() {
    let sandbox = Sandbox::with(&counting_program("get-environment", "(tuple string string)", 16));
    sandbox.check_code(&["a.wasm"], 0);
    sandbox.check_code(&["--env", "A=1", "--env", "B=four", "a.wasm"], 20 + 4);
    let passed_on = sandbox.command(&["--env", "MINE", "a.wasm"]).env("MINE", "abc").status().unwrap();
    assert_eq!(passed_on.code(), Some(10 + 3), "the value is ours");
    let mut inherited = sandbox.command(&["--inherit-env", "--env", "MINE=12345", "a.wasm"]);
    let inherited = inherited.env_clear().env("MINE", "abc").env("OTHER", "x").status().unwrap();
    assert_eq!(inherited.code(), Some(20 + 5), "both, and ours comes last with the value of --env");
}

#[test]
fn variable_that_is_not_set_is_told() {
    let sandbox = Sandbox::with(&program("(result i32) i32.const 0"));
    let missing = "WARDIAN_TEST_NO_SUCH_VARIABLE";
    sandbox.check_refused(&["--env", missing, "a.wasm"], 2, &[missing, "there is none"]);
    sandbox.check_refused(&["--env", "=x", "a.wasm"], 2, &["names no variable"]);
}

#[test]
fn trap_is_told_with_the_calls() {
    let sandbox = Sandbox::with(&program("(result i32) unreachable"));
    sandbox.check_refused(
        &["a.wasm"],
        115,
        &["error: the component trapped: wasm `unreachable`", "in inner", "in run", "after a panic or an abort"],
    );
    let sandbox = Sandbox::with(&asynchronous_program("(i32.div_u (i32.const 1) (i32.const 0))"));
    sandbox.check_refused(&["a.wasm"], 115, &["error: the component trapped: integer divide by zero"]);
    let sandbox = Sandbox::with(&program("(result i32) call $run"));
    sandbox.check_refused(&["a.wasm"], 115, &["call stack exhausted", "more; set RUST_BACKTRACE=1"]);
}

#[test]
fn program_that_ends_before_its_run_is_told_apart() {
    let starts = |code: &str| {
        let code = format!("(result i32) i32.const 0) (func $begin {code}) (start $begin");
        program(&code)
    };
    Sandbox::with(&starts("unreachable")).check_refused(&["a.wasm"], 115, &["the component trapped", "in begin"]);
    Sandbox::with(&starts("nop")).check_code(&["a.wasm"], 0);
}

#[test]
fn names_in_a_component_do_not_steer_the_terminal() {
    let text = program("(result i32) unreachable").replace("$inner", "$\"\\1b[2Jinner\"");
    let output = Sandbox::with(&text).run(&["a.wasm"]);
    assert_eq!(output.status.code(), Some(115), "it traps: {output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("in \\u{1b}[2Jinner") && !stderr.contains('\u{1b}'), "escaped: {stderr}");
}

#[test]
#[cfg(unix)]
fn interrupt_ends_a_program_that_would_not_end() {
    use std::os::unix::process::ExitStatusExt;
    let sandbox = Sandbox::with(&program("(result i32) (loop $again (br $again)) unreachable"));
    let mut child = sandbox.command(&["a.wasm"]).spawn().unwrap();
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success(), "the signal is sent");
    assert_eq!(child.wait().unwrap().signal(), Some(2), "it ends by the signal, as shells expect");
}

#[test]
fn files_that_are_no_component_are_told() {
    let sandbox = Sandbox::new();
    sandbox.check_refused(&["none.wasm"], 110, &["error: there is no file none.wasm", "help: "]);
    fs::create_dir(sandbox.path("folder")).unwrap();
    sandbox.check_refused(&["folder"], 110, &["error: folder is a folder"]);
    let check = |bytes: &[u8], part: &str| {
        fs::write(sandbox.path("a.wasm"), bytes).unwrap();
        sandbox.check_refused(&["a.wasm"], 110, &[part, "help: "]);
    };
    check(b"", "error: a.wasm is empty");
    check(b"#!/bin/sh\n", "error: a.wasm is not WebAssembly");
    check(b"(component)", "error: a.wasm is WebAssembly text");
    check(b"\x7fELF\x02\x01\x01\0", "error: a.wasm is a native program");
    check(b"\0asm\x0a\0\x01\0", "error: a.wasm is WebAssembly of a kind or version");
    check(b"\0asm\x0d\0\x01\0\x63", "error: a.wasm is not a valid component");
    check(b"\0asm\x01\0\0\0", "error: a.wasm is a core WebAssembly module, not a component");
    let module = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))))"#;
    check(&wat::parse_str(module).unwrap(), "error: a.wasm is a core WebAssembly module for WASI 0.1");
    sandbox.check_refused(&["a.wasm"], 110, &["wasm32-wasip2"]);
}

#[test]
fn imports_that_the_host_lacks_are_told() {
    let text = r#"
        (component
          (import "wasi:webgpu/webgpu@0.0.1" (instance))
          (import "wasi:http/types@0.2.0" (instance))
          (import "wasi:cli/environment@0.2.0" (instance))
          (import "log" (func)))"#;
    let parts = [
        "error: a.wasm imports what this host does not have:",
        "    wasi:webgpu/webgpu@0.0.1 (this host has version 0.3.0-rc.2)",
        "    wasi:http/types@0.2.0\n",
        "    log\n",
        "help: this host has WASI 0.2 and 0.3.0",
        "and wasi:webgpu/webgpu@0.3.0-rc.2",
    ];
    let sandbox = Sandbox::with(text);
    sandbox.check_refused(&["a.wasm"], 111, &parts);
    let stderr = String::from_utf8(sandbox.run(&["a.wasm"]).stderr).unwrap();
    assert!(!stderr.contains("wasi:cli/environment"), "only what is missing: {stderr}");
}

#[test]
fn imports_of_another_type_are_told() {
    let text = r#"
        (component
          (import "wasi:cli/environment@0.2.0" (instance (export "get-arguments" (func (result u32))))))"#;
    let parts = ["imports a function otherwise than this host has it", "wasi:cli/environment@0.2.0"];
    Sandbox::with(text).check_refused(&["a.wasm"], 111, &parts);
}

#[test]
fn components_without_a_program_are_told() {
    let parts = ["error: a.wasm exports no wasi:cli/run", "nothing to run", "main function"];
    Sandbox::with("(component)").check_refused(&["a.wasm"], 111, &parts);
    let draft = asynchronous_program("i32.const 0").replace("@0.3.0", "@0.3.0-rc-2025-09-16");
    let parts = ["wasi:cli/run@0.3.0-rc-2025-09-16", "the final WASI 0.2 or 0.3.0"];
    Sandbox::with(&draft).check_refused(&["a.wasm"], 111, &parts);
    let empty = r#"(component (instance $exports) (export "wasi:cli/run@0.2.0" (instance $exports)))"#;
    Sandbox::with(empty).check_refused(&["a.wasm"], 111, &["a wasi:cli/run that is not WASI's"]);
    let odd = program("(result i32) i32.const 0").replace("(result (result))", "(result bool)");
    Sandbox::with(&odd).check_refused(
        &["a.wasm"],
        111,
        &["a.wasm cannot be started", "expected `result` found `bool`"],
    );
}

#[test]
fn folders_that_cannot_be_opened_are_told() {
    let sandbox = Sandbox::with(&program("(result i32) i32.const 0"));
    sandbox.check_code(&["--dir", ".", "--dir", ".::data", "a.wasm"], 0);
    sandbox.check_refused(&["--dir", "none", "a.wasm"], 114, &["--dir none: there is no such folder"]);
    sandbox.check_refused(&["--dir", "a.wasm", "a.wasm"], 114, &["--dir a.wasm is not a folder", "--dir ."]);
    sandbox.check_refused(&["--dir", "::x", "a.wasm"], 2, &["--dir names no folder"]);
}

#[test]
fn adapter_that_is_not_there_is_told_before_the_program_runs() {
    let sandbox = Sandbox::with(&exiting_program(7, "0.2.12", "0.2.0", ""));
    sandbox.check_refused(&["--gpu-adapter", "no such adapter", "a.wasm"], 113, &["'no such adapter'", "help: "]);
    sandbox.check_refused(&["--gpu-adapter", "4000000000", "a.wasm"], 113, &["'4000000000'"]);
    sandbox.check_code(&["--gpu-preference", "low-power", "a.wasm"], 7);
    sandbox.check_code(&["--no-gpu", "a.wasm"], 7);
}

#[test]
fn standard_output_is_the_programs() {
    let output = Sandbox::new().run(&[test_programs().to_str().unwrap(), "list"]);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "expected a list of programs: {output:?}");
    assert!(stdout.lines().count() > 1, "a name a line: {stdout}");
}

fn test_programs() -> PathBuf {
    let advice = "run the tests by `cargo xtask test`, or build the guests by `cargo xtask build-guests` and set \
                  WARDIAN_GUESTS to the folder that it names";
    let folder = env::var_os("WARDIAN_GUESTS").unwrap_or_else(|| panic!("WARDIAN_GUESTS is not set; {advice}"));
    let path = Path::new(&folder).join("wardian_test_programs.wasm");
    assert!(path.is_file(), "there is no component at {}; {advice}", path.display());
    path.canonicalize().unwrap()
}
