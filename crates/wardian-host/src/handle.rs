//! Ownership of `wgpu-core` objects: the only file that releases one, and the door through which all calls go.

use std::any::Any;
use std::fmt::{self, Debug};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use parking_lot::Mutex;
use wgpu_core::global::Global;
use wgpu_core::id;

use crate::quota::{Charge, Quota};

/// The `wgpu-core` of one store, shared by all its objects and by its devices' threads.
#[derive(Clone)]
pub(crate) struct Core(Arc<Global>);

impl Core {
    pub(crate) fn new(global: Global) -> Self {
        Self(Arc::new(global))
    }

    /// Calls into `wgpu-core`. A panic in there is a fault of its own, which must not take the embedder with it: it
    /// ends the guest instead.
    #[inline]
    pub(crate) fn call<R>(&self, call: impl FnOnce(&Global) -> R) -> wasmtime::Result<R> {
        match panic::catch_unwind(AssertUnwindSafe(|| call(&self.0))) {
            Ok(value) => Ok(value),
            Err(payload) => Err(fault(payload.as_ref())),
        }
    }
}

/// What a panic inside `wgpu-core` becomes.
#[cold]
fn fault(payload: &(dyn Any + Send)) -> wasmtime::Error {
    let what = payload.downcast_ref::<String>().map(String::as_str);
    let what = what.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
    wasmtime::format_err!("the GPU implementation failed, which is a fault of the host: {what}")
}

impl Debug for Core {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Core").finish_non_exhaustive()
    }
}

/// Owns one `wgpu-core` object and releases it with the last clone.
///
/// Releasing is losing the reference: work that was recorded or submitted keeps the object alive as long as it needs.
#[derive(Clone, Debug)]
pub(crate) struct Handle<I: CoreId>(Arc<Owned<I>>);

#[derive(Debug)]
struct Owned<I: CoreId> {
    core: Core,
    id: I,
    /// Given back after the object. Guards nothing else, and is held for no call.
    charge: Mutex<Option<Charge>>,
}

impl<I: CoreId> Handle<I> {
    pub(crate) fn new(core: Core, id: I) -> Self {
        Self(Arc::new(Owned { core, id, charge: Mutex::default() }))
    }

    /// Has what the object was charged for given back with its last handle. To be called before the first clone.
    pub(crate) fn charged(mut self, charge: Option<Charge>) -> Self {
        if let Some(owned) = Arc::get_mut(&mut self.0) {
            owned.charge = Mutex::new(charge);
        }
        self
    }

    /// Gives the memory of the GPU back that the object was charged for: it is destroyed, and its handles remain.
    pub(crate) fn discharge_memory(&self) {
        if let Some(charge) = &mut *self.0.charge.lock() {
            charge.give_back(Quota::GpuMemory);
        }
    }

    pub(crate) fn id(&self) -> I {
        self.0.id
    }
}

impl<I: CoreId> Drop for Owned<I> {
    fn drop(&mut self) {
        if let Err(error) = self.core.call(|core| self.id.release(core)) {
            tracing::error!("an object was not released: {error}");
        }
        drop(self.charge.get_mut().take());
    }
}

/// An identifier of `wgpu-core` that holds a reference.
pub(crate) trait CoreId: Copy + Debug + Send + Sync + 'static {
    fn release(self, core: &Global);
}

macro_rules! core_ids {
    ($($id:ident => $release:ident,)*) => {$(
        impl CoreId for id::$id {
            fn release(self, core: &Global) {
                core.$release(self);
            }
        }
    )*};
}

core_ids! {
    AdapterId => adapter_drop,
    BindGroupId => bind_group_drop,
    BindGroupLayoutId => bind_group_layout_drop,
    BufferId => buffer_drop,
    CommandBufferId => command_buffer_drop,
    CommandEncoderId => command_encoder_drop,
    ComputePipelineId => compute_pipeline_drop,
    DeviceId => device_drop,
    PipelineLayoutId => pipeline_layout_drop,
    QuerySetId => query_set_drop,
    QueueId => queue_drop,
    RenderBundleId => render_bundle_drop,
    RenderPipelineId => render_pipeline_drop,
    SamplerId => sampler_drop,
    ShaderModuleId => shader_module_drop,
    TextureId => texture_drop,
    TextureViewId => texture_view_drop,
}
