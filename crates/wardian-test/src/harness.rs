//! Engine, linker, component, and one run in them.

use std::collections::HashMap;
use std::env;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use wardian_host::{GpuCtx, GpuCtxView, GpuView};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::error::Context as _;
use wasmtime::{Config, Engine, Store};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::p3::bindings::Command;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::coverage::CallCollector;
use crate::outcome::{End, Outcome};

/// The component with all programs, as cargo names it.
const COMPONENT: &str = "wardian_test_programs";
/// What a program may print before the rest is cut off.
const OUTPUT_BYTES_MAX: usize = 2 << 20;
/// What a program may pass in one call. Wasmtime's default of 128 MiB is less than one of them writes.
const CALL_BYTES_MAX: usize = 1 << 30;
/// Far more than any program needs, even beside others on a slow machine.
const RUN_TIME_MAX: Duration = Duration::from_secs(180);

/// The compiled test programs and what they run in.
pub struct Harness {
    /// The component's name, which each run has as its first argument.
    name: String,
    engine: Engine,
    component: Component,
    linker: Linker<State>,
    /// One place a program; whoever comes first runs it, and all others wait and see the same.
    outcomes: Mutex<HashMap<String, Arc<OnceLock<Outcome>>>>,
}

impl std::fmt::Debug for Harness {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Harness").finish_non_exhaustive()
    }
}

impl Harness {
    /// This process's harness.
    ///
    /// # Errors
    ///
    /// When the component isn't there or doesn't load; the same error each time.
    pub fn shared() -> Result<&'static Self, String> {
        static SHARED: OnceLock<Result<Harness, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| Self::of(COMPONENT));
        shared.as_ref().map_err(Clone::clone)
    }

    /// A harness of another guest, by its component's name. Its programs are what it takes as its argument.
    ///
    /// # Errors
    ///
    /// When the component isn't there or doesn't load.
    pub fn of(name: &str) -> Result<Self, String> {
        Self::open(name).map_err(|error| format!("{error:#}"))
    }

    fn open(name: &str) -> wasmtime::Result<Self> {
        let path = component_path(name)?;
        let mut config = Config::new();
        config.wasm_component_model_async(true);
        let engine = Engine::new(&config)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi::p3::add_to_linker(&mut linker)?;
        wardian_host::add_to_linker(&mut linker)?;
        let component = Component::from_file(&engine, &path).with_context(|| format!("loading {}", path.display()))?;
        Ok(Self { name: name.to_owned(), engine, component, linker, outcomes: Mutex::default() })
    }

    /// The names of all programs.
    ///
    /// # Errors
    ///
    /// When the component can't say them.
    pub fn programs(&self) -> Result<Vec<String>, String> {
        let outcome = self.outcome("list");
        outcome.check()?;
        Ok(outcome.stdout.lines().map(str::to_owned).collect())
    }

    /// How a program ended; runs it now if nobody has.
    pub fn outcome(&self, program: &str) -> Outcome {
        let cell = {
            let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(outcomes.entry(program.to_owned()).or_default())
        };
        cell.get_or_init(|| self.run(program)).clone()
    }

    fn run(&self, program: &str) -> Outcome {
        self.run_with(program, GpuCtx::builder().build())
    }

    /// Runs a program in a store with this share of the GPU, and drops the store.
    pub fn run_with(&self, program: &str, gpu: GpuCtx) -> Outcome {
        let (stdout, stderr) = (MemoryOutputPipe::new(OUTPUT_BYTES_MAX), MemoryOutputPipe::new(OUTPUT_BYTES_MAX));
        let calls = CallCollector::default();
        let end = calls.collect(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| format!("the test's runtime doesn't start: {error}"));
            runtime.map(|runtime| {
                let run = self.run_in_store(program, gpu, stdout.clone(), stderr.clone());
                runtime.block_on(async { tokio::time::timeout(RUN_TIME_MAX, run).await })
            })
        });
        let end = match end {
            Ok(Ok(Ok(Ok(())))) => End::Well,
            Ok(Ok(Ok(Err(())))) => End::Failed,
            Ok(Ok(Err(trap))) => End::Trapped(format!("{trap:?}")),
            Ok(Err(_)) => End::TimedOut,
            Err(why) => End::Trapped(why),
        };
        let text = |pipe: MemoryOutputPipe| String::from_utf8_lossy(&pipe.contents()).into_owned();
        Outcome { end, stdout: text(stdout), stderr: text(stderr), calls: calls.into_calls() }
    }

    async fn run_in_store(
        &self,
        program: &str,
        gpu: GpuCtx,
        stdout: MemoryOutputPipe,
        stderr: MemoryOutputPipe,
    ) -> wasmtime::Result<Result<(), ()>> {
        let wasi = WasiCtx::builder().args(&[&self.name, program]).stdout(stdout).stderr(stderr).build();
        let mut store = Store::new(&self.engine, State { wasi, gpu, table: ResourceTable::new() });
        store.set_hostcall_fuel(CALL_BYTES_MAX);
        let command = Command::instantiate_async(&mut store, &self.component, &self.linker).await?;
        let run = async move |accessor: &wasmtime::component::Accessor<State>| {
            command.wasi_cli_run().call_run(accessor).await
        };
        store.run_concurrent(run).await?
    }
}

fn component_path(name: &str) -> wasmtime::Result<PathBuf> {
    let advice = "run the tests by `cargo xtask test`, or build the guests by `cargo xtask build-guests` and set \
                  WARDIAN_GUESTS to the folder that it names";
    let folder = env::var_os("WARDIAN_GUESTS").with_context(|| format!("WARDIAN_GUESTS is not set; {advice}"))?;
    let path = PathBuf::from(folder).join(name).with_extension("wasm");
    if !path.is_file() {
        wasmtime::bail!("there is no component at {}; {advice}", path.display());
    }
    Ok(path)
}

/// What a store holds: a program's share of WASI and of the GPU.
struct State {
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
