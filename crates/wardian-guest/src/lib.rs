//! Rust SDK for WebAssembly components that compute on a GPU through `wasi:webgpu@0.3.0-rc.2`.
//!
//! [`webgpu`] is the interface as it stands: its types and functions carry the documentation of the WIT. What this
//! crate adds is thin, and none of it is needed: an entry point ([`main!`]), a device in one call ([`DeviceOptions`]),
//! bytes in and out of buffers ([`buffer_with_data`], [`read_buffer`]), error scopes around a piece of code
//! ([`scoped`]), and descriptors with the defaults filled in ([`describe`]).
//!
//! A program is a library crate of type `cdylib`, built with `cargo build --target wasm32-wasip2`:
//!
//! ```no_run
//! use wardian_guest::webgpu::{GpuBufferUsage, GpuFeatureName};
//! use wardian_guest::{DeviceOptions, buffer_with_data, describe, read_buffer};
//!
//! const DOUBLE: &str = "
//!     @group(0) @binding(0) var<storage, read_write> numbers: array<u32>;
//!     @compute @workgroup_size(1)
//!     fn main(@builtin(global_invocation_id) id: vec3u) { numbers[id.x] *= 2; }
//! ";
//!
//! async fn run() -> Result<(), wardian_guest::Error> {
//!     let (_adapter, device, queue) =
//!         DeviceOptions::new().wish(GpuFeatureName::Subgroups).limit("maxBufferSize", 1 << 28).request().await?;
//!     let usage = GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_SRC;
//!     let buffer = buffer_with_data(&device, &[1, 0, 0, 0, 21, 0, 0, 0], usage)?;
//!     let module = device.create_shader_module(&describe::shader(DOUBLE));
//!     let pipeline = device.create_compute_pipeline(describe::compute_pipeline(&module));
//!     let layout = pipeline.get_bind_group_layout(0);
//!     let group = device.create_bind_group(&describe::bind_group(&layout, vec![describe::buffer_binding(0, &buffer)]));
//!
//!     let encoder = device.create_command_encoder(None);
//!     let pass = encoder.begin_compute_pass(None);
//!     pass.set_pipeline(&pipeline);
//!     pass.set_bind_group(0, Some(&group), None, None, None)?;
//!     pass.dispatch_workgroups(2, None, None);
//!     pass.end();
//!     queue.submit(&[&encoder.finish(None)]);
//!
//!     println!("{:?}", read_buffer(&device, &queue, &buffer, ..).await?);
//!     Ok(())
//! }
//!
//! wardian_guest::main!(run);
//! # fn main() {}
//! ```
//!
//! On targets other than WebAssembly the crate compiles, so that tools and editors work, and every call into
//! [`webgpu`] panics: there is no host behind it.

extern crate self as wardian_guest;

pub mod bindings;
mod buffer;
pub mod describe;
mod device;
mod entry;
mod error;
mod future;
mod names;

#[doc(hidden)]
pub use wit_bindgen;
/// Waits for a future where code is not async; the component's other tasks run meanwhile.
pub use wit_bindgen::block_on;
/// Lets another task run: a loop that waits for something else to happen calls this in between.
pub use wit_bindgen::yield_async;

pub use bindings::wasi::webgpu::webgpu;
pub use buffer::{buffer_with_data, read_buffer, write_buffer};
pub use device::DeviceOptions;
pub use entry::conclude;
pub use error::{Error, scoped};
pub use future::{join, join_all};
pub use names::{FEATURES, LIMITS, Limit, feature_name};
