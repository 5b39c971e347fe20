//! The commands that render passes and bundles share.
//!
//! <https://www.w3.org/TR/webgpu/#gpurendercommandsmixin>

use std::num::NonZeroU64;

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::Resource;
use wgpu_core::global::Global;
use wgpu_core::id::{BufferId, RenderPipelineId};
use wgpu_types::IndexFormat;

use crate::convert::ToCore;
use crate::ctx::GpuCtxView;
use crate::handle::Handle;
use crate::object::buffer::Buffer;
use crate::object::pass::recording::Fault;
use crate::object::pass::{Commands, Name, Outcome, Recorder, Used};
use crate::table::{Marker, Table};

/// The commands of render passes and bundles, of which `wgpu-core` has a set of functions for each.
pub(crate) trait RenderCommands: Commands {
    fn set_pipeline(&mut self, core: &Global, pipeline: Self::Name<RenderPipelineId>) -> Outcome;
    /// Takes note of a pipeline that looks at the stencil reference, before it is set.
    fn note_reference(&mut self, pipeline: &Handle<RenderPipelineId>);
    fn set_index_buffer(
        &mut self,
        core: &Global,
        buffer: Self::Name<BufferId>,
        format: IndexFormat,
        range: Range,
    ) -> Outcome;
    fn set_vertex_buffer(&mut self, core: &Global, slot: u32, buffer: Option<(Self::Name<BufferId>, Range)>)
    -> Outcome;
    fn draw(&mut self, core: &Global, draw: Draw) -> Outcome;
    fn draw_indexed(&mut self, core: &Global, draw: DrawIndexed) -> Outcome;
    fn draw_indirect(&mut self, core: &Global, kind: Indirect, buffer: Self::Name<BufferId>, offset: u64) -> Outcome;
    /// How many draws there have been.
    fn draws(&mut self) -> &mut u64;
}

/// Part of a buffer as `wgpu-core` takes it: no size means all the rest, and there are no empty parts but at the end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Range {
    pub(crate) offset: u64,
    pub(crate) size: Option<NonZeroU64>,
}

/// <https://www.w3.org/TR/webgpu/#dom-gpurendercommandsmixin-draw>
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw {
    pub(crate) vertex_count: u32,
    pub(crate) instance_count: u32,
    pub(crate) first_vertex: u32,
    pub(crate) first_instance: u32,
}

/// <https://www.w3.org/TR/webgpu/#dom-gpurendercommandsmixin-drawindexed>
#[derive(Clone, Copy, Debug)]
pub(crate) struct DrawIndexed {
    pub(crate) index_count: u32,
    pub(crate) instance_count: u32,
    pub(crate) first_index: u32,
    pub(crate) base_vertex: i32,
    pub(crate) first_instance: u32,
}

/// A draw whose arguments lie in a buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Indirect {
    Draw,
    DrawIndexed,
}

impl Indirect {
    const fn argument_bytes(self) -> u64 {
        match self {
            Self::Draw => 16,
            Self::DrawIndexed => 20,
        }
    }
}

/// A buffer that a command uses.
#[derive(Debug)]
struct UsedBuffer<N> {
    used: Used<N>,
    size: u64,
    usage: webgpu::GpuBufferUsage,
}

impl<N: Name<BufferId>> UsedBuffer<N> {
    fn new(buffer: &Buffer) -> Self {
        Self { used: Used::new(&buffer.handle, &buffer.device), size: buffer.size, usage: buffer.usage }
    }
}

/// Vertex buffers begin at multiples of this.
const VERTEX_ALIGNMENT: u64 = 4;
/// Arguments of draws begin at multiples of this.
const INDIRECT_ALIGNMENT: u64 = 4;

/// The part of a buffer that a call names.
///
/// An empty part, which `wgpu-core` can't be told of, becomes the empty part at the buffer's end.
fn range_of<E>(buffer_size: u64, offset: u64, size: Option<u64>, alignment: u64) -> Result<Range, Fault<E>> {
    if !offset.is_multiple_of(alignment) {
        return Err(Fault::host(format!("a buffer's offset of {offset} is not a multiple of {alignment}")));
    }
    let end = offset.checked_add(size.unwrap_or(0)).filter(|end| *end <= buffer_size);
    if end.is_none() {
        let size = size.map_or_else(|| "the rest".to_owned(), |size| format!("{size} bytes"));
        return Err(Fault::host(format!("{size} from {offset} on of a buffer of {buffer_size} bytes")));
    }
    Ok(match size {
        Some(0) => Range { offset: buffer_size - buffer_size % alignment, size: None },
        Some(size) => Range { offset, size: NonZeroU64::new(size) },
        None => Range { offset, size: None },
    })
}

/// Checks what `wgpu-core` doesn't check in bundles.
fn check_arguments<N, E>(kind: Indirect, buffer: &UsedBuffer<N>, offset: u64) -> Result<(), Fault<E>> {
    if !buffer.usage.contains(webgpu::GpuBufferUsage::INDIRECT) {
        return Err(Fault::host("the arguments of a draw lie in a buffer without the usage indirect"));
    }
    if !offset.is_multiple_of(INDIRECT_ALIGNMENT) {
        return Err(Fault::host(format!("the arguments of a draw lie at {offset}, which is not a multiple of 4")));
    }
    let bytes = kind.argument_bytes();
    if offset.checked_add(bytes).is_none_or(|end| end > buffer.size) {
        let size = buffer.size;
        return Err(Fault::host(format!(
            "{bytes} bytes of a draw's arguments at {offset} in a buffer of {size} bytes"
        )));
    }
    Ok(())
}

impl<P: RenderCommands> Recorder<P> {
    fn draw(&mut self, draw: impl FnOnce(&Global, &mut P) -> Outcome) -> wasmtime::Result<()> {
        self.run(|core, commands| {
            let draws = commands.draws();
            *draws = draws.saturating_add(1);
            draw(core, commands)
        })
    }
}

/// The functions of the interface that render passes and bundles have.
impl GpuCtxView<'_> {
    pub(crate) fn record_pipeline<P: RenderCommands, M: Marker<Object = Recorder<P>>>(
        &mut self,
        encoder: &Resource<M>,
        pipeline: &Resource<webgpu::GpuRenderPipeline>,
    ) -> wasmtime::Result<()> {
        let pipeline = self.table.object(pipeline)?;
        let (used, immediate_size) = (Used::new(&pipeline.handle, &pipeline.device), pipeline.immediate_size);
        let noted = pipeline.needs_reference.then(|| pipeline.handle.clone());
        let encoder = self.table.object_mut(encoder)?;
        let device = encoder.device.id();
        noted.iter().for_each(|pipeline| encoder.commands.note_reference(pipeline));
        encoder.choose(immediate_size, |core, commands| commands.set_pipeline(core, used.on(device)?))
    }

    pub(crate) fn record_index_buffer<P: RenderCommands, M: Marker<Object = Recorder<P>>>(
        &mut self,
        encoder: &Resource<M>,
        buffer: &Resource<webgpu::GpuBuffer>,
        format: webgpu::GpuIndexFormat,
        offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<()> {
        let buffer = UsedBuffer::new(self.table.object(buffer)?);
        let encoder = self.table.object_mut(encoder)?;
        let device = encoder.device.id();
        encoder.record(|core, commands| {
            let alignment = match format {
                webgpu::GpuIndexFormat::Uint16 => 2,
                webgpu::GpuIndexFormat::Uint32 => 4,
            };
            let range = range_of(buffer.size, offset.unwrap_or(0), size, alignment)?;
            commands.set_index_buffer(core, buffer.used.on(device)?, format.to_core(), range)
        })
    }

    pub(crate) fn record_vertex_buffer<P: RenderCommands, M: Marker<Object = Recorder<P>>>(
        &mut self,
        encoder: &Resource<M>,
        slot: u32,
        buffer: Option<&Resource<webgpu::GpuBuffer>>,
        offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<()> {
        let buffer = buffer.map(|buffer| self.table.object(buffer)).transpose()?.map(UsedBuffer::new);
        let encoder = self.table.object_mut(encoder)?;
        let device = encoder.device.id();
        encoder.record(|core, commands| {
            let buffer_size = buffer.as_ref().map_or(0, |buffer| buffer.size);
            let range = range_of(buffer_size, offset.unwrap_or(0), size, VERTEX_ALIGNMENT)?;
            let buffer = buffer.map(|buffer| buffer.used.on(device)).transpose()?;
            commands.set_vertex_buffer(core, slot, buffer.map(|buffer| (buffer, range)))
        })
    }

    pub(crate) fn record_draw<P: RenderCommands, M: Marker<Object = Recorder<P>>>(
        &mut self,
        encoder: &Resource<M>,
        draw: Draw,
    ) -> wasmtime::Result<()> {
        self.table.object_mut(encoder)?.draw(|core, commands| commands.draw(core, draw))
    }

    pub(crate) fn record_draw_indexed<P: RenderCommands, M: Marker<Object = Recorder<P>>>(
        &mut self,
        encoder: &Resource<M>,
        draw: DrawIndexed,
    ) -> wasmtime::Result<()> {
        self.table.object_mut(encoder)?.draw(|core, commands| commands.draw_indexed(core, draw))
    }

    pub(crate) fn record_draw_indirect<P: RenderCommands, M: Marker<Object = Recorder<P>>>(
        &mut self,
        encoder: &Resource<M>,
        kind: Indirect,
        buffer: &Resource<webgpu::GpuBuffer>,
        offset: u64,
    ) -> wasmtime::Result<()> {
        let buffer = UsedBuffer::new(self.table.object(buffer)?);
        let encoder = self.table.object_mut(encoder)?;
        let device = encoder.device.id();
        encoder.draw(|core, commands| {
            check_arguments(kind, &buffer, offset)?;
            commands.draw_indirect(core, kind, buffer.used.on(device)?, offset)
        })
    }
}

/// The methods of `GPURenderCommandsMixin`. To be used inside a `Host…` implementation.
macro_rules! render_commands {
    ($marker:ty) => {
        /// <https://www.w3.org/TR/webgpu/#dom-gpurendercommandsmixin-setpipeline>
        fn set_pipeline(
            &mut self,
            encoder: Resource<$marker>,
            pipeline: Resource<webgpu::GpuRenderPipeline>,
        ) -> wasmtime::Result<()> {
            self.record_pipeline(&encoder, &pipeline)
        }

        /// <https://www.w3.org/TR/webgpu/#dom-gpurendercommandsmixin-setindexbuffer>
        fn set_index_buffer(
            &mut self,
            encoder: Resource<$marker>,
            buffer: Resource<webgpu::GpuBuffer>,
            format: webgpu::GpuIndexFormat,
            offset: Option<u64>,
            size: Option<u64>,
        ) -> wasmtime::Result<()> {
            self.record_index_buffer(&encoder, &buffer, format, offset, size)
        }

        /// <https://www.w3.org/TR/webgpu/#dom-gpurendercommandsmixin-setvertexbuffer>
        fn set_vertex_buffer(
            &mut self,
            encoder: Resource<$marker>,
            slot: u32,
            buffer: Option<Resource<webgpu::GpuBuffer>>,
            offset: Option<u64>,
            size: Option<u64>,
        ) -> wasmtime::Result<()> {
            self.record_vertex_buffer(&encoder, slot, buffer.as_ref(), offset, size)
        }

        /// <https://www.w3.org/TR/webgpu/#dom-gpurendercommandsmixin-draw>
        fn draw(
            &mut self,
            encoder: Resource<$marker>,
            vertex_count: u32,
            instance_count: Option<u32>,
            first_vertex: Option<u32>,
            first_instance: Option<u32>,
        ) -> wasmtime::Result<()> {
            let draw = Draw {
                vertex_count,
                instance_count: instance_count.unwrap_or(1),
                first_vertex: first_vertex.unwrap_or(0),
                first_instance: first_instance.unwrap_or(0),
            };
            self.record_draw(&encoder, draw)
        }

        /// <https://www.w3.org/TR/webgpu/#dom-gpurendercommandsmixin-drawindexed>
        fn draw_indexed(
            &mut self,
            encoder: Resource<$marker>,
            index_count: u32,
            instance_count: Option<u32>,
            first_index: Option<u32>,
            base_vertex: Option<i32>,
            first_instance: Option<u32>,
        ) -> wasmtime::Result<()> {
            let draw = DrawIndexed {
                index_count,
                instance_count: instance_count.unwrap_or(1),
                first_index: first_index.unwrap_or(0),
                base_vertex: base_vertex.unwrap_or(0),
                first_instance: first_instance.unwrap_or(0),
            };
            self.record_draw_indexed(&encoder, draw)
        }

        /// <https://www.w3.org/TR/webgpu/#dom-gpurendercommandsmixin-drawindirect>
        fn draw_indirect(
            &mut self,
            encoder: Resource<$marker>,
            buffer: Resource<webgpu::GpuBuffer>,
            offset: u64,
        ) -> wasmtime::Result<()> {
            self.record_draw_indirect(&encoder, Indirect::Draw, &buffer, offset)
        }

        /// <https://www.w3.org/TR/webgpu/#dom-gpurendercommandsmixin-drawindexedindirect>
        fn draw_indexed_indirect(
            &mut self,
            encoder: Resource<$marker>,
            buffer: Resource<webgpu::GpuBuffer>,
            offset: u64,
        ) -> wasmtime::Result<()> {
            self.record_draw_indirect(&encoder, Indirect::DrawIndexed, &buffer, offset)
        }
    };
}
pub(crate) use render_commands;

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn range(buffer_size: u64, offset: u64, size: Option<u64>) -> Option<(u64, Option<u64>)> {
        let range = range_of::<Infallible>(buffer_size, offset, size, 4).ok()?;
        Some((range.offset, range.size.map(NonZeroU64::get)))
    }

    #[test]
    fn ranges_lie_in_their_buffer() {
        assert_eq!(range(16, 4, Some(8)), Some((4, Some(8))), "a part");
        assert_eq!(range(16, 4, None), Some((4, None)), "the rest");
        assert_eq!(range(16, 16, None), Some((16, None)), "an empty rest");
        assert_eq!(range(0, 0, None), Some((0, None)), "an empty buffer");
        for (offset, size) in [(2, None), (20, None), (0, Some(20)), (u64::MAX - 3, Some(8)), (4, Some(u64::MAX))] {
            assert_eq!(range(16, offset, size), None, "{size:?} bytes from {offset}");
        }
    }

    #[test]
    fn an_empty_range_is_at_the_end() {
        assert_eq!(range(16, 4, Some(0)), Some((16, None)), "of a buffer");
        assert_eq!(range(18, 4, Some(0)), Some((16, None)), "of a buffer whose end is no place to begin");
        assert_eq!(range(0, 0, Some(0)), Some((0, None)), "of an empty buffer");
        assert_eq!(range(16, 20, Some(0)), None, "beyond the buffer");
    }
}
