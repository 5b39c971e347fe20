//! Rules about render pipelines that join their settings, their shaders and their layout.

use wardian_guest::webgpu::*;
use wardian_guest::{DeviceOptions, describe};

use crate::Outcome;
use crate::canvas::{Canvas, FORMAT};
use crate::support::Gpu;

programs! { "pipeline_rules":
    alpha_to_coverage_is_checked,
    written_targets_want_an_output,
    blending_by_alpha_wants_an_alpha,
    two_sources_are_blended,
    two_sources_are_checked,
    two_sources_want_their_feature,
    depth_bias_is_for_triangles,
    depth_comparison_may_be_left_out,
    filtering_wants_a_filterable_texture,
    implied_layouts_want_a_filterable_texture,
}

const VERTEX: &str = "
    @vertex fn v(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
        return vec4f(f32(i % 2) * 4 - 1, f32(i / 2) * 4 - 1, 0.5, 1);
    }
";

/// A module of the vertex shader above and a fragment shader.
fn shader(gpu: &Gpu, fragment: &str) -> GpuShaderModule {
    gpu.shader(&format!("{VERTEX} {fragment}"))
}

/// Whether something is to be accepted; `make` must behave so.
async fn check_fits<T>(gpu: &Gpu, fits: bool, what: &str, make: impl FnOnce() -> T) -> Outcome {
    if fits {
        gpu.accepted(what, make).await?;
    } else {
        gpu.rejected(what, make).await?;
    }
    Ok(())
}

async fn alpha_to_coverage_is_checked() -> Outcome {
    use GpuTextureFormat as F;
    let gpu = Gpu::new().await?;
    let plain = shader(&gpu, "@fragment fn f() -> @location(0) vec4f { return vec4f(1.0); }");
    let masked = shader(
        &gpu,
        "struct Out { @location(0) color: vec4f, @builtin(sample_mask) mask: u32 }
         @fragment fn f() -> Out { return Out(vec4f(1.0), 15); }",
    );
    let whole = shader(&gpu, "@fragment fn f() -> @location(0) vec4u { return vec4u(1); }");
    let with = |module: &GpuShaderModule, format, count, covered| {
        let multisample =
            GpuMultisampleState { alpha_to_coverage_enabled: Some(covered), ..describe::multisample(count) };
        gpu.device.create_render_pipeline(GpuRenderPipelineDescriptor {
            multisample: Some(multisample),
            ..describe::render_pipeline(module, format)
        })
    };
    let cases = [
        ("alone", &plain, F::Rgba8unorm, 4, true, true),
        ("with one sample", &plain, F::Rgba8unorm, 1, true, false),
        ("with a sample mask of the shader", &masked, F::Rgba8unorm, 4, true, false),
        ("off, with a sample mask of the shader", &masked, F::Rgba8unorm, 4, false, true),
        ("over a target with one channel", &plain, F::R8unorm, 4, true, false),
        ("over a target with two channels", &plain, F::Rg8unorm, 4, true, false),
        ("over a target that can't be blended", &whole, F::Rgba8uint, 4, true, false),
        ("off, over a target that can't be blended", &whole, F::Rgba8uint, 4, false, true),
    ];
    for (what, module, format, count, covered, fits) in cases {
        let make = || with(module, format, count, covered);
        check_fits(&gpu, fits, &format!("alpha to coverage {what}"), make).await?;
    }
    let no_target = |targets| {
        let multisample = GpuMultisampleState { alpha_to_coverage_enabled: Some(true), ..describe::multisample(4) };
        gpu.device.create_render_pipeline(GpuRenderPipelineDescriptor {
            fragment: Some(describe::fragment_state(&plain, targets)),
            multisample: Some(multisample),
            depth_stencil: Some(describe::depth_state(F::Depth32float, GpuCompareFunction::Less)),
            ..describe::render_pipeline(&plain, FORMAT)
        })
    };
    gpu.rejected("alpha to coverage without any target", || no_target(vec![])).await?;
    gpu.rejected("alpha to coverage without the first target", || no_target(vec![None])).await?;
    Ok(())
}

/// A pipeline of a fragment shader and its targets.
fn with_targets(gpu: &Gpu, module: &GpuShaderModule, targets: Vec<Option<GpuColorTargetState>>) -> GpuRenderPipeline {
    gpu.device.create_render_pipeline(GpuRenderPipelineDescriptor {
        fragment: Some(describe::fragment_state(module, targets)),
        ..describe::render_pipeline(module, FORMAT)
    })
}

async fn written_targets_want_an_output() -> Outcome {
    let gpu = Gpu::new().await?;
    let masked = |mask| Some(GpuColorTargetState { write_mask: Some(mask), ..describe::color_target(FORMAT) });
    let (some, none) = (GpuColorWrite::RED, GpuColorWrite::empty());
    let second = "@fragment fn f() -> @location(1) vec4f { return vec4f(1.0); }";
    let nothing = "@fragment fn f() {}";
    let cases = [
        (second, vec![masked(some), masked(some)], false),
        (second, vec![masked(none), masked(some)], true),
        (second, vec![None, masked(some)], true),
        // An output without a target goes nowhere.
        (second, vec![masked(none)], true),
        (nothing, vec![masked(some)], false),
        (nothing, vec![masked(GpuColorWrite::ALL)], false),
        (nothing, vec![masked(none)], true),
    ];
    for (code, targets, fits) in cases {
        let module = shader(&gpu, code);
        let what = format!("{code} with {targets:?}");
        check_fits(&gpu, fits, &what, || with_targets(&gpu, &module, targets)).await?;
    }
    Ok(())
}

async fn blending_by_alpha_wants_an_alpha() -> Outcome {
    use GpuBlendFactor as B;
    let gpu = Gpu::new().await?;
    let three = shader(&gpu, "@fragment fn f() -> @location(0) vec3f { return vec3f(1.0); }");
    let four = shader(&gpu, "@fragment fn f() -> @location(0) vec4f { return vec4f(1.0); }");
    // The format has no alpha that would have to be written.
    let format = GpuTextureFormat::Rg8unorm;
    let with = |module: &GpuShaderModule, src, dst| {
        let alpha = describe::blend(GpuBlendOperation::Add, B::One, B::Zero);
        let blend = GpuBlendState { color: describe::blend(GpuBlendOperation::Add, src, dst), alpha };
        let target = GpuColorTargetState { blend: Some(blend), ..describe::color_target(format) };
        with_targets(&gpu, module, vec![Some(target)])
    };
    for factor in [B::SrcAlpha, B::OneMinusSrcAlpha, B::SrcAlphaSaturated] {
        gpu.rejected(&format!("{factor:?} of three components"), || with(&three, factor, B::Zero)).await?;
        gpu.accepted(&format!("{factor:?} of four components"), || with(&four, factor, B::Zero)).await?;
        if !matches!(factor, B::SrcAlphaSaturated) {
            gpu.rejected(&format!("{factor:?} of what is there"), || with(&three, B::One, factor)).await?;
        }
    }
    for factor in [B::Src, B::OneMinusSrc, B::Dst, B::DstAlpha, B::Constant] {
        gpu.accepted(&format!("{factor:?} of three components"), || with(&three, factor, B::One)).await?;
    }
    Ok(())
}

const TWO_SOURCES: &str = "
    struct Out { @location(0) @blend_src(0) one: vec4f, @location(0) @blend_src(1) other: vec4f }
    @fragment fn f() -> Out { return Out(vec4f(1.0), vec4f(0.2, 0.4, 0.6, 1.0)); }
";

/// A target onto which the first source times the second is put.
fn by_second_source(factor: GpuBlendFactor) -> Option<GpuColorTargetState> {
    let color = describe::blend(GpuBlendOperation::Add, factor, GpuBlendFactor::Zero);
    let alpha = describe::blend(GpuBlendOperation::Add, GpuBlendFactor::One, GpuBlendFactor::Zero);
    Some(GpuColorTargetState { blend: Some(GpuBlendState { color, alpha }), ..describe::color_target(FORMAT) })
}

async fn two_sources_are_blended() -> Outcome {
    let gpu = Gpu::with(DeviceOptions::new().wish(GpuFeatureName::DualSourceBlending)).await?;
    if !gpu.has(GpuFeatureName::DualSourceBlending) {
        skip!("the adapter has no dual-source blending");
    }
    let canvas = Canvas::new(&gpu);
    let module = gpu.shader(&format!("enable dual_source_blending; {VERTEX} {TWO_SOURCES}"));
    let cases = [
        (GpuBlendFactor::Src1, [51, 102, 153, 255_u8]),
        (GpuBlendFactor::OneMinusSrc1, [204, 153, 102, 255]),
        (GpuBlendFactor::Src1Alpha, [255; 4]),
        (GpuBlendFactor::OneMinusSrc1Alpha, [0, 0, 0, 255]),
    ];
    for (factor, expected) in cases {
        let make = || with_targets(&gpu, &module, vec![by_second_source(factor)]);
        let pipeline = gpu.accepted(&format!("the pipeline with {factor:?}"), make).await?;
        canvas
            .draw(|pass| {
                pass.set_pipeline(&pipeline);
                pass.draw(3, None, None, None);
            })
            .await?;
        let pixels = canvas.pixels().await?;
        let near = |pixel: &[u8; 4]| pixel.iter().zip(expected).all(|(is, should)| is.abs_diff(should) <= 1);
        check!(pixels.iter().all(near), "{factor:?}: expected {expected:?} everywhere, got {:?}", pixels.first());
    }
    Ok(())
}

async fn two_sources_are_checked() -> Outcome {
    let gpu = Gpu::with(DeviceOptions::new().wish(GpuFeatureName::DualSourceBlending)).await?;
    if !gpu.has(GpuFeatureName::DualSourceBlending) {
        skip!("the adapter has no dual-source blending");
    }
    let two = gpu.shader(&format!("enable dual_source_blending; {VERTEX} {TWO_SOURCES}"));
    let one = shader(&gpu, "@fragment fn f() -> @location(0) vec4f { return vec4f(1.0); }");
    let second = || by_second_source(GpuBlendFactor::Src1);
    let first = || by_second_source(GpuBlendFactor::Src);
    let idle =
        || Some(GpuColorTargetState { write_mask: Some(GpuColorWrite::empty()), ..describe::color_target(FORMAT) });
    gpu.accepted("two sources, one of which is used", || with_targets(&gpu, &two, vec![first()])).await?;
    gpu.rejected("the second source of one", || with_targets(&gpu, &one, vec![second()])).await?;
    gpu.rejected("two sources and two targets", || with_targets(&gpu, &two, vec![second(), idle()])).await?;
    let wrong = [
        "struct Out { @location(0) @blend_src(0) one: vec4f }",
        "struct Out { @location(0) @blend_src(0) one: vec4f, @location(0) @blend_src(0) other: vec4f }",
        "struct Out { @location(0) @blend_src(0) one: vec4f, @location(0) @blend_src(2) other: vec4f }",
        "struct Out { @location(0) @blend_src(0) one: vec4f, @location(1) @blend_src(1) other: vec4f }",
        "struct Out { @location(1) @blend_src(0) one: vec4f, @location(1) @blend_src(1) other: vec4f }",
        "struct Out { @location(0) @blend_src(0) one: vec4f, @location(0) @blend_src(1) other: vec3f }",
        "struct Out { @location(0) @blend_src(0) one: vec4f, @location(0) @blend_src(1) other: vec4f, \
            @location(1) more: vec4f }",
    ];
    for output in wrong {
        let code = format!("enable dual_source_blending; {output} @fragment fn f() -> Out {{ var o: Out; return o; }}");
        gpu.rejected(output, || gpu.shader(&code)).await?;
    }
    Ok(())
}

async fn two_sources_want_their_feature() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = shader(&gpu, "@fragment fn f() -> @location(0) vec4f { return vec4f(1.0); }");
    let factors = [
        GpuBlendFactor::Src1,
        GpuBlendFactor::OneMinusSrc1,
        GpuBlendFactor::Src1Alpha,
        GpuBlendFactor::OneMinusSrc1Alpha,
    ];
    for factor in factors {
        let make = || with_targets(&gpu, &module, vec![by_second_source(factor)]);
        gpu.rejected(&format!("{factor:?} without its feature"), make).await?;
    }
    gpu.rejected("two sources without the directive", || shader(&gpu, TWO_SOURCES)).await?;
    Ok(())
}

async fn depth_bias_is_for_triangles() -> Outcome {
    use GpuPrimitiveTopology as T;
    let gpu = Gpu::new().await?;
    let module = shader(&gpu, "@fragment fn f() -> @location(0) vec4f { return vec4f(1.0); }");
    let plain = describe::depth_state(GpuTextureFormat::Depth32float, GpuCompareFunction::Less);
    let zero = GpuDepthStencilState {
        depth_bias: Some(0),
        depth_bias_slope_scale: Some(0.0),
        depth_bias_clamp: Some(0.0),
        ..plain
    };
    let biased = [
        GpuDepthStencilState { depth_bias: Some(1), ..plain },
        GpuDepthStencilState { depth_bias_slope_scale: Some(-1.5), ..plain },
        GpuDepthStencilState { depth_bias_clamp: Some(0.5), ..plain },
    ];
    let with = |topology, depth| {
        gpu.device.create_render_pipeline(GpuRenderPipelineDescriptor {
            primitive: Some(describe::primitive(topology)),
            depth_stencil: Some(depth),
            ..describe::render_pipeline(&module, FORMAT)
        })
    };
    for topology in [T::PointList, T::LineList, T::LineStrip, T::TriangleList, T::TriangleStrip] {
        let fits = matches!(topology, T::TriangleList | T::TriangleStrip);
        gpu.accepted(&format!("{topology:?} with a bias of zero"), || with(topology, zero)).await?;
        for depth in biased {
            check_fits(&gpu, fits, &format!("{topology:?} with {depth:?}"), || with(topology, depth)).await?;
        }
    }
    Ok(())
}

async fn depth_comparison_may_be_left_out() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = shader(&gpu, "@fragment fn f() -> @location(0) vec4f { return vec4f(1.0); }");
    let plain = GpuDepthStencilState {
        depth_write_enabled: Some(false),
        depth_compare: None,
        ..describe::depth_state(GpuTextureFormat::Depth24plusStencil8, GpuCompareFunction::Less)
    };
    let face = |depth_fail_op| {
        Some(GpuStencilFaceState { compare: None, fail_op: None, depth_fail_op: Some(depth_fail_op), pass_op: None })
    };
    let (keep, zero) = (GpuStencilOperation::Keep, GpuStencilOperation::Zero);
    let cases = [
        (plain, true),
        (GpuDepthStencilState { stencil_front: face(keep), stencil_back: face(keep), ..plain }, true),
        // What is to happen when the comparison fails wants a comparison.
        (GpuDepthStencilState { stencil_front: face(zero), ..plain }, false),
        (GpuDepthStencilState { stencil_back: face(zero), ..plain }, false),
        (GpuDepthStencilState { depth_write_enabled: Some(true), ..plain }, false),
        (
            GpuDepthStencilState {
                depth_write_enabled: None,
                depth_compare: Some(GpuCompareFunction::Always),
                ..plain
            },
            false,
        ),
    ];
    for (depth, fits) in cases {
        let make = || {
            let depth_stencil = Some(depth);
            let descriptor =
                GpuRenderPipelineDescriptor { depth_stencil, ..describe::render_pipeline(&module, FORMAT) };
            gpu.device.create_render_pipeline(descriptor)
        };
        check_fits(&gpu, fits, &format!("{depth:?}"), make).await?;
    }
    Ok(())
}

/// A fragment shader that takes a texture and a sampler, and reads in some way.
fn reader(gpu: &Gpu, read: &str) -> GpuShaderModule {
    let code = "@group(0) @binding(0) var t: texture_2d<f32>; @group(0) @binding(1) var s: sampler;";
    shader(gpu, &format!("{code} @fragment fn f() -> @location(0) vec4f {{ {read} }}"))
}

async fn filtering_wants_a_filterable_texture() -> Outcome {
    let gpu = Gpu::new().await?;
    let stage = GpuShaderStage::FRAGMENT;
    let sample = "return textureSample(t, s, vec2f());";
    let gather = "return textureGather(0, t, s, vec2f());";
    let apart = "_ = s; return textureLoad(t, vec2i(), 0);";
    let (float, unfilterable) = (GpuTextureSampleType::Float, GpuTextureSampleType::UnfilterableFloat);
    let (filtering, plain) = (GpuSamplerBindingType::Filtering, GpuSamplerBindingType::NonFiltering);
    let cases = [
        (sample, float, filtering, true),
        (sample, float, plain, true),
        (sample, unfilterable, plain, true),
        (sample, unfilterable, filtering, false),
        (gather, unfilterable, filtering, false),
        ("return textureSampleLevel(t, s, vec2f(), 0);", unfilterable, filtering, false),
        // They never meet.
        (apart, unfilterable, filtering, true),
    ];
    for (read, texture, sampler, fits) in cases {
        let module = reader(&gpu, read);
        let entries = vec![describe::texture_entry(0, stage, texture), describe::sampler_entry(1, stage, sampler)];
        let group = gpu.device.create_bind_group_layout(&describe::bind_group_layout(entries));
        let layout = gpu.device.create_pipeline_layout(&describe::pipeline_layout(&[&group]));
        let make = || {
            let layout = GpuLayoutMode::Specific(&layout);
            let descriptor = GpuRenderPipelineDescriptor { layout, ..describe::render_pipeline(&module, FORMAT) };
            gpu.device.create_render_pipeline(descriptor)
        };
        check_fits(&gpu, fits, &format!("{read} with {texture:?} and {sampler:?}"), make).await?;
    }
    Ok(())
}

async fn implied_layouts_want_a_filterable_texture() -> Outcome {
    let gpu = Gpu::new().await?;
    let texture =
        |format| gpu.device.create_texture(&describe::texture_2d(format, 4, 4, GpuTextureUsage::TEXTURE_BINDING));
    let (filterable, unfilterable) = (texture(FORMAT), texture(GpuTextureFormat::R32float));
    let sampler = gpu.device.create_sampler(None);
    let cases = [
        ("return textureSample(t, s, vec2f());", &filterable, true),
        ("return textureSample(t, s, vec2f());", &unfilterable, false),
        ("_ = s; return textureLoad(t, vec2i(), 0);", &unfilterable, true),
    ];
    for (read, texture, fits) in cases {
        let module = reader(&gpu, read);
        let pipeline = gpu.device.create_render_pipeline(describe::render_pipeline(&module, FORMAT));
        let layout = pipeline.get_bind_group_layout(0);
        let make = || {
            let entries = vec![describe::texture_binding(0, texture), describe::sampler_binding(1, &sampler)];
            gpu.device.create_bind_group(&describe::bind_group(&layout, entries))
        };
        check_fits(&gpu, fits, &format!("{read} of {:?}", texture.format()), make).await?;
    }
    Ok(())
}
