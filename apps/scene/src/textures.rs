//! The largest level of the material texture: colours in sRGB, and in alpha the roughness.

use glam::{FloatExt, Vec3, vec3};

use crate::model::{Layer, chance};

/// Texels of a side of each layer; a power of two, so that each level is half the one before.
pub(crate) const SIDE: u16 = 512;
/// Levels down to a single texel.
pub(crate) const LEVELS: u32 = SIDE.ilog2() + 1;

/// A colour in sRGB, each from 0 to 1, and the roughness.
type Texel = (Vec3, f32);

/// The texels of a layer, row by row, four bytes each.
pub(crate) fn texels(layer: Layer) -> Vec<u8> {
    let paint = match layer {
        Layer::Tiles => tiles,
        Layer::Wood => wood,
        Layer::Soil => soil,
        Layer::Leaf => leaf,
        Layer::Plain => plain,
    };
    let rows = (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y)));
    rows.flat_map(|(x, y)| {
        let (color, roughness) = paint(x, y);
        color.extend(roughness).to_array().map(byte)
    })
    .collect()
}

/// Two by two tiles of cream and slate, mottled, with joints between them.
fn tiles(x: u16, y: u16) -> Texel {
    let half = SIDE / 2;
    let joint = |position: u16| f32::from((position % half).min(half - 1 - position % half));
    let edge = joint(x).min(joint(y));
    let mottle = layered_noise(1, x, y, [64, 32, 8, 2]);
    let tile = u32::from(x / half) + 2 * u32::from(y / half);
    let shade = 0.97 + 0.06 * chance(2, tile);
    let color = if (x / half + y / half).is_multiple_of(2) {
        vec3(0.80, 0.77, 0.70) * (0.93 + 0.10 * mottle)
    } else {
        vec3(0.33, 0.38, 0.41) * (0.86 + 0.24 * mottle)
    };
    let grout = vec3(0.52, 0.49, 0.45) * (0.85 + 0.2 * layered_noise(3, x, y, [16, 8, 4, 2]));
    let inside = smooth_step(3.0, 6.0, edge);
    // Tiles are worn at their edges.
    let worn = 0.90 + 0.10 * smooth_step(5.0, 24.0, edge);
    (grout.lerp(color * shade * worn, inside), 0.95.lerp(0.42 + 0.2 * mottle, inside))
}

/// Grain along u.
fn wood(x: u16, y: u16) -> Texel {
    let bend = 8.0 * noise(4, x, y, 256, 64);
    let rings = (0.11 * (f32::from(y) + bend)).sin() * 0.5 + 0.5;
    let pores = noise(5, x, y, 64, 2) * noise(6, x, y, 32, 4);
    let tone = 0.68 + 0.14 * rings + 0.24 * noise(7, x, y, 128, 8) - 0.35 * pores;
    (vec3(1.0, 0.94, 0.88) * tone.clamp(0.0, 1.0), 0.55 + 0.3 * pores)
}

/// Crumbs from light to nearly black.
fn soil(x: u16, y: u16) -> Texel {
    let crumbs = layered_noise(8, x, y, [32, 16, 8, 4]);
    let grit = if noise(9, x, y, 4, 4) > 0.86 { 0.22 } else { 0.0 };
    (vec3(0.29, 0.21, 0.15) * (0.45 + 0.95 * crumbs) + Vec3::splat(grit), 0.98)
}

/// A vein along the middle, others from there to the edge.
fn leaf(x: u16, y: u16) -> Texel {
    let side = f32::from(SIDE - 1);
    let (across, along) = ((2.0 * f32::from(x) / side - 1.0).abs(), f32::from(y) / side);
    let middle = 1.0 - smooth_step(0.03, 0.09, across);
    let branch = ((along * 11.0 - across * 1.6).rem_euclid(1.0) - 0.5).abs();
    let veins = (1.0 - smooth_step(0.04, 0.12, branch)) * (1.0 - across) * 0.6;
    let tone = 0.80 + 0.14 * layered_noise(10, x, y, [64, 32, 16, 8]) + 0.10 * (1.0 - across);
    let color = vec3(1.0, 1.0, 1.0) * tone.min(1.0);
    (color.lerp(vec3(1.0, 1.0, 0.82), middle.max(veins)), 0.62)
}

/// Nothing but a little wear.
fn plain(x: u16, y: u16) -> Texel {
    let wear = layered_noise(11, x, y, [128, 64, 16, 4]);
    (Vec3::splat(0.93 + 0.07 * wear), 0.55 + 0.25 * wear)
}

/// Noise of four sizes of grain, the first the strongest; from 0 to 1.
fn layered_noise(seed: u32, x: u16, y: u16, steps: [u16; 4]) -> f32 {
    let weights = [0.5, 0.27, 0.15, 0.08];
    let layers = (0..).zip(steps.into_iter().zip(weights));
    layers.map(|(layer, (step, weight))| weight * noise(seed + 100 * layer, x, y, step, step)).sum()
}

/// Smooth noise from 0 to 1 between points `step_x` and `step_y` texels apart; both divide [`SIDE`], so it repeats.
fn noise(seed: u32, x: u16, y: u16, step_x: u16, step_y: u16) -> f32 {
    let corner = |right: u16, up: u16| {
        let column = (x / step_x + right) % (SIDE / step_x);
        let row = (y / step_y + up) % (SIDE / step_y);
        chance(seed, u32::from(column) + u32::from(SIDE) * u32::from(row))
    };
    let u = smooth_step(0.0, f32::from(step_x), f32::from(x % step_x));
    let v = smooth_step(0.0, f32::from(step_y), f32::from(y % step_y));
    corner(0, 0).lerp(corner(1, 0), u).lerp(corner(0, 1).lerp(corner(1, 1), u), v)
}

fn smooth_step(low: f32, high: f32, value: f32) -> f32 {
    let t = ((value - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[expect(clippy::as_conversions, reason = "there is no other conversion from a float; this one rounds and saturates")]
fn byte(value: f32) -> u8 {
    (value * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_fills_its_side() {
        let side = usize::from(SIDE);
        for layer in Layer::ALL {
            let texels = texels(layer);
            assert_eq!(texels.len(), side * side * 4, "bytes of {layer:?}");
            let spread = texels.iter().max().zip(texels.iter().min());
            assert!(
                spread.is_some_and(|(most, least)| most - least > 20),
                "{layer:?} is not of one colour: {spread:?}"
            );
        }
    }

    #[test]
    fn noise_repeats_without_a_seam() {
        for y in 0..SIDE {
            let step = (noise(1, SIDE - 1, y, 64, 64) - noise(1, 0, y, 64, 64)).abs();
            assert!(step < 0.05, "expected a small step over the edge in row {y}, got {step}");
        }
    }

    #[test]
    fn levels_end_at_one_texel() {
        assert_eq!(u32::from(SIDE) >> (LEVELS - 1), 1, "the last level's side");
    }
}
