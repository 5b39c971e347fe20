//! How long each step takes.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use wardian_guest::webgpu::{
    GpuBufferUsage, GpuComputePassTimestampWrites, GpuDevice, GpuFeatureName, GpuQuerySet, GpuQueryType, GpuQueue,
};
use wardian_guest::{Error, describe, feature_name, read_buffer};

/// More passes than any command line leads to; those beyond it would go untimed.
const PASSES_MAX: u32 = 256;

/// Times steps by the GPU's own timestamps where the device has them, and else by the clock on the wall.
pub(crate) struct Stopwatch {
    /// Two queries a pass, of its beginning and its end.
    queries: Option<GpuQuerySet>,
    passes: Cell<u32>,
    laps: RefCell<Vec<Lap>>,
}

/// One step: its passes are those from the first on.
struct Lap {
    name: &'static str,
    pass_first: u32,
    pass_count: u32,
    clock: Duration,
}

/// What came out for one step.
pub(crate) struct Timing {
    pub(crate) name: &'static str,
    pub(crate) passes: u32,
    pub(crate) time: Duration,
}

impl Stopwatch {
    pub(crate) fn new(device: &GpuDevice) -> Result<Self, Error> {
        let has_timestamps = device.features().has(feature_name(GpuFeatureName::TimestampQuery));
        let queries = has_timestamps
            .then(|| device.create_query_set(&describe::query_set(GpuQueryType::Timestamp, 2 * PASSES_MAX)))
            .transpose()?;
        Ok(Self { queries, passes: Cell::new(0), laps: RefCell::default() })
    }

    /// How time is taken, in words.
    pub(crate) fn method(&self) -> &'static str {
        match self.queries {
            Some(_) => "GPU time, by timestamp queries",
            None => "wall time until the queue is done; the adapter has no timestamp queries",
        }
    }

    /// Counts one more pass and says which timestamps it shall take.
    pub(crate) fn pass(&self) -> Option<GpuComputePassTimestampWrites<'_>> {
        let index = self.passes.replace(self.passes.get() + 1);
        let query_set = self.queries.as_ref().filter(|_| index < PASSES_MAX)?;
        Some(GpuComputePassTimestampWrites {
            query_set,
            beginning_of_pass_write_index: Some(2 * index),
            end_of_pass_write_index: Some(2 * index + 1),
        })
    }

    /// Times a step that records its passes and submits them.
    pub(crate) async fn lap<T>(
        &self,
        name: &'static str,
        queue: &GpuQueue,
        step: impl FnOnce() -> Result<T, Box<dyn std::error::Error>>,
    ) -> Result<T, Box<dyn std::error::Error>> {
        let (started, pass_first) = (Instant::now(), self.passes.get());
        let value = step()?;
        if self.queries.is_none() {
            queue.on_submitted_work_done().await;
        }
        let (pass_count, clock) = (self.passes.get() - pass_first, started.elapsed());
        self.laps.borrow_mut().push(Lap { name, pass_first, pass_count, clock });
        Ok(value)
    }

    /// The time of each step so far, in their order.
    pub(crate) async fn timings(&self, device: &GpuDevice, queue: &GpuQueue) -> Result<Vec<Timing>, Error> {
        let passes = match &self.queries {
            Some(queries) => Some(self.pass_times(queries, device, queue).await?),
            None => None,
        };
        let laps = self.laps.take();
        let timing = |lap: &Lap| {
            let time = passes.as_ref().map(|passes| {
                let skipped = usize::try_from(lap.pass_first).unwrap_or(usize::MAX);
                let count = usize::try_from(lap.pass_count).unwrap_or(usize::MAX);
                passes.iter().skip(skipped).take(count).sum()
            });
            Timing { name: lap.name, passes: lap.pass_count, time: time.unwrap_or(lap.clock) }
        };
        Ok(laps.iter().map(timing).collect())
    }

    async fn pass_times(
        &self,
        queries: &GpuQuerySet,
        device: &GpuDevice,
        queue: &GpuQueue,
    ) -> Result<Vec<Duration>, Error> {
        let count = 2 * self.passes.get().min(PASSES_MAX);
        let usage = GpuBufferUsage::QUERY_RESOLVE | GpuBufferUsage::COPY_SRC;
        let buffer = device.create_buffer(&describe::buffer(8 * u64::from(count), usage));
        let encoder = device.create_command_encoder(None);
        encoder.resolve_query_set(queries, 0, count, &buffer, 0);
        queue.submit(&[&encoder.finish(None)]);
        let bytes = read_buffer(device, queue, &buffer, ..).await?;
        let (times, _) = bytes.as_chunks::<8>();
        let (passes, _) = times.as_chunks::<2>();
        let nanoseconds = passes
            .iter()
            .map(|[beginning, end]| u64::from_le_bytes(*end).saturating_sub(u64::from_le_bytes(*beginning)));
        Ok(nanoseconds.map(Duration::from_nanos).collect())
    }
}
