//! Clients who are slow, greedy or confused.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;

use crate::server::{PATIENCE, Server, ask, configuration, get, wait_for};

/// Sends this as it stands, and gives all that comes until the server closes or pauses for long.
fn raw(addr: SocketAddr, sent: &[u8]) -> String {
    let mut client = TcpStream::connect(addr).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(sent).unwrap();
    let mut got = Vec::new();
    let mut chunk = [0; 4096];
    // A connection may also be reset, after what matters.
    while let Ok(count @ 1..) = client.read(&mut chunk) {
        got.extend_from_slice(chunk.get(..count).unwrap());
    }
    String::from_utf8_lossy(&got).into_owned()
}

#[test]
fn clients_are_bounded() {
    let limits = ["--body", "1MB", "--idle-time", "1s", "--header-time", "1s", "--requests", "2"];
    let server = Server::start(&limits);
    let addr = server.addr;
    // Bodies that are too large, whether they say so before or not.
    let post =
        |length: usize| Request::post("/length").header("host", "any").body(Full::from(vec![b'x'; length])).unwrap();
    assert_eq!(ask(addr, post(1_000_000)).text(), "1000000", "up to the limit");
    let said = raw(addr, b"POST /length HTTP/1.1\r\nhost: any\r\ncontent-length: 1000001\r\n\r\n");
    assert!(said.starts_with("HTTP/1.1 413 "), "one that says so: {said}");
    let mut chunked =
        b"POST /length HTTP/1.1\r\nhost: any\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n".to_vec();
    chunked.extend_from_slice(b"80000\r\n");
    chunked.extend(vec![b'x'; 0x8_0000]);
    chunked.extend_from_slice(b"\r\n80000\r\n");
    chunked.extend(vec![b'x'; 0x8_0000]);
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    let said = raw(addr, &chunked);
    assert!(said.starts_with("HTTP/1.1 413 "), "one that doesn't: {said}");
    // Clients that are too slow.
    let said = raw(addr, b"POST /length HTTP/1.1\r\nhost: any\r\ncontent-length: 10\r\n\r\nhalf");
    assert!(said.starts_with("HTTP/1.1 408 "), "in the middle of a body: {said}");
    let said = raw(addr, b"GET /hello HTTP/1.1\r\nhost: a");
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 408 "), "in the middle of a head: {said}");
    // Too many requests at once.
    let waiting: Vec<_> = (0..2).map(|_| thread::spawn(move || get(addr, "any", "/wait?2000"))).collect();
    thread::sleep(Duration::from_millis(700));
    let third = server.get("any", "/hello");
    assert_eq!(third.status, 503, "one too many");
    assert_eq!(
        third.headers.get("retry-after").map(|value| value.as_bytes()),
        Some(b"1".as_slice()),
        "when to come back"
    );
    assert!(waiting.into_iter().all(|thread| thread.join().unwrap().status == 200), "those before it");
    assert_eq!(server.text("any", "/hello"), "hello\n", "afterwards");
}

/// What a guest does goes on when its client is gone, so it still counts, and has an end.
#[test]
fn clients_who_leave_leave_nothing_behind() {
    let server = Server::start(&["--requests", "2", "--response-time", "2s"]);
    for _ in 0..2 {
        let mut client = TcpStream::connect(server.addr).unwrap();
        client.write_all(b"GET /loop HTTP/1.1\r\nhost: any\r\n\r\n").unwrap();
        thread::sleep(Duration::from_millis(300));
        drop(client);
    }
    wait_for("lines of the log", || server.log().matches("\"status\":499").count() == 2);
    assert_eq!(server.get("any", "/hello").status, 503, "they still are the two that it may have");
    wait_for("another worker", || server.metric("wardian_worker_restarts_total{tenant=\"default\"}") > 0.0);
    wait_for("place for others", || server.get("any", "/hello").status == 200);
    assert_eq!(server.metric("wardian_worker_restarts_total{tenant=\"default\"}"), 1.0, "once for both");
}

#[test]
fn what_is_no_http_is_refused() {
    let server = Server::start(&[]);
    for (sent, expected) in [
        ("GET\r\n\r\n".to_owned(), "400"),
        ("\u{1}\u{2}\u{3}\r\n\r\n".to_owned(), "400"),
        ("GET /hello HTTP/1.1\r\n\r\n".to_owned(), "400"),
        ("GET /hello HTTP/1.1\r\nhost: a\r\nhost: b\r\nconnection: close\r\n\r\n".to_owned(), "400"),
        ("GET /hello HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n".to_owned(), "400"),
        ("POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx".to_owned(), "400"),
        ("POST /length HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n".to_owned(), "400"),
        ("POST /length HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nno number\r\n".to_owned(), "400"),
        ("CONNECT a:1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".to_owned(), "501"),
        (format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "x: y\r\n".repeat(200)), "431"),
        (format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "y".repeat(1_000_000)), "431"),
        (format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "y".repeat(1_000_000)), "4"),
    ] {
        let closing =
            sent.replacen("GET /hello HTTP/1.1\r\n\r\n", "GET /hello HTTP/1.1\r\nconnection: close\r\n\r\n", 1);
        let said = raw(server.addr, closing.as_bytes());
        let shown: String = sent.chars().take(60).collect();
        assert!(said.starts_with(&format!("HTTP/1.1 {expected}")), "{shown:?}: {said}");
    }
    // A body that ends before its time.
    let mut client = TcpStream::connect(server.addr).unwrap();
    client.write_all(b"POST /length HTTP/1.1\r\nhost: any\r\ncontent-length: 10\r\n\r\nhalf").unwrap();
    drop(client);
    assert_eq!(server.text("any", "/hello"), "hello\n", "afterwards");
    assert!(!server.log().contains("a worker did not answer"), "that is no fault of a worker: {}", server.log());
}

#[test]
fn clients_who_take_nothing_are_left() {
    let server = Server::start(&["--requests", "1", "--idle-time", "1s"]);
    let mut client = TcpStream::connect(server.addr).unwrap();
    client.write_all(b"GET /endless HTTP/1.1\r\nhost: any\r\n\r\n").unwrap();
    wait_for("the beginning of a response", || server.get("any", "/hello").status == 503);
    wait_for("its end", || server.get("any", "/hello").status == 200);
    server.wait_for_log("\"complete\":false");
    drop(client);
}

#[test]
fn tokens_are_asked_for() {
    let server = Server::configured(&configuration("", &[("a", "token = \"open-sesame\""), ("b", "")]));
    let with = |host: &str, token: &str| {
        let request = Request::get("/headers").header("host", host).header("authorization", token);
        ask(server.addr, request.body(Full::<Bytes>::default()).unwrap())
    };
    let none = server.get("a.test", "/hello");
    assert_eq!(none.status, 401, "none");
    assert!(none.headers.contains_key("www-authenticate") && none.text().contains("Bearer TOKEN"), "what to do");
    for wrong in ["Bearer open-sesam", "Bearer open-sesame2", "Bearer ", "Basic open-sesame", "open-sesame", ""] {
        assert_eq!(with("a.test", wrong).status, 401, "'{wrong}'");
    }
    let right = with("a.test", "bearer open-sesame");
    assert_eq!(right.status, 200, "the right one");
    assert!(!right.text().contains("sesame"), "the guest never sees it: {}", right.text());
    assert!(with("b.test", "Bearer its-own").text().contains("its-own"), "where none is asked for it is the guest's");
    assert_eq!(server.get("c.test", "/hello").status, 404, "nobody's host");
    assert_eq!(server.metric("wardian_refusals_total{reason=\"unknown\",tenant=\"-\"}"), 1.0, "nobody's are counted");
    assert!(!server.log().contains("open-sesame"), "nor is it logged");
    assert_eq!(server.metric("wardian_refusals_total{reason=\"unauthorized\",tenant=\"a\"}"), 7.0, "they are counted");
}
