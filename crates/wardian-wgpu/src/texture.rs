//! `wgpu::Texture` and `wgpu::TextureView`.

use wardian_guest::describe;
use wardian_guest::webgpu::{
    GpuTexture, GpuTextureDescriptor, GpuTextureFormat, GpuTextureUsage, GpuTextureView, GpuTextureViewDescriptor,
};
use wgpu::custom::{DispatchTextureView, TextureInterface, TextureViewInterface};

use crate::convert::{Outside, ToGuest, TryToGuest, label};
use crate::device::Device;

#[derive(Debug)]
pub(crate) struct Texture {
    handle: GpuTexture,
    device: Device,
}

impl Texture {
    pub(crate) fn new(device: &Device, descriptor: &wgpu::TextureDescriptor<'_>) -> Self {
        let handle = match Self::descriptor(descriptor) {
            Ok(descriptor) => device.handle().create_texture(&descriptor),
            Err(outside) => {
                device.refuse("create_texture", &outside);
                device.make_invalid(|device| {
                    let none = GpuTextureUsage::empty();
                    device.create_texture(&describe::texture_2d(GpuTextureFormat::R8unorm, 0, 0, none))
                })
            }
        };
        Self { handle, device: device.clone() }
    }

    fn descriptor(descriptor: &wgpu::TextureDescriptor<'_>) -> Result<GpuTextureDescriptor, Outside> {
        let view_formats = descriptor.view_formats.iter().map(|format| format.try_to_guest());
        let unknown = descriptor.usage - wgpu::TextureUsages::from_bits_truncate(webgpu_usages().bits());
        if !unknown.is_empty() {
            return Err(Outside::new(format!("the texture usage {unknown:?}")));
        }
        Ok(GpuTextureDescriptor {
            size: descriptor.size.to_guest(),
            mip_level_count: Some(descriptor.mip_level_count),
            sample_count: Some(descriptor.sample_count),
            dimension: Some(descriptor.dimension.to_guest()),
            format: descriptor.format.try_to_guest()?,
            usage: descriptor.usage.to_guest(),
            view_formats: Some(view_formats.collect::<Result<_, _>>()?),
            texture_binding_view_dimension: None,
            label: label(descriptor.label),
        })
    }

    pub(crate) fn handle(&self) -> &GpuTexture {
        &self.handle
    }
}

const fn webgpu_usages() -> wgpu::TextureUsages {
    wgpu::TextureUsages::COPY_SRC
        .union(wgpu::TextureUsages::COPY_DST)
        .union(wgpu::TextureUsages::TEXTURE_BINDING)
        .union(wgpu::TextureUsages::STORAGE_BINDING)
        .union(wgpu::TextureUsages::RENDER_ATTACHMENT)
        .union(wgpu::TextureUsages::TRANSIENT_ATTACHMENT)
}

impl TextureInterface for Texture {
    fn create_view(&self, descriptor: &wgpu::TextureViewDescriptor<'_>) -> DispatchTextureView {
        let handle = match TextureView::descriptor(descriptor) {
            Ok(descriptor) => self.handle.create_view(Some(&descriptor)),
            Err(outside) => {
                self.device.refuse("create_view", &outside);
                let wrong = GpuTextureViewDescriptor { mip_level_count: Some(0), ..describe::texture_view() };
                self.device.make_invalid(|_| self.handle.create_view(Some(&wrong)))
            }
        };
        DispatchTextureView::custom(TextureView(handle))
    }

    fn destroy(&self) {
        self.handle.destroy();
    }
}

#[derive(Debug)]
pub(crate) struct TextureView(GpuTextureView);

impl TextureView {
    fn descriptor(descriptor: &wgpu::TextureViewDescriptor<'_>) -> Result<GpuTextureViewDescriptor, Outside> {
        Ok(GpuTextureViewDescriptor {
            format: descriptor.format.map(TryToGuest::try_to_guest).transpose()?,
            dimension: descriptor.dimension.map(ToGuest::to_guest),
            usage: descriptor.usage.map(ToGuest::to_guest),
            aspect: Some(descriptor.aspect.try_to_guest()?),
            base_mip_level: Some(descriptor.base_mip_level),
            mip_level_count: descriptor.mip_level_count,
            base_array_layer: Some(descriptor.base_array_layer),
            array_layer_count: descriptor.array_layer_count,
            swizzle: None,
            label: label(descriptor.label),
        })
    }

    pub(crate) fn handle(&self) -> &GpuTextureView {
        &self.0
    }
}

impl TextureViewInterface for TextureView {}
