//! `wgpu` in a sealed component: its custom backend over `wasi:webgpu`.
//!
//! A program that computes or draws with `wgpu` 30 takes its [`wgpu::Instance`] from here, and all else stays as it is:
//!
//! ```no_run
//! async fn run() -> Result<(), Box<dyn std::error::Error>> {
//!     let instance = wardian_wgpu::instance();
//!     let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await?;
//!     let (device, queue) = adapter.request_device(&wgpu::DeviceDescriptor::default()).await?;
//!
//!     let usage = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ;
//!     let descriptor = wgpu::BufferDescriptor { label: None, size: 4, usage, mapped_at_creation: false };
//!     let buffer = device.create_buffer(&descriptor);
//!     queue.write_buffer(&buffer, 0, &42u32.to_le_bytes());
//!     queue.submit([]);
//!
//!     buffer.map_async(wgpu::MapMode::Read, .., |outcome| outcome.expect("the buffer can be mapped"));
//!     device.poll(wgpu::PollType::wait_indefinitely())?;
//!     println!("{:?}", &buffer.get_mapped_range(..)?[..]);
//!     Ok(())
//! }
//!
//! wardian_wgpu::main!(run);
//! # fn main() {}
//! ```
//!
//! Programs that call `wgpu::Instance::new` where nobody can change it are helped by a patched `wgpu`: `docs/wgpu.md`
//! tells how, and what differs from native `wgpu`.
//!
//! # What is there
//!
//! All of WebGPU. What `wgpu` has beyond it is a feature that no adapter offers; where a call can be made all the same,
//! it is a validation error of the device, in the error scopes as any other, and what the call makes is invalid.
//!
//! # Blocking and async
//!
//! By default ([`Waiting::Blocking`]) every future is ready when it is returned, every callback is called before the
//! call returns, and `poll` with a waiting `PollType` waits. [`Options`] has the other way.
//!
//! On targets other than WebAssembly the crate compiles, so that tools and editors work, and every call panics: there
//! is no host behind it. A program takes `wgpu::Instance::new` there.

mod adapter;
mod bind_group;
mod buffer;
mod capabilities;
mod command_encoder;
mod compute_pass;
mod convert;
mod device;
mod errors;
mod instance;
mod outside;
mod pipeline;
mod query_set;
mod queue;
mod render_bundle;
mod render_pass;
mod sampler;
mod shader_module;
mod texture;
mod wait;

pub use wait::Waiting;
#[doc(hidden)]
pub use wardian_guest;

/// Makes an async function the component's entry point.
///
/// The function takes nothing (arguments are in [`std::env::args`]) and returns a `Result<(), E>` with `E: Display`. An
/// error is printed to standard error, and the run counts as failed.
#[macro_export]
macro_rules! main {
    ($run:path) => {
        #[doc(hidden)]
        async fn wardian_wgpu_entry() -> ::core::result::Result<(), impl ::core::fmt::Display> {
            $crate::prepare();
            $run().await
        }

        $crate::wardian_guest::main!(wardian_wgpu_entry);
    };
}

/// Makes a function that is not async the component's entry point: the `main` of a program that was written for
/// elsewhere, with a result or without. An error is printed to standard error.
///
/// The whole `src/lib.rs` of such a program, beside its `src/main.rs`:
///
/// ```ignore
/// include!("main.rs");
/// wardian_wgpu::program!(main);
/// ```
#[macro_export]
macro_rules! program {
    ($main:path) => {
        #[doc(hidden)]
        async fn wardian_wgpu_program() -> ::core::result::Result<(), ::std::string::String> {
            $crate::Ending::into_result($main())
        }

        $crate::main!(wardian_wgpu_program);
    };
}

/// What the `main` of a program returns: nothing, or a result.
pub trait Ending {
    /// As a result, with an error in words.
    ///
    /// # Errors
    ///
    /// The error of the program.
    fn into_result(self) -> Result<(), String>;
}

impl Ending for () {
    fn into_result(self) -> Result<(), String> {
        Ok(())
    }
}

impl<E: std::fmt::Debug> Ending for Result<(), E> {
    /// By `Debug`, as Rust prints the errors of `main`.
    fn into_result(self) -> Result<(), String> {
        self.map_err(|error| format!("{error:?}"))
    }
}

/// What must be done before a program begins.
#[doc(hidden)]
pub fn prepare() {
    #[cfg(feature = "patched")]
    wgpu::Instance::set_factory(|descriptor| Options::new().instance_for(descriptor.backends));
}

/// How an instance behaves.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Whether calls wait for their results.
    pub waiting: Waiting,
}

impl Options {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether calls wait for their results.
    #[must_use]
    pub const fn waiting(mut self, waiting: Waiting) -> Self {
        self.waiting = waiting;
        self
    }

    /// An instance that behaves so.
    #[must_use]
    pub fn instance(self) -> wgpu::Instance {
        wgpu::Instance::from_custom(instance::Instance::open(self, wgpu::Backends::all()))
    }

    /// The same, for a program that asks for backends by name: without `BROWSER_WEBGPU` among them, as which a host
    /// presents itself, no adapter is found.
    #[must_use]
    pub fn instance_for(self, backends: wgpu::Backends) -> wgpu::Instance {
        wgpu::Instance::from_custom(instance::Instance::open(self, backends))
    }
}

/// An instance whose calls wait for their results.
#[must_use]
pub fn instance() -> wgpu::Instance {
    Options::new().instance()
}

/// What stands behind an object of `wgpu`.
///
/// Only objects of another instance have nothing of this crate behind them, and there is no way to use those here.
#[expect(clippy::panic, reason = "as wgpu's other backends do with objects of another backend")]
fn own<'a, T>(object: Option<&'a T>, what: &str) -> &'a T {
    match object {
        Some(object) => object,
        None => panic!("a {what} of another instance of wgpu was given to a device of wardian_wgpu"),
    }
}
