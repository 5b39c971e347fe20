//! Birds in a flock: a compute shader moves them by three rules, from one buffer into the other and back, and one
//! draw shows them as instances.

use wgpu::BufferUsages as Usage;

use super::canvas::{Canvas, begin, pipeline};
use crate::{Failure, Gpu, Output};

const MOVE: &str = "
    struct Bird { place: vec2f, velocity: vec2f }
    @group(0) @binding(0) var<storage, read> before: array<Bird>;
    @group(0) @binding(1) var<storage, read_write> after: array<Bird>;

    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3u) {
        let count = arrayLength(&before);
        if id.x >= count { return; }
        let bird = before[id.x];
        var center = vec2f(0.0);
        var apart = vec2f(0.0);
        var shared_way = vec2f(0.0);
        var near = 0.0;
        for (var other = 0u; other < count; other++) {
            if other == id.x { continue; }
            let way = before[other].place - bird.place;
            let square = dot(way, way);
            if square < 0.09 {
                center += before[other].place;
                shared_way += before[other].velocity;
                near += 1.0;
            }
            if square < 0.004 { apart -= way; }
        }
        var velocity = bird.velocity + apart * 0.3;
        if near > 0.0 {
            velocity += (center / near - bird.place) * 0.04 + (shared_way / near - bird.velocity) * 0.05;
        }
        velocity = normalize(velocity) * clamp(length(velocity), 0.005, 0.03);
        var place = bird.place + velocity;
        place = select(place, place - sign(place) * 2.0, abs(place) > vec2f(1.0));
        after[id.x] = Bird(place, velocity);
    }
";

const DRAW: &str = "
    @vertex
    fn corner(
        @builtin(vertex_index) index: u32,
        @location(0) place: vec2f,
        @location(1) velocity: vec2f,
    ) -> @builtin(position) vec4f {
        let ahead = normalize(velocity);
        let aside = vec2f(-ahead.y, ahead.x);
        let corners = array(ahead * 0.06, -ahead * 0.03 + aside * 0.03, -ahead * 0.03 - aside * 0.03);
        return vec4f(place + corners[index], 0.0, 1.0);
    }

    @fragment
    fn color() -> @location(0) vec4f { return vec4f(0.9, 0.8, 0.3, 1.0); }
";

const BIRDS: u16 = 150;

/// Numbers that look random and are the same everywhere.
fn random(place: u16) -> f32 {
    let hash = u32::from(place).wrapping_mul(2_654_435_761) >> 16;
    u16::try_from(hash).map_or(0.0, |hash| f32::from(hash) / 32_768.0 - 1.0)
}

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    let birds: Vec<[f32; 4]> = (0..BIRDS)
        .map(|bird| {
            let [x, y, u, v] = [0, 1, 2, 3].map(|number| random(bird * 4 + number));
            [x, y, u * 0.02, v * 0.02]
        })
        .collect();
    let usage = Usage::STORAGE | Usage::VERTEX;
    let flocks = [gpu.buffer_with(&birds, usage), gpu.buffer_with(&birds, usage)];
    let moving = gpu.compute(MOVE);
    let layout = moving.get_bind_group_layout(0);
    let [here, there] = &flocks;
    let groups = [(here, there), (there, here)]
        .map(|(from, to)| gpu.group(&layout, &[from.as_entire_binding(), to.as_entire_binding()]));
    let attributes = wgpu::vertex_attr_array![0 => Float32x2, 1 => Float32x2];
    let birds_layout = wgpu::VertexBufferLayout {
        array_stride: 16,
        step_mode: wgpu::VertexStepMode::Instance,
        attributes: &attributes,
    };
    let pipeline = pipeline(gpu, DRAW, &[Some(birds_layout)], |_| {});
    let canvas = Canvas::new(gpu);
    let mut encoder = gpu.encoder();
    for step in 0..20 {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&moving);
        pass.set_bind_group(0, groups.get(step % 2), &[]);
        pass.dispatch_workgroups(u32::from(BIRDS).div_ceil(64), 1, 1);
    }
    let mut pass = begin(&mut encoder, &canvas.view, None);
    pass.set_pipeline(&pipeline);
    pass.set_vertex_buffer(0, here.slice(..));
    pass.draw(0..3, 0..u32::from(BIRDS));
    drop(pass);
    gpu.queue.submit([encoder.finish()]);
    gpu.read_picture(&canvas.picture)
}
