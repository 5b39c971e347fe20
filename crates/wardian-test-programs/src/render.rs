//! Render passes: pictures are drawn and read back.

use wardian_guest::webgpu::*;
use wardian_guest::{DeviceOptions, buffer_with_data, describe};

use crate::Outcome;
use crate::canvas::{BLACK, Canvas, DARK, FILL, FORMAT, TARGET, WHITE, depth_pass, diagonal, dots, pipeline, points};
use crate::support::{Gpu, bytes_of};

programs! { "render":
    clear_color_fills_the_target,
    load_keeps_the_target,
    triangle_covers_its_half,
    vertex_and_index_buffers_are_read,
    vertex_buffer_range_is_read,
    instances_are_drawn,
    indirect_draws_read_their_buffer,
    first_instance_wants_its_feature,
    viewport_moves_the_picture,
    scissor_cuts_the_picture,
    blend_constant_is_blended,
    blend_constant_starts_at_zero,
    write_mask_keeps_channels,
    depth_test_hides_what_is_behind,
    stencil_test_masks,
    samples_are_resolved,
    several_targets_are_written,
    slices_of_3d_are_targets,
    bind_groups_and_immediates_reach_shaders,
    compressed_texture_is_sampled,
}

async fn clear_color_fills_the_target() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let encoder = gpu.encoder();
    let color = describe::color(1.0, 0.5, 0.0, 2.0);
    encoder.begin_render_pass(&describe::render_pass(vec![describe::cleared(&canvas.view, color)])).end();
    gpu.accepted("the pass", || gpu.submit(&encoder)).await?;
    for pixel in canvas.pixels().await? {
        let [r, g, b, a] = pixel;
        check!(r == 255 && (127..=128).contains(&g) && b == 0 && a == 255, "expected orange, got {pixel:?}");
    }
    Ok(())
}

async fn load_keeps_the_target() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    canvas.draw(|_| {}).await?;
    let pipeline = pipeline(&gpu, FILL);
    let encoder = gpu.encoder();
    let pass = encoder.begin_render_pass(&describe::render_pass(vec![describe::loaded(&canvas.view)]));
    pass.set_pipeline(&pipeline);
    pass.set_scissor_rect(0, 0, 8, 1);
    pass.draw(3, None, None, None);
    pass.end();
    gpu.accepted("the pass", || gpu.submit(&encoder)).await?;
    let picture = canvas.picture().await?;
    check_eq!(picture.first().map(String::as_str), Some("########"), "first row");
    check_eq!(picture.last().map(String::as_str), Some("........"), "last row");
    let discard =
        GpuRenderPassColorAttachment { store_op: GpuStoreOp::Discard, ..describe::cleared(&canvas.view, BLACK) };
    let encoder = gpu.encoder();
    encoder.begin_render_pass(&describe::render_pass(vec![discard])).end();
    gpu.accepted("discarding", || gpu.submit(&encoder)).await?;
    check_eq!(canvas.pixels().await?, [[0; 4]; 64], "what was discarded reads as zeros");
    Ok(())
}

async fn triangle_covers_its_half() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let pipeline = pipeline(
        &gpu,
        "@vertex fn v(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
             // One corner off, so that no pixel's centre lies on an edge.
             return vec4f(f32(i % 2) * 2.1 - 1, 1 - f32(i / 2) * 2.1, 0, 1);
         }
         @fragment fn f() -> @location(0) vec4f { return vec4f(1.0); }",
    );
    canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.draw(3, None, None, None);
        })
        .await?;
    let expected = ["########", "#######.", "######..", "#####...", "####....", "###.....", "##......", "#......."];
    check_eq!(canvas.picture().await?, expected, "the triangle");
    Ok(())
}

async fn vertex_and_index_buffers_are_read() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let (pipeline, vertices) = (points(&gpu, GpuVertexStepMode::Vertex), diagonal(&gpu)?);
    let narrow = buffer_with_data(&gpu.device, &[9, 0, 1, 0, 3, 0, 6, 0], GpuBufferUsage::INDEX)?;
    let wide = gpu.buffer_of(&[0, 5], GpuBufferUsage::INDEX)?;
    canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.set_vertex_buffer(0, Some(&vertices), None, None);
            pass.set_index_buffer(&narrow, GpuIndexFormat::Uint16, Some(2), Some(6));
            pass.draw_indexed(2, None, Some(1), None, None);
            pass.set_index_buffer(&wide, GpuIndexFormat::Uint32, None, None);
            pass.draw_indexed(1, Some(1), Some(1), Some(2), Some(0));
            pass.draw_indexed(1, None, Some(1), Some(-5), None);
        })
        .await?;
    check_eq!(canvas.picture().await?, dots(&[0, 3, 6, 7]), "points by index");
    Ok(())
}

async fn vertex_buffer_range_is_read() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let (pipeline, vertices) = (points(&gpu, GpuVertexStepMode::Vertex), diagonal(&gpu)?);
    canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.set_vertex_buffer(0, Some(&vertices), Some(16), Some(8));
            pass.draw(1, None, None, None);
            pass.set_vertex_buffer(0, None, None, None);
            pass.set_vertex_buffer(0, Some(&vertices), Some(48), None);
            pass.draw(1, None, Some(1), None);
            // Nothing to read is enough for nothing to draw.
            pass.set_vertex_buffer(0, Some(&vertices), Some(64), Some(0));
            pass.draw(0, None, None, None);
        })
        .await?;
    check_eq!(canvas.picture().await?, dots(&[2, 7]), "points out of ranges");
    let too_short = |encoder: &GpuCommandEncoder| {
        canvas.record(encoder, |pass| {
            pass.set_pipeline(&pipeline);
            pass.set_vertex_buffer(0, Some(&vertices), Some(0), Some(8));
            pass.draw(2, None, None, None);
        });
    };
    gpu.rejected_by_finish("a draw beyond the range", too_short).await?;
    Ok(())
}

async fn instances_are_drawn() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let (pipeline, instances) = (points(&gpu, GpuVertexStepMode::Instance), diagonal(&gpu)?);
    canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.set_vertex_buffer(0, Some(&instances), None, None);
            pass.draw(1, Some(2), None, None);
            pass.draw(1, Some(2), None, Some(5));
        })
        .await?;
    check_eq!(canvas.picture().await?, dots(&[0, 1, 5, 6]), "instances");
    Ok(())
}

async fn indirect_draws_read_their_buffer() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let (pipeline, vertices) = (points(&gpu, GpuVertexStepMode::Vertex), diagonal(&gpu)?);
    let indices = gpu.buffer_of(&[0, 1, 2, 3], GpuBufferUsage::INDEX)?;
    let direct = gpu.buffer_of(&[99, 2, 1, 6, 0], GpuBufferUsage::INDIRECT)?;
    let indexed = gpu.buffer_of(&[2, 1, 1, 1, 0], GpuBufferUsage::INDIRECT)?;
    canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.set_vertex_buffer(0, Some(&vertices), None, None);
            pass.set_index_buffer(&indices, GpuIndexFormat::Uint32, None, None);
            pass.draw_indirect(&direct, 4);
            pass.draw_indexed_indirect(&indexed, 0);
        })
        .await?;
    check_eq!(canvas.picture().await?, dots(&[2, 3, 6, 7]), "points drawn by arguments in buffers");
    Ok(())
}

async fn first_instance_wants_its_feature() -> Outcome {
    for feature in [false, true] {
        let wanted = DeviceOptions::new();
        let wanted = if feature { wanted.wish(GpuFeatureName::IndirectFirstInstance) } else { wanted };
        let gpu = Gpu::with(wanted).await?;
        if feature && !gpu.has(GpuFeatureName::IndirectFirstInstance) {
            skip!("the adapter has no indirect-first-instance");
        }
        let canvas = Canvas::new(&gpu);
        let (pipeline, instances) = (points(&gpu, GpuVertexStepMode::Instance), diagonal(&gpu)?);
        let arguments = gpu.buffer_of(&[1, 1, 0, 4], GpuBufferUsage::INDIRECT)?;
        canvas
            .draw(|pass| {
                pass.set_pipeline(&pipeline);
                pass.set_vertex_buffer(0, Some(&instances), None, None);
                pass.draw_indirect(&arguments, 0);
            })
            .await?;
        let expected = if feature { dots(&[4]) } else { dots(&[]) };
        check_eq!(canvas.picture().await?, expected, "an instance from 4 on, feature {feature}");
    }
    Ok(())
}

async fn viewport_moves_the_picture() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let pipeline = pipeline(&gpu, FILL);
    canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.set_viewport(2.0, 1.0, 4.0, 2.0, 0.0, 1.0);
            pass.draw(3, None, None, None);
        })
        .await?;
    let (empty, some) = ("........", "..####..");
    check_eq!(canvas.picture().await?, [empty, some, some, empty, empty, empty, empty, empty], "the picture");
    Ok(())
}

async fn scissor_cuts_the_picture() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let pipeline = pipeline(&gpu, FILL);
    canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.set_scissor_rect(8, 8, 0, 0);
            pass.draw(3, None, None, None);
            pass.set_scissor_rect(5, 6, 3, 2);
            pass.draw(3, None, None, None);
        })
        .await?;
    let (empty, some) = ("........", ".....###");
    check_eq!(canvas.picture().await?, [empty, empty, empty, empty, empty, empty, some, some], "the picture");
    Ok(())
}

fn blending(gpu: &Gpu, source: GpuBlendFactor) -> GpuRenderPipeline {
    let module = gpu.shader(FILL);
    let part = describe::blend(GpuBlendOperation::Add, source, GpuBlendFactor::Zero);
    let blend = Some(GpuBlendState { color: part, alpha: part });
    let target = GpuColorTargetState { blend, ..describe::color_target(FORMAT) };
    let fragment = Some(describe::fragment_state(&module, vec![Some(target)]));
    let descriptor = GpuRenderPipelineDescriptor { fragment, ..describe::render_pipeline(&module, FORMAT) };
    gpu.device.create_render_pipeline(descriptor)
}

async fn blend_constant_is_blended() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let (plain, inverse) = (blending(&gpu, GpuBlendFactor::Constant), blending(&gpu, GpuBlendFactor::OneMinusConstant));
    canvas
        .draw(|pass| {
            pass.set_blend_constant(describe::color(1.0, 0.0, 0.2, 1.0));
            pass.set_pipeline(&plain);
            pass.draw(3, None, None, None);
            pass.set_pipeline(&inverse);
            pass.set_scissor_rect(0, 0, 1, 1);
            pass.draw(3, None, None, None);
        })
        .await?;
    let pixels = canvas.pixels().await?;
    check_eq!(pixels.last(), Some(&[255, 0, 51, 255]), "white by the constant");
    check_eq!(pixels.first(), Some(&[0, 255, 204, 0]), "white by one minus the constant");
    Ok(())
}

async fn blend_constant_starts_at_zero() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let pipeline = blending(&gpu, GpuBlendFactor::Constant);
    canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            pass.draw(3, None, None, None);
        })
        .await?;
    check_eq!(canvas.pixels().await?, [[0; 4]; 64], "white by a constant that was never set");
    Ok(())
}

async fn write_mask_keeps_channels() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(FILL);
    let masks = [
        (Some(GpuColorWrite::GREEN | GpuColorWrite::ALPHA), [0, 255, 0, 255]),
        (Some(GpuColorWrite::empty()), DARK),
        (Some(GpuColorWrite::ALL), WHITE),
        (Some(describe::all_channels()), WHITE),
        (None, WHITE),
    ];
    for (write_mask, expected) in masks {
        let target = GpuColorTargetState { write_mask, ..describe::color_target(FORMAT) };
        let fragment = Some(describe::fragment_state(&module, vec![Some(target)]));
        let descriptor = GpuRenderPipelineDescriptor { fragment, ..describe::render_pipeline(&module, FORMAT) };
        let pipeline = gpu.device.create_render_pipeline(descriptor);
        let canvas = Canvas::new(&gpu);
        canvas
            .draw(|pass| {
                pass.set_pipeline(&pipeline);
                pass.draw(3, None, None, None);
            })
            .await?;
        check_eq!(canvas.pixels().await?, [expected; 64], "white through {write_mask:?}");
    }
    Ok(())
}

async fn depth_test_hides_what_is_behind() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let format = GpuTextureFormat::Depth32float;
    let usage = GpuTextureUsage::RENDER_ATTACHMENT;
    let view = gpu.device.create_texture(&describe::texture_2d(format, 8, 8, usage)).create_view(None);
    let module = gpu.shader(FILL);
    let with = |compare| {
        let depth_stencil = Some(describe::depth_state(format, compare));
        let descriptor = GpuRenderPipelineDescriptor { depth_stencil, ..describe::render_pipeline(&module, FORMAT) };
        gpu.device.create_render_pipeline(descriptor)
    };
    let (less, equal) = (with(GpuCompareFunction::Less), with(GpuCompareFunction::Equal));
    let encoder = gpu.encoder();
    let pass = encoder.begin_render_pass(&depth_pass(&canvas, describe::depth_cleared(&view, 0.25)));
    // The triangle's depth is 0.5: behind 0.25, in front once the viewport brings it forward.
    pass.set_pipeline(&less);
    pass.set_scissor_rect(0, 0, 8, 4);
    pass.draw(3, None, None, None);
    pass.set_viewport(0.0, 0.0, 8.0, 8.0, 0.0, 0.25);
    pass.set_scissor_rect(0, 4, 8, 2);
    pass.draw(3, None, None, None);
    pass.end();
    let kept = GpuRenderPassDepthStencilAttachment {
        depth_clear_value: None,
        depth_load_op: None,
        depth_store_op: None,
        depth_read_only: Some(true),
        ..describe::depth_cleared(&view, 0.0)
    };
    gpu.accepted("the first pass", || gpu.submit(&encoder)).await?;
    let (empty, full) = ("........", "########");
    let expected = [empty, empty, empty, empty, full, full, empty, empty];
    check_eq!(canvas.picture().await?, expected, "what was in front");
    let encoder = gpu.encoder();
    let pass = encoder.begin_render_pass(&depth_pass(&canvas, kept));
    pass.set_pipeline(&equal);
    pass.end();
    gpu.rejected("writing depth that is read only", || encoder.finish(None)).await?;
    Ok(())
}

async fn stencil_test_masks() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let format = GpuTextureFormat::Stencil8;
    let usage = GpuTextureUsage::RENDER_ATTACHMENT;
    let view = gpu.device.create_texture(&describe::texture_2d(format, 8, 8, usage)).create_view(None);
    let module = gpu.shader(FILL);
    let with = |compare, pass_op, write_mask| {
        let face =
            GpuStencilFaceState { compare: Some(compare), fail_op: None, depth_fail_op: None, pass_op: Some(pass_op) };
        let depth_stencil = Some(GpuDepthStencilState {
            depth_write_enabled: None,
            depth_compare: None,
            stencil_front: Some(face),
            stencil_back: Some(face),
            ..describe::depth_state(format, GpuCompareFunction::Always)
        });
        let target = GpuColorTargetState { write_mask, ..describe::color_target(FORMAT) };
        let fragment = Some(describe::fragment_state(&module, vec![Some(target)]));
        let plain = describe::render_pipeline(&module, FORMAT);
        gpu.device.create_render_pipeline(GpuRenderPipelineDescriptor { depth_stencil, fragment, ..plain })
    };
    let mark = with(GpuCompareFunction::Always, GpuStencilOperation::Replace, Some(GpuColorWrite::empty()));
    let test = with(GpuCompareFunction::Equal, GpuStencilOperation::Keep, None);
    let stencil = GpuRenderPassDepthStencilAttachment {
        depth_clear_value: None,
        depth_load_op: None,
        depth_store_op: None,
        stencil_clear_value: Some(7),
        stencil_load_op: Some(GpuLoadOp::Clear),
        stencil_store_op: Some(GpuStoreOp::Discard),
        ..describe::depth_cleared(&view, 0.0)
    };
    let encoder = gpu.encoder();
    let pass = encoder.begin_render_pass(&depth_pass(&canvas, stencil));
    pass.set_pipeline(&mark);
    pass.set_scissor_rect(0, 0, 8, 1);
    // The reference is 0 until it is set.
    pass.draw(3, None, None, None);
    pass.set_scissor_rect(2, 1, 3, 1);
    pass.set_stencil_reference(42);
    pass.draw(3, None, None, None);
    pass.set_scissor_rect(0, 0, 8, 8);
    pass.set_pipeline(&test);
    pass.draw(3, None, None, None);
    pass.set_stencil_reference(7);
    pass.set_scissor_rect(0, 7, 8, 1);
    pass.draw(3, None, None, None);
    pass.end();
    gpu.accepted("the pass", || gpu.submit(&encoder)).await?;
    let empty = "........";
    let expected = [empty, "..###...", empty, empty, empty, empty, empty, "########"];
    check_eq!(canvas.picture().await?, expected, "what the stencil let through");
    Ok(())
}

async fn samples_are_resolved() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let usage = GpuTextureUsage::RENDER_ATTACHMENT;
    let many = GpuTextureDescriptor { sample_count: Some(4), ..describe::texture_2d(FORMAT, 8, 8, usage) };
    let view = gpu.device.create_texture(&many).create_view(None);
    let module = gpu.shader(FILL);
    let descriptor = GpuRenderPipelineDescriptor {
        // Two of four samples.
        multisample: Some(GpuMultisampleState { mask: Some(0b0101), ..describe::multisample(4) }),
        ..describe::render_pipeline(&module, FORMAT)
    };
    let pipeline = gpu.device.create_render_pipeline(descriptor);
    let attachment = GpuRenderPassColorAttachment {
        resolve_target: Some(&canvas.view),
        store_op: GpuStoreOp::Discard,
        ..describe::cleared(&view, BLACK)
    };
    let encoder = gpu.encoder();
    let pass = encoder.begin_render_pass(&describe::render_pass(vec![attachment]));
    pass.set_pipeline(&pipeline);
    pass.draw(3, None, None, None);
    pass.end();
    gpu.accepted("the pass", || gpu.submit(&encoder)).await?;
    for [r, _, _, a] in canvas.pixels().await? {
        check!((126..=129).contains(&r) && a == 255, "expected half of white over black, got {r} with alpha {a}");
    }
    Ok(())
}

async fn several_targets_are_written() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let words = gpu.device.create_texture(&describe::texture_2d(GpuTextureFormat::R32uint, 8, 8, TARGET));
    let view = words.create_view(None);
    let module = gpu.shader(
        "@vertex fn v(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
             return vec4f(f32(i % 2) * 4 - 1, f32(i / 2) * 4 - 1, 0, 1);
         }
         struct Out { @location(0) color: vec4f, @location(2) word: u32 }
         @fragment fn f(@builtin(position) p: vec4f) -> Out { return Out(vec4f(1.0), u32(p.x) + 100); }",
    );
    let targets =
        vec![Some(describe::color_target(FORMAT)), None, Some(describe::color_target(GpuTextureFormat::R32uint))];
    let fragment = Some(describe::fragment_state(&module, targets));
    let descriptor = GpuRenderPipelineDescriptor { fragment, ..describe::render_pipeline(&module, FORMAT) };
    let pipeline = gpu.accepted("the pipeline", || gpu.device.create_render_pipeline(descriptor)).await?;
    let mut descriptor = describe::render_pass(vec![describe::cleared(&canvas.view, BLACK)]);
    descriptor.color_attachments.push(None);
    descriptor.color_attachments.push(Some(describe::cleared(&view, describe::color(7.0, 0.0, 0.0, 0.0))));
    let encoder = gpu.encoder();
    let pass = encoder.begin_render_pass(&descriptor);
    pass.set_pipeline(&pipeline);
    pass.set_scissor_rect(0, 0, 4, 8);
    pass.draw(3, None, None, None);
    pass.end();
    gpu.accepted("the pass", || gpu.submit(&encoder)).await?;
    check_eq!(canvas.picture().await?, ["####...."; 8], "the first target");
    let seen = crate::support::words_of(&gpu.texels_of(&words, 4).await?);
    check_eq!(seen.get(..8), Some([100, 101, 102, 103, 7, 7, 7, 7].as_slice()), "a row of the third target");
    Ok(())
}

async fn slices_of_3d_are_targets() -> Outcome {
    let gpu = Gpu::new().await?;
    let texture = gpu.device.create_texture(&GpuTextureDescriptor {
        size: describe::extent_3d(4, 4, 3),
        dimension: Some(GpuTextureDimension::D3),
        ..describe::texture_2d(FORMAT, 4, 4, TARGET)
    });
    let view = texture.create_view(None);
    let at = |depth_slice| GpuRenderPassColorAttachment { depth_slice, ..describe::cleared(&view, BLACK) };
    let encoder = gpu.encoder();
    encoder.begin_render_pass(&describe::render_pass(vec![at(Some(0)), at(Some(2))])).end();
    gpu.accepted("two slices", || gpu.submit(&encoder)).await?;
    check_eq!(gpu.texels_of(&texture, 4).await?.first_chunk(), Some(&DARK), "first texel of the first slice");
    let wrong = [vec![at(None)], vec![at(Some(3))], vec![at(Some(u32::MAX))], vec![at(Some(1)), at(Some(1))]];
    for attachments in wrong {
        let what = format!("slices {:?}", attachments.iter().map(|a| a.depth_slice).collect::<Vec<_>>());
        let pass = |encoder: &GpuCommandEncoder| {
            encoder.begin_render_pass(&describe::render_pass(attachments)).end();
        };
        gpu.rejected_by_finish(&what, pass).await?;
    }
    Ok(())
}

async fn bind_groups_and_immediates_reach_shaders() -> Outcome {
    let gpu = Gpu::new().await?;
    if gpu.device.limits().max_immediate_size() == 0 {
        skip!("the adapter has no immediates");
    }
    let canvas = Canvas::new(&gpu);
    let module = gpu.shader(
        "@group(0) @binding(0) var<uniform> base: vec4f;
         var<immediate> factor: vec4f;
         @vertex fn v(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
             return vec4f(f32(i % 2) * 4 - 1, f32(i / 2) * 4 - 1, 0, 1);
         }
         @fragment fn f() -> @location(0) vec4f { return base * factor; }",
    );
    let entry = describe::dynamic_buffer_entry(0, GpuShaderStage::FRAGMENT, GpuBufferBindingType::Uniform);
    let layout = gpu.device.create_bind_group_layout(&describe::bind_group_layout(vec![entry]));
    let pipeline_layout =
        GpuPipelineLayoutDescriptor { immediate_size: Some(16), ..describe::pipeline_layout(&[&layout]) };
    let pipeline_layout = gpu.device.create_pipeline_layout(&pipeline_layout);
    let descriptor = GpuRenderPipelineDescriptor {
        layout: GpuLayoutMode::Specific(&pipeline_layout),
        ..describe::render_pipeline(&module, FORMAT)
    };
    let pipeline = gpu.accepted("the pipeline", || gpu.device.create_render_pipeline(descriptor)).await?;
    let one = 1.0_f32.to_bits();
    let mut words = [0; 68];
    words[64..].copy_from_slice(&[one, one, 0, one]);
    let buffer = gpu.buffer_of(&words, GpuBufferUsage::UNIFORM)?;
    let group = describe::bind_group(&layout, vec![describe::buffer_range_binding(0, &buffer, 0, 16)]);
    let group = gpu.device.create_bind_group(&group);
    canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            drop(pass.set_bind_group(0, Some(&group), Some(&[256]), None, None));
            pass.set_immediates(0, &bytes_of(&[one, 0, one, one]), None, None);
            pass.draw(3, None, None, None);
        })
        .await?;
    check_eq!(canvas.pixels().await?, [[255, 0, 0, 255]; 64], "yellow times magenta");
    Ok(())
}

async fn compressed_texture_is_sampled() -> Outcome {
    let gpu = Gpu::with(DeviceOptions::new().wish(GpuFeatureName::TextureCompressionBc)).await?;
    if !gpu.has(GpuFeatureName::TextureCompressionBc) {
        skip!("the adapter has no BC formats");
    }
    let usage = GpuTextureUsage::TEXTURE_BINDING | GpuTextureUsage::COPY_DST;
    let texture = gpu.device.create_texture(&describe::texture_2d(GpuTextureFormat::Bc1RgbaUnorm, 4, 4, usage));
    // Both ends of the block's colours are pure red, and all texels take the first.
    let (target, layout) = (describe::texel_texture(&texture), describe::texel_layout(8, 1));
    gpu.queue.write_texture_with_copy(&target, &[0, 0xf8, 0, 0xf8, 0, 0, 0, 0], layout, describe::extent(4, 4));
    let pipeline = pipeline(
        &gpu,
        "@group(0) @binding(0) var t: texture_2d<f32>;
         @vertex fn v(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
             return vec4f(f32(i % 2) * 4 - 1, f32(i / 2) * 4 - 1, 0, 1);
         }
         @fragment fn f(@builtin(position) p: vec4f) -> @location(0) vec4f { return textureLoad(t, vec2u(p.xy / 2), 0); }",
    );
    let group_layout = pipeline.get_bind_group_layout(0);
    let group = describe::bind_group(&group_layout, vec![describe::texture_binding(0, &texture)]);
    let group = gpu.device.create_bind_group(&group);
    let canvas = Canvas::new(&gpu);
    canvas
        .draw(|pass| {
            pass.set_pipeline(&pipeline);
            drop(pass.set_bind_group(0, Some(&group), None, None, None));
            pass.draw(3, None, None, None);
        })
        .await?;
    check_eq!(canvas.pixels().await?, [[255, 0, 0, 255]; 64], "a red block");
    Ok(())
}
