//! Bind groups, their layouts, and pipeline layouts.

use wardian_guest::describe;
use wardian_guest::webgpu::*;

use crate::Outcome;
use crate::support::Gpu;

programs! { "bind_group":
    entries_of_all_kinds_are_accepted,
    entry_is_of_exactly_one_kind,
    binding_numbers_are_checked,
    visibility_is_checked,
    storage_texture_formats_are_checked,
    entries_must_match_the_layout,
    ranges_of_buffers_are_checked,
    minimum_binding_size_of_zero_is_none,
    usages_must_fit,
    a_texture_stands_for_its_whole_view,
    pipeline_layout_takes_empty_places,
    pipeline_layout_counts,
    immediate_size_is_checked,
    equal_layouts_are_interchangeable,
    layouts_of_auto_pipelines_are_their_own,
    layout_index_out_of_range_is_rejected,
}

const COMPUTE: GpuShaderStage = GpuShaderStage::COMPUTE;
const STORAGE: GpuBufferBindingType = GpuBufferBindingType::Storage;

fn storage_entry(binding: u32) -> GpuBindGroupLayoutEntry {
    describe::buffer_entry(binding, COMPUTE, STORAGE)
}

fn storage_texture(format: GpuTextureFormat, access: GpuStorageTextureAccess) -> GpuBindGroupLayoutEntry {
    describe::storage_texture_entry(0, COMPUTE, format, access, GpuTextureViewDimension::D2)
}

fn layout(gpu: &Gpu, entries: Vec<GpuBindGroupLayoutEntry>) -> GpuBindGroupLayout {
    gpu.device.create_bind_group_layout(&describe::bind_group_layout(entries))
}

async fn entries_of_all_kinds_are_accepted() -> Outcome {
    let gpu = Gpu::new().await?;
    let entries = vec![
        storage_entry(0),
        describe::buffer_entry(1, GpuShaderStage::VERTEX | COMPUTE, GpuBufferBindingType::Uniform),
        describe::dynamic_buffer_entry(2, COMPUTE, GpuBufferBindingType::ReadOnlyStorage),
        describe::sampler_entry(3, GpuShaderStage::FRAGMENT, GpuSamplerBindingType::Comparison),
        describe::sampler_entry(7, GpuShaderStage::FRAGMENT, GpuSamplerBindingType::NonFiltering),
        describe::texture_entry(999, COMPUTE, GpuTextureSampleType::UnfilterableFloat),
        describe::texture_entry(10, COMPUTE, GpuTextureSampleType::Depth),
        GpuBindGroupLayoutEntry {
            binding: 11,
            ..storage_texture(GpuTextureFormat::R32uint, GpuStorageTextureAccess::ReadWrite)
        },
        GpuBindGroupLayoutEntry { visibility: GpuShaderStage::empty(), ..storage_entry(12) },
    ];
    gpu.accepted("a layout of all kinds", || layout(&gpu, entries)).await?;
    gpu.accepted("an empty layout", || layout(&gpu, Vec::new())).await?;
    let bare = GpuBindGroupLayoutEntry {
        texture: Some(GpuTextureBindingLayout { sample_type: None, view_dimension: None, multisampled: None }),
        buffer: None,
        ..storage_entry(0)
    };
    gpu.accepted("a texture entry of defaults", || layout(&gpu, vec![bare])).await?;
    Ok(())
}

async fn entry_is_of_exactly_one_kind() -> Outcome {
    let gpu = Gpu::new().await?;
    let none = GpuBindGroupLayoutEntry { buffer: None, ..storage_entry(0) };
    gpu.rejected("an entry of no kind", || layout(&gpu, vec![none])).await?;
    let two = GpuBindGroupLayoutEntry { sampler: Some(GpuSamplerBindingLayout { type_: None }), ..storage_entry(0) };
    gpu.rejected("an entry of two kinds", || layout(&gpu, vec![two])).await?;
    Ok(())
}

async fn binding_numbers_are_checked() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.rejected("the same number twice", || layout(&gpu, vec![storage_entry(3), storage_entry(3)])).await?;
    for binding in [gpu.device.limits().max_bindings_per_bind_group(), u32::MAX] {
        gpu.rejected(&format!("binding {binding}"), || layout(&gpu, vec![storage_entry(binding)])).await?;
    }
    let most = gpu.device.limits().max_storage_buffers_per_shader_stage();
    gpu.accepted("as many storage buffers as allowed", || layout(&gpu, (0..most).map(storage_entry).collect())).await?;
    gpu.rejected("one more", || layout(&gpu, (0..=most).map(storage_entry).collect())).await?;
    let dynamic = |n| describe::dynamic_buffer_entry(n, GpuShaderStage::empty(), GpuBufferBindingType::Uniform);
    let most = gpu.device.limits().max_dynamic_uniform_buffers_per_pipeline_layout();
    gpu.rejected("too many dynamic buffers", || layout(&gpu, (0..=most).map(dynamic).collect())).await?;
    Ok(())
}

async fn visibility_is_checked() -> Outcome {
    let gpu = Gpu::new().await?;
    let vertex = GpuShaderStage::VERTEX;
    let write = GpuStorageTextureAccess::WriteOnly;
    let texture = storage_texture(GpuTextureFormat::Rgba8unorm, write);
    let wrong = [
        describe::buffer_entry(0, vertex, STORAGE),
        describe::buffer_entry(0, vertex | COMPUTE, STORAGE),
        GpuBindGroupLayoutEntry { visibility: vertex, ..texture },
    ];
    for entry in wrong {
        gpu.rejected(&format!("{entry:?}"), || layout(&gpu, vec![entry])).await?;
    }
    let read = describe::buffer_entry(0, vertex, GpuBufferBindingType::ReadOnlyStorage);
    gpu.accepted("read-only storage for vertices", || layout(&gpu, vec![read])).await?;
    Ok(())
}

async fn storage_texture_formats_are_checked() -> Outcome {
    let gpu = Gpu::new().await?;
    let (write, read, both) =
        (GpuStorageTextureAccess::WriteOnly, GpuStorageTextureAccess::ReadOnly, GpuStorageTextureAccess::ReadWrite);
    for (format, access) in [
        (GpuTextureFormat::Rgba8unorm, write),
        (GpuTextureFormat::Rgba16float, read),
        (GpuTextureFormat::R32float, both),
        (GpuTextureFormat::Rg32uint, write),
    ] {
        let entry = storage_texture(format, access);
        gpu.accepted(&format!("{format:?} {access:?}"), || layout(&gpu, vec![entry])).await?;
    }
    for (format, access) in [
        (GpuTextureFormat::Rgba8unormSrgb, write),
        (GpuTextureFormat::Rgba8unorm, both),
        (GpuTextureFormat::Depth32float, write),
        (GpuTextureFormat::Bgra8unorm, write),
        (GpuTextureFormat::Bc1RgbaUnorm, write),
        (GpuTextureFormat::R16unorm, write),
        (GpuTextureFormat::R8unorm, write),
    ] {
        let entry = storage_texture(format, access);
        gpu.rejected(&format!("{format:?} {access:?}"), || layout(&gpu, vec![entry])).await?;
    }
    let cube =
        describe::storage_texture_entry(0, COMPUTE, GpuTextureFormat::R32uint, write, GpuTextureViewDimension::Cube);
    gpu.rejected("a cube as storage", || layout(&gpu, vec![cube])).await?;
    Ok(())
}

async fn entries_must_match_the_layout() -> Outcome {
    let gpu = Gpu::new().await?;
    let layout = layout(&gpu, vec![storage_entry(0), storage_entry(2)]);
    let (buffer, sampler) = (gpu.buffer(16, GpuBufferUsage::STORAGE), gpu.device.create_sampler(None));
    let bind = |binding| describe::buffer_binding(binding, &buffer);
    let make = |entries| gpu.device.create_bind_group(&describe::bind_group(&layout, entries));
    gpu.accepted("entries in any order", || make(vec![bind(2), bind(0)])).await?;
    gpu.rejected("an entry too few", || make(vec![bind(0)])).await?;
    gpu.rejected("an entry too many", || make(vec![bind(0), bind(1), bind(2)])).await?;
    gpu.rejected("a wrong number", || make(vec![bind(0), bind(1)])).await?;
    gpu.rejected("a number twice", || make(vec![bind(0), bind(0)])).await?;
    gpu.rejected("a wrong kind", || make(vec![bind(0), describe::sampler_binding(2, &sampler)])).await?;
    let (invalid, _) = gpu.rejected("an invalid buffer", || gpu.buffer(16, GpuBufferUsage::empty())).await?;
    gpu.rejected("binding it", || make(vec![bind(0), describe::buffer_binding(2, &invalid)])).await?;
    Ok(())
}

async fn ranges_of_buffers_are_checked() -> Outcome {
    let gpu = Gpu::new().await?;
    let layout = layout(&gpu, vec![storage_entry(0)]);
    let buffer = gpu.buffer(1024, GpuBufferUsage::STORAGE);
    let make = |offset, size| {
        let range = GpuBufferBinding { buffer: &buffer, offset, size };
        let entry = GpuBindGroupEntry { binding: 0, resource: GpuBindingResource::GpuBufferBinding(range) };
        gpu.device.create_bind_group(&describe::bind_group(&layout, vec![entry]))
    };
    for (offset, size) in [(None, None), (Some(256), None), (Some(768), Some(256)), (None, Some(4))] {
        gpu.accepted(&format!("{size:?} bytes from {offset:?}"), || make(offset, size)).await?;
    }
    let wrong = [
        (Some(4), None),
        (Some(255), Some(4)),
        (Some(1024), None),
        (Some(1024), Some(0)),
        (None, Some(0)),
        (Some(768), Some(260)),
        (Some(2048), None),
        (Some(u64::MAX), None),
        (Some(u64::MAX - 255), Some(512)),
        (None, Some(u64::MAX)),
        (None, Some(6)),
    ];
    for (offset, size) in wrong {
        gpu.rejected(&format!("{size:?} bytes from {offset:?} of 1024"), || make(offset, size)).await?;
    }
    Ok(())
}

async fn minimum_binding_size_of_zero_is_none() -> Outcome {
    let gpu = Gpu::new().await?;
    let with = |least| {
        let buffer = GpuBufferBindingLayout { type_: Some(STORAGE), has_dynamic_offset: None, min_binding_size: least };
        layout(&gpu, vec![GpuBindGroupLayoutEntry { buffer: Some(buffer), ..storage_entry(0) }])
    };
    let buffer = gpu.buffer(16, GpuBufferUsage::STORAGE);
    for least in [None, Some(0), Some(16)] {
        let layout = gpu.accepted(&format!("a least size of {least:?}"), || with(least)).await?;
        let make =
            || gpu.device.create_bind_group(&describe::bind_group(&layout, vec![describe::buffer_binding(0, &buffer)]));
        gpu.accepted("16 bytes for it", make).await?;
    }
    for least in [17, 1 << 20, u64::MAX] {
        gpu.device.push_error_scope(GpuErrorFilter::Validation);
        let layout = with(Some(least));
        // A least size beyond all limits may be refused here already.
        gpu.device.pop_error_scope().await?;
        let make =
            || gpu.device.create_bind_group(&describe::bind_group(&layout, vec![describe::buffer_binding(0, &buffer)]));
        gpu.rejected(&format!("16 bytes for at least {least}"), make).await?;
    }
    Ok(())
}

async fn usages_must_fit() -> Outcome {
    let gpu = Gpu::new().await?;
    let uniform = gpu.buffer(16, GpuBufferUsage::UNIFORM);
    let layout_of_storage = layout(&gpu, vec![storage_entry(0)]);
    let entry = || vec![describe::buffer_binding(0, &uniform)];
    let make = || gpu.device.create_bind_group(&describe::bind_group(&layout_of_storage, entry()));
    gpu.rejected("a uniform buffer as storage", make).await?;
    let usage = GpuTextureUsage::COPY_DST;
    let texture = gpu.device.create_texture(&describe::texture_2d(GpuTextureFormat::Rgba8unorm, 4, 4, usage));
    let view = texture.create_view(None);
    let layout_of_texture = layout(&gpu, vec![describe::texture_entry(0, COMPUTE, GpuTextureSampleType::Float)]);
    let entry = || vec![describe::view_binding(0, &view)];
    let make = || gpu.device.create_bind_group(&describe::bind_group(&layout_of_texture, entry()));
    gpu.rejected("a texture without texture-binding", make).await?;
    let comparison =
        GpuSamplerDescriptor { compare: Some(GpuCompareFunction::Less), ..describe::sampler(GpuFilterMode::Linear) };
    let comparison = gpu.device.create_sampler(Some(&comparison));
    let layout_of_sampler = layout(&gpu, vec![describe::sampler_entry(0, COMPUTE, GpuSamplerBindingType::Filtering)]);
    let entry = || vec![describe::sampler_binding(0, &comparison)];
    let make = || gpu.device.create_bind_group(&describe::bind_group(&layout_of_sampler, entry()));
    gpu.rejected("a comparison sampler for filtering", make).await?;
    Ok(())
}

async fn a_texture_stands_for_its_whole_view() -> Outcome {
    let gpu = Gpu::new().await?;
    let layout = layout(&gpu, vec![describe::texture_entry(0, COMPUTE, GpuTextureSampleType::Float)]);
    let usage = GpuTextureUsage::TEXTURE_BINDING;
    let texture = gpu.device.create_texture(&describe::texture_2d(GpuTextureFormat::Rgba8unorm, 4, 4, usage));
    // Each use makes a view behind the scenes; none of them must add up.
    for _ in 0..100 {
        let make = || {
            gpu.device.create_bind_group(&describe::bind_group(&layout, vec![describe::texture_binding(0, &texture)]))
        };
        gpu.accepted("a texture bound without a view", make).await?;
    }
    Ok(())
}

async fn pipeline_layout_takes_empty_places() -> Outcome {
    let gpu = Gpu::new().await?;
    let layout = layout(&gpu, vec![storage_entry(0)]);
    let descriptor = GpuPipelineLayoutDescriptor {
        bind_group_layouts: vec![None, Some(&layout), None],
        ..describe::pipeline_layout(&[])
    };
    let pipeline_layout = gpu.accepted("a layout with gaps", || gpu.device.create_pipeline_layout(&descriptor)).await?;
    let module = gpu.shader(
        "@group(1) @binding(0) var<storage, read_write> out: u32; @compute @workgroup_size(1) fn main() { out = 5; }",
    );
    let descriptor = GpuComputePipelineDescriptor {
        layout: GpuLayoutMode::Specific(&pipeline_layout),
        ..describe::compute_pipeline(&module)
    };
    let pipeline = gpu.accepted("a pipeline with it", || gpu.device.create_compute_pipeline(descriptor)).await?;
    let buffer = gpu.buffer(4, GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_SRC);
    let group = describe::bind_group(&layout, vec![describe::buffer_binding(0, &buffer)]);
    let group = gpu.device.create_bind_group(&group);
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, None, None, None, None)?;
    pass.set_bind_group(1, Some(&group), None, None, None)?;
    pass.dispatch_workgroups(1, None, None);
    pass.end();
    gpu.accepted("a dispatch with gaps", || gpu.submit(&encoder)).await?;
    check_eq!(gpu.words_of(&buffer).await?, [5], "what the shader wrote");
    Ok(())
}

async fn pipeline_layout_counts() -> Outcome {
    let gpu = Gpu::new().await?;
    let empty = layout(&gpu, Vec::new());
    let make = |count| gpu.device.create_pipeline_layout(&describe::pipeline_layout(&vec![&empty; count]));
    gpu.accepted("4 groups", || make(4)).await?;
    gpu.rejected("5 groups", || make(5)).await?;
    gpu.rejected("1000 groups", || make(1000)).await?;
    let many = layout(&gpu, (0..8).map(storage_entry).collect());
    let twice = describe::pipeline_layout(&[&many, &many]);
    gpu.rejected("16 storage buffers in all", || gpu.device.create_pipeline_layout(&twice)).await?;
    let (invalid, _) = gpu.rejected("an invalid layout", || layout(&gpu, vec![storage_entry(u32::MAX)])).await?;
    let with = describe::pipeline_layout(&[&invalid]);
    gpu.rejected("a layout of it", || gpu.device.create_pipeline_layout(&with)).await?;
    Ok(())
}

async fn immediate_size_is_checked() -> Outcome {
    let gpu = Gpu::new().await?;
    let most = gpu.device.limits().max_immediate_size();
    let make = |size| {
        let descriptor = GpuPipelineLayoutDescriptor { immediate_size: Some(size), ..describe::pipeline_layout(&[]) };
        gpu.device.create_pipeline_layout(&descriptor)
    };
    gpu.accepted("no immediates", || make(0)).await?;
    gpu.accepted("as many as allowed", || make(most)).await?;
    for size in [most + 4, 2, 7, u32::MAX - 3, u32::MAX] {
        gpu.rejected(&format!("{size} bytes of immediates"), || make(size)).await?;
    }
    Ok(())
}

const WRITES: &str =
    "@group(0) @binding(0) var<storage, read_write> out: u32; @compute @workgroup_size(1) fn main() { out = 1; }";

async fn equal_layouts_are_interchangeable() -> Outcome {
    let gpu = Gpu::new().await?;
    let (ours, theirs) = (layout(&gpu, vec![storage_entry(0)]), layout(&gpu, vec![storage_entry(0)]));
    let buffer = gpu.buffer(4, GpuBufferUsage::STORAGE);
    let group = describe::bind_group(&theirs, vec![describe::buffer_binding(0, &buffer)]);
    let group = gpu.device.create_bind_group(&group);
    let pipeline_layout = gpu.device.create_pipeline_layout(&describe::pipeline_layout(&[&ours]));
    let module = gpu.shader(WRITES);
    let descriptor = GpuComputePipelineDescriptor {
        layout: GpuLayoutMode::Specific(&pipeline_layout),
        ..describe::compute_pipeline(&module)
    };
    let pipeline = gpu.device.create_compute_pipeline(descriptor);
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, Some(&group), None, None, None)?;
    pass.dispatch_workgroups(1, None, None);
    pass.end();
    gpu.accepted("a group of an equal layout", || gpu.submit(&encoder)).await?;
    Ok(())
}

async fn layouts_of_auto_pipelines_are_their_own() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(WRITES);
    let make = || gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
    let (ours, theirs) = (make(), make());
    let layout = theirs.get_bind_group_layout(0);
    let pipeline_layout = describe::pipeline_layout(&[&layout]);
    gpu.rejected("a pipeline layout of it", || gpu.device.create_pipeline_layout(&pipeline_layout)).await?;
    let buffer = gpu.buffer(4, GpuBufferUsage::STORAGE);
    let group = describe::bind_group(&layout, vec![describe::buffer_binding(0, &buffer)]);
    let group = gpu.accepted("a group of it", || gpu.device.create_bind_group(&group)).await?;
    let record = |encoder: &GpuCommandEncoder, pipeline: &GpuComputePipeline| {
        let pass = encoder.begin_compute_pass(None);
        pass.set_pipeline(pipeline);
        drop(pass.set_bind_group(0, Some(&group), None, None, None));
        pass.dispatch_workgroups(1, None, None);
        pass.end();
    };
    let encoder = gpu.encoder();
    record(&encoder, &theirs);
    gpu.accepted("the group with its own pipeline", || gpu.submit(&encoder)).await?;
    gpu.rejected_by_finish("the group with another pipeline", |encoder| record(encoder, &ours)).await?;
    Ok(())
}

async fn layout_index_out_of_range_is_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(WRITES);
    let pipeline = gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
    for index in [4, 5, 1000, u32::MAX] {
        let (layout, _) = gpu.rejected(&format!("layout {index}"), || pipeline.get_bind_group_layout(index)).await?;
        let group = describe::bind_group(&layout, Vec::new());
        gpu.rejected("a group of it", || gpu.device.create_bind_group(&group)).await?;
    }
    let draw = gpu.shader("@vertex fn v() -> @builtin(position) vec4f { return vec4f(); }");
    let descriptor = GpuRenderPipelineDescriptor {
        fragment: None,
        depth_stencil: Some(describe::depth_state(GpuTextureFormat::Depth32float, GpuCompareFunction::Less)),
        ..describe::render_pipeline(&draw, GpuTextureFormat::Rgba8unorm)
    };
    let pipeline = gpu.accepted("a pipeline of depth only", || gpu.device.create_render_pipeline(descriptor)).await?;
    gpu.rejected("layout 4 of it", || pipeline.get_bind_group_layout(4)).await?;
    Ok(())
}
