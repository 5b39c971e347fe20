//! `gpu-bind-group-layout` and `gpu-pipeline-layout`.

use std::borrow::Cow;
use std::num::NonZeroU64;
use std::sync::Arc;

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::Resource;
use wgpu_core::binding_model::{BindGroupLayoutDescriptor, PipelineLayoutDescriptor};
use wgpu_core::id::{BindGroupLayoutId, PipelineLayoutId};
use wgpu_types::{
    BindGroupLayoutEntry, BindingType, BufferBindingType, SamplerBindingType, ShaderStages, StorageTextureAccess,
    TextureSampleType, TextureViewDimension,
};

use crate::convert::ToCore as _;
use crate::ctx::GpuCtxView;
use crate::device::Device;
use crate::format::missing_feature;
use crate::handle::Handle;
use crate::object::capabilities::Limits;
use crate::quota::{Amounts, NOTHING, Quota};
use crate::table::{Table as _, labelled, stands_behind};

stands_behind! {
    BindGroupLayout => webgpu::GpuBindGroupLayout,
    PipelineLayout => webgpu::GpuPipelineLayout,
}

/// <https://www.w3.org/TR/webgpu/#gpubindgrouplayout>
#[derive(Debug)]
pub(crate) struct BindGroupLayout {
    pub(crate) handle: Handle<BindGroupLayoutId>,
    pub(crate) label: String,
    pub(crate) counts: StageCounts,
}

/// <https://www.w3.org/TR/webgpu/#gpupipelinelayout>
#[derive(Debug)]
pub(crate) struct PipelineLayout {
    /// Shared with pipelines that are being compiled on another thread.
    pub(crate) handle: Handle<PipelineLayoutId>,
    pub(crate) label: String,
    /// Bytes of immediate data.
    pub(crate) immediate_size: u32,
    /// One for each bind group, for pipelines that hand their layouts out again.
    pub(crate) counts: Arc<[StageCounts]>,
}

impl GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-createbindgrouplayout>
    pub(crate) fn create_bind_group_layout(
        &mut self,
        device: &Resource<webgpu::GpuDevice>,
        descriptor: webgpu::GpuBindGroupLayoutDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuBindGroupLayout>> {
        let device = self.table.object(device)?.clone();
        let label = descriptor.label.unwrap_or_default();
        let charge = device.admit(&label, Amounts::object(Quota::Layouts, &label, NOTHING));
        let (handle, counts) = match lower_entries(&descriptor.entries, &device) {
            Ok(_) if charge.is_none() => (invalid_bind_group_layout(&device, &label)?, StageCounts::default()),
            Ok((entries, counts)) => {
                let descriptor = BindGroupLayoutDescriptor {
                    label: Some(Cow::Borrowed(label.as_str())),
                    entries: Cow::Owned(entries),
                };
                (device.adopt(&label, |core, id| core.device_create_bind_group_layout(id, &descriptor, None))?, counts)
            }
            Err(fault) => {
                device.report_validation_of(&label, fault);
                (invalid_bind_group_layout(&device, &label)?, StageCounts::default())
            }
        };
        let handle = handle.charged(charge);
        Ok(self.table.insert(BindGroupLayout { handle, label, counts })?)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-createpipelinelayout>
    pub(crate) fn create_pipeline_layout(
        &mut self,
        device: &Resource<webgpu::GpuDevice>,
        descriptor: webgpu::GpuPipelineLayoutDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuPipelineLayout>> {
        let device = self.table.object(device)?.clone();
        let label = descriptor.label.unwrap_or_default();
        let immediate_size = descriptor.immediate_size.unwrap_or(0);
        let (mut ids, mut counts) = (Vec::new(), Vec::new());
        for layout in &descriptor.bind_group_layouts {
            let layout = layout.as_ref().map(|layout| self.table.object(layout)).transpose()?;
            ids.push(layout.map(|layout| layout.handle.id()));
            counts.push(layout.map_or_else(StageCounts::default, |layout| layout.counts));
        }
        let sum = counts.iter().fold(StageCounts::default(), |sum, counts| sum.plus(*counts));
        let fault = sum.check(device.limits()).err();
        let charge = device.admit(&label, Amounts::object(Quota::Layouts, &label, NOTHING));
        let core = PipelineLayoutDescriptor {
            label: Some(Cow::Borrowed(label.as_str())),
            bind_group_layouts: Cow::Owned(ids),
            // A size that is no multiple of 4 makes the layout invalid for `wgpu-core`, too.
            immediate_size: if fault.is_some() || charge.is_none() { 1 } else { immediate_size },
        };
        let (handle, error) = device.create(|global, id| global.device_create_pipeline_layout(id, &core, None))?;
        match (fault, error) {
            (Some(fault), _) => device.report_validation_of(&label, fault),
            (None, Some(error)) if charge.is_some() => device.report_of(&label, &error),
            (None, _) => {}
        }
        let handle = handle.charged(charge);
        let counts = counts.into();
        Ok(self.table.insert(PipelineLayout { handle, label, immediate_size, counts })?)
    }
}

impl webgpu::HostGpuBindGroupLayout for GpuCtxView<'_> {
    labelled!(webgpu::GpuBindGroupLayout);
}

impl webgpu::HostGpuPipelineLayout for GpuCtxView<'_> {
    labelled!(webgpu::GpuPipelineLayout);
}

fn lower_entries(
    entries: &[webgpu::GpuBindGroupLayoutEntry],
    device: &Device,
) -> Result<(Vec<BindGroupLayoutEntry>, StageCounts), String> {
    let entries = entries.iter().map(|entry| lower_entry(entry, device)).collect::<Result<Vec<_>, _>>()?;
    let counts = entries.iter().fold(StageCounts::default(), |sum, entry| sum.plus(StageCounts::of(entry)));
    counts.check(device.limits())?;
    Ok((entries, counts))
}

/// <https://www.w3.org/TR/webgpu/#dictdef-gpubindgrouplayoutentry>
fn lower_entry(entry: &webgpu::GpuBindGroupLayoutEntry, device: &Device) -> Result<BindGroupLayoutEntry, String> {
    let binding = entry.binding;
    let ty = match (&entry.buffer, &entry.sampler, &entry.texture, &entry.storage_texture) {
        (Some(buffer), None, None, None) => lower_buffer(buffer),
        (None, Some(sampler), None, None) => {
            BindingType::Sampler(sampler.type_.map_or(SamplerBindingType::Filtering, |kind| kind.to_core()))
        }
        (None, None, Some(texture), None) => lower_texture(texture),
        (None, None, None, Some(texture)) => {
            if let Some(feature) = missing_feature(texture.format, device.features()) {
                return Err(format!("binding {binding}: {:?} needs the feature {feature}", texture.format));
            }
            lower_storage_texture(texture)
        }
        _ => {
            return Err(format!(
                "binding {binding} must be exactly one of a buffer, a sampler, a texture and a storage texture"
            ));
        }
    };
    // Arrays of bindings are no part of WebGPU.
    Ok(BindGroupLayoutEntry { binding, visibility: entry.visibility.to_core(), ty, count: None })
}

/// <https://www.w3.org/TR/webgpu/#dictdef-gpubufferbindinglayout>
fn lower_buffer(buffer: &webgpu::GpuBufferBindingLayout) -> BindingType {
    use webgpu::GpuBufferBindingType as Guest;
    BindingType::Buffer {
        ty: match buffer.type_.unwrap_or(Guest::Uniform) {
            Guest::Uniform => BufferBindingType::Uniform,
            Guest::Storage => BufferBindingType::Storage { read_only: false },
            Guest::ReadOnlyStorage => BufferBindingType::Storage { read_only: true },
        },
        has_dynamic_offset: buffer.has_dynamic_offset.unwrap_or(false),
        // 0 leaves the check to the draw, as none does.
        min_binding_size: NonZeroU64::new(buffer.min_binding_size.unwrap_or(0)),
    }
}

/// <https://www.w3.org/TR/webgpu/#dictdef-gputexturebindinglayout>
fn lower_texture(texture: &webgpu::GpuTextureBindingLayout) -> BindingType {
    use webgpu::GpuTextureSampleType as Guest;
    BindingType::Texture {
        sample_type: match texture.sample_type.unwrap_or(Guest::Float) {
            Guest::Float => TextureSampleType::Float { filterable: true },
            Guest::UnfilterableFloat => TextureSampleType::Float { filterable: false },
            Guest::Depth => TextureSampleType::Depth,
            Guest::Sint => TextureSampleType::Sint,
            Guest::Uint => TextureSampleType::Uint,
        },
        view_dimension: texture.view_dimension.map_or(TextureViewDimension::D2, |dimension| dimension.to_core()),
        multisampled: texture.multisampled.unwrap_or(false),
    }
}

/// <https://www.w3.org/TR/webgpu/#dictdef-gpustoragetexturebindinglayout>
fn lower_storage_texture(texture: &webgpu::GpuStorageTextureBindingLayout) -> BindingType {
    BindingType::StorageTexture {
        access: texture.access.map_or(StorageTextureAccess::WriteOnly, |access| access.to_core()),
        format: texture.format.to_core(),
        view_dimension: texture.view_dimension.map_or(TextureViewDimension::D2, |dimension| dimension.to_core()),
    }
}

/// `wgpu-core` gives out no id of an invalid layout unless it refuses one itself, as it does a number that is there
/// twice.
pub(super) fn invalid_bind_group_layout(device: &Device, label: &str) -> wasmtime::Result<Handle<BindGroupLayoutId>> {
    let entry = BindGroupLayoutEntry {
        binding: 0,
        visibility: ShaderStages::NONE,
        ty: BindingType::Sampler(SamplerBindingType::Filtering),
        count: None,
    };
    let descriptor =
        BindGroupLayoutDescriptor { label: Some(Cow::Borrowed(label)), entries: Cow::Owned(vec![entry; 2]) };
    let (handle, _) = device.create(|core, id| core.device_create_bind_group_layout(id, &descriptor, None))?;
    Ok(handle)
}

/// What the limits of single stages count, of which `wgpu` has only those for any stage.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct StageCounts {
    pub(crate) storage_buffers_in_vertex: u64,
    pub(crate) storage_buffers_in_fragment: u64,
    pub(crate) storage_textures_in_vertex: u64,
    pub(crate) storage_textures_in_fragment: u64,
}

impl StageCounts {
    /// Those of one bind group.
    pub(crate) fn at(counts: &[Self], index: u32) -> Self {
        usize::try_from(index).ok().and_then(|index| counts.get(index)).copied().unwrap_or_default()
    }

    fn of(entry: &BindGroupLayoutEntry) -> Self {
        let in_vertex = u64::from(entry.visibility.contains(ShaderStages::VERTEX));
        let in_fragment = u64::from(entry.visibility.contains(ShaderStages::FRAGMENT));
        let mut counts = Self::default();
        if let BindingType::Buffer { ty: BufferBindingType::Storage { .. }, .. } = entry.ty {
            counts.storage_buffers_in_vertex = in_vertex;
            counts.storage_buffers_in_fragment = in_fragment;
        } else if let BindingType::StorageTexture { .. } = entry.ty {
            counts.storage_textures_in_vertex = in_vertex;
            counts.storage_textures_in_fragment = in_fragment;
        }
        counts
    }

    const fn plus(self, other: Self) -> Self {
        // Lists in a component's memory are too short to come near the end of 64 bits.
        Self {
            storage_buffers_in_vertex: self.storage_buffers_in_vertex.saturating_add(other.storage_buffers_in_vertex),
            storage_buffers_in_fragment: self
                .storage_buffers_in_fragment
                .saturating_add(other.storage_buffers_in_fragment),
            storage_textures_in_vertex: self
                .storage_textures_in_vertex
                .saturating_add(other.storage_textures_in_vertex),
            storage_textures_in_fragment: self
                .storage_textures_in_fragment
                .saturating_add(other.storage_textures_in_fragment),
        }
    }

    /// <https://www.w3.org/TR/webgpu/#exceeds-the-binding-slot-limits>
    ///
    /// # Errors
    ///
    /// Which limit they exceed.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), String> {
        let rows = [
            (
                self.storage_buffers_in_vertex,
                limits.max_storage_buffers_in_vertex_stage,
                "storage buffers that the vertex stage sees",
            ),
            (
                self.storage_buffers_in_fragment,
                limits.max_storage_buffers_in_fragment_stage,
                "storage buffers that the fragment stage sees",
            ),
            (
                self.storage_textures_in_vertex,
                limits.max_storage_textures_in_vertex_stage,
                "storage textures that the vertex stage sees",
            ),
            (
                self.storage_textures_in_fragment,
                limits.max_storage_textures_in_fragment_stage,
                "storage textures that the fragment stage sees",
            ),
        ];
        match rows.into_iter().find(|(count, limit, _)| count > limit) {
            None => Ok(()),
            Some((count, limit, what)) => Err(format!("at most {limit} {what} are allowed, but {count} are there")),
        }
    }
}
