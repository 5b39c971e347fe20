//! A device, and what all kernels do with it.

use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

/// Threads of a workgroup of most kernels.
pub(crate) const THREADS: u32 = 64;
/// The most workgroups in one direction that each device offers.
const GROUPS_MAX: u32 = 65_535;

/// A device with its queue, and how threads can add up numbers on it.
#[derive(Clone, Debug)]
pub struct Gpu {
    /// The device.
    pub device: wgpu::Device,
    /// Its queue.
    pub queue: wgpu::Queue,
    /// How many threads are a subgroup, where that is one number and the device has operations for it.
    pub(crate) subgroup: Option<u32>,
    /// Whether `wgpu` counts the rounds of each loop natively, as it does by default, so that none is endless.
    counts_rounds: bool,
    /// The pipelines by their sources: layers of a model have the same ones. The lock guards this map alone.
    pipelines: Arc<Mutex<HashMap<String, wgpu::ComputePipeline>>>,
}

impl Gpu {
    /// A device of an adapter.
    #[must_use]
    pub fn new(adapter: &wgpu::AdapterInfo, device: wgpu::Device, queue: wgpu::Queue) -> Self {
        let size = adapter.subgroup_min_size;
        let usable = device.features().contains(wgpu::Features::SUBGROUP)
            && size == adapter.subgroup_max_size
            && size.is_power_of_two()
            && (4..=THREADS).contains(&size);
        Self { device, queue, subgroup: usable.then_some(size), counts_rounds: true, pipelines: Arc::default() }
    }

    /// The same device, whose shaders run natively without counters of their loops' rounds. In a component nothing
    /// changes: there the host counts where it can't tell that a loop ends.
    #[must_use]
    pub fn without_counted_rounds(&self) -> Self {
        Self { counts_rounds: false, pipelines: Arc::default(), ..self.clone() }
    }

    /// The same device, used as one that has no operations for subgroups.
    #[must_use]
    pub fn without_subgroups(&self) -> Self {
        Self { subgroup: None, ..self.clone() }
    }

    /// Whether kernels use operations of subgroups.
    #[must_use]
    pub fn has_subgroups(&self) -> bool {
        self.subgroup.is_some()
    }

    /// A buffer for kernels, of zeros.
    #[must_use]
    pub fn buffer(&self, label: &str, bytes: u64) -> wgpu::Buffer {
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size: bytes.next_multiple_of(16).max(16),
            usage,
            mapped_at_creation: false,
        })
    }

    /// A pipeline of a kernel whose entry point is `main`, with bindings of group 0 in their order.
    pub(crate) fn pipeline(&self, label: &str, source: &str, layout: &wgpu::BindGroupLayout) -> wgpu::ComputePipeline {
        let mut pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipeline) = pipelines.get(source) {
            return pipeline.clone();
        }
        let pipeline = self.make_pipeline(label, source, layout);
        pipelines.insert(source.to_owned(), pipeline.clone());
        pipeline
    }

    fn make_pipeline(&self, label: &str, source: &str, layout: &wgpu::BindGroupLayout) -> wgpu::ComputePipeline {
        let source = wgpu::ShaderSource::Wgsl(source.into());
        let module = self.module(wgpu::ShaderModuleDescriptor { label: Some(label), source });
        let layout = self.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(label),
            bind_group_layouts: &[Some(layout)],
            immediate_size: 0,
        });
        self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(label),
            layout: Some(&layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: &[],
                // Each kernel writes what it reads of it.
                zero_initialize_workgroup_memory: false,
            },
            cache: None,
        })
    }

    #[expect(unsafe_code, reason = "wgpu's way to leave out a check: the kernels' loops all end")]
    fn module(&self, descriptor: wgpu::ShaderModuleDescriptor<'_>) -> wgpu::ShaderModule {
        if self.counts_rounds {
            return self.device.create_shader_module(descriptor);
        }
        let checks = wgpu::ShaderRuntimeChecks { force_loop_bounding: false, ..wgpu::ShaderRuntimeChecks::checked() };
        // SAFETY: every loop of the kernels counts by a constant up to the length of something that is in memory, so it
        // ends. The other checks stay.
        unsafe { self.device.create_shader_module_trusted(descriptor, checks) }
    }

    /// The layout and the group of buffers; the kernels may write to those that are said so.
    pub(crate) fn bind(&self, buffers: &[Bound<'_>]) -> (wgpu::BindGroupLayout, wgpu::BindGroup) {
        let entries: Vec<_> = (0..)
            .zip(buffers)
            .map(|(binding, bound)| wgpu::BindGroupLayoutEntry {
                binding,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: wgpu::BindingType::Buffer {
                    ty: wgpu::BufferBindingType::Storage { read_only: matches!(bound, Bound::Read(_)) },
                    has_dynamic_offset: false,
                    min_binding_size: None,
                },
                count: None,
            })
            .collect();
        let descriptor = wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries };
        let layout = self.device.create_bind_group_layout(&descriptor);
        let entries: Vec<_> = (0..)
            .zip(buffers)
            .map(|(binding, bound)| wgpu::BindGroupEntry {
                binding,
                resource: match bound {
                    Bound::Read(buffer) | Bound::Write(buffer) => buffer.as_entire_binding(),
                },
            })
            .collect();
        let descriptor = wgpu::BindGroupDescriptor { label: None, layout: &layout, entries: &entries };
        let group = self.device.create_bind_group(&descriptor);
        (layout, group)
    }
}

/// A buffer of a bind group.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound<'a> {
    Read(&'a wgpu::Buffer),
    Write(&'a wgpu::Buffer),
}

/// One dispatch, ready to be recorded.
#[derive(Clone, Debug)]
pub struct Step {
    pub(crate) pipeline: wgpu::ComputePipeline,
    pub(crate) group: wgpu::BindGroup,
    /// Workgroups a row, or a tile of rows.
    pub(crate) groups: u32,
    /// How many rows a workgroup works on.
    pub(crate) tile: u32,
}

impl Step {
    /// Records it, for so many rows.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>, rows: u32) {
        self.record_deep(pass, rows, 1);
    }

    pub(crate) fn record_deep(&self, pass: &mut wgpu::ComputePass<'_>, rows: u32, depth: u32) {
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.group, &[]);
        // More than one direction can take is spread over the third; kernels know by the number of workgroups.
        let width = self.groups.min(GROUPS_MAX);
        pass.dispatch_workgroups(width, rows.div_ceil(self.tile), self.groups.div_ceil(width.max(1)) * depth);
    }
}

/// Constants of WGSL.
pub(crate) fn constants(values: &[(&str, u32)]) -> String {
    let mut text = String::new();
    for (name, value) in values {
        // A write into a string cannot fail.
        let _ = writeln!(text, "const {name}: u32 = {value}u;");
    }
    text
}
