//! What the operator sees: health, metrics, logs, and the end.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;

use crate::server::{Server, command, configuration, get, wait_for};

#[test]
fn the_operator_sees_what_goes_on() {
    let server = Server::start(&[]);
    assert_eq!(server.text("any", "/double?2"), "4");
    assert_eq!(server.get("any", "/nothing").status, 404, "the guest's own answer");
    assert_eq!(server.admin("/health").text(), "ok\n");
    assert_eq!(server.admin("/ready").text(), "ready\n");
    assert_eq!(server.admin("/other").status, 404, "and nothing else");
    assert_eq!(server.metric("wardian_requests_total{status=\"200\",tenant=\"default\"}"), 1.0, "requests");
    assert_eq!(server.metric("wardian_requests_total{status=\"404\",tenant=\"default\"}"), 1.0, "by status");
    assert_eq!(server.metric("wardian_request_seconds_count{tenant=\"default\"}"), 2.0, "how long they took");
    assert_eq!(server.metric("wardian_ready{tenant=\"default\"}"), 1.0, "readiness");
    wait_for("memory of the GPU", || server.metric("wardian_gpu_memory_bytes{tenant=\"default\"}") > 0.0);
    assert_eq!(server.get("any", "/metrics").status, 404, "not where clients are");
    let long = format!("/{}", "y".repeat(10_000));
    assert_eq!(server.get("any", &long).status, 404, "the guest's own answer, too");
    let text = server.admin("/metrics").text();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        assert!(name.starts_with("wardian_") && value.parse::<f64>().is_ok(), "as Prometheus reads it: {line}");
    }
    let access = || -> Vec<Value> {
        let log = server.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["target"] == "wardian_serve::access").collect()
    };
    wait_for("a line a request", || access().len() == 4);
    let access = access();
    let fields = &access[0]["fields"];
    assert_eq!(fields["tenant"], "default", "{fields}");
    assert_eq!((&fields["method"], &fields["path"]), (&"GET".into(), &"/double".into()), "without the query: {fields}");
    assert_eq!(
        (&fields["status"], &fields["refusal"], &fields["bytes"], &fields["complete"]),
        (&200.into(), &"-".into(), &1.into(), &true.into()),
        "{fields}"
    );
    let long = access[3]["fields"]["path"].as_str().expect("a path");
    assert_eq!(long.len(), 512, "what clients make long is cut");
    assert!(fields["milliseconds"].as_f64().is_some_and(|time| time > 0.0), "{fields}");
}

/// No component writes into the logs of another one, or of the server.
#[test]
fn what_a_component_prints_is_its_own() {
    let server = Server::configured(&configuration("", &[("bad", ""), ("good", "")]));
    assert_eq!(server.text("bad.test", "/forge"), "");
    assert_eq!(server.text("good.test", "/print?fair"), "");
    assert_eq!(server.text("bad.test", "/flood?3000"), "3000 lines");
    server.wait_for_log("prints too much");
    server.wait_for_log("fair on standard error");
    let lines: Vec<Value> = server.log().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let printed = |tenant: &str, text: &str| {
        let is_it = |line: &&Value| {
            let fields = &line["fields"];
            fields["tenant"] == tenant && fields["message"].as_str().is_some_and(|message| message.contains(text))
        };
        lines.iter().filter(is_it).map(|line| line["target"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(printed("bad", "\"forged\":true"), ["wardian_serve::guest"], "a line of the access log");
    assert_eq!(printed("bad", "wardian_serve::supervisor: forged"), ["wardian_serve::guest"], "an error");
    assert_eq!(printed("good", "forged"), Vec::<Value>::new(), "by another name");
    assert_eq!(printed("good", "stderr: fair on standard error"), ["wardian_serve::guest"], "who it was, and where");
    let flood = printed("bad", "stdout: line ").len();
    assert!((900..2500).contains(&flood), "some of it is left out: {flood}");
    assert!(lines.iter().all(|line| line["fields"]["forged"].is_null()), "in no other place");
}

#[test]
fn it_ends_when_its_requests_have_been_answered() {
    let mut server = Server::start(&[]);
    let addr = server.addr;
    let waiting = thread::spawn(move || get(addr, "any", "/wait?2000"));
    thread::sleep(Duration::from_millis(700));
    server.signal(Signal::TERM);
    server.wait_for_log("ending: waiting for requests");
    assert_eq!(server.admin("/ready").status, 503, "no more are to come");
    assert_eq!(server.admin("/health").status, 200, "but it lives");
    wait_for("closed doors", || TcpStream::connect(addr).is_err());
    let answer = waiting.join().unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "1"), "what was asked before is answered");
    assert_eq!(server.ended().code(), Some(0), "and that was well: {}", server.log());
}

#[test]
fn what_takes_too_long_at_the_end_is_lost() {
    let mut server = Server::start(&["--drain-time", "500ms"]);
    let addr = server.addr;
    let waiting = thread::spawn(move || get(addr, "any", "/wait?30000"));
    thread::sleep(Duration::from_millis(500));
    #[cfg(target_os = "linux")]
    let workers = server.workers("default");
    server.signal(Signal::INT);
    assert_eq!(server.ended().code(), Some(0), "{}", server.log());
    let answer = waiting.join().unwrap();
    assert!(answer.status == 0 || answer.body.is_none() || answer.status >= 500, "lost: {}", answer.status);
    assert!(server.log().contains("some requests took too long"), "which is logged: {}", server.log());
    #[cfg(target_os = "linux")]
    for worker in workers {
        let path = format!("/proc/{}", worker.as_raw_nonzero());
        wait_for("the end of the workers", || !std::path::Path::new(&path).exists());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn workers_end_with_their_supervisor() {
    let mut server = Server::start(&[]);
    let workers = server.workers("default");
    assert!(!workers.is_empty(), "there is one");
    server.signal(Signal::KILL);
    server.ended();
    for worker in workers {
        let path = format!("/proc/{}/exe", worker.as_raw_nonzero());
        wait_for("the end of the workers", || std::fs::read_link(&path).is_err());
    }
}

#[test]
fn info_shows_the_jail() {
    let output = command().args(["info", "--jail"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    for part in ["files", "network", "programs", "kernel", "privileges", "cgroup"] {
        assert!(text.contains(part), "expected '{part}' in {text}");
    }
    let output = command().args(["info", "--jail", "--json"]).output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(json["jail"]["files"].is_array(), "{json}");
}
