//! Compute and render pipelines: creation, constants, checks, and the async forms.

use wardian_guest::webgpu::*;
use wardian_guest::{describe, join};

use crate::Outcome;
use crate::support::{Gpu, failed};

programs! { "pipeline":
    async_compute_pipeline_is_made,
    async_render_pipeline_is_made,
    async_fault_is_the_calls_alone,
    async_render_fault_is_the_calls_alone,
    sync_fault_is_reported,
    entry_points_are_found,
    constants_change_the_shader,
    faulty_constants_are_rejected,
    workgroup_size_is_checked,
    workgroup_storage_is_checked,
    layout_must_offer_what_the_shader_uses,
    color_targets_are_checked,
    vertex_buffers_are_checked,
    all_vertex_formats_are_accepted,
    empty_vertex_slots_are_accepted,
    depth_state_is_checked,
    multisampling_is_checked,
    strips_want_their_index_format,
    stages_must_fit,
    many_pipelines_compile_together,
}

const COMPUTE: &str = "@compute @workgroup_size(1) fn main() {}";
const DRAW: &str = "
    @vertex fn v(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f { return vec4f(f32(i)); }
    @fragment fn f() -> @location(0) vec4f { return vec4f(1.0); }
";
const FORMAT: GpuTextureFormat = GpuTextureFormat::Rgba8unorm;

fn draw(module: &GpuShaderModule) -> GpuRenderPipelineDescriptor<'_> {
    describe::render_pipeline(module, FORMAT)
}

async fn async_compute_pipeline_is_made() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(
        "@group(0) @binding(0) var<storage, read_write> o: u32; \
        @compute @workgroup_size(1) fn main() { o = 3; }",
    );
    let descriptor =
        GpuComputePipelineDescriptor { label: Some("late".to_owned()), ..describe::compute_pipeline(&module) };
    let pipeline = gpu.device.create_compute_pipeline_async(descriptor).await?;
    check_eq!(pipeline.label(), "late", "label");
    let buffer = gpu.buffer(4, GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_SRC);
    let layout = pipeline.get_bind_group_layout(0);
    let group = describe::bind_group(&layout, vec![describe::buffer_binding(0, &buffer)]);
    let group = gpu.device.create_bind_group(&group);
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, Some(&group), None, None, None)?;
    pass.dispatch_workgroups(1, None, None);
    pass.end();
    gpu.accepted("the dispatch", || gpu.submit(&encoder)).await?;
    check_eq!(gpu.words_of(&buffer).await?, [3], "what the shader wrote");
    Ok(())
}

async fn async_render_pipeline_is_made() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(DRAW);
    let pipeline = gpu.device.create_render_pipeline_async(draw(&module)).await?;
    check_eq!(pipeline.label(), "", "label");
    Ok(())
}

async fn async_fault_is_the_calls_alone() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(COMPUTE);
    gpu.open_scopes();
    let stage = GpuProgrammableStage { entry_point: Some("nowhere".to_owned()), ..describe::stage(&module) };
    let descriptor = GpuComputePipelineDescriptor { compute: stage, ..describe::compute_pipeline(&module) };
    let outcome = gpu.device.create_compute_pipeline_async(descriptor).await;
    gpu.close_scopes("a fault of an async pipeline").await?;
    let error = failed(outcome, "a pipeline of a function that isn't there")?;
    let CreatePipelineErrorKind::GpuPipelineError(reason) = error.kind;
    check_matches!(reason, GpuPipelineErrorReason::Validation, "reason");
    check!(error.message.contains("nowhere"), "expected the message to name the function, got: {}", error.message);
    Ok(())
}

async fn async_render_fault_is_the_calls_alone() -> Outcome {
    let gpu = Gpu::new().await?;
    let (module, _) = gpu.rejected("an invalid module", || gpu.shader("fn")).await?;
    gpu.open_scopes();
    let outcome = gpu.device.create_render_pipeline_async(draw(&module)).await;
    gpu.close_scopes("a fault of an async pipeline").await?;
    let error = failed(outcome, "a pipeline of an invalid module")?;
    let CreatePipelineErrorKind::GpuPipelineError(reason) = error.kind;
    check_matches!(reason, GpuPipelineErrorReason::Validation, "reason");
    let module = gpu.shader(DRAW);
    let descriptor = describe::render_pipeline(&module, GpuTextureFormat::Astc4x4Unorm);
    let error = failed(gpu.device.create_render_pipeline_async(descriptor).await, "a target that can't be drawn to")?;
    let CreatePipelineErrorKind::GpuPipelineError(reason) = error.kind;
    check_matches!(reason, GpuPipelineErrorReason::Validation, "reason");
    Ok(())
}

async fn sync_fault_is_reported() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(COMPUTE);
    let stage = GpuProgrammableStage { entry_point: Some("nowhere".to_owned()), ..describe::stage(&module) };
    let descriptor = GpuComputePipelineDescriptor { compute: stage, ..describe::compute_pipeline(&module) };
    let make = || gpu.device.create_compute_pipeline(descriptor);
    let (_, message) = gpu.rejected("a pipeline of a function that isn't there", make).await?;
    check!(message.contains("nowhere"), "expected the message to name the function, got: {message}");
    Ok(())
}

async fn entry_points_are_found() -> Outcome {
    let gpu = Gpu::new().await?;
    let two = gpu.shader("@compute @workgroup_size(1) fn a() {} @compute @workgroup_size(1) fn b() {}");
    let with = |name: Option<&str>| {
        let stage = GpuProgrammableStage { entry_point: name.map(str::to_owned), ..describe::stage(&two) };
        gpu.device.create_compute_pipeline(GpuComputePipelineDescriptor {
            compute: stage,
            ..describe::compute_pipeline(&two)
        })
    };
    gpu.accepted("the function a", || with(Some("a"))).await?;
    gpu.accepted("the function b", || with(Some("b"))).await?;
    for name in [None, Some(""), Some("A"), Some("a\0"), Some("c")] {
        gpu.rejected(&format!("the function {name:?}"), || with(name)).await?;
    }
    let draw = gpu.shader(DRAW);
    let stage = GpuProgrammableStage { entry_point: Some("v".to_owned()), ..describe::stage(&draw) };
    let wrong = GpuComputePipelineDescriptor { compute: stage, ..describe::compute_pipeline(&draw) };
    gpu.rejected("a vertex function for compute", || gpu.device.create_compute_pipeline(wrong)).await?;
    Ok(())
}

const OVERRIDES: &str = "
    override scale: u32 = 1;
    @id(7) override offset: f32;
    override flag: bool = false;
    override signed: i32 = 0;
    @group(0) @binding(0) var<storage, read_write> out: u32;
    @compute @workgroup_size(1) fn main() {
        out = scale * u32(offset) + select(0u, 100u, flag) + u32(signed);
    }
";

fn constants(values: &[(&str, f64)]) -> RecordGpuPipelineConstantValue {
    let record = RecordGpuPipelineConstantValue::new();
    for (key, value) in values {
        record.add(key, *value);
    }
    record
}

async fn constants_change_the_shader() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(OVERRIDES);
    let cases: [(&[(&str, f64)], u32); 3] =
        [(&[("7", 5.0)], 5), (&[("7", 5.5), ("scale", 3.0)], 15), (&[("7", 1.0), ("flag", 1.0), ("signed", 2.0)], 103)];
    for (values, expected) in cases {
        let stage = GpuProgrammableStage { constants: Some(constants(values)), ..describe::stage(&module) };
        let descriptor = GpuComputePipelineDescriptor { compute: stage, ..describe::compute_pipeline(&module) };
        let pipeline = gpu.accepted("the pipeline", || gpu.device.create_compute_pipeline(descriptor)).await?;
        let buffer = gpu.buffer(4, GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_SRC);
        let layout = pipeline.get_bind_group_layout(0);
        let group = describe::bind_group(&layout, vec![describe::buffer_binding(0, &buffer)]);
        let group = gpu.device.create_bind_group(&group);
        let encoder = gpu.encoder();
        let pass = encoder.begin_compute_pass(None);
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, Some(&group), None, None, None)?;
        pass.dispatch_workgroups(1, None, None);
        pass.end();
        gpu.submit(&encoder);
        check_eq!(gpu.words_of(&buffer).await?, [expected], "result with {values:?}");
    }
    Ok(())
}

async fn faulty_constants_are_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(OVERRIDES);
    let wrong: [&[(&str, f64)]; 9] = [
        &[],
        &[("offset", 1.0)],
        &[("7", 1.0), ("unknown", 1.0)],
        &[("7", 1.0), ("8", 1.0)],
        &[("7", f64::NAN)],
        &[("7", f64::INFINITY)],
        &[("7", 1e300)],
        &[("7", 1.0), ("scale", -1.0)],
        &[("7", 1.0), ("signed", 4e9)],
    ];
    for values in wrong {
        let stage = GpuProgrammableStage { constants: Some(constants(values)), ..describe::stage(&module) };
        let descriptor = GpuComputePipelineDescriptor { compute: stage, ..describe::compute_pipeline(&module) };
        gpu.rejected(&format!("{values:?}"), || gpu.device.create_compute_pipeline(descriptor)).await?;
    }
    Ok(())
}

async fn workgroup_size_is_checked() -> Outcome {
    let gpu = Gpu::new().await?;
    for size in ["256", "16, 16", "1, 1, 64"] {
        let module = gpu.shader(&format!("@compute @workgroup_size({size}) fn main() {{}}"));
        let make = || gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
        gpu.accepted(&format!("a workgroup of {size}"), make).await?;
    }
    for size in ["257", "16, 17", "1, 1, 65", "4294967295, 2"] {
        let module = gpu.shader(&format!("@compute @workgroup_size({size}) fn main() {{}}"));
        let make = || gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
        gpu.rejected(&format!("a workgroup of {size}"), make).await?;
    }
    let module = gpu.shader("override n: u32 = 1; @compute @workgroup_size(n) fn main() {}");
    for (value, fits) in [(256.0, true), (257.0, false), (0.0, false)] {
        let stage = GpuProgrammableStage { constants: Some(constants(&[("n", value)])), ..describe::stage(&module) };
        let descriptor = GpuComputePipelineDescriptor { compute: stage, ..describe::compute_pipeline(&module) };
        let make = || gpu.device.create_compute_pipeline(descriptor);
        if fits {
            gpu.accepted(&format!("a workgroup of {value} by a constant"), make).await?;
        } else {
            gpu.rejected(&format!("a workgroup of {value} by a constant"), make).await?;
        }
    }
    Ok(())
}

async fn workgroup_storage_is_checked() -> Outcome {
    let gpu = Gpu::new().await?;
    let limit = gpu.device.limits().max_compute_workgroup_storage_size();
    let code = |words| {
        format!(
            "var<workgroup> w: array<u32, {words}>; @compute @workgroup_size(1) fn main() {{ w[0] = 1; \
             workgroupBarrier(); }}"
        )
    };
    let module = gpu.shader(&code(limit / 4));
    let make = || gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
    gpu.accepted("all of the workgroup memory", make).await?;
    for words in [limit / 4 + 1, limit, 100_000_000] {
        gpu.device.push_error_scope(GpuErrorFilter::Validation);
        let module = gpu.shader(&code(words));
        gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
        let error = gpu.device.pop_error_scope().await?;
        check!(error.is_some(), "{words} words of workgroup memory: expected an error, got none");
    }
    Ok(())
}

async fn layout_must_offer_what_the_shader_uses() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(
        "@group(0) @binding(1) var<storage, read_write> o: array<vec4u, 4>; \
        @compute @workgroup_size(1) fn main() { o[0] = vec4u(); }",
    );
    let entry = |binding| describe::buffer_entry(binding, GpuShaderStage::COMPUTE, GpuBufferBindingType::Storage);
    let least = |size| {
        let kind = Some(GpuBufferBindingType::Storage);
        let buffer = GpuBufferBindingLayout { type_: kind, has_dynamic_offset: None, min_binding_size: Some(size) };
        GpuBindGroupLayoutEntry { buffer: Some(buffer), ..entry(1) }
    };
    let wrong = [
        entry(0),
        least(32),
        GpuBindGroupLayoutEntry { visibility: GpuShaderStage::FRAGMENT, ..entry(1) },
        describe::buffer_entry(1, GpuShaderStage::COMPUTE, GpuBufferBindingType::ReadOnlyStorage),
        describe::sampler_entry(1, GpuShaderStage::COMPUTE, GpuSamplerBindingType::Filtering),
    ];
    for (entry, fits) in wrong.map(|entry| (entry, false)).into_iter().chain([(entry(1), true), (least(64), true)]) {
        let group = gpu.device.create_bind_group_layout(&describe::bind_group_layout(vec![entry]));
        let layout = gpu.device.create_pipeline_layout(&describe::pipeline_layout(&[&group]));
        let make = || {
            gpu.device.create_compute_pipeline(GpuComputePipelineDescriptor {
                layout: GpuLayoutMode::Specific(&layout),
                ..describe::compute_pipeline(&module)
            })
        };
        if fits {
            gpu.accepted(&format!("{entry:?}"), make).await?;
        } else {
            gpu.rejected(&format!("{entry:?}"), make).await?;
        }
    }
    Ok(())
}

async fn color_targets_are_checked() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(DRAW);
    let with = |targets| {
        let fragment = Some(describe::fragment_state(&module, targets));
        gpu.device.create_render_pipeline(GpuRenderPipelineDescriptor { fragment, ..draw(&module) })
    };
    let plain = || Some(describe::color_target(FORMAT));
    let masked = |mask| Some(GpuColorTargetState { write_mask: Some(mask), ..describe::color_target(FORMAT) });
    let blended = |blend| Some(GpuColorTargetState { blend: Some(blend), ..describe::color_target(FORMAT) });
    let good = [
        vec![plain()],
        vec![masked(GpuColorWrite::ALL)],
        vec![masked(GpuColorWrite::RED | GpuColorWrite::ALPHA)],
        vec![blended(describe::alpha_blending())],
        vec![plain(), None],
        // A target that nothing is written to needs no output of the shader.
        vec![plain(), masked(GpuColorWrite::empty())],
    ];
    for targets in good {
        gpu.accepted(&format!("{targets:?}"), || with(targets)).await?;
    }
    let max = describe::blend(GpuBlendOperation::Max, GpuBlendFactor::SrcAlpha, GpuBlendFactor::One);
    let of = |format| Some(describe::color_target(format));
    let unblendable = Some(GpuColorTargetState {
        blend: Some(describe::alpha_blending()),
        ..describe::color_target(GpuTextureFormat::Rgba32float)
    });
    let wrong = [
        vec![of(GpuTextureFormat::Depth32float)],
        vec![of(GpuTextureFormat::Rgba8uint)],
        vec![of(GpuTextureFormat::Rgb9e5ufloat)],
        vec![of(GpuTextureFormat::Bc1RgbaUnorm)],
        vec![unblendable],
        vec![blended(GpuBlendState { color: max, alpha: max })],
        vec![plain(), plain()],
        vec![of(FORMAT); 9],
    ];
    for targets in wrong {
        gpu.rejected(&format!("{targets:?}"), || with(targets)).await?;
    }
    Ok(())
}

async fn vertex_buffers_are_checked() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(
        "@vertex fn v(@location(0) p: vec4f) -> @builtin(position) vec4f { return p; }
         @fragment fn f() -> @location(0) vec4f { return vec4f(1.0); }",
    );
    let with = |buffers| {
        let vertex = GpuVertexState { buffers, ..describe::vertex_state(&module) };
        gpu.device.create_render_pipeline(GpuRenderPipelineDescriptor { vertex, ..draw(&module) })
    };
    let at = |format, offset, location| describe::attribute(format, offset, location);
    let one = |stride, attribute| Some(vec![Some(describe::vertex_buffer(stride, vec![attribute]))]);
    let four = GpuVertexFormat::Float32x4;
    gpu.accepted("a vertex buffer", || with(one(16, at(four, 0, 0)))).await?;
    gpu.accepted("the same element for all", || with(one(0, at(four, 0, 0)))).await?;
    gpu.accepted("fewer components", || with(one(4, at(GpuVertexFormat::Unorm8x2, 2, 0)))).await?;
    let limits = gpu.device.limits();
    let (stride, attributes) = (u64::from(limits.max_vertex_buffer_array_stride()), limits.max_vertex_attributes());
    let wrong = [
        None,
        one(16, at(four, 0, 1)),
        one(6, at(GpuVertexFormat::Unorm8x2, 0, 0)),
        one(16, at(four, 4, 0)),
        one(16, at(GpuVertexFormat::Float32x2, 2, 0)),
        one(16, at(GpuVertexFormat::Uint32x4, 0, 0)),
        one(16, at(four, 0, attributes)),
        one(stride + 4, at(four, 0, 0)),
        one(u64::MAX - 3, at(four, 0, 0)),
        one(0, at(four, u64::MAX - 3, 0)),
        one(16, at(four, u64::MAX, u32::MAX)),
    ];
    for buffers in wrong {
        gpu.rejected(&format!("{buffers:?}"), || with(buffers)).await?;
    }
    let twice = describe::vertex_buffer(16, vec![at(four, 0, 0), at(four, 0, 0)]);
    gpu.rejected("a location twice", || with(Some(vec![Some(twice)]))).await?;
    Ok(())
}

async fn all_vertex_formats_are_accepted() -> Outcome {
    use GpuVertexFormat as F;
    let gpu = Gpu::new().await?;
    let uint = [F::Uint8, F::Uint8x2, F::Uint8x4, F::Uint16, F::Uint16x2, F::Uint16x4, F::Uint32, F::Uint32x2];
    let uint = uint.into_iter().chain([F::Uint32x3, F::Uint32x4]);
    let sint = [F::Sint8, F::Sint8x2, F::Sint8x4, F::Sint16, F::Sint16x2, F::Sint16x4, F::Sint32, F::Sint32x2];
    let sint = sint.into_iter().chain([F::Sint32x3, F::Sint32x4]);
    let float = [F::Unorm8, F::Unorm8x2, F::Unorm8x4, F::Snorm8, F::Snorm8x2, F::Snorm8x4, F::Unorm16, F::Unorm16x2];
    let more = [F::Unorm16x4, F::Snorm16, F::Snorm16x2, F::Snorm16x4, F::Float16, F::Float16x2, F::Float16x4];
    let rest = [F::Float32, F::Float32x2, F::Float32x3, F::Float32x4, F::Unorm1010102, F::Unorm8x4Bgra];
    let float = float.into_iter().chain(more).chain(rest);
    let all = uint.map(|format| (format, "u32")).chain(sint.map(|format| (format, "i32")));
    for (format, kind) in all.chain(float.map(|format| (format, "f32"))) {
        let module = gpu.shader(&format!(
            "@vertex fn v(@location(0) a: {kind}) -> @builtin(position) vec4f {{ return vec4f(f32(a)); }}
             @fragment fn f() -> @location(0) vec4f {{ return vec4f(1.0); }}"
        ));
        let buffer = describe::vertex_buffer(16, vec![describe::attribute(format, 0, 0)]);
        let vertex = GpuVertexState { buffers: Some(vec![Some(buffer)]), ..describe::vertex_state(&module) };
        let descriptor = GpuRenderPipelineDescriptor { vertex, ..draw(&module) };
        gpu.accepted(&format!("{format:?}"), || gpu.device.create_render_pipeline(descriptor)).await?;
    }
    Ok(())
}

async fn empty_vertex_slots_are_accepted() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(
        "@vertex fn v(@location(0) p: vec4f) -> @builtin(position) vec4f { return p; }
         @fragment fn f() -> @location(0) vec4f { return vec4f(1.0); }",
    );
    let attribute = describe::attribute(GpuVertexFormat::Float32x4, 0, 0);
    let with = |before, after| {
        let some = Some(describe::vertex_buffer(16, vec![attribute]));
        let mut buffers = vec![None; before];
        buffers.push(some);
        buffers.extend(vec![None; after]);
        let vertex = GpuVertexState { buffers: Some(buffers), ..describe::vertex_state(&module) };
        gpu.device.create_render_pipeline(GpuRenderPipelineDescriptor { vertex, ..draw(&module) })
    };
    gpu.accepted("gaps before and after", || with(2, 3)).await?;
    gpu.accepted("as many as allowed", || with(7, 0)).await?;
    gpu.rejected("a slot too many", || with(8, 0)).await?;
    Ok(())
}

async fn depth_state_is_checked() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(DRAW);
    let with = |depth| {
        gpu.device.create_render_pipeline(GpuRenderPipelineDescriptor { depth_stencil: Some(depth), ..draw(&module) })
    };
    let plain = describe::depth_state(GpuTextureFormat::Depth24plusStencil8, GpuCompareFunction::Less);
    let face = GpuStencilFaceState {
        compare: Some(GpuCompareFunction::Equal),
        fail_op: Some(GpuStencilOperation::Zero),
        depth_fail_op: Some(GpuStencilOperation::IncrementWrap),
        pass_op: Some(GpuStencilOperation::Replace),
    };
    let good = [
        plain,
        GpuDepthStencilState { stencil_front: Some(face), stencil_read_mask: Some(u32::MAX), ..plain },
        GpuDepthStencilState { depth_bias: Some(-3), depth_bias_slope_scale: Some(1.5), ..plain },
        GpuDepthStencilState {
            format: GpuTextureFormat::Stencil8,
            depth_write_enabled: None,
            depth_compare: None,
            ..plain
        },
    ];
    for depth in good {
        gpu.accepted(&format!("{depth:?}"), || with(depth)).await?;
    }
    let wrong = [
        GpuDepthStencilState { format: FORMAT, ..plain },
        GpuDepthStencilState { depth_write_enabled: None, ..plain },
        GpuDepthStencilState { depth_compare: None, ..plain },
        GpuDepthStencilState { format: GpuTextureFormat::Depth32float, stencil_front: Some(face), ..plain },
        GpuDepthStencilState { depth_bias_slope_scale: Some(f32::NAN), ..plain },
    ];
    for depth in wrong {
        gpu.rejected(&format!("{depth:?}"), || with(depth)).await?;
    }
    Ok(())
}

async fn multisampling_is_checked() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(DRAW);
    let with = |multisample| {
        let descriptor = GpuRenderPipelineDescriptor { multisample: Some(multisample), ..draw(&module) };
        gpu.device.create_render_pipeline(descriptor)
    };
    let covered = GpuMultisampleState { alpha_to_coverage_enabled: Some(true), ..describe::multisample(4) };
    let masked = GpuMultisampleState { mask: Some(5), ..describe::multisample(4) };
    for multisample in [describe::multisample(1), describe::multisample(4), covered, masked] {
        gpu.accepted(&format!("{multisample:?}"), || with(multisample)).await?;
    }
    let alone = GpuMultisampleState { alpha_to_coverage_enabled: Some(true), ..describe::multisample(1) };
    for multisample in [alone, describe::multisample(0), describe::multisample(2), describe::multisample(u32::MAX)] {
        gpu.rejected(&format!("{multisample:?}"), || with(multisample)).await?;
    }
    Ok(())
}

async fn strips_want_their_index_format() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(DRAW);
    let with = |topology, strip_index_format| {
        let primitive = GpuPrimitiveState { strip_index_format, ..describe::primitive(topology) };
        let descriptor = GpuRenderPipelineDescriptor { primitive: Some(primitive), ..draw(&module) };
        gpu.device.create_render_pipeline(descriptor)
    };
    let (strip, list) = (GpuPrimitiveTopology::TriangleStrip, GpuPrimitiveTopology::TriangleList);
    gpu.accepted("a strip", || with(strip, None)).await?;
    gpu.accepted("a strip with indices", || with(strip, Some(GpuIndexFormat::Uint16))).await?;
    gpu.rejected("a list with an index format", || with(list, Some(GpuIndexFormat::Uint16))).await?;
    let lines = [GpuPrimitiveTopology::PointList, GpuPrimitiveTopology::LineList, GpuPrimitiveTopology::LineStrip];
    for topology in lines {
        gpu.accepted(&format!("{topology:?}"), || with(topology, None)).await?;
    }
    let unclipped = GpuPrimitiveState { unclipped_depth: Some(true), ..describe::primitive(list) };
    let descriptor = GpuRenderPipelineDescriptor { primitive: Some(unclipped), ..draw(&module) };
    gpu.rejected("unclipped depth without its feature", || gpu.device.create_render_pipeline(descriptor)).await?;
    Ok(())
}

async fn stages_must_fit() -> Outcome {
    let gpu = Gpu::new().await?;
    let cases = [
        ("@location(0) a: f32", "@location(0) a: f32", true),
        ("@location(0) a: f32, @location(1) b: u32", "@location(0) a: f32", false),
        ("@location(0) a: f32", "@location(0) a: vec2f", false),
        ("@location(0) a: vec3f", "@location(0) a: vec2f", false),
        ("@location(0) a: vec2f", "@location(0) a: f32", false),
        ("@location(0) a: f32", "@location(0) @interpolate(perspective) a: f32", true),
        ("@location(0) @interpolate(linear, center) a: f32", "@location(0) @interpolate(linear) a: f32", true),
        ("@location(0) @interpolate(flat) a: f32", "@location(0) @interpolate(flat, first) a: f32", true),
        ("@location(0) @interpolate(linear, sample) a: f32", "@location(0) @interpolate(linear) a: f32", false),
        ("@location(0) a: f32", "@location(1) a: f32", false),
        ("@location(0) @interpolate(flat) a: u32", "@location(0) @interpolate(flat) a: u32", true),
        ("@location(0) @interpolate(flat) a: u32", "@location(0) @interpolate(flat) a: i32", false),
        ("@location(0) a: f32, @location(1) b: f32", "@location(1) b: f32", true),
    ];
    for (vertex, fragment, fits) in cases {
        let code = format!(
            "struct Out {{ @builtin(position) p: vec4f, {vertex} }}
             @vertex fn v() -> Out {{ var out: Out; return out; }}
             @fragment fn f({fragment}) -> @location(0) vec4f {{ return vec4f(1.0); }}"
        );
        gpu.device.push_error_scope(GpuErrorFilter::Validation);
        let module = gpu.shader(&code);
        gpu.device.create_render_pipeline(draw(&module));
        let error = gpu.device.pop_error_scope().await?.map(|error| error.message());
        check_eq!(error.is_none(), fits, "whether {vertex:?} fits {fragment:?} ({error:?})");
    }
    Ok(())
}

async fn many_pipelines_compile_together() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader("override n: u32; @compute @workgroup_size(n) fn main() {}");
    let make = |value| {
        let stage = GpuProgrammableStage { constants: Some(constants(&[("n", value)])), ..describe::stage(&module) };
        let descriptor = GpuComputePipelineDescriptor { compute: stage, ..describe::compute_pipeline(&module) };
        gpu.device.create_compute_pipeline_async(descriptor)
    };
    let good = wardian_guest::join_all((1..9).map(|n| make(f64::from(n))));
    let (good, bad) = join(good, make(1000.0)).await;
    for outcome in good {
        outcome?;
    }
    failed(bad, "the one that is too large")?;
    Ok(())
}
