//! Render passes that are recorded wrongly.

use wardian_guest::describe;
use wardian_guest::webgpu::*;

use crate::Outcome;
use crate::canvas::{BLACK, Canvas, FILL, FORMAT, depth_pass, diagonal, pipeline, points};
use crate::support::Gpu;

programs! { "render_errors":
    debug_groups_must_balance,
    faulty_attachments_are_errors_of_finish,
    faulty_state_is_an_error_of_finish,
    faulty_draws_are_errors_of_finish,
    faulty_buffers_are_errors_of_finish,
    faulty_arguments_are_errors_of_finish,
    draw_count_is_limited,
    ended_pass_reports_at_once,
}

async fn debug_groups_must_balance() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    canvas
        .draw(|pass| {
            pass.push_debug_group("outer");
            pass.push_debug_group("inner");
            pass.insert_debug_marker("here");
            pass.pop_debug_group();
            pass.pop_debug_group();
        })
        .await?;
    let open = |encoder: &GpuCommandEncoder| canvas.record(encoder, |pass| pass.push_debug_group("open"));
    gpu.rejected_by_finish("an open group", open).await?;
    let closed = |encoder: &GpuCommandEncoder| canvas.record(encoder, |pass| pass.pop_debug_group());
    gpu.rejected_by_finish("the end of no group", closed).await?;
    Ok(())
}

async fn faulty_attachments_are_errors_of_finish() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let make = |descriptor: &GpuTextureDescriptor| gpu.device.create_texture(descriptor).create_view(None);
    let usage = GpuTextureUsage::RENDER_ATTACHMENT;
    let smaller = make(&describe::texture_2d(FORMAT, 4, 4, usage));
    let plain = || describe::texture_2d(FORMAT, 8, 8, usage);
    let sampled = make(&GpuTextureDescriptor { sample_count: Some(4), ..plain() });
    let layered = make(&GpuTextureDescriptor { size: describe::extent_3d(8, 8, 2), ..plain() });
    let levelled = make(&GpuTextureDescriptor { mip_level_count: Some(2), ..plain() });
    let unusable = make(&describe::texture_2d(FORMAT, 8, 8, GpuTextureUsage::TEXTURE_BINDING));
    let depth = make(&describe::texture_2d(GpuTextureFormat::Depth32float, 8, 8, usage));
    let clear = |view| describe::cleared(view, BLACK);
    let wrong = [
        vec![],
        vec![clear(&canvas.view), clear(&smaller)],
        vec![clear(&canvas.view), clear(&sampled)],
        vec![clear(&canvas.view), clear(&canvas.view)],
        vec![clear(&layered)],
        vec![clear(&levelled)],
        vec![clear(&unusable)],
        vec![clear(&depth)],
        vec![GpuRenderPassColorAttachment { depth_slice: Some(0), ..clear(&canvas.view) }],
        vec![GpuRenderPassColorAttachment { resolve_target: Some(&smaller), ..clear(&canvas.view) }],
        vec![GpuRenderPassColorAttachment { resolve_target: Some(&smaller), ..clear(&sampled) }],
        vec![describe::cleared(&canvas.view, describe::color(f64::NAN, 0.0, 0.0, 0.0))],
        vec![describe::cleared(&canvas.view, describe::color(0.0, 0.0, f64::INFINITY, 0.0))],
    ];
    for attachments in wrong {
        let what = format!("{attachments:?}");
        let pass = |encoder: &GpuCommandEncoder| {
            encoder.begin_render_pass(&describe::render_pass(attachments)).end();
        };
        gpu.rejected_by_finish(&what, pass).await?;
    }
    let plain = describe::depth_cleared(&depth, 1.0);
    let wrong = [
        GpuRenderPassDepthStencilAttachment { depth_load_op: None, ..plain },
        GpuRenderPassDepthStencilAttachment { depth_store_op: None, ..plain },
        GpuRenderPassDepthStencilAttachment { depth_clear_value: None, ..plain },
        GpuRenderPassDepthStencilAttachment { depth_clear_value: Some(1.5), ..plain },
        GpuRenderPassDepthStencilAttachment { depth_clear_value: Some(f32::NAN), ..plain },
        GpuRenderPassDepthStencilAttachment { depth_read_only: Some(true), ..plain },
        GpuRenderPassDepthStencilAttachment { stencil_load_op: Some(GpuLoadOp::Load), ..plain },
        GpuRenderPassDepthStencilAttachment { view: &canvas.view, ..plain },
    ];
    for attachment in wrong {
        let what = format!("{attachment:?}");
        let pass = |encoder: &GpuCommandEncoder| {
            encoder.begin_render_pass(&depth_pass(&canvas, attachment)).end();
        };
        gpu.rejected_by_finish(&what, pass).await?;
    }
    Ok(())
}

async fn faulty_state_is_an_error_of_finish() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let (nan, infinite) = (f32::NAN, f32::INFINITY);
    let viewports = [
        (0.0, 0.0, -1.0, 8.0, 0.0, 1.0),
        (0.0, 0.0, 8.0, 8.0, 0.5, 0.25),
        (0.0, 0.0, 8.0, 8.0, 0.0, 1.5),
        (0.0, 0.0, 8.0, 8.0, -0.5, 1.0),
        (nan, 0.0, 8.0, 8.0, 0.0, 1.0),
        (0.0, 0.0, infinite, 8.0, 0.0, 1.0),
        (0.0, 0.0, 8.0, 8.0, nan, 1.0),
        (1e9, 0.0, 8.0, 8.0, 0.0, 1.0),
        (0.0, 0.0, 1e9, 8.0, 0.0, 1.0),
    ];
    for (x, y, width, height, least, most) in viewports {
        let set = |encoder: &GpuCommandEncoder| {
            canvas.record(encoder, |pass| pass.set_viewport(x, y, width, height, least, most));
        };
        let what = format!("a viewport of {width} by {height} at {x}, {y}, depth {least} to {most}");
        gpu.rejected_by_finish(&what, set).await?;
    }
    for (x, y, width, height) in [(0, 0, 9, 8), (8, 8, 1, 1), (u32::MAX, 0, 8, 8), (4, 4, u32::MAX, u32::MAX)] {
        let set = |encoder: &GpuCommandEncoder| {
            canvas.record(encoder, |pass| pass.set_scissor_rect(x, y, width, height));
        };
        gpu.rejected_by_finish(&format!("a scissor of {width} by {height} at {x}, {y}"), set).await?;
    }
    let blend = |encoder: &GpuCommandEncoder| {
        canvas.record(encoder, |pass| pass.set_blend_constant(describe::color(f64::NAN, 0.0, 0.0, 0.0)));
    };
    gpu.rejected_by_finish("a blend constant that is not a number", blend).await?;
    canvas
        .draw(|pass| {
            // As much as is allowed.
            pass.set_viewport(-100.0, -5.5, 0.0, 200.0, 1.0, 1.0);
            pass.set_stencil_reference(u32::MAX);
            pass.set_blend_constant(describe::color(-5.0, 1e30, 0.0, 0.0));
        })
        .await
}

/// What the programs about draws draw with.
struct Draws<'a> {
    gpu: &'a Gpu,
    canvas: Canvas<'a>,
    with_points: GpuRenderPipeline,
    wide: GpuRenderPipeline,
    vertices: GpuBuffer,
    indices: GpuBuffer,
    arguments: GpuBuffer,
}

/// Something wrong to do in a pass, and what it is called.
type Wrong<'a> = (&'a str, Body<'a>);
type Body<'a> = Box<dyn Fn(&GpuRenderPassEncoder) + 'a>;

impl<'a> Draws<'a> {
    fn new(gpu: &'a Gpu) -> Result<Self, Box<dyn std::error::Error>> {
        Ok(Self {
            canvas: Canvas::new(gpu),
            with_points: points(gpu, GpuVertexStepMode::Vertex),
            wide: pipeline(gpu, FILL),
            vertices: diagonal(gpu)?,
            indices: gpu.buffer_of(&[0, 1], GpuBufferUsage::INDEX)?,
            arguments: gpu.buffer_of(&[1, 1, 0, 0, 0], GpuBufferUsage::INDIRECT)?,
            gpu,
        })
    }

    /// A draw that has its pipeline and vertices.
    fn ready<'b>(&'b self, draw: impl Fn(&GpuRenderPassEncoder) + 'b) -> Body<'b> {
        Box::new(move |pass| {
            pass.set_pipeline(&self.with_points);
            pass.set_vertex_buffer(0, Some(&self.vertices), None, None);
            draw(pass);
        })
    }

    /// The same with indices.
    fn indexed<'b>(&'b self, draw: impl Fn(&GpuRenderPassEncoder) + 'b) -> Body<'b> {
        self.ready(move |pass| {
            pass.set_index_buffer(&self.indices, GpuIndexFormat::Uint32, None, None);
            draw(pass);
        })
    }

    async fn check(&self, wrong: impl IntoIterator<Item = Wrong<'_>>) -> Outcome {
        for (what, body) in wrong {
            self.gpu.rejected_by_finish(what, |encoder| self.canvas.record(encoder, body)).await?;
        }
        Ok(())
    }
}

async fn faulty_draws_are_errors_of_finish() -> Outcome {
    let gpu = Gpu::new().await?;
    let draws = Draws::new(&gpu)?;
    let without_vertices = |pass: &GpuRenderPassEncoder| {
        pass.set_pipeline(&draws.with_points);
        pass.draw(1, None, None, None);
    };
    let without_indices = |pass: &GpuRenderPassEncoder| {
        pass.set_pipeline(&draws.wide);
        pass.draw_indexed(1, None, None, None, None);
    };
    let (most, least) = (Some(u32::MAX), Some(i32::MIN));
    let wrong: [Wrong<'_>; 7] = [
        ("no pipeline", Box::new(|pass| pass.draw(3, None, None, None))),
        ("no vertex buffer", Box::new(without_vertices)),
        ("no index buffer", Box::new(without_indices)),
        ("too many vertices", draws.ready(|pass| pass.draw(9, None, None, None))),
        ("vertices far out of range", draws.ready(|pass| pass.draw(u32::MAX, most, most, most))),
        ("too many indices", draws.indexed(|pass| pass.draw_indexed(2, None, Some(1), None, None))),
        ("indices far out of range", draws.indexed(|pass| pass.draw_indexed(u32::MAX, None, most, least, None))),
    ];
    draws.check(wrong).await
}

async fn faulty_buffers_are_errors_of_finish() -> Outcome {
    let gpu = Gpu::new().await?;
    let draws = Draws::new(&gpu)?;
    let (vertices, indices) = (&draws.vertices, &draws.indices);
    let far = Some(u64::MAX - 1);
    let wrong: [Wrong<'_>; 6] = [
        (
            "an unaligned index buffer",
            Box::new(|pass| pass.set_index_buffer(indices, GpuIndexFormat::Uint32, Some(2), None)),
        ),
        (
            "an index buffer out of range",
            Box::new(|pass| pass.set_index_buffer(indices, GpuIndexFormat::Uint16, far, Some(4))),
        ),
        ("an unaligned vertex buffer", Box::new(|pass| pass.set_vertex_buffer(0, Some(vertices), Some(2), None))),
        ("a vertex buffer out of range", Box::new(|pass| pass.set_vertex_buffer(0, Some(vertices), Some(68), None))),
        ("a vertex slot out of range", Box::new(|pass| pass.set_vertex_buffer(8, Some(vertices), None, None))),
        ("a vertex buffer without the usage", Box::new(|pass| pass.set_vertex_buffer(0, Some(indices), None, None))),
    ];
    draws.check(wrong).await
}

async fn faulty_arguments_are_errors_of_finish() -> Outcome {
    let gpu = Gpu::new().await?;
    let draws = Draws::new(&gpu)?;
    let arguments = &draws.arguments;
    let wrong: [Wrong<'_>; 5] = [
        ("arguments out of range", draws.ready(|pass| pass.draw_indirect(arguments, 8))),
        ("arguments far out of range", draws.ready(|pass| pass.draw_indirect(arguments, u64::MAX - 3))),
        ("unaligned arguments", draws.ready(|pass| pass.draw_indirect(arguments, 2))),
        ("indexed arguments out of range", draws.indexed(|pass| pass.draw_indexed_indirect(arguments, 4))),
        ("arguments without the usage", draws.ready(|pass| pass.draw_indirect(&draws.vertices, 0))),
    ];
    draws.check(wrong).await
}

async fn draw_count_is_limited() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let pipeline = pipeline(&gpu, FILL);
    let record = |encoder: &GpuCommandEncoder, most, draws| {
        let attachments = vec![describe::cleared(&canvas.view, BLACK)];
        let descriptor = GpuRenderPassDescriptor { max_draw_count: Some(most), ..describe::render_pass(attachments) };
        let pass = encoder.begin_render_pass(&descriptor);
        pass.set_pipeline(&pipeline);
        for _ in 0..draws {
            pass.draw(3, None, None, None);
        }
        pass.end();
    };
    let encoder = gpu.encoder();
    record(&encoder, 3, 3);
    gpu.accepted("as many draws as allowed", || gpu.submit(&encoder)).await?;
    gpu.rejected_by_finish("a draw too many", |encoder| record(encoder, 3, 4)).await?;
    gpu.rejected_by_finish("a draw where none is allowed", |encoder| record(encoder, 0, 1)).await?;
    Ok(())
}

async fn ended_pass_reports_at_once() -> Outcome {
    let gpu = Gpu::new().await?;
    let canvas = Canvas::new(&gpu);
    let encoder = gpu.encoder();
    let pass = encoder.begin_render_pass(&describe::render_pass(vec![describe::cleared(&canvas.view, BLACK)]));
    pass.end();
    gpu.rejected("a second end", || pass.end()).await?;
    gpu.rejected("a draw", || pass.draw(3, None, None, None)).await?;
    gpu.rejected("a viewport", || pass.set_viewport(0.0, 0.0, 1.0, 1.0, 0.0, 1.0)).await?;
    gpu.rejected("a blend constant", || pass.set_blend_constant(BLACK)).await?;
    gpu.rejected("no bundles", || pass.execute_bundles(&[])).await?;
    gpu.rejected("a debug group", || pass.push_debug_group("late")).await?;
    gpu.rejected("the end of a query", || pass.end_occlusion_query()).await?;
    Ok(())
}
