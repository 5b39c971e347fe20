//! `wgpu::RenderBundleEncoder` and `wgpu::RenderBundle`.

use std::ops::Range;

use wardian_guest::webgpu::{
    GpuRenderBundle, GpuRenderBundleDescriptor, GpuRenderBundleEncoder, GpuRenderBundleEncoderDescriptor,
};
use wgpu::custom::{
    DispatchBindGroup, DispatchBuffer, DispatchRenderBundle, DispatchRenderPipeline, RenderBundleEncoderInterface,
    RenderBundleInterface,
};

use crate::bind_group::BindGroup;
use crate::buffer::Buffer;
use crate::convert::{Outside, ToGuest, TryToGuest, label};
use crate::device::Device;
use crate::errors::validation;
use crate::own;
use crate::pipeline::RenderPipeline;
use crate::render_pass::{count, draw_commands};

#[derive(Debug)]
pub(crate) struct RenderBundleEncoder {
    handle: GpuRenderBundleEncoder,
    device: Device,
}

impl RenderBundleEncoder {
    pub(crate) fn new(device: &Device, descriptor: &wgpu::RenderBundleEncoderDescriptor<'_>) -> Self {
        let handle = match self::descriptor(descriptor) {
            Ok(descriptor) => device.handle().create_render_bundle_encoder(&descriptor),
            Err(outside) => {
                device.refuse("create_render_bundle_encoder", &outside);
                // A bundle that draws into nothing is an error.
                let nothing = GpuRenderBundleEncoderDescriptor {
                    depth_read_only: None,
                    stencil_read_only: None,
                    color_formats: Vec::new(),
                    depth_stencil_format: None,
                    sample_count: None,
                    label: None,
                };
                device.make_invalid(|device| device.create_render_bundle_encoder(&nothing))
            }
        };
        Self { handle, device: device.clone() }
    }
}

fn descriptor(
    descriptor: &wgpu::RenderBundleEncoderDescriptor<'_>,
) -> Result<GpuRenderBundleEncoderDescriptor, Outside> {
    if descriptor.multiview.is_some() {
        return Err(Outside::new("multiview"));
    }
    let formats = descriptor.color_formats.iter().map(|format| format.map(TryToGuest::try_to_guest).transpose());
    let depth_stencil = descriptor.depth_stencil;
    Ok(GpuRenderBundleEncoderDescriptor {
        depth_read_only: depth_stencil.map(|it| it.depth_read_only),
        stencil_read_only: depth_stencil.map(|it| it.stencil_read_only),
        color_formats: formats.collect::<Result<_, _>>()?,
        depth_stencil_format: depth_stencil.map(|it| it.format.try_to_guest()).transpose()?,
        sample_count: Some(descriptor.sample_count),
        label: label(descriptor.label),
    })
}

impl RenderBundleEncoderInterface for RenderBundleEncoder {
    draw_commands!();

    fn finish(self, descriptor: &wgpu::RenderBundleDescriptor<'_>) -> DispatchRenderBundle {
        let descriptor = GpuRenderBundleDescriptor { label: label(descriptor.label) };
        let handle = self.handle.finish(Some(&descriptor));
        self.device.read_uncaptured();
        DispatchRenderBundle::custom(RenderBundle(handle))
    }

    fn finish_boxed(self: Box<Self>, descriptor: &wgpu::RenderBundleDescriptor<'_>) -> DispatchRenderBundle {
        (*self).finish(descriptor)
    }
}

#[derive(Debug)]
pub(crate) struct RenderBundle(GpuRenderBundle);

impl RenderBundle {
    pub(crate) fn handle(&self) -> &GpuRenderBundle {
        &self.0
    }
}

impl RenderBundleInterface for RenderBundle {}
