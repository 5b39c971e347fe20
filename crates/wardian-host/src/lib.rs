//! `wasi:webgpu@0.3.0-rc.2` for Wasmtime, on `wgpu-core`.

mod convert;
mod ctx;
mod device;
mod error;
mod handle;
mod instance;
mod object;
mod policy;
mod poll;
mod table;
mod worker;

pub use ctx::{GpuCtx, GpuCtxBuilder, GpuCtxView, GpuView, HasGpu};
pub use instance::{AdapterReport, Instance, Preference};
pub use policy::Policy;
