//! Samplers, and what they read.

use wardian_guest::describe;
use wardian_guest::webgpu::*;

use crate::Outcome;
use crate::support::Gpu;

programs! { "sampler":
    defaults_are_accepted,
    all_modes_are_accepted,
    clamps_are_checked,
    anisotropy_is_checked,
    filters_do_what_they_say,
}

fn plain() -> GpuSamplerDescriptor {
    describe::sampler(GpuFilterMode::Linear)
}

async fn defaults_are_accepted() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.accepted("a sampler with none", || gpu.device.create_sampler(None)).await?;
    gpu.accepted("a linear sampler", || gpu.device.create_sampler(Some(&plain()))).await?;
    Ok(())
}

async fn all_modes_are_accepted() -> Outcome {
    let gpu = Gpu::new().await?;
    for mode in [GpuAddressMode::ClampToEdge, GpuAddressMode::Repeat, GpuAddressMode::MirrorRepeat] {
        let descriptor = GpuSamplerDescriptor {
            address_mode_u: Some(mode),
            address_mode_v: Some(mode),
            address_mode_w: Some(mode),
            ..plain()
        };
        gpu.accepted(&format!("{mode:?}"), || gpu.device.create_sampler(Some(&descriptor))).await?;
    }
    let functions = [
        GpuCompareFunction::Never,
        GpuCompareFunction::Less,
        GpuCompareFunction::Equal,
        GpuCompareFunction::LessEqual,
        GpuCompareFunction::Greater,
        GpuCompareFunction::NotEqual,
        GpuCompareFunction::GreaterEqual,
        GpuCompareFunction::Always,
    ];
    for function in functions {
        let descriptor = GpuSamplerDescriptor { compare: Some(function), ..plain() };
        gpu.accepted(&format!("{function:?}"), || gpu.device.create_sampler(Some(&descriptor))).await?;
    }
    Ok(())
}

async fn clamps_are_checked() -> Outcome {
    let gpu = Gpu::new().await?;
    let with = |least, most| GpuSamplerDescriptor { lod_min_clamp: least, lod_max_clamp: most, ..plain() };
    for descriptor in [with(Some(0.0), Some(0.0)), with(Some(2.5), Some(1000.0)), with(Some(32.0), None)] {
        gpu.accepted(&format!("{descriptor:?}"), || gpu.device.create_sampler(Some(&descriptor))).await?;
    }
    let wrong = [
        with(Some(-1.0), None),
        with(Some(2.0), Some(1.0)),
        with(None, Some(-1.0)),
        with(Some(33.0), None),
        with(Some(f32::NAN), None),
        with(None, Some(f32::NAN)),
    ];
    for descriptor in wrong {
        gpu.rejected(&format!("{descriptor:?}"), || gpu.device.create_sampler(Some(&descriptor))).await?;
    }
    Ok(())
}

async fn anisotropy_is_checked() -> Outcome {
    let gpu = Gpu::new().await?;
    let with = |anisotropy| GpuSamplerDescriptor { max_anisotropy: Some(anisotropy), ..plain() };
    // More than what the hardware can is quietly what it can.
    for anisotropy in [1, 2, 16, 1000, u16::MAX] {
        let what = format!("anisotropy {anisotropy}");
        gpu.accepted(&what, || gpu.device.create_sampler(Some(&with(anisotropy)))).await?;
    }
    gpu.rejected("anisotropy 0", || gpu.device.create_sampler(Some(&with(0)))).await?;
    let wrong = [
        GpuSamplerDescriptor { mag_filter: Some(GpuFilterMode::Nearest), ..with(4) },
        GpuSamplerDescriptor { min_filter: None, ..with(4) },
        GpuSamplerDescriptor { mipmap_filter: Some(GpuMipmapFilterMode::Nearest), ..with(4) },
    ];
    for descriptor in wrong {
        gpu.rejected(&format!("{descriptor:?}"), || gpu.device.create_sampler(Some(&descriptor))).await?;
    }
    Ok(())
}

async fn filters_do_what_they_say() -> Outcome {
    let gpu = Gpu::new().await?;
    let usage = GpuTextureUsage::TEXTURE_BINDING | GpuTextureUsage::COPY_DST;
    let texture = gpu.device.create_texture(&describe::texture_2d(GpuTextureFormat::R8unorm, 2, 1, usage));
    let (target, layout) = (describe::texel_texture(&texture), describe::texel_layout(2, 1));
    gpu.queue.write_texture_with_copy(&target, &[0, 255], layout, describe::extent(2, 1));
    let module = gpu.shader(
        "@group(0) @binding(0) var t: texture_2d<f32>;
         @group(0) @binding(1) var s: sampler;
         @group(0) @binding(2) var<storage, read_write> out: array<f32, 2>;
         @compute @workgroup_size(1) fn main() {
             out[0] = textureSampleLevel(t, s, vec2f(0.5, 0.5), 0).r;
             out[1] = textureSampleLevel(t, s, vec2f(1.25, 0.5), 0).r;
         }",
    );
    let pipeline = gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
    let layout = pipeline.get_bind_group_layout(0);
    let nearest = describe::sampler(GpuFilterMode::Nearest);
    let repeat = GpuSamplerDescriptor { address_mode_u: Some(GpuAddressMode::Repeat), ..plain() };
    // In the middle of both texels; then beyond the edge, on the last texel or on the first one again.
    for (descriptor, expected) in [(nearest, [1.0, 1.0]), (plain(), [0.5, 1.0]), (repeat, [0.5, 0.0])] {
        let sampler = gpu.device.create_sampler(Some(&descriptor));
        let out = gpu.buffer(8, GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_SRC);
        let entries = vec![
            describe::texture_binding(0, &texture),
            describe::sampler_binding(1, &sampler),
            describe::buffer_binding(2, &out),
        ];
        let group = gpu.device.create_bind_group(&describe::bind_group(&layout, entries));
        let encoder = gpu.encoder();
        let pass = encoder.begin_compute_pass(None);
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, Some(&group), None, None, None)?;
        pass.dispatch_workgroups(1, None, None);
        pass.end();
        gpu.accepted("sampling", || gpu.submit(&encoder)).await?;
        let seen: Vec<f32> = gpu.words_of(&out).await?.into_iter().map(f32::from_bits).collect();
        for (seen, expected) in seen.into_iter().zip(expected) {
            check!((seen - expected).abs() < 0.01, "{descriptor:?}: expected about {expected}, got {seen}");
        }
    }
    Ok(())
}
