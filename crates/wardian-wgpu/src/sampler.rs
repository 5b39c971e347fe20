//! `wgpu::Sampler`.

use wardian_guest::describe;
use wardian_guest::webgpu::{GpuFilterMode, GpuSampler, GpuSamplerDescriptor};
use wgpu::custom::SamplerInterface;

use crate::convert::{Outside, ToGuest, TryToGuest, label};
use crate::device::Device;

#[derive(Debug)]
pub(crate) struct Sampler(GpuSampler);

impl Sampler {
    pub(crate) fn new(device: &Device, descriptor: &wgpu::SamplerDescriptor<'_>) -> Self {
        Self(match Self::descriptor(descriptor) {
            Ok(descriptor) => device.handle().create_sampler(Some(&descriptor)),
            Err(outside) => {
                device.refuse("create_sampler", &outside);
                let nearest = describe::sampler(GpuFilterMode::Nearest);
                let wrong = GpuSamplerDescriptor { lod_min_clamp: Some(-1.0), ..nearest };
                device.make_invalid(|device| device.create_sampler(Some(&wrong)))
            }
        })
    }

    fn descriptor(descriptor: &wgpu::SamplerDescriptor<'_>) -> Result<GpuSamplerDescriptor, Outside> {
        if descriptor.border_color.is_some() {
            return Err(Outside::new("the border colour of a sampler"));
        }
        Ok(GpuSamplerDescriptor {
            address_mode_u: Some(descriptor.address_mode_u.try_to_guest()?),
            address_mode_v: Some(descriptor.address_mode_v.try_to_guest()?),
            address_mode_w: Some(descriptor.address_mode_w.try_to_guest()?),
            mag_filter: Some(descriptor.mag_filter.to_guest()),
            min_filter: Some(descriptor.min_filter.to_guest()),
            mipmap_filter: Some(descriptor.mipmap_filter.to_guest()),
            lod_min_clamp: Some(descriptor.lod_min_clamp),
            lod_max_clamp: Some(descriptor.lod_max_clamp),
            compare: descriptor.compare.map(ToGuest::to_guest),
            max_anisotropy: Some(descriptor.anisotropy_clamp),
            label: label(descriptor.label),
        })
    }

    pub(crate) fn handle(&self) -> &GpuSampler {
        &self.0
    }
}

impl SamplerInterface for Sampler {}
