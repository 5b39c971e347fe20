//! `get-gpu`, `gpu` and `wgsl-language-features`: the door to everything else.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wardian_sealed::LANGUAGE_FEATURES;
use wasmtime::component::{Accessor, Resource};

use crate::ctx::{GpuCtxView, HasGpu};
use crate::instance::Preference;
use crate::object::adapter::Adapter;
use crate::table::{Table, dropped, stands_behind};
use crate::worker;

stands_behind! {
    Gpu => webgpu::Gpu,
    LanguageFeatures => webgpu::WgslLanguageFeatures,
}

/// <https://www.w3.org/TR/webgpu/#gpu>
#[derive(Debug)]
pub(crate) struct Gpu;

/// <https://www.w3.org/TR/webgpu/#gpuwgsllanguagefeatures>
#[derive(Debug)]
pub(crate) struct LanguageFeatures;

impl webgpu::Host for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-navigatorgpu-gpu>
    fn get_gpu(&mut self) -> wasmtime::Result<Resource<webgpu::Gpu>> {
        Ok(self.table.insert(Gpu)?)
    }
}

impl webgpu::HostGpu for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpu-getpreferredcanvasformat>
    fn get_preferred_canvas_format(
        &mut self,
        gpu: Resource<webgpu::Gpu>,
    ) -> wasmtime::Result<webgpu::GpuTextureFormat> {
        self.table.object(&gpu)?;
        Ok(webgpu::GpuTextureFormat::Bgra8unorm)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpu-wgsllanguagefeatures>
    fn wgsl_language_features(
        &mut self,
        gpu: Resource<webgpu::Gpu>,
    ) -> wasmtime::Result<Resource<webgpu::WgslLanguageFeatures>> {
        self.table.object(&gpu)?;
        Ok(self.table.insert(LanguageFeatures)?)
    }

    dropped!(webgpu::Gpu);
}

impl<T: Send> webgpu::HostGpuWithStore<T> for HasGpu {
    /// <https://www.w3.org/TR/webgpu/#dom-gpu-requestadapter>
    ///
    /// The drivers are loaded on another thread, the first time that a store asks.
    async fn request_adapter(
        store: &Accessor<T, Self>,
        gpu: Resource<webgpu::Gpu>,
        options: Option<webgpu::GpuRequestAdapterOptions>,
    ) -> wasmtime::Result<Option<Resource<webgpu::GpuAdapter>>> {
        let (feature_level, preference, force_fallback) = options.map_or((None, None, None), |options| {
            // No XR here, so a wish for it changes nothing.
            (options.feature_level, options.power_preference, options.force_fallback_adapter)
        });
        let (instance, policy, default) = store.with(|mut store| {
            let view = store.get();
            view.table.object(&gpu)?;
            wasmtime::error::Ok((view.ctx.instance.clone(), view.ctx.policy.clone(), view.ctx.preference))
        })?;
        // A core adapter promises more than a compatibility one, so it serves both.
        if !matches!(feature_level.as_deref(), None | Some("core" | "compatibility")) {
            return Ok(None);
        }
        let preference = match preference {
            None => default,
            Some(webgpu::GpuPowerPreference::LowPower) => Preference::LowPower,
            Some(webgpu::GpuPowerPreference::HighPerformance) => Preference::HighPerformance,
        };
        let force_fallback = force_fallback.unwrap_or(false);
        let found = worker::run(move || instance.open()?.find(&policy, preference, force_fallback)).await??;
        let Some(found) = found else { return Ok(None) };
        store.with(|mut store| Ok(Some(store.get().table.insert(Adapter::new(found))?)))
    }
}

impl webgpu::HostWgslLanguageFeatures for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#gpuwgsllanguagefeatures>
    fn has(&mut self, features: Resource<webgpu::WgslLanguageFeatures>, value: String) -> wasmtime::Result<bool> {
        self.table.object(&features)?;
        Ok(LANGUAGE_FEATURES.contains(&value.as_str()))
    }

    dropped!(webgpu::WgslLanguageFeatures);
}
