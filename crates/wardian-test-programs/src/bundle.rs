//! Render bundles.

use wardian_guest::webgpu::*;
use wardian_guest::{buffer_with_data, describe};

use crate::Outcome;
use crate::canvas::{BLACK, Canvas, FILL, FORMAT, depth_pass, diagonal, dots, pipeline, points};
use crate::support::{Gpu, bytes_of, failed};

programs! { "bundle":
    bundle_draws_as_often_as_wanted,
    all_draws_can_be_bundled,
    bind_groups_and_immediates_can_be_bundled,
    bundle_unsets_the_state_of_its_pass,
    blend_constant_survives_a_bundle,
    stencil_reference_holds_in_a_bundle,
    debug_groups_must_balance,
    faulty_encoders_are_rejected,
    faulty_commands_are_errors_of_finish,
    faulty_indirect_draws_are_errors_of_finish,
    finish_twice_is_an_error,
    finished_encoder_reports_at_once,
    bundle_must_fit_its_pass,
    read_only_promises_are_kept,
    read_only_counts_for_missing_aspects,
    draws_of_bundles_count,
    slices_of_offsets_are_checked_at_once,
    bundle_keeps_what_it_uses,
}

fn encoder(gpu: &Gpu) -> GpuRenderBundleEncoder {
    gpu.device.create_render_bundle_encoder(&describe::bundle_encoder(FORMAT))
}

async fn bundle_draws_as_often_as_wanted() -> Outcome {
    let gpu = Gpu::new().await?;
    let (with_points, vertices) = (points(&gpu, GpuVertexStepMode::Vertex), diagonal(&gpu)?);
    let bundle = |point| {
        let encoder = encoder(&gpu);
        encoder.set_pipeline(&with_points);
        encoder.set_vertex_buffer(0, Some(&vertices), None, None);
        encoder.draw(1, None, Some(point), None);
        encoder.finish(None)
    };
    let (first, second) = gpu.accepted("two bundles", || (bundle(2), bundle(5))).await?;
    for _ in 0..3 {
        let canvas = Canvas::new(&gpu);
        canvas.draw(|pass| pass.execute_bundles(&[&first, &second, &first])).await?;
        check_eq!(canvas.picture().await?, dots(&[2, 5]), "what the bundles drew");
    }
    let canvas = Canvas::new(&gpu);
    canvas.draw(|pass| pass.execute_bundles(&[])).await?;
    check_eq!(canvas.picture().await?, dots(&[]), "what no bundle drew");
    Ok(())
}

async fn all_draws_can_be_bundled() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let (with_points, vertices) = (points(&gpu, GpuVertexStepMode::Vertex), diagonal(&gpu)?);
    let indices = buffer_with_data(&gpu.device, &[1, 0, 2, 0], GpuBufferUsage::INDEX)?;
    let direct = gpu.buffer_of(&[99, 1, 1, 4, 0], GpuBufferUsage::INDIRECT)?;
    let indexed = gpu.buffer_of(&[1, 1, 1, 4, 0], GpuBufferUsage::INDIRECT)?;
    let bundle = gpu.accepted("the bundle", || {
        let encoder = encoder(&gpu);
        encoder.set_pipeline(&with_points);
        encoder.set_vertex_buffer(0, Some(&vertices), Some(0), Some(64));
        encoder.set_index_buffer(&indices, GpuIndexFormat::Uint16, Some(0), Some(4));
        encoder.draw(1, Some(1), Some(0), Some(0));
        encoder.draw_indexed(1, None, None, None, None);
        encoder.draw_indirect(&direct, 4);
        encoder.draw_indexed_indirect(&indexed, 0);
        encoder.set_vertex_buffer(1, None, None, None);
        encoder.finish(Some(&GpuRenderBundleDescriptor { label: None }))
    });
    let bundle = bundle.await?;
    canvas.draw(|pass| pass.execute_bundles(&[&bundle])).await?;
    check_eq!(canvas.picture().await?, dots(&[0, 1, 4, 6]), "what each draw drew");
    Ok(())
}

async fn bind_groups_and_immediates_can_be_bundled() -> Outcome {
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
    let pipeline = gpu.device.create_render_pipeline(GpuRenderPipelineDescriptor {
        layout: GpuLayoutMode::Specific(&pipeline_layout),
        ..describe::render_pipeline(&module, FORMAT)
    });
    let one = 1.0_f32.to_bits();
    let buffer = gpu.buffer_of(&[one, one, 0, one], GpuBufferUsage::UNIFORM)?;
    let group = describe::bind_group(&layout, vec![describe::buffer_range_binding(0, &buffer, 0, 16)]);
    let group = gpu.device.create_bind_group(&group);
    gpu.open_scopes();
    let recorder = encoder(&gpu);
    recorder.set_immediates(0, &bytes_of(&[7, one, 0, one, one]), Some(4), Some(16));
    recorder.set_pipeline(&pipeline);
    recorder.set_bind_group(0, Some(&group), Some(&[5, 0]), Some(1), Some(1))?;
    recorder.draw(3, None, None, None);
    let bundle = recorder.finish(None);
    gpu.close_scopes("the bundle").await?;
    canvas.draw(|pass| pass.execute_bundles(&[&bundle])).await?;
    check_eq!(canvas.pixels().await?, [[255, 0, 0, 255]; 64], "yellow times magenta");
    let data = [0; 128];
    for (at, size) in [(2, 4), (0, 6), (64, 4), (u32::MAX - 3, 8)] {
        let record = || {
            let encoder = encoder(&gpu);
            encoder.set_immediates(at, &data, None, Some(size));
            encoder.finish(None)
        };
        gpu.rejected(&format!("{size} bytes of immediates at {at}"), record).await?;
    }
    Ok(())
}

async fn bundle_unsets_the_state_of_its_pass() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let (fill, empty) = (pipeline(&gpu, FILL), encoder(&gpu).finish(None));
    gpu.rejected_by_finish("a draw after a bundle, without setting a pipeline again", |encoder| {
        canvas.record(encoder, |pass| {
            pass.set_pipeline(&fill);
            pass.execute_bundles(&[&empty]);
            pass.draw(3, None, None, None);
        });
    })
    .await?;
    Ok(())
}

async fn blend_constant_survives_a_bundle() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let module = gpu.shader(FILL);
    let part = describe::blend(GpuBlendOperation::Add, GpuBlendFactor::Constant, GpuBlendFactor::Zero);
    let blend = Some(GpuBlendState { color: part, alpha: part });
    let target = GpuColorTargetState { blend, ..describe::color_target(FORMAT) };
    let fragment = Some(describe::fragment_state(&module, vec![Some(target)]));
    let descriptor = GpuRenderPipelineDescriptor { fragment, ..describe::render_pipeline(&module, FORMAT) };
    let pipeline = gpu.device.create_render_pipeline(descriptor);
    let recorder = encoder(&gpu);
    recorder.set_pipeline(&pipeline);
    recorder.draw(3, None, None, None);
    let bundle = gpu.accepted("the bundle", || recorder.finish(None)).await?;
    canvas.draw(|pass| pass.execute_bundles(&[&bundle])).await?;
    check_eq!(canvas.pixels().await?, [[0; 4]; 64], "white by a constant that was never set");
    canvas
        .draw(|pass| {
            pass.set_blend_constant(describe::color(0.0, 1.0, 0.0, 1.0));
            pass.execute_bundles(&[&bundle, &bundle]);
        })
        .await?;
    check_eq!(canvas.pixels().await?, [[0, 255, 0, 255]; 64], "white by a green constant");
    Ok(())
}

async fn debug_groups_must_balance() -> Outcome {
    let gpu = Gpu::new().await?;
    let record = |pushes: u32, pops: u32| {
        let encoder = encoder(&gpu);
        (0..pushes).for_each(|n| encoder.push_debug_group(&format!("group {n}")));
        encoder.insert_debug_marker("here");
        (0..pops).for_each(|_| encoder.pop_debug_group());
        encoder.finish(None)
    };
    for (pushes, pops) in [(0, 0), (1, 1), (3, 3)] {
        let bundle = gpu.accepted(&format!("{pushes} pushes, {pops} pops"), || record(pushes, pops)).await?;
        Canvas::new(&gpu).draw(|pass| pass.execute_bundles(&[&bundle])).await?;
    }
    for (pushes, pops) in [(1, 0), (0, 1), (2, 3)] {
        gpu.rejected(&format!("{pushes} pushes, {pops} pops"), || record(pushes, pops)).await?;
    }
    Ok(())
}

async fn faulty_encoders_are_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    let plain = || describe::bundle_encoder(FORMAT);
    let wrong = [
        GpuRenderBundleEncoderDescriptor { color_formats: vec![], ..plain() },
        GpuRenderBundleEncoderDescriptor { color_formats: vec![None, None], ..plain() },
        GpuRenderBundleEncoderDescriptor { color_formats: vec![Some(GpuTextureFormat::Rgb9e5ufloat)], ..plain() },
        GpuRenderBundleEncoderDescriptor { color_formats: vec![Some(GpuTextureFormat::Astc8x8Unorm)], ..plain() },
        GpuRenderBundleEncoderDescriptor { color_formats: vec![Some(FORMAT); 9], ..plain() },
        GpuRenderBundleEncoderDescriptor { color_formats: vec![Some(GpuTextureFormat::Rgba32float); 3], ..plain() },
        GpuRenderBundleEncoderDescriptor { depth_stencil_format: Some(FORMAT), ..plain() },
        GpuRenderBundleEncoderDescriptor { sample_count: Some(0), ..plain() },
        GpuRenderBundleEncoderDescriptor { sample_count: Some(3), ..plain() },
        GpuRenderBundleEncoderDescriptor { sample_count: Some(u32::MAX), ..plain() },
    ];
    for descriptor in wrong {
        let make = || gpu.device.create_render_bundle_encoder(&descriptor);
        let (encoder, _) = gpu.rejected(&format!("{descriptor:?}"), make).await?;
        // An invalid encoder can be used like any other; what comes of it is invalid.
        gpu.device.push_error_scope(GpuErrorFilter::Validation);
        encoder.push_debug_group("group");
        encoder.draw(3, None, None, None);
        let bundle = encoder.finish(None);
        gpu.device.pop_error_scope().await?;
        let canvas = Canvas::new(&gpu);
        let execute = |encoder: &GpuCommandEncoder| canvas.record(encoder, |pass| pass.execute_bundles(&[&bundle]));
        gpu.rejected_by_finish("executing an invalid bundle", execute).await?;
    }
    Ok(())
}

/// Records a bundle with `body`; its fault must show at `finish` and not before.
async fn check_rejected(gpu: &Gpu, what: &str, body: impl FnOnce(&GpuRenderBundleEncoder)) -> Outcome {
    let encoder = encoder(gpu);
    gpu.accepted(&format!("recording {what}"), || body(&encoder)).await?;
    let (bundle, _) = gpu.rejected(&format!("finishing after {what}"), || encoder.finish(None)).await?;
    let canvas = Canvas::new(gpu);
    let execute = |encoder: &GpuCommandEncoder| canvas.record(encoder, |pass| pass.execute_bundles(&[&bundle]));
    gpu.rejected_by_finish(&format!("executing the bundle of {what}"), execute).await?;
    Ok(())
}

async fn faulty_commands_are_errors_of_finish() -> Outcome {
    let gpu = Gpu::new().await?;
    let (with_points, vertices) = (points(&gpu, GpuVertexStepMode::Vertex), diagonal(&gpu)?);
    let fill = pipeline(&gpu, FILL);
    let indices = gpu.buffer_of(&[0, 1], GpuBufferUsage::INDEX)?;
    check_rejected(&gpu, "a draw without a pipeline", |encoder| encoder.draw(3, None, None, None)).await?;
    check_rejected(&gpu, "a draw without vertices", |encoder| {
        encoder.set_pipeline(&with_points);
        encoder.draw(1, None, None, None);
    })
    .await?;
    check_rejected(&gpu, "a draw of too many vertices", |encoder| {
        encoder.set_pipeline(&with_points);
        encoder.set_vertex_buffer(0, Some(&vertices), None, None);
        encoder.draw(u32::MAX, Some(u32::MAX), Some(u32::MAX), Some(u32::MAX));
    })
    .await?;
    check_rejected(&gpu, "a draw without indices", |encoder| {
        encoder.set_pipeline(&fill);
        encoder.draw_indexed(1, None, None, None, None);
    })
    .await?;
    check_rejected(&gpu, "a draw of too many indices", |encoder| {
        encoder.set_pipeline(&fill);
        encoder.set_index_buffer(&indices, GpuIndexFormat::Uint32, None, None);
        encoder.draw_indexed(u32::MAX, None, Some(u32::MAX), Some(i32::MAX), None);
    })
    .await?;
    for (offset, size) in [(Some(2), None), (Some(68), None), (Some(u64::MAX - 3), Some(8)), (None, Some(u64::MAX))] {
        check_rejected(&gpu, &format!("{size:?} bytes of vertices from {offset:?}"), |encoder| {
            encoder.set_vertex_buffer(0, Some(&vertices), offset, size);
        })
        .await?;
        check_rejected(&gpu, &format!("{size:?} bytes of indices from {offset:?}"), |encoder| {
            encoder.set_index_buffer(&indices, GpuIndexFormat::Uint32, offset, size);
        })
        .await?;
    }
    for slot in [8, 1000, u32::MAX] {
        check_rejected(&gpu, &format!("vertex slot {slot}"), |encoder| {
            encoder.set_vertex_buffer(slot, Some(&vertices), None, None);
        })
        .await?;
    }
    check_rejected(&gpu, "vertices without the usage", |encoder| {
        encoder.set_vertex_buffer(0, Some(&indices), None, None);
    })
    .await?;
    Ok(())
}

async fn faulty_indirect_draws_are_errors_of_finish() -> Outcome {
    let gpu = Gpu::new().await?;
    let fill = pipeline(&gpu, FILL);
    let indices = gpu.buffer_of(&[0, 1, 2], GpuBufferUsage::INDEX)?;
    let usage = GpuBufferUsage::INDIRECT;
    let (full, tiny, empty) = (gpu.buffer_of(&[3, 1, 0, 0, 0], usage)?, gpu.buffer(4, usage), gpu.buffer(0, usage));
    let without = gpu.buffer(64, GpuBufferUsage::STORAGE);
    let far = u64::MAX - 3;
    let wrong = [
        (&full, 8, 4),
        (&full, 2, 2),
        (&full, 20, 20),
        (&full, far, far),
        (&full, u64::MAX, u64::MAX),
        (&full, u64::MAX - 15, u64::MAX - 19),
        (&full, u64::from(u32::MAX) - 3, u64::from(u32::MAX) - 3),
        (&tiny, 0, 0),
        (&tiny, far, far),
        (&empty, 0, 0),
        (&empty, 4, 4),
        (&without, 0, 0),
    ];
    for (buffer, direct, indexed) in wrong {
        let size = buffer.size();
        check_rejected(&gpu, &format!("arguments at {direct} of {size}"), |encoder| {
            encoder.set_pipeline(&fill);
            encoder.draw_indirect(buffer, direct);
        })
        .await?;
        check_rejected(&gpu, &format!("indexed arguments at {indexed} of {size}"), |encoder| {
            encoder.set_pipeline(&fill);
            encoder.set_index_buffer(&indices, GpuIndexFormat::Uint32, None, None);
            encoder.draw_indexed_indirect(buffer, indexed);
        })
        .await?;
    }
    Ok(())
}

async fn finish_twice_is_an_error() -> Outcome {
    let gpu = Gpu::new().await?;
    let recorder = encoder(&gpu);
    let first = gpu.accepted("the first finish", || recorder.finish(None)).await?;
    let named = GpuRenderBundleDescriptor { label: Some("second".to_owned()) };
    let (second, _) = gpu.rejected("the second finish", || recorder.finish(Some(&named))).await?;
    check_eq!(second.label(), "second", "label of an invalid bundle");
    let canvas = Canvas::new(&gpu);
    canvas.draw(|pass| pass.execute_bundles(&[&first])).await?;
    let execute = |encoder: &GpuCommandEncoder| canvas.record(encoder, |pass| pass.execute_bundles(&[&first, &second]));
    gpu.rejected_by_finish("executing the second", execute).await?;
    Ok(())
}

async fn finished_encoder_reports_at_once() -> Outcome {
    let gpu = Gpu::new().await?;
    let fill = pipeline(&gpu, FILL);
    let recorder = encoder(&gpu);
    recorder.finish(None);
    gpu.rejected("a pipeline", || recorder.set_pipeline(&fill)).await?;
    gpu.rejected("a draw", || recorder.draw(3, None, None, None)).await?;
    gpu.rejected("a debug group", || recorder.push_debug_group("late")).await?;
    gpu.rejected("immediates", || recorder.set_immediates(0, &[0; 4], None, None)).await?;
    gpu.rejected("a vertex buffer", || recorder.set_vertex_buffer(0, None, None, None)).await?;
    let (outcome, _) = gpu.rejected("a bind group", || recorder.set_bind_group(0, None, None, None, None)).await?;
    outcome?;
    Ok(())
}

async fn bundle_must_fit_its_pass() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let plain = || describe::bundle_encoder(FORMAT);
    let wrong = [
        describe::bundle_encoder(GpuTextureFormat::Bgra8unorm),
        GpuRenderBundleEncoderDescriptor { sample_count: Some(4), ..plain() },
        GpuRenderBundleEncoderDescriptor { depth_stencil_format: Some(GpuTextureFormat::Depth32float), ..plain() },
        GpuRenderBundleEncoderDescriptor { color_formats: vec![None, Some(FORMAT)], ..plain() },
    ];
    for descriptor in wrong {
        let make = || gpu.device.create_render_bundle_encoder(&descriptor).finish(None);
        let bundle = gpu.accepted(&format!("{descriptor:?}"), make).await?;
        let execute = |encoder: &GpuCommandEncoder| canvas.record(encoder, |pass| pass.execute_bundles(&[&bundle]));
        gpu.rejected_by_finish(&format!("executing {descriptor:?}"), execute).await?;
    }
    let trailing = GpuRenderBundleEncoderDescriptor { color_formats: vec![Some(FORMAT), None], ..plain() };
    let make = || gpu.device.create_render_bundle_encoder(&trailing).finish(None);
    let bundle = gpu.accepted("a bundle with an empty place behind", make).await?;
    canvas.draw(|pass| pass.execute_bundles(&[&bundle])).await
}

async fn read_only_promises_are_kept() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let format = GpuTextureFormat::Depth32float;
    let usage = GpuTextureUsage::RENDER_ATTACHMENT;
    let view = gpu.device.create_texture(&describe::texture_2d(format, 8, 8, usage)).create_view(None);
    let module = gpu.shader(FILL);
    let writing = Some(describe::depth_state(format, GpuCompareFunction::Always));
    let descriptor =
        GpuRenderPipelineDescriptor { depth_stencil: writing, ..describe::render_pipeline(&module, FORMAT) };
    let writing = gpu.device.create_render_pipeline(descriptor);
    let recorder = |read_only| {
        gpu.device.create_render_bundle_encoder(&GpuRenderBundleEncoderDescriptor {
            depth_stencil_format: Some(format),
            depth_read_only: Some(read_only),
            ..describe::bundle_encoder(FORMAT)
        })
    };
    let promised = recorder(true);
    gpu.accepted("recording", || promised.set_pipeline(&writing)).await?;
    gpu.rejected("a pipeline that writes in a bundle that doesn't", || promised.finish(None)).await?;
    let (read_only, open) = (recorder(true).finish(None), recorder(false).finish(None));
    let kept = || GpuRenderPassDepthStencilAttachment {
        depth_clear_value: None,
        depth_load_op: None,
        depth_store_op: None,
        depth_read_only: Some(true),
        ..describe::depth_cleared(&view, 0.0)
    };
    let pass = |encoder: &GpuCommandEncoder, bundle: &GpuRenderBundle| {
        let attachments = vec![describe::cleared(&canvas.view, BLACK)];
        let descriptor =
            GpuRenderPassDescriptor { depth_stencil_attachment: Some(kept()), ..describe::render_pass(attachments) };
        let pass = encoder.begin_render_pass(&descriptor);
        pass.execute_bundles(&[bundle]);
        pass.end();
    };
    let encoder = gpu.encoder();
    pass(&encoder, &read_only);
    gpu.accepted("a bundle that keeps its promise", || gpu.submit(&encoder)).await?;
    gpu.rejected_by_finish("a bundle without the promise", |encoder| pass(encoder, &open)).await?;
    Ok(())
}

async fn read_only_counts_for_missing_aspects() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let format = GpuTextureFormat::Depth32float;
    let usage = GpuTextureUsage::RENDER_ATTACHMENT;
    let view = gpu.device.create_texture(&describe::texture_2d(format, 8, 8, usage)).create_view(None);
    let bundle = |read_only| {
        let recorder = gpu.device.create_render_bundle_encoder(&GpuRenderBundleEncoderDescriptor {
            depth_stencil_format: Some(format),
            stencil_read_only: Some(read_only),
            ..describe::bundle_encoder(FORMAT)
        });
        recorder.finish(None)
    };
    let pass = |encoder: &GpuCommandEncoder, bundle: &GpuRenderBundle| {
        let attachment = GpuRenderPassDepthStencilAttachment {
            stencil_read_only: Some(true),
            ..describe::depth_cleared(&view, 0.0)
        };
        let descriptor = GpuRenderPassDescriptor {
            depth_stencil_attachment: Some(attachment),
            ..describe::render_pass(vec![describe::cleared(&canvas.view, BLACK)])
        };
        let pass = encoder.begin_render_pass(&descriptor);
        pass.execute_bundles(&[bundle]);
        pass.end();
    };
    let encoder = gpu.encoder();
    pass(&encoder, &bundle(true));
    gpu.accepted("a bundle that promises as much", || gpu.submit(&encoder)).await?;
    gpu.rejected_by_finish("a bundle that does not", |encoder| pass(encoder, &bundle(false))).await?;
    Ok(())
}

async fn stencil_reference_holds_in_a_bundle() -> Outcome {
    let gpu = Gpu::new().await?;
    let format = GpuTextureFormat::Stencil8;
    let usage = GpuTextureUsage::RENDER_ATTACHMENT;
    let view = gpu.device.create_texture(&describe::texture_2d(format, 8, 8, usage)).create_view(None);
    let module = gpu.shader(FILL);
    let face = GpuStencilFaceState {
        compare: Some(GpuCompareFunction::Equal),
        fail_op: None,
        depth_fail_op: None,
        pass_op: None,
    };
    let equal = GpuDepthStencilState {
        depth_write_enabled: None,
        depth_compare: None,
        stencil_front: Some(face),
        stencil_back: Some(face),
        ..describe::depth_state(format, GpuCompareFunction::Always)
    };
    let fill = gpu.device.create_render_pipeline(GpuRenderPipelineDescriptor {
        depth_stencil: Some(equal),
        ..describe::render_pipeline(&module, FORMAT)
    });
    let recorder = gpu.device.create_render_bundle_encoder(&GpuRenderBundleEncoderDescriptor {
        depth_stencil_format: Some(format),
        ..describe::bundle_encoder(FORMAT)
    });
    recorder.set_pipeline(&fill);
    recorder.draw(3, None, None, None);
    let bundle = gpu.accepted("a bundle", || recorder.finish(None)).await?;
    let row = |is_drawn| if is_drawn { "########" } else { "........" };
    for (cleared, reference, is_drawn) in [(7, Some(7), true), (7, Some(6), false), (0, None, true), (7, None, false)] {
        let canvas = Canvas::new(&gpu);
        let encoder = gpu.encoder();
        let attachment = GpuRenderPassDepthStencilAttachment {
            depth_clear_value: None,
            depth_load_op: None,
            depth_store_op: None,
            stencil_clear_value: Some(cleared),
            stencil_load_op: Some(GpuLoadOp::Clear),
            stencil_store_op: Some(GpuStoreOp::Store),
            ..describe::depth_cleared(&view, 0.0)
        };
        let pass = encoder.begin_render_pass(&depth_pass(&canvas, attachment));
        if let Some(reference) = reference {
            pass.set_stencil_reference(reference);
        }
        pass.execute_bundles(&[&bundle]);
        pass.end();
        gpu.accepted("the pass", || gpu.submit(&encoder)).await?;
        check_eq!(canvas.picture().await?, vec![row(is_drawn); 8], "{cleared} with the reference {reference:?}");
    }
    Ok(())
}

async fn draws_of_bundles_count() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let fill = pipeline(&gpu, FILL);
    let recorder = encoder(&gpu);
    recorder.set_pipeline(&fill);
    recorder.draw(3, None, None, None);
    recorder.draw(3, None, None, None);
    let bundle = recorder.finish(None);
    let record = |encoder: &GpuCommandEncoder, most| {
        let attachments = vec![describe::cleared(&canvas.view, BLACK)];
        let descriptor = GpuRenderPassDescriptor { max_draw_count: Some(most), ..describe::render_pass(attachments) };
        let pass = encoder.begin_render_pass(&descriptor);
        pass.execute_bundles(&[&bundle, &bundle]);
        pass.end();
    };
    let encoder = gpu.encoder();
    record(&encoder, 4);
    gpu.accepted("four draws of four", || gpu.submit(&encoder)).await?;
    gpu.rejected_by_finish("four draws of three", |encoder| record(encoder, 3)).await?;
    Ok(())
}

async fn slices_of_offsets_are_checked_at_once() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let recorder = encoder(&gpu);
    let passes = gpu.encoder();
    let pass = passes.begin_render_pass(&describe::render_pass(vec![describe::cleared(&canvas.view, BLACK)]));
    for (start, length) in
        [(Some(1), Some(1)), (Some(u64::MAX), Some(1)), (Some(0), Some(u32::MAX)), (Some(2), Some(0))]
    {
        let what = format!("{length:?} offsets from {start:?} of 1");
        let SetBindGroupErrorKind::RangeError =
            failed(recorder.set_bind_group(0, None, Some(&[0]), start, length), &what)?.kind;
        let SetBindGroupErrorKind::RangeError =
            failed(pass.set_bind_group(0, None, Some(&[0]), start, length), &what)?.kind;
    }
    pass.end();
    gpu.accepted("a bundle that refused offsets", || recorder.finish(None)).await?;
    gpu.accepted("a pass that refused offsets", || gpu.submit(&passes)).await?;
    Ok(())
}

async fn bundle_keeps_what_it_uses() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let (with_points, vertices) = (points(&gpu, GpuVertexStepMode::Vertex), diagonal(&gpu)?);
    let recorder = encoder(&gpu);
    recorder.set_pipeline(&with_points);
    recorder.set_vertex_buffer(0, Some(&vertices), None, None);
    recorder.draw(8, None, None, None);
    let bundle = recorder.finish(None);
    drop((recorder, with_points, vertices));
    canvas.draw(|pass| pass.execute_bundles(&[&bundle])).await?;
    check_eq!(canvas.picture().await?, dots(&[0, 1, 2, 3, 4, 5, 6, 7]), "what the bundle drew");
    let destroyed = diagonal(&gpu)?;
    let recorder = encoder(&gpu);
    recorder.set_vertex_buffer(0, Some(&destroyed), None, None);
    let bundle = recorder.finish(None);
    destroyed.destroy();
    let encoder = gpu.encoder();
    canvas.record(&encoder, |pass| pass.execute_bundles(&[&bundle]));
    let commands = gpu.accepted("recording a bundle of a destroyed buffer", || encoder.finish(None)).await?;
    gpu.rejected("submitting it", || gpu.queue.submit(&[&commands])).await?;
    Ok(())
}
