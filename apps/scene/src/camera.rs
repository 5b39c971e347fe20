//! Where the picture is seen from, where the light comes from, and both as matrices.

use glam::{Mat4, Vec3};

use crate::arguments::Size;

/// Middle and radius of the ball that the shadow map covers.
pub(crate) const SHADOW_MIDDLE: Vec3 = Vec3::new(0.0, 0.9, 0.0);
pub(crate) const SHADOW_RADIUS: f32 = 2.7;
/// Pixels of a side of the shadow map.
pub(crate) const SHADOW_SIDE: u16 = 2048;

/// Towards the sun, which does not move.
const SUN: Vec3 = Vec3::new(-0.66, 0.70, 0.20);
const SUN_COLOR: Vec3 = Vec3::new(4.9, 4.3, 3.5);
/// What the camera looks at, from how far, and from how high up.
const TARGET: Vec3 = Vec3::new(0.08, 0.88, 0.0);
const DISTANCE: f32 = 7.0;
const ELEVATION_DEGREES: f32 = 10.5;
/// The camera's place at angle 0.
const AZIMUTH_DEGREES: f32 = 24.0;
/// The case fits into pictures that are at least as wide as this is to 1 by height, into others by width.
const ASPECT_MIN: f32 = 1.45;
const HALF_HEIGHT_DEGREES: f32 = 13.5;

/// A view of the scene.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Camera {
    pub(crate) position: Vec3,
    view_projection: Mat4,
}

impl Camera {
    /// After `angle_degrees` around the case.
    pub(crate) fn around(angle_degrees: f32, size: Size) -> Self {
        let azimuth = (AZIMUTH_DEGREES + angle_degrees.rem_euclid(360.0)).to_radians();
        let elevation = ELEVATION_DEGREES.to_radians();
        let (height, radius) = (elevation.sin(), elevation.cos());
        let position = TARGET + DISTANCE * Vec3::new(radius * azimuth.sin(), height, radius * azimuth.cos());
        let aspect = f32::from(size.width) / f32::from(size.height);
        let half_height = HALF_HEIGHT_DEGREES.to_radians().tan() * (ASPECT_MIN / aspect).max(1.0);
        let projection = Mat4::perspective_rh(2.0 * half_height.atan(), aspect, 0.5, 150.0);
        Self { position, view_projection: projection * Mat4::look_at_rh(position, TARGET, Vec3::Y) }
    }

    /// The uniform that all shaders of the scene share; `Frame` in `frame.wgsl`.
    pub(crate) fn frame(&self) -> Vec<f32> {
        let texel = 2.0 * SHADOW_RADIUS / f32::from(SHADOW_SIDE);
        let matrices = [self.view_projection, light_projection(), self.view_projection.inverse()];
        let vectors =
            [self.position.extend(0.0), SUN.normalize().extend(texel), SUN_COLOR.extend(1.0 / f32::from(SHADOW_SIDE))];
        let matrices = matrices.iter().flat_map(Mat4::to_cols_array);
        matrices.chain(vectors.iter().flat_map(|vector| vector.to_array())).collect()
    }
}

/// From the world onto the shadow map.
fn light_projection() -> Mat4 {
    let sun = SUN.normalize();
    let view = Mat4::look_at_rh(SHADOW_MIDDLE + 2.0 * SHADOW_RADIUS * sun, SHADOW_MIDDLE, Vec3::Y);
    let radius = SHADOW_RADIUS;
    Mat4::orthographic_rh(-radius, radius, -radius, radius, radius, 4.0 * radius) * view
}

#[cfg(test)]
mod tests {
    use glam::Vec4Swizzles;

    use super::*;

    const SIZE: Size = Size { width: 320, height: 240 };

    fn on_picture(camera: &Camera, point: Vec3) -> Vec3 {
        camera.view_projection.project_point3(point)
    }

    #[test]
    fn target_is_in_the_middle() {
        for angle in [0.0, 77.0, -400.0] {
            let middle = on_picture(&Camera::around(angle, SIZE), TARGET);
            assert!(middle.truncate().length() < 1e-5, "expected the target in the middle, got {middle}");
            assert!((0.0..1.0).contains(&middle.z), "expected a depth from 0 to 1, got {middle}");
        }
    }

    #[test]
    fn case_fits_into_every_shape_of_picture() {
        for (width, height) in [(320, 240), (1280, 720), (100, 400), (1000, 100)] {
            for angle in [0.0, 45.0, 66.0, 90.0, 200.0] {
                let camera = Camera::around(angle, Size { width, height });
                for corner in [(-1.2, 0.0), (1.2, 0.0), (-1.2, 2.1), (1.2, 2.1)] {
                    for z in [-0.75, 0.75] {
                        let seen = on_picture(&camera, Vec3::new(corner.0, corner.1, z));
                        assert!(seen.truncate().abs().max_element() < 1.0, "{corner:?} {z} is at {seen}");
                    }
                }
            }
        }
    }

    #[test]
    fn right_is_right_and_up_is_up() {
        let camera = Camera::around(-AZIMUTH_DEGREES, SIZE);
        assert!(on_picture(&camera, TARGET + Vec3::X).x > 0.1, "x is to the right as seen from z");
        assert!(on_picture(&camera, TARGET + Vec3::Y).y > 0.1, "y is up");
        let (near, far) = (on_picture(&camera, TARGET + Vec3::Z), on_picture(&camera, TARGET - Vec3::Z));
        assert!(near.z < far.z, "depths grow with the distance: {near}, {far}");
    }

    #[test]
    fn full_turns_change_nothing() {
        let (once, again) = (Camera::around(30.0, SIZE), Camera::around(390.0, SIZE));
        assert!(once.position.distance(again.position) < 1e-5, "{once:?} and {again:?}");
    }

    #[test]
    fn shadow_map_covers_its_ball() {
        for direction in [Vec3::X, Vec3::Y, Vec3::Z, Vec3::NEG_X, Vec3::NEG_Y, Vec3::NEG_Z] {
            let point = light_projection() * (SHADOW_MIDDLE + 0.99 * SHADOW_RADIUS * direction).extend(1.0);
            assert!(point.xy().abs().max_element() < 1.0 && (0.0..1.0).contains(&point.z), "{direction} is at {point}");
        }
    }

    #[test]
    fn inverse_in_the_frame_undoes_the_projection() {
        let camera = Camera::around(10.0, SIZE);
        let frame = camera.frame();
        let inverse = Mat4::from_cols_slice(&frame[32..48]);
        let back = inverse.project_point3(on_picture(&camera, Vec3::ONE));
        assert!(back.distance(Vec3::ONE) < 1e-2, "expected 1, 1, 1, got {back}");
        assert_eq!(frame.len(), 60, "numbers in the uniform");
    }
}
