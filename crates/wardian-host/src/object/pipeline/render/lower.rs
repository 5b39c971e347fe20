//! The fixed settings of a render pipeline in `wgpu`'s terms, with WebGPU's defaults.

use std::borrow::Cow;

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wgpu_core::pipeline::VertexBufferLayout;
use wgpu_types::{
    BlendComponent, BlendFactor, BlendOperation, BlendState, ColorTargetState, ColorWrites, CompareFunction,
    DepthBiasState, DepthStencilState, Face, FrontFace, MultisampleState, PolygonMode, PrimitiveState,
    PrimitiveTopology, StencilFaceState, StencilOperation, StencilState, VertexAttribute, VertexStepMode,
};

use crate::convert::ToCore as _;

/// The formats of all attachments.
pub(super) fn formats(
    fragment: Option<&webgpu::GpuFragmentState>,
    depth_stencil: Option<&webgpu::GpuDepthStencilState>,
) -> Vec<webgpu::GpuTextureFormat> {
    let targets = fragment.map_or(&[][..], |fragment| &fragment.targets);
    let colors = targets.iter().flatten().map(|target| target.format);
    colors.chain(depth_stencil.map(|state| state.format)).collect()
}

/// <https://www.w3.org/TR/webgpu/#dictdef-gpuvertexbufferlayout>
pub(super) fn vertex_buffers(
    buffers: Vec<Option<webgpu::GpuVertexBufferLayout>>,
) -> Vec<Option<VertexBufferLayout<'static>>> {
    let lower = |buffer: webgpu::GpuVertexBufferLayout| VertexBufferLayout {
        array_stride: buffer.array_stride,
        step_mode: buffer.step_mode.map_or(VertexStepMode::Vertex, |mode| mode.to_core()),
        attributes: Cow::Owned(buffer.attributes.iter().map(attribute).collect()),
    };
    buffers.into_iter().map(|buffer| buffer.map(lower)).collect()
}

/// <https://www.w3.org/TR/webgpu/#dictdef-gpuvertexattribute>
fn attribute(attribute: &webgpu::GpuVertexAttribute) -> VertexAttribute {
    VertexAttribute {
        format: attribute.format.to_core(),
        offset: attribute.offset,
        shader_location: attribute.shader_location,
    }
}

/// <https://www.w3.org/TR/webgpu/#dictdef-gpuprimitivestate>
pub(super) fn primitive(state: Option<&webgpu::GpuPrimitiveState>) -> PrimitiveState {
    PrimitiveState {
        topology: state
            .and_then(|state| state.topology)
            .map_or(PrimitiveTopology::TriangleList, |topology| topology.to_core()),
        strip_index_format: state.and_then(|state| state.strip_index_format).map(|format| format.to_core()),
        front_face: state.and_then(|state| state.front_face).map_or(FrontFace::Ccw, |face| face.to_core()),
        cull_mode: match state.and_then(|state| state.cull_mode).unwrap_or(webgpu::GpuCullMode::None) {
            webgpu::GpuCullMode::None => None,
            webgpu::GpuCullMode::Front => Some(Face::Front),
            webgpu::GpuCullMode::Back => Some(Face::Back),
        },
        unclipped_depth: state.and_then(|state| state.unclipped_depth).unwrap_or(false),
        // Extensions of wgpu's.
        polygon_mode: PolygonMode::Fill,
        conservative: false,
    }
}

/// <https://www.w3.org/TR/webgpu/#dictdef-gpudepthstencilstate>
pub(super) fn depth_stencil(state: &webgpu::GpuDepthStencilState) -> DepthStencilState {
    DepthStencilState {
        format: state.format.to_core(),
        depth_write_enabled: state.depth_write_enabled,
        depth_compare: state.depth_compare.map(|compare| compare.to_core()),
        stencil: StencilState {
            front: stencil_face(state.stencil_front.as_ref()),
            back: stencil_face(state.stencil_back.as_ref()),
            read_mask: state.stencil_read_mask.unwrap_or(0xFFFF_FFFF),
            write_mask: state.stencil_write_mask.unwrap_or(0xFFFF_FFFF),
        },
        bias: DepthBiasState {
            constant: state.depth_bias.unwrap_or(0),
            slope_scale: state.depth_bias_slope_scale.unwrap_or(0.0),
            clamp: state.depth_bias_clamp.unwrap_or(0.0),
        },
    }
}

/// <https://www.w3.org/TR/webgpu/#dictdef-gpustencilfacestate>
fn stencil_face(state: Option<&webgpu::GpuStencilFaceState>) -> StencilFaceState {
    let operation = |operation: Option<webgpu::GpuStencilOperation>| {
        operation.map_or(StencilOperation::Keep, |operation| operation.to_core())
    };
    StencilFaceState {
        compare: state.and_then(|state| state.compare).map_or(CompareFunction::Always, |compare| compare.to_core()),
        fail_op: operation(state.and_then(|state| state.fail_op)),
        depth_fail_op: operation(state.and_then(|state| state.depth_fail_op)),
        pass_op: operation(state.and_then(|state| state.pass_op)),
    }
}

/// <https://www.w3.org/TR/webgpu/#dictdef-gpumultisamplestate>
pub(super) fn multisample(state: Option<&webgpu::GpuMultisampleState>) -> MultisampleState {
    MultisampleState {
        count: state.and_then(|state| state.count).unwrap_or(1),
        mask: u64::from(state.and_then(|state| state.mask).unwrap_or(0xFFFF_FFFF)),
        alpha_to_coverage_enabled: state.and_then(|state| state.alpha_to_coverage_enabled).unwrap_or(false),
    }
}

/// <https://www.w3.org/TR/webgpu/#dictdef-gpucolortargetstate>
pub(super) fn color_target(target: &webgpu::GpuColorTargetState) -> ColorTargetState {
    ColorTargetState {
        format: target.format.to_core(),
        blend: target
            .blend
            .as_ref()
            .map(|blend| BlendState { color: blend_component(&blend.color), alpha: blend_component(&blend.alpha) }),
        write_mask: target.write_mask.map_or(ColorWrites::ALL, |mask| mask.to_core()),
    }
}

/// <https://www.w3.org/TR/webgpu/#dictdef-gpublendcomponent>
fn blend_component(component: &webgpu::GpuBlendComponent) -> BlendComponent {
    BlendComponent {
        operation: component.operation.map_or(BlendOperation::Add, |operation| operation.to_core()),
        src_factor: component.src_factor.map_or(BlendFactor::One, |factor| factor.to_core()),
        dst_factor: component.dst_factor.map_or(BlendFactor::Zero, |factor| factor.to_core()),
    }
}
