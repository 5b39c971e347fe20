//! `wasi:webgpu@0.3.0-rc.2` for Wasmtime, on `wgpu-core`: lets WebAssembly components compute on a GPU.
//!
//! An embedder gives each store a [`GpuCtx`], says where it lies ([`GpuView`]), and calls [`add_to_linker`]. The
//! component then finds all of WebGPU, asynchronous and with the errors that the specification asks for; it can use
//! what the [`Policy`] lets it see, and nothing that it does ends, blocks or panics its host.
//!
//! ```
//! use wardian_host::{GpuCtx, GpuCtxView, GpuView, Policy};
//! use wasmtime::component::{Linker, ResourceTable};
//! use wasmtime::{Config, Engine, Store};
//!
//! struct State {
//!     gpu: GpuCtx,
//!     table: ResourceTable,
//! }
//!
//! impl GpuView for State {
//!     fn gpu(&mut self) -> GpuCtxView<'_> {
//!         GpuCtxView { ctx: &mut self.gpu, table: &mut self.table }
//!     }
//! }
//!
//! # fn main() -> wasmtime::Result<()> {
//! let mut config = Config::new();
//! config.wasm_component_model_async(true);
//! let engine = Engine::new(&config)?;
//! let mut linker = Linker::<State>::new(&engine);
//! wardian_host::add_to_linker(&mut linker)?;
//!
//! let policy = Policy::new().limit_max("maxBufferSize", 1 << 30)?.deny_feature("timestamp-query")?;
//! let gpu = GpuCtx::builder().policy(policy).build();
//! let store = Store::new(&engine, State { gpu, table: ResourceTable::new() });
//! # drop(store);
//! # Ok(())
//! # }
//! ```
//!
//! `examples/embed.rs` goes on from here and runs a component, in about thirty lines.
//!
//! # Threads
//!
//! No function of the host waits for the GPU, a driver's compiler or `naga` on the thread that calls it. Each device
//! has a thread that waits for its GPU; compilers run on threads with large stacks. An embedder may use any async
//! runtime, or none: [`block_on`] drives a store on a thread of its own.
//!
//! # Shaders
//!
//! A guest's shaders are compiled in a sandbox as tight as the guest's own, of bounded stack, memory and time: see
//! [`ShaderCompiler`].
//!
//! # Stores
//!
//! Every store has its own connection to the drivers, so one store's work holds up no other's. Dropping a store
//! releases all that it had; the work still on its way to the GPU is waited for elsewhere.

mod brief;
mod bulk;
mod convert;
mod ctx;
mod device;
mod error;
mod exit;
mod format;
mod handle;
mod instance;
mod lower;
mod object;
mod policy;
mod poll;
mod quota;
mod table;
mod worker;

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::Linker;

pub use ctx::{GpuCtx, GpuCtxBuilder, GpuCtxView, GpuView, HasGpu};
pub use instance::{AdapterReport, Instance, Preference};
pub use policy::{Policy, PolicyError};
pub use poll::wait_for_devices;
pub use quota::{Quota, QuotaUnit, Quotas, UNLIMITED, UnknownQuota, Usage};
pub use wardian_sealed::Compiler as ShaderCompiler;

/// The types of other crates that appear in this one's interface.
pub mod reexports {
    pub use wasmtime;
    pub use wgpu_types;
}

/// The version of the interface that [`add_to_linker`] offers.
pub const INTERFACE: &str = "wasi:webgpu/webgpu@0.3.0-rc.2";

/// Offers `wasi:webgpu` to the components of a linker.
///
/// The engine needs `wasm_component_model_async`. A component may pass more than 128 MiB in one call once the embedder
/// has raised `Store::set_hostcall_fuel`: large lists of bytes are read where they lie, and take no memory of the host.
///
/// # Errors
///
/// When the linker has such an interface already.
pub fn add_to_linker<T: GpuView + 'static>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    webgpu::add_to_linker::<T, HasGpu>(linker, T::gpu)?;
    bulk::add_to_linker(linker)
}

/// Drives a future on this thread until it is done: for embedders without an async runtime, whose stores would
/// otherwise have no way to wait.
///
/// It serves components that use the GPU and no WASI. `wasmtime-wasi` waits for clocks, files and sockets by tokio, so
/// where a component has those as well, `wasmtime_wasi::runtime::in_tokio` takes this function's place.
pub fn block_on<F: Future>(future: F) -> F::Output {
    futures::executor::block_on(future)
}
