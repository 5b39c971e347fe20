//! How long each pass takes: by the GPU's own clock where there are timestamps, else by the wall clock.

use std::time::{Duration, Instant};

use wardian_guest::webgpu::{
    GpuBufferUsage, GpuCommandEncoder, GpuQuerySet, GpuQueryType, GpuRenderPassTimestampWrites,
};
use wardian_guest::{describe, read_buffer};

use crate::error::SceneError;
use crate::gpu::Gpu;

/// The work that is timed, in the order in which it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    Mipmaps,
    Shadow,
    Scene,
    Tone,
}

impl Pass {
    pub(crate) const ALL: [Self; 4] = [Self::Mipmaps, Self::Shadow, Self::Scene, Self::Tone];

    /// For the table.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Mipmaps => "mipmaps",
            Self::Shadow => "shadow map",
            Self::Scene => "scene",
            Self::Tone => "tone mapping",
        }
    }

    const fn first_query(self) -> u32 {
        match self {
            Self::Mipmaps => 0,
            Self::Shadow => 2,
            Self::Scene => 4,
            Self::Tone => 6,
        }
    }
}

/// Which of several render passes of one [`Pass`] is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Only,
    First,
    Between,
    Last,
}

/// What the times were measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Timestamps,
    WallClock,
}

/// Times of all passes.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    pub(crate) source: Source,
    pub(crate) passes: Vec<(Pass, Duration)>,
}

/// Takes times while work is submitted.
pub(crate) struct Stopwatch {
    clock: Clock,
}

enum Clock {
    Timestamps(GpuQuerySet),
    Wall(Vec<(Pass, Duration)>),
    None,
}

impl Stopwatch {
    pub(crate) fn new(gpu: &Gpu) -> Result<Self, SceneError> {
        let clock = if gpu.has_timestamps() {
            let count = 2 * u32::try_from(Pass::ALL.len()).unwrap_or(u32::MAX);
            Clock::Timestamps(gpu.device.create_query_set(&describe::query_set(GpuQueryType::Timestamp, count))?)
        } else {
            Clock::Wall(Vec::new())
        };
        Ok(Self { clock })
    }

    /// One that takes no times and so never waits.
    pub(crate) const fn idle() -> Self {
        Self { clock: Clock::None }
    }

    /// What a render pass is described with to be timed.
    pub(crate) fn writes(&self, pass: Pass, part: Part) -> Option<GpuRenderPassTimestampWrites<'_>> {
        let Clock::Timestamps(query_set) = &self.clock else { return None };
        let first = pass.first_query();
        let (begin, end) = match part {
            Part::Only => (Some(first), Some(first + 1)),
            Part::First => (Some(first), None),
            Part::Last => (None, Some(first + 1)),
            Part::Between => return None,
        };
        Some(GpuRenderPassTimestampWrites {
            query_set,
            beginning_of_pass_write_index: begin,
            end_of_pass_write_index: end,
        })
    }

    /// Records and submits a pass.
    pub(crate) async fn submit(
        &mut self,
        gpu: &Gpu,
        pass: Pass,
        record: impl FnOnce(&GpuCommandEncoder, &Self) -> Result<(), SceneError>,
    ) -> Result<(), SceneError> {
        let encoder = gpu.device.create_command_encoder(None);
        record(&encoder, self)?;
        let commands = encoder.finish(None);
        if let Clock::Wall(times) = &mut self.clock {
            // Nothing that was submitted earlier may count.
            gpu.queue.on_submitted_work_done().await;
            let started = Instant::now();
            gpu.queue.submit(&[&commands]);
            gpu.queue.on_submitted_work_done().await;
            times.push((pass, started.elapsed()));
        } else {
            gpu.queue.submit(&[&commands]);
        }
        Ok(())
    }

    /// The times of all passes that were submitted.
    pub(crate) async fn times(self, gpu: &Gpu) -> Result<Times, SceneError> {
        match self.clock {
            Clock::None => Ok(Times { source: Source::WallClock, passes: Vec::new() }),
            Clock::Wall(passes) => Ok(Times { source: Source::WallClock, passes }),
            Clock::Timestamps(queries) => {
                let stamps = resolved(gpu, &queries).await?;
                let pairs = stamps.as_chunks::<2>().0.iter();
                let times = pairs.map(|[begin, end]| Duration::from_nanos(end.saturating_sub(*begin)));
                let passes = Pass::ALL.into_iter().zip(times).collect();
                Ok(Times { source: Source::Timestamps, passes })
            }
        }
    }
}

async fn resolved(gpu: &Gpu, queries: &GpuQuerySet) -> Result<Vec<u64>, SceneError> {
    let count = queries.count();
    let usage = GpuBufferUsage::QUERY_RESOLVE | GpuBufferUsage::COPY_SRC;
    let read = async || {
        let buffer = gpu.device.create_buffer(&describe::buffer(8 * u64::from(count), usage));
        let encoder = gpu.device.create_command_encoder(None);
        encoder.resolve_query_set(queries, 0, count, &buffer, 0);
        gpu.queue.submit(&[&encoder.finish(None)]);
        Ok(read_buffer(&gpu.device, &gpu.queue, &buffer, ..).await?)
    };
    let bytes = gpu.checked(read).await?;
    Ok(bytes.as_chunks().0.iter().map(|stamp| u64::from_le_bytes(*stamp)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pass_has_two_queries_of_its_own() {
        let queries = Pass::ALL.map(Pass::first_query);
        assert_eq!(queries, [0, 2, 4, 6], "first queries in the order of the passes");
    }
}
