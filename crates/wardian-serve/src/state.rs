//! What a store holds: the guest's share of WASI, of HTTP, of memory and of the GPU.

use http::Request;
use wardian_host::{GpuCtx, GpuCtxView, GpuView};
use wasmtime::Engine;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView, p2, p3};
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView};

use crate::memory::{Memory, MemoryShare};

/// A store's data.
#[expect(missing_debug_implementations, reason = "`WasiCtx` has none")]
pub struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: NoNetwork,
    gpu: GpuCtx,
    table: ResourceTable,
    pub(crate) memory: MemoryShare,
}

impl State {
    /// With what the guest gets of the system and of the GPU.
    #[must_use]
    pub fn new(wasi: WasiCtx, gpu: GpuCtx) -> Self {
        let memory = Memory::new(u64::MAX).share();
        Self { wasi, http: WasiHttpCtx::new(), hooks: NoNetwork, gpu, table: ResourceTable::new(), memory }
    }

    /// Bounds the guest's memory, together with that of other stores.
    #[must_use]
    pub fn with_memory(mut self, memory: &Memory) -> Self {
        self.memory = memory.share();
        self
    }
}

/// All that a handler may import: WASI, HTTP and the GPU.
///
/// # Errors
///
/// When these don't fit together.
pub fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    p2::add_to_linker_async(&mut linker)?;
    p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    wardian_host::add_to_linker(&mut linker)?;
    Ok(linker)
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

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.hooks }
    }
}

/// A guest never reaches the network: it answers requests, and sends none.
struct NoNetwork;

type Sent = Result<(http::Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>), Error>;

impl WasiHttpHooks for NoNetwork {
    fn send_request(
        &mut self,
        _: Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}
