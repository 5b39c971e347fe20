//! A tree of `usvg` as a scene of vello: paths with fills, strokes and gradients, groups with opacity, blending and
//! clips. Filters, masks, patterns, pictures and text are left out, and counted.

use std::collections::BTreeMap;

use usvg::tiny_skia_path::PathSegment;
use vello::Scene;
use vello::kurbo::{Affine, BezPath, Cap, Join, Rect, Shape as _, Stroke};
use vello::peniko::{BlendMode, Brush, Color, ColorStop, Compose, Extend, Fill, Gradient, Mix};

/// What is left out, and how often.
pub(crate) type LeftOut = BTreeMap<&'static str, usize>;

pub(crate) fn of_tree(tree: &usvg::Tree) -> (Scene, LeftOut) {
    let mut builder = Builder { scene: Scene::new(), left_out: LeftOut::new() };
    builder.group(tree.root());
    (builder.scene, builder.left_out)
}

struct Builder {
    scene: Scene,
    left_out: LeftOut,
}

impl Builder {
    fn leave_out(&mut self, what: &'static str) {
        *self.left_out.entry(what).or_default() += 1;
    }

    fn group(&mut self, group: &usvg::Group) {
        if group.mask().is_some() {
            self.leave_out("a mask");
        }
        if !group.filters().is_empty() {
            self.leave_out("a filter");
        }
        let mut layers = 0;
        let mut clip = group.clip_path();
        while let Some(path) = clip {
            let (shape, rule) = clip_shape(path, group.abs_transform());
            self.scene.push_clip_layer(rule, Affine::IDENTITY, &shape);
            layers += 1;
            clip = path.clip_path();
        }
        if group.should_isolate() {
            let bounds = group.abs_layer_bounding_box();
            let [left, top, right, bottom] =
                [bounds.left(), bounds.top(), bounds.right(), bounds.bottom()].map(f64::from);
            // A pixel more on each side, for what lies on the edge.
            let shape = Rect::new(left - 1.0, top - 1.0, right + 1.0, bottom + 1.0);
            let blend = blend_mode(group.blend_mode());
            self.scene.push_layer(Fill::NonZero, blend, group.opacity().get(), Affine::IDENTITY, &shape);
            layers += 1;
        }
        for node in group.children() {
            match node {
                usvg::Node::Group(group) => self.group(group),
                usvg::Node::Path(path) => self.path(path),
                usvg::Node::Image(_) => self.leave_out("a picture"),
                usvg::Node::Text(_) => self.leave_out("text"),
            }
        }
        for _ in 0..layers {
            self.scene.pop_layer();
        }
    }

    fn path(&mut self, path: &usvg::Path) {
        if !path.is_visible() {
            return;
        }
        match path.paint_order() {
            usvg::PaintOrder::FillAndStroke => {
                self.fill(path);
                self.stroke(path);
            }
            usvg::PaintOrder::StrokeAndFill => {
                self.stroke(path);
                self.fill(path);
            }
        }
    }

    fn fill(&mut self, path: &usvg::Path) {
        let Some(fill) = path.fill() else { return };
        match brush(fill.paint(), fill.opacity().get()) {
            Some((brush, place)) => {
                let shape = bezier(path.data());
                self.scene.fill(rule(fill.rule()), affine(path.abs_transform()), &brush, Some(place), &shape);
            }
            None => self.leave_out("a pattern"),
        }
    }

    fn stroke(&mut self, path: &usvg::Path) {
        let Some(stroke) = path.stroke() else { return };
        match brush(stroke.paint(), stroke.opacity().get()) {
            Some((brush, place)) => {
                let shape = bezier(path.data());
                self.scene.stroke(&style(stroke), affine(path.abs_transform()), &brush, Some(place), &shape);
            }
            None => self.leave_out("a pattern"),
        }
    }
}

fn rule(rule: usvg::FillRule) -> Fill {
    match rule {
        usvg::FillRule::NonZero => Fill::NonZero,
        usvg::FillRule::EvenOdd => Fill::EvenOdd,
    }
}

fn affine(transform: usvg::Transform) -> Affine {
    let usvg::Transform { sx, kx, ky, sy, tx, ty } = transform;
    Affine::new([sx, ky, kx, sy, tx, ty].map(f64::from))
}

fn bezier(path: &usvg::tiny_skia_path::Path) -> BezPath {
    let point = |point: usvg::tiny_skia_path::Point| (f64::from(point.x), f64::from(point.y));
    let mut bezier = BezPath::new();
    for segment in path.segments() {
        match segment {
            PathSegment::MoveTo(end) => bezier.move_to(point(end)),
            PathSegment::LineTo(end) => bezier.line_to(point(end)),
            PathSegment::QuadTo(control, end) => bezier.quad_to(point(control), point(end)),
            PathSegment::CubicTo(first, second, end) => bezier.curve_to(point(first), point(second), point(end)),
            PathSegment::Close => bezier.close_path(),
        }
    }
    bezier
}

/// All that a clip lets through, as one shape. Paths in it that fill by different rules are taken by the rule of the
/// first, as they seldom differ.
fn clip_shape(clip: &usvg::ClipPath, outer: usvg::Transform) -> (BezPath, Fill) {
    let transform = affine(outer) * affine(clip.transform());
    let mut shape = BezPath::new();
    let mut fill = None;
    let mut groups = vec![clip.root()];
    while let Some(group) = groups.pop() {
        for node in group.children() {
            match node {
                usvg::Node::Group(group) => groups.push(group),
                usvg::Node::Path(path) => {
                    fill = fill.or(path.fill().map(|fill| rule(fill.rule())));
                    let place = transform * affine(path.abs_transform());
                    shape.extend((place * bezier(path.data())).path_elements(0.1));
                }
                // A clip is made of shapes alone.
                usvg::Node::Image(_) | usvg::Node::Text(_) => {}
            }
        }
    }
    (shape, fill.unwrap_or(Fill::NonZero))
}

fn style(stroke: &usvg::Stroke) -> Stroke {
    let join = match stroke.linejoin() {
        usvg::LineJoin::Miter | usvg::LineJoin::MiterClip => Join::Miter,
        usvg::LineJoin::Round => Join::Round,
        usvg::LineJoin::Bevel => Join::Bevel,
    };
    let cap = match stroke.linecap() {
        usvg::LineCap::Butt => Cap::Butt,
        usvg::LineCap::Round => Cap::Round,
        usvg::LineCap::Square => Cap::Square,
    };
    let style = Stroke::new(f64::from(stroke.width().get()))
        .with_join(join)
        .with_caps(cap)
        .with_miter_limit(f64::from(stroke.miterlimit().get()));
    match stroke.dasharray() {
        Some(dashes) => style.with_dashes(f64::from(stroke.dashoffset()), dashes.iter().copied().map(f64::from)),
        None => style,
    }
}

fn color(color: usvg::Color, opacity: f32) -> Color {
    Color::from_rgb8(color.red, color.green, color.blue).with_alpha(opacity)
}

/// A brush, and where it lies; none for what has no brush here.
fn brush(paint: &usvg::Paint, opacity: f32) -> Option<(Brush, Affine)> {
    match paint {
        usvg::Paint::Color(plain) => Some((color(*plain, opacity).into(), Affine::IDENTITY)),
        usvg::Paint::LinearGradient(gradient) => {
            let [x1, y1, x2, y2] = [gradient.x1(), gradient.y1(), gradient.x2(), gradient.y2()].map(f64::from);
            Some(finish(Gradient::new_linear((x1, y1), (x2, y2)), gradient, opacity))
        }
        usvg::Paint::RadialGradient(gradient) => {
            let [cx, cy, fx, fy] = [gradient.cx(), gradient.cy(), gradient.fx(), gradient.fy()].map(f64::from);
            let radii = (gradient.fr().get(), gradient.r().get());
            Some(finish(Gradient::new_two_point_radial((fx, fy), radii.0, (cx, cy), radii.1), gradient, opacity))
        }
        usvg::Paint::Pattern(_) => None,
    }
}

fn finish(gradient: Gradient, base: &usvg::BaseGradient, opacity: f32) -> (Brush, Affine) {
    let extend = match base.spread_method() {
        usvg::SpreadMethod::Pad => Extend::Pad,
        usvg::SpreadMethod::Reflect => Extend::Reflect,
        usvg::SpreadMethod::Repeat => Extend::Repeat,
    };
    let stops: Vec<_> = base
        .stops()
        .iter()
        .map(|stop| ColorStop {
            offset: stop.offset().get(),
            color: color(stop.color(), stop.opacity().get() * opacity).into(),
        })
        .collect();
    (gradient.with_extend(extend).with_stops(stops.as_slice()).into(), affine(base.transform()))
}

fn blend_mode(mode: usvg::BlendMode) -> BlendMode {
    let mix = match mode {
        usvg::BlendMode::Normal => Mix::Normal,
        usvg::BlendMode::Multiply => Mix::Multiply,
        usvg::BlendMode::Screen => Mix::Screen,
        usvg::BlendMode::Overlay => Mix::Overlay,
        usvg::BlendMode::Darken => Mix::Darken,
        usvg::BlendMode::Lighten => Mix::Lighten,
        usvg::BlendMode::ColorDodge => Mix::ColorDodge,
        usvg::BlendMode::ColorBurn => Mix::ColorBurn,
        usvg::BlendMode::HardLight => Mix::HardLight,
        usvg::BlendMode::SoftLight => Mix::SoftLight,
        usvg::BlendMode::Difference => Mix::Difference,
        usvg::BlendMode::Exclusion => Mix::Exclusion,
        usvg::BlendMode::Hue => Mix::Hue,
        usvg::BlendMode::Saturation => Mix::Saturation,
        usvg::BlendMode::Color => Mix::Color,
        usvg::BlendMode::Luminosity => Mix::Luminosity,
        usvg::BlendMode::PlusLighter => return BlendMode::new(Mix::Normal, Compose::PlusLighter),
    };
    BlendMode::new(mix, Compose::SrcOver)
}
