//! What grows in the case, and what stands beside it.

use std::f32::consts::TAU;

use glam::{EulerRot, Mat4, Quat, Vec2, Vec3, vec3};

use super::case::{HALF_DEPTH, HALF_WIDTH, TRAY_TOP};
use super::{Instance, Kind, Layer, Material, Model, at, chance};
use crate::mesh::Mesh;

/// Half a side of the floor, which ends in the haze of the horizon.
const FLOOR_HALF: f32 = 60.0;
/// The turn from one leaf to the next of most plants.
const GOLDEN_ANGLE: f32 = 2.399_963;

const STONE: Material = Material::new(Layer::Plain, Vec3::new(0.34, 0.33, 0.31), 1.0);
const TERRACOTTA: Material = Material::new(Layer::Plain, Vec3::new(0.60, 0.21, 0.10), 1.0);
const SOIL: Material = Material { repeat: 3.0, ..Material::new(Layer::Soil, Vec3::ONE, 1.0) };
const STALK: Vec3 = Vec3::new(0.16, 0.26, 0.07);

/// Adds the tiled floor.
pub(super) fn add_floor(model: &mut Model) {
    let side = 2.0 * FLOOR_HALF;
    let flat = Mesh::sheet(24, 24, |u, v| (vec3((u - 0.5) * side, 0.0, (0.5 - v) * side), Vec3::Y));
    let material = Material { repeat: 100.0, ..Material::new(Layer::Tiles, Vec3::ONE, 1.0) };
    model.add(Kind::Ground, flat, [Instance { place: Mat4::IDENTITY, material }]);
}

/// Adds soil and plants in the case.
pub(super) fn add_plants(model: &mut Model) {
    add_soil(model);
    add_ferns(model);
    add_broad_leaves(model);
    add_grass(model);
    add_flowers(model);
}

/// Adds a pot with a succulent, two balls and some stones on the floor.
pub(super) fn add_things_outside(model: &mut Model) {
    let pot_at = vec3(-1.72, 0.0, 0.62);
    let profile = [
        (0.0, 0.0),
        (0.20, 0.0),
        (0.28, 0.36),
        (0.32, 0.36),
        (0.325, 0.44),
        (0.30, 0.45),
        (0.285, 0.44),
        (0.275, 0.38),
        (0.0, 0.40),
    ]
    .map(Vec2::from);
    model.add(Kind::Solid, Mesh::lathe(&profile[..8], 40), [Instance { place: place(pot_at), material: TERRACOTTA }]);
    model.add(Kind::Solid, Mesh::lathe(&profile[7..], 24), [Instance { place: place(pot_at), material: SOIL }]);
    let saucer = [(0.0, 0.0), (0.27, 0.0), (0.35, 0.05), (0.34, 0.06), (0.26, 0.02), (0.0, 0.02)].map(Vec2::from);
    model.add(Kind::Solid, Mesh::lathe(&saucer, 40), [Instance { place: place(pot_at), material: TERRACOTTA }]);

    let material = Material { translucency: 0.2, ..Material::plant(vec3(0.30, 0.48, 0.36)) };
    let leaves = (0_u8..26).map(|leaf| {
        let age = f32::from(leaf) / 26.0;
        let turn = Quat::from_euler(EulerRot::YXZ, f32::from(leaf) * GOLDEN_ANGLE, -1.25 + 1.1 * age, 0.0);
        let size = Vec3::splat(0.16 + 0.20 * age);
        Instance { place: Mat4::from_scale_rotation_translation(size, turn, pot_at + Vec3::Y * 0.41), material }
    });
    model.add(Kind::Thin, Mesh::leaf(0.38, 0.15, 0.5, 6), leaves);

    let glaze = Material::new(Layer::Plain, vec3(0.03, 0.22, 0.30), 0.22);
    let balls = [(vec3(1.36, 0.17, 0.98), 0.17, Material::brass()), (vec3(1.06, 0.11, 1.16), 0.11, glaze)];
    model.add(
        Kind::Solid,
        Mesh::sphere(48, 24),
        balls.map(|(position, radius, material)| Instance { place: at(position, Vec3::splat(radius)), material }),
    );
}

fn add_soil(model: &mut Model) {
    let (half_width, half_depth) = (HALF_WIDTH - 0.02, HALF_DEPTH - 0.02);
    let height = |x: f32, z: f32| {
        let rise = (1.0 - (x / half_width).powi(2)) * (1.0 - (z / half_depth).powi(2));
        0.075 * rise + 0.012 * ((9.0 * x).sin() * (11.0 * z + 1.0).cos() + (23.0 * x + 17.0 * z).sin() * 0.5)
    };
    let sheet = Mesh::sheet(40, 24, |u, v| {
        let (x, z) = ((2.0 * u - 1.0) * half_width, (1.0 - 2.0 * v) * half_depth);
        let slope = |dx: f32, dz: f32| (height(x + dx, z + dz) - height(x - dx, z - dz)) / 0.02;
        (vec3(x, TRAY_TOP + 0.005 + height(x, z), z), vec3(-slope(0.01, 0.0), 1.0, -slope(0.0, 0.01)))
    });
    model.add(Kind::Solid, sheet, [Instance { place: Mat4::IDENTITY, material: SOIL }]);

    let dents =
        |point: Vec3| 1.0 + 0.10 * (3.0 * point.x + 2.0).sin() * (4.0 * point.z).cos() + 0.08 * (5.0 * point.y).sin();
    let pebbles = (0..46).map(|index| {
        let (x, z) = (2.0 * chance(11, index) - 1.0, 2.0 * chance(12, index) - 1.0);
        let size = 0.022 + 0.045 * chance(13, index).powi(2);
        let moss = chance(14, index) > 0.6;
        let position = vec3(0.93 * x * half_width, TRAY_TOP, 0.93 * z * half_depth);
        let position = position + Vec3::Y * (height(position.x, position.z) + 0.4 * size);
        let scale = if moss { vec3(2.0, 0.9, 2.0) } else { vec3(1.2, 0.8, 1.0) } * size;
        let shade = 0.7 + 0.6 * chance(15, index);
        let color = if moss { vec3(0.10, 0.20, 0.03) } else { STONE.color } * shade;
        let turn = Quat::from_rotation_y(TAU * chance(16, index));
        Instance {
            place: Mat4::from_scale_rotation_translation(scale, turn, position),
            material: Material { color, ..STONE },
        }
    });
    model.add(Kind::Solid, Mesh::sphere(14, 9).dented(dents), pebbles);
}

fn add_ferns(model: &mut Model) {
    // Where, how many fronds, and how long those are.
    let plants =
        [(vec3(-0.52, 0.0, 0.02), 17_u8, 0.74), (vec3(0.86, 0.0, 0.34), 9, 0.36), (vec3(0.05, 0.0, -0.36), 11, 0.5)];
    let mut fronds = Vec::new();
    for (plant, (position, count, length)) in (0_u32..).zip(plants) {
        for frond in 0..count {
            let index = u32::from(frond) + 100 * plant;
            let age = (f32::from(frond) + 0.5) / f32::from(count);
            let pitch = -1.15 + 0.85 * age + 0.15 * chance(21, index);
            let turn = Quat::from_euler(EulerRot::YXZ, f32::from(frond) * GOLDEN_ANGLE, pitch, 0.0);
            let scale = Vec3::splat(length * (0.75 + 0.35 * chance(22, index)));
            let color = vec3(0.16, 0.42, 0.06).lerp(vec3(0.32, 0.50, 0.09), chance(23, index));
            let root = position + Vec3::Y * (TRAY_TOP + 0.06);
            fronds.push(Instance {
                place: Mat4::from_scale_rotation_translation(scale, turn, root),
                material: Material::plant(color),
            });
        }
    }
    model.add(Kind::Thin, Mesh::frond(15), fronds);
}

fn add_broad_leaves(model: &mut Model) {
    let root = vec3(0.50, TRAY_TOP + 0.04, -0.05);
    let stem = |t: f32| vec3(0.06 * (3.0 * t).sin(), 0.72 * t, 0.05 * (2.0 * t).sin());
    let pipe = Mesh::pipe(10, 16, |t| (root + stem(t), 0.022 - 0.012 * t));
    model.add(
        Kind::Solid,
        pipe,
        [Instance { place: Mat4::IDENTITY, material: Material::new(Layer::Plain, STALK, 0.9) }],
    );
    let leaves = (0_u8..13).map(|leaf| {
        let t = 0.15 + 0.85 * f32::from(leaf) / 12.0;
        let index = u32::from(leaf);
        let turn = Quat::from_euler(EulerRot::YXZ, f32::from(leaf) * GOLDEN_ANGLE + 0.5, -0.25 - 0.65 * t * t, 0.0);
        let size = Vec3::splat(0.50 - 0.20 * t + 0.05 * chance(31, index));
        let color = vec3(0.07, 0.27, 0.07).lerp(vec3(0.24, 0.42, 0.08), t);
        Instance {
            place: Mat4::from_scale_rotation_translation(size, turn, root + stem(t)),
            material: Material { roughness: 0.55, ..Material::plant(color) },
        }
    });
    model.add(Kind::Thin, Mesh::leaf(0.50, 0.75, 0.30, 12), leaves);
}

fn add_grass(model: &mut Model) {
    let blades = (0_u32..64).map(|blade| {
        let tuft = if blade < 36 { vec3(0.0, 0.0, 0.38) } else { vec3(-0.92, 0.0, 0.40) };
        let yaw = TAU * chance(41, blade);
        let turn = Quat::from_euler(EulerRot::YXZ, yaw, -1.45 + 0.7 * chance(42, blade), 0.0);
        let foot = tuft + vec3(yaw.sin(), 0.0, yaw.cos()) * (0.04 * chance(43, blade));
        let length = 0.16 + 0.16 * chance(44, blade);
        let color = vec3(0.26, 0.40, 0.07).lerp(vec3(0.46, 0.52, 0.16), chance(45, blade));
        Instance {
            place: Mat4::from_scale_rotation_translation(Vec3::splat(length), turn, foot + Vec3::Y * (TRAY_TOP + 0.02)),
            material: Material::plant(color),
        }
    });
    model.add(Kind::Thin, Mesh::leaf(0.07, 0.7, 0.4, 6), blades);
}

fn add_flowers(model: &mut Model) {
    let root = vec3(-0.02, TRAY_TOP + 0.04, 0.05);
    let tips = [vec3(-0.10, 0.62, 0.10), vec3(0.06, 0.76, 0.02), vec3(0.02, 0.50, 0.24)];
    let material = Material::new(Layer::Plain, STALK, 0.9);
    let mut petals = Vec::new();
    for tip in tips {
        let curve = |t: f32| root + vec3(tip.x * t * t, tip.y * t, tip.z * t * t);
        let stalk = Mesh::pipe(6, 12, |t| (curve(t), 0.008));
        model.add(Kind::Solid, stalk, [Instance { place: Mat4::IDENTITY, material }]);
        // Blossoms look up and outwards.
        let nod = Quat::from_rotation_arc(Vec3::Y, vec3(2.5 * tip.x, 0.8, 2.5 * tip.z + 0.4).normalize());
        for petal in 0_u8..6 {
            let turn = nod * Quat::from_euler(EulerRot::YXZ, f32::from(petal) * TAU / 6.0, -0.35, 0.0);
            let material = Material { roughness: 0.9, ..Material::plant(vec3(0.95, 0.24, 0.30)) };
            let place = Mat4::from_scale_rotation_translation(Vec3::splat(0.115), turn, root + tip);
            petals.push(Instance { place, material });
        }
    }
    model.add(Kind::Thin, Mesh::leaf(0.6, 0.5, 0.2, 6), petals);
    let pollen = Material::new(Layer::Plain, vec3(0.95, 0.62, 0.10), 1.0);
    let middles = tips.map(|tip| Instance { place: at(root + tip, Vec3::splat(0.022)), material: pollen });
    model.add(Kind::Solid, Mesh::sphere(12, 8), middles);
}

fn place(position: Vec3) -> Mat4 {
    at(position, Vec3::ONE)
}
