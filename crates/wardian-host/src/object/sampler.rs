//! `gpu-sampler`.

use std::borrow::Cow;

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::Resource;
use wgpu_core::id::SamplerId;
use wgpu_core::resource::SamplerDescriptor;

use crate::convert::ToCore;
use crate::ctx::GpuCtxView;
use crate::device::Device;
use crate::handle::Handle;
use crate::quota::{Amounts, NOTHING, Quota};
use crate::table::{Table, labelled, stands_behind};

stands_behind! {
    Sampler => webgpu::GpuSampler,
}

/// <https://www.w3.org/TR/webgpu/#gpusampler>
#[derive(Debug)]
pub(crate) struct Sampler {
    pub(crate) handle: Handle<SamplerId>,
    pub(crate) label: String,
}

/// What no descriptor at all means.
const PLAIN: webgpu::GpuSamplerDescriptor = webgpu::GpuSamplerDescriptor {
    address_mode_u: None,
    address_mode_v: None,
    address_mode_w: None,
    mag_filter: None,
    min_filter: None,
    mipmap_filter: None,
    lod_min_clamp: None,
    lod_max_clamp: None,
    compare: None,
    max_anisotropy: None,
    label: None,
};

impl GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-createsampler>
    pub(crate) fn create_sampler(
        &mut self,
        device: &Resource<webgpu::GpuDevice>,
        descriptor: Option<webgpu::GpuSamplerDescriptor>,
    ) -> wasmtime::Result<Resource<webgpu::GpuSampler>> {
        let device = self.table.object(device)?.clone();
        let mut descriptor = descriptor.unwrap_or(PLAIN);
        let label = descriptor.label.take().unwrap_or_default();
        let core = to_core(&descriptor, &label);
        let charge = device.admit(&label, Amounts::object(Quota::Samplers, &label, NOTHING));
        let handle = if charge.is_none() {
            invalid(&device, core)?
        } else if core.lod_min_clamp.is_finite() && core.lod_max_clamp.is_finite() {
            device.adopt(&label, |global, id| global.device_create_sampler(id, &core, None))?
        } else {
            // `wgpu-core` looks only whether one is less than the other, which not-a-number never is.
            device.report_validation_of(
                &label,
                format!(
                    "a sampler's clamps must be numbers, but lod-min-clamp is {} and lod-max-clamp is {}",
                    core.lod_min_clamp, core.lod_max_clamp
                ),
            );
            invalid(&device, core)?
        };
        let handle = handle.charged(charge);
        Ok(self.table.insert(Sampler { handle, label })?)
    }
}

/// <https://www.w3.org/TR/webgpu/#dictdef-gpusamplerdescriptor>
fn to_core<'a>(descriptor: &webgpu::GpuSamplerDescriptor, label: &'a str) -> SamplerDescriptor<'a> {
    let address_mode =
        |mode: Option<webgpu::GpuAddressMode>| mode.unwrap_or(webgpu::GpuAddressMode::ClampToEdge).to_core();
    let filter = |filter: Option<webgpu::GpuFilterMode>| filter.unwrap_or(webgpu::GpuFilterMode::Nearest).to_core();
    SamplerDescriptor {
        label: Some(Cow::Borrowed(label)),
        address_modes: [descriptor.address_mode_u, descriptor.address_mode_v, descriptor.address_mode_w]
            .map(address_mode),
        mag_filter: filter(descriptor.mag_filter),
        min_filter: filter(descriptor.min_filter),
        mipmap_filter: descriptor.mipmap_filter.unwrap_or(webgpu::GpuMipmapFilterMode::Nearest).to_core(),
        lod_min_clamp: descriptor.lod_min_clamp.unwrap_or(0.0),
        lod_max_clamp: descriptor.lod_max_clamp.unwrap_or(32.0),
        compare: descriptor.compare.map(ToCore::to_core),
        // More than the hardware has is cut in `wgpu-core`.
        anisotropy_clamp: descriptor.max_anisotropy.unwrap_or(1),
        border_color: None,
    }
}

/// A sampler that `wgpu-core` refuses, without an error.
fn invalid(device: &Device, descriptor: SamplerDescriptor<'_>) -> wasmtime::Result<Handle<SamplerId>> {
    let descriptor = SamplerDescriptor { lod_min_clamp: -1.0, ..descriptor };
    let (handle, _) = device.create(|global, id| global.device_create_sampler(id, &descriptor, None))?;
    Ok(handle)
}

impl webgpu::HostGpuSampler for GpuCtxView<'_> {
    labelled!(webgpu::GpuSampler);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_its_default() {
        let core = to_core(&PLAIN, "");
        assert_eq!(core.address_modes, [wgpu_types::AddressMode::ClampToEdge; 3], "address modes");
        let filters = (core.mag_filter, core.min_filter, core.mipmap_filter);
        let nearest = wgpu_types::FilterMode::Nearest;
        assert_eq!(filters, (nearest, nearest, wgpu_types::MipmapFilterMode::Nearest), "filters");
        assert_eq!((core.lod_min_clamp, core.lod_max_clamp), (0.0, 32.0), "clamps");
        assert_eq!((core.compare, core.anisotropy_clamp), (None, 1), "comparison and anisotropy");
    }
}
