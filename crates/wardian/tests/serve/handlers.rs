//! Components of both kinds, and their bodies.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::server::{PATIENCE, Server, get, handler_wasi2};

fn wasi2(options: &[&str]) -> Server {
    Server::with(options, &["--allow-precompiled", handler_wasi2().to_str().unwrap()])
}

#[test]
fn handlers_of_wasi_3_answer() {
    let server = Server::start(&["--env", "COLOUR=green"]);
    assert_eq!(server.text("any", "/hello"), "hello\n");
    assert_eq!(server.text("any", "/double?21"), "42", "by the GPU");
    assert_eq!(server.text("any", "/double?4"), "8", "and again, in the same instance");
    assert_eq!(server.text("any", "/variable?COLOUR"), "green", "what it was given");
    assert_eq!(server.get("any", "/status?418").status, 418, "as it wishes");
    assert_eq!(server.get("any", "/variable?WARDIAN_TEST_SECRET").status, 500, "and nothing else");
    assert_eq!(server.get("any", "/read?/etc/hostname").status, 500, "no file");
    let headers = server.text("some.test:81", "/headers");
    assert!(!headers.contains("connection"), "what is of the connection is not passed on: {headers}");
    assert_eq!(server.text("any", "/print?something"), "", "what it prints is not its answer");
    server.wait_for_log("something on standard output");
    server.wait_for_log("something on standard error");
}

#[test]
fn handlers_of_wasi_2_answer() {
    let server = wasi2(&[]);
    server.wait_for_log("can't wait for a GPU");
    assert_eq!(server.text("any", "/hello"), "hello\n");
    assert_eq!(
        (server.text("any", "/count"), server.text("any", "/count")),
        ("1".into(), "1".into()),
        "an instance each"
    );
    assert_eq!(server.text("any", "/features"), "true", "calls of the GPU that return at once");
    assert_eq!(server.get("any", "/block").status, 500, "and it can't wait for the GPU");
    server.wait_for_log("export wasi:http/handler of WASI 0.3");
    assert_eq!(server.text("any", "/hello"), "hello\n", "afterwards");
    check_streams(&server);
    let start = Instant::now();
    assert_eq!(at_once(&server, 4, "/wait?1000"), ["1"; 4], "an instance each");
    assert!(start.elapsed() < Duration::from_secs(4), "side by side: {:?}", start.elapsed());
}

#[test]
fn requests_share_an_instance() {
    let server = Server::start(&[]);
    let most = at_once(&server, 8, "/wait?1500").iter().map(|most| most.parse::<u32>().unwrap()).max();
    assert!(most > Some(1), "some are in one instance at once: {most:?}");
    let counts: Vec<u32> = (0..4).map(|_| server.text("any", "/count").parse().unwrap()).collect();
    assert!(counts.windows(2).any(|pair| pair[0] < pair[1]), "one after the other, too: {counts:?}");
}

#[test]
fn requests_are_kept_apart() {
    let server = Server::start(&["--instance-requests", "1"]);
    assert_eq!(at_once(&server, 4, "/wait?500"), ["1"; 4], "an instance each");
    assert_eq!((server.text("any", "/count"), server.text("any", "/count")), ("1".into(), "1".into()), "also later");
}

/// Several requests at once; what each got.
fn at_once(server: &Server, count: usize, path: &'static str) -> Vec<String> {
    let addr = server.addr;
    let threads: Vec<_> = (0..count).map(|_| thread::spawn(move || get(addr, "any", path))).collect();
    threads.into_iter().map(|thread| thread.join().unwrap().text()).collect()
}

#[test]
fn bodies_are_streamed() {
    let server = Server::start(&["--body", "4MiB"]);
    check_streams(&server);
    // An endless response ends with its client, and its memory is bounded meanwhile.
    let mut client = TcpStream::connect(server.addr).unwrap();
    client.write_all(b"GET /endless HTTP/1.1\r\nhost: any\r\n\r\n").unwrap();
    let mut some = vec![0; 8 << 20];
    client.read_exact(&mut some).unwrap();
    drop(client);
    assert_eq!(server.text("any", "/hello"), "hello\n", "the others go on");
    server.wait_for_log("\"path\":\"/endless\"");
}

/// Each piece comes back before the next one is sent.
fn check_streams(server: &Server) {
    let mut client = TcpStream::connect(server.addr).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(b"POST /upper HTTP/1.1\r\nhost: any\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
    let mut got = String::new();
    for word in ["first", "other", "third"] {
        write!(client, "5\r\n{word}\r\n").unwrap();
        let mut chunk = [0; 64];
        while !got.ends_with(&format!("{}\r\n", word.to_uppercase())) {
            let count = client.read(&mut chunk).unwrap();
            assert!(count > 0, "the response goes on; so far: {got}");
            got += std::str::from_utf8(chunk.get(..count).unwrap()).unwrap();
        }
    }
    client.write_all(b"0\r\n\r\n").unwrap();
    while !got.ends_with("0\r\n\r\n") {
        let mut chunk = [0; 64];
        let count = client.read(&mut chunk).unwrap();
        assert!(count > 0, "the response ends well; so far: {got}");
        got += std::str::from_utf8(chunk.get(..count).unwrap()).unwrap();
    }
    assert!(got.starts_with("HTTP/1.1 200"), "{got}");
}

#[test]
fn what_traps_is_seen_and_harms_no_other_request() {
    let server = Server::start(&[]);
    let addr = server.addr;
    let other = thread::spawn(move || get(addr, "any", "/wait?1500"));
    thread::sleep(Duration::from_millis(300));
    assert_eq!(server.get("any", "/trap").status, 500, "before its answer");
    for _ in 0..5 {
        let half = server.get("any", "/half");
        assert!(
            half.status == 502 || half.body.is_none(),
            "in the middle of its answer: {} {:?}",
            half.status,
            half.body
        );
    }
    assert_eq!(other.join().unwrap().status, 200, "a request of the same instance is asked again");
    assert_eq!(server.text("any", "/hello"), "hello\n", "afterwards");
    assert!(server.metric("wardian_worker_restarts_total{tenant=\"default\"}") < 1.0, "its process goes on");
    assert!(server.log().contains("as it was asked to"), "what it said itself: {}", server.log());
}

/// What no response may be: its client gets an error, and nobody else notices.
#[test]
fn responses_that_are_none_are_seen() {
    let server = Server::start(&[]);
    for (path, statuses, why) in [
        ("/status?100", [500, 502], "a status before the response"),
        ("/status?101", [500, 502], "another protocol"),
        ("/many-headers?500", [502, 502], "more headers than the supervisor takes"),
        ("/header?content-length=2", [500, 502], "less than there is"),
    ] {
        let answer = server.get("any", path);
        let is_error = statuses.contains(&answer.status) || answer.body.is_none();
        assert!(is_error, "{why}: {} {:?}", answer.status, answer.body);
        assert_eq!(server.text("any", "/hello"), "hello\n", "after {why}");
    }
    let short = server.get("any", "/header?content-length=9");
    assert!(short.body.is_none() || short.status >= 500, "more than there is: {} {:?}", short.status, short.body);
    assert_eq!(server.get("any", "/header?connection=upgrade").headers.get("connection"), None, "of the connection");
    assert_eq!(server.get("any", "/status?204").status, 204, "without a body");
    assert_eq!(server.get("any", "/status?304").status, 304, "nor here");
    assert!(server.metric("wardian_worker_restarts_total{tenant=\"default\"}") < 1.0, "its process goes on");
    assert_eq!(server.text("any", "/hello"), "hello\n", "afterwards");
}
