//! What only a component can check: the async mode of `wardian_wgpu`, and how it refuses what lies outside WebGPU.

use std::future;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use wardian_wgpu::{Options, Waiting};
use wgpu::BufferUsages as Usage;

use crate::gpu::{FORMAT, square};
use crate::{Failure, Gpu};

macro_rules! check {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+).into());
        }
    };
}

/// Runs all probes.
pub(crate) async fn run() -> Result<(), Failure> {
    awaiting().await.map_err(|error| format!("async mode: {error}"))?;
    waiting_for_errands().await.map_err(|error| format!("poll in async mode: {error}"))?;
    requests().await.map_err(|error| format!("requests: {error}"))?;
    outside_webgpu().await.map_err(|error| format!("outside WebGPU: {error}"))?;
    edges().await.map_err(|error| format!("edges: {error}"))?;
    subgroups().await.map_err(|error| format!("subgroups: {error}"))?;
    println!("all probes passed");
    Ok(())
}

async fn async_device() -> Result<(wgpu::Device, wgpu::Queue), Failure> {
    let instance = Options::new().waiting(Waiting::Async).instance();
    let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await?;
    Ok(adapter.request_device(&wgpu::DeviceDescriptor::default()).await?)
}

/// Set by a callback, awaited by a task.
#[derive(Clone, Default)]
struct Signal(Arc<(AtomicBool, Mutex<Option<Waker>>)>);

impl Signal {
    fn set(&self) {
        self.0.0.store(true, Ordering::Relaxed);
        if let Some(waker) = self.0.1.lock().ok().and_then(|mut waker| waker.take()) {
            waker.wake();
        }
    }

    fn is_set(&self) -> bool {
        self.0.0.load(Ordering::Relaxed)
    }

    async fn wait(&self) {
        future::poll_fn(|context| {
            if self.is_set() {
                return Poll::Ready(());
            }
            if let Ok(mut waker) = self.0.1.lock() {
                *waker = Some(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}

const BUSY: &str = "
    @group(0) @binding(0) var<storage, read_write> numbers: array<u32>;
    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3u) {
        for (var round = 0u; round < 20000u; round++) { numbers[id.x] = numbers[id.x] * 5u + 1u; }
    }
";

/// Work that takes a while, and a buffer that holds its result.
fn submit_work(gpu: &Gpu) -> wgpu::Buffer {
    let numbers = gpu.buffer(256, Usage::STORAGE | Usage::COPY_SRC);
    let result = gpu.buffer(256, Usage::MAP_READ | Usage::COPY_DST);
    let pipeline = gpu.compute(BUSY);
    let group = gpu.group(&pipeline.get_bind_group_layout(0), &[numbers.as_entire_binding()]);
    let mut encoder = gpu.encoder();
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, &group, &[]);
    pass.dispatch_workgroups(1, 1, 1);
    drop(pass);
    encoder.copy_buffer_to_buffer(&numbers, 0, &result, 0, None);
    gpu.queue.submit([encoder.finish()]);
    result
}

async fn async_gpu() -> Result<Gpu, Failure> {
    let adapter = Gpu::open().await?.adapter;
    let (device, queue) = async_device().await?;
    Ok(Gpu { adapter, device, queue })
}

/// Callbacks come while the task awaits something else; several calls are under way at a time.
async fn awaiting() -> Result<(), Failure> {
    let gpu = async_gpu().await?;
    let (mapped, done) = (Signal::default(), Signal::default());
    let buffers = [submit_work(&gpu), submit_work(&gpu)];
    let count = Arc::new(AtomicU32::new(0));
    for buffer in &buffers {
        let (mapped, count) = (mapped.clone(), Arc::clone(&count));
        buffer.map_async(wgpu::MapMode::Read, .., move |outcome| {
            if outcome.is_ok() && count.fetch_add(1, Ordering::Relaxed) == 1 {
                mapped.set();
            }
        });
    }
    let by_queue = done.clone();
    gpu.queue.on_submitted_work_done(move || by_queue.set());
    let scope = gpu.device.push_error_scope(wgpu::ErrorFilter::Validation);
    let _wrong = gpu.buffer(4, Usage::MAP_READ | Usage::MAP_WRITE);
    let error = scope.pop().await;
    check!(matches!(error, Some(wgpu::Error::Validation { .. })), "a scope said {error:?}");
    mapped.wait().await;
    done.wait().await;
    for buffer in &buffers {
        let number = buffer.get_mapped_range(..)?.first_chunk::<4>().copied().map(u32::from_le_bytes);
        check!(number.is_some_and(|number| number != 0), "the buffer holds {number:?}");
    }
    Ok(())
}

/// A waiting `poll` runs the callbacks, too.
async fn waiting_for_errands() -> Result<(), Failure> {
    let gpu = async_gpu().await?;
    let mapped = Signal::default();
    let by_buffer = mapped.clone();
    let buffer = submit_work(&gpu);
    buffer.map_async(wgpu::MapMode::Read, .., move |outcome| {
        if outcome.is_ok() {
            by_buffer.set();
        }
    });
    gpu.device.poll(wgpu::PollType::wait_indefinitely())?;
    check!(mapped.is_set(), "the callback was not called before poll returned");
    Ok(())
}

/// What cannot be had is said in words.
async fn requests() -> Result<(), Failure> {
    let gl = Options::new().instance_for(wgpu::Backends::GL);
    let refused = gl.request_adapter(&wgpu::RequestAdapterOptions::default()).await.err();
    let words = refused.map(|error| error.to_string()).unwrap_or_default();
    check!(words.contains("gl support not compiled in"), "a request for OpenGL was answered by '{words}'");

    let adapter = Gpu::open().await?.adapter;
    let info = adapter.get_info();
    check!(info.backend == wgpu::Backend::BrowserWebGpu && !info.name.is_empty(), "the adapter is {info:?}");
    check!(info.subgroup_min_size <= info.subgroup_max_size, "the sizes of subgroups are {info:?}");
    check!(adapter.limits().max_texture_dimension_2d >= 8192, "the limits are {:?}", adapter.limits());
    let mesh = wgpu::DeviceDescriptor {
        required_features: wgpu::Features::TEXTURE_BINDING_ARRAY,
        ..wgpu::DeviceDescriptor::default()
    };
    let words = adapter.request_device(&mesh).await.err().map(|error| error.to_string()).unwrap_or_default();
    check!(words.contains("TEXTURE_BINDING_ARRAY"), "a request for binding arrays was answered by '{words}'");
    let high = wgpu::DeviceDescriptor {
        required_limits: wgpu::Limits { max_bind_groups: 1000, ..wgpu::Limits::default() },
        ..wgpu::DeviceDescriptor::default()
    };
    let words = adapter.request_device(&high).await.err().map(|error| error.to_string()).unwrap_or_default();
    check!(words.contains("maxBindGroups"), "a request for 1000 bind groups was answered by '{words}'");
    let most = wgpu::DeviceDescriptor {
        required_features: adapter.features(),
        required_limits: adapter.limits(),
        ..wgpu::DeviceDescriptor::default()
    };
    let (device, _queue) = adapter.request_device(&most).await?;
    check!(device.features() == adapter.features(), "all features: {:?}", device.features());
    check!(device.limits() == adapter.limits(), "all limits: {:?}, {:?}", device.limits(), adapter.limits());
    Ok(())
}

async fn refused(gpu: &Gpu, call: &str, run: impl FnOnce(&Gpu)) -> Result<(), Failure> {
    let scope = gpu.device.push_error_scope(wgpu::ErrorFilter::Validation);
    run(gpu);
    match scope.pop().await {
        Some(wgpu::Error::Validation { description, .. }) if description.contains("outside WebGPU") => Ok(()),
        other => Err(format!("{call} was answered by {other:?}").into()),
    }
}

async fn outside_webgpu() -> Result<(), Failure> {
    let gpu = Gpu::open().await?;
    refused(&gpu, "a pipeline cache", |gpu| {
        let descriptor = wgpu::PipelineCacheDescriptor { label: None, data: None, fallback: true };
        // SAFETY: there is no data, so none can be wrong.
        #[expect(unsafe_code, reason = "wgpu makes this call unsafe for the sake of its data")]
        drop(unsafe { gpu.device.create_pipeline_cache(&descriptor) });
    })
    .await?;
    refused(&gpu, "clear_texture", |gpu| {
        let texture = gpu.texture(square(4), FORMAT, wgpu::TextureUsages::COPY_DST);
        gpu.encoder().clear_texture(&texture, &wgpu::ImageSubresourceRange::default());
    })
    .await?;
    refused(&gpu, "pipeline statistics", |gpu| {
        drop(gpu.device.create_query_set(&wgpu::QuerySetDescriptor {
            label: None,
            ty: wgpu::QueryType::PipelineStatistics(wgpu::PipelineStatisticsTypes::VERTEX_SHADER_INVOCATIONS),
            count: 1,
        }));
    })
    .await?;
    refused(&gpu, "a format of video", |gpu| {
        let texture = gpu.texture(square(4), wgpu::TextureFormat::NV12, wgpu::TextureUsages::TEXTURE_BINDING);
        drop(texture);
    })
    .await?;
    refused(&gpu, "lines for polygons", |gpu| {
        let module = gpu.shader("@vertex fn corner() -> @builtin(position) vec4f { return vec4f(); }");
        drop(gpu.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: None,
            layout: None,
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: None,
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers: &[],
            },
            primitive: wgpu::PrimitiveState {
                polygon_mode: wgpu::PolygonMode::Line,
                ..wgpu::PrimitiveState::default()
            },
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: None,
            multiview_mask: None,
            cache: None,
        }));
    })
    .await?;
    refused(&gpu, "an array of bindings", |gpu| {
        let entry = wgpu::BindGroupLayoutEntry {
            binding: 0,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering),
            count: std::num::NonZeroU32::new(2),
        };
        let descriptor = wgpu::BindGroupLayoutDescriptor { label: None, entries: &[entry] };
        drop(gpu.device.create_bind_group_layout(&descriptor));
    })
    .await
}

async fn edges() -> Result<(), Failure> {
    // A wait that ends by its time. The GPU may be fast enough to make it end well.
    let gpu = Gpu::open().await?;
    drop(submit_work(&gpu));
    let short = wgpu::PollType::Wait { submission_index: None, timeout: Some(Duration::ZERO) };
    let outcome = gpu.device.poll(short);
    check!(matches!(outcome, Ok(_) | Err(wgpu::PollError::Timeout)), "a short wait gave {outcome:?}");
    let long = wgpu::PollType::Wait { submission_index: None, timeout: Some(Duration::from_secs(60)) };
    check!(gpu.device.poll(long).is_ok(), "a long wait ends with the work");
    check!(gpu.device.poll(wgpu::PollType::Poll)?.is_queue_empty(), "nothing is left after a wait");

    // A program that looks again and again sees the end, too.
    drop(submit_work(&gpu));
    let started = Instant::now();
    while !gpu.device.poll(wgpu::PollType::Poll)?.is_queue_empty() {
        check!(started.elapsed() < Duration::from_secs(60), "the work does not end for one who looks");
    }

    // Calls that a program gets wrong.
    let buffer = gpu.buffer(16, Usage::COPY_DST | Usage::MAP_READ);
    let scope = gpu.device.push_error_scope(wgpu::ErrorFilter::Validation);
    gpu.queue.write_buffer(&buffer, 0, &[1, 2, 3]);
    check!(scope.pop().await.is_some(), "three bytes cannot be written");
    let scope = gpu.device.push_error_scope(wgpu::ErrorFilter::Validation);
    let size = wgpu::BufferSize::new(20).ok_or("20 is not 0")?;
    check!(gpu.queue.write_buffer_with(&buffer, 0, size).is_none(), "20 bytes do not fit into 16");
    check!(scope.pop().await.is_some(), "and that is an error");
    let scope = gpu.device.push_error_scope(wgpu::ErrorFilter::Validation);
    buffer.map_async(wgpu::MapMode::Read, .., |outcome| outcome.unwrap_or_default());
    check!(buffer.get_mapped_range(4..8).is_err(), "a range begins at a multiple of 8");
    check!(buffer.get_mapped_range(8..16).is_ok(), "this one does");
    buffer.unmap();
    check!(scope.pop().await.is_none(), "none of that is an error of the device");

    let adapters = wardian_wgpu::instance().enumerate_adapters(wgpu::Backends::all()).await;
    check!(adapters.len() == 1, "there is one adapter, but {} were listed", adapters.len());
    Ok(())
}

/// A shader as native `wgpu` takes it, without the directive that WebGPU asks for; its errors keep their places.
async fn subgroups() -> Result<(), Failure> {
    let adapter = Options::new().instance().request_adapter(&wgpu::RequestAdapterOptions::default()).await?;
    if !adapter.features().contains(wgpu::Features::SUBGROUP) {
        println!("the adapter has no subgroups: nothing to probe");
        return Ok(());
    }
    let required_features = wgpu::Features::SUBGROUP;
    let (device, _queue) =
        adapter.request_device(&wgpu::DeviceDescriptor { required_features, ..Default::default() }).await?;
    let compile = async |code: &str| {
        let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let source = wgpu::ShaderSource::Wgsl(code.into());
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source });
        (module.get_compilation_info().await.messages, scope.pop().await)
    };
    let (messages, error) = compile("@compute @workgroup_size(64) fn main() { _ = subgroupAdd(1u); }").await;
    check!(messages.is_empty() && error.is_none(), "without the directive: {messages:?}, {error:?}");
    let (messages, error) = compile("enable subgroups; fn f() { _ = subgroupAdd(1u); }").await;
    check!(messages.is_empty() && error.is_none(), "with the directive: {messages:?}, {error:?}");
    let (messages, error) = compile("fn f() { _ = subgroupAdd(nothing); }").await;
    let place = messages.first().and_then(|message| message.location);
    let place = place.map(|place| (place.line_number, place.line_position, place.offset, place.length));
    check!(error.is_some() && place == Some((1, 26, 25, 7)), "the place of an error: {place:?}");
    Ok(())
}
