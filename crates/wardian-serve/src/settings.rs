//! What is served, by whom, and how much of it.

use std::ffi::OsString;
use std::fmt::{self, Debug};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use subtle::ConstantTimeEq;

use crate::Jail;

/// All that a supervisor must know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where clients reach it.
    pub addr: SocketAddr,
    /// Where the operator reaches its health and its metrics; nowhere unless it is said.
    pub admin_addr: Option<SocketAddr>,
    /// What clients may do.
    pub limits: Limits,
    /// Whom it serves.
    pub tenants: Vec<Tenant>,
    /// How a worker is started.
    pub worker: WorkerCommand,
    /// What is closed around it.
    pub jail: Jail,
}

/// The executable that calls [`work`](crate::work), and its arguments.
#[derive(Clone, Debug)]
pub struct WorkerCommand {
    /// The executable.
    pub program: PathBuf,
    /// What makes it a worker. The tenant's name follows, for people who list processes.
    pub arguments: Vec<OsString>,
    /// Variables that it gets. Of the supervisor's own it gets those that drivers read, and no others.
    pub environment: Vec<(OsString, OsString)>,
    /// Files and folders that it reads whoever its tenant is, for its jail.
    pub paths: Vec<PathBuf>,
}

/// Bounds on clients.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a client may take to send the head of a request, and to begin with the next one.
    pub header_time: Duration,
    /// How large a body may be.
    pub body_bytes: u64,
    /// How long a client may pause within a body, and how long it may take none of a response.
    pub idle_time: Duration,
    /// How long a guest may take to begin with its response, once it has the request's body.
    pub response_time: Duration,
    /// How many connections there may be at once; others wait.
    pub connections: usize,
    /// How long requests may go on once the supervisor is told to end.
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_time: Duration::from_secs(10),
            body_bytes: 64 << 20,
            idle_time: Duration::from_secs(30),
            response_time: Duration::from_secs(60),
            connections: 1024,
            drain_time: Duration::from_secs(30),
        }
    }
}

/// One whom it serves: a component, where it is to be found, and what it gets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tenant {
    /// What logs and metrics call it.
    pub name: String,
    /// The names of hosts whose requests are its own; all of them where there is none.
    pub hosts: Vec<String>,
    /// The beginning of the paths that are its own, such as `/photos`; all paths where there is none.
    pub prefix: Option<String>,
    /// What a client must know.
    pub token: Option<Token>,
    /// How many requests it may have at once; more are refused.
    pub requests: usize,
    /// How many of them an instance of its component handles at once, where the component allows it.
    pub instance_requests: usize,
    /// How many bytes of memory a worker's process may have, its driver and its host included; the system ends it
    /// when it wants more. What drivers share with a GPU is not counted.
    pub process_memory: Option<u64>,
    /// What it gets, as the arguments that the worker's executable takes.
    pub arguments: Vec<String>,
    /// Folders that the arguments open to it, for the worker's jail.
    pub paths: Vec<PathBuf>,
    /// The component, which is among the arguments, too.
    pub component: PathBuf,
    /// Tells whether the component is still the same file.
    pub stamp: Stamp,
}

impl Tenant {
    /// A tenant for whose component all requests are.
    #[must_use]
    pub fn of(name: &str, component: &Path) -> Self {
        Self {
            name: name.to_owned(),
            hosts: Vec::new(),
            prefix: None,
            token: None,
            requests: REQUESTS,
            instance_requests: INSTANCE_REQUESTS,
            process_memory: None,
            arguments: Vec::new(),
            paths: Vec::new(),
            component: component.to_owned(),
            stamp: Stamp::of(component),
        }
    }
}

/// When a file was changed, and how large it is; nothing where there is none.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stamp(Option<(SystemTime, u64)>);

impl Stamp {
    /// Of the file that is there now.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let metadata = fs::metadata(path).ok();
        Self(metadata.and_then(|metadata| Some((metadata.modified().ok()?, metadata.len()))))
    }
}

/// How many requests a tenant may have at once, if nothing is said.
pub const REQUESTS: usize = 64;
/// How many of them an instance handles at once, if nothing is said.
pub const INSTANCE_REQUESTS: usize = 16;

/// A secret that clients send as `Authorization: Bearer …`.
#[derive(Clone, Eq, PartialEq)]
pub struct Token(String);

impl Token {
    /// A token of at least one character, all of them visible ASCII, as headers have them.
    #[must_use]
    pub fn new(token: &str) -> Option<Self> {
        let visible = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        visible.then(|| Self(token.to_owned()))
    }

    /// Whether this is it. How long that takes tells nothing but the length.
    pub(crate) fn is(&self, candidate: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(candidate).into()
    }
}

/// Logs are no place for secrets.
impl Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_compared_whole_and_not_shown() {
        let token = Token::new("secret").expect("a token");
        assert!(token.is(b"secret"), "the same");
        for other in ["", "secre", "secret ", "Secret", "secrets"] {
            assert!(!token.is(other.as_bytes()), "'{other}' is another one");
        }
        assert!(!format!("{token:?}").contains("secret"), "not in logs");
        assert_eq!(Token::new("two words"), None, "no header has it");
    }
}
