//! `wardian serve`, and its workers.

use std::env;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser as _;
use wardian_host::{Quota, ShaderCompiler};
use wardian_serve::config::Source;
use wardian_serve::{Jail, Limits, Memory, Printing, Program, Settings, State, Tenant, WorkerCommand};
use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre};
use wasmtime_wasi_http::handler::ProxyPre;
use wasmtime_wasi_http::{p2, p3};

use crate::component;
use crate::engine;
use crate::exit::{Exit, Failure};
use crate::flags::LogFlags;
use crate::flags::serve::{JailFlag, LimitFlags, ServeFlags, WORKER, WorkerArguments, guest_arguments};
use crate::gpu::Share;
use crate::imports::{self, World};
use crate::quota::QuotaFlag;
use crate::sandbox::{self, Streams};
use crate::{cache, stdout};

/// Where it listens unless it is told.
const ADDR: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// How much memory a tenant's instances have together unless it is said, in bytes.
const MEMORY_MAX: u64 = 4 << 30;
/// How long the GPU may work at one submission unless it is said, in milliseconds. Without an end nobody would notice
/// one that never comes to it.
const SUBMISSION_TIME_MAX: u64 = 10_000;
/// What the only tenant is called.
const ONLY: &str = "default";

pub(crate) fn serve(flags: &ServeFlags, log: &LogFlags) -> Result<ExitCode, Failure> {
    let defaults = Settings {
        addr: flags.addr.unwrap_or(ADDR),
        admin_addr: flags.admin_addr,
        limits: limits_of(&flags.limits, &Limits::default()),
        tenants: Vec::new(),
        worker: worker(log)?,
        jail: flags.jail.map_or_else(Jail::default, jail),
    };
    let (settings, source) = match (&flags.config, &flags.component) {
        (Some(path), _) => {
            // The command line goes before the file, also when that is read again.
            let (limits, addr, admin_addr) = (flags.limits.clone(), flags.addr, flags.admin_addr);
            let jail = flags.jail.map(jail);
            let finish = move |settings: &mut Settings| {
                settings.limits = limits_of(&limits, &settings.limits);
                settings.addr = addr.unwrap_or(settings.addr);
                settings.admin_addr = admin_addr.or(settings.admin_addr);
                settings.jail = jail.unwrap_or(settings.jail);
            };
            let source = Source::new(path.clone(), defaults, finish, check);
            (source.load().map_err(Failure::from_server)?, Some(source))
        }
        (None, Some(component)) => (Settings { tenants: vec![only(flags, component)?], ..defaults }, None),
        (None, None) => {
            return Err(
                Failure::new(Exit::Usage, "there is no component to serve").advise("see `wardian serve --help`")
            );
        }
    };
    warm();
    wardian_serve::serve(settings, source, listening).map_err(Failure::from_server)?;
    Ok(ExitCode::SUCCESS)
}

fn listening(addr: SocketAddr, admin_addr: Option<SocketAddr>) {
    let admin = admin_addr.map(|addr| format!("metrics at http://{addr}/metrics\n")).unwrap_or_default();
    // Who closed standard output doesn't want to know.
    let _ = stdout::write(format!("{admin}listening at http://{addr}\n").as_bytes());
}

const fn jail(flag: JailFlag) -> Jail {
    match flag {
        JailFlag::Available => Jail::Available,
        JailFlag::Required => Jail::Required,
        JailFlag::Off => Jail::Off,
    }
}

/// Makes what workers only read: the shader compiler as native code.
fn warm() {
    let Some(folder) = cache::folder() else { return };
    if let Err(error) = ShaderCompiler::with_cache(folder).start() {
        // Each worker will try again, and say so to whom it concerns.
        tracing::warn!(%error, "the shader compiler does not start");
    }
}

fn limits_of(flags: &LimitFlags, defaults: &Limits) -> Limits {
    Limits {
        header_time: flags.header_time.unwrap_or(defaults.header_time),
        body_bytes: flags.body.unwrap_or(defaults.body_bytes),
        idle_time: flags.idle_time.unwrap_or(defaults.idle_time),
        response_time: flags.response_time.unwrap_or(defaults.response_time),
        connections: flags.connections.unwrap_or(defaults.connections),
        drain_time: flags.drain_time.unwrap_or(defaults.drain_time),
    }
}

/// This very executable, and none that has taken its place since.
fn worker(log: &LogFlags) -> Result<WorkerCommand, Failure> {
    let program = if cfg!(target_os = "linux") { Ok(PathBuf::from("/proc/self/exe")) } else { env::current_exe() };
    let program = program.map_err(|error| {
        Failure::new(Exit::Internal, format!("cannot find the executable of wardian, to start workers: {error}"))
    })?;
    let mut arguments: Vec<OsString> = Vec::new();
    if let Some(filter) = &log.log {
        arguments.extend(["--log".into(), filter.into()]);
    }
    arguments.push(WORKER.into());
    let cache = cache::folder();
    let environment = cache.iter().map(|folder| (cache::VARIABLE.into(), folder.clone().into())).collect();
    Ok(WorkerCommand { program, arguments, environment, paths: cache.into_iter().collect() })
}

/// The tenant of a command line. Its worker gets the same flags in its own words.
fn only(flags: &ServeFlags, component: &Path) -> Result<Tenant, Failure> {
    // What is wrong with these the user is to know before anything starts.
    sandbox::context(&flags.guest, component, &[], Streams::Logged(&Printing::new()))?;
    let mut arguments = guest_arguments(&flags.guest)?;
    arguments.extend(flags.limits.guest_memory.map(|bytes| format!("--memory={bytes}")));
    arguments.push("--".to_owned());
    arguments.push(sandbox::text("the component", component.as_os_str())?.to_owned());
    let mut tenant = Tenant::of(ONLY, component);
    tenant.arguments = arguments;
    tenant.paths = sandbox::folders(&flags.guest)?;
    tenant.process_memory = flags.limits.process_memory;
    tenant.requests = flags.limits.requests.unwrap_or(tenant.requests);
    tenant.instance_requests = flags.limits.instance_requests.unwrap_or(tenant.instance_requests);
    Ok(tenant)
}

/// What a worker would say to some of its arguments.
fn check(arguments: &[String]) -> Result<(), String> {
    parse(arguments).map(|_| ()).map_err(|error| {
        // The first paragraph of clap's says it; the rest is about a command line that nobody wrote.
        let text = error.to_string();
        let first = text.split("\n\n").next().unwrap_or_default();
        first.trim_start_matches("error: ").trim_end().to_owned()
    })
}

fn parse(arguments: &[String]) -> Result<WorkerArguments, clap::Error> {
    WorkerArguments::try_parse_from(["wardian serve"].into_iter().chain(arguments.iter().map(String::as_str)))
}

/// Runs as a worker of a supervisor.
pub(crate) fn work() -> Result<ExitCode, Failure> {
    wardian_serve::work(|arguments| load(arguments).map_err(Failure::of_server)).map_err(Failure::from_server)?;
    Ok(ExitCode::SUCCESS)
}

/// What a tenant's arguments mean.
fn load(arguments: &[String]) -> Result<Program, Failure> {
    let WorkerArguments { mut guest, guest_memory, component } = parse(arguments).map_err(|error| {
        Failure::new(Exit::Usage, format!("the supervisor gave its worker arguments that this does not know: {error}"))
            .advise("start `wardian serve` again: the executable was replaced by another version")
    })?;
    let Some(path) = component else {
        return Err(Failure::new(Exit::Usage, "the supervisor named no component"));
    };
    let engine = engine::engine()?;
    let component = component::load(&engine, &path, guest.trust())?;
    let linker = wardian_serve::linker(&engine).map_err(|error| {
        Failure::new(Exit::Internal, format!("the host's own functions do not fit together: {error:#}"))
    })?;
    let instance = linker.instantiate_pre(&component);
    let instance = instance.map_err(|error| imports::failure(World::Handler, &engine, &component, &path, &error))?;
    let pre = handler(&engine, &component, instance, &path)?;
    // What the operator says comes later, and so goes before.
    guest.gpu.quotas.insert(0, QuotaFlag(Quota::SubmissionTime, SUBMISSION_TIME_MAX));
    let mut share = Share::of(&guest.gpu)?;
    share.open(&guest.gpu)?;
    let memory = Memory::new(guest_memory.unwrap_or(MEMORY_MAX));
    let usage = share.usage();
    // Said now if it is wrong, and not with the first request.
    let printing = Printing::new();
    sandbox::context(&guest, &path, &[], Streams::Logged(&printing))?;
    let state = move || {
        let wasi = sandbox::context(&guest, &path, &[], Streams::Logged(&printing))
            .map_err(|failure| wasmtime::format_err!("{}", failure.what()))?;
        Ok(State::new(wasi, share.context()).with_memory(&memory))
    };
    Ok(Program { pre, state: Box::new(state), usage })
}

/// A component's handler, of the later WASI if it has both.
fn handler(
    engine: &Engine,
    component: &Component,
    instance: InstancePre<State>,
    path: &Path,
) -> Result<ProxyPre<State>, Failure> {
    let exports = |name: &str| component.get_export_index(None, name).is_some();
    let made = if exports("wasi:http/handler@0.3.0") {
        p3::bindings::ServicePre::new(instance).map(ProxyPre::P3)
    } else if exports("wasi:http/incoming-handler@0.2.0") {
        if imports::has_gpu(engine, component) {
            tracing::warn!(
                "{} handles requests by WASI 0.2, whose handlers can't wait for a GPU: asking for an adapter ends them. \
                 Export wasi:http/handler of WASI 0.3 instead",
                path.display()
            );
        }
        p2::bindings::ProxyPre::new(instance).map(ProxyPre::P2)
    } else {
        return Err(imports::nothing_to_serve(engine, component, path));
    };
    made.map_err(|error| {
        let what = format!("{} exports a handler that is not that of wasi:http: {error:#}", path.display());
        Failure::new(Exit::NotRunnable, what).advise("build it again with current tools for WASI 0.2 or 0.3")
    })
}
