//! What a guest may do to bring its host down, and must not succeed with.
//!
//! Other files test single rules; these programs pile things up, go far out of range, and use objects in every wrong
//! state. Each ends well only if the host and the device still work afterwards.

use std::time::Instant;

use wardian_guest::webgpu::*;
use wardian_guest::{DeviceOptions, LIMITS, describe, yield_async};

use crate::Outcome;
use crate::canvas::{BLACK, Canvas, FILL, FORMAT, pipeline};
use crate::support::{Gpu, failed};

programs! { "hostile":
    shader_of_many_nots,
    shader_of_many_else_ifs,
    shader_of_many_operators,
    shader_of_many_references,
    shader_of_deep_nesting,
    shader_of_long_chains_of_declarations,
    shader_of_nuls,
    shader_of_doubling_arrays,
    shader_of_huge_arrays,
    shader_that_is_huge,
    shader_of_odd_text,
    every_call_on_an_ended_compute_pass,
    every_call_on_an_ended_render_pass,
    every_call_on_invalid_objects,
    vertex_buffers_of_size_zero,
    huge_numbers_everywhere,
    huge_limits_everywhere,
    device_is_dropped_during_a_map,
    many_objects_are_dropped,
    many_maps_are_dropped,
    many_devices_are_made,
    streams_and_futures_are_dropped,
    everything_is_left_alive,
    endless_debug_groups,
    endless_scopes,
    work_is_left_running,
    foreign_passes_and_bundles,
}

/// The device still computes: what was done before must not have broken it.
async fn check_alive(gpu: &Gpu) -> Outcome {
    let usage = GpuBufferUsage::COPY_SRC | GpuBufferUsage::COPY_DST;
    let (source, target) = (gpu.buffer_of(&[1, 2, 3], usage)?, gpu.buffer(12, usage));
    let encoder = gpu.encoder();
    encoder.copy_buffer_to_buffer(&source, None, &target, None, None);
    gpu.accepted("a copy afterwards", || gpu.submit(&encoder)).await?;
    check_eq!(gpu.words_of(&target).await?, [1, 2, 3], "a copy afterwards");
    Ok(())
}

/// Gives the compiler this code and a pipeline of it; both may be errors, and nothing more may happen.
async fn compile(code: &str) -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.device.push_error_scope(GpuErrorFilter::Internal);
    gpu.device.push_error_scope(GpuErrorFilter::OutOfMemory);
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    let module = gpu.shader(code);
    let info = module.get_compilation_info().await;
    let errors = info.messages().into_iter().filter(|m| m.type_() == GpuCompilationMessageType::Error).count();
    gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
    for _ in 0..3 {
        if let Some(error) = gpu.device.pop_error_scope().await? {
            check!(!error.message().is_empty(), "expected a message with the compiler's error");
            check!(
                error.message().len() < 1 << 20,
                "expected less than 1 MiB of message, got {}",
                error.message().len()
            );
        }
    }
    println!("{} bytes of code, {errors} errors", code.len());
    check_alive(&gpu).await
}

fn main_with(body: &str) -> String {
    format!("@group(0) @binding(0) var<storage, read_write> o: u32; @compute @workgroup_size(1) fn main() {{ {body} }}")
}

async fn shader_of_many_nots() -> Outcome {
    compile(&main_with(&format!("let a = {}true;", "!".repeat(5_000)))).await?;
    compile(&main_with(&format!("let a = {}1;", "-".repeat(5_000)))).await?;
    compile(&main_with(&format!("let a = {}1;", "~".repeat(60_000)))).await
}

async fn shader_of_many_else_ifs() -> Outcome {
    compile(&main_with(&format!("if o == 0 {{ o = 1; }} {}", "else if o == 2 { o = 3; } ".repeat(6_000)))).await
}

async fn shader_of_many_operators() -> Outcome {
    compile(&main_with(&format!("o = o{};", " + o".repeat(25_000)))).await?;
    compile(&main_with(&format!("let a = o == 1{};", " && o == 1".repeat(25_000)))).await?;
    compile(&main_with(&format!("let v = vec4f(); let a = v{};", ".xyzw".repeat(10_000)))).await
}

async fn shader_of_many_references() -> Outcome {
    compile(&main_with(&format!("{}o = 1;", "*&".repeat(5_000)))).await?;
    let indices = format!("{}0{}", "a[".repeat(3_000), "]".repeat(3_000));
    compile(&main_with(&format!("var a: array<u32, 4>; let b = {indices};"))).await
}

async fn shader_of_deep_nesting() -> Outcome {
    for (open, close) in [("(", ")"), ("{ ", " }"), ("vec4f(", ")"), ("if true { ", " }"), ("loop { ", " }")] {
        let (open, close) = (open.repeat(5_000), close.repeat(5_000));
        compile(&main_with(&format!("let a = {open}1{close};"))).await?;
        compile(&main_with(&format!("{open}{close}"))).await?;
    }
    let types = format!("var<private> p: {}u32{};", "array<".repeat(5_000), ", 1>".repeat(5_000));
    compile(&types).await?;
    compile(&format!("/*{}{}*/", "/*".repeat(50_000), "*/".repeat(50_000))).await
}

async fn shader_of_long_chains_of_declarations() -> Outcome {
    let chain =
        |first: &str, next: fn(u32) -> String| (1..8_000).map(next).fold(first.to_owned(), |code, line| code + &line);
    compile(&chain("const c0 = 1;\n", |n| format!("const c{n} = c{} + 1;\n", n - 1))).await?;
    compile(&chain("fn f0() {}\n", |n| format!("fn f{n}() {{ f{}(); }}\n", n - 1))).await?;
    compile(&chain("alias t0 = u32;\n", |n| format!("alias t{n} = t{};\n", n - 1))).await?;
    compile(&chain("struct S0 { x: u32 }\n", |n| format!("struct S{n} {{ x: S{} }}\n", n - 1))).await
}

async fn shader_of_nuls() -> Outcome {
    compile(&"\0".repeat(300_000)).await
}

async fn shader_of_doubling_arrays() -> Outcome {
    let arrays: String = (1..30).map(|n| format!("const a{n} = array(a{0}, a{0});\n", n - 1)).collect();
    compile(&format!("const a0 = array(1, 1);\n{arrays}")).await?;
    let structs: String = (1..22).map(|n| format!("struct S{n} {{ a: S{0}, b: S{0} }}\n", n - 1)).collect();
    compile(&format!("struct S0 {{ a: u32 }}\n{structs} @group(0) @binding(0) var<storage> s: S21;")).await?;
    let calls: String = (1..16).map(|n| format!("fn f{n}() -> u32 {{ return f{0}() + f{0}(); }}\n", n - 1)).collect();
    compile(&format!("fn f0() -> u32 {{ return 1; }}\n{calls}")).await
}

async fn shader_of_huge_arrays() -> Outcome {
    for space in ["workgroup", "private"] {
        let code = "@compute @workgroup_size(1) fn main() { a[0] = 1; }";
        compile(&format!("var<{space}> a: array<u32, 100000000>; {code}")).await?;
        compile(&format!("var<{space}> a: array<array<vec4f, 4294967295>, 4294967295>; {code}")).await?;
    }
    compile(&main_with("var a: array<u32, 1000000>; a[o] = 1; o = a[1];")).await?;
    compile("@group(0) @binding(0) var<storage> a: array<vec4f, 4294967295>;").await
}

async fn shader_that_is_huge() -> Outcome {
    compile(&main_with(&"o += 1;\n".repeat(20_000))).await?;
    compile(&format!("//{}\n", "x".repeat(8 << 20))).await
}

async fn shader_of_odd_text() -> Outcome {
    for code in
        ["\u{FEFF}", "\u{202E}fn", "\"", "'", "\\", "#include", "\u{1F980}", "\u{0}\u{1}\u{2}", "0x", "1e999999999"]
    {
        compile(code).await?;
    }
    compile(&main_with("let a = 1e99999; let b = 0x1p-99999; let c = 99999999999999999999;")).await?;
    compile(&format!("fn {}() {{}}", "a".repeat(100_000))).await?;
    compile(&"@".repeat(100_000)).await
}

/// Whatever is called, nothing may happen but errors.
async fn check_errors_only(gpu: &Gpu, body: impl FnOnce() -> Outcome) -> Outcome {
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    body()?;
    let error = gpu.device.pop_error_scope().await?;
    check!(error.is_some(), "expected a validation error, got none");
    check_alive(gpu).await
}

async fn every_call_on_an_ended_compute_pass() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader("@compute @workgroup_size(1) fn main() {}");
    let pipeline = gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
    let buffer = gpu.buffer(16, GpuBufferUsage::INDIRECT);
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    pass.end();
    for _ in 0..2 {
        check_errors_only(&gpu, || {
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, None, Some(&[0]), None, None)?;
            drop(pass.set_bind_group(u32::MAX, None, Some(&[0]), Some(u64::MAX), Some(u32::MAX)));
            pass.set_immediates(u32::MAX, &[0; 8], Some(u64::MAX), Some(u64::MAX));
            pass.dispatch_workgroups(u32::MAX, Some(u32::MAX), Some(u32::MAX));
            pass.dispatch_workgroups_indirect(&buffer, u64::MAX);
            pass.push_debug_group("x");
            pass.insert_debug_marker("x");
            pass.pop_debug_group();
            pass.end();
            Ok(())
        })
        .await?;
        encoder.finish(None);
    }
    Ok(())
}

async fn every_call_on_an_ended_render_pass() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let fill = pipeline(&gpu, FILL);
    let usage = GpuBufferUsage::INDIRECT | GpuBufferUsage::VERTEX | GpuBufferUsage::INDEX;
    let buffer = gpu.buffer(16, usage);
    let bundle = gpu.device.create_render_bundle_encoder(&describe::bundle_encoder(FORMAT)).finish(None);
    let encoder = gpu.encoder();
    let pass = encoder.begin_render_pass(&describe::render_pass(vec![describe::cleared(&canvas.view, BLACK)]));
    pass.end();
    for _ in 0..2 {
        check_errors_only(&gpu, || {
            pass.set_pipeline(&fill);
            pass.set_bind_group(0, None, None, None, None)?;
            pass.set_immediates(u32::MAX, &[0; 8], Some(u64::MAX), Some(u64::MAX));
            pass.set_viewport(f32::NAN, f32::INFINITY, -1.0, f32::MAX, 2.0, -2.0);
            pass.set_scissor_rect(u32::MAX, u32::MAX, u32::MAX, u32::MAX);
            pass.set_blend_constant(describe::color(f64::NAN, f64::MAX, 0.0, 0.0));
            pass.set_stencil_reference(u32::MAX);
            pass.begin_occlusion_query(u32::MAX);
            pass.end_occlusion_query();
            pass.set_vertex_buffer(u32::MAX, Some(&buffer), Some(u64::MAX), Some(u64::MAX));
            pass.set_vertex_buffer(u32::MAX, None, Some(u64::MAX), Some(u64::MAX));
            pass.set_index_buffer(&buffer, GpuIndexFormat::Uint32, Some(u64::MAX), Some(u64::MAX));
            pass.draw(u32::MAX, Some(u32::MAX), Some(u32::MAX), Some(u32::MAX));
            pass.draw_indexed(u32::MAX, Some(u32::MAX), Some(u32::MAX), Some(i32::MIN), Some(u32::MAX));
            pass.draw_indirect(&buffer, u64::MAX);
            pass.draw_indexed_indirect(&buffer, u64::MAX);
            pass.execute_bundles(&[&bundle, &bundle]);
            pass.push_debug_group("x");
            pass.insert_debug_marker("x");
            pass.pop_debug_group();
            pass.end();
            Ok(())
        })
        .await?;
        encoder.finish(None);
    }
    Ok(())
}

async fn every_call_on_invalid_objects() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    let device = &gpu.device;
    let buffer = gpu.buffer(4, GpuBufferUsage::empty());
    let texture = device.create_texture(&describe::texture_2d(FORMAT, 0, 0, GpuTextureUsage::empty()));
    let view = texture.create_view(None);
    let sampler = GpuSamplerDescriptor { max_anisotropy: Some(0), ..describe::sampler(GpuFilterMode::Nearest) };
    let sampler = device.create_sampler(Some(&sampler));
    let entry = describe::sampler_entry(u32::MAX, GpuShaderStage::COMPUTE, GpuSamplerBindingType::Filtering);
    let layout = device.create_bind_group_layout(&describe::bind_group_layout(vec![entry]));
    let pipeline_layout = device.create_pipeline_layout(&describe::pipeline_layout(&[&layout]));
    let entries = vec![
        describe::sampler_binding(0, &sampler),
        describe::buffer_range_binding(1, &buffer, u64::MAX, u64::MAX),
        describe::view_binding(2, &view),
        describe::texture_binding(3, &texture),
    ];
    let group = device.create_bind_group(&describe::bind_group(&layout, entries));
    let module = gpu.shader("?");
    let descriptor = GpuComputePipelineDescriptor {
        layout: GpuLayoutMode::Specific(&pipeline_layout),
        ..describe::compute_pipeline(&module)
    };
    let compute = device.create_compute_pipeline(descriptor);
    let render = device.create_render_pipeline(describe::render_pipeline(&module, FORMAT));
    let of_pipeline = render.get_bind_group_layout(u32::MAX);
    device.create_pipeline_layout(&describe::pipeline_layout(&[&of_pipeline]));
    let queries = device.create_query_set(&describe::query_set(GpuQueryType::Occlusion, u32::MAX))?;
    let bundles = GpuRenderBundleEncoderDescriptor { color_formats: vec![], ..describe::bundle_encoder(FORMAT) };
    let bundles = device.create_render_bundle_encoder(&bundles);
    bundles.set_pipeline(&render);
    bundles.set_bind_group(0, Some(&group), None, None, None)?;
    bundles.draw_indirect(&buffer, 0);
    bundles.draw_indexed_indirect(&buffer, 0);
    let bundle = bundles.finish(None);
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    pass.set_pipeline(&compute);
    pass.set_bind_group(0, Some(&group), None, None, None)?;
    pass.dispatch_workgroups_indirect(&buffer, 0);
    pass.end();
    let pass = encoder.begin_render_pass(&GpuRenderPassDescriptor {
        occlusion_query_set: Some(&queries),
        depth_stencil_attachment: Some(describe::depth_cleared(&view, 0.0)),
        ..describe::render_pass(vec![describe::cleared(&view, BLACK)])
    });
    pass.set_pipeline(&render);
    pass.set_vertex_buffer(0, Some(&buffer), None, None);
    pass.set_index_buffer(&buffer, GpuIndexFormat::Uint16, None, None);
    pass.execute_bundles(&[&bundle]);
    pass.begin_occlusion_query(0);
    pass.draw_indirect(&buffer, 0);
    pass.end();
    copy_invalid_objects(&gpu, &encoder, (&buffer, &texture, &queries))?;
    let commands = encoder.finish(None);
    gpu.queue.submit(&[&commands, &commands]);
    failed(buffer.map_async(GpuMapMode::READ, None, None).await, "a map of an invalid buffer")?;
    buffer.destroy();
    texture.destroy();
    queries.destroy();
    check!(device.pop_error_scope().await?.is_some(), "expected validation errors, got none");
    check_alive(&gpu).await
}

/// Every copy, with objects that are all invalid.
fn copy_invalid_objects(
    gpu: &Gpu,
    encoder: &GpuCommandEncoder,
    (buffer, texture, queries): (&GpuBuffer, &GpuTexture, &GpuQuerySet),
) -> Outcome {
    let (texels, image) = (describe::texel_buffer(buffer, 256, 1), describe::texel_texture(texture));
    encoder.copy_buffer_to_buffer(buffer, None, buffer, None, None);
    encoder.copy_buffer_to_texture(&texels, &image, describe::extent(1, 1));
    encoder.copy_texture_to_buffer(&image, &texels, describe::extent(1, 1));
    encoder.copy_texture_to_texture(&image, &image, describe::extent(1, 1));
    encoder.clear_buffer(buffer, None, None);
    encoder.resolve_query_set(queries, 0, u32::MAX, buffer, 0);
    gpu.queue.write_buffer_with_copy(buffer, 0, &[0; 4], None, None)?;
    gpu.queue.write_texture_with_copy(&image, &[0; 4], describe::texel_layout(4, 1), describe::extent(1, 1));
    Ok(())
}

async fn vertex_buffers_of_size_zero() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let usage = GpuBufferUsage::VERTEX | GpuBufferUsage::INDEX;
    let (buffer, empty) = (gpu.buffer(16, usage), gpu.buffer(0, usage));
    canvas
        .draw(|pass| {
            pass.set_vertex_buffer(0, Some(&buffer), None, Some(0));
            pass.set_vertex_buffer(1, Some(&buffer), Some(16), None);
            pass.set_vertex_buffer(2, Some(&empty), None, None);
            pass.set_vertex_buffer(3, Some(&empty), Some(0), Some(0));
            pass.set_vertex_buffer(4, None, None, None);
            pass.set_index_buffer(&buffer, GpuIndexFormat::Uint32, Some(16), Some(0));
            pass.set_index_buffer(&empty, GpuIndexFormat::Uint16, None, None);
        })
        .await?;
    check_alive(&gpu).await
}

async fn huge_numbers_everywhere() -> Outcome {
    let gpu = Gpu::new().await?;
    let usage = GpuBufferUsage::COPY_SRC | GpuBufferUsage::COPY_DST | GpuBufferUsage::QUERY_RESOLVE;
    let (buffer, other) = (gpu.buffer(256, usage), gpu.buffer(256, usage));
    let texels = GpuTextureUsage::COPY_SRC | GpuTextureUsage::COPY_DST;
    let texture = gpu.device.create_texture(&describe::texture_2d(FORMAT, 4, 4, texels));
    let queries = gpu.device.create_query_set(&describe::query_set(GpuQueryType::Occlusion, 2))?;
    let numbers = [1 << 31, 1 << 32, (1 << 32) - 4, 1 << 63, u64::MAX - 255, u64::MAX - 7, u64::MAX - 3, u64::MAX];
    for number in numbers {
        let low = u32::try_from(number).unwrap_or(u32::MAX);
        let image = GpuTexelCopyTextureInfo {
            mip_level: Some(low),
            origin: Some(describe::origin(low, low, low)),
            ..describe::texel_texture(&texture)
        };
        let memory = GpuTexelCopyBufferInfo {
            buffer: &buffer,
            offset: Some(number),
            bytes_per_row: Some(low),
            rows_per_image: Some(low),
        };
        let size = describe::extent_3d(low, low, low);
        let record: [&dyn Fn(&GpuCommandEncoder); 6] = [
            &|encoder| encoder.copy_buffer_to_buffer(&buffer, Some(number), &other, Some(number), Some(number)),
            &|encoder| encoder.copy_buffer_to_texture(&memory, &image, size),
            &|encoder| encoder.copy_texture_to_buffer(&image, &memory, size),
            &|encoder| encoder.copy_texture_to_texture(&image, &image, size),
            &|encoder| encoder.clear_buffer(&buffer, Some(number), Some(number)),
            &|encoder| encoder.resolve_query_set(&queries, low, low, &buffer, number),
        ];
        for (index, record) in record.into_iter().enumerate() {
            gpu.rejected_by_finish(&format!("command {index} with {number}"), record).await?;
        }
        let layout =
            GpuTexelCopyBufferLayout { offset: Some(number), bytes_per_row: Some(low), rows_per_image: Some(low) };
        let write = || gpu.queue.write_texture_with_copy(&image, &[0; 64], layout, size);
        gpu.rejected(&format!("a texture write with {number}"), write).await?;
        let write = || gpu.queue.write_buffer_with_copy(&buffer, number, &[0; 4], None, None);
        gpu.rejected(&format!("a buffer write at {number}"), write).await?.0?;
        let texture = GpuTextureDescriptor {
            size,
            mip_level_count: Some(low),
            sample_count: Some(low),
            ..describe::texture_2d(FORMAT, low, low, texels)
        };
        gpu.rejected(&format!("a texture of {number}"), || gpu.device.create_texture(&texture)).await?;
    }
    check_alive(&gpu).await
}

async fn huge_limits_everywhere() -> Outcome {
    for value in [u64::MAX, 1 << 63, 1 << 32, u64::from(u32::MAX)] {
        for limit in LIMITS {
            let options = DeviceOptions::new().limit(limit.name, value);
            // What is beyond the adapter is refused; what isn't must then work.
            if let Ok((adapter, device, queue)) = options.request().await {
                check_alive(&Gpu { adapter, device, queue }).await?;
            }
        }
    }
    Ok(())
}

async fn device_is_dropped_during_a_map() -> Outcome {
    let gpu = Gpu::new().await?;
    let buffer = gpu.buffer(1 << 20, GpuBufferUsage::MAP_READ | GpuBufferUsage::COPY_DST);
    gpu.queue.write_buffer_with_copy(&buffer, 0, &[1; 64], None, None)?;
    let map = buffer.map_async(GpuMapMode::READ, None, None);
    let Gpu { adapter, device, queue } = gpu;
    // The device's handles go while the map is under way; the buffer keeps it alive.
    let (outcome, ()) = wardian_guest::join(map, async move { drop((adapter, device, queue)) }).await;
    outcome?;
    check_eq!(buffer.get_mapped_range_get_with_copy(None, Some(4))?, [1; 4], "what was mapped");
    Ok(())
}

async fn many_objects_are_dropped() -> Outcome {
    let gpu = Gpu::new().await?;
    for _ in 0..20 {
        let buffers: Vec<_> = (0..200).map(|_| gpu.buffer(256, GpuBufferUsage::COPY_SRC)).collect();
        let encoders: Vec<_> = (0..50).map(|_| gpu.encoder()).collect();
        let passes: Vec<_> = encoders.iter().map(|encoder| encoder.begin_compute_pass(None)).collect();
        let constants: Vec<_> = (0..50).map(|_| RecordGpuPipelineConstantValue::new()).collect();
        let info: Vec<_> =
            (0..50).map(|_| (gpu.adapter.info(), gpu.adapter.limits(), gpu.adapter.features())).collect();
        drop((buffers, encoders, passes, constants, info));
    }
    check_alive(&gpu).await
}

async fn many_maps_are_dropped() -> Outcome {
    let gpu = Gpu::new().await?;
    for _ in 0..100 {
        let buffer = gpu.buffer(1 << 16, GpuBufferUsage::MAP_READ | GpuBufferUsage::COPY_DST);
        gpu.queue.write_buffer_with_copy(&buffer, 0, &[1; 64], None, None)?;
        let mut map = Box::pin(buffer.map_async(GpuMapMode::READ, None, None));
        let mut done = Box::pin(gpu.queue.on_submitted_work_done());
        std::future::poll_fn(|context| {
            let _ = map.as_mut().poll(context);
            let _ = done.as_mut().poll(context);
            std::task::Poll::Ready(())
        })
        .await;
        drop((map, done));
        drop(buffer);
    }
    check_alive(&gpu).await
}

async fn many_devices_are_made() -> Outcome {
    for round in 0..20 {
        let gpu = Gpu::new().await?;
        check_alive(&gpu).await?;
        if round % 2 == 0 {
            gpu.device.destroy();
        }
    }
    Ok(())
}

async fn streams_and_futures_are_dropped() -> Outcome {
    let gpu = Gpu::new().await?;
    for _ in 0..100 {
        drop((gpu.device.lost(), gpu.device.on_uncaptured_error()));
    }
    gpu.buffer(4, GpuBufferUsage::empty());
    yield_async().await;
    let streams: Vec<_> = (0..20).map(|_| gpu.device.on_uncaptured_error()).collect();
    let losses: Vec<_> = (0..20).map(|_| gpu.device.lost()).collect();
    gpu.buffer(4, GpuBufferUsage::empty());
    check_alive(&gpu).await?;
    drop(streams);
    gpu.device.destroy();
    for loss in losses {
        check_matches!(loss.await.reason(), GpuDeviceLostReason::Destroyed, "reason of the loss");
    }
    Ok(())
}

async fn everything_is_left_alive() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let buffer = gpu.buffer(1 << 16, GpuBufferUsage::MAP_READ | GpuBufferUsage::COPY_DST);
    buffer.map_async(GpuMapMode::READ, None, None).await?;
    let encoder = gpu.encoder();
    let pass = encoder.begin_render_pass(&describe::render_pass(vec![describe::cleared(&canvas.view, BLACK)]));
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    let fill = pipeline(&gpu, FILL);
    pass.set_pipeline(&fill);
    let left =
        (buffer, pass, fill, gpu.device.lost(), gpu.device.on_uncaptured_error(), gpu.queue.on_submitted_work_done());
    std::mem::forget((left, canvas.view.label()));
    std::mem::forget(encoder);
    Ok(())
}

async fn endless_debug_groups() -> Outcome {
    let gpu = Gpu::new().await?;
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    gpu.device.push_error_scope(GpuErrorFilter::Validation);
    for _ in 0..20_000 {
        pass.push_debug_group("deeper");
    }
    pass.end();
    encoder.finish(None);
    check!(gpu.device.pop_error_scope().await?.is_some(), "expected open debug groups to be an error");
    check_alive(&gpu).await
}

async fn endless_scopes() -> Outcome {
    let gpu = Gpu::new().await?;
    for _ in 0..100_000 {
        gpu.device.push_error_scope(GpuErrorFilter::Validation);
    }
    gpu.buffer(4, GpuBufferUsage::empty());
    // A host may have stopped counting somewhere; it must not fall over.
    for _ in 0..100 {
        drop(gpu.device.pop_error_scope().await);
    }
    let buffer = gpu.buffer_of(&[1], GpuBufferUsage::COPY_SRC)?;
    check_eq!(gpu.words_of(&buffer).await?, [1], "a buffer afterwards");
    Ok(())
}

async fn work_is_left_running() -> Outcome {
    let gpu = Gpu::new().await?;
    let code = main_with("for (var i = 0u; i < 200000u; i++) { o += i; }");
    let module = gpu.shader(&code);
    let pipeline = gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
    let buffer = gpu.buffer(4, GpuBufferUsage::STORAGE);
    let layout = pipeline.get_bind_group_layout(0);
    let group = describe::bind_group(&layout, vec![describe::buffer_binding(0, &buffer)]);
    let group = gpu.device.create_bind_group(&group);
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
    // For about two seconds, on a fast GPU as on a slow one. Everything is dropped while the work runs.
    submit((2_000 / start.elapsed().as_millis().max(1)).clamp(1, 2_000))
}

async fn foreign_passes_and_bundles() -> Outcome {
    let (ours, theirs) = (Gpu::new().await?, Gpu::new().await?);
    let (canvas, foreign) = (Canvas::new(&ours), Canvas::new(&theirs));
    let fill = pipeline(&theirs, FILL);
    let bundle = theirs.device.create_render_bundle_encoder(&describe::bundle_encoder(FORMAT)).finish(None);
    let queries = theirs.device.create_query_set(&describe::query_set(GpuQueryType::Occlusion, 2))?;
    let buffer = ours.buffer(16, GpuBufferUsage::QUERY_RESOLVE);
    let record = |body: &dyn Fn(&GpuRenderPassEncoder)| {
        let encoder = ours.encoder();
        canvas.record(&encoder, body);
        encoder.finish(None)
    };
    ours.rejected("another device's pipeline", || record(&|pass| pass.set_pipeline(&fill))).await?;
    ours.rejected("another device's bundle", || record(&|pass| pass.execute_bundles(&[&bundle]))).await?;
    ours.rejected_by_finish("another device's target", |encoder| foreign.record(encoder, |_| {})).await?;
    let resolve = |encoder: &GpuCommandEncoder| encoder.resolve_query_set(&queries, 0, 1, &buffer, 0);
    ours.rejected_by_finish("another device's queries", resolve).await?;
    let sampler = theirs.device.create_sampler(None);
    let entry = describe::sampler_entry(0, GpuShaderStage::COMPUTE, GpuSamplerBindingType::Filtering);
    let layout = ours.device.create_bind_group_layout(&describe::bind_group_layout(vec![entry]));
    let make = || {
        let entries = vec![describe::sampler_binding(0, &sampler)];
        ours.device.create_bind_group(&describe::bind_group(&layout, entries))
    };
    ours.rejected("another device's sampler", make).await?;
    check_alive(&ours).await?;
    check_alive(&theirs).await
}
