//! The same works on native wgpu: what a program outside of the sandbox would do. Each mirrors the guest's function of
//! the same name.

mod calls;
mod objects;
#[path = "../../wardian-bench-guest/src/shaders.rs"]
mod shaders;
mod transfer;
mod work;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use wasmtime::error::Context as _;
use wasmtime::{Result, bail};
use wgpu::{
    Adapter, BindGroup, BindGroupDescriptor, BindGroupEntry, Buffer, BufferDescriptor, BufferUsages, CommandEncoder,
    CommandEncoderDescriptor, ComputePass, ComputePassDescriptor, ComputePipeline, ComputePipelineDescriptor, Device,
    DeviceDescriptor, ExperimentalFeatures, Features, Instance, InstanceDescriptor, InstanceFlags, Limits, MapMode,
    MemoryHints, PipelineCompilationOptions, PollType, Queue, ShaderModule, ShaderModuleDescriptor, ShaderSource,
    Trace,
};

use crate::machine::{BACKENDS, Choice};
use crate::task::Task;

const INCREMENT: &str = include_str!("../../wardian-bench-guest/src/increment.wgsl");
const MATMUL: &str = include_str!("../../wardian-bench-guest/src/matmul.wgsl");

/// Runs a task's work; gives the time of each block.
pub(crate) fn run(gpu: &Gpu, task: &Task) -> Result<Vec<Duration>> {
    let mut blocks = Blocks { iterations: task.iterations, samples: task.samples, times: Vec::new() };
    match task.work {
        "call-dispatch" => calls::dispatch(gpu, &mut blocks),
        "call-set-pipeline" => calls::set_pipeline(gpu, &mut blocks),
        "call-set-bind-group" => calls::set_bind_group(gpu, &mut blocks),
        "call-size" => calls::size(gpu, &mut blocks),
        // The facade keeps no label that a program could ask for.
        "call-label" => Ok(()),
        "record" => work::record(gpu, &mut blocks),
        "upload" => transfer::upload(gpu, &mut blocks, task.size),
        "readback" => transfer::readback(gpu, &mut blocks, task.size),
        "submit-wait" => work::submit_wait(gpu, &mut blocks),
        "round-trip" => work::round_trip(gpu, &mut blocks),
        "object-buffer" => objects::buffer(gpu, &mut blocks),
        "object-texture" => objects::texture(gpu, &mut blocks),
        "object-bind-group" => objects::bind_group(gpu, &mut blocks),
        "object-pipeline" => objects::pipeline(gpu, &mut blocks),
        "shader-small" => objects::shader(gpu, &mut blocks, INCREMENT),
        "shader-large" => objects::shader(gpu, &mut blocks, &shaders::large()),
        "matmul" => work::matmul(gpu, &mut blocks),
        other => bail!("there is no native work {other:?}"),
    }
    .with_context(|| format!("native wgpu failed at {task}"))?;
    Ok(blocks.times)
}

/// The adapters of the system, through an instance of its own.
pub(crate) fn adapters() -> Vec<Adapter> {
    let instance = Instance::new(InstanceDescriptor {
        backends: BACKENDS,
        // The host's own, so that wgpu-core does the same work on both sides.
        flags: InstanceFlags::VALIDATION_INDIRECT_CALL | InstanceFlags::AUTOMATIC_TIMESTAMP_NORMALIZATION,
        memory_budget_thresholds: wgpu::MemoryBudgetThresholds::default(),
        backend_options: wgpu::BackendOptions::default(),
        display: None,
    });
    block_on(instance.enumerate_adapters(BACKENDS))
}

/// A device, and the way to wait for its work.
pub(crate) struct Gpu {
    device: Device,
    queue: Queue,
    /// A copy whose end says that all before it has ended.
    fence: [Buffer; 2],
}

/// How long opening took.
pub(crate) struct Opened {
    pub(crate) adapter: Duration,
    pub(crate) device: Duration,
}

impl Gpu {
    pub(crate) fn open(choice: &Choice) -> Result<Self> {
        Ok(Self::open_timed(choice)?.0)
    }

    pub(crate) fn open_timed(choice: &Choice) -> Result<(Self, Opened)> {
        let started = Instant::now();
        let adapter = adapters().into_iter().find(|adapter| choice.is(&adapter.get_info()));
        let adapter = adapter.with_context(|| format!("the adapter {} has gone", choice.name))?;
        let adapter_time = started.elapsed();
        let started = Instant::now();
        let descriptor = DeviceDescriptor {
            label: None,
            required_features: Features::empty(),
            required_limits: Limits::default(),
            experimental_features: ExperimentalFeatures::disabled(),
            memory_hints: MemoryHints::default(),
            trace: Trace::Off,
        };
        let (device, queue) = block_on(adapter.request_device(&descriptor))?;
        let opened = Opened { adapter: adapter_time, device: started.elapsed() };
        let fence = [BufferUsages::COPY_SRC, BufferUsages::COPY_DST | BufferUsages::MAP_READ]
            .map(|usage| buffer(&device, 4, usage));
        Ok((Self { device, queue, fence }, opened))
    }

    pub(crate) fn buffer(&self, size: u64, usage: BufferUsages) -> Buffer {
        buffer(&self.device, size, usage)
    }

    fn encoder(&self) -> CommandEncoder {
        self.device.create_command_encoder(&CommandEncoderDescriptor { label: None })
    }

    fn shader(&self, code: &str) -> ShaderModule {
        let source = ShaderSource::Wgsl(code.to_owned().into());
        self.device.create_shader_module(ShaderModuleDescriptor { label: None, source })
    }

    fn pipeline(&self, module: &ShaderModule) -> ComputePipeline {
        self.device.create_compute_pipeline(&ComputePipelineDescriptor {
            label: None,
            layout: None,
            module,
            entry_point: None,
            compilation_options: PipelineCompilationOptions::default(),
            cache: None,
        })
    }

    fn bind_group(&self, pipeline: &ComputePipeline, buffers: &[&Buffer]) -> BindGroup {
        let entries: Vec<_> = (0..)
            .zip(buffers)
            .map(|(binding, buffer)| BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        let layout = pipeline.get_bind_group_layout(0);
        self.device.create_bind_group(&BindGroupDescriptor { label: None, layout: &layout, entries: &entries })
    }

    fn wait(&self) -> Result<()> {
        self.device.poll(PollType::wait_indefinitely())?;
        Ok(())
    }

    /// Waits for all work submitted so far, by mapping.
    fn settle(&self) -> Result<()> {
        let [source, target] = &self.fence;
        let mut encoder = self.encoder();
        encoder.copy_buffer_to_buffer(source, 0, target, 0, Some(4));
        self.queue.submit([encoder.finish()]);
        self.map(target)?;
        target.unmap();
        Ok(())
    }

    /// Maps a whole buffer for reading.
    fn map(&self, buffer: &Buffer) -> Result<()> {
        let (sender, receiver) = mpsc::channel();
        buffer.map_async(MapMode::Read, .., move |outcome| drop(sender.send(outcome)));
        self.wait()?;
        Ok(receiver.recv()??)
    }

    /// Maps a whole buffer, copies what it holds, and unmaps it.
    fn read(&self, buffer: &Buffer) -> Result<Vec<u8>> {
        self.map(buffer)?;
        let bytes = buffer.get_mapped_range(..)?.to_vec();
        buffer.unmap();
        Ok(bytes)
    }
}

fn buffer(device: &Device, size: u64, usage: BufferUsages) -> Buffer {
    device.create_buffer(&BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
}

/// A pipeline over one storage buffer, with two equal bind groups.
struct Kernel {
    pipeline: ComputePipeline,
    groups: [BindGroup; 2],
    buffer: Buffer,
}

impl Kernel {
    fn new(gpu: &Gpu, code: &'static str) -> Self {
        let pipeline = gpu.pipeline(&gpu.shader(code));
        let buffer = gpu.buffer(256, BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST);
        let groups = [(), ()].map(|()| gpu.bind_group(&pipeline, &[&buffer]));
        Self { pipeline, groups, buffer }
    }

    /// Begins a pass with the pipeline and the first group set.
    fn begin<'encoder>(&self, encoder: &'encoder mut CommandEncoder) -> ComputePass<'encoder> {
        let mut pass = begin_pass(encoder);
        let [group, _] = &self.groups;
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, Some(group), &[]);
        pass
    }
}

fn begin_pass(encoder: &mut CommandEncoder) -> ComputePass<'_> {
    encoder.begin_compute_pass(&ComputePassDescriptor { label: None, timestamp_writes: None })
}

/// The blocks of a work and their times.
struct Blocks {
    iterations: u32,
    samples: u32,
    times: Vec<Duration>,
}

impl Blocks {
    /// Runs a block to warm up, and then one a sample. What counts is the time in which the stopwatch runs.
    fn run(&mut self, mut block: impl FnMut(u32, &mut Stopwatch) -> Result<()>) -> Result<()> {
        block(self.iterations, &mut Stopwatch::default())?;
        for _ in 0..self.samples {
            let mut watch = Stopwatch::default();
            block(self.iterations, &mut watch)?;
            self.times.push(watch.total);
        }
        Ok(())
    }
}

/// Adds up the time between its starts and stops.
#[derive(Default)]
struct Stopwatch {
    started: Option<Instant>,
    total: Duration,
}

impl Stopwatch {
    fn start(&mut self) {
        self.started = Some(Instant::now());
    }

    fn stop(&mut self) {
        if let Some(started) = self.started.take() {
            self.total += started.elapsed();
        }
    }
}
