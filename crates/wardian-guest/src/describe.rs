//! Descriptors with WebGPU's defaults filled in.
//!
//! The records of [`webgpu`](crate::webgpu) have no defaults of their own. Each function here takes what must be said
//! and leaves the rest at none; what else is wanted goes over it by struct update:
//!
//! ```no_run
//! # use wardian_guest::{describe, webgpu::*};
//! let descriptor = GpuTextureDescriptor {
//!     mip_level_count: Some(4),
//!     ..describe::texture_2d(GpuTextureFormat::Rgba8unorm, 64, 64, GpuTextureUsage::TEXTURE_BINDING)
//! };
//! ```

use crate::webgpu::{
    GpuBindGroupDescriptor, GpuBindGroupEntry, GpuBindGroupLayout, GpuBindGroupLayoutDescriptor,
    GpuBindGroupLayoutEntry, GpuBindingResource, GpuBlendComponent, GpuBlendFactor, GpuBlendOperation, GpuBlendState,
    GpuBuffer, GpuBufferBinding, GpuBufferBindingLayout, GpuBufferBindingType, GpuBufferDescriptor, GpuBufferUsage,
    GpuColor, GpuColorTargetState, GpuColorWrite, GpuCompareFunction, GpuComputePassDescriptor,
    GpuComputePipelineDescriptor, GpuDepthStencilState, GpuDeviceDescriptor, GpuExtent3D, GpuFilterMode,
    GpuFragmentState, GpuLayoutMode, GpuLoadOp, GpuMipmapFilterMode, GpuMultisampleState, GpuOrigin3D,
    GpuPipelineLayoutDescriptor, GpuPrimitiveState, GpuPrimitiveTopology, GpuProgrammableStage, GpuQuerySetDescriptor,
    GpuQueryType, GpuRenderBundleEncoderDescriptor, GpuRenderPassColorAttachment, GpuRenderPassDepthStencilAttachment,
    GpuRenderPassDescriptor, GpuRenderPipelineDescriptor, GpuRequestAdapterOptions, GpuSampler,
    GpuSamplerBindingLayout, GpuSamplerBindingType, GpuSamplerDescriptor, GpuShaderModule, GpuShaderModuleDescriptor,
    GpuShaderStage, GpuStorageTextureAccess, GpuStorageTextureBindingLayout, GpuStoreOp, GpuTexelCopyBufferInfo,
    GpuTexelCopyBufferLayout, GpuTexelCopyTextureInfo, GpuTexture, GpuTextureBindingLayout, GpuTextureDescriptor,
    GpuTextureFormat, GpuTextureSampleType, GpuTextureUsage, GpuTextureView, GpuTextureViewDescriptor,
    GpuTextureViewDimension, GpuVertexAttribute, GpuVertexBufferLayout, GpuVertexFormat, GpuVertexState,
};

// ## Adapter and device

/// A request for the host's default adapter.
#[must_use]
pub const fn adapter() -> GpuRequestAdapterOptions {
    GpuRequestAdapterOptions {
        feature_level: None,
        power_preference: None,
        force_fallback_adapter: None,
        xr_compatible: None,
    }
}

/// A device without optional features and with default limits.
#[must_use]
pub const fn device() -> GpuDeviceDescriptor {
    GpuDeviceDescriptor { required_features: None, required_limits: None, default_queue: None, label: None }
}

// ## Buffers

/// A buffer of `size` bytes.
#[must_use]
pub const fn buffer(size: u64, usage: GpuBufferUsage) -> GpuBufferDescriptor {
    GpuBufferDescriptor { size, usage, mapped_at_creation: None, label: None }
}

/// Length of a slice as the interface counts bytes.
#[must_use]
pub fn byte_count(data: &[u8]) -> u64 {
    // A guest's memory is far smaller than what `u64` counts, so the fallback is never taken.
    u64::try_from(data.len()).unwrap_or(u64::MAX)
}

// ## Textures and samplers

/// One layer of `width` by `height` texels.
#[must_use]
pub const fn extent(width: u32, height: u32) -> GpuExtent3D {
    extent_3d(width, height, 1)
}

/// A box of texels, or layers of them.
#[must_use]
pub const fn extent_3d(width: u32, height: u32, depth_or_array_layers: u32) -> GpuExtent3D {
    GpuExtent3D { width, height: Some(height), depth_or_array_layers: Some(depth_or_array_layers) }
}

/// A place in a texture.
#[must_use]
pub const fn origin(x: u32, y: u32, z: u32) -> GpuOrigin3D {
    GpuOrigin3D { x: Some(x), y: Some(y), z: Some(z) }
}

/// A 2D texture with one layer, one mip level and one sample.
#[must_use]
pub const fn texture_2d(
    format: GpuTextureFormat,
    width: u32,
    height: u32,
    usage: GpuTextureUsage,
) -> GpuTextureDescriptor {
    GpuTextureDescriptor {
        size: extent(width, height),
        mip_level_count: None,
        sample_count: None,
        dimension: None,
        format,
        usage,
        view_formats: None,
        texture_binding_view_dimension: None,
        label: None,
    }
}

/// A view of the whole texture.
#[must_use]
pub const fn texture_view() -> GpuTextureViewDescriptor {
    GpuTextureViewDescriptor {
        format: None,
        dimension: None,
        usage: None,
        aspect: None,
        base_mip_level: None,
        mip_level_count: None,
        base_array_layer: None,
        array_layer_count: None,
        swizzle: None,
        label: None,
    }
}

/// A sampler with the same filter everywhere, clamped at the edges.
#[must_use]
pub const fn sampler(filter: GpuFilterMode) -> GpuSamplerDescriptor {
    GpuSamplerDescriptor {
        address_mode_u: None,
        address_mode_v: None,
        address_mode_w: None,
        mag_filter: Some(filter),
        min_filter: Some(filter),
        mipmap_filter: Some(match filter {
            GpuFilterMode::Nearest => GpuMipmapFilterMode::Nearest,
            GpuFilterMode::Linear => GpuMipmapFilterMode::Linear,
        }),
        lod_min_clamp: None,
        lod_max_clamp: None,
        compare: None,
        max_anisotropy: None,
        label: None,
    }
}

// ## Bind groups

/// A layout of the given entries.
#[must_use]
pub const fn bind_group_layout(entries: Vec<GpuBindGroupLayoutEntry>) -> GpuBindGroupLayoutDescriptor {
    GpuBindGroupLayoutDescriptor { entries, label: None }
}

const fn empty_entry(binding: u32, visibility: GpuShaderStage) -> GpuBindGroupLayoutEntry {
    GpuBindGroupLayoutEntry { binding, visibility, buffer: None, sampler: None, texture: None, storage_texture: None }
}

/// A place for a buffer.
#[must_use]
pub const fn buffer_entry(
    binding: u32,
    visibility: GpuShaderStage,
    r#type: GpuBufferBindingType,
) -> GpuBindGroupLayoutEntry {
    let layout = GpuBufferBindingLayout { type_: Some(r#type), has_dynamic_offset: None, min_binding_size: None };
    GpuBindGroupLayoutEntry { buffer: Some(layout), ..empty_entry(binding, visibility) }
}

/// A place for a buffer whose offset is given with `set-bind-group`.
#[must_use]
pub const fn dynamic_buffer_entry(
    binding: u32,
    visibility: GpuShaderStage,
    r#type: GpuBufferBindingType,
) -> GpuBindGroupLayoutEntry {
    let layout = GpuBufferBindingLayout { type_: Some(r#type), has_dynamic_offset: Some(true), min_binding_size: None };
    GpuBindGroupLayoutEntry { buffer: Some(layout), ..empty_entry(binding, visibility) }
}

/// A place for a sampler.
#[must_use]
pub const fn sampler_entry(
    binding: u32,
    visibility: GpuShaderStage,
    r#type: GpuSamplerBindingType,
) -> GpuBindGroupLayoutEntry {
    let layout = GpuSamplerBindingLayout { type_: Some(r#type) };
    GpuBindGroupLayoutEntry { sampler: Some(layout), ..empty_entry(binding, visibility) }
}

/// A place for a 2D texture with one sample.
#[must_use]
pub const fn texture_entry(
    binding: u32,
    visibility: GpuShaderStage,
    sample_type: GpuTextureSampleType,
) -> GpuBindGroupLayoutEntry {
    let layout = GpuTextureBindingLayout { sample_type: Some(sample_type), view_dimension: None, multisampled: None };
    GpuBindGroupLayoutEntry { texture: Some(layout), ..empty_entry(binding, visibility) }
}

/// A place for a storage texture.
#[must_use]
pub const fn storage_texture_entry(
    binding: u32,
    visibility: GpuShaderStage,
    format: GpuTextureFormat,
    access: GpuStorageTextureAccess,
    view_dimension: GpuTextureViewDimension,
) -> GpuBindGroupLayoutEntry {
    let layout = GpuStorageTextureBindingLayout { access: Some(access), format, view_dimension: Some(view_dimension) };
    GpuBindGroupLayoutEntry { storage_texture: Some(layout), ..empty_entry(binding, visibility) }
}

/// A pipeline layout with these bind group layouts, group 0 first.
#[must_use]
pub fn pipeline_layout<'a>(layouts: &[&'a GpuBindGroupLayout]) -> GpuPipelineLayoutDescriptor<'a> {
    GpuPipelineLayoutDescriptor {
        bind_group_layouts: layouts.iter().copied().map(Some).collect(),
        immediate_size: None,
        label: None,
    }
}

/// A bind group with these entries.
#[must_use]
pub const fn bind_group<'a>(
    layout: &'a GpuBindGroupLayout,
    entries: Vec<GpuBindGroupEntry<'a>>,
) -> GpuBindGroupDescriptor<'a> {
    GpuBindGroupDescriptor { layout, entries, label: None }
}

/// Binds a whole buffer.
#[must_use]
pub const fn buffer_binding(binding: u32, buffer: &GpuBuffer) -> GpuBindGroupEntry<'_> {
    GpuBindGroupEntry { binding, resource: GpuBindingResource::GpuBuffer(buffer) }
}

/// Binds `size` bytes of a buffer from `offset` on.
#[must_use]
pub const fn buffer_range_binding(binding: u32, buffer: &GpuBuffer, offset: u64, size: u64) -> GpuBindGroupEntry<'_> {
    let range = GpuBufferBinding { buffer, offset: Some(offset), size: Some(size) };
    GpuBindGroupEntry { binding, resource: GpuBindingResource::GpuBufferBinding(range) }
}

/// Binds a sampler.
#[must_use]
pub const fn sampler_binding(binding: u32, sampler: &GpuSampler) -> GpuBindGroupEntry<'_> {
    GpuBindGroupEntry { binding, resource: GpuBindingResource::GpuSampler(sampler) }
}

/// Binds a whole texture.
#[must_use]
pub const fn texture_binding(binding: u32, texture: &GpuTexture) -> GpuBindGroupEntry<'_> {
    GpuBindGroupEntry { binding, resource: GpuBindingResource::GpuTexture(texture) }
}

/// Binds a view of a texture.
#[must_use]
pub const fn view_binding(binding: u32, view: &GpuTextureView) -> GpuBindGroupEntry<'_> {
    GpuBindGroupEntry { binding, resource: GpuBindingResource::GpuTextureView(view) }
}

// ## Shaders and pipelines

/// A shader module of WGSL code.
#[must_use]
pub fn shader(code: &str) -> GpuShaderModuleDescriptor<'static> {
    GpuShaderModuleDescriptor { code: code.to_owned(), compilation_hints: None, label: None }
}

/// The module's only entry point of a stage, without constants.
#[must_use]
pub const fn stage(module: &GpuShaderModule) -> GpuProgrammableStage<'_> {
    GpuProgrammableStage { module, entry_point: None, constants: None }
}

/// A compute pipeline with the layout that the shader implies.
#[must_use]
pub const fn compute_pipeline(module: &GpuShaderModule) -> GpuComputePipelineDescriptor<'_> {
    GpuComputePipelineDescriptor { compute: stage(module), layout: GpuLayoutMode::Auto, label: None }
}

/// A vertex stage without vertex buffers.
#[must_use]
pub const fn vertex_state(module: &GpuShaderModule) -> GpuVertexState<'_> {
    GpuVertexState { buffers: None, module, entry_point: None, constants: None }
}

/// A vertex buffer with one element a vertex.
#[must_use]
pub const fn vertex_buffer(array_stride: u64, attributes: Vec<GpuVertexAttribute>) -> GpuVertexBufferLayout {
    GpuVertexBufferLayout { array_stride, step_mode: None, attributes }
}

/// An attribute at `offset` in its element.
#[must_use]
pub const fn attribute(format: GpuVertexFormat, offset: u64, shader_location: u32) -> GpuVertexAttribute {
    GpuVertexAttribute { format, offset, shader_location }
}

/// A fragment stage that writes these targets.
#[must_use]
pub const fn fragment_state(
    module: &GpuShaderModule,
    targets: Vec<Option<GpuColorTargetState>>,
) -> GpuFragmentState<'_> {
    GpuFragmentState { targets, module, entry_point: None, constants: None }
}

/// A target whose four channels are overwritten.
#[must_use]
pub const fn color_target(format: GpuTextureFormat) -> GpuColorTargetState {
    GpuColorTargetState { format, blend: None, write_mask: None }
}

/// All four channels. `gpu-color-write.all` is a bit of its own in the WIT and says the same.
#[must_use]
pub const fn all_channels() -> GpuColorWrite {
    GpuColorWrite::RED.union(GpuColorWrite::GREEN).union(GpuColorWrite::BLUE).union(GpuColorWrite::ALPHA)
}

/// Blending of colours that are not multiplied by alpha yet over what is there.
#[must_use]
pub const fn alpha_blending() -> GpuBlendState {
    GpuBlendState {
        color: blend(GpuBlendOperation::Add, GpuBlendFactor::SrcAlpha, GpuBlendFactor::OneMinusSrcAlpha),
        alpha: blend(GpuBlendOperation::Add, GpuBlendFactor::One, GpuBlendFactor::OneMinusSrcAlpha),
    }
}

/// One half of a blend state.
#[must_use]
pub const fn blend(
    operation: GpuBlendOperation,
    src_factor: GpuBlendFactor,
    dst_factor: GpuBlendFactor,
) -> GpuBlendComponent {
    GpuBlendComponent { operation: Some(operation), src_factor: Some(src_factor), dst_factor: Some(dst_factor) }
}

/// Triangles from a list, or what `topology` says; nothing culled.
#[must_use]
pub const fn primitive(topology: GpuPrimitiveTopology) -> GpuPrimitiveState {
    GpuPrimitiveState {
        topology: Some(topology),
        strip_index_format: None,
        front_face: None,
        cull_mode: None,
        unclipped_depth: None,
    }
}

/// A depth test that writes what passes; no stencil test.
#[must_use]
pub const fn depth_state(format: GpuTextureFormat, compare: GpuCompareFunction) -> GpuDepthStencilState {
    GpuDepthStencilState {
        format,
        depth_write_enabled: Some(true),
        depth_compare: Some(compare),
        stencil_front: None,
        stencil_back: None,
        stencil_read_mask: None,
        stencil_write_mask: None,
        depth_bias: None,
        depth_bias_slope_scale: None,
        depth_bias_clamp: None,
    }
}

/// Several samples a pixel.
#[must_use]
pub const fn multisample(count: u32) -> GpuMultisampleState {
    GpuMultisampleState { count: Some(count), mask: None, alpha_to_coverage_enabled: None }
}

/// A pipeline that draws triangles into one target, both stages in one module, with the layout that it implies.
#[must_use]
pub fn render_pipeline(module: &GpuShaderModule, format: GpuTextureFormat) -> GpuRenderPipelineDescriptor<'_> {
    GpuRenderPipelineDescriptor {
        vertex: vertex_state(module),
        primitive: None,
        depth_stencil: None,
        multisample: None,
        fragment: Some(fragment_state(module, vec![Some(color_target(format))])),
        layout: GpuLayoutMode::Auto,
        label: None,
    }
}

// ## Passes, bundles, queries

/// A compute pass without timestamps.
#[must_use]
pub const fn compute_pass<'a>() -> GpuComputePassDescriptor<'a> {
    GpuComputePassDescriptor { timestamp_writes: None, label: None }
}

/// A render pass over these attachments.
#[must_use]
pub fn render_pass(color_attachments: Vec<GpuRenderPassColorAttachment<'_>>) -> GpuRenderPassDescriptor<'_> {
    GpuRenderPassDescriptor {
        color_attachments: color_attachments.into_iter().map(Some).collect(),
        depth_stencil_attachment: None,
        occlusion_query_set: None,
        timestamp_writes: None,
        max_draw_count: None,
        label: None,
    }
}

/// A colour attachment that starts in one colour and is kept.
#[must_use]
pub const fn cleared(view: &GpuTextureView, color: GpuColor) -> GpuRenderPassColorAttachment<'_> {
    GpuRenderPassColorAttachment {
        view,
        depth_slice: None,
        resolve_target: None,
        clear_value: Some(color),
        load_op: GpuLoadOp::Clear,
        store_op: GpuStoreOp::Store,
    }
}

/// A colour attachment that starts with what it has and is kept.
#[must_use]
pub const fn loaded(view: &GpuTextureView) -> GpuRenderPassColorAttachment<'_> {
    GpuRenderPassColorAttachment {
        view,
        depth_slice: None,
        resolve_target: None,
        clear_value: None,
        load_op: GpuLoadOp::Load,
        store_op: GpuStoreOp::Store,
    }
}

/// A depth attachment that starts at `depth` and is kept; for formats without stencil.
#[must_use]
pub const fn depth_cleared(view: &GpuTextureView, depth: f32) -> GpuRenderPassDepthStencilAttachment<'_> {
    GpuRenderPassDepthStencilAttachment {
        view,
        depth_clear_value: Some(depth),
        depth_load_op: Some(GpuLoadOp::Clear),
        depth_store_op: Some(GpuStoreOp::Store),
        depth_read_only: None,
        stencil_clear_value: None,
        stencil_load_op: None,
        stencil_store_op: None,
        stencil_read_only: None,
    }
}

/// A colour of four numbers.
#[must_use]
pub const fn color(r: f64, g: f64, b: f64, a: f64) -> GpuColor {
    GpuColor { r, g, b, a }
}

/// Bundles for passes with one colour attachment.
#[must_use]
pub fn bundle_encoder(format: GpuTextureFormat) -> GpuRenderBundleEncoderDescriptor {
    GpuRenderBundleEncoderDescriptor {
        depth_read_only: None,
        stencil_read_only: None,
        color_formats: vec![Some(format)],
        depth_stencil_format: None,
        sample_count: None,
        label: None,
    }
}

/// A set of queries.
#[must_use]
pub const fn query_set(r#type: GpuQueryType, count: u32) -> GpuQuerySetDescriptor {
    GpuQuerySetDescriptor { type_: r#type, count, label: None }
}

// ## Copies

/// Texels in a buffer, from its start.
#[must_use]
pub const fn texel_buffer(buffer: &GpuBuffer, bytes_per_row: u32, rows_per_image: u32) -> GpuTexelCopyBufferInfo<'_> {
    GpuTexelCopyBufferInfo {
        buffer,
        offset: None,
        bytes_per_row: Some(bytes_per_row),
        rows_per_image: Some(rows_per_image),
    }
}

/// Texels in a list of bytes, from its start.
#[must_use]
pub const fn texel_layout(bytes_per_row: u32, rows_per_image: u32) -> GpuTexelCopyBufferLayout {
    GpuTexelCopyBufferLayout { offset: None, bytes_per_row: Some(bytes_per_row), rows_per_image: Some(rows_per_image) }
}

/// Texels of the first mip level, from its corner.
#[must_use]
pub const fn texel_texture(texture: &GpuTexture) -> GpuTexelCopyTextureInfo<'_> {
    GpuTexelCopyTextureInfo { texture, mip_level: None, origin: None, aspect: None }
}
