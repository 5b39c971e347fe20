//! Bytes into buffers and out of them.

use std::ops::{Bound, RangeBounds};

use crate::describe;
use crate::error::Error;
use crate::webgpu::{GpuBuffer, GpuBufferDescriptor, GpuBufferUsage, GpuDevice, GpuMapMode, GpuQueue};

/// Makes a buffer that holds `data`, padded with zeros to a multiple of 4 bytes.
///
/// # Errors
///
/// When the buffer can't be mapped at creation, which is so if making it was an error.
pub fn buffer_with_data(device: &GpuDevice, data: &[u8], usage: GpuBufferUsage) -> Result<GpuBuffer, Error> {
    let size = describe::byte_count(data).next_multiple_of(4);
    let descriptor = GpuBufferDescriptor { mapped_at_creation: Some(true), ..describe::buffer(size, usage) };
    let buffer = device.create_buffer(&descriptor);
    match data.as_chunks::<4>() {
        (_, []) => buffer.get_mapped_range_set_with_copy(data, None, None)?,
        (whole, rest) => {
            let mut padded = whole.as_flattened().to_vec();
            padded.extend_from_slice(rest);
            padded.resize(padded.len().next_multiple_of(4), 0);
            buffer.get_mapped_range_set_with_copy(&padded, None, None)?;
        }
    }
    buffer.unmap()?;
    Ok(buffer)
}

/// Writes `data` at `offset` before any work that is submitted later; the buffer needs the usage `copy-dst`.
///
/// # Errors
///
/// When the length of `data` is not a multiple of 4. Other faults are errors of the device.
pub fn write_buffer(queue: &GpuQueue, buffer: &GpuBuffer, offset: u64, data: &[u8]) -> Result<(), Error> {
    Ok(queue.write_buffer_with_copy(buffer, offset, data, None, None)?)
}

/// Reads a range of a buffer, in bytes, once the work submitted so far has been executed.
///
/// A buffer with the usage `map-read` is mapped itself; any other needs `copy-src` and is copied first. Any range
/// inside the buffer will do, but the last one to three bytes of a buffer whose size isn't a multiple of 4 can't be read.
///
/// # Errors
///
/// [`Error::Misuse`] for a range or a usage that won't do, else what mapping failed with, such as after a loss.
pub async fn read_buffer(
    device: &GpuDevice,
    queue: &GpuQueue,
    buffer: &GpuBuffer,
    range: impl RangeBounds<u64>,
) -> Result<Vec<u8>, Error> {
    let size = buffer.size();
    let (start, end) = resolve(range, size)?;
    let usage = buffer.usage();
    // Mapping and copying want multiples of 8 and 4, so a little more is fetched and cut off.
    let fetched_start = start - start % 8;
    let fetched_size = (end - fetched_start).next_multiple_of(4);
    if fetched_start + fetched_size > size {
        return Err(Error::Misuse(format!(
            "bytes {start}..{end} can't be read from a buffer of {size} bytes: only multiples of 4 can be copied"
        )));
    }
    let mut bytes = if usage.contains(GpuBufferUsage::MAP_READ) {
        map_and_read(buffer, fetched_start, fetched_size).await?
    } else if usage.contains(GpuBufferUsage::COPY_SRC) {
        let descriptor = describe::buffer(fetched_size, GpuBufferUsage::COPY_DST | GpuBufferUsage::MAP_READ);
        let staging = device.create_buffer(&descriptor);
        let encoder = device.create_command_encoder(None);
        encoder.copy_buffer_to_buffer(buffer, Some(fetched_start), &staging, None, Some(fetched_size));
        queue.submit(&[&encoder.finish(None)]);
        let bytes = map_and_read(&staging, 0, fetched_size).await?;
        staging.destroy();
        bytes
    } else {
        let needed = "map-read or copy-src";
        return Err(Error::Misuse(format!("to be read, a buffer needs the usage {needed}; it has {usage:?}")));
    };
    drop(bytes.drain(..index(start - fetched_start)?));
    bytes.truncate(index(end - start)?);
    Ok(bytes)
}

async fn map_and_read(buffer: &GpuBuffer, offset: u64, size: u64) -> Result<Vec<u8>, Error> {
    buffer.map_async(GpuMapMode::READ, Some(offset), Some(size)).await?;
    let bytes = buffer.get_mapped_range_get_with_copy(Some(offset), Some(size))?;
    buffer.unmap()?;
    Ok(bytes)
}

fn resolve(range: impl RangeBounds<u64>, size: u64) -> Result<(u64, u64), Error> {
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(start) => start.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(end) => end.saturating_add(1),
        Bound::Excluded(end) => *end,
        Bound::Unbounded => size,
    };
    if start > end || end > size {
        return Err(Error::Misuse(format!("bytes {start}..{end} are not a range of a buffer of {size} bytes")));
    }
    Ok((start, end))
}

fn index(value: u64) -> Result<usize, Error> {
    usize::try_from(value).map_err(|_| Error::Misuse(format!("{value} bytes are more than this program's memory")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(range: impl RangeBounds<u64>, expected: Option<(u64, u64)>) {
        assert_eq!(resolve(range, 16).ok(), expected, "a range of a buffer of 16 bytes");
    }

    #[test]
    fn ranges_are_resolved_against_the_size() {
        check(.., Some((0, 16)));
        check(4.., Some((4, 16)));
        check(..=7, Some((0, 8)));
        check(3..3, Some((3, 3)));
        check(16..16, Some((16, 16)));
        check((Bound::Excluded(3), Bound::Included(5)), Some((4, 6)));
    }

    #[test]
    fn ranges_outside_of_the_size_are_refused() {
        check(17.., None);
        check(..17, None);
        check(u64::MAX.., None);
        check(..=u64::MAX, None);
        check((Bound::Included(9), Bound::Excluded(8)), None);
    }
}
