//! Works that are measured from outside: start-up, memory, and what one store's job does to another's calls.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use wardian_guest::webgpu::GpuBufferUsage;
use wardian_guest::{DeviceOptions, Error};

use crate::gpu::Gpu;
use crate::kernel::{INCREMENT, Kernel, SPIN};
use crate::{Outcome, Task};

/// How long a job of [`busy`] and of [`Job::Own`] shall run.
const JOB_TIME: Duration = Duration::from_millis(500);
/// Between two rounds of probing.
const PAUSE: Duration = Duration::from_millis(4);
/// Rounds during one job of the probing program's own, so that all are over before the job is.
const ROUNDS_A_JOB: u32 = 40;
/// A shader's loop that takes a software adapter a few milliseconds.
const TURNS_MIN: u32 = 1_000_000;

/// Where the job runs that is under way while calls are timed.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Job {
    /// In another store, or nowhere.
    Elsewhere,
    /// On the probing program's own device.
    Own,
}

/// Opens a device and prints when, in nanoseconds since 1970: `{"entered": …, "adapter": …, "device": …}`.
pub(crate) async fn open() -> Outcome {
    let entered = now()?;
    let adapter = wardian_guest::webgpu::get_gpu().request_adapter(None).await;
    let adapter = adapter.ok_or("the host has no adapter")?;
    let adapter_at = now()?;
    let device = adapter.request_device(None).await.map_err(Error::from)?;
    let device_at = now()?;
    println!("{{\"entered\": {entered}, \"adapter\": {adapter_at}, \"device\": {device_at}}}");
    drop(device);
    Ok(())
}

/// Opens a device, makes as many buffers as the task's size says, prints `{"ready": true}`, and stays until its store
/// is dropped.
pub(crate) async fn idle(task: &Task) -> Outcome {
    let (_adapter, device, _queue) = DeviceOptions::new().request().await?;
    let descriptor = wardian_guest::describe::buffer(256, GpuBufferUsage::STORAGE);
    let _buffers: Vec<_> = (0..task.size).map(|_| device.create_buffer(&descriptor)).collect();
    println!("{{\"ready\": true}}");
    loop {
        thread::sleep(Duration::from_secs(3600));
    }
}

/// Runs jobs one after the other for as many seconds as the task's size says. Prints `{"job": nanoseconds}` when it
/// knows how long one is, and then begins.
pub(crate) async fn busy(task: &Task) -> Outcome {
    let gpu = Gpu::open().await?;
    let kernel = Kernel::new(&gpu, SPIN);
    let job = calibrate(&gpu, &kernel).await?;
    println!("{{\"job\": {}}}", job.as_nanos());
    let end = Instant::now() + Duration::from_secs(u64::from(task.size));
    while Instant::now() < end {
        kernel.submit_one(&gpu)?;
        gpu.settle().await?;
    }
    Ok(())
}

/// Times single calls, and prints `{"create": [nanoseconds, …], "destroy": […], "record": […], "submit": […]}`.
pub(crate) async fn probe(task: &Task, job: Job) -> Outcome {
    let gpu = Gpu::open().await?;
    let kernel = Kernel::new(&gpu, INCREMENT);
    let mut times = Times::default();
    // The first calls of each kind load code and make pools.
    times.round(&gpu, &kernel)?;
    times.submit(&gpu, &kernel)?;
    gpu.settle().await?;
    times = Times::default();
    match job {
        Job::Elsewhere => {
            for _ in 0..task.iterations {
                times.round(&gpu, &kernel)?;
                times.submit(&gpu, &kernel)?;
                thread::sleep(PAUSE);
            }
        }
        Job::Own => {
            let spin = Kernel::new(&gpu, SPIN);
            calibrate(&gpu, &spin).await?;
            for _ in 0..task.iterations.div_ceil(ROUNDS_A_JOB) {
                spin.submit_one(&gpu)?;
                for _ in 0..ROUNDS_A_JOB {
                    times.round(&gpu, &kernel)?;
                    thread::sleep(PAUSE);
                }
                times.submit(&gpu, &kernel)?;
                gpu.settle().await?;
            }
        }
    }
    times.print();
    Ok(())
}

#[derive(Default)]
struct Times {
    create: Vec<u128>,
    destroy: Vec<u128>,
    record: Vec<u128>,
    submit: Vec<u128>,
}

impl Times {
    fn round(&mut self, gpu: &Gpu, kernel: &Kernel) -> Outcome {
        let started = Instant::now();
        let buffer = gpu.buffer(65536, GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_DST);
        self.create.push(started.elapsed().as_nanos());
        let started = Instant::now();
        buffer.destroy();
        self.destroy.push(started.elapsed().as_nanos());
        let started = Instant::now();
        let encoder = gpu.device.create_command_encoder(None);
        let pass = kernel.begin(&encoder)?;
        pass.dispatch_workgroups(1, None, None);
        pass.end();
        let commands = encoder.finish(None);
        self.record.push(started.elapsed().as_nanos());
        drop(commands);
        Ok(())
    }

    fn submit(&mut self, gpu: &Gpu, kernel: &Kernel) -> Outcome {
        let encoder = gpu.device.create_command_encoder(None);
        let pass = kernel.begin(&encoder)?;
        pass.dispatch_workgroups(1, None, None);
        pass.end();
        let commands = encoder.finish(None);
        let started = Instant::now();
        gpu.queue.submit(&[&commands]);
        self.submit.push(started.elapsed().as_nanos());
        Ok(())
    }

    fn print(&self) {
        let Self { create, destroy, record, submit } = self;
        println!(
            "{{\"create\": {create:?}, \"destroy\": {destroy:?}, \"record\": {record:?}, \"submit\": {submit:?}}}"
        );
    }
}

/// Finds how many turns of the loop take as long as a job shall, and leaves that number in the kernel's buffer.
async fn calibrate(gpu: &Gpu, kernel: &Kernel) -> Outcome<Duration> {
    let mut turns = TURNS_MIN;
    loop {
        gpu.queue.write_buffer_with_copy(&kernel.buffer, 4, &turns.to_le_bytes(), None, None).map_err(Error::from)?;
        let started = Instant::now();
        kernel.submit_one(gpu)?;
        gpu.settle().await?;
        let time = started.elapsed();
        if time * 10 >= JOB_TIME * 9 || turns == u32::MAX {
            return Ok(time);
        }
        // Not more than tenfold at once: the shorter the time, the more of it is not the loop.
        let factor = JOB_TIME.as_micros().div_ceil(time.as_micros().max(1)).clamp(2, 10);
        turns = turns.saturating_mul(u32::try_from(factor)?);
    }
}

fn now() -> Outcome<u128> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos())
}
