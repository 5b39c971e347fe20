//! Tenants beside each other: what one does must not harm the other.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process};

use crate::server::{Load, Server, configuration, get, wait_for};

const RESTARTS: &str = "wardian_worker_restarts_total{tenant=\"bad\"}";

/// A good tenant, and one with bounds that its guest runs into within seconds.
fn server() -> Server {
    let bad = "memory = \"100MiB\"\nquotas = { submission-time = \"1s\", gpu-memory = \"16MiB\" }";
    let head = "jail = \"required\"\nlimits = { response-time = \"3s\" }";
    let head = if cfg!(target_os = "linux") { head } else { "limits = { response-time = \"3s\" }" };
    Server::configured(&configuration(head, &[("bad", bad), ("good", "")]))
}

/// The bad one is served again, by another worker.
#[track_caller]
fn check_recovers(server: &Server, restarts: f64) {
    wait_for("another worker", || server.metric(RESTARTS) >= restarts);
    assert_eq!(server.text("bad.test", "/hello"), "hello\n", "the next request");
    assert_eq!(server.text("bad.test", "/double?3"), "6", "and its GPU");
    wait_for("readiness", || server.admin("/ready").status == 200);
}

/// Until there is a spare worker, the next one has to be started first, which takes longer.
#[cfg(target_os = "linux")]
fn wait_for_spare(server: &Server) {
    wait_for("two workers", || server.workers("bad").len() == 2);
    // That it is there does not say that it is ready.
    thread::sleep(Duration::from_millis(1500));
}

#[cfg(target_os = "linux")]
#[test]
fn a_bad_tenant_harms_nobody_else() {
    let server = server();
    let addr = server.addr;
    assert_eq!(server.text("good.test", "/double?1"), "2", "the good one works");
    let load = ["/hello", "/double?7", "/wait?1000"].map(|path| Load::start(addr, "good.test", path));

    // Its GPU hangs: it is told, or its request is lost, and its worker is replaced by the one that stands by.
    wait_for_spare(&server);
    let start = Instant::now();
    let hang = server.get("bad.test", "/hang");
    assert!([500, 502].contains(&hang.status), "the request that hangs: {}", hang.status);
    assert!(start.elapsed() < Duration::from_secs(8), "soon after its time: {:?}", start.elapsed());
    server.wait_for_log("is out of time on the GPU");
    check_recovers(&server, 1.0);

    // Its processor is busy for ever.
    wait_for_spare(&server);
    assert_eq!(server.get("bad.test", "/loop").status, 504, "no answer in time");
    check_recovers(&server, 2.0);

    // Its process ends: by a fault of the driver, or by the system for want of memory.
    for (signal, restarts) in [(Signal::ABORT, 3.0), (Signal::KILL, 4.0)] {
        wait_for_spare(&server);
        let waiting = thread::spawn(move || get(addr, "bad.test", "/wait?2500"));
        thread::sleep(Duration::from_millis(500));
        // The older one takes the requests.
        let worker = server.workers("bad").into_iter().min_by_key(|pid| pid.as_raw_nonzero()).expect("a worker");
        kill_process(worker, signal).unwrap();
        assert_eq!(waiting.join().unwrap().status, 502, "what it had is lost");
        server.wait_for_log("\"refusal\":\"worker-lost\"");
        check_recovers(&server, restarts);
    }

    // What it wants more than it may have is refused.
    let eaten = server.text("bad.test", "/eat?1000");
    assert!(eaten.ends_with("and no more"), "memory: {eaten}");
    assert_eq!(server.text("bad.test", "/eat?20"), "20 MiB", "what it took is given back");
    let memory = server.text("bad.test", "/memory?64");
    assert!(memory.contains("of 64: ") && memory.contains("gpu-memory"), "memory of the GPU: {memory}");
    wait_for("its quota's refusals", || server.metric("wardian_quota_refusals_total{tenant=\"bad\"}") > 0.0);

    for load in load {
        let (count, failures) = load.stop();
        assert!(failures.is_empty() && count > 2, "{count} requests of the good one, and these failed: {failures:?}");
    }
    assert_eq!(server.metric("wardian_worker_restarts_total{tenant=\"good\"}"), 0.0, "its worker is the first");
    assert_eq!(server.metric(RESTARTS), 4.0, "those of the bad one");
}

/// Memory that the host or a driver would take beyond all bounds is the worker's end, and nobody else's.
#[cfg(target_os = "linux")]
#[test]
fn the_memory_of_a_process_has_an_end() {
    let bad = "process-memory = \"1GiB\"\nmemory = \"64GiB\"";
    let server = Server::configured(&configuration("", &[("bad", bad), ("good", "")]));
    assert_eq!(server.text("bad.test", "/double?4"), "8", "there is enough for a GPU");
    let before = server.text("good.test", "/count");
    let eaten = server.get("bad.test", "/eat?3000");
    let had = eaten.body.as_ref().is_some_and(|_| eaten.text().ends_with("and no more"));
    assert!(eaten.status == 502 || had, "it has an end: {}", eaten.status);
    wait_for("its next request", || server.get("bad.test", "/hello").status == 200);
    let after: u32 = server.text("good.test", "/count").parse().unwrap();
    assert!(after > before.parse().unwrap(), "the other one goes on in its worker");
}

#[cfg(target_os = "linux")]
#[test]
fn workers_are_jailed_and_have_folders_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let own = |name: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("note"), name).unwrap();
        format!("dirs = [\"{}::/data\"]\nenv = {{ WHO = \"{name}\" }}", path.display())
    };
    let tenants = [("a", own("a")), ("b", own("b"))].map(|(name, lines)| (name, lines));
    let tenants = tenants.each_ref().map(|(name, lines)| (*name, lines.as_str()));
    let server = Server::configured(&configuration("jail = \"required\"", &tenants));
    for name in ["a", "b"] {
        let host = format!("{name}.test");
        assert_eq!(server.text(&host, "/read?/data/note"), name, "its own folder");
        assert_eq!(server.text(&host, "/variable?WHO"), name, "its own variable");
        assert_eq!(server.text(&host, "/write?/data/new"), "written\n", "which it may write");
        assert_eq!(server.get(&host, "/read?/data/../../a/note").status, 500, "and no other");
        let mut workers = server.workers(name);
        workers.sort_by_key(|pid| pid.as_raw_nonzero());
        for (index, worker) in workers.into_iter().enumerate() {
            let read = |file: &str| {
                let path = format!("/proc/{}/{file}", worker.as_raw_nonzero());
                String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
            };
            let is_jailed = || {
                let status = read("status");
                status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2")
            };
            match index {
                0 => assert!(is_jailed(), "the worker that has answered is in its jail: {}", read("status")),
                // It may have begun just now.
                _ => wait_for("the spare worker in its jail", is_jailed),
            }
            assert!(!read("environ").contains("WARDIAN_TEST_SECRET"), "none of the operator's variables");
        }
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("a/new")).unwrap(), "written by the guest", "it is there");
}
