//! Bytes into buffers: mapped at creation, in one piece and in two; `write_buffer`; `write_buffer_with`; copies, clears.

use wgpu::BufferUsages as Usage;

use crate::{Failure, Gpu, Output};

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    let usage = Usage::COPY_SRC | Usage::COPY_DST;
    let descriptor = wgpu::BufferDescriptor { label: Some("parts"), size: 64, usage, mapped_at_creation: true };
    let buffer = gpu.device.create_buffer(&descriptor);
    {
        let mut first = buffer.get_mapped_range_mut(0..16)?;
        let mut second = buffer.get_mapped_range_mut(32..48)?;
        first.copy_from_slice(&[1; 16]);
        second.slice(4..8).copy_from_slice(&[2; 4]);
    }
    {
        // What was written above must still be there.
        let mut again = buffer.get_mapped_range_mut(8..24)?;
        again.slice(8..).copy_from_slice(&[3; 8]);
    }
    let overlapping = {
        let _view = buffer.get_mapped_range(0..16)?;
        buffer.get_mapped_range_mut(8..16).is_err()
    };
    buffer.unmap();
    let unmapped = buffer.get_mapped_range(0..8).is_err();

    gpu.queue.write_buffer(&buffer, 48, &[4; 8]);
    let size = wgpu::BufferSize::new(8).ok_or("8 is not 0")?;
    let mut staged = gpu.queue.write_buffer_with(&buffer, 56, size).ok_or("the buffer takes 8 bytes")?;
    staged.copy_from_slice(&[5; 8]);
    drop(staged);

    let copy = gpu.buffer_with(&[u32::MAX; 16], usage);
    let mut encoder = gpu.encoder();
    encoder.copy_buffer_to_buffer(&buffer, 0, &copy, 0, None);
    encoder.clear_buffer(&copy, 4, Some(4));
    gpu.queue.submit([encoder.finish()]);
    let bytes: Vec<u8> = gpu.read(&copy)?;
    let states = [overlapping, unmapped].map(|is_refused| if is_refused { "refused" } else { "allowed" });
    Ok(Output::lines(bytes.iter().map(u8::to_string).chain(states.map(str::to_owned))))
}
