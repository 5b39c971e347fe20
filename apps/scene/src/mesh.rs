//! Shapes out of triangles, counterclockwise as seen from outside.

use std::f32::consts::{PI, TAU};

use glam::{Quat, Vec2, Vec3};

/// A corner of a triangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Vertex {
    pub(crate) position: Vec3,
    pub(crate) normal: Vec3,
    pub(crate) uv: Vec2,
}

impl Vertex {
    /// Bytes in a vertex buffer.
    pub(crate) const STRIDE: u64 = 32;

    /// As the shaders read it.
    pub(crate) fn numbers(&self) -> [f32; 8] {
        let ([x, y, z], [nx, ny, nz], [u, v]) = (self.position.to_array(), self.normal.to_array(), self.uv.to_array());
        [x, y, z, nx, ny, nz, u, v]
    }
}

/// Triangles over common corners.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mesh {
    pub(crate) vertices: Vec<Vertex>,
    pub(crate) indices: Vec<u32>,
}

impl Mesh {
    /// A sheet of `columns` by `rows` cells, bent into shape by `place`, which gets both coordinates from 0 to 1 and
    /// gives position and normal; seen from the side on which the first coordinate runs to the right, the second up.
    pub(crate) fn sheet(columns: u16, rows: u16, place: impl Fn(f32, f32) -> (Vec3, Vec3)) -> Self {
        let mut mesh = Self::default();
        for row in 0..=rows {
            for column in 0..=columns {
                let uv = Vec2::new(f32::from(column) / f32::from(columns), f32::from(row) / f32::from(rows));
                let (position, normal) = place(uv.x, uv.y);
                mesh.vertices.push(Vertex { position, normal: normal.normalize_or(Vec3::Y), uv });
            }
        }
        let width = u32::from(columns) + 1;
        for row in 0..u32::from(rows) {
            for column in 0..u32::from(columns) {
                let corner = row * width + column;
                mesh.indices.extend([corner, corner + 1, corner + width + 1]);
                mesh.indices.extend([corner, corner + width + 1, corner + width]);
            }
        }
        mesh
    }

    /// A cube from -½ to ½.
    pub(crate) fn cube() -> Self {
        let mut mesh = Self::default();
        for normal in [Vec3::X, Vec3::NEG_X, Vec3::Y, Vec3::NEG_Y, Vec3::Z, Vec3::NEG_Z] {
            let right = if normal.y == 0.0 { Vec3::Y.cross(normal) } else { Vec3::X };
            let up = normal.cross(right);
            let corner = |u: f32, v: f32| (0.5 * normal + (u - 0.5) * right + (v - 0.5) * up, normal);
            mesh.append(Self::sheet(1, 1, corner));
        }
        mesh
    }

    /// A sphere of radius 1.
    pub(crate) fn sphere(around: u16, down: u16) -> Self {
        Self::sheet(around, down, |u, v| {
            let ring = (v * PI).sin();
            let point = Vec3::new((u * TAU).sin() * ring, -(v * PI).cos(), (u * TAU).cos() * ring);
            (point, point)
        })
    }

    /// A ring in the plane of x and z: its middle line has radius 1, its body the radius `thickness`.
    pub(crate) fn torus(thickness: f32, around: u16, across: u16) -> Self {
        Self::sheet(around, across, |u, v| {
            let outward = Vec3::new((u * TAU).sin(), 0.0, (u * TAU).cos());
            let normal = outward * (v * TAU).cos() + Vec3::Y * (v * TAU).sin();
            (outward + thickness * normal, normal)
        })
    }

    /// What a line of (radius, height), from the bottom up, draws when it turns around the y axis.
    pub(crate) fn lathe(profile: &[Vec2], around: u16) -> Self {
        let mut mesh = Self::default();
        for pair in profile.windows(2) {
            let [low, high] = pair else { continue };
            let along = *high - *low;
            mesh.append(Self::sheet(around, 1, |u, v| {
                let point = low.lerp(*high, v);
                let outward = Vec3::new((u * TAU).sin(), 0.0, (u * TAU).cos());
                (outward * point.x + Vec3::Y * point.y, outward * along.y - Vec3::Y * along.x)
            }));
        }
        mesh
    }

    /// A pipe along `path`, which maps 0 to 1 to the middle and the radius there.
    pub(crate) fn pipe(around: u16, along: u16, path: impl Fn(f32) -> (Vec3, f32)) -> Self {
        Self::sheet(around, along, |u, v| {
            let (middle, radius) = path(v);
            let direction = (path(v + 0.01).0 - path(v - 0.01).0).normalize_or(Vec3::Y);
            let turn = Quat::from_rotation_arc(Vec3::Y, direction);
            let outward = turn * Vec3::new((u * TAU).sin(), 0.0, (u * TAU).cos());
            (middle + radius * outward, outward)
        })
    }

    /// A leaf from the origin along z, 1 long, that hangs by `droop` and is folded along its middle by `fold`.
    pub(crate) fn leaf(width: f32, droop: f32, fold: f32, rows: u16) -> Self {
        let point = |u: f32, v: f32| {
            let side = 2.0 * u - 1.0;
            // Broad in the first half, pointed at the end, with a short stalk.
            let half_width = 0.5 * width * (v.powf(0.7) * PI).sin().max(0.0).powf(0.8) + 0.01;
            let lift = 0.35 * v - droop * v * v + fold * half_width * side.abs();
            Vec3::new(-side * half_width, lift, v * (1.0 - 0.3 * droop * v))
        };
        Self::sheet(4, rows, |u, v| {
            let across = point((u + 0.02).min(1.0), v) - point((u - 0.02).max(0.0), v);
            let along = point(u, (v + 0.02).min(1.0)) - point(u, (v - 0.02).max(0.0));
            (point(u, v), across.cross(along))
        })
    }

    /// A frond of a fern from the origin along z, about 1 long: leaflets in pairs along an arc.
    pub(crate) fn frond(pairs: u16) -> Self {
        let arc = |t: f32| Vec3::new(0.0, 0.75 * t - 0.85 * t * t, 0.15 * t + 0.7 * t.powf(1.3));
        let mut mesh = Self::pipe(4, 8, |t| (arc(t), 0.008 * (1.1 - t)));
        let leaflet = Self::leaf(0.34, 0.5, 0.4, 3);
        for pair in 0..pairs {
            let t = (f32::from(pair) + 1.0) / (f32::from(pairs) + 1.0);
            let along = arc(t + 0.01) - arc(t - 0.01);
            let pitch = -along.y.atan2(along.z);
            let length = 0.27 * (t.powf(0.6) * PI).sin().max(0.0).powf(0.7) + 0.04;
            for side in [-1.0, 1.0] {
                let turn = Quat::from_rotation_x(pitch) * Quat::from_rotation_y(side * 1.15);
                mesh.append(leaflet.clone().transformed(arc(t), turn, length));
            }
        }
        mesh
    }

    fn transformed(mut self, offset: Vec3, turn: Quat, scale: f32) -> Self {
        for vertex in &mut self.vertices {
            vertex.position = offset + turn * (scale * vertex.position);
            vertex.normal = turn * vertex.normal;
        }
        self
    }

    /// Moves every corner out by what `distance` says of its direction; for shapes around the origin.
    pub(crate) fn dented(mut self, distance: impl Fn(Vec3) -> f32) -> Self {
        for vertex in &mut self.vertices {
            vertex.position *= distance(vertex.position);
        }
        self
    }

    pub(crate) fn append(&mut self, other: Self) {
        // A mesh of more corners than `u32` counts doesn't fit into a guest's memory.
        let first = u32::try_from(self.vertices.len()).unwrap_or(u32::MAX);
        self.vertices.extend(other.vertices);
        self.indices.extend(other.indices.into_iter().map(|index| first.saturating_add(index)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every triangle with an area must be seen from the side on which its corners' normals are.
    #[track_caller]
    fn check(what: &str, mesh: &Mesh) {
        assert!(!mesh.indices.is_empty(), "{what} has triangles");
        for triangle in mesh.indices.chunks(3) {
            let [a, b, c] = [0, 1, 2].map(|corner| mesh.vertices[usize::try_from(triangle[corner]).unwrap()]);
            let face = (b.position - a.position).cross(c.position - a.position);
            let normal = a.normal + b.normal + c.normal;
            assert!(face.length() < 1e-7 || face.dot(normal) > 0.0, "{what}: {a:?} {b:?} {c:?} is seen from inside");
        }
        for vertex in &mesh.vertices {
            assert!(vertex.position.is_finite(), "{what}: expected finite positions, got {vertex:?}");
            assert!((vertex.normal.length() - 1.0).abs() < 1e-4, "{what}: expected normals of length 1: {vertex:?}");
        }
    }

    #[test]
    fn triangles_face_where_their_normals_point() {
        check("a cube", &Mesh::cube());
        check("a sphere", &Mesh::sphere(12, 8));
        check("a torus", &Mesh::torus(0.2, 12, 8));
        check("a lathe", &Mesh::lathe(&[Vec2::new(0.5, 0.0), Vec2::new(0.7, 1.0), Vec2::new(0.6, 1.0)], 12));
        check("a pipe", &Mesh::pipe(6, 4, |t| (Vec3::new(0.2 * t * t, t, 0.0), 0.05)));
        check("a leaf", &Mesh::leaf(0.4, 0.6, 0.3, 8));
        check("a frond", &Mesh::frond(9));
    }

    #[test]
    fn closed_shapes_point_outwards() {
        for mesh in [Mesh::cube(), Mesh::sphere(12, 8)] {
            for vertex in &mesh.vertices {
                assert!(vertex.position.dot(vertex.normal) > 0.0, "expected an outward normal at {vertex:?}");
            }
        }
    }

    #[test]
    fn vertices_fill_their_stride() {
        let bytes = size_of_val(&Mesh::cube().vertices[0].numbers());
        assert_eq!(u64::try_from(bytes).unwrap(), Vertex::STRIDE, "bytes of a vertex");
    }
}
