//! Pixels from the GPU, in strips: so neither a buffer nor a call ever holds a whole large picture.

use wardian_guest::webgpu::{GpuBufferUsage, GpuTexelCopyTextureInfo, GpuTexture};
use wardian_guest::{describe, read_buffer};

use crate::arguments::Size;
use crate::error::SceneError;
use crate::gpu::Gpu;

/// Rows in a buffer begin at multiples of this.
const ROW_ALIGNMENT: u32 = 256;
/// Bytes of a strip, if more than a row fits into them.
const STRIP_BYTES: u32 = 16 << 20;

/// The texture's pixels without alpha.
pub(crate) async fn read(gpu: &Gpu, texture: &GpuTexture, size: Size) -> Result<Vec<u8>, SceneError> {
    let strips = Strips::new(size);
    let usage = GpuBufferUsage::COPY_DST | GpuBufferUsage::MAP_READ;
    let staging = gpu.device.create_buffer(&describe::buffer(strips.bytes(strips.rows), usage));
    let mut pixels = Vec::new();
    let bytes = usize::from(size.width).checked_mul(usize::from(size.height)).and_then(|count| count.checked_mul(3));
    let reserved = bytes.map(|bytes| pixels.try_reserve_exact(bytes));
    if !matches!(reserved, Some(Ok(()))) {
        return Err(SceneError::GuestMemory { size });
    }
    for (first, rows) in strips.iter() {
        let encoder = gpu.device.create_command_encoder(None);
        encoder.copy_texture_to_buffer(
            &GpuTexelCopyTextureInfo {
                origin: Some(describe::origin(0, first, 0)),
                ..describe::texel_texture(texture)
            },
            &describe::texel_buffer(&staging, strips.stride, rows),
            describe::extent(size.width.into(), rows),
        );
        gpu.queue.submit(&[&encoder.finish(None)]);
        let strip = read_buffer(&gpu.device, &gpu.queue, &staging, ..strips.bytes(rows)).await?;
        append_colors(&mut pixels, &strip, strips.stride, size.width);
    }
    staging.destroy();
    Ok(pixels)
}

/// How a picture is cut.
struct Strips {
    height: u32,
    stride: u32,
    rows: u32,
}

impl Strips {
    fn new(size: Size) -> Self {
        let stride = (4 * u32::from(size.width)).next_multiple_of(ROW_ALIGNMENT);
        let height = u32::from(size.height);
        Self { height, stride, rows: (STRIP_BYTES / stride).clamp(1, height) }
    }

    fn bytes(&self, rows: u32) -> u64 {
        u64::from(self.stride) * u64::from(rows)
    }

    /// First row and number of rows of each strip.
    fn iter(&self) -> impl Iterator<Item = (u32, u32)> {
        let step = usize::try_from(self.rows).unwrap_or(usize::MAX);
        (0..self.height).step_by(step).map(|first| (first, self.rows.min(self.height - first)))
    }
}

/// Leaves out alpha, and what fills up the rows.
fn append_colors(pixels: &mut Vec<u8>, strip: &[u8], stride: u32, width: u16) {
    for row in strip.chunks(usize::try_from(stride).unwrap_or(usize::MAX)) {
        let row = row.as_chunks::<4>().0.iter().take(usize::from(width));
        pixels.extend(row.flat_map(|[red, green, blue, _]| [red, green, blue]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(width: u16, height: u16, count: usize) {
        let strips = Strips::new(Size { width, height });
        let mut next = 0;
        for (first, rows) in strips.iter() {
            assert!(first == next && rows > 0, "expected a strip from {next}, got {rows} rows from {first}");
            next += rows;
        }
        assert_eq!((next, strips.iter().count()), (u32::from(height), count), "rows and strips of {width}x{height}");
        assert!(strips.bytes(strips.rows) <= u64::from(STRIP_BYTES), "bytes of a strip of {width}x{height}");
        assert_eq!(strips.stride % ROW_ALIGNMENT, 0, "bytes of a row of {width}x{height}");
    }

    #[test]
    fn strips_cover_every_row_once() {
        check(1, 1, 1);
        check(1280, 720, 1);
        check(16_384, 16_384, 64);
        check(65_535, 100, 2);
        check(1, 65_535, 1);
    }

    #[test]
    fn colors_are_taken_out_of_padded_rows() {
        let mut strip = vec![0; 2 * 256];
        strip[..8].copy_from_slice(&[1, 2, 3, 255, 4, 5, 6, 255]);
        strip[256..264].copy_from_slice(&[7, 8, 9, 255, 10, 11, 12, 255]);
        let mut pixels = Vec::new();
        append_colors(&mut pixels, &strip, 256, 2);
        assert_eq!(pixels, (1..=12).collect::<Vec<u8>>(), "two rows of two pixels");
    }
}
