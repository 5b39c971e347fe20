//! The WGSL of each pass. What the shaders of the scene share is put in front of each of them.

macro_rules! scene_shader {
    ($file:literal) => {
        concat!(include_str!("shaders/frame.wgsl"), include_str!(concat!("shaders/", $file)))
    };
}

pub(crate) const SHADOW: &str = scene_shader!("shadow.wgsl");
pub(crate) const SKY: &str = scene_shader!("sky.wgsl");
pub(crate) const LIT: &str = scene_shader!("lit.wgsl");
pub(crate) const GLASS: &str = scene_shader!("glass.wgsl");
pub(crate) const MIPMAP: &str = include_str!("shaders/mipmap.wgsl");
pub(crate) const TONE: &str = include_str!("shaders/tone.wgsl");

#[cfg(test)]
mod tests {
    use naga::ShaderStage;
    use naga::valid::{Capabilities, ValidationFlags, Validator};

    use super::*;

    /// A shader must be valid without any optional feature, and have just these entry points.
    #[track_caller]
    fn check(code: &str, vertex: &str, fragments: &[&str]) {
        let module =
            naga::front::wgsl::parse_str(code).unwrap_or_else(|error| panic!("{}", error.emit_to_string(code)));
        let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
        validator.validate(&module).unwrap_or_else(|error| panic!("{}", error.emit_to_string(code)));
        let of_stage = |stage| -> Vec<&str> {
            let points = module.entry_points.iter().filter(|point| point.stage == stage);
            points.map(|point| point.name.as_str()).collect()
        };
        assert_eq!(of_stage(ShaderStage::Vertex), [vertex], "vertex shaders");
        assert_eq!(of_stage(ShaderStage::Fragment), fragments, "fragment shaders");
    }

    #[test]
    fn shaders_are_valid() {
        check(SHADOW, "place", &[]);
        check(SKY, "cover", &["shade"]);
        check(LIT, "place", &["shade_solid", "shade_thin"]);
        check(GLASS, "place", &["shade"]);
        check(MIPMAP, "cover", &["average"]);
        check(TONE, "cover", &["map"]);
    }

    #[test]
    fn frame_is_as_long_as_what_the_camera_writes() {
        let module = naga::front::wgsl::parse_str(SHADOW).expect("it parses");
        let (_, frame) = module.global_variables.iter().next().expect("the uniform");
        let naga::TypeInner::Struct { span, .. } = module.types[frame.ty].inner else { panic!("a structure") };
        let size = crate::arguments::Size { width: 4, height: 3 };
        let numbers = crate::camera::Camera::around(0.0, size).frame().len();
        assert_eq!(usize::try_from(span).unwrap(), 4 * numbers, "bytes of the uniform");
    }
}
