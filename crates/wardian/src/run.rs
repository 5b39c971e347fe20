//! `wardian run`.

mod trap;

use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use tokio::runtime::{self, Runtime};
use wardian_host::Usage;
use wardian_serve::State;
use wasmtime::component::{Accessor, Component, InstancePre, Linker};
use wasmtime::{Engine, Store, Trap, WasmBacktrace};
use wasmtime_wasi::{I32Exit, p2, p3};

use crate::component;
use crate::engine;
use crate::exit::{Exit, Failure};
use crate::flags::RunFlags;
use crate::gpu;
use crate::imports::{self, World};
use crate::sandbox::{self, Streams};

/// One for what the guest waits for, and one more so that a host function which blocks holds nothing else up.
const WORKERS: usize = 2;
/// How many bytes a guest may pass in one call: those of a whole 32-bit memory. The host borrows them from the guest
/// for the calls that move much, so this is no memory of the host. Wasmtime's default is 128 MiB.
const CALL_BYTES_MAX: u64 = 1 << 32;
/// How long what the guest left to be written may take after its end.
const SHUTDOWN_TIME_MAX: Duration = Duration::from_secs(2);
/// How long the GPU may take to finish what the guest left running. Drivers don't bear to be unloaded meanwhile.
const RELEASE_TIME_MAX: Duration = Duration::from_secs(10);
/// How long a guest may go on after its devices were lost because its time on the GPU is over.
const GRACE: Duration = Duration::from_secs(1);
/// How long to wait then for a GPU that may never be done.
const EXPIRED_RELEASE_TIME_MAX: Duration = Duration::from_millis(100);

pub(crate) fn run(flags: &RunFlags) -> Result<ExitCode, Failure> {
    let Some((path, arguments)) = flags.component_and_arguments.split_first() else {
        return Err(Failure::new(Exit::Usage, "there is no component to run").advise("see `wardian run --help`"));
    };
    let path = Path::new(path);
    let wasi = sandbox::context(&flags.guest, path, arguments, Streams::Inherited)?;
    let gpu = gpu::context(&flags.guest.gpu)?;
    let usage = gpu.usage();
    let engine = engine::engine()?;
    // At once, because each takes half of what a compiled component takes to start.
    let (component, linker) = thread::scope(|scope| {
        let linker = scope.spawn(|| linker(&engine));
        (component::load(&engine, path, flags.guest.trust()), linker.join())
    });
    let component = component?;
    let linker = linker.unwrap_or_else(|_| Err(wasmtime::format_err!("the thread that made them panicked")));
    let program = Program::link(&engine, linker, &component, path)?;
    let runtime = start_runtime()?;
    let mut store = Store::new(&engine, State::new(wasi, gpu));
    store.set_hostcall_fuel(usize::try_from(CALL_BYTES_MAX).unwrap_or(usize::MAX));
    let end = runtime.block_on(async {
        tokio::select! {
            end = program.run(&mut store, path) => end,
            // That it is over is told below.
            reason = end_of_time(&usage) => Err(out_of_time(reason)),
        }
    });
    // Its GPU objects go while there still is a runtime.
    drop(store);
    runtime.shutdown_timeout(SHUTDOWN_TIME_MAX);
    if let Some(reason) = usage.reason_of_end() {
        return end_out_of_time(reason);
    }
    if !wardian_host::wait_for_devices(RELEASE_TIME_MAX) {
        tracing::warn!("the GPU is still busy with what the component left running");
    }
    end
}

/// Resolves when the guest's time on the GPU is over, and it has had time to notice.
async fn end_of_time(usage: &Usage) -> String {
    let reason = usage.expired().await;
    tokio::time::sleep(GRACE).await;
    reason
}

fn out_of_time(reason: String) -> Failure {
    Failure::new(Exit::OutOfTime, reason).advise(
        "if the component is to have more, raise --gpu-time or --quota submission-time; `wardian info --policy` lists \
         the quotas",
    )
}

/// However the guest itself ended: what it was to do on the GPU is not done. A GPU that hangs is not waited for.
fn end_out_of_time(reason: String) -> Result<ExitCode, Failure> {
    let failure = out_of_time(reason);
    if !wardian_host::wait_for_devices(EXPIRED_RELEASE_TIME_MAX) {
        failure.end_process();
    }
    Err(failure)
}

fn start_runtime() -> Result<Runtime, Failure> {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build();
    runtime.map_err(|error| Failure::new(Exit::Internal, format!("cannot start threads: {error}")))
}

fn exit_code(end: wasmtime::Result<Result<(), ()>>) -> Result<ExitCode, Failure> {
    match end {
        Ok(Ok(())) => Ok(ExitCode::SUCCESS),
        // It has said why.
        Ok(Err(())) => Ok(ExitCode::from(Exit::GuestFailed.code())),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(code)) => Ok(ExitCode::from(u8::try_from(*code).unwrap_or(Exit::GuestFailed.code()))),
            None => Err(trap::failure(&error)),
        },
    }
}

/// A component that exports `wasi:cli/run`, with all that it imports.
enum Program {
    Wasi2(p2::bindings::CommandPre<State>),
    Wasi3(p3::bindings::CommandPre<State>),
}

impl Program {
    fn link(
        engine: &Engine,
        linker: wasmtime::Result<Linker<State>>,
        component: &Component,
        path: &Path,
    ) -> Result<Self, Failure> {
        let linker = linker.map_err(|error| {
            Failure::new(Exit::Internal, format!("the host's own functions do not fit together: {error:#}"))
        })?;
        let instance = linker.instantiate_pre(component);
        let instance = instance.map_err(|error| imports::failure(World::Program, engine, component, path, &error))?;
        // A minor version is found by any other of its kind: 0.2.0 stands for all of 0.2.
        let exports = |name: &str| component.get_export_index(None, name).is_some();
        if exports("wasi:cli/run@0.3.0") {
            Self::wasi_3(instance).map_err(|error| odd_run(path, &error))
        } else if exports("wasi:cli/run@0.2.0") {
            Self::wasi_2(instance).map_err(|error| odd_run(path, &error))
        } else {
            Err(imports::nothing_to_run(engine, component, path))
        }
    }

    fn wasi_2(instance: InstancePre<State>) -> wasmtime::Result<Self> {
        p2::bindings::CommandPre::new(instance).map(Self::Wasi2)
    }

    fn wasi_3(instance: InstancePre<State>) -> wasmtime::Result<Self> {
        p3::bindings::CommandPre::new(instance).map(Self::Wasi3)
    }

    async fn run(&self, store: &mut Store<State>, path: &Path) -> Result<ExitCode, Failure> {
        exit_code(match self {
            Self::Wasi2(command) => match command.instantiate_async(&mut *store).await {
                Ok(command) => command.wasi_cli_run().call_run(store).await,
                Err(error) => return not_started(path, error),
            },
            Self::Wasi3(command) => match command.instantiate_async(&mut *store).await {
                Ok(command) => {
                    let run = async move |accessor: &Accessor<State>| command.wasi_cli_run().call_run(accessor).await;
                    store.run_concurrent(run).await.flatten()
                }
                Err(error) => return not_started(path, error),
            },
        })
    }
}

/// A component may run code before its `run`, which traps or exits as `run` may. All else is not its code's doing.
fn not_started(path: &Path, error: wasmtime::Error) -> Result<ExitCode, Failure> {
    if error.is::<I32Exit>() || error.is::<Trap>() || error.is::<WasmBacktrace>() {
        return exit_code(Err(error));
    }
    Err(Failure::new(Exit::NotRunnable, format!("{} cannot be started: {error:#}", path.display()))
        .advise("build it again with current tools for WASI 0.2 or 0.3, and check how much memory it wants"))
}

fn odd_run(path: &Path, error: &wasmtime::Error) -> Failure {
    let what = format!("{} exports a wasi:cli/run that is not WASI's: {error:#}", path.display());
    Failure::new(Exit::NotRunnable, what).advise("build it again with current tools for WASI 0.2 or 0.3")
}

fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    p2::add_to_linker_async(&mut linker)?;
    p3::add_to_linker(&mut linker)?;
    wardian_host::add_to_linker(&mut linker)?;
    Ok(linker)
}
