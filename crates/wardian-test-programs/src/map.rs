//! Mapping: who may, when, which bytes, and how it ends.

use wardian_guest::webgpu::*;
use wardian_guest::{describe, join, read_buffer};

use crate::Outcome;
use crate::support::{Gpu, failed};

programs! { "map":
    read_gives_what_was_written,
    write_reaches_the_gpu,
    write_map_shows_the_contents,
    write_map_keeps_what_is_not_set,
    state_follows_the_mapping,
    mapping_twice_is_rejected,
    refused_second_map_can_be_given_up,
    mapping_while_pending_is_rejected,
    mapping_a_mapped_at_creation_buffer_is_rejected,
    unmap_while_pending_aborts,
    destroy_while_pending_aborts,
    abort_wins_over_validation,
    old_map_does_not_complete_a_new_one,
    dropped_call_leaves_the_buffer_usable,
    read_and_write_together_is_rejected,
    no_mode_is_rejected,
    missing_usage_is_rejected,
    destroyed_buffer_is_rejected,
    invalid_buffer_is_rejected,
    unaligned_ranges_are_rejected,
    ranges_out_of_bounds_are_rejected,
    unmapped_buffer_has_no_range,
    partial_mapping_bounds_the_range,
    unaligned_gets_are_rejected,
    overlapping_gets_are_rejected,
    set_may_follow_get,
    set_wants_the_length_of_its_data,
    set_on_a_read_map_changes_nothing,
    mapped_at_creation_is_zero_and_writable,
    mapped_at_creation_of_an_invalid_buffer_works,
    mapped_at_creation_beyond_memory_is_a_range_error,
    empty_mapping_has_an_empty_range,
    unmap_of_an_unmapped_buffer_is_nothing,
    many_maps_complete_together,
}

const READ: GpuBufferUsage = GpuBufferUsage::MAP_READ.union(GpuBufferUsage::COPY_DST);
const WRITE: GpuBufferUsage = GpuBufferUsage::MAP_WRITE.union(GpuBufferUsage::COPY_SRC);

/// A map that must fail with a kind, and be a validation error as well.
async fn check_rejected(
    gpu: &Gpu,
    buffer: &GpuBuffer,
    mode: GpuMapMode,
    range: (Option<u64>, Option<u64>),
    what: &str,
) -> Outcome {
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    let outcome = buffer.map_async(mode, range.0, range.1).await;
    let reported = gpu.device.pop_error_scope().await?;
    let error = failed(outcome, what)?;
    check_matches!(error.kind, MapAsyncErrorKind::OperationError, "kind of the rejection of {what}");
    check!(!error.message.is_empty(), "{what}: expected a message");
    check!(reported.is_some(), "{what}: expected a validation error beside the rejection");
    Ok(())
}

/// A buffer that can be mapped for reading and holds the numbers from 0 on.
fn counted(gpu: &Gpu, size: u8) -> Result<GpuBuffer, Box<dyn std::error::Error>> {
    let buffer = gpu.buffer(u64::from(size), READ);
    let bytes: Vec<u8> = (0..size).collect();
    gpu.queue.write_buffer_with_copy(&buffer, 0, &bytes, None, None)?;
    Ok(buffer)
}

/// Work on the GPU that a map of the buffer must wait for.
fn keep_busy(gpu: &Gpu, buffer: &GpuBuffer) {
    let large = gpu.buffer(1 << 24, GpuBufferUsage::COPY_SRC | GpuBufferUsage::COPY_DST);
    let encoder = gpu.encoder();
    for _ in 0..4 {
        encoder.clear_buffer(&large, None, None);
    }
    encoder.copy_buffer_to_buffer(&large, None, buffer, None, Some(buffer.size()));
    gpu.submit(&encoder);
}

async fn read_gives_what_was_written() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = counted(&gpu, 64)?;
    buffer.map_async(GpuMapMode::READ, None, None).await?;
    let bytes = buffer.get_mapped_range_get_with_copy(None, None)?;
    check_eq!(bytes, (0..64).collect::<Vec<u8>>(), "mapped bytes");
    buffer.unmap()?;
    Ok(())
}

async fn write_reaches_the_gpu() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(16, WRITE);
    buffer.map_async(GpuMapMode::WRITE, None, None).await?;
    buffer.get_mapped_range_set_with_copy(&[1, 2, 3, 4], Some(8), Some(4))?;
    buffer.unmap()?;
    let bytes = read_buffer(&gpu.device, &gpu.queue, &buffer, ..).await?;
    check_eq!(bytes, [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0], "what the GPU sees");
    Ok(())
}

async fn write_map_shows_the_contents() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(8, WRITE);
    for round in 1..4 {
        buffer.map_async(GpuMapMode::WRITE, None, None).await?;
        let before = buffer.get_mapped_range_get_with_copy(None, None)?;
        check_eq!(before, [round - 1; 8], "contents at the start of round {round}");
        buffer.get_mapped_range_set_with_copy(&[round; 8], None, None)?;
        buffer.unmap()?;
    }
    Ok(())
}

async fn write_map_keeps_what_is_not_set() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(16, WRITE);
    buffer.map_async(GpuMapMode::WRITE, None, None).await?;
    buffer.get_mapped_range_set_with_copy(&[5; 16], None, None)?;
    buffer.unmap()?;
    buffer.map_async(GpuMapMode::WRITE, Some(8), Some(4)).await?;
    buffer.get_mapped_range_set_with_copy(&[6; 4], Some(8), Some(4))?;
    buffer.unmap()?;
    let bytes = read_buffer(&gpu.device, &gpu.queue, &buffer, ..).await?;
    check_eq!(bytes, [5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 5, 5, 5, 5], "contents after a partial write");
    Ok(())
}

async fn state_follows_the_mapping() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(1 << 20, READ);
    keep_busy(&gpu, &buffer);
    let map = buffer.map_async(GpuMapMode::READ, None, None);
    let (outcome, state) = join(map, async { buffer.map_state() }).await;
    outcome?;
    check_matches!(state, GpuBufferMapState::Pending, "state while waiting");
    check_matches!(buffer.map_state(), GpuBufferMapState::Mapped, "state once mapped");
    buffer.unmap()?;
    check_matches!(buffer.map_state(), GpuBufferMapState::Unmapped, "state once unmapped");
    Ok(())
}

async fn mapping_twice_is_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = counted(&gpu, 16)?;
    buffer.map_async(GpuMapMode::READ, None, None).await?;
    check_rejected(&gpu, &buffer, GpuMapMode::READ, (None, None), "a second map").await?;
    check_matches!(buffer.map_state(), GpuBufferMapState::Mapped, "state after the second map");
    check_eq!(buffer.get_mapped_range_get_with_copy(None, None)?.len(), 16, "bytes of the first map");
    Ok(())
}

async fn refused_second_map_can_be_given_up() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = counted(&gpu, 16)?;
    buffer.map_async(GpuMapMode::READ, None, None).await?;
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    let second = buffer.map_async(GpuMapMode::READ, None, None);
    let (second, meanwhile) = join(second, async {
        let state = buffer.map_state();
        let bytes = buffer.get_mapped_range_get_with_copy(None, None).map(|bytes| bytes.len());
        buffer.unmap().map(|()| (state, bytes))
    })
    .await;
    let (state, bytes) = meanwhile?;
    check_matches!(state, GpuBufferMapState::Mapped, "state while the second map is pending");
    check_eq!(bytes?, 16, "bytes of the first map meanwhile");
    let error = failed(second, "a second map that is given up")?;
    check_matches!(error.kind, MapAsyncErrorKind::AbortError, "kind of the second map's rejection");
    check!(gpu.device.pop_error_scope().await?.is_some(), "expected a validation error for the second map, got none");
    check_matches!(buffer.map_state(), GpuBufferMapState::Unmapped, "state afterwards");
    buffer.map_async(GpuMapMode::READ, None, None).await?;
    Ok(())
}

async fn mapping_while_pending_is_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(1 << 20, READ);
    keep_busy(&gpu, &buffer);
    let first = buffer.map_async(GpuMapMode::READ, None, None);
    let second = check_rejected(&gpu, &buffer, GpuMapMode::READ, (None, None), "a map while one is pending");
    let (first, second) = join(first, second).await;
    second?;
    first?;
    check_matches!(buffer.map_state(), GpuBufferMapState::Mapped, "state after the first map");
    Ok(())
}

async fn mapping_a_mapped_at_creation_buffer_is_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    let descriptor = GpuBufferDescriptor { mapped_at_creation: Some(true), ..describe::buffer(16, WRITE) };
    let buffer = gpu.device.create_buffer(&descriptor);
    check_matches!(buffer.map_state(), GpuBufferMapState::Mapped, "state at creation");
    check_rejected(&gpu, &buffer, GpuMapMode::WRITE, (None, None), "a map of a mapped buffer").await?;
    buffer.unmap()?;
    buffer.map_async(GpuMapMode::WRITE, None, None).await?;
    Ok(())
}

async fn unmap_while_pending_aborts() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(1 << 20, READ);
    keep_busy(&gpu, &buffer);
    let map = buffer.map_async(GpuMapMode::READ, None, None);
    let (outcome, unmapped) = join(map, async { buffer.unmap() }).await;
    unmapped?;
    let error = failed(outcome, "a map that was unmapped while pending")?;
    check_matches!(error.kind, MapAsyncErrorKind::AbortError, "kind of the rejection");
    check_matches!(buffer.map_state(), GpuBufferMapState::Unmapped, "state afterwards");
    buffer.map_async(GpuMapMode::READ, None, None).await?;
    Ok(())
}

async fn destroy_while_pending_aborts() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(1 << 20, READ);
    keep_busy(&gpu, &buffer);
    let map = buffer.map_async(GpuMapMode::READ, None, None);
    let (outcome, ()) = join(map, async { buffer.destroy() }).await;
    let error = failed(outcome, "a map of a buffer destroyed while it was pending")?;
    check_matches!(error.kind, MapAsyncErrorKind::AbortError, "kind of the rejection");
    check_matches!(buffer.map_state(), GpuBufferMapState::Unmapped, "state afterwards");
    Ok(())
}

async fn abort_wins_over_validation() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(16, READ);
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    // An offset that is no multiple of 8: found out only after the call has begun to wait.
    let map = buffer.map_async(GpuMapMode::READ, Some(4), None);
    let (outcome, unmapped) = join(map, async { buffer.unmap() }).await;
    unmapped?;
    check!(gpu.device.pop_error_scope().await?.is_some(), "expected the faulty map to be a validation error as well");
    let error = failed(outcome, "a faulty map that was unmapped")?;
    let early = matches!(error.kind, MapAsyncErrorKind::AbortError | MapAsyncErrorKind::OperationError);
    check!(early, "kind of the rejection: expected abort-error or operation-error, got {:?}", error.kind);
    Ok(())
}

async fn old_map_does_not_complete_a_new_one() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(1 << 20, READ);
    keep_busy(&gpu, &buffer);
    let first = buffer.map_async(GpuMapMode::READ, None, None);
    let second = async {
        buffer.unmap()?;
        keep_busy(&gpu, &buffer);
        gpu.queue.write_buffer_with_copy(&buffer, 0, &[9; 8], None, None)?;
        buffer.map_async(GpuMapMode::READ, Some(0), Some(8)).await?;
        Ok::<_, Box<dyn std::error::Error>>(buffer.get_mapped_range_get_with_copy(Some(0), Some(8))?)
    };
    let (first, second) = join(first, second).await;
    let error = failed(first, "the first map, unmapped while pending")?;
    check_matches!(error.kind, MapAsyncErrorKind::AbortError, "kind of the first map's rejection");
    check_eq!(second?, [9; 8], "bytes of the second map");
    Ok(())
}

async fn dropped_call_leaves_the_buffer_usable() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(1 << 20, READ);
    keep_busy(&gpu, &buffer);
    {
        let mut map = std::pin::pin!(buffer.map_async(GpuMapMode::READ, None, None));
        std::future::poll_fn(|context| {
            // Begun, and given up right after.
            let _ = map.as_mut().poll(context);
            std::task::Poll::Ready(())
        })
        .await;
    }
    gpu.queue.on_submitted_work_done().await;
    buffer.unmap()?;
    buffer.map_async(GpuMapMode::READ, None, None).await?;
    check_eq!(buffer.get_mapped_range_get_with_copy(None, None)?.len(), 1 << 20, "bytes of the map after it");
    Ok(())
}

async fn read_and_write_together_is_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    for usage in [READ, WRITE] {
        let buffer = gpu.buffer(16, usage);
        let mode = GpuMapMode::READ | GpuMapMode::WRITE;
        check_rejected(&gpu, &buffer, mode, (None, None), "a map for reading and writing").await?;
        check_matches!(buffer.map_state(), GpuBufferMapState::Unmapped, "state afterwards");
    }
    Ok(())
}

async fn no_mode_is_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(16, READ);
    check_rejected(&gpu, &buffer, GpuMapMode::empty(), (None, None), "a map without a mode").await
}

async fn missing_usage_is_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    let wrong = [(READ, GpuMapMode::WRITE), (WRITE, GpuMapMode::READ), (GpuBufferUsage::COPY_DST, GpuMapMode::READ)];
    for (usage, mode) in wrong {
        let buffer = gpu.buffer(16, usage);
        check_rejected(&gpu, &buffer, mode, (None, None), &format!("{mode:?} of a buffer of {usage:?}")).await?;
    }
    Ok(())
}

async fn destroyed_buffer_is_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(16, READ);
    buffer.destroy();
    check_rejected(&gpu, &buffer, GpuMapMode::READ, (None, None), "a map of a destroyed buffer").await
}

async fn invalid_buffer_is_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    let usage = GpuBufferUsage::MAP_READ | GpuBufferUsage::STORAGE;
    let (buffer, _) = gpu.rejected("the buffer", || gpu.buffer(16, usage)).await?;
    check_rejected(&gpu, &buffer, GpuMapMode::READ, (None, None), "a map of an invalid buffer").await
}

async fn unaligned_ranges_are_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(64, READ);
    for (offset, size) in [(4, Some(4)), (1, Some(4)), (0, Some(3)), (8, Some(6)), (12, None)] {
        let what = format!("a map of {size:?} bytes from {offset}");
        check_rejected(&gpu, &buffer, GpuMapMode::READ, (Some(offset), size), &what).await?;
    }
    Ok(())
}

async fn ranges_out_of_bounds_are_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(64, READ);
    let far = u64::MAX - 7;
    for (offset, size) in [(0, Some(68)), (56, Some(16)), (72, None), (64, Some(4)), (far, Some(16)), (far, None)] {
        let what = format!("a map of {size:?} bytes from {offset} of 64");
        check_rejected(&gpu, &buffer, GpuMapMode::READ, (Some(offset), size), &what).await?;
    }
    check_rejected(&gpu, &buffer, GpuMapMode::READ, (Some(8), Some(u64::MAX - 3)), "a map of everything").await?;
    buffer.map_async(GpuMapMode::READ, Some(64), None).await?;
    check_eq!(buffer.get_mapped_range_get_with_copy(Some(64), Some(0))?, Vec::<u8>::new(), "a range at the end");
    Ok(())
}

async fn unmapped_buffer_has_no_range() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = counted(&gpu, 16)?;
    for round in ["before the map", "after the map"] {
        let error = failed(buffer.get_mapped_range_get_with_copy(None, None), &format!("get {round}"))?;
        check_matches!(error.kind, GetMappedRangeErrorKind::OperationError, "kind of get {round}");
        let error = failed(buffer.get_mapped_range_set_with_copy(&[0; 16], None, None), &format!("set {round}"))?;
        check_matches!(error.kind, GetMappedRangeErrorKind::OperationError, "kind of set {round}");
        buffer.map_async(GpuMapMode::READ, None, None).await?;
        buffer.unmap()?;
    }
    Ok(())
}

async fn partial_mapping_bounds_the_range() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = counted(&gpu, 64)?;
    buffer.map_async(GpuMapMode::READ, Some(16), Some(16)).await?;
    let bytes = buffer.get_mapped_range_get_with_copy(Some(24), Some(8))?;
    check_eq!(bytes, (24..32).collect::<Vec<u8>>(), "the second half of the mapped range");
    // Without a size, the range goes to the end of the buffer, not of the mapping.
    for (offset, size) in
        [(None, None), (Some(16), None), (Some(8), Some(8)), (Some(16), Some(20)), (Some(32), Some(4))]
    {
        let what = format!("get of {size:?} bytes from {offset:?} where 16 to 32 are mapped");
        let error = failed(buffer.get_mapped_range_get_with_copy(offset, size), &what)?;
        check_matches!(error.kind, GetMappedRangeErrorKind::OperationError, "kind of {what}");
    }
    let bytes = buffer.get_mapped_range_get_with_copy(Some(16), Some(8))?;
    check_eq!(bytes, (16..24).collect::<Vec<u8>>(), "the first half of the mapped range");
    Ok(())
}

async fn unaligned_gets_are_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = counted(&gpu, 64)?;
    buffer.map_async(GpuMapMode::READ, None, None).await?;
    for (offset, size) in [(4, 4), (0, 2), (8, 5), (u64::MAX, 4), (u64::MAX - 7, 8), (0, u64::MAX - 3)] {
        let what = format!("get of {size} bytes from {offset}");
        let error = failed(buffer.get_mapped_range_get_with_copy(Some(offset), Some(size)), &what)?;
        check_matches!(error.kind, GetMappedRangeErrorKind::OperationError, "kind of {what}");
    }
    Ok(())
}

async fn overlapping_gets_are_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = counted(&gpu, 64)?;
    buffer.map_async(GpuMapMode::READ, None, None).await?;
    buffer.get_mapped_range_get_with_copy(Some(16), Some(16))?;
    for (offset, size) in [(16, 16), (8, 12), (24, 16), (0, 64), (24, 0)] {
        let what = format!("get of {size} bytes from {offset} after 16 to 32");
        let error = failed(buffer.get_mapped_range_get_with_copy(Some(offset), Some(size)), &what)?;
        check_matches!(error.kind, GetMappedRangeErrorKind::OperationError, "kind of {what}");
    }
    for (offset, size) in [(8, 8), (32, 32), (16, 0), (0, 8)] {
        buffer.get_mapped_range_get_with_copy(Some(offset), Some(size))?;
    }
    buffer.unmap()?;
    buffer.map_async(GpuMapMode::READ, None, None).await?;
    check_eq!(buffer.get_mapped_range_get_with_copy(None, None)?.len(), 64, "everything in a mapping of its own");
    Ok(())
}

async fn set_may_follow_get() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(16, WRITE);
    buffer.map_async(GpuMapMode::WRITE, None, None).await?;
    buffer.get_mapped_range_get_with_copy(None, None)?;
    buffer.get_mapped_range_set_with_copy(&[1; 16], None, None)?;
    buffer.get_mapped_range_set_with_copy(&[2; 8], Some(8), Some(8))?;
    buffer.unmap()?;
    let bytes = read_buffer(&gpu.device, &gpu.queue, &buffer, ..).await?;
    check_eq!(bytes, [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2], "what was set last");
    Ok(())
}

async fn set_wants_the_length_of_its_data() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(16, WRITE);
    buffer.map_async(GpuMapMode::WRITE, None, None).await?;
    for (length, offset, size) in [(8, None, None), (20, None, None), (4, None, Some(8)), (8, Some(8), Some(4))] {
        let what = format!("set of {length} bytes at {offset:?} with size {size:?}");
        let error = failed(buffer.get_mapped_range_set_with_copy(&vec![3; length], offset, size), &what)?;
        check_matches!(error.kind, GetMappedRangeErrorKind::OperationError, "kind of {what}");
    }
    check_eq!(buffer.get_mapped_range_get_with_copy(None, None)?, [0; 16], "contents after refused sets");
    Ok(())
}

async fn set_on_a_read_map_changes_nothing() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = counted(&gpu, 16)?;
    buffer.map_async(GpuMapMode::READ, None, None).await?;
    // WebGPU lets a program scribble on its view of a read map; here the host may refuse or ignore it.
    drop(buffer.get_mapped_range_set_with_copy(&[99; 16], None, None));
    buffer.unmap()?;
    buffer.map_async(GpuMapMode::READ, None, None).await?;
    let bytes = buffer.get_mapped_range_get_with_copy(None, None)?;
    check_eq!(bytes, (0..16).collect::<Vec<u8>>(), "contents after a set on a read map");
    Ok(())
}

async fn mapped_at_creation_is_zero_and_writable() -> Outcome {
    let gpu = Gpu::new().await?;
    // Any usage will do: this one can never be mapped later.
    let usage = GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_SRC;
    let descriptor = GpuBufferDescriptor { mapped_at_creation: Some(true), ..describe::buffer(16, usage) };
    let buffer = gpu.device.create_buffer(&descriptor);
    check_eq!(buffer.get_mapped_range_get_with_copy(None, None)?, [0; 16], "contents at creation");
    buffer.get_mapped_range_set_with_copy(&[4; 8], Some(8), None)?;
    buffer.unmap()?;
    check_matches!(buffer.map_state(), GpuBufferMapState::Unmapped, "state once unmapped");
    let bytes = read_buffer(&gpu.device, &gpu.queue, &buffer, ..).await?;
    check_eq!(bytes, [0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4, 4], "what the GPU sees");
    Ok(())
}

async fn mapped_at_creation_of_an_invalid_buffer_works() -> Outcome {
    let gpu = Gpu::new().await?;
    let usage = GpuBufferUsage::MAP_READ | GpuBufferUsage::STORAGE;
    let descriptor = GpuBufferDescriptor { mapped_at_creation: Some(true), ..describe::buffer(16, usage) };
    let (buffer, _) = gpu.rejected("the buffer", || gpu.device.create_buffer(&descriptor)).await?;
    check_matches!(buffer.map_state(), GpuBufferMapState::Mapped, "state of an invalid buffer mapped at creation");
    buffer.get_mapped_range_set_with_copy(&[1; 16], None, None)?;
    check_eq!(buffer.get_mapped_range_get_with_copy(None, None)?.len(), 16, "bytes of it");
    gpu.accepted("unmapping it", || buffer.unmap()).await??;
    check_matches!(buffer.map_state(), GpuBufferMapState::Unmapped, "state once unmapped");
    Ok(())
}

async fn mapped_at_creation_beyond_memory_is_a_range_error() -> Outcome {
    let gpu = Gpu::new().await?;
    let usage = GpuBufferUsage::COPY_SRC;
    let descriptor = GpuBufferDescriptor { mapped_at_creation: Some(true), ..describe::buffer(1 << 60, usage) };
    let (buffer, _) = gpu.rejected("the buffer", || gpu.device.create_buffer(&descriptor)).await?;
    let error = failed(buffer.get_mapped_range_get_with_copy(None, None), "a get of 2^60 bytes")?;
    check_matches!(error.kind, GetMappedRangeErrorKind::RangeError, "kind of a get of 2^60 bytes");
    buffer.unmap()?;
    buffer.destroy();
    Ok(())
}

async fn empty_mapping_has_an_empty_range() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(0, READ);
    buffer.map_async(GpuMapMode::READ, None, None).await?;
    check_matches!(buffer.map_state(), GpuBufferMapState::Mapped, "state of an empty buffer that was mapped");
    check_eq!(buffer.get_mapped_range_get_with_copy(None, None)?, Vec::<u8>::new(), "its bytes");
    buffer.unmap()?;
    let buffer = gpu.buffer(16, READ);
    buffer.map_async(GpuMapMode::READ, Some(8), Some(0)).await?;
    check_eq!(buffer.get_mapped_range_get_with_copy(Some(8), Some(0))?, Vec::<u8>::new(), "no bytes at 8");
    Ok(())
}

async fn unmap_of_an_unmapped_buffer_is_nothing() -> Outcome {
    let gpu = Gpu::new().await?;
    let usage = GpuBufferUsage::MAP_READ | GpuBufferUsage::STORAGE;
    let (invalid, _) = gpu.rejected("the invalid buffer", || gpu.buffer(16, usage)).await?;
    let destroyed = gpu.buffer(16, READ);
    destroyed.destroy();
    for buffer in [gpu.buffer(16, READ), gpu.buffer(16, GpuBufferUsage::STORAGE), invalid, destroyed] {
        gpu.accepted("unmapping what isn't mapped", || buffer.unmap()).await??;
    }
    Ok(())
}

async fn many_maps_complete_together() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffers: Vec<_> = (0..32).map(|_| gpu.buffer(256, READ)).collect();
    for (buffer, value) in buffers.iter().zip(0..) {
        gpu.queue.write_buffer_with_copy(buffer, 0, &[value; 256], None, None)?;
    }
    let maps = buffers.iter().map(|buffer| buffer.map_async(GpuMapMode::READ, None, None));
    for outcome in wardian_guest::join_all(maps).await {
        outcome?;
    }
    for (buffer, value) in buffers.iter().zip(0..) {
        check_eq!(buffer.get_mapped_range_get_with_copy(None, None)?, [value; 256], "contents of buffer {value}");
    }
    Ok(())
}
