//! Runs a component that exports `wasi:cli/run@0.3.0`: `cargo run --example embed -- component.wasm`.
#![expect(clippy::print_stdout, reason = "an example shows what came out")]

use wardian_host::{GpuCtx, GpuCtxView, GpuView};
use wasmtime::component::{Accessor, Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, Store};
use wasmtime_wasi::p3::bindings::Command;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

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

fn main() -> wasmtime::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or_else(|| wasmtime::format_err!("usage: embed COMPONENT [ARGUMENT…]"))?;
    let engine = Engine::new(Config::new().wasm_component_model_async(true))?;
    let mut linker = Linker::<State>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wardian_host::add_to_linker(&mut linker)?;
    let component = Component::from_file(&engine, &path)?;

    let wasi = WasiCtx::builder().inherit_stdio().arg(&path).args(&arguments.collect::<Vec<_>>()).build();
    let state = State { wasi, gpu: GpuCtx::builder().build(), table: ResourceTable::new() };
    let mut store = Store::new(&engine, state);
    // No async runtime here, so this thread waits; with one, `.await` takes the place of `in_tokio`.
    let outcome = wasmtime_wasi::runtime::in_tokio(async {
        let command = Command::instantiate_async(&mut store, &component, &linker).await?;
        let run = async move |accessor: &Accessor<State>| command.wasi_cli_run().call_run(accessor).await;
        store.run_concurrent(run).await?
    })?;
    println!("the component {}", if outcome.is_ok() { "ended well" } else { "failed" });
    Ok(())
}
