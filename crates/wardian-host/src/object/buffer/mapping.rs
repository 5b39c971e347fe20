//! The states of a mapping, who waits for one, and which ranges of it a program may have.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;
use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wgpu_core::device::HostMap;
use wgpu_core::id::BufferId;
use wgpu_core::resource::BufferAccessError;

use super::{no_memory, operation_error, range_error};
use crate::device::{Device, LossInfo};
use crate::handle::Handle;
use crate::quota::{Amounts, Charge, Quota, Usage};

/// Ranges that can be got from one mapping, of which each is remembered.
const RANGES_MAX: usize = 65_536;
/// What the offset of a range must be a multiple of.
const OFFSET_ALIGNMENT: u64 = 8;
/// What the size of a range must be a multiple of.
const SIZE_ALIGNMENT: u64 = 4;

/// <https://www.w3.org/TR/webgpu/#dom-gpubuffer-mapstate>
#[derive(Debug, Default)]
pub(super) enum Mapping {
    #[default]
    Unmapped,
    Pending(Pending),
    Mapped(Mapped),
}

/// A map under way.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) host: HostMap,
    pub(super) range: Range<u64>,
    /// The submission that it waits for; 0 if for none.
    pub(super) index: u64,
    /// Closed when nobody waits any more. Dropping it tells who waits that the map was given up.
    pub(super) waited_for: oneshot::Sender<Infallible>,
    /// For the mapped range; none where the map is faulty.
    pub(super) charge: Option<Charge>,
}

/// A mapping that a program may use.
#[derive(Debug)]
pub(super) struct Mapped {
    pub(super) host: HostMap,
    range: Range<u64>,
    /// What was got of it already.
    pub(super) got: Ranges,
    pub(super) memory: Memory,
    #[expect(dead_code, reason = "what was charged is given back with the mapping")]
    charge: Option<Charge>,
    /// A second map, which is refused when its caller is told. As in [`Pending`].
    pub(super) refused: Option<oneshot::Sender<Infallible>>,
}

/// Where the bytes of a mapping are.
#[derive(Debug)]
pub(super) enum Memory {
    /// In memory of the GPU, or to be copied there by `wgpu-core`.
    Gpu,
    /// In the host's: those of an invalid buffer, which is mapped at creation all the same.
    Host(Arc<HostMemory>),
}

impl Memory {
    pub(super) fn host(usage: &Usage) -> Self {
        Self::Host(Arc::new(HostMemory { usage: usage.clone(), bytes: Mutex::default() }))
    }
}

impl Mapped {
    pub(super) fn new(host: HostMap, range: Range<u64>, memory: Memory, charge: Option<Charge>) -> Self {
        Self { host, range, got: Ranges::default(), memory, refused: None, charge }
    }

    /// The part of the mapping that these arguments mean; by default, to the end of the buffer.
    pub(super) fn part(&self, buffer: u64, offset: Option<u64>, size: Option<u64>) -> Result<Range<u64>, String> {
        let offset = offset.unwrap_or(0);
        let size = size.unwrap_or_else(|| buffer.saturating_sub(offset));
        if !offset.is_multiple_of(OFFSET_ALIGNMENT) {
            return Err(format!("the offset must be a multiple of {OFFSET_ALIGNMENT}, but {offset} came"));
        }
        if !size.is_multiple_of(SIZE_ALIGNMENT) {
            return Err(format!("the size must be a multiple of {SIZE_ALIGNMENT}, but {size} came"));
        }
        let Range { start, end } = self.range;
        let part = offset.checked_add(size).map(|part_end| offset..part_end);
        part.filter(|part| start <= part.start && part.end <= end)
            .ok_or_else(|| format!("the bytes {start} to {end} are mapped, but {size} from {offset} were asked for"))
    }
}

/// Ranges that don't overlap; an empty one may lie between others, but not inside of one.
#[derive(Debug, Default)]
pub(super) struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    /// Whether a range may be added.
    pub(super) fn check(&self, range: &Range<u64>) -> Result<(), webgpu::GetMappedRangeError> {
        // Of those that begin before this one's end, none ends later than the last.
        if let Some((start, end)) = self.0.range(..range.end).next_back()
            && *end > range.start
        {
            let Range { start: from, end: to } = range;
            let message = format!("the bytes {from} to {to} were asked for, of which {start} to {end} were got before");
            return Err(operation_error(message));
        }
        if self.0.len() >= RANGES_MAX {
            return Err(range_error(format!("at most {RANGES_MAX} ranges can be got from one mapping")));
        }
        Ok(())
    }

    pub(super) fn insert(&mut self, range: Range<u64>) {
        // An empty range where another begins adds nothing to it.
        let end = self.0.entry(range.start).or_insert(range.end);
        *end = range.end.max(*end);
    }
}

/// The bytes of an invalid buffer, which nobody but the program that set them will see. They are zero until then, and
/// take memory from the first use on.
#[derive(Debug)]
pub(crate) struct HostMemory {
    usage: Usage,
    /// Guards the bytes and what they were charged for; held while they are copied, by one call of the guest's.
    bytes: Mutex<(Vec<u8>, Option<Charge>)>,
}

impl HostMemory {
    /// Copies a part out. `size` is that of the buffer; a valid one could have up to `size_max` bytes.
    pub(super) fn get(
        &self,
        part: &Range<u64>,
        size: u64,
        size_max: u64,
    ) -> Result<Bytes, webgpu::GetMappedRangeError> {
        self.with(part, size, size_max, |bytes| {
            let mut copy = Vec::new();
            copy.try_reserve_exact(bytes.len()).map_err(|_| no_memory(bytes.len()))?;
            copy.extend_from_slice(bytes);
            Ok(Bytes::from(copy))
        })
    }

    /// Copies data into a part.
    pub(super) fn set(
        &self,
        part: &Range<u64>,
        data: &[u8],
        size: u64,
        size_max: u64,
    ) -> Result<(), webgpu::GetMappedRangeError> {
        self.with(part, size, size_max, |bytes| {
            for (byte, new) in bytes.iter_mut().zip(data) {
                *byte = *new;
            }
            Ok(())
        })
    }

    fn with<R>(
        &self,
        part: &Range<u64>,
        size: u64,
        size_max: u64,
        body: impl FnOnce(&mut [u8]) -> Result<R, webgpu::GetMappedRangeError>,
    ) -> Result<R, webgpu::GetMappedRangeError> {
        let place = |place: u64| usize::try_from(place).map_err(|_| no_memory(size));
        let (start, end, length) = (place(part.start)?, place(part.end)?, place(size)?);
        let mut held = self.bytes.lock();
        let (bytes, charge) = &mut *held;
        if bytes.len() < length {
            if size > size_max {
                return Err(no_memory(size));
            }
            let room = self.usage.charge(Amounts::of(Quota::HostMemory, size));
            *charge = Some(room.map_err(|exceeded| range_error(exceeded.to_string()))?);
            if bytes.try_reserve_exact(length).is_err() {
                return Err(no_memory(size));
            }
            bytes.resize(length, 0);
        }
        body(bytes.get_mut(start..end).ok_or_else(|| no_memory(size))?)
    }
}

/// The call that waits for a map. When it is dropped before the map has ended, it gives the map up.
#[derive(Debug)]
pub(super) struct Waiting {
    buffer: Handle<BufferId>,
    device: Device,
    given_up: oneshot::Receiver<Infallible>,
    lost: oneshot::Receiver<LossInfo>,
    outcome: Outcome,
    turn: Turn,
}

/// A map is pending for one turn at least: else a program had no time to give it up.
#[derive(Debug)]
enum Turn {
    First,
    /// The map ended within the first turn, of which the program is told in the next.
    Ended(Ended),
    Later,
}

/// How a map will end unless it is given up.
#[derive(Debug)]
pub(super) enum Outcome {
    /// At the end of a submission; 0 stands for none.
    Core { done: oneshot::Receiver<Result<(), BufferAccessError>>, index: u64 },
    /// With a fault that is known already.
    Fault(String),
}

/// How a map has ended.
#[derive(Debug)]
pub(super) enum Ended {
    Core(Result<(), BufferAccessError>),
    Fault(String),
    GivenUp,
    Lost,
}

impl Waiting {
    pub(super) fn new(
        buffer: Handle<BufferId>,
        device: Device,
        given_up: oneshot::Receiver<Infallible>,
        outcome: Outcome,
    ) -> Self {
        let lost = device.lost();
        Self { buffer, device, given_up, lost, outcome, turn: Turn::First }
    }

    /// Waits again, for the map that was begun anew.
    pub(super) fn wait_for(&mut self, done: oneshot::Receiver<Result<(), BufferAccessError>>, index: u64) {
        self.outcome = Outcome::Core { done, index };
    }

    /// Whether the buffer has let go of this map.
    pub(super) fn is_given_up(&mut self) -> bool {
        !matches!(self.given_up.try_recv(), Err(TryRecvError::Empty))
    }

    pub(super) async fn end(&mut self) -> Ended {
        let index = match &self.outcome {
            Outcome::Core { index, .. } => *index,
            Outcome::Fault(_) => 0,
        };
        let device = self.device.clone();
        device.wait_for(index, |context| self.poll_end(context)).await
    }

    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<Ended> {
        // To give a map up wins over everything, even over a fault of the map.
        if Pin::new(&mut self.given_up).poll(context).is_ready() {
            return Poll::Ready(Ended::GivenUp);
        }
        if Pin::new(&mut self.lost).poll(context).is_ready() {
            return Poll::Ready(Ended::Lost);
        }
        match std::mem::replace(&mut self.turn, Turn::Later) {
            Turn::Ended(ended) => Poll::Ready(ended),
            Turn::Later => self.poll_outcome(context),
            Turn::First => {
                if let Poll::Ready(ended) = self.poll_outcome(context) {
                    self.turn = Turn::Ended(ended);
                    context.waker().wake_by_ref();
                }
                Poll::Pending
            }
        }
    }

    fn poll_outcome(&mut self, context: &mut Context<'_>) -> Poll<Ended> {
        match &mut self.outcome {
            Outcome::Core { done, .. } => Pin::new(done).poll(context).map(|outcome| match outcome {
                Ok(outcome) => Ended::Core(outcome),
                // `wgpu-core` calls back always, unless it fails as a whole.
                Err(_) => Ended::Lost,
            }),
            Outcome::Fault(message) => Poll::Ready(Ended::Fault(std::mem::take(message))),
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.is_given_up()
            && let Err(error) = unmap(&self.device, &self.buffer)
        {
            tracing::error!("a map that nobody waits for was not ended: {error}");
        }
    }
}

/// Ends a mapping in `wgpu-core`. Whatever hinders it, like a destroyed buffer or a lost device, has ended it as well.
pub(super) fn unmap(device: &Device, buffer: &Handle<BufferId>) -> wasmtime::Result<()> {
    if let Err(error) = device.call(|core| core.buffer_unmap(buffer.id()))? {
        tracing::trace!("unmapping a buffer: {error}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quota::Quotas;

    fn check(before: &[(u64, u64)], range: (u64, u64), allowed: bool) {
        let mut ranges = Ranges::default();
        for (start, end) in before {
            ranges.insert(*start..*end);
        }
        let outcome = ranges.check(&(range.0..range.1));
        assert_eq!(outcome.is_ok(), allowed, "{range:?} after {before:?}: {outcome:?}");
    }

    fn untouched() -> HostMemory {
        HostMemory { usage: Usage::new(Quotas::new()), bytes: Mutex::default() }
    }

    #[test]
    fn ranges_must_not_overlap() {
        let before = [(16, 32), (40, 48)];
        for range in [(16, 32), (8, 20), (24, 40), (0, 64), (31, 41), (44, 45), (8, 64)] {
            check(&before, range, false);
        }
        for range in [(0, 16), (32, 40), (48, 64)] {
            check(&before, range, true);
        }
    }

    #[test]
    fn empty_ranges_may_lie_at_a_border_but_not_inside() {
        check(&[(16, 32)], (24, 24), false);
        check(&[(24, 24)], (16, 32), false);
        for empty in [16, 32, 40] {
            check(&[(16, 32)], (empty, empty), true);
            check(&[(empty, empty)], (16, 32), true);
            check(&[(empty, empty), (16, 32)], (empty, empty), true);
        }
        check(&[(16, 16), (16, 32), (16, 16)], (24, 28), false);
    }

    #[test]
    fn parts_lie_inside_of_the_mapping() {
        let mapped = Mapped::new(HostMap::Read, 16..48, Memory::Gpu, None);
        let part = |offset, size| mapped.part(64, offset, size);
        assert_eq!(part(Some(16), Some(32)), Ok(16..48), "all of it");
        assert_eq!(part(Some(48), Some(0)), Ok(48..48), "nothing at the end");
        let wrong = [
            (None, None),
            (Some(16), None),
            (Some(8), Some(16)),
            (Some(20), Some(4)),
            (Some(24), Some(6)),
            (Some(48), Some(4)),
            (Some(u64::MAX - 7), Some(8)),
            (Some(16), Some(u64::MAX - 3)),
        ];
        for (offset, size) in wrong {
            assert!(part(offset, size).is_err(), "{size:?} bytes from {offset:?}");
        }
    }

    #[test]
    fn host_memory_is_bounded() {
        let memory = untouched();
        assert_eq!(memory.get(&(8..12), 16, 16).expect("there is memory"), [0; 4].as_slice(), "what was never set");
        memory.set(&(8..12), &[1, 2, 3, 4], 16, 16).expect("there is memory");
        assert_eq!(memory.get(&(0..16), 16, 16).expect("there is memory").get(8..12), Some(&[1, 2, 3, 4][..]), "set");
        for size in [1 << 20, 1 << 60, u64::MAX] {
            assert!(untouched().get(&(0..size), size, 1 << 16).is_err(), "{size} bytes of at most 65,536");
        }
    }
}
