//! From the GPU's memory to the program's.

use std::collections::VecDeque;

use wardian_kernels::{Gpu, Row};

use super::RESULTS_MAX;
use crate::Failure;

/// Passes whose tokens may wait to be read: enough that the GPU never waits for the program.
const FLIGHT_MAX: usize = 4;

/// Buffers for the tokens of passes, one a pass.
#[derive(Debug)]
pub(super) struct Readback {
    free: Vec<wgpu::Buffer>,
    waiting: VecDeque<Waiting>,
}

/// The tokens of a pass that is under way.
#[derive(Debug)]
struct Waiting {
    buffer: wgpu::Buffer,
    results: u32,
    submission: wgpu::SubmissionIndex,
}

impl Readback {
    pub(super) fn new(gpu: &Gpu) -> Self {
        let bytes = u64::from(RESULTS_MAX) * row_bytes();
        Self { free: (0..FLIGHT_MAX).map(|_| staging(gpu, bytes)).collect(), waiting: VecDeque::new() }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.waiting.len()
    }

    /// Submits a pass; the first rows of the state are kept.
    pub(super) fn submit(
        &mut self,
        gpu: &Gpu,
        mut encoder: wgpu::CommandEncoder,
        state: &wgpu::Buffer,
        results: u32,
    ) -> Result<(), Failure> {
        let buffer = self.free.pop().ok_or_else(|| format!("{FLIGHT_MAX} passes wait to be read: read one first"))?;
        encoder.copy_buffer_to_buffer(state, 0, &buffer, 0, u64::from(results) * row_bytes());
        let submission = gpu.queue.submit([encoder.finish()]);
        self.waiting.push_back(Waiting { buffer, results, submission });
        Ok(())
    }

    pub(super) fn tokens(&mut self, gpu: &Gpu) -> Result<Vec<u32>, Failure> {
        let Waiting { buffer, results, submission } = self.waiting.pop_front().ok_or("no pass waits to be read")?;
        let bytes = map(gpu, &buffer, u64::from(results) * row_bytes(), submission)?;
        self.free.push(buffer);
        Ok(bytemuck::pod_collect_to_vec::<u8, Row>(&bytes).iter().map(|row| row.token).collect())
    }
}

fn row_bytes() -> u64 {
    u64::try_from(size_of::<Row>()).unwrap_or(u64::MAX)
}

fn staging(gpu: &Gpu, size: u64) -> wgpu::Buffer {
    let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
    gpu.device.create_buffer(&wgpu::BufferDescriptor { label: Some("staging"), size, usage, mapped_at_creation: false })
}

/// Reads a part of a buffer.
pub(super) fn floats(gpu: &Gpu, buffer: &wgpu::Buffer, offset: u64, bytes: u64) -> Result<Vec<f32>, Failure> {
    let staging = staging(gpu, bytes);
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: None });
    encoder.copy_buffer_to_buffer(buffer, offset, &staging, 0, bytes);
    let submission = gpu.queue.submit([encoder.finish()]);
    Ok(bytemuck::pod_collect_to_vec(&map(gpu, &staging, bytes, submission)?))
}

/// Waits until a buffer can be read, and reads it. Passes after the one that writes it may go on.
fn map(gpu: &Gpu, buffer: &wgpu::Buffer, bytes: u64, submission: wgpu::SubmissionIndex) -> Result<Vec<u8>, Failure> {
    let (sender, receiver) = std::sync::mpsc::channel();
    buffer.map_async(wgpu::MapMode::Read, 0..bytes, move |outcome| {
        // Nobody waits any more where the receiver is gone.
        let _ = sender.send(outcome);
    });
    // In a component the callback has come already.
    let outcome = match receiver.try_recv() {
        Ok(outcome) => outcome,
        Err(_) => {
            gpu.device.poll(wgpu::PollType::Wait { submission_index: Some(submission), timeout: None })?;
            receiver.recv()?
        }
    };
    outcome?;
    let range = buffer.get_mapped_range(0..bytes)?;
    let copy = range.to_vec();
    drop(range);
    buffer.unmap();
    Ok(copy)
}
