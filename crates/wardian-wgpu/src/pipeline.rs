//! `wgpu::ComputePipeline` and `wgpu::RenderPipeline`.

use wardian_guest::describe;
use wardian_guest::webgpu::{
    GpuColorTargetState, GpuComputePipeline, GpuComputePipelineDescriptor, GpuDepthStencilState, GpuFragmentState,
    GpuLayoutMode, GpuMultisampleState, GpuPrimitiveState, GpuProgrammableStage, GpuRenderPipeline,
    GpuRenderPipelineDescriptor, GpuShaderModule, GpuVertexAttribute, GpuVertexBufferLayout, GpuVertexState,
    RecordGpuPipelineConstantValue,
};
use wgpu::custom::{ComputePipelineInterface, DispatchBindGroupLayout, RenderPipelineInterface};

use crate::bind_group::{BindGroupLayout, PipelineLayout};
use crate::convert::{Outside, ToGuest, TryToGuest, label};
use crate::device::Device;
use crate::own;
use crate::shader_module::ShaderModule;

fn layout<'a>(layout: Option<&'a wgpu::PipelineLayout>) -> GpuLayoutMode<'a> {
    match layout {
        Some(layout) => GpuLayoutMode::Specific(own(layout.as_custom::<PipelineLayout>(), "pipeline layout").handle()),
        None => GpuLayoutMode::Auto,
    }
}

fn module(module: &wgpu::ShaderModule) -> &GpuShaderModule {
    own(module.as_custom::<ShaderModule>(), "shader module").handle()
}

/// WebGPU has no way to leave out that workgroup memory begins as zeros, so that option has no effect.
fn constants(options: &wgpu::PipelineCompilationOptions<'_>) -> Option<RecordGpuPipelineConstantValue> {
    if options.constants.is_empty() {
        return None;
    }
    let record = RecordGpuPipelineConstantValue::new();
    for (name, value) in options.constants {
        record.add(name, *value);
    }
    Some(record)
}

#[derive(Debug)]
pub(crate) struct ComputePipeline(GpuComputePipeline);

impl ComputePipeline {
    pub(crate) fn new(device: &Device, descriptor: &wgpu::ComputePipelineDescriptor<'_>) -> Self {
        let handle = device.handle().create_compute_pipeline(GpuComputePipelineDescriptor {
            compute: GpuProgrammableStage {
                module: module(descriptor.module),
                entry_point: descriptor.entry_point.map(str::to_owned),
                constants: constants(&descriptor.compilation_options),
            },
            layout: layout(descriptor.layout),
            label: label(descriptor.label),
        });
        device.read_uncaptured();
        Self(handle)
    }

    pub(crate) fn handle(&self) -> &GpuComputePipeline {
        &self.0
    }
}

impl ComputePipelineInterface for ComputePipeline {
    fn get_bind_group_layout(&self, index: u32) -> DispatchBindGroupLayout {
        DispatchBindGroupLayout::custom(BindGroupLayout::of_pipeline(self.0.get_bind_group_layout(index)))
    }
}

#[derive(Debug)]
pub(crate) struct RenderPipeline(GpuRenderPipeline);

impl RenderPipeline {
    pub(crate) fn new(device: &Device, descriptor: &wgpu::RenderPipelineDescriptor<'_>) -> Self {
        match self::descriptor(descriptor) {
            Ok(descriptor) => {
                let handle = device.handle().create_render_pipeline(descriptor);
                device.read_uncaptured();
                Self(handle)
            }
            Err(outside) => Self::refused(device, "create_render_pipeline", &outside),
        }
    }

    pub(crate) fn of_mesh(device: &Device, _descriptor: &wgpu::MeshPipelineDescriptor<'_>) -> Self {
        Self::refused(device, "create_mesh_pipeline", &Outside::new("a mesh shader"))
    }

    fn refused(device: &Device, call: &str, outside: &Outside) -> Self {
        device.refuse(call, outside);
        Self(device.make_invalid(|device| {
            // A module without an entry point makes no pipeline.
            let module = device.create_shader_module(&describe::shader(""));
            device.create_render_pipeline(GpuRenderPipelineDescriptor {
                vertex: describe::vertex_state(&module),
                primitive: None,
                depth_stencil: None,
                multisample: None,
                fragment: None,
                layout: GpuLayoutMode::Auto,
                label: None,
            })
        }))
    }

    pub(crate) fn handle(&self) -> &GpuRenderPipeline {
        &self.0
    }
}

impl RenderPipelineInterface for RenderPipeline {
    fn get_bind_group_layout(&self, index: u32) -> DispatchBindGroupLayout {
        DispatchBindGroupLayout::custom(BindGroupLayout::of_pipeline(self.0.get_bind_group_layout(index)))
    }
}

fn descriptor<'a>(descriptor: &wgpu::RenderPipelineDescriptor<'a>) -> Result<GpuRenderPipelineDescriptor<'a>, Outside> {
    if descriptor.multiview_mask.is_some() {
        return Err(Outside::new("multiview"));
    }
    Ok(GpuRenderPipelineDescriptor {
        vertex: vertex(&descriptor.vertex)?,
        primitive: Some(primitive(&descriptor.primitive)?),
        depth_stencil: descriptor.depth_stencil.as_ref().map(depth_stencil).transpose()?,
        multisample: Some(multisample(&descriptor.multisample)),
        fragment: descriptor.fragment.as_ref().map(fragment).transpose()?,
        layout: layout(descriptor.layout),
        label: label(descriptor.label),
    })
}

fn vertex<'a>(state: &wgpu::VertexState<'a>) -> Result<GpuVertexState<'a>, Outside> {
    let buffers = state.buffers.iter().map(|buffer| buffer.as_ref().map(vertex_buffer).transpose());
    Ok(GpuVertexState {
        buffers: Some(buffers.collect::<Result<_, _>>()?),
        module: module(state.module),
        entry_point: state.entry_point.map(str::to_owned),
        constants: constants(&state.compilation_options),
    })
}

fn vertex_buffer(layout: &wgpu::VertexBufferLayout<'_>) -> Result<GpuVertexBufferLayout, Outside> {
    let attributes = layout.attributes.iter().map(|attribute| {
        Ok(GpuVertexAttribute {
            format: attribute.format.try_to_guest()?,
            offset: attribute.offset,
            shader_location: attribute.shader_location,
        })
    });
    Ok(GpuVertexBufferLayout {
        array_stride: layout.array_stride,
        step_mode: Some(layout.step_mode.to_guest()),
        attributes: attributes.collect::<Result<_, _>>()?,
    })
}

fn primitive(state: &wgpu::PrimitiveState) -> Result<GpuPrimitiveState, Outside> {
    if state.polygon_mode != wgpu::PolygonMode::Fill {
        return Err(Outside::new(format!("the polygon mode {:?}", state.polygon_mode)));
    }
    if state.conservative {
        return Err(Outside::new("conservative rasterisation"));
    }
    Ok(GpuPrimitiveState {
        topology: Some(state.topology.to_guest()),
        strip_index_format: state.strip_index_format.map(ToGuest::to_guest),
        front_face: Some(state.front_face.to_guest()),
        cull_mode: Some(state.cull_mode.to_guest()),
        unclipped_depth: Some(state.unclipped_depth),
    })
}

fn depth_stencil(state: &wgpu::DepthStencilState) -> Result<GpuDepthStencilState, Outside> {
    Ok(GpuDepthStencilState {
        format: state.format.try_to_guest()?,
        depth_write_enabled: state.depth_write_enabled,
        depth_compare: state.depth_compare.map(ToGuest::to_guest),
        stencil_front: Some(state.stencil.front.to_guest()),
        stencil_back: Some(state.stencil.back.to_guest()),
        stencil_read_mask: Some(state.stencil.read_mask),
        stencil_write_mask: Some(state.stencil.write_mask),
        depth_bias: Some(state.bias.constant),
        depth_bias_slope_scale: Some(state.bias.slope_scale),
        depth_bias_clamp: Some(state.bias.clamp),
    })
}

fn multisample(state: &wgpu::MultisampleState) -> GpuMultisampleState {
    // WebGPU's mask has the bits of 32 samples, and no GPU has more.
    let mask = u32::try_from(state.mask & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    GpuMultisampleState {
        count: Some(state.count),
        mask: Some(mask),
        alpha_to_coverage_enabled: Some(state.alpha_to_coverage_enabled),
    }
}

fn fragment<'a>(state: &wgpu::FragmentState<'a>) -> Result<GpuFragmentState<'a>, Outside> {
    let targets = state.targets.iter().map(|target| target.as_ref().map(color_target).transpose());
    Ok(GpuFragmentState {
        targets: targets.collect::<Result<_, _>>()?,
        module: module(state.module),
        entry_point: state.entry_point.map(str::to_owned),
        constants: constants(&state.compilation_options),
    })
}

fn color_target(state: &wgpu::ColorTargetState) -> Result<GpuColorTargetState, Outside> {
    Ok(GpuColorTargetState {
        format: state.format.try_to_guest()?,
        blend: state.blend.map(ToGuest::to_guest),
        write_mask: Some(state.write_mask.to_guest()),
    })
}
