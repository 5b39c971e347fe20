//! What becomes of a program that wants more than its store may have.
//!
//! Each makes many of something, and says how many of them were refused. Refusals must be out-of-memory errors, and
//! what was refused is invalid and nothing worse. How many there are to be depends on the quotas: without any, none.

use std::error::Error;
use std::time::Instant;

use wardian_guest::describe;
use wardian_guest::webgpu::*;

use crate::Outcome;
use crate::support::Gpu;

programs! { "quota":
    memory_is_bounded,
    memory_behind_bind_groups_is_bounded,
    memory_comes_back,
    written_data_is_bounded,
    mapped_memory_is_bounded,
    objects_are_bounded,
    encoders_are_bounded,
    commands_are_bounded,
    shaders_are_bounded,
    time_is_bounded,
}

const MIB: u64 = 1 << 20;
/// How many of each are made.
const ROUNDS: u32 = 32;

/// Makes something in rounds and keeps all of it. Says how many rounds were refused, by an out-of-memory error each.
async fn make<T>(gpu: &Gpu, what: &str, mut body: impl FnMut(u32) -> T) -> Result<Vec<T>, Box<dyn Error>> {
    let (mut kept, mut refused) = (Vec::new(), 0);
    for round in 0..ROUNDS {
        gpu.device.push_error_scope(GpuErrorFilter::OutOfMemory);
        gpu.device.push_error_scope(GpuErrorFilter::Validation);
        kept.push(body(round));
        let error = gpu.device.pop_error_scope().await?;
        check!(error.is_none(), "{what}: expected no validation error, got {:?}", error.map(|error| error.message()));
        if let Some(error) = gpu.device.pop_error_scope().await? {
            check_matches!(error.kind(), GpuErrorKind::OutOfMemoryError, "kind of the error of {what}");
            check!(error.message().contains("quota"), "expected the quota's name with {what}, got {}", error.message());
            refused += 1;
        }
    }
    println!("{what}: {refused} of {ROUNDS} refused");
    Ok(kept)
}

async fn memory_is_bounded() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffers = make(&gpu, "buffers", |_| gpu.buffer(MIB, GpuBufferUsage::STORAGE)).await?;
    drop(buffers);
    let size = describe::texture_2d(GpuTextureFormat::Rgba8unorm, 512, 512, GpuTextureUsage::TEXTURE_BINDING);
    make(&gpu, "textures", |_| gpu.device.create_texture(&size)).await?;
    Ok(())
}

async fn memory_behind_bind_groups_is_bounded() -> Outcome {
    let gpu = Gpu::new().await?;
    let entry = describe::buffer_entry(0, GpuShaderStage::COMPUTE, GpuBufferBindingType::Storage);
    let layout = gpu.device.create_bind_group_layout(&describe::bind_group_layout(vec![entry]));
    let group = |buffer: &GpuBuffer| {
        gpu.device.create_bind_group(&describe::bind_group(&layout, vec![describe::buffer_binding(0, buffer)]))
    };
    let mut groups = Vec::new();
    let mut refused = 0;
    for _ in 0..ROUNDS {
        gpu.device.push_error_scope(GpuErrorFilter::OutOfMemory);
        let buffer = gpu.buffer(MIB, GpuBufferUsage::STORAGE);
        if gpu.device.pop_error_scope().await?.is_some() {
            refused += 1;
        } else {
            // The buffer's handle goes, and its memory stays.
            groups.push(group(&buffer));
        }
    }
    println!("buffers of bind groups: {refused} of {ROUNDS} refused");
    Ok(())
}

async fn memory_comes_back() -> Outcome {
    let gpu = Gpu::new().await?;
    make(&gpu, "dropped buffers", |_| drop(gpu.buffer(4 * MIB, GpuBufferUsage::STORAGE))).await?;
    make(&gpu, "destroyed buffers", |_| {
        let buffer = gpu.buffer(4 * MIB, GpuBufferUsage::STORAGE);
        buffer.destroy();
        buffer
    })
    .await?;
    Ok(())
}

async fn written_data_is_bounded() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(MIB, GpuBufferUsage::COPY_DST);
    let data = vec![1; usize::try_from(MIB)?];
    let write = || gpu.queue.write_buffer_with_copy(&buffer, 0, &data, None, None);
    make(&gpu, "writes", |_| write()).await?;
    gpu.queue.submit(&[]);
    gpu.queue.on_submitted_work_done().await;
    make(&gpu, "writes that are submitted", |_| {
        let written = write();
        gpu.queue.submit(&[]);
        written
    })
    .await?;
    Ok(())
}

async fn mapped_memory_is_bounded() -> Outcome {
    let gpu = Gpu::new().await?;
    let descriptor =
        GpuBufferDescriptor { mapped_at_creation: Some(true), ..describe::buffer(MIB, GpuBufferUsage::COPY_SRC) };
    let buffers = make(&gpu, "mapped buffers", |_| gpu.device.create_buffer(&descriptor)).await?;
    for buffer in &buffers {
        buffer.unmap()?;
    }
    make(&gpu, "buffers after the first were unmapped", |_| {
        let buffer = gpu.device.create_buffer(&descriptor);
        buffer.unmap().map(|()| buffer)
    })
    .await?;
    Ok(())
}

async fn objects_are_bounded() -> Outcome {
    let gpu = Gpu::new().await?;
    let (device, empty) = (&gpu.device, describe::bind_group_layout(Vec::new()));
    let module = gpu.shader("@compute @workgroup_size(1) fn main() {}");
    let layout = device.create_bind_group_layout(&empty);
    let texture = describe::texture_2d(GpuTextureFormat::Rgba8unorm, 4, 4, GpuTextureUsage::TEXTURE_BINDING);
    let viewed = device.create_texture(&texture);
    make(&gpu, "buffers", |_| gpu.buffer(4, GpuBufferUsage::STORAGE)).await?;
    make(&gpu, "textures", |_| device.create_texture(&texture)).await?;
    make(&gpu, "texture views", |_| viewed.create_view(None)).await?;
    make(&gpu, "samplers", |_| device.create_sampler(None)).await?;
    make(&gpu, "bind groups", |_| device.create_bind_group(&describe::bind_group(&layout, Vec::new()))).await?;
    make(&gpu, "bind group layouts", |_| device.create_bind_group_layout(&empty)).await?;
    make(&gpu, "pipeline layouts", |_| device.create_pipeline_layout(&describe::pipeline_layout(&[&layout]))).await?;
    make(&gpu, "pipelines", |_| device.create_compute_pipeline(describe::compute_pipeline(&module))).await?;
    make(&gpu, "shader modules", |_| gpu.shader("@compute @workgroup_size(1) fn main() {}")).await?;
    make(&gpu, "query sets", |_| device.create_query_set(&describe::query_set(GpuQueryType::Occlusion, 2))).await?;
    let bundle = describe::bundle_encoder(GpuTextureFormat::Rgba8unorm);
    make(&gpu, "render bundle encoders", |_| device.create_render_bundle_encoder(&bundle)).await?;
    Ok(())
}

/// An encoder can't be invalid from the beginning, so the device is lost.
async fn encoders_are_bounded() -> Outcome {
    let gpu = Gpu::new().await?;
    let encoders: Vec<_> = (0..ROUNDS).map(|_| gpu.encoder()).collect();
    let lost = gpu.device.lost();
    gpu.device.destroy();
    let info = lost.await;
    println!("{} encoders: {:?}: {}", encoders.len(), info.reason(), info.message());
    Ok(())
}

async fn commands_are_bounded() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(4096, GpuBufferUsage::COPY_DST);
    let encoder = gpu.encoder();
    for _ in 0..10_000 {
        encoder.clear_buffer(&buffer, None, None);
    }
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    let commands = encoder.finish(None);
    let error = gpu.device.pop_error_scope().await?;
    println!("10000 commands: {}", error.map(|error| error.message()).unwrap_or_default());
    drop((encoder, commands));
    // What was recorded before doesn't count any more.
    let encoder = gpu.encoder();
    encoder.clear_buffer(&buffer, None, None);
    gpu.accepted("a short recording", || gpu.submit(&encoder)).await
}

async fn shaders_are_bounded() -> Outcome {
    let gpu = Gpu::new().await?;
    let code = format!("/*{}*/ @compute @workgroup_size(1) fn main() {{}}", "x".repeat(100_000));
    make(&gpu, "shaders of 100 kB", |_| gpu.shader(&code)).await?;
    Ok(())
}

/// Runs work that takes seconds until the device is lost or the work done.
async fn time_is_bounded() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(
        "@group(0) @binding(0) var<storage, read_write> o: u32;
         @compute @workgroup_size(1) fn main() { for (var i = 0u; i < 100000u; i++) { o += i; } }",
    );
    let pipeline = gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
    let buffer = gpu.buffer(4, GpuBufferUsage::STORAGE);
    let layout = pipeline.get_bind_group_layout(0);
    let group = describe::bind_group(&layout, vec![describe::buffer_binding(0, &buffer)]);
    let group = gpu.device.create_bind_group(&group);
    let lost = gpu.device.lost();
    let submit = |rounds| -> Outcome {
        let encoder = gpu.encoder();
        let pass = encoder.begin_compute_pass(None);
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, Some(&group), None, None, None)?;
        (0..rounds).for_each(|_| pass.dispatch_workgroups(64, None, None));
        pass.end();
        gpu.submit(&encoder);
        Ok(())
    };
    let start = Instant::now();
    submit(1)?;
    gpu.queue.on_submitted_work_done().await;
    // For about three seconds, on a fast GPU as on a slow one.
    submit((3_000_000 / start.elapsed().as_micros().max(1)).clamp(1, 100_000))?;
    // Ends with the work, or with the device.
    gpu.queue.on_submitted_work_done().await;
    gpu.device.destroy();
    let info = lost.await;
    println!("lost after {} ms, {:?}: {}", start.elapsed().as_millis(), info.reason(), info.message());
    let again = Gpu::new().await?;
    again.device.destroy();
    println!("another device: {}", again.device.lost().await.message());
    Ok(())
}
