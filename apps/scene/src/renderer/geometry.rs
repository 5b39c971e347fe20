//! The model on the GPU, and how it is drawn.

use glam::Vec3;
use wardian_guest::webgpu::{
    GpuBuffer, GpuBufferUsage, GpuIndexFormat, GpuRenderPassEncoder, GpuVertexAttribute, GpuVertexBufferLayout,
    GpuVertexFormat, GpuVertexStepMode,
};
use wardian_guest::{buffer_with_data, describe, write_buffer};

use crate::error::SceneError;
use crate::gpu::Gpu;
use crate::mesh::Vertex;
use crate::model::{Draw, Instance, Kind, Model};

/// Buffers with the whole model, and the calls that draw it.
pub(crate) struct Geometry {
    vertices: GpuBuffer,
    indices: GpuBuffer,
    instances: GpuBuffer,
    pane_indices: GpuBuffer,
    pane_index_count: u32,
    draws: Vec<Draw>,
}

impl Geometry {
    pub(crate) fn new(gpu: &Gpu, model: &Model) -> Result<Self, SceneError> {
        let vertices: Vec<f32> = model.vertices.iter().flat_map(Vertex::numbers).collect();
        let instances: Vec<f32> = model.instances.iter().flat_map(Instance::numbers).collect();
        let panes = model.sorted_panes(Vec3::ZERO);
        let device = &gpu.device;
        let dynamic = GpuBufferUsage::INDEX | GpuBufferUsage::COPY_DST;
        Ok(Self {
            vertices: buffer_with_data(device, &bytes_of(&vertices), GpuBufferUsage::VERTEX)?,
            indices: buffer_with_data(device, &index_bytes(&model.indices), GpuBufferUsage::INDEX)?,
            instances: buffer_with_data(device, &bytes_of(&instances), GpuBufferUsage::VERTEX)?,
            pane_indices: buffer_with_data(device, &index_bytes(&panes), dynamic)?,
            pane_index_count: u32::try_from(panes.len()).unwrap_or(u32::MAX),
            draws: model.draws.clone(),
        })
    }

    /// Puts the panes into the order in which they are blended for this camera.
    pub(crate) fn sort_panes(&self, gpu: &Gpu, model: &Model, camera: Vec3) -> Result<(), SceneError> {
        let indices = index_bytes(&model.sorted_panes(camera));
        Ok(write_buffer(&gpu.queue, &self.pane_indices, 0, &indices)?)
    }

    /// Draws the meshes that `wanted` lets through.
    pub(crate) fn draw(&self, pass: &GpuRenderPassEncoder, wanted: impl Fn(Kind) -> bool) {
        pass.set_vertex_buffer(0, Some(&self.vertices), None, None);
        pass.set_vertex_buffer(1, Some(&self.instances), None, None);
        pass.set_index_buffer(&self.indices, GpuIndexFormat::Uint32, None, None);
        for Draw { indices, first_vertex, instances, .. } in self.draws.iter().filter(|draw| wanted(draw.kind)) {
            let (index_count, instance_count) = (indices.end - indices.start, instances.end - instances.start);
            let (first_index, first_instance) = (Some(indices.start), Some(instances.start));
            pass.draw_indexed(index_count, Some(instance_count), first_index, Some(*first_vertex), first_instance);
        }
    }

    /// Draws all panes in one call, the farthest first.
    pub(crate) fn draw_panes(&self, pass: &GpuRenderPassEncoder) {
        pass.set_vertex_buffer(0, Some(&self.vertices), None, None);
        pass.set_index_buffer(&self.pane_indices, GpuIndexFormat::Uint32, None, None);
        pass.draw_indexed(self.pane_index_count, None, None, None, None);
    }

    pub(crate) fn opaque_count(&self) -> usize {
        self.draws.len()
    }

    pub(crate) fn caster_count(&self) -> usize {
        self.draws.iter().filter(|draw| casts_shadow(draw.kind)).count()
    }
}

/// Whether something can lie in the shadow of such a mesh.
pub(crate) fn casts_shadow(kind: Kind) -> bool {
    match kind {
        Kind::Solid | Kind::Thin => true,
        Kind::Ground => false,
    }
}

/// Corners, as `Corner` in `frame.wgsl` has them.
pub(crate) fn vertex_layout() -> GpuVertexBufferLayout {
    let attributes = vec![
        describe::attribute(GpuVertexFormat::Float32x3, 0, 0),
        describe::attribute(GpuVertexFormat::Float32x3, 12, 1),
        describe::attribute(GpuVertexFormat::Float32x2, 24, 2),
    ];
    describe::vertex_buffer(Vertex::STRIDE, attributes)
}

/// Instances, as `Corner` in `frame.wgsl` has them.
pub(crate) fn instance_layout() -> GpuVertexBufferLayout {
    let attribute = |(offset, location)| describe::attribute(GpuVertexFormat::Float32x4, offset, location);
    let attributes: Vec<GpuVertexAttribute> = [(0, 3), (16, 4), (32, 5), (48, 6), (64, 7)].map(attribute).into();
    GpuVertexBufferLayout {
        step_mode: Some(GpuVertexStepMode::Instance),
        ..describe::vertex_buffer(Instance::STRIDE, attributes)
    }
}

/// Numbers as a shader reads them.
pub(crate) fn bytes_of(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn index_bytes(indices: &[u32]) -> Vec<u8> {
    indices.iter().flat_map(|index| index.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_fill_their_stride() {
        let model = Model::wardian_case();
        let bytes = bytes_of(&model.instances[0].numbers());
        assert_eq!(describe::byte_count(&bytes), Instance::STRIDE, "bytes of an instance");
    }
}
