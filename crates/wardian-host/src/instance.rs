//! The connection to the system's GPU drivers, and what it finds.

use std::fmt::{self, Debug};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parking_lot::Mutex;
use wgpu_core::global::Global;
use wgpu_core::id::AdapterId;
use wgpu_types::{AdapterInfo, Backends, InstanceDescriptor, InstanceFlags};

use crate::exit;
use crate::handle::{Core, Handle};
use crate::object::capabilities::{Features, Limits};
use crate::policy::Policy;

/// A connection to the system's GPU drivers.
///
/// Each store opens one of its own when its guest first asks for an adapter, which takes 20 ms to 600 ms, depending on
/// the driver. An embedder that has made one before saves its guest that time: [`GpuCtxBuilder::instance`].
/// Give it to one store, or to those of one tenant: stores that share an instance can slow each other down, and some
/// drivers stop all its devices while one of them hangs.
///
/// [`GpuCtxBuilder::instance`]: crate::GpuCtxBuilder::instance
#[derive(Clone)]
pub struct Instance {
    core: Core,
}

impl Instance {
    /// Loads the drivers of these backends. It blocks its thread meanwhile, and fails never: without a driver, the
    /// instance has no adapters.
    ///
    /// # Errors
    ///
    /// When a driver's library fails in a way that it should not.
    pub fn new(backends: Backends) -> wasmtime::Result<Self> {
        let descriptor = InstanceDescriptor {
            // The one without a GPU stands in for a device that is lost before it begins.
            backends: backends | Backends::NOOP,
            // Without the first, an indirect dispatch could hang the GPU; the second makes timestamps nanoseconds.
            flags: InstanceFlags::VALIDATION_INDIRECT_CALL | InstanceFlags::AUTOMATIC_TIMESTAMP_NORMALIZATION,
            memory_budget_thresholds: wgpu_types::MemoryBudgetThresholds::default(),
            backend_options: wgpu_types::BackendOptions {
                noop: wgpu_types::NoopBackendOptions::enabled(),
                ..wgpu_types::BackendOptions::default()
            },
            display: None,
        };
        let global = catch_unwind(AssertUnwindSafe(|| Global::new("wardian", descriptor, None)));
        let global = global.map_err(|_| wasmtime::format_err!("a GPU driver's library failed while it was loaded"))?;
        exit::guard();
        Ok(Self { core: Core::new(global) })
    }

    /// Everything the drivers offer, whatever a policy says of it. It blocks its thread meanwhile.
    ///
    /// # Errors
    ///
    /// When a driver's library fails in a way that it should not.
    pub fn adapters(&self) -> wasmtime::Result<Vec<AdapterReport>> {
        let adapters = self.enumerate(Backends::all() - Backends::NOOP)?;
        adapters.into_iter().map(|adapter| Ok(AdapterReport::of(&Found::new(self, adapter, &Policy::new())?))).collect()
    }

    /// How many objects of the GPU are alive, of each kind that has any. After the store that used this instance has
    /// been dropped, and its GPU has finished its work, there are none.
    ///
    /// # Errors
    ///
    /// When a driver's library fails in a way that it should not.
    pub fn live_objects(&self) -> wasmtime::Result<Vec<(&'static str, usize)>> {
        let report = self.core.call(Global::generate_report)?;
        let hub = report.hub_report();
        let kinds = [
            ("adapters", &hub.adapters),
            ("devices", &hub.devices),
            ("queues", &hub.queues),
            ("pipeline layouts", &hub.pipeline_layouts),
            ("shader modules", &hub.shader_modules),
            ("bind group layouts", &hub.bind_group_layouts),
            ("bind groups", &hub.bind_groups),
            ("command encoders", &hub.command_encoders),
            ("command buffers", &hub.command_buffers),
            ("render bundles", &hub.render_bundles),
            ("render pipelines", &hub.render_pipelines),
            ("compute pipelines", &hub.compute_pipelines),
            ("query sets", &hub.query_sets),
            ("buffers", &hub.buffers),
            ("textures", &hub.textures),
            ("texture views", &hub.texture_views),
            ("samplers", &hub.samplers),
            ("render passes", &hub.render_passes),
            ("compute passes", &hub.compute_passes),
            ("render bundle encoders", &hub.render_bundle_encoders),
        ];
        let counts = kinds.into_iter().map(|(kind, report)| (kind, report.num_kept_from_user));
        Ok(counts.filter(|(_, count)| *count > 0).collect())
    }

    /// An adapter without a GPU, whose devices take every call and do nothing.
    pub(crate) fn stand_in(&self) -> wasmtime::Result<Handle<AdapterId>> {
        let adapter = self.enumerate(Backends::NOOP)?.into_iter().next();
        adapter.ok_or_else(|| wasmtime::format_err!("the stand-in for lost devices is missing"))
    }

    fn enumerate(&self, backends: Backends) -> wasmtime::Result<Vec<Handle<AdapterId>>> {
        let ids = self.core.call(|core| core.enumerate_adapters(backends, false))?;
        Ok(ids.into_iter().map(|id| Handle::new(self.core.clone(), id)).collect())
    }

    /// The adapters that the policy allows, the preferred one first.
    pub(crate) fn find(
        &self,
        policy: &Policy,
        preference: Preference,
        force_fallback: bool,
    ) -> wasmtime::Result<Option<Found>> {
        let adapters = self.enumerate(policy.backends)?.into_iter();
        let found = adapters.map(|adapter| Found::new(self, adapter, policy)).collect::<wasmtime::Result<Vec<_>>>()?;
        let mut allowed: Vec<_> =
            found.into_iter().filter(|found| policy.allows(&found.info, force_fallback)).collect();
        allowed.sort_by_key(|found| preference.rank(&found.info));
        Ok(allowed.into_iter().next())
    }
}

impl Debug for Instance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Instance").finish_non_exhaustive()
    }
}

/// Energy against speed, where a machine has several GPUs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Preference {
    /// A GPU before a software adapter, else the order of the backends.
    #[default]
    None,
    /// The GPU that draws less power.
    LowPower,
    /// The faster GPU.
    HighPerformance,
}

impl Preference {
    fn rank(self, info: &AdapterInfo) -> u8 {
        use wgpu_types::DeviceType;
        match (info.device_type, self) {
            (DeviceType::IntegratedGpu, Self::LowPower) | (DeviceType::DiscreteGpu, Self::HighPerformance) => 0,
            (DeviceType::DiscreteGpu | DeviceType::IntegratedGpu, Self::LowPower | Self::HighPerformance) => 1,
            (DeviceType::DiscreteGpu | DeviceType::IntegratedGpu, Self::None) => 1,
            (DeviceType::VirtualGpu, _) => 2,
            (DeviceType::Other, _) => 3,
            (DeviceType::Cpu, _) => 4,
        }
    }
}

/// An adapter as a policy lets it be seen.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) instance: Instance,
    pub(crate) core: Core,
    pub(crate) handle: Handle<AdapterId>,
    pub(crate) info: AdapterInfo,
    pub(crate) features: Features,
    pub(crate) limits: Limits,
}

impl Found {
    fn new(instance: &Instance, handle: Handle<AdapterId>, policy: &Policy) -> wasmtime::Result<Self> {
        let id = handle.id();
        let core = instance.core.clone();
        let (info, features, limits) =
            core.call(|core| (core.adapter_get_info(id), core.adapter_features(id), core.adapter_limits(id)))?;
        let features = Features::of_adapter(features, &policy.features_denied);
        let limits = Limits::of_adapter(limits, features.core(), &policy.limits_max);
        Ok(Self { instance: instance.clone(), core, handle, info, features, limits })
    }
}

/// What can be said of an adapter without opening it.
#[derive(Clone, Debug)]
pub struct AdapterReport {
    /// Its name, driver, kind and backend.
    pub info: AdapterInfo,
    /// The features that its devices could have, by WebGPU's names.
    pub features: Vec<&'static str>,
    /// The best limits that its devices could have, by WebGPU's names.
    pub limits: Vec<(&'static str, u64)>,
}

impl AdapterReport {
    fn of(found: &Found) -> Self {
        Self {
            info: found.info.clone(),
            features: found.features.names().collect(),
            limits: found.limits.entries().collect(),
        }
    }
}

/// An instance that is opened when it is first needed.
#[derive(Clone, Debug)]
pub(crate) struct LazyInstance {
    backends: Backends,
    // Guards against opening twice; held while the drivers load, on a thread that runs no guest.
    opened: Arc<Mutex<Option<Instance>>>,
}

impl LazyInstance {
    pub(crate) fn new(backends: Backends, opened: Option<Instance>) -> Self {
        Self { backends, opened: Arc::new(Mutex::new(opened)) }
    }

    /// Opens it if need be, which blocks.
    pub(crate) fn open(&self) -> wasmtime::Result<Instance> {
        let mut opened = self.opened.lock();
        if let Some(instance) = &*opened {
            return Ok(instance.clone());
        }
        let instance = Instance::new(self.backends)?;
        *opened = Some(instance.clone());
        Ok(instance)
    }
}
