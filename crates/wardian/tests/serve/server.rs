//! A server to test, and clients for it.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::net::TcpStream;

/// The command, without what the shell of whoever runs the tests says about logs.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wardian"));
    command.env_remove("RUST_LOG").env_remove("RUST_BACKTRACE").stdin(Stdio::null());
    command
}

/// A built guest.
pub(crate) fn guest(name: &str) -> PathBuf {
    let guests = env::var_os("WARDIAN_GUESTS").expect("run the tests by `cargo xtask test`, which sets WARDIAN_GUESTS");
    PathBuf::from(guests).join(name)
}

/// The guest of WASI 0.3, compiled ahead of time, because many servers start it.
pub(crate) fn handler() -> &'static Path {
    static HANDLER: OnceLock<PathBuf> = OnceLock::new();
    HANDLER.get_or_init(|| compiled("wardian_test_handler"))
}

/// That of WASI 0.2.
pub(crate) fn handler_wasi2() -> &'static Path {
    static HANDLER: OnceLock<PathBuf> = OnceLock::new();
    HANDLER.get_or_init(|| compiled("wardian_test_handler_wasi2"))
}

fn compiled(name: &str) -> PathBuf {
    // Named by the process: what an earlier one left is of another build.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let output = folder.join(format!("{name}-{}.cwasm", std::process::id()));
    let compiled = command().arg("compile").arg(guest(&format!("{name}.wasm"))).arg("-o").arg(&output).output();
    let compiled = compiled.unwrap();
    assert!(compiled.status.success(), "the guest compiles: {compiled:?}");
    for entry in fs::read_dir(folder).unwrap().filter_map(Result::ok) {
        // Those of earlier runs.
        let name_of = entry.file_name().to_string_lossy().into_owned();
        if name_of.starts_with(&format!("{name}-")) && entry.path() != output && is_old(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
    output
}

fn is_old(path: &Path) -> bool {
    let age = fs::metadata(path).and_then(|metadata| metadata.modified()).ok().and_then(|time| time.elapsed().ok());
    age.is_some_and(|age| age > Duration::from_secs(3600))
}

/// A configuration with these tenants, each the lines of its table after the component.
pub(crate) fn configuration(head: &str, tenants: &[(&str, &str)]) -> String {
    let mut text = format!("{head}\n");
    for (name, lines) in tenants {
        let component = handler().display();
        text += &format!(
            "[[tenant]]\nname = \"{name}\"\nhost = [\"{name}.test\"]\nallow-precompiled = true\n\
             component = \"{component}\"\n{lines}\n"
        );
    }
    text
}

/// How long anything may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something is so.
#[track_caller]
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A running `wardian serve`.
pub(crate) struct Server {
    child: Child,
    pub(crate) addr: SocketAddr,
    pub(crate) admin: SocketAddr,
    log: Arc<Mutex<String>>,
    /// Where its configuration is.
    pub(crate) folder: TempDir,
    /// Where it has its own files; it is killed, and can't remove them.
    _temporary: TempDir,
}

impl Server {
    /// Serves the guest of WASI 0.3.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::with(options, &["--allow-precompiled", handler().to_str().unwrap()])
    }

    /// Serves what a configuration says.
    pub(crate) fn configured(text: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("serve.toml");
        fs::write(&path, text).unwrap();
        let mut server = Self::with(&["--config", path.to_str().unwrap()], &[]);
        server.folder = folder;
        server
    }

    pub(crate) fn with(options: &[&str], component: &[&str]) -> Self {
        let temporary = TempDir::new().unwrap();
        let mut command = command();
        command.env("WARDIAN_TEST_SECRET", "the operator's").env("TMPDIR", temporary.path());
        command.args(["serve", "--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0", "--log-format", "json"]);
        command.args(options).args(component);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (stderr, kept) = (child.stderr.take().unwrap(), Arc::clone(&log));
        thread::spawn(move || keep(stderr, &kept));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = |before: &str, after: &str| -> SocketAddr {
            let Some(Ok(line)) = lines.next() else {
                let _ = child.wait();
                panic!("the server did not start: {}", log.lock().unwrap())
            };
            let address = line.strip_prefix(before).and_then(|line| line.strip_suffix(after));
            address.unwrap_or_else(|| panic!("expected an address, got '{line}'")).parse().unwrap()
        };
        let admin = address("metrics at http://", "/metrics");
        let addr = address("listening at http://", "");
        Self { child, addr, admin, log, folder: TempDir::new().unwrap(), _temporary: temporary }
    }

    /// Asks for a path, of the tenant whose host this is.
    pub(crate) fn get(&self, host: &str, path: &str) -> Answer {
        get(self.addr, host, path)
    }

    /// Asks for a path, which must be answered well.
    #[track_caller]
    pub(crate) fn text(&self, host: &str, path: &str) -> String {
        let answer = self.get(host, path);
        assert_eq!(answer.status, 200, "the status of {path}: {}, log: {}", answer.text(), self.log());
        answer.text()
    }

    /// What the operator gets.
    pub(crate) fn admin(&self, path: &str) -> Answer {
        get(self.admin, "admin", path)
    }

    /// A metric of the tenant, by the beginning of its line.
    pub(crate) fn metric(&self, line: &str) -> f64 {
        let text = self.admin("/metrics").text();
        let value = text.lines().find_map(|found| found.strip_prefix(line));
        value.map_or(0.0, |value| value.trim().parse().unwrap())
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    #[track_caller]
    pub(crate) fn wait_for_log(&self, part: &str) {
        wait_for(&format!("'{part}' in the log"), || self.log().contains(part));
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits until it ends.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        wait_for("the end of the server", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// The processes of a tenant's workers: the one that takes requests, and the spare one.
    #[cfg(target_os = "linux")]
    pub(crate) fn workers(&self, tenant: &str) -> Vec<Pid> {
        let parent = self.child.id().to_string();
        let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let mut workers = Vec::new();
        for process in processes {
            let Ok(pid) = process.file_name().to_string_lossy().parse::<i32>() else { continue };
            let read = |name: &str| fs::read_to_string(process.path().join(name)).unwrap_or_default();
            let is_child = read("status").lines().any(|line| line.split_once(":\t") == Some(("PPid", &parent)));
            if is_child && read("cmdline").trim_end_matches('\0').rsplit('\0').next() == Some(tenant) {
                workers.extend(Pid::from_raw(pid));
            }
        }
        workers
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keep(stderr: impl Read, log: &Mutex<String>) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        let mut log = log.lock().unwrap();
        log.push_str(&line);
        log.push('\n');
    }
}

/// What a client got.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// None where it was broken off.
    pub(crate) body: Option<Bytes>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        let body = self.body.as_ref().expect("a whole body");
        String::from_utf8_lossy(body).into_owned()
    }
}

pub(crate) fn get(addr: SocketAddr, host: &str, path: &str) -> Answer {
    ask(addr, Request::get(path).header("host", host).body(Full::default()).unwrap())
}

/// Sends a request on a connection of its own. A connection that breaks before the response begins has status 0.
pub(crate) fn ask(addr: SocketAddr, request: Request<Full<Bytes>>) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let exchange = async {
            let stream = TcpStream::connect(addr).await.ok()?;
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
            tokio::spawn(connection);
            let (head, body) = sender.send_request(request).await.ok()?.into_parts();
            let body = body.collect().await.ok().map(|body| body.to_bytes());
            Some(Answer { status: head.status.as_u16(), headers: head.headers, body })
        };
        let answered = tokio::time::timeout(PATIENCE, exchange).await.expect("an answer in time");
        answered.unwrap_or(Answer { status: 0, headers: HeaderMap::new(), body: None })
    })
}

/// Asks for a path again and again on a thread, until it is told to stop; gives how often, and what went wrong.
pub(crate) struct Load {
    stop: Arc<AtomicU32>,
    thread: thread::JoinHandle<(u32, Vec<u16>)>,
}

impl Load {
    pub(crate) fn start(addr: SocketAddr, host: &'static str, path: &'static str) -> Self {
        let stop = Arc::new(AtomicU32::new(0));
        let told = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let (mut count, mut failures) = (0, Vec::new());
            while told.load(Ordering::Acquire) == 0 {
                let answer = get(addr, host, path);
                count += 1;
                if answer.status != 200 || answer.body.is_none() {
                    failures.push(answer.status);
                }
            }
            (count, failures)
        });
        Self { stop, thread }
    }

    pub(crate) fn stop(self) -> (u32, Vec<u16>) {
        self.stop.store(1, Ordering::Release);
        self.thread.join().unwrap()
    }
}
