//! The queue: writes, submissions, and their order.

use wardian_guest::webgpu::*;
use wardian_guest::{describe, join, join_all, write_buffer};

use crate::Outcome;
use crate::support::{Gpu, bytes_of, failed};

programs! { "queue":
    write_buffer_writes_a_part,
    write_buffer_takes_part_of_the_data,
    faulty_ranges_of_data_fail_at_once,
    faulty_ranges_of_the_buffer_are_reported,
    writes_come_before_later_work,
    write_texture_writes_a_part,
    write_texture_takes_any_row_length,
    faulty_texture_writes_are_reported,
    work_done_comes_after_the_work,
    work_done_keeps_its_order,
    work_done_comes_after_earlier_maps,
    work_done_without_work_returns,
    large_buffers_go_both_ways,
    data_is_copied_when_written,
    pending_map_is_refused_by_submit,
}

const COPY: GpuBufferUsage = GpuBufferUsage::COPY_SRC.union(GpuBufferUsage::COPY_DST);
const TEXELS: GpuTextureUsage = GpuTextureUsage::COPY_SRC.union(GpuTextureUsage::COPY_DST);

async fn write_buffer_writes_a_part() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer_of(&[1, 1, 1, 1], COPY)?;
    gpu.accepted("a write", || write_buffer(&gpu.queue, &buffer, 4, &bytes_of(&[5, 6]))).await??;
    gpu.accepted("a write of nothing", || write_buffer(&gpu.queue, &buffer, 16, &[])).await??;
    check_eq!(gpu.words_of(&buffer).await?, [1, 5, 6, 1], "the buffer");
    Ok(())
}

async fn write_buffer_takes_part_of_the_data() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer_of(&[0; 4], COPY)?;
    let data = bytes_of(&[1, 2, 3, 4]);
    let write = |at, offset, size| gpu.queue.write_buffer_with_copy(&buffer, at, &data, offset, size);
    gpu.open_scopes();
    write(0, Some(12), None)?;
    write(4, Some(4), Some(8))?;
    write(12, None, Some(4))?;
    write(16, Some(16), None)?;
    gpu.close_scopes("writing parts").await?;
    check_eq!(gpu.words_of(&buffer).await?, [4, 2, 3, 1], "the buffer");
    Ok(())
}

async fn faulty_ranges_of_data_fail_at_once() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(64, COPY);
    let ranges = [
        (5, None, None),
        (16, Some(1), None),
        (16, None, Some(20)),
        (16, Some(20), None),
        (16, Some(8), Some(12)),
        (16, None, Some(6)),
        (16, Some(u64::MAX), Some(4)),
        (16, Some(u64::MAX), None),
        (16, Some(8), Some(u64::MAX - 3)),
    ];
    for (length, offset, size) in ranges {
        let what = format!("{size:?} bytes from {offset:?} of {length}");
        gpu.open_scopes();
        let outcome = gpu.queue.write_buffer_with_copy(&buffer, 0, &vec![0; length], offset, size);
        gpu.close_scopes(&what).await?;
        let error = failed(outcome, &what)?;
        let WriteBufferErrorKind::OperationError = error.kind;
        check!(!error.message.is_empty(), "{what}: expected a message");
    }
    Ok(())
}

async fn faulty_ranges_of_the_buffer_are_reported() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(64, COPY);
    for offset in [1, 2, 61, 62, 64, 68, u64::MAX - 7, u64::MAX - 3, u64::MAX] {
        let write = || write_buffer(&gpu.queue, &buffer, offset, &[0; 8]);
        gpu.rejected(&format!("8 bytes at {offset} of 64"), write).await?.0?;
    }
    let unwritable = gpu.buffer(64, GpuBufferUsage::COPY_SRC);
    gpu.rejected("a buffer without copy-dst", || write_buffer(&gpu.queue, &unwritable, 0, &[0; 8])).await?.0?;
    let (invalid, _) = gpu.rejected("an invalid buffer", || gpu.buffer(64, GpuBufferUsage::empty())).await?;
    gpu.rejected("writing to it", || write_buffer(&gpu.queue, &invalid, 0, &[0; 8])).await?.0?;
    let mapped = GpuBufferDescriptor { mapped_at_creation: Some(true), ..describe::buffer(64, COPY) };
    let mapped = gpu.device.create_buffer(&mapped);
    gpu.rejected("a mapped buffer", || write_buffer(&gpu.queue, &mapped, 0, &[0; 8])).await?.0?;
    Ok(())
}

async fn writes_come_before_later_work() -> Outcome {
    let gpu = Gpu::new().await?;
    let (source, target) = (gpu.buffer(4, COPY), gpu.buffer(12, COPY));
    for (word, offset) in [(1, 0), (2, 4), (3, 8)] {
        write_buffer(&gpu.queue, &source, 0, &bytes_of(&[word]))?;
        let encoder = gpu.encoder();
        encoder.copy_buffer_to_buffer(&source, None, &target, Some(offset), None);
        gpu.submit(&encoder);
    }
    check_eq!(gpu.words_of(&target).await?, [1, 2, 3], "what each copy saw");
    Ok(())
}

async fn write_texture_writes_a_part() -> Outcome {
    let gpu = Gpu::new().await?;
    let texture = gpu.device.create_texture(&describe::texture_2d(GpuTextureFormat::R8unorm, 8, 8, TEXELS));
    let target =
        GpuTexelCopyTextureInfo { origin: Some(describe::origin(2, 3, 0)), ..describe::texel_texture(&texture) };
    let layout = GpuTexelCopyBufferLayout { offset: Some(1), bytes_per_row: Some(3), rows_per_image: None };
    let write = || gpu.queue.write_texture_with_copy(&target, &[9, 1, 2, 9, 3, 4], layout, describe::extent(2, 2));
    gpu.accepted("the write", write).await?;
    let texels = gpu.texels_of(&texture, 1).await?;
    let seen: Vec<u8> = [26, 27, 34, 35].iter().filter_map(|index| texels.get(*index)).copied().collect();
    check_eq!(seen, [1, 2, 3, 4], "the part that was written");
    check_eq!(texels.iter().filter(|texel| **texel != 0).count(), 4, "number of texels that were written");
    Ok(())
}

async fn write_texture_takes_any_row_length() -> Outcome {
    let gpu = Gpu::new().await?;
    for row in [16, 17, 20, 100, 257] {
        let texture = gpu.device.create_texture(&describe::texture_2d(GpuTextureFormat::Rgba8unorm, 4, 3, TEXELS));
        let data: Vec<u8> = (0..row * 3).map(|n: u32| n.to_le_bytes()[0]).collect();
        let (target, layout) = (describe::texel_texture(&texture), describe::texel_layout(row, 3));
        let write = || gpu.queue.write_texture_with_copy(&target, &data, layout, describe::extent(4, 3));
        gpu.accepted(&format!("rows of {row}"), write).await?;
        let rows = data.chunks(usize::try_from(row)?);
        let expected: Vec<u8> = rows.flat_map(|padded| padded.iter().take(16)).copied().collect();
        check_eq!(gpu.texels_of(&texture, 4).await?, expected, "texels from rows of {row} bytes");
    }
    Ok(())
}

async fn faulty_texture_writes_are_reported() -> Outcome {
    let gpu = Gpu::new().await?;
    let texture = gpu.device.create_texture(&describe::texture_2d(GpuTextureFormat::Rgba8unorm, 4, 4, TEXELS));
    let target = describe::texel_texture(&texture);
    let layout =
        |offset, bytes_per_row, rows_per_image| GpuTexelCopyBufferLayout { offset, bytes_per_row, rows_per_image };
    let size = describe::extent(4, 4);
    let wrong = [
        (63, layout(None, Some(16), Some(4)), size),
        (64, layout(Some(1), Some(16), Some(4)), size),
        (64, layout(Some(u64::MAX), Some(16), Some(4)), size),
        (64, layout(None, None, None), size),
        (64, layout(None, Some(15), Some(4)), size),
        (64, layout(None, Some(16), Some(3)), size),
        (64, layout(None, Some(u32::MAX), Some(u32::MAX)), size),
        (0, layout(None, Some(16), Some(4)), size),
        (4096, layout(None, Some(20), Some(4)), describe::extent(5, 1)),
        (4096, layout(None, Some(16), Some(4)), describe::extent(u32::MAX, u32::MAX)),
        (4096, layout(None, Some(16), Some(4)), describe::extent_3d(4, 4, 2)),
    ];
    for (length, layout, size) in wrong {
        let write = || gpu.queue.write_texture_with_copy(&target, &vec![0; length], layout, size);
        gpu.rejected(&format!("{length} bytes as {layout:?} for {size:?}"), write).await?;
    }
    let nothing = || gpu.queue.write_texture_with_copy(&target, &[], layout(None, None, None), describe::extent(0, 0));
    gpu.accepted("a write of nothing", nothing).await?;
    Ok(())
}

async fn work_done_comes_after_the_work() -> Outcome {
    let gpu = Gpu::new().await?;
    let (large, target) = (gpu.buffer(1 << 24, COPY), gpu.buffer(1 << 24, COPY));
    let encoder = gpu.encoder();
    for _ in 0..4 {
        encoder.copy_buffer_to_buffer(&large, None, &target, None, None);
    }
    gpu.accepted("the work", || gpu.submit(&encoder)).await?;
    gpu.queue.on_submitted_work_done().await;
    check_eq!(gpu.words_of(&gpu.buffer_of(&[1], COPY)?).await?, [1], "a buffer read afterwards");
    Ok(())
}

async fn work_done_keeps_its_order() -> Outcome {
    let gpu = Gpu::new().await?;
    let order = std::cell::RefCell::new(Vec::new());
    let buffer = gpu.buffer(1 << 22, COPY);
    let calls = (0..5).map(|n| {
        let encoder = gpu.encoder();
        encoder.clear_buffer(&buffer, None, None);
        gpu.submit(&encoder);
        let (queue, order) = (&gpu.queue, &order);
        async move {
            queue.on_submitted_work_done().await;
            order.borrow_mut().push(n);
        }
    });
    join_all(calls).await;
    check_eq!(order.into_inner(), [0, 1, 2, 3, 4], "order in which the calls returned");
    Ok(())
}

async fn work_done_comes_after_earlier_maps() -> Outcome {
    let gpu = Gpu::new().await?;
    let order = std::cell::RefCell::new(Vec::new());
    let buffer = gpu.buffer(1 << 20, GpuBufferUsage::MAP_READ | GpuBufferUsage::COPY_DST);
    let encoder = gpu.encoder();
    encoder.clear_buffer(&buffer, None, None);
    gpu.submit(&encoder);
    let map = async {
        let outcome = buffer.map_async(GpuMapMode::READ, None, None).await;
        order.borrow_mut().push("map");
        outcome
    };
    let done = async {
        gpu.queue.on_submitted_work_done().await;
        order.borrow_mut().push("work done");
    };
    let (outcome, ()) = join(map, done).await;
    outcome?;
    check_eq!(order.into_inner(), ["map", "work done"], "order in which the calls returned");
    Ok(())
}

async fn work_done_without_work_returns() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.queue.on_submitted_work_done().await;
    gpu.queue.submit(&[]);
    join(gpu.queue.on_submitted_work_done(), gpu.device.queue().on_submitted_work_done()).await;
    Ok(())
}

async fn large_buffers_go_both_ways() -> Outcome {
    let gpu = Gpu::new().await?;
    // More than what the host lets a guest pass in one call by default.
    let size = 160 << 20;
    let data: Vec<u8> = (0..size).map(|n: u32| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
    let buffer = gpu.buffer(u64::from(size), COPY);
    gpu.accepted("a write of 160 MiB", || write_buffer(&gpu.queue, &buffer, 0, &data)).await??;
    let bytes = wardian_guest::read_buffer(&gpu.device, &gpu.queue, &buffer, ..).await?;
    check!(bytes == data, "expected 160 MiB to come back as they went");
    Ok(())
}

async fn data_is_copied_when_written() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(4096, COPY);
    let mut data = vec![1; 4096];
    write_buffer(&gpu.queue, &buffer, 0, &data)?;
    data.fill(2);
    let bytes = wardian_guest::read_buffer(&gpu.device, &gpu.queue, &buffer, ..).await?;
    check_eq!(bytes, vec![1; 4096], "what was written before the data changed");
    check!(data == [2; 4096], "the data changed after all");
    Ok(())
}

async fn pending_map_is_refused_by_submit() -> Outcome {
    let gpu = Gpu::new().await?;
    let (source, buffer) =
        (gpu.buffer_of(&[1, 2], COPY)?, gpu.buffer(8, GpuBufferUsage::COPY_DST | GpuBufferUsage::MAP_READ));
    let commands = || {
        let encoder = gpu.encoder();
        encoder.copy_buffer_to_buffer(&source, None, &buffer, None, None);
        encoder.finish(None)
    };
    let (early, late) = (commands(), commands());
    // Everything between the start of the map and its end belongs to the second of these.
    let map = buffer.map_async(GpuMapMode::READ, None, None);
    let submission = async {
        check_matches!(buffer.map_state(), GpuBufferMapState::Pending, "state before submit");
        gpu.rejected("submitting with a pending map", || gpu.queue.submit(&[&early])).await
    };
    let (mapped, submitted) = join(map, submission).await;
    submitted?;
    mapped?;
    check_eq!(buffer.get_mapped_range_get_with_copy(None, None)?, [0; 8], "bytes of the buffer: nothing was copied");
    gpu.rejected("writing to a mapped buffer", || gpu.queue.write_buffer_with_copy(&buffer, 0, &[1; 8], None, None))
        .await?
        .0?;
    buffer.unmap()?;
    gpu.accepted("submitting once it is unmapped", || gpu.queue.submit(&[&late])).await?;
    buffer.map_async(GpuMapMode::READ, None, None).await?;
    let bytes = buffer.get_mapped_range_get_with_copy(None, None)?;
    check_eq!(bytes, bytes_of(&[1, 2]), "bytes of the buffer after the copy");
    Ok(())
}
