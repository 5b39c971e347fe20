//! Limits that are kept while objects are made: storage in single stages, and variables between stages.

use wardian_guest::webgpu::*;
use wardian_guest::{DeviceOptions, describe};

use crate::Outcome;
use crate::canvas::FORMAT;
use crate::support::Gpu;

programs! { "limits":
    limits_of_single_stages_are_those_of_any,
    storage_buffers_of_a_stage_are_counted,
    storage_textures_of_a_stage_are_counted,
    storage_in_shaders_is_counted,
    variables_between_stages_are_counted,
    points_take_a_variable,
    builtins_take_a_variable,
}

async fn limits_of_single_stages_are_those_of_any() -> Outcome {
    let offered = Gpu::new().await?.adapter.limits();
    let wish = u64::from(offered.max_storage_buffers_per_shader_stage().min(10));
    for name in
        ["maxStorageBuffersPerShaderStage", "maxStorageBuffersInVertexStage", "maxStorageBuffersInFragmentStage"]
    {
        let limits = Gpu::with(DeviceOptions::new().limit(name, wish)).await?.device.limits();
        let any = limits.max_storage_buffers_per_shader_stage();
        check_eq!(u64::from(any), wish, "storage buffers in any stage, {name} being asked for");
        let each = [limits.max_storage_buffers_in_vertex_stage(), limits.max_storage_buffers_in_fragment_stage()];
        check_eq!(each, [any; 2], "storage buffers in each stage, {name} being asked for");
    }
    let wish = u64::from(offered.max_storage_textures_per_shader_stage().min(6));
    for name in
        ["maxStorageTexturesPerShaderStage", "maxStorageTexturesInVertexStage", "maxStorageTexturesInFragmentStage"]
    {
        let limits = Gpu::with(DeviceOptions::new().limit(name, wish)).await?.device.limits();
        let any = limits.max_storage_textures_per_shader_stage();
        check_eq!(u64::from(any), wish, "storage textures in any stage, {name} being asked for");
        let each = [limits.max_storage_textures_in_vertex_stage(), limits.max_storage_textures_in_fragment_stage()];
        check_eq!(each, [any; 2], "storage textures in each stage, {name} being asked for");
    }
    Ok(())
}

/// The largest number of entries that one layout takes, and that two layouts share in a pipeline layout, must be `most`.
async fn check_count(gpu: &Gpu, what: &str, most: u32, entry: impl Fn(u32) -> GpuBindGroupLayoutEntry) -> Outcome {
    let make = |count| {
        let entries = (0..count).map(&entry).collect();
        gpu.device.create_bind_group_layout(&describe::bind_group_layout(entries))
    };
    let full = gpu.accepted(&format!("{most} {what}"), || make(most)).await?;
    gpu.rejected(&format!("{} {what}", most + 1), || make(most + 1)).await?;
    let (empty, one) = (make(0), make(1));
    let join = |layouts: &[&GpuBindGroupLayout]| {
        gpu.device.create_pipeline_layout(&describe::pipeline_layout(layouts));
    };
    gpu.accepted(&format!("{most} {what} beside none"), || join(&[&empty, &full])).await?;
    gpu.rejected(&format!("{most} {what} beside one"), || join(&[&one, &full])).await?;
    Ok(())
}

async fn storage_buffers_of_a_stage_are_counted() -> Outcome {
    let gpu = Gpu::new().await?;
    let limits = gpu.device.limits();
    let (vertex, fragment) =
        (limits.max_storage_buffers_in_vertex_stage(), limits.max_storage_buffers_in_fragment_stage());
    let readable = GpuBufferBindingType::ReadOnlyStorage;
    let seen = |stages, kind| move |binding| describe::buffer_entry(binding, stages, kind);
    check_count(&gpu, "buffers of the vertex stage", vertex, seen(GpuShaderStage::VERTEX, readable)).await?;
    let kind = GpuBufferBindingType::Storage;
    check_count(&gpu, "buffers of the fragment stage", fragment, seen(GpuShaderStage::FRAGMENT, kind)).await?;
    let both = GpuShaderStage::VERTEX | GpuShaderStage::FRAGMENT;
    check_count(&gpu, "buffers of both", vertex.min(fragment), seen(both, readable)).await?;
    // Each stage has as many of its own.
    let entry = |binding| {
        let stage = if binding % 2 == 0 { GpuShaderStage::VERTEX } else { GpuShaderStage::FRAGMENT };
        describe::buffer_entry(binding, stage, readable)
    };
    let entries = (0..2 * vertex.min(fragment)).map(entry).collect();
    let make = || gpu.device.create_bind_group_layout(&describe::bind_group_layout(entries));
    gpu.accepted("as many buffers as either stage may see", make).await?;
    Ok(())
}

async fn storage_textures_of_a_stage_are_counted() -> Outcome {
    let gpu = Gpu::new().await?;
    let limits = gpu.device.limits();
    let seen = |stages, access| {
        let (format, dimension) = (GpuTextureFormat::R32float, GpuTextureViewDimension::D2);
        move |binding| describe::storage_texture_entry(binding, stages, format, access, dimension)
    };
    let most = limits.max_storage_textures_in_vertex_stage();
    let read = seen(GpuShaderStage::VERTEX, GpuStorageTextureAccess::ReadOnly);
    check_count(&gpu, "textures of the vertex stage", most, read).await?;
    let most = limits.max_storage_textures_in_fragment_stage();
    let written = seen(GpuShaderStage::FRAGMENT, GpuStorageTextureAccess::WriteOnly);
    check_count(&gpu, "textures of the fragment stage", most, written).await
}

async fn storage_in_shaders_is_counted() -> Outcome {
    let gpu = Gpu::new().await?;
    let limits = gpu.device.limits();
    let code = |vertex: u32, fragment: u32| {
        let lines = |range: std::ops::Range<u32>, line: fn(u32) -> String| range.map(line).collect::<String>();
        let declare = |n| format!("@group(0) @binding({n}) var<storage> b{n}: f32;\n");
        let read = |n| format!("_ = b{n};");
        format!(
            "{}
             @vertex fn v() -> @builtin(position) vec4f {{ {} return vec4f(); }}
             @fragment fn f() -> @location(0) vec4f {{ {} return vec4f(); }}",
            lines(0..vertex + fragment, declare),
            lines(0..vertex, read),
            lines(vertex..vertex + fragment, read),
        )
    };
    let (vertex, fragment) =
        (limits.max_storage_buffers_in_vertex_stage(), limits.max_storage_buffers_in_fragment_stage());
    for (vertex, fragment, fits) in
        [(vertex, fragment, true), (vertex + 1, fragment, false), (vertex, fragment + 1, false)]
    {
        let module = gpu.shader(&code(vertex, fragment));
        let make = || gpu.device.create_render_pipeline(describe::render_pipeline(&module, FORMAT));
        let what = format!("{vertex} storage buffers in the vertex stage, {fragment} in the fragment stage");
        if fits {
            gpu.accepted(&what, make).await?;
        } else {
            gpu.rejected(&what, make).await?;
        }
    }
    Ok(())
}

/// Whether there may be a pipeline with these variables between its stages.
struct Between {
    topology: GpuPrimitiveTopology,
    locations: Vec<u32>,
    /// What the fragment shader takes beside them.
    builtins: &'static str,
}

impl Between {
    fn of(locations: impl IntoIterator<Item = u32>) -> Self {
        let topology = GpuPrimitiveTopology::TriangleList;
        Self { topology, locations: locations.into_iter().collect(), builtins: "" }
    }

    /// The error that the pipeline or its shader gives.
    async fn fault(&self, gpu: &Gpu) -> Result<Option<String>, Box<dyn std::error::Error>> {
        let fields: String = self.locations.iter().map(|n| format!("@location({n}) v{n}: vec4f, ")).collect();
        // Fragment shaders need not take all that vertex shaders give, but here they do.
        let code = format!(
            "struct Out {{ @builtin(position) p: vec4f, {fields} }}
             @vertex fn v() -> Out {{ var out: Out; return out; }}
             @fragment fn f({fields} {}) -> @location(0) vec4f {{ return vec4f(1.0); }}",
            self.builtins
        );
        gpu.device.push_error_scope(GpuErrorFilter::Validation);
        let module = gpu.shader(&code);
        gpu.device.create_render_pipeline(GpuRenderPipelineDescriptor {
            primitive: Some(describe::primitive(self.topology)),
            ..describe::render_pipeline(&module, FORMAT)
        });
        Ok(gpu.device.pop_error_scope().await?.map(|error| error.message()))
    }

    async fn check(&self, gpu: &Gpu, fits: bool) -> Outcome {
        let fault = self.fault(gpu).await?;
        let Self { topology, locations, builtins } = self;
        check_eq!(fault.is_none(), fits, "whether {topology:?} may have {locations:?} and {builtins:?} ({fault:?})");
        Ok(())
    }
}

async fn variables_between_stages_are_counted() -> Outcome {
    let gpu = Gpu::new().await?;
    let most = gpu.device.limits().max_inter_stage_shader_variables();
    Between::of(0..most).check(&gpu, true).await?;
    Between::of(0..=most).check(&gpu, false).await?;
    Between::of([most - 1]).check(&gpu, true).await?;
    Between::of([most]).check(&gpu, false).await
}

async fn points_take_a_variable() -> Outcome {
    let gpu = Gpu::new().await?;
    let most = gpu.device.limits().max_inter_stage_shader_variables();
    let topology = GpuPrimitiveTopology::PointList;
    Between { topology, ..Between::of(0..most - 1) }.check(&gpu, true).await?;
    Between { topology, ..Between::of(0..most) }.check(&gpu, false).await
}

async fn builtins_take_a_variable() -> Outcome {
    let gpu = Gpu::new().await?;
    let most = gpu.device.limits().max_inter_stage_shader_variables();
    let front = "@builtin(front_facing) a: bool";
    let sample = "@builtin(sample_index) b: u32";
    let mask = "@builtin(sample_mask) c: u32";
    for builtins in [front, sample, mask] {
        Between { builtins, ..Between::of(0..most - 1) }.check(&gpu, true).await?;
        Between { builtins, ..Between::of(0..most) }.check(&gpu, false).await?;
    }
    let builtins = "@builtin(front_facing) a: bool, @builtin(sample_index) b: u32, @builtin(sample_mask) c: u32";
    Between { builtins, ..Between::of(0..most - 3) }.check(&gpu, true).await?;
    Between { builtins, ..Between::of(0..most - 2) }.check(&gpu, false).await?;
    let builtins = "@builtin(position) a: vec4f";
    Between { builtins, ..Between::of(0..most) }.check(&gpu, true).await
}
