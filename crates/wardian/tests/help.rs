//! The command line itself: help, version, completions, logs, and what is said to a wrong one.

#![expect(clippy::unwrap_used, reason = "also what tests share may end them")]

use std::process::{Command, Output};

fn wardian(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wardian"));
    command.env_remove("RUST_LOG").args(arguments).output().unwrap()
}

/// Runs what must end well with each of `parts` on standard output, and nothing on standard error.
#[track_caller]
fn check_prints(arguments: &[&str], parts: &[&str]) {
    let output = wardian(arguments);
    assert!(output.status.success(), "expected success of {arguments:?}, got {output:?}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    for part in parts {
        assert!(stdout.contains(part), "expected '{part}' in what {arguments:?} prints, got: {stdout}");
    }
    assert!(output.stderr.is_empty(), "expected nothing on standard error of {arguments:?}");
}

/// Runs what must be refused as a wrong command line, with each of `parts` on standard error.
#[track_caller]
fn check_refused(arguments: &[&str], parts: &[&str]) {
    let output = wardian(arguments);
    assert_eq!(output.status.code(), Some(2), "the exit code of {arguments:?}: {output:?}");
    let stderr = String::from_utf8(output.stderr).unwrap();
    for part in parts {
        assert!(stderr.contains(part), "expected '{part}' in what is said to {arguments:?}, got: {stderr}");
    }
    assert!(output.stdout.is_empty(), "expected nothing on standard output of {arguments:?}");
}

#[test]
fn help_tells_commands_examples_and_exit_codes() {
    let commands =
        ["  run ", "  serve ", "  compile ", "  info ", "  completions ", "Examples:", "wardian run --dir ."];
    check_prints(&["-h"], &commands);
    check_prints(&["--help"], &commands);
    check_prints(&["--help"], &["Exit codes:", "  0 ", "  2 ", "  110 ", "  115 ", "the component trapped"]);
}

#[test]
fn each_command_has_help_with_examples() {
    check_prints(
        &["run", "--help"],
        &["Examples:", "--dir", "--env", "--gpu-adapter", "--allow-precompiled", "Ctrl-C"],
    );
    #[cfg(unix)]
    check_prints(
        &["serve", "--help"],
        &[
            "Examples:",
            "wardian serve hello.wasm",
            "[[tenant]]",
            "--admin-addr",
            "/metrics",
            "--jail",
            "503",
            "SIGTERM",
        ],
    );
    check_prints(&["compile", "--help"], &["Examples:", "--output", ".cwasm"]);
    check_prints(&["info", "--help"], &["Examples:", "--json", "\"adapters\"", "device_type"]);
    check_prints(&["completions", "--help"], &["Examples:", "bash", "powershell"]);
    check_prints(&["help", "run"], &["Examples:"]);
}

#[test]
fn version_is_the_crates() {
    check_prints(&["--version"], &[&format!("wardian {}", env!("CARGO_PKG_VERSION"))]);
}

#[test]
fn completions_complete_the_options() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        check_prints(&["completions", shell], &["wardian", "gpu-adapter", "allow-precompiled"]);
    }
}

#[test]
fn wrong_command_lines_are_refused() {
    check_refused(&[], &["Usage:", "run"]);
    check_refused(&["fly"], &["fly", "Usage:"]);
    check_refused(&["run"], &["COMPONENT", "Usage:"]);
    check_refused(&["run", "--colour", "a.wasm"], &["--colour"]);
    check_refused(&["run", "--gpu-backend", "glide", "a.wasm"], &["glide", "possible values"]);
    check_refused(&["run", "--no-gpu", "--gpu-adapter", "0", "a.wasm"], &["--no-gpu", "--gpu-adapter"]);
    check_refused(&["completions", "tcsh"], &["tcsh", "bash"]);
}

#[test]
fn wrong_filters_are_refused() {
    check_refused(&["--log", "wardian=loud", "info"], &["--log is 'wardian=loud'", "wardian_host=debug"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_wardian"));
    let output = command.args(["completions", "bash"]).env("RUST_LOG", "wardian=loud").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "the exit code: {output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("RUST_LOG is 'wardian=loud'"), "its source is named");
}

#[test]
fn logs_are_json_on_demand() {
    let output = wardian(&["info", "--json", "--log", "trace", "--log-format", "json"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    let mut lines = 0;
    // Drivers write to standard error as they like.
    for line in stderr.lines().filter(|line| line.starts_with('{')) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line.get("level").is_some() && line.get("target").is_some(), "level and target: {line}");
        lines += 1;
    }
    assert!(lines > 0, "expected logs of what the drivers do while they are loaded: {stderr}");
    serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap();
}
