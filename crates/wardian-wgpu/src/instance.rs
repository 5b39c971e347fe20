//! `wgpu::Instance`: the host's door.

use std::pin::Pin;
use std::sync::{Arc, Mutex, Weak};

use wardian_guest::webgpu::{GpuPowerPreference, GpuRequestAdapterOptions, get_gpu};
use wgpu::custom::{DispatchAdapter, DispatchSurface, EnumerateAdapterFuture, InstanceInterface, RequestAdapterFuture};

use crate::adapter::Adapter;
use crate::device::Shared;
use crate::outside;
use crate::wait::{locked, run_errands};
use crate::{Options, Waiting};

/// Devices of one instance, which `poll_all` polls.
pub(crate) type Devices = Arc<Mutex<Vec<Weak<Shared>>>>;

#[derive(Debug)]
pub(crate) struct Instance {
    options: Options,
    backends: wgpu::Backends,
    // Guards the list of devices; held for no call.
    devices: Devices,
}

impl Instance {
    pub(crate) fn open(options: Options, backends: wgpu::Backends) -> Self {
        Self { options, backends, devices: Devices::default() }
    }

    /// Whether the program asked for what a host presents itself as.
    const fn is_asked_for(&self) -> bool {
        self.backends.contains(wgpu::Backends::BROWSER_WEBGPU)
    }

    fn not_found(&self, force_fallback_adapter: bool) -> wgpu::RequestAdapterError {
        let none = wgpu::Backends::empty();
        let own = wgpu::Backends::BROWSER_WEBGPU;
        wgpu::RequestAdapterError::NotFound {
            active_backends: if self.is_asked_for() { own } else { none },
            requested_backends: self.backends,
            supported_backends: own,
            no_fallback_backends: if force_fallback_adapter { own } else { none },
            no_adapter_backends: own,
            incompatible_surface_backends: none,
        }
    }
}

impl InstanceInterface for Instance {
    fn new(descriptor: wgpu::InstanceDescriptor) -> Self {
        Self::open(Options { waiting: Waiting::Blocking }, descriptor.backends)
    }

    #[expect(unsafe_code, reason = "as the trait has it; nothing in it is unsafe")]
    unsafe fn create_surface(
        &self,
        _target: wgpu::SurfaceTargetUnsafe,
    ) -> Result<DispatchSurface, wgpu::CreateSurfaceError> {
        Err(outside::create_surface_error())
    }

    fn request_adapter(&self, options: &wgpu::RequestAdapterOptions<'_, '_>) -> Pin<Box<dyn RequestAdapterFuture>> {
        let none = self.not_found(options.force_fallback_adapter);
        let asked = GpuRequestAdapterOptions {
            feature_level: None,
            power_preference: match options.power_preference {
                wgpu::PowerPreference::None => None,
                wgpu::PowerPreference::LowPower => Some(GpuPowerPreference::LowPower),
                wgpu::PowerPreference::HighPerformance => Some(GpuPowerPreference::HighPerformance),
            },
            force_fallback_adapter: Some(options.force_fallback_adapter),
            xr_compatible: None,
        };
        let (waiting, devices, is_asked_for) = (self.options.waiting, Arc::clone(&self.devices), self.is_asked_for());
        Box::pin(waiting.answer(async move {
            if !is_asked_for {
                return Err(none);
            }
            let handle = get_gpu().request_adapter(Some(asked.clone())).await.ok_or(none)?;
            Ok(DispatchAdapter::custom(Adapter::new(handle, Some(asked), waiting, devices)))
        }))
    }

    fn poll_all_devices(&self, force_wait: bool) -> bool {
        let devices: Vec<_> = locked(&self.devices).iter().filter_map(Weak::upgrade).collect();
        if force_wait {
            run_errands();
        }
        // All of them, also behind one whose queue is not empty.
        let busy = devices.iter().filter(|device| !device.poll(force_wait)).count();
        busy == 0
    }

    fn wgsl_language_features(&self) -> wgpu::WgslLanguageFeatures {
        let offered = get_gpu().wgsl_language_features();
        [
            (
                "readonly_and_readwrite_storage_textures",
                wgpu::WgslLanguageFeatures::ReadOnlyAndReadWriteStorageTextures,
            ),
            ("packed_4x8_integer_dot_product", wgpu::WgslLanguageFeatures::Packed4x8IntegerDotProduct),
            ("unrestricted_pointer_parameters", wgpu::WgslLanguageFeatures::UnrestrictedPointerParameters),
            ("pointer_composite_access", wgpu::WgslLanguageFeatures::PointerCompositeAccess),
        ]
        .into_iter()
        .filter(|(name, _)| offered.has(name))
        .fold(wgpu::WgslLanguageFeatures::empty(), |all, (_, feature)| all | feature)
    }

    /// The adapter that a request without wishes gets, where the backends asked for allow it: WebGPU has no list.
    fn enumerate_adapters(&self, backends: wgpu::Backends) -> Pin<Box<dyn EnumerateAdapterFuture>> {
        let asked = self.is_asked_for() && backends.contains(wgpu::Backends::BROWSER_WEBGPU);
        let (waiting, devices) = (self.options.waiting, Arc::clone(&self.devices));
        Box::pin(waiting.answer(async move {
            let handle = if asked { get_gpu().request_adapter(None).await } else { None };
            handle
                .into_iter()
                .map(|handle| DispatchAdapter::custom(Adapter::new(handle, None, waiting, devices.clone())))
                .collect()
        }))
    }
}
