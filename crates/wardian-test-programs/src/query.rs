//! Query sets: occlusion and time.

use std::error::Error;

use wardian_guest::webgpu::*;
use wardian_guest::{DeviceOptions, describe, read_buffer};

use crate::Outcome;
use crate::support::{Gpu, failed};

programs! { "query":
    attributes_are_those_of_the_descriptor,
    empty_set_is_accepted,
    too_many_queries_are_rejected,
    timestamps_want_their_feature,
    unwritten_queries_are_zero,
    resolve_keeps_the_rest_of_its_buffer,
    faulty_resolves_are_errors_of_finish,
    destroyed_set_is_refused_by_submit,
    occlusion_tells_what_was_visible,
    faulty_occlusion_queries_are_errors_of_finish,
    compute_passes_take_time,
    render_passes_take_time,
    faulty_timestamp_writes_are_errors_of_finish,
    faulty_timestamps_of_render_passes_are_errors_of_finish,
}

const RESOLVE: GpuBufferUsage = GpuBufferUsage::QUERY_RESOLVE.union(GpuBufferUsage::COPY_SRC);
const FORMAT: GpuTextureFormat = GpuTextureFormat::Rgba8unorm;

fn set(gpu: &Gpu, kind: GpuQueryType, count: u32) -> Result<GpuQuerySet, CreateQuerySetError> {
    gpu.device.create_query_set(&describe::query_set(kind, count))
}

async fn resolved(gpu: &Gpu, set: &GpuQuerySet) -> Result<Vec<u64>, Box<dyn Error>> {
    let buffer = gpu.buffer(u64::from(set.count()) * 8, RESOLVE);
    let encoder = gpu.encoder();
    encoder.resolve_query_set(set, 0, set.count(), &buffer, 0);
    gpu.accepted("resolving", || gpu.submit(&encoder)).await?;
    let bytes = read_buffer(&gpu.device, &gpu.queue, &buffer, ..).await?;
    Ok(bytes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)).collect())
}

async fn attributes_are_those_of_the_descriptor() -> Outcome {
    let gpu = Gpu::new().await?;
    let set = gpu.accepted("a query set", || set(&gpu, GpuQueryType::Occlusion, 7)).await??;
    check_matches!(set.type_(), GpuQueryType::Occlusion, "type");
    check_eq!(set.count(), 7, "count");
    set.destroy();
    set.destroy();
    check_matches!(set.type_(), GpuQueryType::Occlusion, "type of a destroyed set");
    check_eq!(set.count(), 7, "count of a destroyed set");
    Ok(())
}

async fn empty_set_is_accepted() -> Outcome {
    let gpu = Gpu::new().await?;
    let set = gpu.accepted("a set without queries", || set(&gpu, GpuQueryType::Occlusion, 0)).await??;
    check_eq!(set.count(), 0, "count");
    let buffer = gpu.buffer(8, RESOLVE);
    let encoder = gpu.encoder();
    encoder.resolve_query_set(&set, 0, 0, &buffer, 0);
    gpu.accepted("resolving nothing", || gpu.submit(&encoder)).await?;
    gpu.rejected_by_finish("resolving one of none", |encoder| encoder.resolve_query_set(&set, 0, 1, &buffer, 0))
        .await?;
    Ok(())
}

async fn too_many_queries_are_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.accepted("4096 queries", || set(&gpu, GpuQueryType::Occlusion, 4096)).await??;
    for count in [4097, 1 << 20, u32::MAX] {
        let make = || set(&gpu, GpuQueryType::Occlusion, count);
        let set = gpu.rejected(&format!("{count} queries"), make).await?.0?;
        check_eq!(set.count(), count, "count of an invalid set");
        let buffer = gpu.buffer(8, RESOLVE);
        let resolve = |encoder: &GpuCommandEncoder| encoder.resolve_query_set(&set, 0, 1, &buffer, 0);
        gpu.rejected_by_finish("resolving an invalid set", resolve).await?;
    }
    Ok(())
}

async fn timestamps_want_their_feature() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.open_scopes();
    let error = failed(set(&gpu, GpuQueryType::Timestamp, 2), "timestamps without the feature")?;
    gpu.close_scopes("timestamps without the feature").await?;
    let CreateQuerySetErrorKind::TypeError = error.kind;
    check!(error.message.contains("timestamp"), "expected the message to name the feature, got: {}", error.message);
    let gpu = Gpu::with(DeviceOptions::new().wish(GpuFeatureName::TimestampQuery)).await?;
    if !gpu.has(GpuFeatureName::TimestampQuery) {
        skip!("the adapter has no timestamps");
    }
    let set = gpu.accepted("timestamps with the feature", || set(&gpu, GpuQueryType::Timestamp, 2)).await??;
    check_matches!(set.type_(), GpuQueryType::Timestamp, "type");
    Ok(())
}

async fn unwritten_queries_are_zero() -> Outcome {
    let gpu = Gpu::new().await?;
    let set = set(&gpu, GpuQueryType::Occlusion, 4)?;
    check_eq!(resolved(&gpu, &set).await?, [0; 4], "queries that were never written");
    Ok(())
}

async fn resolve_keeps_the_rest_of_its_buffer() -> Outcome {
    let gpu = Gpu::new().await?;
    let set = set(&gpu, GpuQueryType::Occlusion, 4)?;
    let buffer = gpu.buffer_of(&[7; 192], RESOLVE)?;
    let encoder = gpu.encoder();
    encoder.resolve_query_set(&set, 1, 2, &buffer, 256);
    gpu.accepted("resolving two queries", || gpu.submit(&encoder)).await?;
    let mut expected = vec![7; 192];
    expected.get_mut(64..68).ok_or("expected the buffer to hold two queries")?.fill(0);
    check_eq!(gpu.words_of(&buffer).await?, expected, "the buffer after two queries at 256");
    // What was never written is zero, and only the queries are not.
    let buffer = gpu.buffer(768, RESOLVE);
    let encoder = gpu.encoder();
    encoder.resolve_query_set(&set, 0, 1, &buffer, 512);
    gpu.accepted("resolving into a new buffer", || gpu.submit(&encoder)).await?;
    check_eq!(gpu.words_of(&buffer).await?, [0; 192], "a new buffer after a query at 512");
    Ok(())
}

async fn faulty_resolves_are_errors_of_finish() -> Outcome {
    let gpu = Gpu::new().await?;
    let set = set(&gpu, GpuQueryType::Occlusion, 4)?;
    let buffer = gpu.buffer(512, RESOLVE);
    let wrong =
        [(0, 5, 0), (4, 1, 0), (u32::MAX, 2, 0), (2, u32::MAX, 0), (0, 1, 8), (0, 1, 512), (0, 1, u64::MAX - 255)];
    for (first, count, offset) in wrong {
        let resolve = |encoder: &GpuCommandEncoder| encoder.resolve_query_set(&set, first, count, &buffer, offset);
        gpu.rejected_by_finish(&format!("{count} queries from {first} to {offset}"), resolve).await?;
    }
    let unusable = gpu.buffer(512, GpuBufferUsage::COPY_DST);
    let resolve = |encoder: &GpuCommandEncoder| encoder.resolve_query_set(&set, 0, 1, &unusable, 0);
    gpu.rejected_by_finish("a buffer without query-resolve", resolve).await?;
    Ok(())
}

async fn destroyed_set_is_refused_by_submit() -> Outcome {
    let gpu = Gpu::new().await?;
    let (set, buffer) = (set(&gpu, GpuQueryType::Occlusion, 4)?, gpu.buffer(512, RESOLVE));
    let encoder = gpu.encoder();
    encoder.resolve_query_set(&set, 0, 1, &buffer, 0);
    set.destroy();
    let commands = gpu.accepted("recording with a destroyed set", || encoder.finish(None)).await?;
    gpu.rejected("submitting it", || gpu.queue.submit(&[&commands])).await?;
    Ok(())
}

fn target(gpu: &Gpu) -> GpuTextureView {
    let usage = GpuTextureUsage::RENDER_ATTACHMENT;
    gpu.device.create_texture(&describe::texture_2d(FORMAT, 16, 16, usage)).create_view(None)
}

/// Records a pass with an occlusion query set over a small target.
fn occlusion_pass(
    encoder: &GpuCommandEncoder,
    view: &GpuTextureView,
    set: Option<&GpuQuerySet>,
    body: impl FnOnce(&GpuRenderPassEncoder),
) {
    let attachments = vec![describe::cleared(view, describe::color(0.0, 0.0, 0.0, 1.0))];
    let descriptor = GpuRenderPassDescriptor { occlusion_query_set: set, ..describe::render_pass(attachments) };
    let pass = encoder.begin_render_pass(&descriptor);
    body(&pass);
    pass.end();
}

async fn occlusion_tells_what_was_visible() -> Outcome {
    let gpu = Gpu::new().await?;
    let (set, view) = (set(&gpu, GpuQueryType::Occlusion, 4)?, target(&gpu));
    let module = gpu.shader(
        "@vertex fn v(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
             return vec4f(f32(i % 2) * 4 - 1, f32(i / 2) * 4 - 1, 0, 1);
         }
         @fragment fn f() -> @location(0) vec4f { return vec4f(1.0); }",
    );
    let pipeline = gpu.device.create_render_pipeline(describe::render_pipeline(&module, FORMAT));
    let encoder = gpu.encoder();
    occlusion_pass(&encoder, &view, Some(&set), |pass| {
        pass.set_pipeline(&pipeline);
        pass.begin_occlusion_query(0);
        pass.draw(3, None, None, None);
        pass.end_occlusion_query();
        pass.begin_occlusion_query(2);
        pass.set_scissor_rect(0, 0, 0, 0);
        pass.draw(3, None, None, None);
        pass.end_occlusion_query();
        pass.begin_occlusion_query(3);
        pass.end_occlusion_query();
    });
    gpu.accepted("the pass", || gpu.submit(&encoder)).await?;
    let results = resolved(&gpu, &set).await?;
    let visible: Vec<bool> = results.iter().map(|result| *result != 0).collect();
    check_eq!(visible, [true, false, false, false], "what was visible ({results:?})");
    Ok(())
}

async fn faulty_occlusion_queries_are_errors_of_finish() -> Outcome {
    let gpu = Gpu::new().await?;
    let (set, view) = (set(&gpu, GpuQueryType::Occlusion, 4)?, target(&gpu));
    type Body = fn(&GpuRenderPassEncoder);
    let wrong: [(&str, bool, Body); 7] = [
        ("a query without a set", false, |pass| {
            pass.begin_occlusion_query(0);
            pass.end_occlusion_query();
        }),
        ("a query out of range", true, |pass| {
            pass.begin_occlusion_query(4);
            pass.end_occlusion_query();
        }),
        ("a query far out of range", true, |pass| pass.begin_occlusion_query(u32::MAX)),
        ("a query in a query", true, |pass| {
            pass.begin_occlusion_query(0);
            pass.begin_occlusion_query(1);
            pass.end_occlusion_query();
        }),
        ("a query twice", true, |pass| {
            for _ in 0..2 {
                pass.begin_occlusion_query(1);
                pass.end_occlusion_query();
            }
        }),
        ("the end of no query", true, |pass| pass.end_occlusion_query()),
        ("an open query", true, |pass| pass.begin_occlusion_query(0)),
    ];
    for (what, with_set, body) in wrong {
        let set = with_set.then_some(&set);
        gpu.rejected_by_finish(what, |encoder| occlusion_pass(encoder, &view, set, body)).await?;
    }
    Ok(())
}

fn check_times(times: &[u64]) -> Outcome {
    check!(times.is_sorted(), "expected times to go forward, got {times:?}");
    let span = times.last().copied().unwrap_or_default() - times.first().copied().unwrap_or_default();
    // A minute in nanoseconds: what a device that doesn't count in nanoseconds would overshoot or never reach.
    check!(span < 60_000_000_000, "expected the passes to take less than a minute, got {span} ns");
    Ok(())
}

async fn compute_passes_take_time() -> Outcome {
    let gpu = Gpu::with(DeviceOptions::new().wish(GpuFeatureName::TimestampQuery)).await?;
    if !gpu.has(GpuFeatureName::TimestampQuery) {
        skip!("the adapter has no timestamps");
    }
    let set = set(&gpu, GpuQueryType::Timestamp, 4)?;
    let encoder = gpu.encoder();
    for first in [0, 2] {
        let writes = GpuComputePassTimestampWrites {
            query_set: &set,
            beginning_of_pass_write_index: Some(first),
            end_of_pass_write_index: Some(first + 1),
        };
        let descriptor = GpuComputePassDescriptor { timestamp_writes: Some(writes), ..describe::compute_pass() };
        encoder.begin_compute_pass(Some(&descriptor)).end();
    }
    gpu.accepted("the passes", || gpu.submit(&encoder)).await?;
    check_times(&resolved(&gpu, &set).await?)
}

async fn render_passes_take_time() -> Outcome {
    let gpu = Gpu::with(DeviceOptions::new().wish(GpuFeatureName::TimestampQuery)).await?;
    if !gpu.has(GpuFeatureName::TimestampQuery) {
        skip!("the adapter has no timestamps");
    }
    let (set, view) = (set(&gpu, GpuQueryType::Timestamp, 2)?, target(&gpu));
    let encoder = gpu.encoder();
    let writes = GpuRenderPassTimestampWrites {
        query_set: &set,
        beginning_of_pass_write_index: Some(0),
        end_of_pass_write_index: Some(1),
    };
    let attachments = vec![describe::cleared(&view, describe::color(0.0, 0.0, 0.0, 1.0))];
    let descriptor = GpuRenderPassDescriptor { timestamp_writes: Some(writes), ..describe::render_pass(attachments) };
    encoder.begin_render_pass(&descriptor).end();
    gpu.accepted("the pass", || gpu.submit(&encoder)).await?;
    check_times(&resolved(&gpu, &set).await?)
}

async fn faulty_timestamp_writes_are_errors_of_finish() -> Outcome {
    let gpu = Gpu::with(DeviceOptions::new().wish(GpuFeatureName::TimestampQuery)).await?;
    if !gpu.has(GpuFeatureName::TimestampQuery) {
        skip!("the adapter has no timestamps");
    }
    let (times, occlusion) = (set(&gpu, GpuQueryType::Timestamp, 2)?, set(&gpu, GpuQueryType::Occlusion, 2)?);
    let wrong = [
        (&times, None, None),
        (&times, Some(0), Some(0)),
        (&times, Some(2), None),
        (&times, None, Some(u32::MAX)),
        (&occlusion, Some(0), Some(1)),
    ];
    for (set, begin, end) in wrong {
        let pass = |encoder: &GpuCommandEncoder| {
            let writes = GpuComputePassTimestampWrites {
                query_set: set,
                beginning_of_pass_write_index: begin,
                end_of_pass_write_index: end,
            };
            let descriptor = GpuComputePassDescriptor { timestamp_writes: Some(writes), ..describe::compute_pass() };
            encoder.begin_compute_pass(Some(&descriptor)).end();
        };
        gpu.rejected_by_finish(&format!("times at {begin:?} and {end:?} of {:?}", set.type_()), pass).await?;
    }
    Ok(())
}

async fn faulty_timestamps_of_render_passes_are_errors_of_finish() -> Outcome {
    let gpu = Gpu::with(DeviceOptions::new().wish(GpuFeatureName::TimestampQuery)).await?;
    if !gpu.has(GpuFeatureName::TimestampQuery) {
        skip!("the adapter has no timestamps");
    }
    let (times, occlusion) = (set(&gpu, GpuQueryType::Timestamp, 2)?, set(&gpu, GpuQueryType::Occlusion, 2)?);
    let (empty, view) = (set(&gpu, GpuQueryType::Timestamp, 0)?, target(&gpu));
    let record = |encoder: &GpuCommandEncoder, query_set, begin, end| {
        let writes = GpuRenderPassTimestampWrites {
            query_set,
            beginning_of_pass_write_index: begin,
            end_of_pass_write_index: end,
        };
        let attachments = vec![describe::cleared(&view, describe::color(0.0, 0.0, 0.0, 1.0))];
        let descriptor =
            GpuRenderPassDescriptor { timestamp_writes: Some(writes), ..describe::render_pass(attachments) };
        encoder.begin_render_pass(&descriptor).end();
    };
    let wrong = [
        (&times, None, None),
        (&times, Some(1), Some(1)),
        (&times, None, Some(2)),
        (&times, Some(u32::MAX), Some(0)),
        (&occlusion, Some(0), None),
        (&empty, Some(0), None),
    ];
    for (set, begin, end) in wrong {
        let pass = |encoder: &GpuCommandEncoder| record(encoder, set, begin, end);
        let what = format!("times at {begin:?} and {end:?} of {} of {:?}", set.count(), set.type_());
        gpu.rejected_by_finish(&what, pass).await?;
    }
    for (begin, end) in [(Some(1), None), (None, Some(0)), (Some(1), Some(0))] {
        let encoder = gpu.encoder();
        let pass = || {
            record(&encoder, &times, begin, end);
            gpu.submit(&encoder);
        };
        gpu.accepted(&format!("times at {begin:?} and {end:?}"), pass).await?;
    }
    Ok(())
}
