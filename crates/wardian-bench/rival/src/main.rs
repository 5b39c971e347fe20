//! Runs the guest of `wardian-bench` on the published host: `wardian-bench-rival COMPONENT ARGUMENT…`.
//!
//! The arguments are the guest's own. What it prints goes to standard output; the exit status says how it ended. The
//! host panics in functions that it lacks, which ends the process, and `wardian-bench` shows the panic's message.

use std::env;
use std::sync::Arc;

use wasi_webgpu_wasmtime::reexports::{wgpu_core, wgpu_types};
use wasi_webgpu_wasmtime::{WasiWebGpuCtx, WasiWebGpuCtxView, WasiWebGpuOptions};
use wasmtime::component::{Accessor, Component, Linker, ResourceTable};
use wasmtime::error::Context as _;
use wasmtime::{Config, Engine, Result, Store};
use wasmtime_wasi::p3::bindings::Command;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// More than the guest's largest upload.
const CALL_BYTES_MAX: usize = 1 << 30;

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let component = arguments.next().context("expected a component and the guest's arguments, got nothing")?;
    let mut guest = vec!["wardian-bench-guest".to_owned()];
    guest.extend(arguments);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(&component, &guest))
}

async fn run(path: &str, arguments: &[String]) -> Result<()> {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    let engine = Engine::new(&config)?;
    let component = Component::from_file(&engine, path)?;
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasi_webgpu_wasmtime::add_to_linker(&mut linker)?;
    let state = State {
        wasi: WasiCtx::builder().args(arguments).inherit_stdout().inherit_stderr().build(),
        instance: instance(),
        options: WasiWebGpuOptions { device_memory_hints: wgpu_types::MemoryHints::default() },
        table: ResourceTable::new(),
    };
    let mut store = Store::new(&engine, state);
    store.set_hostcall_fuel(CALL_BYTES_MAX);
    let command = Command::instantiate_async(&mut store, &component, &linker).await?;
    let run = async move |accessor: &Accessor<State>| command.wasi_cli_run().call_run(accessor).await;
    let outcome = store.run_concurrent(run).await??;
    outcome.map_err(|()| wasmtime::format_err!("the guest failed; it says why above"))
}

/// The drivers, with the settings of the other sides.
fn instance() -> Arc<wgpu_core::global::Global> {
    let mut descriptor = wgpu_types::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu_types::Backends::PRIMARY;
    descriptor.flags = wgpu_types::InstanceFlags::VALIDATION_INDIRECT_CALL
        | wgpu_types::InstanceFlags::AUTOMATIC_TIMESTAMP_NORMALIZATION;
    Arc::new(wgpu_core::global::Global::new("wardian-bench-rival", descriptor, None))
}

/// What the store holds: the guest's share of WASI and of the GPU.
struct State {
    wasi: WasiCtx,
    instance: Arc<wgpu_core::global::Global>,
    options: WasiWebGpuOptions,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiWebGpuCtxView for State {
    fn webgpu_ctx(&mut self) -> WasiWebGpuCtx<'_> {
        WasiWebGpuCtx { instance: &self.instance, table: &mut self.table, options: &self.options }
    }
}
