//! The embedder's side: what a store holds, and how the host reaches it.

use std::fmt::Debug;

use wardian_sealed::Compiler;
use wasmtime::component::{HasData, ResourceTable};

use crate::instance::{Instance, LazyInstance, Preference};
use crate::policy::Policy;
use crate::quota::{Quotas, Usage};

/// A store's share of the GPU: what its guest may use, and the connection through which it does.
///
/// The objects themselves live in the store's [`ResourceTable`]; dropping the store releases all of them, without
/// waiting for the GPU.
#[derive(Debug)]
pub struct GpuCtx {
    pub(crate) policy: Policy,
    pub(crate) preference: Preference,
    pub(crate) compiler: Compiler,
    pub(crate) instance: LazyInstance,
    pub(crate) usage: Usage,
}

impl GpuCtx {
    /// Starts from every adapter of the system, with all that it offers.
    #[must_use]
    pub fn builder() -> GpuCtxBuilder {
        GpuCtxBuilder::default()
    }

    /// What the guest has in use, to be looked at while it runs and afterwards.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.usage.clone()
    }
}

/// Builds a [`GpuCtx`].
#[derive(Debug, Default)]
pub struct GpuCtxBuilder {
    policy: Policy,
    preference: Preference,
    quotas: Quotas,
    usage: Option<Usage>,
    compiler: Option<Compiler>,
    instance: Option<Instance>,
}

impl GpuCtxBuilder {
    /// What the guest may ask for.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The most that the guest may have at once.
    #[must_use]
    pub fn quotas(mut self, quotas: Quotas) -> Self {
        self.quotas = quotas;
        self
    }

    /// Counts what the guest has together with that of other stores, against the quotas of those: for stores that stand
    /// for one tenant. It goes before [`quotas`](Self::quotas).
    #[must_use]
    pub fn usage(mut self, usage: Usage) -> Self {
        self.usage = Some(usage);
        self
    }

    /// Which adapter a guest gets that doesn't say what it prefers.
    #[must_use]
    pub const fn preference(mut self, preference: Preference) -> Self {
        self.preference = preference;
        self
    }

    /// What compiles the guest's shaders. Without this, it is the one that all stores of the process share, which takes
    /// a second or two when a guest makes the first shader: [`Compiler::with_cache`] makes one that doesn't.
    #[must_use]
    pub fn shader_compiler(mut self, compiler: Compiler) -> Self {
        self.compiler = Some(compiler);
        self
    }

    /// A connection that is open already, so that the guest needn't wait for one; see [`Instance`].
    #[must_use]
    pub fn instance(mut self, instance: Instance) -> Self {
        self.instance = Some(instance);
        self
    }

    /// Makes the context. No driver is loaded yet.
    #[must_use]
    pub fn build(self) -> GpuCtx {
        let Self { policy, preference, quotas, usage, compiler, instance } = self;
        let instance = LazyInstance::new(policy.backends, instance);
        let usage = usage.unwrap_or_else(|| Usage::new(quotas));
        GpuCtx { policy, preference, instance, compiler: compiler.unwrap_or_default(), usage }
    }
}

/// A store's data that has a share of the GPU, in the manner of `wasmtime_wasi::WasiView`.
pub trait GpuView: Send {
    /// The context, and the table with the objects.
    fn gpu(&mut self) -> GpuCtxView<'_>;
}

impl<T: GpuView> GpuView for &mut T {
    fn gpu(&mut self) -> GpuCtxView<'_> {
        T::gpu(self)
    }
}

/// What a host function works on.
#[derive(Debug)]
pub struct GpuCtxView<'a> {
    /// The store's share of the GPU.
    pub ctx: &'a mut GpuCtx,
    /// The store's objects, those of WASI included.
    pub table: &'a mut ResourceTable,
}

/// Tells Wasmtime's bindings that the host's functions work on a [`GpuCtxView`].
#[derive(Clone, Copy, Debug)]
pub struct HasGpu;

impl HasData for HasGpu {
    type Data<'a> = GpuCtxView<'a>;
}
