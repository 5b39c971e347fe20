//! `wgpu::Buffer`, and the bytes of a mapped one.

use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock};

use wardian_guest::webgpu::{GpuBuffer, GpuBufferDescriptor, GpuMapMode};
use wgpu::custom::{BufferInterface, BufferMapCallback, BufferMappedRangeInterface, DispatchBufferMappedRange};

use crate::convert::{ToGuest, label};
use crate::device::Device;
use crate::errors::validation;
use crate::outside;
use crate::wait::locked;

#[derive(Debug)]
pub(crate) struct Buffer(Arc<Shared>);

/// What a buffer and its mapped ranges share.
#[derive(Debug)]
struct Shared {
    handle: GpuBuffer,
    device: Device,
    size: u64,
    usage: wgpu::BufferUsages,
    // Guards what is known of the mapping; held for no call.
    mapping: Mutex<Mapping>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Mapping {
    Not,
    /// Asked for, and not there yet or refused.
    Asked,
    Mapped {
        mode: wgpu::MapMode,
        range: Range<u64>,
        /// Whether the host's bytes are still zeros, so that they need not be read.
        is_zeroed: bool,
    },
}

impl Buffer {
    pub(crate) fn new(device: &Device, descriptor: &wgpu::BufferDescriptor<'_>) -> Self {
        let handle = device.handle().create_buffer(&GpuBufferDescriptor {
            size: descriptor.size,
            usage: descriptor.usage.to_guest(),
            mapped_at_creation: Some(descriptor.mapped_at_creation),
            label: label(descriptor.label),
        });
        let mapping = if descriptor.mapped_at_creation {
            Mapping::Mapped { mode: wgpu::MapMode::Write, range: 0..descriptor.size, is_zeroed: true }
        } else {
            Mapping::Not
        };
        let (size, usage) = (descriptor.size, descriptor.usage);
        Self(Arc::new(Shared { handle, device: device.clone(), size, usage, mapping: Mutex::new(mapping) }))
    }

    pub(crate) fn handle(&self) -> &GpuBuffer {
        &self.0.handle
    }

    pub(crate) fn size(&self) -> u64 {
        self.0.size
    }

    pub(crate) fn usage(&self) -> wgpu::BufferUsages {
        self.0.usage
    }
}

impl BufferInterface for Buffer {
    fn map_async(&self, mode: wgpu::MapMode, range: Range<u64>, callback: BufferMapCallback) {
        let buffer = Arc::clone(&self.0);
        self.0.device.read_uncaptured();
        *locked(&self.0.mapping) = Mapping::Asked;
        let waiting = self.0.device.waiting();
        let guest_mode = match mode {
            wgpu::MapMode::Read => GpuMapMode::READ,
            wgpu::MapMode::Write => GpuMapMode::WRITE,
        };
        let asked = range.clone();
        let call = async move {
            let outcome = buffer.handle.map_async(guest_mode, Some(asked.start), Some(asked.end - asked.start)).await;
            (buffer, outcome)
        };
        waiting.tell(call, move |(buffer, outcome)| match outcome {
            Ok(()) => {
                *locked(&buffer.mapping) = Mapping::Mapped { mode, range, is_zeroed: false };
                callback(Ok(()));
            }
            Err(error) => {
                // The callback's error is empty; where it was a fault of the program, the device has an error, too.
                log::debug!("map_async: {}", error.message);
                callback(Err(wgpu::BufferAsyncError));
                buffer.device.read_uncaptured();
            }
        });
    }

    /// The bytes are not read before the program looks at them, so what can be wrong is found out here.
    fn get_mapped_range(&self, range: Range<u64>) -> Result<DispatchBufferMappedRange, wgpu::MapRangeError> {
        let fault = match &*locked(&self.0.mapping) {
            // `wgpu` itself refuses this one.
            Mapping::Not => None,
            Mapping::Asked => Some("the buffer is not mapped: map_async failed, or is not done yet".to_owned()),
            Mapping::Mapped { range: mapped, .. } => {
                let is_aligned = range.start.is_multiple_of(8) && (range.end - range.start).is_multiple_of(4);
                let is_inside = mapped.start <= range.start && range.end <= mapped.end;
                (!is_aligned || !is_inside).then(|| {
                    format!(
                        "{range:?} must start at a multiple of 8, be as long as a multiple of 4, and lie in {mapped:?}"
                    )
                })
            }
        };
        if let Some(fault) = fault {
            log::error!("get_mapped_range: {fault}");
            return Err(outside::map_range_error(&self.0.device));
        }
        let bytes = MappedRange { buffer: Arc::clone(&self.0), range, bytes: OnceLock::new(), is_written: false };
        Ok(DispatchBufferMappedRange::custom(bytes))
    }

    fn unmap(&self) {
        *locked(&self.0.mapping) = Mapping::Not;
        if let Err(error) = self.0.handle.unmap() {
            log::debug!("unmap: {}", error.message);
        }
    }

    fn destroy(&self) {
        *locked(&self.0.mapping) = Mapping::Not;
        self.0.handle.destroy();
    }
}

/// Bytes of a mapped buffer. They are a copy: read when they are first looked at, and written back on drop if the
/// program could write into them.
#[derive(Debug)]
pub(crate) struct MappedRange {
    buffer: Arc<Shared>,
    range: Range<u64>,
    bytes: OnceLock<Box<[u8]>>,
    is_written: bool,
}

impl MappedRange {
    fn length(&self) -> usize {
        // A component cannot hold more than that; `wgpu` says so, too.
        usize::try_from(self.range.end - self.range.start).unwrap_or(usize::MAX)
    }

    fn read(&self) -> Box<[u8]> {
        let is_zeroed = matches!(&*locked(&self.buffer.mapping), Mapping::Mapped { is_zeroed: true, .. });
        if is_zeroed || self.range.is_empty() {
            return vec![0; self.length()].into_boxed_slice();
        }
        let size = self.range.end - self.range.start;
        match self.buffer.handle.get_mapped_range_get_with_copy(Some(self.range.start), Some(size)) {
            Ok(bytes) => bytes.into_boxed_slice(),
            Err(error) => {
                self.buffer.device.report(validation(format!(
                    "the mapped bytes cannot be read, and are taken to be zeros: {}",
                    error.message
                )));
                vec![0; self.length()].into_boxed_slice()
            }
        }
    }
}

impl BufferMappedRangeInterface for MappedRange {
    fn len(&self) -> usize {
        self.length()
    }

    #[expect(unsafe_code, reason = "as the trait has it; nothing in it is unsafe")]
    unsafe fn read_slice(&self) -> &[u8] {
        self.bytes.get_or_init(|| self.read())
    }

    #[expect(unsafe_code, reason = "as the trait has it; nothing in it is unsafe")]
    unsafe fn write_slice(&mut self) -> wgpu::WriteOnly<'_, [u8]> {
        let bytes = self.bytes.take().unwrap_or_else(|| self.read());
        self.is_written = true;
        self.bytes = OnceLock::from(bytes);
        match self.bytes.get_mut() {
            Some(bytes) => wgpu::WriteOnly::from_mut(bytes),
            None => unreachable!("the bytes were put there the line before"),
        }
    }

    #[cfg(all(feature = "web", target_family = "wasm"))]
    #[expect(clippy::panic, reason = "the trait leaves no other answer")]
    fn as_uint8array(&self) -> &js_sys::Uint8Array {
        panic!("BufferView::as_uint8array: there is no JavaScript in a component; read the view as a slice")
    }
}

impl Drop for MappedRange {
    fn drop(&mut self) {
        let Some(bytes) = self.bytes.get() else { return };
        if !self.is_written || bytes.is_empty() {
            return;
        }
        let mode = match &mut *locked(&self.buffer.mapping) {
            Mapping::Mapped { mode, is_zeroed, .. } => {
                *is_zeroed = false;
                *mode
            }
            // Unmapped by the end of the device: the bytes are nobody's.
            Mapping::Not | Mapping::Asked => return,
        };
        // Written views of a buffer that is mapped for reading are a program's fault, which the host names.
        let (start, size) = (self.range.start, self.range.end - self.range.start);
        if let Err(error) = self.buffer.handle.get_mapped_range_set_with_copy(bytes, Some(start), Some(size)) {
            self.buffer.device.report(validation(format!(
                "the bytes of a buffer mapped for {mode:?} cannot be written back: {}",
                error.message
            )));
        }
    }
}
