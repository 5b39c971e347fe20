//! The configuration, when it is read first and when it is read again.

use std::fs;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::server::{Server, command, configuration, guest, handler, wait_for};

/// It is refused, with the line and the key.
#[track_caller]
fn check_wrong(text: &str, parts: &[&str]) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("c.toml"), text).unwrap();
    let output = command().current_dir(folder.path()).args(["serve", "--config", "c.toml"]).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(119), "the exit code for {text}: {stderr}");
    for part in parts.iter().chain(&["help: "]) {
        assert!(stderr.contains(part), "expected '{part}' of {text} in: {stderr}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let tenant = |lines: &str| {
        format!("addr = \"127.0.0.1:0\"\n[[tenant]]\nname = \"a\"\ncomponent = \"{}\"\n{lines}", handler().display())
    };
    check_wrong("", &["c.toml:1: tenant: there is no [[tenant]]"]);
    check_wrong("addr = 7\n", &["c.toml:1: addr: "]);
    check_wrong("addr = \"nowhere\"\n", &["c.toml:1: addr: ", "socket address"]);
    check_wrong("addr = \"127.0.0.1:0\"\nport = 1\n", &["c.toml:2: port: ", "unknown field"]);
    check_wrong("jail = \"tight\"\n", &["c.toml:1: jail: ", "`required`"]);
    check_wrong("limits = { body = \"lots\" }\n", &["c.toml:1: ", "64MiB", "lots"]);
    check_wrong("[limits]\nbody = \"1MB\"\nidle-time = \"soon\"\n", &["c.toml:3: idle-time: ", "30s", "soon"]);
    check_wrong("[[tenant]]\nname = \"a\"\n", &["c.toml:1: ", "missing field `component`"]);
    check_wrong("[[tenant]\n", &["c.toml:1: "]);
    check_wrong(
        "[[tenant]]\nname = \"a\"\ncomponent = \"none.wasm\"\n",
        &["c.toml:3: component: there is no file ", "none.wasm"],
    );
    check_wrong(&tenant("prefix = \"photos\"\n"), &["c.toml:5: prefix: ", "begins with '/'"]);
    check_wrong(&tenant("token = \"two words\"\n"), &["c.toml:5: token: ", "ASCII"]);
    check_wrong(&tenant("requests = 0\n"), &["c.toml:5: requests: ", "1 or more"]);
    check_wrong(&tenant("memory = \"big\"\n"), &["c.toml:5: memory: ", "2GiB"]);
    check_wrong(&tenant("dirs = [\n  \"none::/data\",\n]\n"), &["c.toml:6: dirs: there is no folder ", "none"]);
    check_wrong(
        &tenant("quotas = { gpu-memory = \"1GiB\", buffer = 1 }\n"),
        &["c.toml:5: quotas: ", "buffer", "gpu-memory"],
    );
    check_wrong(&tenant("[tenant.quotas]\nbuffers = 7\ngpu-time = \"x\"\n"), &["c.toml:7: quotas: ", "30s"]);
    check_wrong(&tenant("gpu-preference = \"fast\"\n"), &["c.toml:5: gpu-preference: ", "low-power"]);
    let two =
        tenant("") + "[[tenant]]\nname = \"a\"\nprefix = \"/x\"\ncomponent = \"" + handler().to_str().unwrap() + "\"\n";
    check_wrong(&two, &["c.toml:6: name: there are two tenants 'a'"]);
    let same = two.replace("name = \"a\"\nprefix = \"/x\"", "name = \"b\"");
    check_wrong(&same, &["c.toml:6: name: 'b' has the same host and prefix as 'a'"]);
    let output = command().args(["serve", "--config", "no-such-file.toml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(119), "a file that is missing: {output:?}");
}

#[test]
fn it_is_read_again() {
    let server = Server::configured(&configuration("", &[("a", ""), ("b", "env = { COLOUR = \"red\" }")]));
    let file = server.folder.path().join("serve.toml");
    assert_eq!(server.text("b.test", "/variable?COLOUR"), "red");
    let before = server.text("a.test", "/count");

    // Wrong: the old one goes on.
    fs::write(&file, "[[tenant]]\nname = 7\n").unwrap();
    server.wait_for_log("the configuration is wrong; the old one goes on");
    assert!(server.log().contains("serve.toml:2: name: "), "with its line: {}", server.log());
    assert_eq!(server.text("b.test", "/variable?COLOUR"), "red", "the old one");

    // Right, but for a tenant that doesn't start.
    let broken = configuration("", &[("a", ""), ("b", "gpu-adapter = \"no such\"")]);
    fs::write(&file, &broken).unwrap();
    server.wait_for_log("a tenant does not start; the old configuration goes on");
    assert_eq!(server.text("b.test", "/variable?COLOUR"), "red", "the old one");

    // Another one, by itself.
    fs::write(&file, configuration("", &[("a", ""), ("b", "env = { COLOUR = \"blue\" }"), ("c", "")])).unwrap();
    wait_for("the new variable", || server.get("b.test", "/variable?COLOUR").text() == "blue");
    assert_eq!(server.text("c.test", "/hello"), "hello\n", "a new tenant");
    let after: u32 = server.text("a.test", "/count").parse().unwrap();
    assert!(after > before.parse().unwrap(), "what is as it was goes on in its worker: {before}, then {after}");

    // By a signal: also where nothing changed.
    let loaded = |log: String| log.matches("the configuration is loaded").count();
    assert_eq!(loaded(server.log()), 1, "so far");
    server.signal(Signal::HUP);
    wait_for("a second time", || loaded(server.log()) == 2);

    // One tenant less.
    fs::write(&file, configuration("", &[("a", "")])).unwrap();
    wait_for("its end", || server.get("b.test", "/hello").status == 404);
    assert_eq!(server.text("a.test", "/hello"), "hello\n", "the other one");
}

/// The example of the operator's guide is one that is accepted, but for its files.
#[test]
fn the_guides_example_is_right() {
    let guide = include_str!("../../../../docs/serve.md");
    let (_, example) = guide.split_once("```toml\n").expect("an example");
    let (example, _) = example.split_once("```").expect("its end");
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("albums")).unwrap();
    for component in ["photos.wasm", "hello.wasm"] {
        fs::copy(guest("wardian_test_handler.wasm"), folder.path().join(component)).unwrap();
    }
    fs::write(folder.path().join("serve.toml"), example).unwrap();
    let config = folder.path().join("serve.toml");
    let server = Server::with(&["--config", config.to_str().unwrap()], &[]);
    assert_eq!(server.text("any.example", "/hello"), "hello\n", "the tenant for all that is nobody else's");
    assert_eq!(server.get("photos.example", "/hello").status, 401, "the one with a token");
}
