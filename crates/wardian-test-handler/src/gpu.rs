//! Work on the GPU: a device for the whole instance, and buffers for each request.

use std::cell::RefCell;
use std::error::Error;
use std::rc::Rc;

use wardian_guest::webgpu::{
    GpuBindGroupLayout, GpuBufferUsage, GpuComputePipeline, GpuDevice, GpuErrorFilter, GpuQueue,
};
use wardian_guest::{DeviceOptions, buffer_with_data, describe, read_buffer};

const DOUBLE: &str = "
    @group(0) @binding(0) var<storage, read_write> number: u32;
    @compute @workgroup_size(1)
    fn main() { number *= 2; }
";
/// Never done in a person's time; and no compiler can tell.
const HANG: &str = "
    @group(0) @binding(0) var<storage, read_write> number: u32;
    @compute @workgroup_size(1)
    fn main() {
        for (var a = 1u; a < 60000; a++) { for (var b = 1u; b < 60000; b++) { for (var c = 1u; c < 60000; c++) {
            number = (number * a) ^ (b + c);
        } } }
    }
";
const MIB: u64 = 1 << 20;

/// What all requests of this instance share.
struct Gpu {
    device: GpuDevice,
    queue: GpuQueue,
    double: GpuComputePipeline,
    layout: GpuBindGroupLayout,
}

thread_local! {
    static GPU: RefCell<Option<Rc<Gpu>>> = const { RefCell::new(None) };
}

impl Gpu {
    async fn shared() -> Result<Rc<Self>, wardian_guest::Error> {
        if let Some(gpu) = GPU.with_borrow(Clone::clone) {
            return Ok(gpu);
        }
        let (_adapter, device, queue) = DeviceOptions::new().request().await?;
        let module = device.create_shader_module(&describe::shader(DOUBLE));
        let double = device.create_compute_pipeline(describe::compute_pipeline(&module));
        let layout = double.get_bind_group_layout(0);
        let gpu = Rc::new(Self { device, queue, double, layout });
        GPU.set(Some(Rc::clone(&gpu)));
        Ok(gpu)
    }

    async fn run(
        &self,
        pipeline: &GpuComputePipeline,
        layout: &GpuBindGroupLayout,
        number: u32,
    ) -> Result<u32, Box<dyn Error>> {
        let usage = GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_SRC;
        let buffer = buffer_with_data(&self.device, &number.to_le_bytes(), usage)?;
        let group = describe::bind_group(layout, vec![describe::buffer_binding(0, &buffer)]);
        let group = self.device.create_bind_group(&group);
        let encoder = self.device.create_command_encoder(None);
        let pass = encoder.begin_compute_pass(None);
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, Some(&group), None, None, None)?;
        pass.dispatch_workgroups(1, None, None);
        pass.end();
        self.queue.submit(&[&encoder.finish(None)]);
        let bytes = read_buffer(&self.device, &self.queue, &buffer, ..).await?;
        Ok(u32::from_le_bytes(bytes.as_slice().try_into()?))
    }
}

/// Twice the number, by the GPU.
pub(crate) async fn double(number: u32) -> Result<u32, Box<dyn Error>> {
    let gpu = Gpu::shared().await?;
    gpu.run(&gpu.double, &gpu.layout, number).await
}

/// Waits for work that is never done.
pub(crate) async fn hang() -> Result<u32, Box<dyn Error>> {
    let gpu = Gpu::shared().await?;
    let module = gpu.device.create_shader_module(&describe::shader(HANG));
    let pipeline = gpu.device.create_compute_pipeline(describe::compute_pipeline(&module));
    gpu.run(&pipeline, &pipeline.get_bind_group_layout(0), 1).await
}

/// Makes buffers of 1 MiB, so many, and says what came of them.
pub(crate) async fn memory(count: u32) -> Result<String, Box<dyn Error>> {
    let gpu = Gpu::shared().await?;
    let mut buffers = Vec::new();
    for number in 0..count {
        gpu.device.push_error_scope(GpuErrorFilter::OutOfMemory);
        buffers.push(gpu.device.create_buffer(&describe::buffer(MIB, GpuBufferUsage::STORAGE)));
        if let Some(error) = gpu.device.pop_error_scope().await? {
            return Ok(format!("{number} of {count}: {}", error.message()));
        }
    }
    Ok(format!("all {count}"))
}
