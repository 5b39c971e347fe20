//! The case itself: a wooden tray, a frame with a gabled roof, brass fittings, and glass all around.

use glam::{Quat, Vec2, Vec3, vec3};

use super::{Instance, Kind, Layer, Material, Model, at, bar};
use crate::mesh::Mesh;

/// Half the width, along x, and half the depth, along z, of the frame.
pub(crate) const HALF_WIDTH: f32 = 1.1;
pub(crate) const HALF_DEPTH: f32 = 0.65;
/// Heights: of the tray's upper edge, of the walls, of the ridge.
pub(crate) const TRAY_TOP: f32 = 0.43;
const EAVES: f32 = 1.35;
const RIDGE: f32 = 1.92;
/// Where the walls and the roof are divided into three, along x.
const DIVISIONS: [f32; 4] = [-HALF_WIDTH, -HALF_WIDTH / 3.0, HALF_WIDTH / 3.0, HALF_WIDTH];

const PAINT: Material = Material::new(Layer::Plain, Vec3::new(0.035, 0.13, 0.10), 0.7);
const WOOD: Material = Material::new(Layer::Wood, Vec3::new(0.62, 0.30, 0.16), 0.8);

/// Adds all but the glass.
pub(super) fn add(model: &mut Model) {
    add_tray(model);
    add_frame(model);
    add_fittings(model);
}

/// Adds the glass.
pub(super) fn add_panes(model: &mut Model) {
    for z in [HALF_DEPTH, -HALF_DEPTH] {
        for pair in DIVISIONS.windows(2) {
            let [left, right] = pair else { continue };
            model.add_pane(&[
                vec3(*left, TRAY_TOP, z),
                vec3(*right, TRAY_TOP, z),
                vec3(*right, EAVES, z),
                vec3(*left, EAVES, z),
            ]);
            model.add_pane(&[
                vec3(*left, EAVES, z),
                vec3(*right, EAVES, z),
                vec3(*right, RIDGE, 0.0),
                vec3(*left, RIDGE, 0.0),
            ]);
        }
    }
    for x in [HALF_WIDTH, -HALF_WIDTH] {
        for z in [HALF_DEPTH, -HALF_DEPTH] {
            model.add_pane(&[vec3(x, TRAY_TOP, z), vec3(x, TRAY_TOP, 0.0), vec3(x, EAVES, 0.0), vec3(x, EAVES, z)]);
            model.add_pane(&[vec3(x, EAVES, z), vec3(x, EAVES, 0.0), vec3(x, RIDGE, 0.0)]);
        }
    }
}

fn add_tray(model: &mut Model) {
    // Middle height, height, and how far each board stands out of the frame.
    let boards = [(0.14, 0.08, 0.08), (0.28, 0.20, 0.035), (0.405, 0.05, 0.075)].map(|(middle, height, overhang)| {
        let size = vec3(2.0 * (HALF_WIDTH + overhang), height, 2.0 * (HALF_DEPTH + overhang));
        Instance { place: at(Vec3::Y * middle, size), material: WOOD }
    });
    model.add(Kind::Solid, Mesh::cube(), boards);
    let foot = [(0.0, 0.0), (0.05, 0.0), (0.09, 0.03), (0.10, 0.06), (0.07, 0.09), (0.08, 0.105)].map(Vec2::from);
    let feet = [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)].map(|(x, z)| Instance {
        place: at(vec3(x * (HALF_WIDTH - 0.05), 0.0, z * (HALF_DEPTH - 0.05)), Vec3::ONE),
        material: WOOD,
    });
    model.add(Kind::Solid, Mesh::lathe(&foot, 20), feet);
}

fn add_frame(model: &mut Model) {
    let mut bars = Vec::new();
    let mut add = |from: Vec3, to: Vec3, thickness: f32| {
        bars.push(Instance { place: bar(from, to, thickness), material: PAINT });
    };
    let (thick, thin) = (0.055, 0.032);
    for z in [-HALF_DEPTH, HALF_DEPTH] {
        for height in [TRAY_TOP + 0.02, EAVES] {
            add(vec3(-HALF_WIDTH, height, z), vec3(HALF_WIDTH, height, z), thick);
        }
        for x in DIVISIONS {
            let thickness = if x.abs() == HALF_WIDTH { thick } else { thin };
            add(vec3(x, TRAY_TOP, z), vec3(x, EAVES, z), thickness);
            add(vec3(x, EAVES, z), vec3(x, RIDGE, 0.0), thickness);
        }
    }
    for x in [-HALF_WIDTH, HALF_WIDTH] {
        for height in [TRAY_TOP + 0.02, EAVES] {
            add(vec3(x, height, -HALF_DEPTH), vec3(x, height, HALF_DEPTH), thick);
        }
        add(vec3(x, TRAY_TOP, 0.0), vec3(x, RIDGE, 0.0), thin);
    }
    add(vec3(-HALF_WIDTH - 0.05, RIDGE, 0.0), vec3(HALF_WIDTH + 0.05, RIDGE, 0.0), 0.065);
    model.add(Kind::Solid, Mesh::cube(), bars);
}

fn add_fittings(model: &mut Model) {
    let finial = [
        (0.035, 0.0),
        (0.035, 0.03),
        (0.018, 0.045),
        (0.03, 0.07),
        (0.052, 0.10),
        (0.055, 0.125),
        (0.042, 0.155),
        (0.012, 0.175),
        (0.006, 0.23),
        (0.0, 0.24),
    ];
    let ends = [-HALF_WIDTH, HALF_WIDTH];
    let finials =
        ends.map(|x| Instance { place: at(vec3(x, RIDGE + 0.03, 0.0), Vec3::ONE), material: Material::brass() });
    model.add(Kind::Solid, Mesh::lathe(&finial.map(Vec2::from), 24), finials);
    // The ring by which the front is opened, and one at each end to lift the case.
    let upright = Quat::from_rotation_x(std::f32::consts::FRAC_PI_2);
    let rings = [
        (vec3(0.0, 0.27, HALF_DEPTH + 0.06), Quat::IDENTITY),
        (vec3(HALF_WIDTH + 0.06, 0.27, 0.0), Quat::from_rotation_y(std::f32::consts::FRAC_PI_2)),
        (vec3(-HALF_WIDTH - 0.06, 0.27, 0.0), Quat::from_rotation_y(std::f32::consts::FRAC_PI_2)),
    ]
    .map(|(position, turn)| Instance {
        place: glam::Mat4::from_scale_rotation_translation(Vec3::splat(0.07), turn * upright, position),
        material: Material::brass(),
    });
    model.add(Kind::Solid, Mesh::torus(0.17, 32, 12), rings);
}
