//! The passes from triangles to pixels: mipmaps and the shadow map once, then scene, tone mapping and reading back.

mod geometry;
mod mipmaps;
mod readback;
mod scene_pass;
mod shadow_pass;
mod tone_pass;

use wardian_guest::webgpu::{GpuBuffer, GpuBufferUsage, GpuTexture, GpuTextureFormat, GpuTextureUsage};
use wardian_guest::{describe, write_buffer};

use crate::arguments::{Options, Size};
use crate::camera::Camera;
use crate::error::SceneError;
use crate::gpu::Gpu;
use crate::model::Model;
use crate::stopwatch::{Pass, Stopwatch};

use self::geometry::{Geometry, bytes_of};
use self::mipmaps::Materials;
use self::scene_pass::ScenePass;
use self::shadow_pass::ShadowPass;
use self::tone_pass::TonePass;

/// What the picture is read out of: a byte a channel, encoded for sRGB.
const PICTURE_FORMAT: GpuTextureFormat = GpuTextureFormat::Rgba8unormSrgb;

/// All that is made once for pictures of one size.
pub(crate) struct Renderer<'a> {
    gpu: &'a Gpu,
    model: &'a Model,
    size: Size,
    frame: GpuBuffer,
    geometry: Geometry,
    materials: Materials,
    shadow: ShadowPass,
    scene: ScenePass,
    tone: TonePass,
    picture: GpuTexture,
}

/// Draw calls of each kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DrawCalls {
    pub(crate) scene: usize,
    pub(crate) shadow: usize,
    pub(crate) mipmaps: usize,
}

impl<'a> Renderer<'a> {
    pub(crate) fn new(gpu: &'a Gpu, options: &Options, model: &'a Model) -> Result<Self, SceneError> {
        let size = options.size;
        let numbers = Camera::around(0.0, size).frame();
        let usage = GpuBufferUsage::UNIFORM | GpuBufferUsage::COPY_DST;
        let frame = gpu.device.create_buffer(&describe::buffer(describe::byte_count(&bytes_of(&numbers)), usage));
        let geometry = Geometry::new(gpu, model)?;
        let materials = Materials::new(gpu);
        let shadow = ShadowPass::new(gpu, &frame);
        let scene = ScenePass::new(gpu, options, &frame, &shadow, &materials);
        let usage = GpuTextureUsage::RENDER_ATTACHMENT | GpuTextureUsage::COPY_SRC;
        let (width, height) = (size.width.into(), size.height.into());
        let picture = gpu.device.create_texture(&describe::texture_2d(PICTURE_FORMAT, width, height, usage));
        let tone = TonePass::new(gpu, scene.light());
        Ok(Self { gpu, model, size, frame, geometry, materials, shadow, scene, tone, picture })
    }

    /// Renders what does not change with the camera.
    pub(crate) async fn prepare(&self, stopwatch: &mut Stopwatch) -> Result<(), SceneError> {
        self.write_frame(&Camera::around(0.0, self.size))?;
        let mipmaps = |encoder: &_, watch: &Stopwatch| self.materials.record(self.gpu, encoder, watch);
        stopwatch.submit(self.gpu, Pass::Mipmaps, mipmaps).await?;
        let shadow = |encoder: &_, watch: &Stopwatch| self.shadow.record(encoder, &self.geometry, watch);
        stopwatch.submit(self.gpu, Pass::Shadow, shadow).await
    }

    /// Renders a picture as seen from an angle.
    pub(crate) async fn draw(&self, angle_degrees: f32, stopwatch: &mut Stopwatch) -> Result<(), SceneError> {
        let camera = Camera::around(angle_degrees, self.size);
        self.write_frame(&camera)?;
        self.geometry.sort_panes(self.gpu, self.model, camera.position)?;
        let scene = |encoder: &_, watch: &Stopwatch| self.scene.record(encoder, &self.geometry, watch);
        stopwatch.submit(self.gpu, Pass::Scene, scene).await?;
        let target = self.picture.create_view(None);
        let tone = |encoder: &_, watch: &Stopwatch| self.tone.record(encoder, &target, watch);
        stopwatch.submit(self.gpu, Pass::Tone, tone).await
    }

    /// The picture that was drawn last, row by row, three bytes a pixel.
    pub(crate) async fn pixels(&self) -> Result<Vec<u8>, SceneError> {
        readback::read(self.gpu, &self.picture, self.size).await
    }

    /// Draw calls of one picture.
    pub(crate) fn draw_calls(&self) -> DrawCalls {
        // Besides what is opaque there are the sky, and all panes in one.
        let scene = self.geometry.opaque_count() + 2;
        DrawCalls { scene, shadow: self.geometry.caster_count(), mipmaps: Materials::draw_count() }
    }

    fn write_frame(&self, camera: &Camera) -> Result<(), SceneError> {
        Ok(write_buffer(&self.gpu.queue, &self.frame, 0, &bytes_of(&camera.frame()))?)
    }
}
