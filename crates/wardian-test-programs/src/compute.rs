//! Compute passes: dispatches, bind groups with offsets, immediates, debug groups.

use std::error::Error;

use wardian_guest::describe;
use wardian_guest::webgpu::*;

use crate::Outcome;
use crate::support::{Gpu, bytes_of, failed};

programs! { "compute":
    numbers_are_doubled,
    dispatch_counts_workgroups,
    dispatch_of_zero_runs_nothing,
    indirect_dispatch_reads_its_buffer,
    indirect_dispatch_beyond_the_limit_runs_nothing,
    dispatch_without_pipeline_is_an_error,
    dispatch_without_bind_group_is_an_error,
    dispatch_beyond_the_limit_is_an_error,
    faulty_indirect_dispatch_is_an_error,
    dynamic_offsets_choose_the_range,
    slices_of_offsets_are_checked_at_once,
    faulty_offsets_are_errors_of_finish,
    immediates_reach_the_shader,
    immediates_may_come_before_the_pipeline,
    faulty_immediates_are_errors,
    debug_groups_must_balance,
    storage_textures_are_written,
    writable_aliases_are_refused,
}

const DOUBLE: &str = "
    @group(0) @binding(0) var<storage, read_write> numbers: array<u32>;
    @compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3u) {
        if id.x < arrayLength(&numbers) { numbers[id.x] *= 2; }
    }
";
const COUNT: &str = "
    @group(0) @binding(0) var<storage, read_write> counts: array<atomic<u32>, 4>;
    @compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3u) {
        atomicAdd(&counts[0], 1);
        atomicMax(&counts[1], id.x + 1);
        atomicMax(&counts[2], id.y + 1);
        atomicMax(&counts[3], id.z + 1);
    }
";
const STORAGE: GpuBufferUsage = GpuBufferUsage::STORAGE.union(GpuBufferUsage::COPY_SRC);

/// A compute pipeline and the bind group of one storage buffer that it works on.
struct Kernel {
    pipeline: GpuComputePipeline,
    group: GpuBindGroup,
    buffer: GpuBuffer,
}

impl Kernel {
    fn new(gpu: &Gpu, code: &str, words: &[u32]) -> Result<Self, Box<dyn Error>> {
        let module = gpu.shader(code);
        let pipeline = gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
        let buffer = gpu.buffer_of(words, STORAGE)?;
        let layout = pipeline.get_bind_group_layout(0);
        let group = describe::bind_group(&layout, vec![describe::buffer_binding(0, &buffer)]);
        let group = gpu.device.create_bind_group(&group);
        Ok(Self { pipeline, group, buffer })
    }

    /// Records one pass in which everything is set and `body` dispatches.
    fn record(&self, encoder: &GpuCommandEncoder, body: impl FnOnce(&GpuComputePassEncoder)) {
        let pass = encoder.begin_compute_pass(None);
        pass.set_pipeline(&self.pipeline);
        drop(pass.set_bind_group(0, Some(&self.group), None, None, None));
        body(&pass);
        pass.end();
    }

    /// Runs one pass, which must be right, and gives what the buffer holds then.
    async fn run(&self, gpu: &Gpu, body: impl FnOnce(&GpuComputePassEncoder)) -> Result<Vec<u32>, Box<dyn Error>> {
        let encoder = gpu.encoder();
        self.record(&encoder, body);
        gpu.accepted("the pass", || gpu.submit(&encoder)).await?;
        gpu.words_of(&self.buffer).await
    }
}

async fn numbers_are_doubled() -> Outcome {
    let gpu = Gpu::new().await?;
    let kernel = Kernel::new(&gpu, DOUBLE, &[1, 2, 3, 4, 5])?;
    let words = kernel.run(&gpu, |pass| pass.dispatch_workgroups(2, None, None)).await?;
    check_eq!(words, [2, 4, 6, 8, 10], "the numbers");
    Ok(())
}

async fn dispatch_counts_workgroups() -> Outcome {
    let gpu = Gpu::new().await?;
    let kernel = Kernel::new(&gpu, COUNT, &[0; 4])?;
    let words = kernel.run(&gpu, |pass| pass.dispatch_workgroups(3, Some(4), Some(5))).await?;
    check_eq!(words, [60, 3, 4, 5], "workgroups in all and in each direction");
    let kernel = Kernel::new(&gpu, COUNT, &[0; 4])?;
    let words = kernel.run(&gpu, |pass| pass.dispatch_workgroups(7, None, None)).await?;
    check_eq!(words, [7, 7, 1, 1], "workgroups with defaults");
    Ok(())
}

async fn dispatch_of_zero_runs_nothing() -> Outcome {
    let gpu = Gpu::new().await?;
    let kernel = Kernel::new(&gpu, COUNT, &[0; 4])?;
    let words = kernel.run(&gpu, |pass| {
        pass.dispatch_workgroups(0, None, None);
        pass.dispatch_workgroups(1, Some(0), Some(9));
        pass.dispatch_workgroups(65_535, Some(1), Some(0));
    });
    check_eq!(words.await?, [0; 4], "workgroups that ran");
    Ok(())
}

async fn indirect_dispatch_reads_its_buffer() -> Outcome {
    let gpu = Gpu::new().await?;
    let arguments = gpu.buffer_of(&[99, 2, 3, 4, 99], GpuBufferUsage::INDIRECT)?;
    let kernel = Kernel::new(&gpu, COUNT, &[0; 4])?;
    let words = kernel.run(&gpu, |pass| pass.dispatch_workgroups_indirect(&arguments, 4)).await?;
    check_eq!(words, [24, 2, 3, 4], "workgroups in all and in each direction");
    Ok(())
}

async fn indirect_dispatch_beyond_the_limit_runs_nothing() -> Outcome {
    let gpu = Gpu::new().await?;
    let limit = gpu.device.limits().max_compute_workgroups_per_dimension();
    for sizes in [[limit + 1, 1, 1], [1, u32::MAX, 1], [u32::MAX; 3], [1, 1, 0]] {
        let arguments = gpu.buffer_of(&sizes, GpuBufferUsage::INDIRECT)?;
        let kernel = Kernel::new(&gpu, COUNT, &[0; 4])?;
        let words = kernel.run(&gpu, |pass| pass.dispatch_workgroups_indirect(&arguments, 0)).await?;
        check_eq!(words, [0; 4], "workgroups that ran of {sizes:?}");
    }
    Ok(())
}

async fn dispatch_without_pipeline_is_an_error() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.rejected_by_finish("a dispatch without a pipeline", |encoder| {
        let pass = encoder.begin_compute_pass(None);
        pass.dispatch_workgroups(1, None, None);
        pass.end();
    })
    .await?;
    Ok(())
}

async fn dispatch_without_bind_group_is_an_error() -> Outcome {
    let gpu = Gpu::new().await?;
    let kernel = Kernel::new(&gpu, DOUBLE, &[1])?;
    gpu.rejected_by_finish("a dispatch without a bind group", |encoder| {
        let pass = encoder.begin_compute_pass(None);
        pass.set_pipeline(&kernel.pipeline);
        pass.dispatch_workgroups(1, None, None);
        pass.end();
    })
    .await?;
    gpu.rejected_by_finish("a dispatch after the bind group was unset", |encoder| {
        kernel.record(encoder, |pass| {
            drop(pass.set_bind_group(0, None, None, None, None));
            pass.dispatch_workgroups(1, None, None);
        });
    })
    .await?;
    Ok(())
}

async fn dispatch_beyond_the_limit_is_an_error() -> Outcome {
    let gpu = Gpu::new().await?;
    let kernel = Kernel::new(&gpu, DOUBLE, &[1])?;
    let limit = gpu.device.limits().max_compute_workgroups_per_dimension();
    for (x, y, z) in [(limit + 1, 1, 1), (1, limit + 1, 1), (0, 0, limit + 1), (u32::MAX, u32::MAX, u32::MAX)] {
        let dispatch = |encoder: &GpuCommandEncoder| {
            kernel.record(encoder, |pass| pass.dispatch_workgroups(x, Some(y), Some(z)));
        };
        gpu.rejected_by_finish(&format!("a dispatch of {x}, {y}, {z}"), dispatch).await?;
    }
    Ok(())
}

async fn faulty_indirect_dispatch_is_an_error() -> Outcome {
    let gpu = Gpu::new().await?;
    let kernel = Kernel::new(&gpu, COUNT, &[0; 4])?;
    let arguments = gpu.buffer_of(&[1, 1, 1, 1], GpuBufferUsage::INDIRECT)?;
    for offset in [2, 8, 16, 20, u64::MAX - 3, u64::MAX] {
        let dispatch = |encoder: &GpuCommandEncoder| {
            kernel.record(encoder, |pass| pass.dispatch_workgroups_indirect(&arguments, offset));
        };
        gpu.rejected_by_finish(&format!("arguments at {offset} of 16"), dispatch).await?;
    }
    let wrong = gpu.buffer_of(&[1, 1, 1], GpuBufferUsage::STORAGE)?;
    let dispatch = |encoder: &GpuCommandEncoder| {
        kernel.record(encoder, |pass| pass.dispatch_workgroups_indirect(&wrong, 0));
    };
    gpu.rejected_by_finish("arguments without the usage", dispatch).await?;
    Ok(())
}

/// A pipeline whose one storage buffer has a dynamic offset, bound to 256 of 768 bytes.
fn dynamic(gpu: &Gpu) -> Result<Kernel, Box<dyn Error>> {
    let entry = describe::dynamic_buffer_entry(0, GpuShaderStage::COMPUTE, GpuBufferBindingType::Storage);
    let layout = gpu.device.create_bind_group_layout(&describe::bind_group_layout(vec![entry]));
    let pipeline_layout = gpu.device.create_pipeline_layout(&describe::pipeline_layout(&[&layout]));
    let module = gpu.shader(DOUBLE);
    let descriptor = GpuComputePipelineDescriptor {
        layout: GpuLayoutMode::Specific(&pipeline_layout),
        ..describe::compute_pipeline(&module)
    };
    let pipeline = gpu.device.create_compute_pipeline(descriptor);
    let buffer = gpu.buffer_of(&[1; 192], STORAGE)?;
    let group = describe::bind_group(&layout, vec![describe::buffer_range_binding(0, &buffer, 0, 256)]);
    let group = gpu.device.create_bind_group(&group);
    Ok(Kernel { pipeline, group, buffer })
}

async fn dynamic_offsets_choose_the_range() -> Outcome {
    let gpu = Gpu::new().await?;
    let kernel = dynamic(&gpu)?;
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    pass.set_pipeline(&kernel.pipeline);
    pass.set_bind_group(0, Some(&kernel.group), Some(&[256]), None, None)?;
    pass.dispatch_workgroups(16, None, None);
    pass.set_bind_group(0, Some(&kernel.group), Some(&[7, 512, 9]), Some(1), Some(1))?;
    pass.dispatch_workgroups(1, None, None);
    pass.end();
    gpu.accepted("the pass", || gpu.submit(&encoder)).await?;
    let words = gpu.words_of(&kernel.buffer).await?;
    let mut expected = [1; 192];
    expected[64..128].fill(2);
    expected[128..132].fill(2);
    check_eq!(words, expected, "what was doubled");
    Ok(())
}

async fn slices_of_offsets_are_checked_at_once() -> Outcome {
    let gpu = Gpu::new().await?;
    let kernel = dynamic(&gpu)?;
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    pass.set_pipeline(&kernel.pipeline);
    let wrong = [
        (Some(1), Some(1)),
        (Some(0), Some(2)),
        (Some(2), Some(0)),
        (Some(u64::MAX), Some(1)),
        (Some(u64::MAX), Some(u32::MAX)),
        (Some(0), Some(u32::MAX)),
    ];
    for (start, length) in wrong {
        let outcome = pass.set_bind_group(0, Some(&kernel.group), Some(&[0]), start, length);
        let error = failed(outcome, &format!("{length:?} offsets from {start:?} of 1"))?;
        let SetBindGroupErrorKind::RangeError = error.kind;
        check!(!error.message.is_empty(), "expected a message with the range error");
    }
    // What was refused at once has left the pass alone.
    pass.set_bind_group(0, Some(&kernel.group), Some(&[0]), Some(0), Some(1))?;
    pass.dispatch_workgroups(1, None, None);
    pass.end();
    gpu.accepted("the pass", || gpu.submit(&encoder)).await?;
    Ok(())
}

async fn faulty_offsets_are_errors_of_finish() -> Outcome {
    let gpu = Gpu::new().await?;
    let kernel = dynamic(&gpu)?;
    for offsets in [None, Some(vec![]), Some(vec![0, 0]), Some(vec![4]), Some(vec![768]), Some(vec![u32::MAX - 255])] {
        let bind = |encoder: &GpuCommandEncoder| {
            let pass = encoder.begin_compute_pass(None);
            pass.set_pipeline(&kernel.pipeline);
            drop(pass.set_bind_group(0, Some(&kernel.group), offsets.as_deref(), None, None));
            pass.dispatch_workgroups(1, None, None);
            pass.end();
        };
        gpu.rejected_by_finish(&format!("offsets {offsets:?}"), bind).await?;
    }
    for index in [4, u32::MAX] {
        let bind = |encoder: &GpuCommandEncoder| {
            let pass = encoder.begin_compute_pass(None);
            drop(pass.set_bind_group(index, Some(&kernel.group), Some(&[0]), None, None));
            pass.end();
        };
        gpu.rejected_by_finish(&format!("bind group {index}"), bind).await?;
    }
    Ok(())
}

const IMMEDIATES: &str = "
    struct Four { a: u32, b: u32, c: u32, d: u32 }
    var<immediate> given: Four;
    @group(0) @binding(0) var<storage, read_write> out: array<u32, 4>;
    @compute @workgroup_size(1) fn main() { out = array(given.a, given.b, given.c, given.d); }
";

fn with_immediates(gpu: &Gpu) -> Result<Kernel, Box<dyn Error>> {
    let entry = describe::buffer_entry(0, GpuShaderStage::COMPUTE, GpuBufferBindingType::Storage);
    let layout = gpu.device.create_bind_group_layout(&describe::bind_group_layout(vec![entry]));
    let pipeline_layout =
        GpuPipelineLayoutDescriptor { immediate_size: Some(16), ..describe::pipeline_layout(&[&layout]) };
    let pipeline_layout = gpu.device.create_pipeline_layout(&pipeline_layout);
    let module = gpu.shader(IMMEDIATES);
    let descriptor = GpuComputePipelineDescriptor {
        layout: GpuLayoutMode::Specific(&pipeline_layout),
        ..describe::compute_pipeline(&module)
    };
    let pipeline = gpu.device.create_compute_pipeline(descriptor);
    let buffer = gpu.buffer_of(&[0; 4], STORAGE)?;
    let group = describe::bind_group(&layout, vec![describe::buffer_binding(0, &buffer)]);
    let group = gpu.device.create_bind_group(&group);
    Ok(Kernel { pipeline, group, buffer })
}

async fn immediates_reach_the_shader() -> Outcome {
    let gpu = Gpu::new().await?;
    if gpu.device.limits().max_immediate_size() == 0 {
        skip!("the adapter has no immediates");
    }
    let kernel = gpu.accepted("a pipeline with immediates", || with_immediates(&gpu)).await??;
    let words = kernel.run(&gpu, |pass| {
        pass.set_immediates(0, &bytes_of(&[1, 2, 3, 4]), None, None);
        // The third one again, out of the middle of some data.
        pass.set_immediates(8, &bytes_of(&[9, 9, 7]), Some(8), Some(4));
        pass.set_immediates(12, &bytes_of(&[9, 8]), Some(4), None);
        pass.set_immediates(16, &[], None, None);
        pass.dispatch_workgroups(1, None, None);
    });
    check_eq!(words.await?, [1, 2, 7, 8], "what the shader was given");
    Ok(())
}

async fn immediates_may_come_before_the_pipeline() -> Outcome {
    let gpu = Gpu::new().await?;
    if gpu.device.limits().max_immediate_size() == 0 {
        skip!("the adapter has no immediates");
    }
    let kernel = with_immediates(&gpu)?;
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    pass.set_immediates(0, &bytes_of(&[1, 2, 3, 4]), None, None);
    pass.set_pipeline(&kernel.pipeline);
    pass.set_bind_group(0, Some(&kernel.group), None, None, None)?;
    pass.dispatch_workgroups(1, None, None);
    pass.set_pipeline(&kernel.pipeline);
    pass.set_immediates(4, &bytes_of(&[5]), None, None);
    pass.dispatch_workgroups(1, None, None);
    pass.end();
    gpu.accepted("the pass", || gpu.submit(&encoder)).await?;
    check_eq!(gpu.words_of(&kernel.buffer).await?, [1, 5, 3, 4], "what the shader was given");
    Ok(())
}

async fn faulty_immediates_are_errors() -> Outcome {
    let gpu = Gpu::new().await?;
    if gpu.device.limits().max_immediate_size() == 0 {
        skip!("the adapter has no immediates");
    }
    let kernel = with_immediates(&gpu)?;
    let data = [0; 128];
    let wrong = [
        (2, None, Some(4)),
        (0, None, Some(6)),
        (0, None, None),
        (64, None, Some(4)),
        (u32::MAX, None, Some(4)),
        (u32::MAX - 3, None, Some(64)),
        (0, Some(129), None),
        (0, Some(126), Some(4)),
        (0, Some(u64::MAX), Some(4)),
        (0, Some(4), Some(u64::MAX)),
    ];
    for (range_offset, data_offset, data_size) in wrong {
        let what = format!("immediates at {range_offset} from {data_offset:?}, {data_size:?} of 128 bytes");
        gpu.device.push_error_scope(GpuErrorFilter::Validation);
        let encoder = gpu.encoder();
        kernel.record(&encoder, |pass| pass.set_immediates(range_offset, &data, data_offset, data_size));
        encoder.finish(None);
        check!(gpu.device.pop_error_scope().await?.is_some(), "{what}: expected a validation error, got none");
    }
    gpu.rejected_by_finish("a dispatch without all its immediates", |encoder| {
        kernel.record(encoder, |pass| {
            pass.set_immediates(0, &data, None, Some(12));
            pass.dispatch_workgroups(1, None, None);
        });
    })
    .await?;
    Ok(())
}

async fn debug_groups_must_balance() -> Outcome {
    let gpu = Gpu::new().await?;
    let record = |pushes: u32, pops: u32| {
        move |encoder: &GpuCommandEncoder| {
            let pass = encoder.begin_compute_pass(None);
            (0..pushes).for_each(|n| pass.push_debug_group(&format!("group {n}")));
            pass.insert_debug_marker("here");
            (0..pops).for_each(|_| pass.pop_debug_group());
            pass.end();
        }
    };
    for (pushes, pops) in [(0, 0), (1, 1), (3, 3)] {
        let encoder = gpu.encoder();
        record(pushes, pops)(&encoder);
        gpu.accepted(&format!("{pushes} pushes, {pops} pops"), || gpu.submit(&encoder)).await?;
    }
    for (pushes, pops) in [(1, 0), (0, 1), (2, 3)] {
        gpu.rejected_by_finish(&format!("{pushes} pushes, {pops} pops"), record(pushes, pops)).await?;
    }
    Ok(())
}

async fn storage_textures_are_written() -> Outcome {
    let gpu = Gpu::new().await?;
    let usage = GpuTextureUsage::STORAGE_BINDING | GpuTextureUsage::COPY_SRC;
    let texture = gpu.device.create_texture(&describe::texture_2d(GpuTextureFormat::R32uint, 4, 2, usage));
    let module = gpu.shader(
        "@group(0) @binding(0) var t: texture_storage_2d<r32uint, read_write>;
         @compute @workgroup_size(4, 2) fn main(@builtin(global_invocation_id) id: vec3u) {
             let before = textureLoad(t, id.xy).r;
             textureStore(t, id.xy, vec4u(before + id.x + 10 * id.y));
         }",
    );
    let pipeline = gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
    let layout = pipeline.get_bind_group_layout(0);
    let group = describe::bind_group(&layout, vec![describe::texture_binding(0, &texture)]);
    let group = gpu.accepted("the bind group", || gpu.device.create_bind_group(&group)).await?;
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(Some(&describe::compute_pass()));
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, Some(&group), None, None, None)?;
    pass.dispatch_workgroups(1, None, None);
    pass.dispatch_workgroups(1, None, None);
    pass.end();
    gpu.accepted("the pass", || gpu.submit(&encoder)).await?;
    let words = crate::support::words_of(&gpu.texels_of(&texture, 4).await?);
    check_eq!(words, [0, 2, 4, 6, 20, 22, 24, 26], "texels after two dispatches");
    Ok(())
}

async fn writable_aliases_are_refused() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu.shader(
        "@group(0) @binding(0) var<storage, read_write> a: array<u32>;
         @group(0) @binding(1) var<storage, read> b: array<u32>;
         @compute @workgroup_size(1) fn main() { a[0] = b[0]; }",
    );
    let pipeline = gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
    let buffer = gpu.buffer_of(&[1; 128], STORAGE)?;
    let layout = pipeline.get_bind_group_layout(0);
    let entries = vec![describe::buffer_binding(0, &buffer), describe::buffer_range_binding(1, &buffer, 256, 256)];
    let group = gpu.device.create_bind_group(&describe::bind_group(&layout, entries));
    gpu.rejected_by_finish("a buffer written and read in one dispatch", |encoder| {
        let pass = encoder.begin_compute_pass(None);
        pass.set_pipeline(&pipeline);
        drop(pass.set_bind_group(0, Some(&group), None, None, None));
        pass.dispatch_workgroups(1, None, None);
        pass.end();
    })
    .await?;
    Ok(())
}
