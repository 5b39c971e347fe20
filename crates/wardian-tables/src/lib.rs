//! Names and numbers that the host and the guest SDKs share.
//!
//! Each table is a macro that hands all its rows to a macro of yours, so that every user expands them into what it
//! needs: a match, a constant, a list of functions. The names are WebGPU's own.
//!
//! ```
//! macro_rules! count {
//!     ($($name:literal, $getter:ident, $core:ident, $type:ident, $default:literal;)*) => {
//!         const NAMES: &[&str] = &[$($name),*];
//!     };
//! }
//! wardian_tables::limits!(count);
//! assert_eq!(NAMES.len(), 36);
//! ```

/// WebGPU's limits in the order of the interface: name, getter in Rust, field of `wgpu_types::Limits` that holds it,
/// type, and what a device has that asked for nothing.
///
/// The four limits in vertex and fragment stages have no field of their own there; theirs is the one of any stage.
///
/// <https://www.w3.org/TR/webgpu/#limits>
#[macro_export]
macro_rules! limits {
    ($callback:ident) => {
        $callback! {
            "maxTextureDimension1D", max_texture_dimension1_d, max_texture_dimension_1d, u32, 8192;
            "maxTextureDimension2D", max_texture_dimension2_d, max_texture_dimension_2d, u32, 8192;
            "maxTextureDimension3D", max_texture_dimension3_d, max_texture_dimension_3d, u32, 2048;
            "maxTextureArrayLayers", max_texture_array_layers, max_texture_array_layers, u32, 256;
            "maxBindGroups", max_bind_groups, max_bind_groups, u32, 4;
            "maxBindGroupsPlusVertexBuffers", max_bind_groups_plus_vertex_buffers,
                max_bind_groups_plus_vertex_buffers, u32, 24;
            "maxImmediateSize", max_immediate_size, max_immediate_size, u32, 64;
            "maxBindingsPerBindGroup", max_bindings_per_bind_group, max_bindings_per_bind_group, u32, 1000;
            "maxDynamicUniformBuffersPerPipelineLayout", max_dynamic_uniform_buffers_per_pipeline_layout,
                max_dynamic_uniform_buffers_per_pipeline_layout, u32, 8;
            "maxDynamicStorageBuffersPerPipelineLayout", max_dynamic_storage_buffers_per_pipeline_layout,
                max_dynamic_storage_buffers_per_pipeline_layout, u32, 4;
            "maxSampledTexturesPerShaderStage", max_sampled_textures_per_shader_stage,
                max_sampled_textures_per_shader_stage, u32, 16;
            "maxSamplersPerShaderStage", max_samplers_per_shader_stage, max_samplers_per_shader_stage, u32, 16;
            "maxStorageBuffersPerShaderStage", max_storage_buffers_per_shader_stage,
                max_storage_buffers_per_shader_stage, u32, 8;
            "maxStorageBuffersInVertexStage", max_storage_buffers_in_vertex_stage,
                max_storage_buffers_per_shader_stage, u32, 8;
            "maxStorageBuffersInFragmentStage", max_storage_buffers_in_fragment_stage,
                max_storage_buffers_per_shader_stage, u32, 8;
            "maxStorageTexturesPerShaderStage", max_storage_textures_per_shader_stage,
                max_storage_textures_per_shader_stage, u32, 4;
            "maxStorageTexturesInVertexStage", max_storage_textures_in_vertex_stage,
                max_storage_textures_per_shader_stage, u32, 4;
            "maxStorageTexturesInFragmentStage", max_storage_textures_in_fragment_stage,
                max_storage_textures_per_shader_stage, u32, 4;
            "maxUniformBuffersPerShaderStage", max_uniform_buffers_per_shader_stage,
                max_uniform_buffers_per_shader_stage, u32, 12;
            "maxUniformBufferBindingSize", max_uniform_buffer_binding_size, max_uniform_buffer_binding_size, u64, 65_536;
            "maxStorageBufferBindingSize", max_storage_buffer_binding_size,
                max_storage_buffer_binding_size, u64, 134_217_728;
            "minUniformBufferOffsetAlignment", min_uniform_buffer_offset_alignment,
                min_uniform_buffer_offset_alignment, u32, 256;
            "minStorageBufferOffsetAlignment", min_storage_buffer_offset_alignment,
                min_storage_buffer_offset_alignment, u32, 256;
            "maxVertexBuffers", max_vertex_buffers, max_vertex_buffers, u32, 8;
            "maxBufferSize", max_buffer_size, max_buffer_size, u64, 268_435_456;
            "maxVertexAttributes", max_vertex_attributes, max_vertex_attributes, u32, 16;
            "maxVertexBufferArrayStride", max_vertex_buffer_array_stride, max_vertex_buffer_array_stride, u32, 2048;
            "maxInterStageShaderVariables", max_inter_stage_shader_variables,
                max_inter_stage_shader_variables, u32, 16;
            "maxColorAttachments", max_color_attachments, max_color_attachments, u32, 8;
            "maxColorAttachmentBytesPerSample", max_color_attachment_bytes_per_sample,
                max_color_attachment_bytes_per_sample, u32, 32;
            "maxComputeWorkgroupStorageSize", max_compute_workgroup_storage_size,
                max_compute_workgroup_storage_size, u32, 16_384;
            "maxComputeInvocationsPerWorkgroup", max_compute_invocations_per_workgroup,
                max_compute_invocations_per_workgroup, u32, 256;
            "maxComputeWorkgroupSizeX", max_compute_workgroup_size_x, max_compute_workgroup_size_x, u32, 256;
            "maxComputeWorkgroupSizeY", max_compute_workgroup_size_y, max_compute_workgroup_size_y, u32, 256;
            "maxComputeWorkgroupSizeZ", max_compute_workgroup_size_z, max_compute_workgroup_size_z, u32, 64;
            "maxComputeWorkgroupsPerDimension", max_compute_workgroups_per_dimension,
                max_compute_workgroups_per_dimension, u32, 65_535;
        }
    };
}

/// WebGPU's features in the order of the interface: variant of the generated `GpuFeatureName`, and name.
///
/// <https://www.w3.org/TR/webgpu/#enumdef-gpufeaturename>
#[macro_export]
macro_rules! features {
    ($callback:ident) => {
        $callback! {
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
    };
}
