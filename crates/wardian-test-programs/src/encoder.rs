//! Command encoders: the four copies, clearing, and what recording and finishing may and may not do.

use wardian_guest::webgpu::*;
use wardian_guest::{describe, read_buffer};

use crate::Outcome;
use crate::support::Gpu;

programs! { "encoder":
    buffer_to_buffer_copies,
    buffer_to_buffer_defaults_to_the_rest,
    faulty_buffer_copies_are_errors_of_finish,
    clear_buffer_clears,
    faulty_clears_are_errors_of_finish,
    texels_go_round,
    texture_to_texture_copies_a_part,
    faulty_texel_copies_are_errors_of_finish,
    depth_copies_are_checked,
    recording_reports_one_error_at_finish,
    finish_twice_is_an_error,
    ended_encoder_reports_at_once,
    open_pass_is_an_error_of_finish,
    encoder_is_locked_by_a_pass,
    ended_pass_reports_at_once,
    debug_groups_must_balance,
    commands_can_be_submitted_once,
    invalid_commands_are_refused_by_submit,
    dropped_encoder_leaves_its_commands,
}

const COPY: GpuBufferUsage = GpuBufferUsage::COPY_SRC.union(GpuBufferUsage::COPY_DST);
const TEXELS: GpuTextureUsage = GpuTextureUsage::COPY_SRC.union(GpuTextureUsage::COPY_DST);

async fn buffer_to_buffer_copies() -> Outcome {
    let gpu = Gpu::new().await?;
    let (source, target) = (gpu.buffer_of(&[1, 2, 3, 4], COPY)?, gpu.buffer_of(&[0; 4], COPY)?);
    let encoder = gpu.encoder();
    encoder.copy_buffer_to_buffer(&source, Some(4), &target, Some(8), Some(8));
    encoder.copy_buffer_to_buffer(&source, Some(16), &target, Some(16), Some(0));
    gpu.accepted("the copy", || gpu.submit(&encoder)).await?;
    check_eq!(gpu.words_of(&target).await?, [0, 0, 2, 3], "the target");
    Ok(())
}

async fn buffer_to_buffer_defaults_to_the_rest() -> Outcome {
    let gpu = Gpu::new().await?;
    let (source, target) = (gpu.buffer_of(&[1, 2, 3, 4], COPY)?, gpu.buffer_of(&[0; 6], COPY)?);
    let encoder = gpu.encoder();
    encoder.copy_buffer_to_buffer(&source, None, &target, None, None);
    encoder.copy_buffer_to_buffer(&source, Some(8), &target, Some(16), None);
    gpu.accepted("the copies", || gpu.submit(&encoder)).await?;
    check_eq!(gpu.words_of(&target).await?, [1, 2, 3, 4, 3, 4], "the target");
    Ok(())
}

async fn faulty_buffer_copies_are_errors_of_finish() -> Outcome {
    let gpu = Gpu::new().await?;
    let (source, target) = (gpu.buffer(64, COPY), gpu.buffer(64, COPY));
    let (only_source, only_target) =
        (gpu.buffer(64, GpuBufferUsage::COPY_SRC), gpu.buffer(64, GpuBufferUsage::COPY_DST));
    let wrong = [
        (&source, Some(2), &target, None, Some(4)),
        (&source, None, &target, Some(1), Some(4)),
        (&source, None, &target, None, Some(6)),
        (&source, Some(64), &target, None, Some(4)),
        (&source, None, &target, Some(32), None),
        (&source, None, &target, None, Some(68)),
        (&source, Some(68), &target, None, None),
        (&source, Some(u64::MAX - 3), &target, None, Some(8)),
        (&source, None, &target, Some(u64::MAX - 3), Some(8)),
        (&source, None, &target, None, Some(u64::MAX - 3)),
        (&source, Some(u64::MAX - 3), &target, None, None),
        (&source, Some(u64::MAX), &target, Some(u64::MAX), Some(u64::MAX)),
        (&source, None, &source, Some(32), Some(16)),
        (&only_target, None, &target, None, None),
        (&source, None, &only_source, None, None),
    ];
    for (source, source_offset, target, target_offset, size) in wrong {
        let what = format!("a copy of {size:?} bytes from {source_offset:?} to {target_offset:?} of 64");
        gpu.rejected_by_finish(&what, |encoder| {
            encoder.copy_buffer_to_buffer(source, source_offset, target, target_offset, size);
        })
        .await?;
    }
    Ok(())
}

async fn clear_buffer_clears() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer_of(&[9; 6], COPY)?;
    let encoder = gpu.encoder();
    encoder.clear_buffer(&buffer, Some(4), Some(8));
    encoder.clear_buffer(&buffer, Some(20), None);
    encoder.clear_buffer(&buffer, Some(24), None);
    encoder.clear_buffer(&buffer, None, Some(0));
    gpu.accepted("clearing", || gpu.submit(&encoder)).await?;
    check_eq!(gpu.words_of(&buffer).await?, [9, 0, 0, 9, 9, 0], "the buffer");
    Ok(())
}

async fn faulty_clears_are_errors_of_finish() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(64, COPY);
    let ranges = [
        (Some(2), None),
        (None, Some(3)),
        (Some(68), None),
        (Some(60), Some(8)),
        (Some(u64::MAX - 3), None),
        (Some(8), Some(u64::MAX - 3)),
        (Some(u64::MAX), Some(u64::MAX)),
    ];
    for (offset, size) in ranges {
        let what = format!("clearing {size:?} bytes from {offset:?} of 64");
        gpu.rejected_by_finish(&what, |encoder| encoder.clear_buffer(&buffer, offset, size)).await?;
    }
    let unwritable = gpu.buffer(64, GpuBufferUsage::COPY_SRC);
    let clear = |encoder: &GpuCommandEncoder| encoder.clear_buffer(&unwritable, None, None);
    gpu.rejected_by_finish("clearing without copy-dst", clear).await?;
    Ok(())
}

async fn texels_go_round() -> Outcome {
    let gpu = Gpu::new().await?;
    let format = GpuTextureFormat::Rgba8unorm;
    let (first, second) = (
        gpu.device.create_texture(&describe::texture_2d(format, 4, 4, TEXELS)),
        gpu.device.create_texture(&describe::texture_2d(format, 4, 4, TEXELS)),
    );
    // Rows of 16 bytes, each in a row of 256.
    let data: Vec<u8> = (0..1024_u32).map(|n| (n / 256 * 16 + n % 16).to_le_bytes()[0]).collect();
    let source = wardian_guest::buffer_with_data(&gpu.device, &data, COPY)?;
    let target = gpu.buffer(1024, COPY);
    let size = describe::extent(4, 4);
    let encoder = gpu.encoder();
    encoder.copy_buffer_to_texture(&describe::texel_buffer(&source, 256, 4), &describe::texel_texture(&first), size);
    encoder.copy_texture_to_texture(&describe::texel_texture(&first), &describe::texel_texture(&second), size);
    encoder.copy_texture_to_buffer(&describe::texel_texture(&second), &describe::texel_buffer(&target, 256, 4), size);
    gpu.accepted("the copies", || gpu.submit(&encoder)).await?;
    let bytes = read_buffer(&gpu.device, &gpu.queue, &target, ..).await?;
    for row in 0..4 {
        let start = row * 256;
        check_eq!(bytes.get(start..start + 16), data.get(start..start + 16), "row {row}");
        let gap = bytes.get(start + 16..start + 256);
        check!(gap.is_some_and(|gap| gap.iter().all(|byte| *byte == 0)), "expected zeros between the rows");
    }
    Ok(())
}

async fn texture_to_texture_copies_a_part() -> Outcome {
    let gpu = Gpu::new().await?;
    let format = GpuTextureFormat::R32uint;
    let plain = GpuTextureDescriptor {
        size: describe::extent_3d(8, 8, 3),
        mip_level_count: Some(2),
        ..describe::texture_2d(format, 8, 8, TEXELS)
    };
    let (first, second) = (gpu.device.create_texture(&plain), gpu.device.create_texture(&plain));
    let data: Vec<u8> = (0..16_u32).flat_map(u32::to_le_bytes).collect();
    let level = |texture, z| GpuTexelCopyTextureInfo {
        mip_level: Some(1),
        origin: Some(describe::origin(0, 0, z)),
        aspect: Some(GpuTextureAspect::All),
        ..describe::texel_texture(texture)
    };
    gpu.queue.write_texture_with_copy(&level(&first, 2), &data, describe::texel_layout(16, 4), describe::extent(4, 4));
    let encoder = gpu.encoder();
    let from = GpuTexelCopyTextureInfo { origin: Some(describe::origin(1, 2, 2)), ..level(&first, 0) };
    let to = GpuTexelCopyTextureInfo { origin: Some(describe::origin(4, 5, 0)), ..describe::texel_texture(&second) };
    encoder.copy_texture_to_texture(&from, &to, describe::extent(2, 2));
    gpu.accepted("the copy", || gpu.submit(&encoder)).await?;
    let words = crate::support::words_of(&gpu.texels_of(&second, 4).await?);
    let seen: Vec<u32> = [44, 45, 52, 53].iter().filter_map(|index| words.get(*index)).copied().collect();
    check_eq!(seen, [9, 10, 13, 14], "the part that was copied");
    check_eq!(words.iter().filter(|word| **word != 0).count(), 4, "number of texels that were copied");
    Ok(())
}

async fn faulty_texel_copies_are_errors_of_finish() -> Outcome {
    let gpu = Gpu::new().await?;
    let texture = gpu.device.create_texture(&describe::texture_2d(GpuTextureFormat::Rgba8unorm, 16, 16, TEXELS));
    let buffer = gpu.buffer(4096, COPY);
    let info = |offset, bytes_per_row, rows_per_image| GpuTexelCopyBufferInfo {
        buffer: &buffer,
        offset,
        bytes_per_row,
        rows_per_image,
    };
    let size = describe::extent(16, 16);
    let buffers = [
        (info(None, Some(64), Some(16)), size),
        (info(None, None, None), size),
        (info(Some(2), Some(256), None), size),
        (info(Some(256), Some(256), Some(16)), size),
        (info(Some(u64::MAX - 3), Some(256), Some(16)), size),
        (info(None, Some(u32::MAX - 255), Some(u32::MAX)), size),
        (info(None, Some(256), Some(8)), size),
        (info(None, Some(256), Some(16)), describe::extent(17, 1)),
        (info(None, Some(256), Some(16)), describe::extent(u32::MAX, u32::MAX)),
        (info(None, Some(256), Some(16)), describe::extent_3d(16, 16, u32::MAX)),
    ];
    for (info, size) in buffers {
        let what = format!("{info:?}, {size:?}");
        let there = |encoder: &GpuCommandEncoder| {
            encoder.copy_buffer_to_texture(&info, &describe::texel_texture(&texture), size);
        };
        gpu.rejected_by_finish(&format!("to a texture: {what}"), there).await?;
        let back = |encoder: &GpuCommandEncoder| {
            encoder.copy_texture_to_buffer(&describe::texel_texture(&texture), &info, size);
        };
        gpu.rejected_by_finish(&format!("to a buffer: {what}"), back).await?;
    }
    let plain = || describe::texel_texture(&texture);
    let textures = [
        GpuTexelCopyTextureInfo { mip_level: Some(1), ..plain() },
        GpuTexelCopyTextureInfo { mip_level: Some(u32::MAX), ..plain() },
        GpuTexelCopyTextureInfo { origin: Some(describe::origin(1, 0, 0)), ..plain() },
        GpuTexelCopyTextureInfo { origin: Some(describe::origin(u32::MAX, u32::MAX, u32::MAX)), ..plain() },
        GpuTexelCopyTextureInfo { aspect: Some(GpuTextureAspect::StencilOnly), ..plain() },
    ];
    for info in textures {
        let copy = |encoder: &GpuCommandEncoder| {
            encoder.copy_texture_to_buffer(&info, &describe::texel_buffer(&buffer, 256, 16), size);
        };
        gpu.rejected_by_finish(&format!("{info:?}"), copy).await?;
    }
    let overlap = GpuTexelCopyTextureInfo { origin: Some(describe::origin(4, 4, 0)), ..plain() };
    let copy = |encoder: &GpuCommandEncoder| {
        encoder.copy_texture_to_texture(&plain(), &overlap, describe::extent(8, 8));
    };
    gpu.rejected_by_finish("a copy onto itself", copy).await?;
    let other = gpu.device.create_texture(&describe::texture_2d(GpuTextureFormat::Rgba8uint, 16, 16, TEXELS));
    let copy = |encoder: &GpuCommandEncoder| {
        encoder.copy_texture_to_texture(&plain(), &describe::texel_texture(&other), size);
    };
    gpu.rejected_by_finish("a copy between formats", copy).await?;
    Ok(())
}

async fn depth_copies_are_checked() -> Outcome {
    let gpu = Gpu::new().await?;
    let usage = TEXELS | GpuTextureUsage::RENDER_ATTACHMENT;
    let both = gpu.device.create_texture(&describe::texture_2d(GpuTextureFormat::Depth24plusStencil8, 4, 4, usage));
    let depth = gpu.device.create_texture(&describe::texture_2d(GpuTextureFormat::Depth32float, 4, 4, usage));
    let buffer = gpu.buffer(1024, COPY);
    let texels = describe::texel_buffer(&buffer, 256, 4);
    let stencil =
        GpuTexelCopyTextureInfo { aspect: Some(GpuTextureAspect::StencilOnly), ..describe::texel_texture(&both) };
    let only_depth = GpuTexelCopyTextureInfo { aspect: Some(GpuTextureAspect::DepthOnly), ..stencil };
    let size = describe::extent(4, 4);
    let encoder = gpu.encoder();
    encoder.copy_buffer_to_texture(&texels, &stencil, size);
    encoder.copy_texture_to_buffer(&stencil, &texels, size);
    encoder.copy_texture_to_buffer(&describe::texel_texture(&depth), &texels, size);
    gpu.accepted("stencil both ways and depth out", || gpu.submit(&encoder)).await?;
    let out = |info: GpuTexelCopyTextureInfo<'_>, size| {
        let encoder = gpu.encoder();
        encoder.copy_texture_to_buffer(&info, &texels, size);
        encoder.finish(None)
    };
    gpu.rejected("24 bits of depth into a buffer", || out(only_depth, size)).await?;
    gpu.rejected("both aspects at once", || out(describe::texel_texture(&both), size)).await?;
    let part = describe::extent(2, 2);
    gpu.rejected("a part of a depth texture", || out(describe::texel_texture(&depth), part)).await?;
    let into = |encoder: &GpuCommandEncoder| {
        encoder.copy_buffer_to_texture(&texels, &describe::texel_texture(&depth), size);
    };
    gpu.rejected_by_finish("a buffer into 32-bit depth", into).await?;
    Ok(())
}

async fn recording_reports_one_error_at_finish() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(16, COPY);
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    gpu.rejected_by_finish("three faults", |encoder| {
        encoder.clear_buffer(&buffer, Some(2), None);
        encoder.pop_debug_group();
        encoder.copy_buffer_to_buffer(&buffer, None, &buffer, None, None);
    })
    .await?;
    check!(gpu.device.pop_error_scope().await?.is_none(), "expected one error of three faults, got more");
    Ok(())
}

async fn finish_twice_is_an_error() -> Outcome {
    let gpu = Gpu::new().await?;
    let encoder = gpu.encoder();
    let first = gpu.accepted("the first finish", || encoder.finish(None)).await?;
    let named = GpuCommandBufferDescriptor { label: Some("second".to_owned()) };
    let (second, _) = gpu.rejected("the second finish", || encoder.finish(Some(&named))).await?;
    check_eq!(second.label(), "second", "label of an invalid command buffer");
    gpu.accepted("submitting the first", || gpu.queue.submit(&[&first])).await?;
    gpu.rejected("submitting the second", || gpu.queue.submit(&[&second])).await?;
    Ok(())
}

async fn ended_encoder_reports_at_once() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(16, COPY);
    let queries = gpu.device.create_query_set(&describe::query_set(GpuQueryType::Occlusion, 1))?;
    let encoder = gpu.encoder();
    encoder.finish(None);
    gpu.rejected("clearing", || encoder.clear_buffer(&buffer, None, None)).await?;
    gpu.rejected("copying", || encoder.copy_buffer_to_buffer(&buffer, None, &buffer, None, None)).await?;
    gpu.rejected("resolving", || encoder.resolve_query_set(&queries, 0, 1, &buffer, 0)).await?;
    gpu.rejected("a debug group", || encoder.push_debug_group("late")).await?;
    gpu.rejected("the end of one", || encoder.pop_debug_group()).await?;
    gpu.rejected("a marker", || encoder.insert_debug_marker("late")).await?;
    let (pass, _) = gpu.rejected("a pass", || encoder.begin_compute_pass(None)).await?;
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    pass.dispatch_workgroups(1, None, None);
    pass.end();
    gpu.device.pop_error_scope().await?;
    Ok(())
}

async fn open_pass_is_an_error_of_finish() -> Outcome {
    let gpu = Gpu::new().await?;
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    gpu.rejected("finishing with an open pass", || encoder.finish(None)).await?;
    gpu.rejected("ending the pass of a finished encoder", || pass.end()).await?;
    Ok(())
}

async fn encoder_is_locked_by_a_pass() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(16, COPY);
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    gpu.accepted("clearing beside an open pass", || encoder.clear_buffer(&buffer, None, None)).await?;
    gpu.accepted("the end of the pass", || pass.end()).await?;
    gpu.rejected("finishing after that", || encoder.finish(None)).await?;
    let encoder = gpu.encoder();
    let first = encoder.begin_compute_pass(None);
    let second = gpu.accepted("a pass in a pass", || encoder.begin_compute_pass(None)).await?;
    gpu.accepted("the end of the inner pass", || second.end()).await?;
    gpu.accepted("the end of the outer pass", || first.end()).await?;
    gpu.rejected("finishing after a pass in a pass", || encoder.finish(None)).await?;
    Ok(())
}

async fn ended_pass_reports_at_once() -> Outcome {
    let gpu = Gpu::new().await?;
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    pass.end();
    gpu.rejected("a second end", || pass.end()).await?;
    gpu.rejected("a dispatch", || pass.dispatch_workgroups(1, None, None)).await?;
    gpu.rejected("a debug group", || pass.push_debug_group("late")).await?;
    gpu.rejected("a marker", || pass.insert_debug_marker("late")).await?;
    gpu.rejected("the end of a group", || pass.pop_debug_group()).await?;
    let (outcome, _) = gpu.rejected("a bind group", || pass.set_bind_group(0, None, None, None, None)).await?;
    outcome?;
    gpu.rejected("immediates", || pass.set_immediates(0, &[0; 4], None, None)).await?;
    Ok(())
}

async fn debug_groups_must_balance() -> Outcome {
    let gpu = Gpu::new().await?;
    let record = |pushes: u32, pops: u32| {
        move |encoder: &GpuCommandEncoder| {
            (0..pushes).for_each(|n| encoder.push_debug_group(&format!("group {n}")));
            encoder.insert_debug_marker("here");
            (0..pops).for_each(|_| encoder.pop_debug_group());
        }
    };
    for (pushes, pops) in [(0, 0), (1, 1), (3, 3)] {
        let encoder = gpu.encoder();
        record(pushes, pops)(&encoder);
        gpu.accepted(&format!("{pushes} pushes, {pops} pops"), || gpu.submit(&encoder)).await?;
    }
    for (pushes, pops) in [(1, 0), (0, 1), (2, 3)] {
        gpu.rejected_by_finish(&format!("{pushes} pushes, {pops} pops"), record(pushes, pops)).await?;
    }
    Ok(())
}

async fn commands_can_be_submitted_once() -> Outcome {
    let gpu = Gpu::new().await?;
    let make = || gpu.encoder().finish(None);
    let commands = make();
    gpu.accepted("the first submission", || gpu.queue.submit(&[&commands])).await?;
    gpu.rejected("the second", || gpu.queue.submit(&[&commands])).await?;
    let commands = make();
    gpu.rejected("the same twice in one", || gpu.queue.submit(&[&commands, &commands])).await?;
    let (first, second) = (make(), make());
    gpu.accepted("two in one", || gpu.queue.submit(&[&first, &second])).await?;
    gpu.accepted("nothing", || gpu.queue.submit(&[])).await?;
    Ok(())
}

async fn invalid_commands_are_refused_by_submit() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer_of(&[1; 4], COPY)?;
    let good = || {
        let encoder = gpu.encoder();
        encoder.clear_buffer(&buffer, None, None);
        encoder.finish(None)
    };
    let encoder = gpu.encoder();
    encoder.pop_debug_group();
    let (bad, _) = gpu.rejected("finishing", || encoder.finish(None)).await?;
    gpu.rejected("submitting", || gpu.queue.submit(&[&good(), &bad])).await?;
    check_eq!(gpu.words_of(&buffer).await?, [1; 4], "the buffer that the valid commands would have cleared");
    gpu.accepted("submitting valid commands afterwards", || gpu.queue.submit(&[&good()])).await?;
    check_eq!(gpu.words_of(&buffer).await?, [0; 4], "the buffer afterwards");
    Ok(())
}

async fn dropped_encoder_leaves_its_commands() -> Outcome {
    let gpu = Gpu::new().await?;
    let (source, target) = (gpu.buffer_of(&[5], COPY)?, gpu.buffer(4, COPY));
    let encoder = gpu.encoder();
    encoder.copy_buffer_to_buffer(&source, None, &target, None, None);
    let commands = encoder.finish(None);
    drop(encoder);
    drop(source);
    gpu.accepted("submitting", || gpu.queue.submit(&[&commands])).await?;
    drop(commands);
    check_eq!(gpu.words_of(&target).await?, [5], "the target");
    // Encoders and passes that are never finished do nothing, and are no error.
    let unfinished = gpu.accepted("an encoder that is dropped", || {
        let encoder = gpu.encoder();
        encoder.clear_buffer(&target, None, None);
        encoder.begin_compute_pass(None)
    });
    drop(unfinished.await?);
    check_eq!(gpu.words_of(&target).await?, [5], "the target after an unfinished encoder");
    Ok(())
}
