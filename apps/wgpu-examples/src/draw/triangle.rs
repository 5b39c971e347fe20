//! One triangle, whose corners are in the shader.

use super::canvas::{Canvas, pipeline};
use crate::{Failure, Gpu, Output};

const SHADER: &str = "
    struct Corner { @builtin(position) place: vec4f, @location(0) color: vec3f }

    @vertex
    fn corner(@builtin(vertex_index) index: u32) -> Corner {
        let places = array(vec2f(0.0, 0.8), vec2f(-0.8, -0.7), vec2f(0.8, -0.7));
        let colors = array(vec3f(1.0, 0.0, 0.0), vec3f(0.0, 1.0, 0.0), vec3f(0.0, 0.0, 1.0));
        return Corner(vec4f(places[index], 0.0, 1.0), colors[index]);
    }

    @fragment
    fn color(corner: Corner) -> @location(0) vec4f { return vec4f(corner.color, 1.0); }
";

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    let pipeline = pipeline(gpu, SHADER, &[], |_| {});
    Canvas::new(gpu).draw(gpu, |pass| {
        pass.set_pipeline(&pipeline);
        pass.draw(0..3, 0..1);
    })
}
