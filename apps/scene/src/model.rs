//! What stands in the scene: everything as triangles, instances of them, and panes of glass.

mod case;
mod garden;

use std::ops::Range;

use glam::{Mat4, Quat, Vec3};

use crate::mesh::{Mesh, Vertex};

/// Everything there is to draw.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) vertices: Vec<Vertex>,
    pub(crate) indices: Vec<u32>,
    pub(crate) instances: Vec<Instance>,
    pub(crate) draws: Vec<Draw>,
    pub(crate) panes: Vec<Pane>,
}

/// One draw call: a mesh, as often as it has instances.
#[derive(Clone, Debug)]
pub(crate) struct Draw {
    pub(crate) kind: Kind,
    pub(crate) indices: Range<u32>,
    pub(crate) first_vertex: i32,
    pub(crate) instances: Range<u32>,
}

/// How a mesh is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Closed: its triangles are seen from outside only.
    Solid,
    /// Thin: its triangles are seen from both sides.
    Thin,
    /// As [`Kind::Solid`], and too wide to fit into the shadow map; nothing lies below it.
    Ground,
}

/// A mesh at a place, of a material.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instance {
    pub(crate) place: Mat4,
    pub(crate) material: Material,
}

impl Instance {
    /// Bytes in a vertex buffer.
    pub(crate) const STRIDE: u64 = 80;

    /// As the shaders read it: three rows of the matrix, then the material.
    pub(crate) fn numbers(&self) -> [f32; 20] {
        let rows = self.place.transpose();
        let Material { color, translucency, layer, metalness, roughness, repeat } = self.material;
        let vectors = [
            rows.x_axis,
            rows.y_axis,
            rows.z_axis,
            color.extend(translucency),
            glam::vec4(f32::from(layer.index()), metalness, roughness, repeat),
        ];
        let mut numbers = [0.0; 20];
        for (number, value) in numbers.iter_mut().zip(vectors.iter().flat_map(|vector| vector.to_array())) {
            *number = value;
        }
        numbers
    }
}

/// What a surface is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Material {
    /// Linear colour, times that of the texture.
    pub(crate) color: Vec3,
    /// How much light comes through from behind, 0 to 1.
    pub(crate) translucency: f32,
    pub(crate) layer: Layer,
    pub(crate) metalness: f32,
    /// Times that of the texture.
    pub(crate) roughness: f32,
    /// How often the texture repeats over the mesh.
    pub(crate) repeat: f32,
}

impl Material {
    const fn new(layer: Layer, color: Vec3, roughness: f32) -> Self {
        Self { color, translucency: 0.0, layer, metalness: 0.0, roughness, repeat: 1.0 }
    }

    const fn plant(color: Vec3) -> Self {
        Self { translucency: 0.55, ..Self::new(Layer::Leaf, color, 0.75) }
    }

    const fn brass() -> Self {
        Self { metalness: 1.0, ..Self::new(Layer::Plain, Vec3::new(0.83, 0.56, 0.22), 0.5) }
    }
}

/// A layer of the material texture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    Tiles,
    Wood,
    Soil,
    Leaf,
    Plain,
}

impl Layer {
    /// In the order of their indices.
    pub(crate) const ALL: [Self; 5] = [Self::Tiles, Self::Wood, Self::Soil, Self::Leaf, Self::Plain];

    const fn index(self) -> u8 {
        match self {
            Self::Tiles => 0,
            Self::Wood => 1,
            Self::Soil => 2,
            Self::Leaf => 3,
            Self::Plain => 4,
        }
    }
}

/// A flat piece of glass: its corners are vertices of the model already, its indices are sorted for each picture.
#[derive(Clone, Debug)]
pub(crate) struct Pane {
    pub(crate) middle: Vec3,
    pub(crate) indices: Vec<u32>,
}

impl Model {
    /// The Wardian case on its floor.
    pub(crate) fn wardian_case() -> Self {
        let mut model = Self::default();
        garden::add_floor(&mut model);
        case::add(&mut model);
        garden::add_plants(&mut model);
        garden::add_things_outside(&mut model);
        case::add_panes(&mut model);
        model
    }

    /// Triangles of one picture, instances and panes included.
    pub(crate) fn triangle_count(&self) -> usize {
        let of_draw = |draw: &Draw| draw.indices.len().saturating_mul(draw.instances.len());
        let opaque: usize = self.draws.iter().map(of_draw).sum();
        let glass: usize = self.panes.iter().map(|pane| pane.indices.len()).sum();
        (opaque + glass) / 3
    }

    /// Indices of all panes, the farthest from the camera first, as blending wants them.
    pub(crate) fn sorted_panes(&self, camera: Vec3) -> Vec<u32> {
        let mut panes: Vec<&Pane> = self.panes.iter().collect();
        panes.sort_by(|a, b| {
            let (a, b) = (a.middle.distance_squared(camera), b.middle.distance_squared(camera));
            b.total_cmp(&a)
        });
        panes.into_iter().flat_map(|pane| pane.indices.iter().copied()).collect()
    }

    fn add(&mut self, kind: Kind, mesh: Mesh, instances: impl IntoIterator<Item = Instance>) {
        let first_instance = count(&self.instances);
        let first_index = count(&self.indices);
        let first_vertex = i32::try_from(self.vertices.len()).unwrap_or(i32::MAX);
        self.vertices.extend(mesh.vertices);
        self.indices.extend(mesh.indices);
        self.instances.extend(instances);
        self.draws.push(Draw {
            kind,
            indices: first_index..count(&self.indices),
            first_vertex,
            instances: first_instance..count(&self.instances),
        });
    }

    /// Adds a pane with three corners or four, in order around it.
    fn add_pane(&mut self, corners: &[Vec3]) {
        let first = count(&self.vertices);
        let [a, b, c, ..] = corners else { return };
        let normal = (*b - *a).cross(*c - *a).normalize_or(Vec3::Y);
        let lowest = corners.iter().map(|corner| corner.y).fold(f32::INFINITY, f32::min);
        self.vertices.extend(corners.iter().map(|corner| {
            // The second coordinate tells how high above the pane's lower edge a point is: there the glass is misted.
            Vertex { position: *corner, normal, uv: glam::vec2(corner.x + corner.z, corner.y - lowest) }
        }));
        let mut sum = Vec3::ZERO;
        for corner in corners {
            sum += *corner;
        }
        let mut indices = vec![first, first + 1, first + 2];
        let mut middle = sum / 3.0;
        if corners.len() == 4 {
            indices.extend([first, first + 2, first + 3]);
            middle = sum / 4.0;
        }
        self.panes.push(Pane { middle, indices });
    }
}

/// A number of things in a list, all of which fit into a guest's memory.
fn count<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

/// A place without a turn.
fn at(position: Vec3, size: Vec3) -> Mat4 {
    Mat4::from_scale_rotation_translation(size, Quat::IDENTITY, position)
}

/// Makes a cube a bar from one point to another.
fn bar(from: Vec3, to: Vec3, thickness: f32) -> Mat4 {
    let along = to - from;
    let turn = Quat::from_rotation_arc(Vec3::Z, along.normalize_or(Vec3::Z));
    // Longer by a thickness, so that bars close the corners in which they meet.
    let size = Vec3::new(thickness, thickness, along.length() + thickness);
    Mat4::from_scale_rotation_translation(size, turn, (from + to) / 2.0)
}

/// A number from 0 to 1 that looks like chance and is always the same for the same arguments.
pub(crate) fn chance(seed: u32, index: u32) -> f32 {
    let mut bits = seed.wrapping_mul(0x9e37_79b9) ^ index.wrapping_mul(0x85eb_ca6b).wrapping_add(0x27d4_eb2f);
    for (shift, factor) in [(16, 0x7feb_352d), (15, 0x846c_a68b), (16, 1)] {
        bits = (bits ^ (bits >> shift)).wrapping_mul(factor);
    }
    f32::from(u16::try_from(bits >> 16).unwrap_or(u16::MAX)) / f32::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_inside_of_their_lists() {
        let model = Model::wardian_case();
        for draw in &model.draws {
            assert!(draw.instances.end <= count(&model.instances), "instances of {draw:?}");
            let range = usize::try_from(draw.indices.start).unwrap()..usize::try_from(draw.indices.end).unwrap();
            let highest = model.indices[range].iter().max().expect("a draw has indices");
            let vertex = usize::try_from(*highest).unwrap() + usize::try_from(draw.first_vertex).unwrap();
            assert!(vertex < model.vertices.len(), "vertices of {draw:?}");
        }
        for pane in &model.panes {
            assert!(pane.indices.iter().all(|index| *index < count(&model.vertices)), "vertices of {pane:?}");
        }
        assert!((10_000..200_000).contains(&model.triangle_count()), "{} triangles", model.triangle_count());
    }

    #[test]
    fn scene_is_the_same_each_time() {
        let bits = |model: &Model| -> Vec<u32> {
            let vertices = model.vertices.iter().flat_map(Vertex::numbers);
            vertices.chain(model.instances.iter().flat_map(Instance::numbers)).map(f32::to_bits).collect()
        };
        assert!(bits(&Model::wardian_case()) == bits(&Model::wardian_case()), "two scenes, bit by bit");
    }

    #[test]
    fn everything_that_casts_a_shadow_is_near_the_case() {
        let model = Model::wardian_case();
        for draw in model.draws.iter().filter(|draw| draw.kind != Kind::Ground) {
            for instance in &model.instances[usize::try_from(draw.instances.start).unwrap()..][..draw.instances.len()] {
                let middle = instance.place.transform_point3(Vec3::ZERO);
                let distance = middle.distance(crate::camera::SHADOW_MIDDLE);
                assert!(distance < crate::camera::SHADOW_RADIUS, "{middle} is in the shadow map ({distance})");
            }
        }
    }

    #[test]
    fn panes_are_sorted_from_far_to_near() {
        let model = Model::wardian_case();
        let camera = Vec3::new(3.0, 1.0, 5.0);
        let indices = model.sorted_panes(camera);
        assert_eq!(indices.len(), model.panes.iter().map(|pane| pane.indices.len()).sum(), "indices of all panes");
        let first = model.panes.iter().find(|pane| pane.indices[0] == indices[0]).expect("a pane begins the list");
        assert!(model.panes.iter().all(|pane| pane.middle.distance(camera) <= first.middle.distance(camera)), "order");
    }

    #[test]
    fn bars_reach_from_end_to_end() {
        let (from, to) = (Vec3::new(1.0, 2.0, 3.0), Vec3::new(1.0, 5.0, 7.0));
        let place = bar(from, to, 0.0);
        let ends = [Vec3::NEG_Z, Vec3::Z].map(|end| place.transform_point3(end / 2.0));
        assert!(ends[0].distance(from) < 1e-5 && ends[1].distance(to) < 1e-5, "expected {from} and {to}, got {ends:?}");
    }

    #[test]
    fn chance_spreads() {
        let numbers: Vec<f32> = (0..1000).map(|index| chance(7, index)).collect();
        let mean = numbers.iter().sum::<f32>() / 1000.0;
        assert!((0.45..0.55).contains(&mean), "expected a mean of about a half, got {mean}");
        assert!(numbers.iter().all(|number| (0.0..=1.0).contains(number)), "numbers from 0 to 1");
    }
}
