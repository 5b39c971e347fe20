//! The configuration, when it is read first and when it is read again.

use std::fs;

use http::Request;
use http_body_util::Full;
use rustix::process::Signal;
use tempfile::TempDir;

use crate::server::{Server, ask, command, configuration, guest, handler, wait_for};

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
    let hosts = same.replace("name = \"a\"", "name = \"a\"\nhost = [\"x.test\", \"Y.test\"]\nprefix = \"/p/\"");
    let hosts = hosts.replace("name = \"b\"", "name = \"b\"\nhost = [\"y.test\"]\nprefix = \"/p\"");
    check_wrong(&hosts, &["c.toml:8: name: 'b' has the same host and prefix as 'a'"]);
    for name in ["", "-", "two words", "line\\n", "\u{e4}"] {
        check_wrong(&format!("[[tenant]]\nname = \"{name}\"\ncomponent = \"x\"\n"), &["c.toml:2: name: ", "letters"]);
    }
    for host in ["a.test:80", "a b", "", "http://a.test"] {
        check_wrong(
            &tenant(&format!("host = [\"{host}\"]\n")),
            &["c.toml:5: host: ", "name of a host", "without a port"],
        );
    }
    check_wrong(&tenant("process-memory = \"big\"\n"), &["c.toml:5: process-memory: ", "64MiB"]);
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

    // Right, but for two tenants that don't start: what was before goes on, and the others are served.
    let wish = "gpu-adapter = \"no such\"";
    fs::write(&file, configuration("", &[("a", ""), ("b", wish), ("c", ""), ("d", wish)])).unwrap();
    server.wait_for_log("a tenant does not start; it goes on as it was before");
    server.wait_for_log("a tenant does not start; it is tried again, and the others are served");
    wait_for("a new tenant", || server.get("c.test", "/hello").status == 200);
    assert_eq!(server.text("b.test", "/variable?COLOUR"), "red", "the old one");
    assert_eq!(server.get("d.test", "/hello").status, 503, "the one that never started");
    assert_eq!(server.admin("/ready").text(), "no worker is ready for d\n");
    assert_eq!(server.metric("wardian_ready{tenant=\"d\"}"), 0.0, "it is not");
    assert_eq!(server.metric("wardian_ready{tenant=\"b\"}"), 1.0, "the old one is");

    // Another one, by itself.
    fs::write(&file, configuration("", &[("a", ""), ("b", "env = { COLOUR = \"blue\" }"), ("c", "")])).unwrap();
    wait_for("the new variable", || server.get("b.test", "/variable?COLOUR").text() == "blue");
    assert_eq!(server.metric("wardian_ready{tenant=\"b\"}"), 1.0, "also once the old one has ended");
    assert!(!server.admin("/metrics").text().contains("tenant=\"d\""), "nothing of the one that is gone");
    let after: u32 = server.text("a.test", "/count").parse().unwrap();
    assert!(after > before.parse().unwrap(), "what is as it was goes on in its worker: {before}, then {after}");

    // By a signal: also where nothing changed.
    let loaded = |log: String| log.matches("the configuration is loaded").count();
    let before = loaded(server.log());
    assert_eq!(before, 2, "so far");
    server.signal(Signal::HUP);
    wait_for("once more", || loaded(server.log()) > before);

    // One tenant less.
    fs::write(&file, configuration("", &[("a", "")])).unwrap();
    wait_for("its end", || server.get("b.test", "/hello").status == 404);
    assert_eq!(server.text("a.test", "/hello"), "hello\n", "the other one");
}

/// One who can't be served is no reason to serve nobody.
#[test]
fn tenants_start_without_one_that_does_not() {
    let text = configuration("", &[("good", ""), ("bad", "gpu-adapter = \"no such\"")]);
    let server = Server::configured(&text);
    assert_eq!(server.text("good.test", "/hello"), "hello\n", "the good one");
    assert_eq!(server.get("bad.test", "/hello").status, 503, "the bad one");
    server.wait_for_log("'no such'");
    assert_eq!(server.admin("/ready").status, 503, "which the operator sees");
    let folder = TempDir::new().unwrap();
    let none = text.replace("name = \"good\"", "name = \"good\"\ngpu-adapter = \"neither\"");
    fs::write(folder.path().join("c.toml"), format!("addr = \"127.0.0.1:0\"\n{none}")).unwrap();
    let output = command().current_dir(folder.path()).args(["serve", "--config", "c.toml"]).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(113), "where none starts: {stderr}");
    assert!(stderr.contains("error: tenant 'good': "), "{stderr}");
}

/// What the command line says, also when the file is read again; what the file no longer says is as it was.
#[test]
fn the_command_line_goes_before_the_file() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("serve.toml");
    let text = |limits: &str| configuration(&format!("limits = {{ {limits} }}"), &[("a", "")]);
    fs::write(&file, text("body = \"9B\", response-time = \"1s\"")).unwrap();
    let server = Server::with(&["--config", file.to_str().unwrap(), "--body", "5B"], &[]);
    let post = |body: &'static str| {
        let request = Request::post("/length").header("host", "a.test");
        ask(server.addr, request.body(Full::from(body)).unwrap()).status
    };
    assert_eq!((post("12345"), post("123456")), (200, 413), "the command line's, not the file's");
    assert_eq!(server.get("a.test", "/wait?2500").status, 504, "the file's");
    wait_for("another worker", || server.admin("/ready").status == 200);
    fs::write(&file, text("")).unwrap();
    server.wait_for_log("the configuration is loaded");
    assert_eq!((post("12345"), post("123456")), (200, 413), "the command line's, still");
    assert_eq!(server.get("a.test", "/wait?2500").status, 200, "what is said no more is as ever");
}

/// The example of the operator's guide is one that is accepted, but for its files.
#[test]
fn the_guides_example_is_right() {
    let guide = include_str!("../../../../docs/serve.md");
    let (_, example) = guide.split_once("```toml\naddr").expect("an example");
    let (example, _) = example.split_once("```").expect("its end");
    let server = serves_example(&format!("addr{example}"));
    assert_eq!(server.text("any.example", "/hello"), "hello\n", "the tenant for all that is nobody else's");
    assert_eq!(server.get("photos.example", "/hello").status, 401, "the one with a token");
}

#[test]
fn the_example_of_the_help_is_right() {
    let help = command().args(["serve", "--help"]).output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    let (_, example) = help.split_once("  addr = ").expect("an example");
    let (example, _) = example.split_once("\n\nThe file is read again").expect("its end");
    let server = serves_example(&format!("addr = {example}"));
    assert_eq!(server.get("photos.example", "/photos/1").status, 401, "its tenant");
    assert_eq!(server.get("photos.example", "/other").status, 404, "nobody's path");
}

fn serves_example(text: &str) -> Server {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("albums")).unwrap();
    for component in ["photos.wasm", "hello.wasm"] {
        fs::copy(guest("wardian_test_handler_wasi2.wasm"), folder.path().join(component)).unwrap();
    }
    let config = folder.path().join("serve.toml");
    fs::write(&config, text).unwrap();
    let mut server = Server::with(&["--config", config.to_str().unwrap()], &[]);
    server.folder = folder;
    server
}
