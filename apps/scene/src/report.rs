//! The table that is printed when the picture is written.

use std::fmt::{self, Display};
use std::time::Duration;

use crate::arguments::Options;
use crate::camera::SHADOW_SIDE;
use crate::gpu::Gpu;
use crate::model::Model;
use crate::renderer::Renderer;
use crate::stopwatch::{Source, Times};
use crate::textures;

/// What was done, on what, and how long it took.
pub(crate) struct Report<'a> {
    pub(crate) gpu: &'a Gpu,
    pub(crate) options: &'a Options,
    pub(crate) model: &'a Model,
    pub(crate) renderer: &'a Renderer<'a>,
    pub(crate) times: Times,
    pub(crate) read: Duration,
    pub(crate) written: Duration,
}

impl Display for Report<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options { output, size, samples, angle_degrees, .. } = self.options;
        let calls = self.renderer.draw_calls();
        let side = textures::SIDE;
        writeln!(out, "adapter       {}", self.gpu.adapter_name)?;
        writeln!(out, "picture       {}", output.display())?;
        writeln!(out, "size          {} x {}, {} a pixel", size.width, size.height, samples.name())?;
        writeln!(out, "angle         {angle_degrees} degrees")?;
        writeln!(
            out,
            "triangles     {}, and {} panes of glass in them",
            self.model.triangle_count(),
            self.model.panes.len()
        )?;
        writeln!(
            out,
            "draw calls    {} scene, {} shadow map, {} mipmaps, 1 tone mapping",
            calls.scene, calls.shadow, calls.mipmaps
        )?;
        writeln!(
            out,
            "textures      {side} x {side}, {} levels; shadow map {SHADOW_SIDE} x {SHADOW_SIDE}",
            textures::LEVELS
        )?;
        writeln!(out)?;
        writeln!(out, "pass          {:>9}", "ms")?;
        for (pass, time) in &self.times.passes {
            writeln!(out, "{:<14}{:>9}", pass.name(), ms(*time))?;
        }
        let total = self.times.passes.iter().map(|(_, time)| *time).sum();
        writeln!(out, "{:<14}{:>9}", "all passes", ms(total))?;
        writeln!(out, "{:<14}{:>9}  (wall clock)", "reading back", ms(self.read))?;
        writeln!(out, "{:<14}{:>9}  (wall clock)", "writing PNG", ms(self.written))?;
        writeln!(
            out,
            "\nThe times of passes are {}.",
            match self.times.source {
                Source::Timestamps => "the GPU's own (timestamp-query)",
                Source::WallClock => "by the wall clock, waiting included: the adapter has no timestamp-query",
            }
        )
    }
}

/// Milliseconds with three digits after the point.
pub(crate) fn ms(time: Duration) -> String {
    format!("{:.3}", 1e3 * time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_milliseconds() {
        assert_eq!(ms(Duration::from_micros(1_234_567)), "1234.567", "a second and more");
        assert_eq!(ms(Duration::ZERO), "0.000", "nothing");
    }
}
