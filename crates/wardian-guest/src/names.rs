//! WebGPU's own names of features and limits, which `has` and `required-limits` take as strings.

use std::fmt::{self, Debug};

use crate::webgpu::{GpuFeatureName, GpuSupportedLimits};

/// One of WebGPU's limits.
#[derive(Clone, Copy)]
pub struct Limit {
    /// WebGPU's name, such as `maxBufferSize`: a key of `gpu-device-descriptor.required-limits`.
    pub name: &'static str,
    /// What a device has that asked for nothing.
    pub default: u64,
    /// Reads this limit.
    pub of: fn(&GpuSupportedLimits) -> u64,
}

impl Limit {
    /// Whether smaller is better, as it is for alignments.
    #[must_use]
    pub fn is_alignment(&self) -> bool {
        self.name.starts_with("min")
    }
}

impl Debug for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (default {})", self.name, self.default)
    }
}

macro_rules! limits {
    ($($name:literal, $getter:ident, $default:literal;)*) => {
        /// All limits of the interface, in its order.
        pub const LIMITS: &[Limit] = &[$(
            Limit { name: $name, default: $default, of: |limits| u64::from(limits.$getter()) },
        )*];
    };
}

macro_rules! features {
    ($($feature:ident => $name:literal,)*) => {
        /// All features of the interface, in its order.
        pub const FEATURES: &[GpuFeatureName] = &[$(GpuFeatureName::$feature,)*];

        /// WebGPU's name of a feature: what `gpu-supported-features.has` takes.
        #[must_use]
        pub const fn feature_name(feature: GpuFeatureName) -> &'static str {
            match feature {
                $(GpuFeatureName::$feature => $name,)*
            }
        }
    };
}

limits! {
    "maxTextureDimension1D", max_texture_dimension1_d, 8192;
    "maxTextureDimension2D", max_texture_dimension2_d, 8192;
    "maxTextureDimension3D", max_texture_dimension3_d, 2048;
    "maxTextureArrayLayers", max_texture_array_layers, 256;
    "maxBindGroups", max_bind_groups, 4;
    "maxBindGroupsPlusVertexBuffers", max_bind_groups_plus_vertex_buffers, 24;
    "maxImmediateSize", max_immediate_size, 64;
    "maxBindingsPerBindGroup", max_bindings_per_bind_group, 1000;
    "maxDynamicUniformBuffersPerPipelineLayout", max_dynamic_uniform_buffers_per_pipeline_layout, 8;
    "maxDynamicStorageBuffersPerPipelineLayout", max_dynamic_storage_buffers_per_pipeline_layout, 4;
    "maxSampledTexturesPerShaderStage", max_sampled_textures_per_shader_stage, 16;
    "maxSamplersPerShaderStage", max_samplers_per_shader_stage, 16;
    "maxStorageBuffersPerShaderStage", max_storage_buffers_per_shader_stage, 8;
    "maxStorageBuffersInVertexStage", max_storage_buffers_in_vertex_stage, 8;
    "maxStorageBuffersInFragmentStage", max_storage_buffers_in_fragment_stage, 8;
    "maxStorageTexturesPerShaderStage", max_storage_textures_per_shader_stage, 4;
    "maxStorageTexturesInVertexStage", max_storage_textures_in_vertex_stage, 4;
    "maxStorageTexturesInFragmentStage", max_storage_textures_in_fragment_stage, 4;
    "maxUniformBuffersPerShaderStage", max_uniform_buffers_per_shader_stage, 12;
    "maxUniformBufferBindingSize", max_uniform_buffer_binding_size, 65_536;
    "maxStorageBufferBindingSize", max_storage_buffer_binding_size, 134_217_728;
    "minUniformBufferOffsetAlignment", min_uniform_buffer_offset_alignment, 256;
    "minStorageBufferOffsetAlignment", min_storage_buffer_offset_alignment, 256;
    "maxVertexBuffers", max_vertex_buffers, 8;
    "maxBufferSize", max_buffer_size, 268_435_456;
    "maxVertexAttributes", max_vertex_attributes, 16;
    "maxVertexBufferArrayStride", max_vertex_buffer_array_stride, 2048;
    "maxInterStageShaderVariables", max_inter_stage_shader_variables, 16;
    "maxColorAttachments", max_color_attachments, 8;
    "maxColorAttachmentBytesPerSample", max_color_attachment_bytes_per_sample, 32;
    "maxComputeWorkgroupStorageSize", max_compute_workgroup_storage_size, 16_384;
    "maxComputeInvocationsPerWorkgroup", max_compute_invocations_per_workgroup, 256;
    "maxComputeWorkgroupSizeX", max_compute_workgroup_size_x, 256;
    "maxComputeWorkgroupSizeY", max_compute_workgroup_size_y, 256;
    "maxComputeWorkgroupSizeZ", max_compute_workgroup_size_z, 64;
    "maxComputeWorkgroupsPerDimension", max_compute_workgroups_per_dimension, 65_535;
}

features! {
    CoreFeaturesAndLimits => "core-features-and-limits",
    DepthClipControl => "depth-clip-control",
    Depth32floatStencil8 => "depth32float-stencil8",
    TextureCompressionBc => "texture-compression-bc",
    TextureCompressionBcSliced3d => "texture-compression-bc-sliced-3d",
    TextureCompressionEtc2 => "texture-compression-etc2",
    TextureCompressionAstc => "texture-compression-astc",
    TextureCompressionAstcSliced3d => "texture-compression-astc-sliced-3d",
    TimestampQuery => "timestamp-query",
    IndirectFirstInstance => "indirect-first-instance",
    ShaderF16 => "shader-f16",
    Rg11b10ufloatRenderable => "rg11b10ufloat-renderable",
    Bgra8unormStorage => "bgra8unorm-storage",
    Float32Filterable => "float32-filterable",
    Float32Blendable => "float32-blendable",
    ClipDistances => "clip-distances",
    DualSourceBlending => "dual-source-blending",
    Subgroups => "subgroups",
    TextureFormatsTier1 => "texture-formats-tier1",
    TextureFormatsTier2 => "texture-formats-tier2",
    PrimitiveIndex => "primitive-index",
    TextureComponentSwizzle => "texture-component-swizzle",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut limits: Vec<_> = LIMITS.iter().map(|limit| limit.name).collect();
        let mut features: Vec<_> = FEATURES.iter().map(|feature| feature_name(*feature)).collect();
        for names in [&mut limits, &mut features] {
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "names of which none is there twice: {names:?}");
        }
        assert_eq!((limits.len(), features.len()), (36, 22), "what the interface has");
    }

    #[test]
    fn alignments_are_told_apart() {
        let alignments = LIMITS.iter().filter(|limit| limit.is_alignment());
        assert!(alignments.clone().all(|limit| limit.default == 256), "the default of alignments is 256");
        assert_eq!(alignments.count(), 2, "number of alignments");
    }
}
