//! The command line of `wardian serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, ValueEnum};

use super::{GpuFlags, GuestFlags};
use crate::exit::Failure;
use crate::quota::{self, QuotaFlag};
use crate::sandbox;

/// The hidden command by which `serve` starts its workers.
pub(crate) const WORKER: &str = "serve-worker";

const SERVE_EXAMPLES: &str = r#"Examples:
  wardian serve hello.wasm                       Answer at http://127.0.0.1:8080
  wardian serve --addr 0.0.0.0:80 hello.wasm     Answer the whole network
  wardian serve --dir models --gpu-memory 2GiB infer.wasm
  wardian serve --admin-addr 127.0.0.1:9090 hello.wasm
                                                 With /health, /ready and /metrics there
  wardian serve --config serve.toml              Several components, one process each

A configuration; only name and component are needed:
  addr = "127.0.0.1:8080"
  admin-addr = "127.0.0.1:9090"
  jail = "available"                     # or "required", or "off"

  [limits]                               # as the options above have them
  header-time = "10s"
  body = "64MiB"
  idle-time = "30s"
  response-time = "60s"
  connections = 1024
  drain-time = "30s"

  [[tenant]]
  name = "photos"                        # in logs and metrics
  component = "photos.wasm"              # paths begin at this file's folder
  host = ["photos.example"]              # which requests are its own: those to a host,
  prefix = "/photos"                     # and below a path; all unless it says so
  token = "..."                          # clients send: authorization: Bearer ...
  dirs = ["albums::/albums"]             # as --dir has it
  env = { LANG = "C" }
  memory = "4GiB"                        # of its instances, together
  process-memory = "8GiB"                # of its process, with host and driver
  quotas = { gpu-memory = "2GiB", submission-time = "5s", buffers = 1000 }
  gpu-adapter = "0"                      # also: gpu-preference, no-gpu, allow-precompiled
  requests = 64                          # at once; more get 503
  instance-requests = 16                 # at once in one instance (WASI 0.3); 1 keeps them apart

The file is read again when it or a component changes, and on SIGHUP. If it is wrong, the old one goes on.
SIGTERM and SIGINT end it once the requests at hand are answered; a second one, at once."#;

/// Answer HTTP with a component, sealed in a process of its own
///
/// The component exports wasi:http/handler of WASI 0.3 or wasi:http/incoming-handler of WASI 0.2. It runs in a worker
/// process; a second one stands by. When the component hangs the GPU, crashes the driver or takes too long, its worker
/// is killed and the other one goes on. It gets what the options say, as `wardian run` has them, and no network.
#[derive(Args, Debug)]
#[command(after_help = SERVE_EXAMPLES)]
pub(crate) struct ServeFlags {
    /// The component
    #[arg(value_name = "COMPONENT", required_unless_present = "config", conflicts_with = "config")]
    pub(crate) component: Option<PathBuf>,
    /// Where clients reach it; port 0 is any free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) addr: Option<SocketAddr>,
    /// Where you reach /health, /ready and /metrics [default: nowhere]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) admin_addr: Option<SocketAddr>,
    /// Serve what this file says, several components if you like; see below
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "dir", "env", "inherit_env", "allow_precompiled", "backends", "adapter", "preference", "memory", "time",
        "quotas", "none", "requests", "instance_requests", "guest_memory", "process_memory",
    ])]
    pub(crate) config: Option<PathBuf>,
    /// What to close around workers: what this system has, all of it or else they don't start, or nothing.
    /// `wardian info --jail` shows what it has [default: available]
    #[arg(long, value_name = "MODE", value_enum)]
    pub(crate) jail: Option<JailFlag>,
    #[command(flatten)]
    pub(crate) limits: LimitFlags,
    #[command(flatten)]
    pub(crate) guest: GuestFlags,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum JailFlag {
    Available,
    Required,
    Off,
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitFlags {
    /// How many requests it has at once; more get 503 [default: 64]
    #[arg(long, value_name = "NUMBER", value_parser = at_least_one)]
    pub(crate) requests: Option<usize>,
    /// How many of them one instance has, where the component allows it (WASI 0.3). They fall together when it traps;
    /// 1 keeps them apart [default: 16]
    #[arg(long, value_name = "NUMBER", value_parser = at_least_one)]
    pub(crate) instance_requests: Option<usize>,
    /// How much memory its instances have together; more is refused to them [default: 4GiB]
    #[arg(long = "memory", value_name = "BYTES", value_parser = quota::bytes)]
    pub(crate) guest_memory: Option<u64>,
    /// How much memory its process has, with what the host and the driver take; when it wants more, it ends and is
    /// replaced. Memory that a driver shares with a GPU is not counted [default: no end]
    #[arg(long, value_name = "BYTES", value_parser = quota::bytes)]
    pub(crate) process_memory: Option<u64>,
    /// How many connections there are at once; more wait [default: 1024]
    #[arg(long, value_name = "NUMBER", value_parser = at_least_one)]
    pub(crate) connections: Option<usize>,
    /// How large a request's body may be; more gets 413 [default: 64MiB]
    #[arg(long, value_name = "BYTES", value_parser = quota::bytes)]
    pub(crate) body: Option<u64>,
    /// How long a client may take for a request's head [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) header_time: Option<Duration>,
    /// How long a client may pause while it sends or takes a body [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) idle_time: Option<Duration>,
    /// How long the component may take until it answers; then its worker is replaced [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) response_time: Option<Duration>,
    /// How long requests may go on after SIGTERM [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) drain_time: Option<Duration>,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| format!("expected 1 or more, but got '{text}'"))
}

/// A worker of `wardian serve`
#[derive(Args, Debug)]
pub(crate) struct WorkerFlags {
    /// Its tenant, for people who list processes
    #[arg(value_name = "TENANT")]
    _tenant: String,
}

/// What a supervisor tells its worker.
#[derive(Debug, Parser)]
#[command(name = "wardian serve")]
pub(crate) struct WorkerArguments {
    #[command(flatten)]
    pub(crate) guest: GuestFlags,
    #[arg(long = "memory", value_parser = quota::bytes)]
    pub(crate) guest_memory: Option<u64>,
    /// The component
    #[arg(value_name = "COMPONENT")]
    pub(crate) component: Option<PathBuf>,
}

/// The arguments that say these flags once more, for a worker.
pub(crate) fn guest_arguments(flags: &GuestFlags) -> Result<Vec<String>, Failure> {
    // Variables are looked up here: a worker does not have them.
    let GuestFlags { dir, env: _, inherit_env: _, allow_precompiled, gpu } = flags;
    let GpuFlags { backends, adapter, preference, memory, time, quotas, none } = gpu;
    let mut arguments = Vec::new();
    for folder in dir {
        arguments.push(format!("--dir={}", sandbox::text("the folder", folder)?));
    }
    arguments.extend(sandbox::variables(flags)?.into_iter().map(|(name, value)| format!("--env={name}={value}")));
    arguments.extend(backends.iter().filter_map(|backend| named("--gpu-backend", backend)));
    arguments.extend(adapter.iter().map(|adapter| format!("--gpu-adapter={adapter}")));
    arguments.extend(preference.iter().filter_map(|preference| named("--gpu-preference", preference)));
    let memory = memory.map(|bytes| QuotaFlag(wardian_host::Quota::GpuMemory, bytes));
    let time = time.map(|time| QuotaFlag(wardian_host::Quota::GpuTime, time));
    arguments.extend(quotas.iter().copied().chain(memory).chain(time).map(|quota| format!("--quota={quota}")));
    let set = [("--allow-precompiled", *allow_precompiled), ("--no-gpu", *none)];
    arguments.extend(set.iter().filter(|(_, set)| *set).map(|(flag, _)| (*flag).to_owned()));
    Ok(arguments)
}

fn named(flag: &str, value: &impl ValueEnum) -> Option<String> {
    value.to_possible_value().map(|value| format!("{flag}={}", value.get_name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_of_the_help_is_one() {
        let (_, text) = SERVE_EXAMPLES.split_once("are needed:\n").expect("a configuration");
        let (text, _) = text.split_once("\n\nThe file").expect("its end");
        let table: toml::Table = text.parse().expect("TOML");
        let tenant = table["tenant"][0].as_table().expect("a tenant");
        assert!(table["limits"].is_table() && tenant.contains_key("instance-requests"), "all of it: {table:?}");
    }

    #[test]
    fn a_worker_gets_the_same_flags() {
        let given = [
            "wardian serve",
            "--dir",
            "a::b",
            "--env",
            "A=b c",
            "--env",
            "PATH",
            "--allow-precompiled",
            "--gpu-adapter",
            "0",
            "--gpu-preference",
            "low-power",
            "--gpu-memory",
            "1GiB",
            "--gpu-time",
            "5s",
            "--quota",
            "buffers=7",
            "--quota",
            "submission-time=unlimited",
        ];
        let first = WorkerArguments::try_parse_from(given).expect("valid flags").guest;
        let again = guest_arguments(&first).expect("all Unicode");
        let again = ["wardian serve".to_owned()].into_iter().chain(again);
        let again = WorkerArguments::try_parse_from(again).expect("valid arguments").guest;
        let quotas = |flags: &GpuFlags| {
            let memory = flags.memory.map(|bytes| QuotaFlag(wardian_host::Quota::GpuMemory, bytes));
            let time = flags.time.map(|time| QuotaFlag(wardian_host::Quota::GpuTime, time));
            flags.quotas.iter().copied().chain(memory).chain(time).collect::<Vec<_>>()
        };
        assert_eq!(quotas(&again.gpu), quotas(&first.gpu), "quotas");
        assert_eq!(again.dir, first.dir, "folders");
        let path = std::env::var("PATH").expect("a path");
        assert_eq!(again.env, ["A=b c".to_owned(), format!("PATH={path}")], "variables, with their values of here");
        assert!(again.allow_precompiled && !again.gpu.none, "switches");
        assert_eq!((&again.gpu.adapter, again.gpu.preference), (&first.gpu.adapter, first.gpu.preference), "adapter");
    }
}
