//! Buffers: creation, what they tell, destruction.

use wardian_guest::webgpu::*;
use wardian_guest::{DeviceOptions, buffer_with_data, describe, read_buffer};

use crate::Outcome;
use crate::support::Gpu;

programs! { "buffer":
    attributes_are_those_of_the_descriptor,
    attributes_of_an_invalid_buffer_remain,
    new_buffer_is_zero,
    usage_must_be_there,
    map_usages_go_with_one_other_only,
    size_above_the_limit_is_rejected,
    size_at_the_limit_is_accepted,
    size_zero_is_accepted,
    mapped_at_creation_wants_a_multiple_of_four,
    destroy_is_idempotent,
    destroyed_buffer_is_refused_by_submit,
    mapped_buffer_is_refused_by_submit,
    destroyed_buffer_can_be_bound,
    submitted_work_outlives_destroy,
    data_of_any_length_round_trips,
    any_range_can_be_read,
}

const COPY: GpuBufferUsage = GpuBufferUsage::COPY_SRC.union(GpuBufferUsage::COPY_DST);

async fn attributes_are_those_of_the_descriptor() -> Outcome {
    let gpu = Gpu::new().await?;
    let usages = [COPY, GpuBufferUsage::UNIFORM | GpuBufferUsage::INDEX | GpuBufferUsage::QUERY_RESOLVE];
    for usage in usages {
        for size in [4, 7, 1 << 20] {
            let buffer = gpu.accepted("a buffer", || gpu.buffer(size, usage)).await?;
            check_eq!(buffer.size(), size, "size");
            check_eq!(buffer.usage(), usage, "usage");
            check_matches!(buffer.map_state(), GpuBufferMapState::Unmapped, "state of a new buffer");
        }
    }
    Ok(())
}

async fn attributes_of_an_invalid_buffer_remain() -> Outcome {
    let gpu = Gpu::new().await?;
    let usage = GpuBufferUsage::MAP_READ | GpuBufferUsage::STORAGE;
    let (buffer, _) = gpu.rejected("map-read with storage", || gpu.buffer(u64::MAX, usage)).await?;
    check_eq!(buffer.size(), u64::MAX, "size of an invalid buffer");
    check_eq!(buffer.usage(), usage, "usage of an invalid buffer");
    check_matches!(buffer.map_state(), GpuBufferMapState::Unmapped, "state of an invalid buffer");
    gpu.accepted("destroying an invalid buffer", || buffer.destroy()).await?;
    check_eq!(buffer.size(), u64::MAX, "size of an invalid buffer that was destroyed");
    Ok(())
}

async fn new_buffer_is_zero() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(4096, COPY);
    let bytes = read_buffer(&gpu.device, &gpu.queue, &buffer, ..).await?;
    check_eq!(bytes.len(), 4096, "number of bytes");
    check!(bytes.iter().all(|byte| *byte == 0), "expected a new buffer to be zero, got {bytes:?}");
    Ok(())
}

async fn usage_must_be_there() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.rejected("a buffer without usage", || gpu.buffer(4, GpuBufferUsage::empty())).await?;
    Ok(())
}

async fn map_usages_go_with_one_other_only() -> Outcome {
    let gpu = Gpu::new().await?;
    let (read, write) = (GpuBufferUsage::MAP_READ, GpuBufferUsage::MAP_WRITE);
    for usage in [read, write, read | GpuBufferUsage::COPY_DST, write | GpuBufferUsage::COPY_SRC] {
        gpu.accepted(&format!("{usage:?}"), || gpu.buffer(4, usage)).await?;
    }
    let wrong = [
        read | write,
        read | GpuBufferUsage::COPY_SRC,
        write | GpuBufferUsage::COPY_DST,
        read | GpuBufferUsage::COPY_DST | GpuBufferUsage::STORAGE,
        write | GpuBufferUsage::UNIFORM,
        read | GpuBufferUsage::QUERY_RESOLVE,
    ];
    for usage in wrong {
        gpu.rejected(&format!("{usage:?}"), || gpu.buffer(4, usage)).await?;
    }
    Ok(())
}

async fn size_above_the_limit_is_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    let limit = gpu.device.limits().max_buffer_size();
    // Something that is in use already, to which no such size can be added.
    let _other = gpu.buffer(4, COPY);
    for size in [limit + 1, limit + 4, 1 << 40, 1 << 63, u64::MAX - 3, u64::MAX] {
        let (_, message) = gpu.rejected(&format!("{size} bytes"), || gpu.buffer(size, COPY)).await?;
        check!(message.contains(&limit.to_string()), "expected the message to tell the limit {limit}: {message}");
    }
    Ok(())
}

async fn size_at_the_limit_is_accepted() -> Outcome {
    let gpu = Gpu::with(DeviceOptions::new()).await?;
    let limit = gpu.device.limits().max_buffer_size();
    let buffer = gpu.accepted(&format!("{limit} bytes"), || gpu.buffer(limit, GpuBufferUsage::STORAGE)).await?;
    check_eq!(buffer.size(), limit, "size of the largest buffer");
    buffer.destroy();
    Ok(())
}

async fn size_zero_is_accepted() -> Outcome {
    let gpu = Gpu::new().await?;
    for usage in [COPY, GpuBufferUsage::MAP_READ, GpuBufferUsage::VERTEX, GpuBufferUsage::INDIRECT] {
        let buffer = gpu.accepted(&format!("0 bytes, {usage:?}"), || gpu.buffer(0, usage)).await?;
        check_eq!(buffer.size(), 0, "size of an empty buffer");
    }
    let encoder = gpu.encoder();
    let (source, target) = (gpu.buffer(0, COPY), gpu.buffer(0, COPY));
    encoder.copy_buffer_to_buffer(&source, None, &target, None, None);
    encoder.clear_buffer(&target, None, None);
    gpu.accepted("a copy of nothing", || gpu.submit(&encoder)).await?;
    gpu.queue.write_buffer_with_copy(&target, 0, &[], None, None)?;
    Ok(())
}

async fn mapped_at_creation_wants_a_multiple_of_four() -> Outcome {
    let gpu = Gpu::new().await?;
    for size in [1, 2, 3, 6, 4097] {
        let descriptor = GpuBufferDescriptor { mapped_at_creation: Some(true), ..describe::buffer(size, COPY) };
        gpu.rejected(&format!("{size} bytes, mapped"), || gpu.device.create_buffer(&descriptor)).await?;
    }
    Ok(())
}

async fn destroy_is_idempotent() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(16, COPY);
    gpu.accepted("destroying twice", || {
        buffer.destroy();
        buffer.destroy();
    })
    .await?;
    check_eq!((buffer.size(), buffer.usage()), (16, COPY), "size and usage of a destroyed buffer");
    Ok(())
}

async fn destroyed_buffer_is_refused_by_submit() -> Outcome {
    let gpu = Gpu::new().await?;
    let (buffer, other) = (gpu.buffer(16, COPY), gpu.buffer(16, COPY));
    let encoder = gpu.encoder();
    encoder.copy_buffer_to_buffer(&buffer, None, &other, None, None);
    buffer.destroy();
    let commands = gpu.accepted("recording with a destroyed buffer", || encoder.finish(None)).await?;
    gpu.rejected("submitting a destroyed buffer", || gpu.queue.submit(&[&commands])).await?;
    let write = || gpu.queue.write_buffer_with_copy(&buffer, 0, &[0; 4], None, None);
    gpu.rejected("writing to a destroyed buffer", write).await?.0?;
    Ok(())
}

async fn mapped_buffer_is_refused_by_submit() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(16, GpuBufferUsage::MAP_READ | GpuBufferUsage::COPY_DST);
    let record = || {
        let encoder = gpu.encoder();
        encoder.clear_buffer(&buffer, None, None);
        encoder.finish(None)
    };
    let commands = record();
    buffer.map_async(GpuMapMode::READ, None, None).await?;
    gpu.rejected("submitting a mapped buffer", || gpu.queue.submit(&[&commands])).await?;
    buffer.unmap()?;
    let commands = record();
    gpu.accepted("submitting the unmapped buffer", || gpu.queue.submit(&[&commands])).await?;
    Ok(())
}

async fn destroyed_buffer_can_be_bound() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(16, GpuBufferUsage::STORAGE);
    let entry = describe::buffer_entry(0, GpuShaderStage::COMPUTE, GpuBufferBindingType::Storage);
    let layout = gpu.device.create_bind_group_layout(&describe::bind_group_layout(vec![entry]));
    buffer.destroy();
    let group = gpu.accepted("binding a destroyed buffer", || {
        let entries = vec![describe::buffer_binding(0, &buffer)];
        gpu.device.create_bind_group(&describe::bind_group(&layout, entries))
    });
    let group = group.await?;
    let layout = gpu.device.create_pipeline_layout(&describe::pipeline_layout(&[&layout]));
    let module = gpu.shader(
        "@group(0) @binding(0) var<storage, read_write> b: array<u32>; @compute @workgroup_size(1) fn main() { b[0] = \
         1; }",
    );
    let descriptor = GpuComputePipelineDescriptor {
        layout: GpuLayoutMode::Specific(&layout),
        ..describe::compute_pipeline(&module)
    };
    let pipeline = gpu.device.create_compute_pipeline(descriptor);
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, Some(&group), None, None, None)?;
    pass.dispatch_workgroups(1, None, None);
    pass.end();
    let commands = gpu.accepted("recording it", || encoder.finish(None)).await?;
    gpu.rejected("submitting it", || gpu.queue.submit(&[&commands])).await?;
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    pass.set_bind_group(gpu.device.limits().max_bind_groups(), Some(&group), None, None, None)?;
    pass.end();
    gpu.rejected("recording it where no group can be", || encoder.finish(None)).await?;
    Ok(())
}

async fn submitted_work_outlives_destroy() -> Outcome {
    let gpu = Gpu::new().await?;
    let (source, target) = (gpu.buffer_of(&[7, 8, 9], COPY)?, gpu.buffer(12, COPY));
    let encoder = gpu.encoder();
    encoder.copy_buffer_to_buffer(&source, None, &target, None, None);
    gpu.accepted("submitting", || gpu.submit(&encoder)).await?;
    source.destroy();
    check_eq!(gpu.words_of(&target).await?, [7, 8, 9], "what was copied before the source was destroyed");
    Ok(())
}

async fn data_of_any_length_round_trips() -> Outcome {
    let gpu = Gpu::new().await?;
    for length in [0, 1, 2, 3, 4, 5, 63, 64, 65, 1000] {
        let data: Vec<u8> = (1..=length).map(|n: u32| n.to_le_bytes()[0]).collect();
        let buffer = buffer_with_data(&gpu.device, &data, COPY)?;
        let bytes = read_buffer(&gpu.device, &gpu.queue, &buffer, ..).await?;
        check_eq!(bytes.get(..data.len()), Some(data.as_slice()), "{length} bytes written and read");
        check_eq!(bytes.len() % 4, 0, "length of what was read modulo 4");
    }
    Ok(())
}

async fn any_range_can_be_read() -> Outcome {
    let gpu = Gpu::new().await?;
    let data: Vec<u8> = (0..64).collect();
    let copied = buffer_with_data(&gpu.device, &data, COPY)?;
    let mapped = gpu.buffer(64, GpuBufferUsage::MAP_READ | GpuBufferUsage::COPY_DST);
    gpu.queue.write_buffer_with_copy(&mapped, 0, &data, None, None)?;
    for buffer in [copied, mapped] {
        for (start, end) in [(0, 64), (0, 0), (5, 5), (1, 2), (7, 9), (8, 16), (62, 64), (63, 64), (64, 64)] {
            let bytes = read_buffer(&gpu.device, &gpu.queue, &buffer, u64::from(start)..u64::from(end)).await?;
            let expected: Vec<u8> = (start..end).collect();
            check_eq!(bytes, expected, "bytes {start} to {end}");
        }
        check!(read_buffer(&gpu.device, &gpu.queue, &buffer, 60..65).await.is_err(), "60..65 is not in 64 bytes");
    }
    let unreadable = gpu.buffer(64, GpuBufferUsage::STORAGE);
    check!(read_buffer(&gpu.device, &gpu.queue, &unreadable, ..).await.is_err(), "a buffer without copy-src was read");
    Ok(())
}
