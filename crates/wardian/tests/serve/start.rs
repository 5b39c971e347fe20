//! What can't be served, and what is said about it.

use std::fs;
use std::net::TcpListener;
use std::process::Output;

use tempfile::TempDir;

use crate::server::{command, handler};

fn serve(folder: &TempDir, arguments: &[&str]) -> Output {
    command().current_dir(folder.path()).args(["serve", "--addr", "127.0.0.1:0"]).args(arguments).output().unwrap()
}

/// It ends with a code, and says each of `parts`.
#[track_caller]
fn check_refused(output: &Output, code: i32, parts: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "the exit code: {stderr}");
    for part in parts {
        assert!(stderr.contains(part), "expected '{part}' in: {stderr}");
    }
    assert!(stderr.contains("help: ") || code == 2, "expected what to do in: {stderr}");
    assert!(output.stdout.is_empty(), "expected nothing on standard output");
}

#[test]
fn what_cannot_be_served_is_told() {
    let folder = TempDir::new().unwrap();
    let component =
        |name: &str, text: &str| fs::write(folder.path().join(name), wat::parse_str(text).unwrap()).unwrap();
    fs::write(folder.path().join("text.wasm"), "no component").unwrap();
    component("module.wasm", "(module)");
    component("empty.wasm", "(component)");
    component("other.wasm", "(component (import \"x:y/z@1.0.0\" (instance (export \"f\" (func)))))");
    component(
        "program.wasm",
        "(component
           (core module $m (func (export \"run\") (result i32) i32.const 0))
           (core instance $i (instantiate $m))
           (func $run (result (result)) (canon lift (core func $i \"run\")))
           (instance $e (export \"run\" (func $run)))
           (export \"wasi:cli/run@0.2.6\" (instance $e)))",
    );
    check_refused(&serve(&folder, &["none.wasm"]), 110, &["there is no file none.wasm"]);
    check_refused(&serve(&folder, &["text.wasm"]), 110, &["text.wasm is not WebAssembly"]);
    check_refused(&serve(&folder, &["module.wasm"]), 110, &["core WebAssembly module"]);
    check_refused(&serve(&folder, &["empty.wasm"]), 111, &["wasi:http/handler@0.3.0", "nothing to serve"]);
    check_refused(&serve(&folder, &["other.wasm"]), 111, &["x:y/z@1.0.0"]);
    check_refused(&serve(&folder, &["program.wasm"]), 111, &["wasi:cli/run@0.2.6", "wardian run"]);
    check_refused(&serve(&folder, &["--dir", "none", "empty.wasm"]), 114, &["no such folder"]);
    check_refused(&serve(&folder, &[handler().to_str().unwrap()]), 112, &["--allow-precompiled"]);
    check_refused(
        &serve(&folder, &["--gpu-adapter", "no such", "--allow-precompiled", handler().to_str().unwrap()]),
        113,
        &["'no such'"],
    );
    check_refused(&serve(&folder, &[]), 2, &["<COMPONENT>"]);
    check_refused(&serve(&folder, &["--requests", "0", "a.wasm"]), 2, &["1 or more"]);
    check_refused(&serve(&folder, &["--config", "c.toml", "a.wasm"]), 2, &["cannot be used with"]);
}

/// A handler whose instance traps before it handles anything.
#[test]
fn a_component_that_traps_at_its_start_is_told() {
    let folder = TempDir::new().unwrap();
    let text = "(component
        (import \"wasi:http/types@0.2.0\" (instance $types
          (export \"incoming-request\" (type (sub resource)))
          (export \"response-outparam\" (type (sub resource)))))
        (alias export $types \"incoming-request\" (type $request))
        (alias export $types \"response-outparam\" (type $out))
        (core module $m
          (func (export \"handle\") (param i32 i32))
          (func $start unreachable)
          (start $start))
        (core instance $i (instantiate $m))
        (func $handle (param \"request\" (own $request)) (param \"response-out\" (own $out))
          (canon lift (core func $i \"handle\")))
        (component $c
          (import \"request\" (type $r (sub resource)))
          (import \"out\" (type $o (sub resource)))
          (import \"handle\" (func $h (param \"request\" (own $r)) (param \"response-out\" (own $o))))
          (export \"handle\" (func $h)))
        (instance $e (instantiate $c
          (with \"request\" (type $request)) (with \"out\" (type $out)) (with \"handle\" (func $handle))))
        (export \"wasi:http/incoming-handler@0.2.0\" (instance $e)))";
    fs::write(folder.path().join("traps.wasm"), wat::parse_str(text).unwrap()).unwrap();
    check_refused(&serve(&folder, &["traps.wasm"]), 115, &["cannot be instantiated", "unreachable"]);
}

#[test]
fn addresses_that_cannot_be_had_are_told() {
    let folder = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let component = handler().to_str().unwrap();
    for (flag, part) in [("--addr", "by --addr"), ("--admin-addr", "by --admin-addr")] {
        let mut command = command();
        let other = if flag == "--addr" { "--admin-addr" } else { "--addr" };
        command.current_dir(folder.path()).args(["serve", flag, &addr, other, "127.0.0.1:0"]);
        let output = command.args(["--allow-precompiled", component]).output().unwrap();
        check_refused(&output, 118, &[&addr, "another program listens there", part]);
    }
    let output = command().args(["serve", "--addr", "203.0.113.1:80", "--allow-precompiled", component]).output();
    check_refused(&output.unwrap(), 118, &["203.0.113.1:80", "an address of this machine"]);
}
