//! `wgpu::BindGroupLayout`, `wgpu::PipelineLayout` and `wgpu::BindGroup`.

use wardian_guest::describe;
use wardian_guest::webgpu::{
    GpuBindGroup, GpuBindGroupDescriptor, GpuBindGroupEntry, GpuBindGroupLayout, GpuBindGroupLayoutDescriptor,
    GpuBindGroupLayoutEntry, GpuBindingResource, GpuBufferBinding, GpuBufferBindingLayout, GpuBufferBindingType,
    GpuPipelineLayout, GpuPipelineLayoutDescriptor, GpuSamplerBindingLayout, GpuShaderStage,
    GpuStorageTextureBindingLayout, GpuTextureBindingLayout,
};
use wgpu::custom::{BindGroupInterface, BindGroupLayoutInterface, PipelineLayoutInterface};

use crate::buffer::Buffer;
use crate::convert::{Outside, ToGuest, TryToGuest, label};
use crate::device::Device;
use crate::own;
use crate::sampler::Sampler;
use crate::texture::TextureView;

#[derive(Debug)]
pub(crate) struct BindGroupLayout(GpuBindGroupLayout);

impl BindGroupLayout {
    pub(crate) fn new(device: &Device, descriptor: &wgpu::BindGroupLayoutDescriptor<'_>) -> Self {
        let entries = descriptor.entries.iter().map(layout_entry).collect::<Result<Vec<_>, _>>();
        Self(match entries {
            Ok(entries) => {
                let descriptor = GpuBindGroupLayoutDescriptor { entries, label: label(descriptor.label) };
                device.handle().create_bind_group_layout(&descriptor)
            }
            Err(outside) => {
                device.refuse("create_bind_group_layout", &outside);
                // An entry that says nothing of what is bound is an error.
                let entry = empty_entry(0, GpuShaderStage::COMPUTE);
                device.make_invalid(|device| device.create_bind_group_layout(&describe::bind_group_layout(vec![entry])))
            }
        })
    }

    /// The layout of a pipeline that was made without one.
    pub(crate) const fn of_pipeline(handle: GpuBindGroupLayout) -> Self {
        Self(handle)
    }

    pub(crate) fn handle(&self) -> &GpuBindGroupLayout {
        &self.0
    }
}

impl BindGroupLayoutInterface for BindGroupLayout {}

const fn empty_entry(binding: u32, visibility: GpuShaderStage) -> GpuBindGroupLayoutEntry {
    GpuBindGroupLayoutEntry { binding, visibility, buffer: None, sampler: None, texture: None, storage_texture: None }
}

fn layout_entry(entry: &wgpu::BindGroupLayoutEntry) -> Result<GpuBindGroupLayoutEntry, Outside> {
    let unknown = entry.visibility - wgpu::ShaderStages::VERTEX_FRAGMENT - wgpu::ShaderStages::COMPUTE;
    if !unknown.is_empty() {
        return Err(Outside::new(format!("the shader stage {unknown:?}")));
    }
    if entry.count.is_some() {
        return Err(Outside::new("an array of bindings"));
    }
    let empty = empty_entry(entry.binding, entry.visibility.to_guest());
    Ok(match entry.ty {
        wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size } => {
            let r#type = match ty {
                wgpu::BufferBindingType::Uniform => GpuBufferBindingType::Uniform,
                wgpu::BufferBindingType::Storage { read_only: false } => GpuBufferBindingType::Storage,
                wgpu::BufferBindingType::Storage { read_only: true } => GpuBufferBindingType::ReadOnlyStorage,
            };
            let layout = GpuBufferBindingLayout {
                type_: Some(r#type),
                has_dynamic_offset: Some(has_dynamic_offset),
                min_binding_size: min_binding_size.map(u64::from),
            };
            GpuBindGroupLayoutEntry { buffer: Some(layout), ..empty }
        }
        wgpu::BindingType::Sampler(r#type) => {
            let layout = GpuSamplerBindingLayout { type_: Some(r#type.to_guest()) };
            GpuBindGroupLayoutEntry { sampler: Some(layout), ..empty }
        }
        wgpu::BindingType::Texture { sample_type, view_dimension, multisampled } => {
            let layout = GpuTextureBindingLayout {
                sample_type: Some(sample_type.to_guest()),
                view_dimension: Some(view_dimension.to_guest()),
                multisampled: Some(multisampled),
            };
            GpuBindGroupLayoutEntry { texture: Some(layout), ..empty }
        }
        wgpu::BindingType::StorageTexture { access, format, view_dimension } => {
            let layout = GpuStorageTextureBindingLayout {
                access: Some(access.try_to_guest()?),
                format: format.try_to_guest()?,
                view_dimension: Some(view_dimension.to_guest()),
            };
            GpuBindGroupLayoutEntry { storage_texture: Some(layout), ..empty }
        }
        wgpu::BindingType::AccelerationStructure { .. } => return Err(Outside::new("an acceleration structure")),
        wgpu::BindingType::ExternalTexture => return Err(Outside::new("an external texture")),
    })
}

#[derive(Debug)]
pub(crate) struct PipelineLayout(GpuPipelineLayout);

impl PipelineLayout {
    pub(crate) fn new(device: &Device, descriptor: &wgpu::PipelineLayoutDescriptor<'_>) -> Self {
        let layouts = descriptor.bind_group_layouts.iter().map(|layout| {
            layout.map(|layout| own(layout.as_custom::<BindGroupLayout>(), "bind group layout").handle())
        });
        Self(device.handle().create_pipeline_layout(&GpuPipelineLayoutDescriptor {
            bind_group_layouts: layouts.collect(),
            immediate_size: Some(descriptor.immediate_size),
            label: label(descriptor.label),
        }))
    }

    pub(crate) fn handle(&self) -> &GpuPipelineLayout {
        &self.0
    }
}

impl PipelineLayoutInterface for PipelineLayout {}

#[derive(Debug)]
pub(crate) struct BindGroup(GpuBindGroup);

impl BindGroup {
    pub(crate) fn new(device: &Device, descriptor: &wgpu::BindGroupDescriptor<'_>) -> Self {
        let layout = own(descriptor.layout.as_custom::<BindGroupLayout>(), "bind group layout").handle();
        let entries = descriptor.entries.iter().map(entry).collect::<Result<Vec<_>, _>>();
        Self(match entries {
            Ok(entries) => {
                let descriptor = GpuBindGroupDescriptor { layout, entries, label: label(descriptor.label) };
                device.handle().create_bind_group(&descriptor)
            }
            Err(outside) => {
                device.refuse("create_bind_group", &outside);
                device.make_invalid(|device| {
                    let wrong = device.create_bind_group_layout(&describe::bind_group_layout(vec![empty_entry(
                        0,
                        GpuShaderStage::COMPUTE,
                    )]));
                    device.create_bind_group(&describe::bind_group(&wrong, Vec::new()))
                })
            }
        })
    }

    pub(crate) fn handle(&self) -> &GpuBindGroup {
        &self.0
    }
}

impl BindGroupInterface for BindGroup {}

fn entry<'a>(entry: &wgpu::BindGroupEntry<'a>) -> Result<GpuBindGroupEntry<'a>, Outside> {
    let resource = match &entry.resource {
        wgpu::BindingResource::Buffer(binding) => GpuBindingResource::GpuBufferBinding(GpuBufferBinding {
            buffer: own(binding.buffer.as_custom::<Buffer>(), "buffer").handle(),
            offset: Some(binding.offset),
            size: binding.size.map(u64::from),
        }),
        wgpu::BindingResource::Sampler(sampler) => {
            GpuBindingResource::GpuSampler(own(sampler.as_custom::<Sampler>(), "sampler").handle())
        }
        wgpu::BindingResource::TextureView(view) => {
            GpuBindingResource::GpuTextureView(own(view.as_custom::<TextureView>(), "texture view").handle())
        }
        wgpu::BindingResource::BufferArray(_)
        | wgpu::BindingResource::SamplerArray(_)
        | wgpu::BindingResource::TextureViewArray(_) => return Err(Outside::new("an array of bindings")),
        wgpu::BindingResource::AccelerationStructure(_) | wgpu::BindingResource::AccelerationStructureArray(_) => {
            return Err(Outside::new("an acceleration structure"));
        }
        wgpu::BindingResource::ExternalTexture(_) => return Err(Outside::new("an external texture")),
        _ => return Err(Outside::new("a binding of this kind")),
    };
    Ok(GpuBindGroupEntry { binding: entry.binding, resource })
}
