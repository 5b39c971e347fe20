//! The guest in Wardian: engine, linker, component, and runs of it.

pub(crate) mod floor;

use std::convert::Infallible;
use std::future;
use std::path::Path;
use std::pin::pin;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use futures::channel::oneshot;
use futures::future::{Either, select};
use wardian_host::{GpuCtx, GpuCtxView, GpuView, Policy};
use wasmtime::component::{Accessor, Component, Linker, ResourceTable};
use wasmtime::error::Context as _;
use wasmtime::{Config, Engine, Result, Store, bail, format_err};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::p3::bindings::{Command, CommandPre};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::machine::Choice;
use crate::task::Task;

/// What a guest may print before the rest is cut off: the samples of a long probe.
const OUTPUT_BYTES_MAX: usize = 4 << 20;
/// What a guest may pass in one call: more than the largest upload.
const CALL_BYTES_MAX: usize = 1 << 30;
/// How often a guest's output is looked at for its first line.
const OUTPUT_INTERVAL: Duration = Duration::from_millis(2);
/// Longer than any guest needs to open a device.
const FIRST_LINE_TIME_MAX: Duration = Duration::from_secs(60);

/// Which functions the guest's GPU calls reach.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Host {
    Wardian,
    /// Wardian, but the functions that `call-*` times do nothing.
    Floor,
}

/// A loaded component, ready to run.
#[derive(Clone)]
pub(crate) struct Sandbox {
    engine: Engine,
    command: CommandPre<State>,
    choice: Choice,
}

impl Sandbox {
    /// Compiles the component.
    pub(crate) fn compile(path: &Path, host: Host, choice: Choice) -> Result<Self> {
        let engine = engine()?;
        let component = Component::from_file(&engine, path)
            .with_context(|| format!("the guest at {} doesn't load", path.display()))?;
        let linker = linker(&engine, host)?;
        Self::link(engine, &linker, &component, choice)
    }

    /// Makes a component ready to run, by a linker of the same engine.
    pub(crate) fn link(engine: Engine, linker: &Linker<State>, component: &Component, choice: Choice) -> Result<Self> {
        let command = CommandPre::new(linker.instantiate_pre(component)?)?;
        Ok(Self { engine, command, choice })
    }

    /// Runs a task to its end in a store of its own; gives the line that it printed.
    pub(crate) fn run(&self, task: &Task) -> Result<String> {
        let output = Output::new();
        let outcome = self.drive(task, &output, future::pending::<Infallible>());
        let Output { stdout, stderr } = output;
        match outcome {
            Ok(Ok(())) => Ok(text(&stdout)),
            Ok(Err(())) => bail!("the guest failed at {task}: {}", text(&stderr).trim()),
            Err(trap) => Err(trap.context(format!("the guest trapped at {task}; it said: {}", text(&stderr).trim()))),
        }
    }

    /// Runs a task on a thread of its own; comes back when it has printed its first line. The guest is stopped when what
    /// this returns is dropped.
    pub(crate) fn start(&self, task: Task) -> Result<Running> {
        let output = Output::new();
        let (sandbox, kept) = (self.clone(), output.clone());
        let thread = thread::Builder::new().name(task.to_string());
        let (stop, stopped) = oneshot::channel::<Infallible>();
        let thread = thread.spawn(move || sandbox.drive(&task, &output, stopped))?;
        let end = Instant::now() + FIRST_LINE_TIME_MAX;
        loop {
            let printed = text(&kept.stdout);
            if printed.contains('\n') {
                return Ok(Running { first_line: printed, thread, _stop: stop });
            }
            if thread.is_finished() || Instant::now() > end {
                bail!("the guest printed nothing; its errors: {}", text(&kept.stderr).trim());
            }
            thread::sleep(OUTPUT_INTERVAL);
        }
    }

    /// Runs a task in a store of its own, until it ends or something says to stop.
    fn drive<S: Future + Unpin>(&self, task: &Task, output: &Output, stopped: S) -> Result<Result<(), ()>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let run = pin!(self.drive_in_store(task, output));
        match runtime.block_on(select(run, stopped)) {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => Ok(Ok(())),
        }
    }

    async fn drive_in_store(&self, task: &Task, output: &Output) -> Result<Result<(), ()>> {
        let (mut store, command) = self.instantiate(task, output).await?;
        let run = async move |accessor: &Accessor<State>| command.wasi_cli_run().call_run(accessor).await;
        store.run_concurrent(run).await?
    }

    async fn instantiate(&self, task: &Task, output: &Output) -> Result<(Store<State>, Command)> {
        let mut arguments = vec!["wardian-bench-guest".to_owned()];
        arguments.extend(task.arguments());
        let Output { stdout, stderr } = output.clone();
        let wasi = WasiCtx::builder().args(&arguments).stdout(stdout).stderr(stderr).build();
        let choice = self.choice.clone();
        let policy = Policy::new().adapters(move |info| choice.is(info));
        let gpu = GpuCtx::builder().policy(policy).build();
        let mut store = Store::new(&self.engine, State { wasi, gpu, table: ResourceTable::new() });
        store.set_hostcall_fuel(CALL_BYTES_MAX);
        let command = self.command.instantiate_async(&mut store).await?;
        Ok((store, command))
    }

    /// Makes a store and runs a task in it, and says how long instantiating alone took.
    pub(crate) fn run_timed(&self, task: &Task) -> Result<(Duration, String)> {
        let output = Output::new();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (instantiated, outcome) = runtime.block_on(async {
            let started = Instant::now();
            let (mut store, command) = self.instantiate(task, &output).await?;
            let instantiated = started.elapsed();
            let run = async move |accessor: &Accessor<State>| command.wasi_cli_run().call_run(accessor).await;
            let outcome = store.run_concurrent(run).await??;
            Ok::<_, wasmtime::Error>((instantiated, outcome))
        })?;
        outcome.map_err(|()| format_err!("the guest failed at {task}: {}", text(&output.stderr).trim()))?;
        Ok((instantiated, text(&output.stdout)))
    }
}

/// A guest on its way.
pub(crate) struct Running {
    pub(crate) first_line: String,
    thread: JoinHandle<Result<Result<(), ()>>>,
    /// The guest's thread is told when this goes.
    _stop: oneshot::Sender<Infallible>,
}

impl Running {
    /// Waits until the guest has ended.
    pub(crate) fn join(self) -> Result<()> {
        let outcome = self.thread.join().map_err(|_| format_err!("the thread of a guest panicked"))?;
        outcome?.map_err(|()| format_err!("a guest failed while another was measured"))
    }
}

/// All that guests may import.
pub(crate) fn linker(engine: &Engine, host: Host) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wardian_host::add_to_linker(&mut linker)?;
    if host == Host::Floor {
        floor::add_to_linker(&mut linker)?;
    }
    Ok(linker)
}

pub(crate) fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    Engine::new(&config)
}

#[derive(Clone)]
struct Output {
    stdout: MemoryOutputPipe,
    stderr: MemoryOutputPipe,
}

impl Output {
    fn new() -> Self {
        Self { stdout: MemoryOutputPipe::new(OUTPUT_BYTES_MAX), stderr: MemoryOutputPipe::new(OUTPUT_BYTES_MAX) }
    }
}

fn text(pipe: &MemoryOutputPipe) -> String {
    String::from_utf8_lossy(&pipe.contents()).into_owned()
}

/// What a store holds: a guest's share of WASI and of the GPU.
pub(crate) struct State {
    wasi: WasiCtx,
    gpu: GpuCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl GpuView for State {
    fn gpu(&mut self) -> GpuCtxView<'_> {
        GpuCtxView { ctx: &mut self.gpu, table: &mut self.table }
    }
}
