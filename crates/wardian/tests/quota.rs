//! `wardian run` with quotas, by programs of `wardian-test-programs`.
//!
//! Set `WARDIAN_GUESTS` to the folder of built guests; `cargo xtask test` does that.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "also what tests share may end them")]

use std::env;
use std::path::PathBuf;
use std::process::{Command, Output};

/// Runs a program with these options.
fn run(options: &[&str], program: &str) -> Output {
    let guests = env::var_os("WARDIAN_GUESTS").expect("run the tests by `cargo xtask test`, which sets WARDIAN_GUESTS");
    let component = PathBuf::from(guests).join("wardian_test_programs.wasm");
    let mut command = Command::new(env!("CARGO_BIN_EXE_wardian"));
    command.env_remove("RUST_LOG").arg("run").args(options).arg(component).arg(program).output().unwrap()
}

fn texts(output: &Output) -> [String; 2] {
    [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned())
}

#[test]
fn memory_is_what_was_said() {
    let output = run(&["--gpu-memory", "16MiB"], "quota::memory_is_bounded");
    let [stdout, stderr] = texts(&output);
    assert!(output.status.success(), "the program goes on: {stderr}");
    assert!(stdout.contains("buffers: 1") && !stdout.contains(" 0 of"), "some are refused: {stdout}");
}

#[test]
fn objects_are_what_was_said() {
    let output = run(&["--quota", "samplers=5", "--quota", "textures=4"], "quota::objects_are_bounded");
    let [stdout, stderr] = texts(&output);
    assert!(output.status.success(), "the program goes on: {stderr}");
    for line in ["samplers: 27 of 32 refused", "textures: 29 of 32 refused", "buffers: 0 of 32 refused"] {
        assert!(stdout.contains(line), "expected '{line}' in {stdout}");
    }
}

#[test]
fn time_ends_the_process() {
    let output = run(&["--gpu-time", "700ms"], "quota::time_is_bounded");
    let [stdout, stderr] = texts(&output);
    assert_eq!(output.status.code(), Some(117), "its own code: {stdout}{stderr}");
    assert!(stderr.contains("0.7 s") && stderr.contains("help: ") && stderr.contains("--gpu-time"), "why: {stderr}");
}

#[test]
fn what_is_no_quota_is_refused() {
    for (options, part) in [
        (["--quota", "buffer=1"], "there are: gpu-memory"),
        (["--quota", "buffers=many"], "expected a number"),
        (["--gpu-memory", "lots"], "such as 2GiB"),
        (["--gpu-time", "7"], "such as 30s"),
    ] {
        let output = run(&options, "quota::memory_is_bounded");
        let [_, stderr] = texts(&output);
        assert_eq!(output.status.code(), Some(2), "{options:?} is a wrong command line: {stderr}");
        assert!(stderr.contains(part), "expected '{part}' of {options:?} in {stderr}");
    }
}
