//! Loss and destruction of devices.

use std::error::Error;
use std::future::{Future as _, IntoFuture as _, poll_fn};
use std::task::Poll;

use wardian_guest::webgpu::*;
use wardian_guest::{describe, join};

use crate::Outcome;
use crate::support::{Gpu, failed};

programs! { "device":
    destroy_resolves_lost,
    lost_resolves_after_the_fact,
    lost_can_be_given_up_after_the_device,
    destroy_twice_is_nothing,
    dropped_device_lives_on_in_its_children,
    destroy_rejects_a_pending_map,
    destroy_unmaps_buffers,
    destroyed_device_reports_nothing,
    destroyed_device_creates_in_silence,
    destroyed_device_answers_async_pipelines,
    destroyed_device_finishes_its_queue,
    open_scope_of_a_destroyed_device_is_empty,
    two_devices_do_not_mix,
}

const COMPUTE: &str = "@compute @workgroup_size(1) fn main() {}";

async fn destroy_resolves_lost() -> Outcome {
    let gpu = Gpu::new().await?;
    let (first, second) = (gpu.device.lost(), gpu.device.lost());
    gpu.device.destroy();
    let (first, second) = join(first, second).await;
    for info in [first, second] {
        check_matches!(info.reason(), GpuDeviceLostReason::Destroyed, "reason of the loss");
        check!(!info.message().is_empty(), "expected a message with the loss, got an empty one");
    }
    Ok(())
}

async fn lost_can_be_given_up_after_the_device() -> Outcome {
    let gpu = Gpu::new().await?;
    let mut lost = Box::pin(gpu.device.lost().into_future());
    let mut errors = gpu.device.on_uncaptured_error();
    let mut error = Box::pin(async move { errors.next().await.is_some() });
    let began = poll_fn(|context| {
        Poll::Ready(lost.as_mut().poll(context).is_pending() && error.as_mut().poll(context).is_pending())
    });
    check!(began.await, "expected both to be pending while the device works");
    drop(gpu);
    // Neither may keep the program from going on.
    drop(lost);
    drop(error);
    Ok(())
}

async fn lost_resolves_after_the_fact() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.device.destroy();
    let info = gpu.device.lost().await;
    check_matches!(info.reason(), GpuDeviceLostReason::Destroyed, "reason of a loss asked for afterwards");
    Ok(())
}

async fn destroy_twice_is_nothing() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.device.destroy();
    gpu.device.destroy();
    check_matches!(gpu.device.lost().await.reason(), GpuDeviceLostReason::Destroyed, "reason of the loss");
    Ok(())
}

async fn dropped_device_lives_on_in_its_children() -> Outcome {
    let gpu = Gpu::new().await?;
    let source = gpu.buffer_of(&[1, 2, 3], GpuBufferUsage::COPY_SRC)?;
    let target = gpu.buffer(12, GpuBufferUsage::COPY_DST | GpuBufferUsage::MAP_READ);
    let encoder = gpu.encoder();
    let Gpu { adapter, device, queue } = gpu;
    drop(adapter);
    drop(device);
    encoder.copy_buffer_to_buffer(&source, None, &target, None, None);
    drop(source);
    queue.submit(&[&encoder.finish(None)]);
    drop(encoder);
    drop(queue);
    target.map_async(GpuMapMode::READ, None, None).await?;
    let bytes = target.get_mapped_range_get_with_copy(None, None)?;
    check_eq!(bytes, [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0], "contents copied without a handle of the device");
    Ok(())
}

async fn destroy_rejects_a_pending_map() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(1 << 20, GpuBufferUsage::MAP_READ | GpuBufferUsage::COPY_DST);
    gpu.queue.write_buffer_with_copy(&buffer, 0, &vec![1; 1 << 20], None, None)?;
    let map = buffer.map_async(GpuMapMode::READ, None, None);
    let (outcome, ()) = join(map, async { gpu.device.destroy() }).await;
    let error = failed(outcome, "a map during which the device was destroyed")?;
    check_matches!(error.kind, MapAsyncErrorKind::AbortError, "kind of the rejection");
    check_matches!(buffer.map_state(), GpuBufferMapState::Unmapped, "state of the buffer afterwards");
    Ok(())
}

async fn destroy_unmaps_buffers() -> Outcome {
    let gpu = Gpu::new().await?;
    let read = gpu.buffer(16, GpuBufferUsage::MAP_READ | GpuBufferUsage::COPY_DST);
    read.map_async(GpuMapMode::READ, None, None).await?;
    let descriptor = describe::buffer(16, GpuBufferUsage::COPY_SRC);
    let descriptor = GpuBufferDescriptor { mapped_at_creation: Some(true), ..descriptor };
    let created = gpu.device.create_buffer(&descriptor);
    gpu.device.destroy();
    for buffer in [read, created] {
        check_matches!(buffer.map_state(), GpuBufferMapState::Unmapped, "state after the device was destroyed");
        let error = failed(buffer.get_mapped_range_get_with_copy(None, None), "bytes of a destroyed device")?;
        check_matches!(error.kind, GetMappedRangeErrorKind::OperationError, "kind of the error");
        buffer.unmap()?;
        check_eq!(buffer.size(), 16, "size of a buffer of a destroyed device");
    }
    Ok(())
}

async fn destroyed_device_reports_nothing() -> Outcome {
    let gpu = Gpu::new().await?;
    let uncaptured = gpu.device.on_uncaptured_error();
    gpu.device.destroy();
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    let invalid = gpu.buffer(4, GpuBufferUsage::empty());
    let encoder = gpu.encoder();
    encoder.clear_buffer(&invalid, Some(3), Some(u64::MAX));
    encoder.pop_debug_group();
    gpu.submit(&encoder);
    encoder.finish(None);
    check!(gpu.device.pop_error_scope().await?.is_none(), "a destroyed device reported an error to a scope");
    drop(uncaptured);
    Ok(())
}

async fn destroyed_device_creates_in_silence() -> Outcome {
    let gpu = Gpu::with_all_features().await?;
    let before = gpu.shader(COMPUTE);
    gpu.device.destroy();
    gpu.open_scopes();
    create_one_of_each(&gpu, &before)?;
    let device = &gpu.device;
    gpu.close_scopes("creating objects on a destroyed device").await?;
    check!(!device.features().has("nonsense"), "features of a destroyed device");
    check!(device.limits().max_bind_groups() >= 4, "limits of a destroyed device");
    device.set_label("gone");
    check_eq!(device.label(), "gone", "label of a destroyed device");
    Ok(())
}

fn create_one_of_each(gpu: &Gpu, module_before: &GpuShaderModule) -> Result<(), Box<dyn Error>> {
    let device = &gpu.device;
    let buffer = gpu.buffer(64, GpuBufferUsage::STORAGE | GpuBufferUsage::INDIRECT | GpuBufferUsage::COPY_SRC);
    let format = GpuTextureFormat::Rgba8unorm;
    let usage = GpuTextureUsage::RENDER_ATTACHMENT | GpuTextureUsage::COPY_DST;
    let texture = device.create_texture(&describe::texture_2d(format, 4, 4, usage));
    let view = texture.create_view(None);
    device.create_sampler(None);
    let entry = describe::buffer_entry(0, GpuShaderStage::COMPUTE, GpuBufferBindingType::Storage);
    let layout = device.create_bind_group_layout(&describe::bind_group_layout(vec![entry]));
    device.create_pipeline_layout(&describe::pipeline_layout(&[&layout]));
    let entries = vec![describe::buffer_binding(0, &buffer)];
    let group = device.create_bind_group(&describe::bind_group(&layout, entries));
    let module = gpu.shader(COMPUTE);
    let pipeline = device.create_compute_pipeline(describe::compute_pipeline(&module));
    device.create_compute_pipeline(describe::compute_pipeline(module_before));
    pipeline.get_bind_group_layout(0);
    let render = device.create_render_pipeline(describe::render_pipeline(&module, format));
    let bundle = device.create_render_bundle_encoder(&describe::bundle_encoder(format));
    bundle.set_pipeline(&render);
    bundle.draw_indirect(&buffer, u64::MAX);
    let bundle = bundle.finish(None);
    device.create_query_set(&describe::query_set(GpuQueryType::Occlusion, 4))?;
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, Some(&group), None, None, None)?;
    pass.dispatch_workgroups(1, None, None);
    pass.end();
    let attachments = vec![describe::cleared(&view, describe::color(0.0, 0.0, 0.0, 0.0))];
    let pass = encoder.begin_render_pass(&describe::render_pass(attachments));
    pass.execute_bundles(&[&bundle]);
    pass.end();
    gpu.submit(&encoder);
    gpu.queue.write_buffer_with_copy(&buffer, 0, &[0; 64], None, None)?;
    let (target, texels) = (describe::texel_texture(&texture), describe::texel_layout(16, 4));
    gpu.queue.write_texture_with_copy(&target, &[0; 64], texels, describe::extent(4, 4));
    Ok(())
}

async fn destroyed_device_answers_async_pipelines() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(COMPUTE);
    let draw = gpu.shader(
        "@vertex fn v() -> @builtin(position) vec4f { return vec4f(); } @fragment fn f() -> @location(0) vec4f { \
         return vec4f(); }",
    );
    gpu.device.destroy();
    gpu.device.create_compute_pipeline_async(describe::compute_pipeline(&module)).await?;
    let descriptor = describe::render_pipeline(&draw, GpuTextureFormat::Rgba8unorm);
    gpu.device.create_render_pipeline_async(descriptor).await?;
    Ok(())
}

async fn destroyed_device_finishes_its_queue() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.queue.submit(&[]);
    gpu.device.destroy();
    gpu.queue.on_submitted_work_done().await;
    Ok(())
}

async fn open_scope_of_a_destroyed_device_is_empty() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    gpu.device.destroy();
    check!(gpu.device.pop_error_scope().await?.is_none(), "a scope of a destroyed device held an error");
    Ok(())
}

async fn two_devices_do_not_mix() -> Outcome {
    let (ours, theirs) = (Gpu::new().await?, Gpu::new().await?);
    let storage = GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_SRC | GpuBufferUsage::COPY_DST;
    let (own, foreign) = (ours.buffer(16, storage), theirs.buffer(16, storage));
    let what = "a copy from another device's buffer";
    ours.rejected_by_finish(what, |encoder| encoder.copy_buffer_to_buffer(&foreign, None, &own, None, None)).await?;
    let entry = || describe::buffer_entry(0, GpuShaderStage::COMPUTE, GpuBufferBindingType::Storage);
    let layout = ours.device.create_bind_group_layout(&describe::bind_group_layout(vec![entry()]));
    let foreign_layout = theirs.device.create_bind_group_layout(&describe::bind_group_layout(vec![entry()]));
    ours.rejected("a bind group of another device's buffer", || {
        let entries = vec![describe::buffer_binding(0, &foreign)];
        ours.device.create_bind_group(&describe::bind_group(&layout, entries))
    })
    .await?;
    ours.rejected("a pipeline layout of another device's layout", || {
        ours.device.create_pipeline_layout(&describe::pipeline_layout(&[&foreign_layout]))
    })
    .await?;
    let module = theirs.shader(COMPUTE);
    ours.rejected("a pipeline of another device's module", || {
        ours.device.create_compute_pipeline(describe::compute_pipeline(&module))
    })
    .await?;
    let encoder = theirs.encoder();
    let commands = encoder.finish(None);
    ours.rejected("a submission of another device's commands", || ours.queue.submit(&[&commands])).await?;
    let outcome = ours.rejected("a write to another device's buffer", || {
        ours.queue.write_buffer_with_copy(&foreign, 0, &[0; 4], None, None)
    });
    outcome.await?.0?;
    Ok(())
}
