//! `wardian info`: its text, its JSON, and what it says of a machine without an adapter.

#![expect(clippy::unwrap_used, reason = "also what tests share may end them")]

use std::process::{Command, Output};

use serde_json::Value;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wardian"));
    command.arg("info").args(arguments).env_remove("RUST_LOG");
    command
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn policy_tells_what_holds() {
    let output = command(&["--policy", "--quota", "gpu-memory=3GiB", "--json"]).output().unwrap();
    assert!(output.status.success(), "no adapter is looked for: {output:?}");
    let quotas = &json(&output)["quotas"];
    assert_eq!(quotas["gpu-memory"], 3_u64 << 30, "what was said: {quotas}");
    assert!(quotas["gpu-time"].is_null() && quotas["buffers"].as_u64() > Some(1000), "what holds else: {quotas}");
    let text = String::from_utf8(command(&["--policy"]).output().unwrap().stdout).unwrap();
    for name in quotas.as_object().unwrap().keys() {
        assert!(text.contains(name), "{name} is in the table: {text}");
    }
}

#[test]
fn json_tells_all_of_each_adapter() {
    let output = command(&["--json"]).output().unwrap();
    let report = json(&output);
    assert_eq!(report["wardian"], env!("CARGO_PKG_VERSION"), "its own version");
    assert!(report["wasmtime"].is_string() && report["problems"].is_array(), "version and problems: {report}");
    let adapters = report["adapters"].as_array().unwrap();
    assert_eq!(output.status.code(), Some(if adapters.is_empty() { 113 } else { 0 }), "no adapter is a failure");
    for (index, adapter) in adapters.iter().enumerate() {
        assert_eq!(adapter["index"], index, "they are counted");
        for key in ["name", "backend", "device_type", "driver", "driver_info"] {
            assert!(adapter[key].is_string(), "{key} is a string: {adapter}");
        }
        let kinds = ["discrete-gpu", "integrated-gpu", "virtual-gpu", "cpu", "other"];
        assert!(kinds.iter().any(|kind| adapter["device_type"] == *kind), "a known device_type: {adapter}");
        assert!(adapter["vendor"].is_u64() && adapter["device"].is_u64(), "vendor and device are numbers: {adapter}");
        assert!(adapter["features"].as_array().unwrap().iter().all(Value::is_string), "features: {adapter}");
        let limits = adapter["limits"].as_object().unwrap();
        assert!(limits["maxBufferSize"].as_u64().unwrap() >= 268_435_456, "WebGPU's least: {adapter}");
    }
}

#[test]
fn text_names_each_adapter_of_the_json() {
    let report = json(&command(&["--json"]).output().unwrap());
    let output = command(&["--features", "--limits"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with(&format!("wardian {}", env!("CARGO_PKG_VERSION"))), "versions first: {text}");
    for adapter in report["adapters"].as_array().unwrap() {
        for part in
            [adapter["name"].as_str().unwrap(), adapter["backend"].as_str().unwrap(), "features:", "maxBufferSize"]
        {
            assert!(text.contains(part), "expected '{part}' in: {text}");
        }
    }
    let short = String::from_utf8(command(&[]).output().unwrap().stdout).unwrap();
    assert!(!short.contains("maxBufferSize") && !short.contains("features:"), "only on demand: {short}");
}

#[test]
#[cfg(target_os = "linux")]
fn machine_without_a_driver_learns_why() {
    let without_driver = |arguments: &[&str]| {
        let mut command = command(arguments);
        command.env("VK_DRIVER_FILES", "/nowhere/icd.json").env("VK_ICD_FILENAMES", "/nowhere/icd.json");
        command.env_remove("VK_ADD_DRIVER_FILES").output().unwrap()
    };
    let output = without_driver(&["--json"]);
    assert_eq!(output.status.code(), Some(113), "no adapter: {output:?}");
    let report = json(&output);
    assert_eq!(report["adapters"], Value::Array(Vec::new()), "no adapter");
    let problems = report["problems"].as_array().unwrap();
    assert!(problems.iter().all(|problem| problem["advice"].is_string()), "each with advice: {report}");
    let named =
        |problem: &Value| problem["problem"].as_str().unwrap().contains("VK_DRIVER_FILES names /nowhere/icd.json");
    assert!(problems.iter().any(named), "the variable is named: {report}");

    let output = without_driver(&[]);
    assert_eq!(output.status.code(), Some(113), "no adapter: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    for part in ["There is no GPU adapter.", "problem: VK_DRIVER_FILES names /nowhere/icd.json", "help: "] {
        assert!(text.contains(part), "expected '{part}' in: {text}");
    }
}
