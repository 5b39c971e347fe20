//! Labels of the 19 objects that have one.

use std::error::Error;

use wardian_guest::describe;
use wardian_guest::webgpu::*;

use crate::Outcome;
use crate::support::Gpu;

programs! { "labels":
    labels_begin_empty_and_can_be_set,
    labels_come_from_the_descriptor,
    labels_of_invalid_objects_remain,
    labels_may_be_any_text,
    layout_of_a_pipeline_has_no_label,
    pass_label_survives_its_end,
}

/// Something with a label.
trait Labelled {
    fn label(&self) -> String;
    fn set_label(&self, label: &str);
}

macro_rules! labelled {
    ($($object:ident),* $(,)?) => {$(
        impl Labelled for $object {
            fn label(&self) -> String {
                Self::label(self)
            }

            fn set_label(&self, label: &str) {
                Self::set_label(self, label);
            }
        }
    )*};
}

labelled! {
    GpuDevice, GpuQueue, GpuBuffer, GpuTexture, GpuTextureView, GpuSampler, GpuBindGroupLayout, GpuPipelineLayout,
    GpuBindGroup, GpuShaderModule, GpuComputePipeline, GpuRenderPipeline, GpuCommandEncoder, GpuCommandBuffer,
    GpuComputePassEncoder, GpuRenderPassEncoder, GpuRenderBundleEncoder, GpuRenderBundle, GpuQuerySet,
}

const FORMAT: GpuTextureFormat = GpuTextureFormat::Rgba8unorm;
const SHADER: &str = "
    @compute @workgroup_size(1) fn c() {}
    @vertex fn v() -> @builtin(position) vec4f { return vec4f(); }
    @fragment fn f() -> @location(0) vec4f { return vec4f(); }
";

/// An object and what to call it.
type Named = (&'static str, Box<dyn Labelled>);

/// One object of each sort, all made with the same label.
fn one_of_each(gpu: &Gpu, label: Option<&str>) -> Result<Vec<Named>, Box<dyn Error>> {
    let device = &gpu.device;
    let text = || label.map(str::to_owned);
    let mut all: Vec<Named> = Vec::new();
    let buffer = GpuBufferDescriptor { label: text(), ..describe::buffer(16, GpuBufferUsage::STORAGE) };
    all.push(("buffer", Box::new(device.create_buffer(&buffer))));
    let texture = describe::texture_2d(FORMAT, 4, 4, GpuTextureUsage::RENDER_ATTACHMENT);
    let texture = device.create_texture(&GpuTextureDescriptor { label: text(), ..texture });
    let view = texture.create_view(Some(&GpuTextureViewDescriptor { label: text(), ..describe::texture_view() }));
    let sampler = GpuSamplerDescriptor { label: text(), ..describe::sampler(GpuFilterMode::Linear) };
    all.push(("sampler", Box::new(device.create_sampler(Some(&sampler)))));
    let layout = GpuBindGroupLayoutDescriptor { label: text(), ..describe::bind_group_layout(Vec::new()) };
    let layout = device.create_bind_group_layout(&layout);
    let group = GpuBindGroupDescriptor { label: text(), ..describe::bind_group(&layout, Vec::new()) };
    all.push(("bind group", Box::new(device.create_bind_group(&group))));
    let pipeline_layout = GpuPipelineLayoutDescriptor { label: text(), ..describe::pipeline_layout(&[&layout]) };
    all.push(("pipeline layout", Box::new(device.create_pipeline_layout(&pipeline_layout))));
    all.push(("bind group layout", Box::new(layout)));
    let module = device.create_shader_module(&GpuShaderModuleDescriptor { label: text(), ..describe::shader(SHADER) });
    let compute = GpuComputePipelineDescriptor { label: text(), ..describe::compute_pipeline(&module) };
    all.push(("compute pipeline", Box::new(device.create_compute_pipeline(compute))));
    let render = GpuRenderPipelineDescriptor { label: text(), ..describe::render_pipeline(&module, FORMAT) };
    all.push(("render pipeline", Box::new(device.create_render_pipeline(render))));
    all.push(("shader module", Box::new(module)));
    let encoder = device.create_command_encoder(Some(&GpuCommandEncoderDescriptor { label: text() }));
    let pass = GpuComputePassDescriptor { label: text(), ..describe::compute_pass() };
    let pass = encoder.begin_compute_pass(Some(&pass));
    pass.end();
    all.push(("compute pass", Box::new(pass)));
    let attachments = vec![describe::cleared(&view, describe::color(0.0, 0.0, 0.0, 0.0))];
    let pass = GpuRenderPassDescriptor { label: text(), ..describe::render_pass(attachments) };
    let pass = encoder.begin_render_pass(&pass);
    pass.end();
    all.push(("render pass", Box::new(pass)));
    all.push(("command buffer", Box::new(encoder.finish(Some(&GpuCommandBufferDescriptor { label: text() })))));
    all.push(("command encoder", Box::new(encoder)));
    let bundle = GpuRenderBundleEncoderDescriptor { label: text(), ..describe::bundle_encoder(FORMAT) };
    let bundle = device.create_render_bundle_encoder(&bundle);
    all.push(("render bundle", Box::new(bundle.finish(Some(&GpuRenderBundleDescriptor { label: text() })))));
    all.push(("render bundle encoder", Box::new(bundle)));
    let queries = GpuQuerySetDescriptor { label: text(), ..describe::query_set(GpuQueryType::Occlusion, 2) };
    all.push(("query set", Box::new(device.create_query_set(&queries)?)));
    all.push(("texture view", Box::new(view)));
    all.push(("texture", Box::new(texture)));
    Ok(all)
}

async fn labels_begin_empty_and_can_be_set() -> Outcome {
    let gpu = Gpu::new().await?;
    gpu.open_scopes();
    let mut all = one_of_each(&gpu, None)?;
    gpu.close_scopes("making one object of each sort").await?;
    let Gpu { device, queue, .. } = gpu;
    all.push(("device", Box::new(device)));
    all.push(("queue", Box::new(queue)));
    check_eq!(all.len(), 19, "number of labelled objects");
    for (what, object) in &all {
        check_eq!(object.label(), "", "first label of a {what}");
        object.set_label("one");
        check_eq!(object.label(), "one", "label of a {what} once set");
        object.set_label("");
        check_eq!(object.label(), "", "label of a {what} set to nothing");
    }
    Ok(())
}

async fn labels_come_from_the_descriptor() -> Outcome {
    let gpu = Gpu::new().await?;
    for (what, object) in one_of_each(&gpu, Some("given"))? {
        check_eq!(object.label(), "given", "label of a {what} made with one");
        object.set_label("replaced");
        check_eq!(object.label(), "replaced", "label of a {what} set over one");
    }
    Ok(())
}

async fn labels_of_invalid_objects_remain() -> Outcome {
    let gpu = Gpu::new().await?;
    let descriptor =
        GpuBufferDescriptor { label: Some("bad".to_owned()), ..describe::buffer(4, GpuBufferUsage::empty()) };
    let (buffer, message) = gpu.rejected("the buffer", || gpu.device.create_buffer(&descriptor)).await?;
    check_eq!(buffer.label(), "bad", "label of an invalid buffer");
    check!(message.contains("bad"), "expected the message to name the buffer, got: {message}");
    gpu.accepted("labelling an invalid buffer", || buffer.set_label("worse")).await?;
    check_eq!(buffer.label(), "worse", "label of an invalid buffer once set");
    gpu.device.destroy();
    for (what, object) in one_of_each(&gpu, Some("late"))? {
        check_eq!(object.label(), "late", "label of a {what} of a destroyed device");
    }
    Ok(())
}

async fn labels_may_be_any_text() -> Outcome {
    let gpu = Gpu::new().await?;
    let long = "long ".repeat(1000);
    for label in ["\0", "a\0b", "\u{1F980} \u{202E}x", "{}", "%s%n", "\n", long.as_str()] {
        gpu.open_scopes();
        let all = one_of_each(&gpu, Some(label))?;
        gpu.close_scopes(&format!("objects with the label {label:?}")).await?;
        for (what, object) in all {
            check_eq!(object.label(), label, "label of a {what}");
        }
        let encoder = gpu.encoder();
        encoder.push_debug_group(label);
        encoder.insert_debug_marker(label);
        encoder.pop_debug_group();
        gpu.accepted(&format!("a debug group {label:?}"), || gpu.submit(&encoder)).await?;
    }
    Ok(())
}

async fn layout_of_a_pipeline_has_no_label() -> Outcome {
    let gpu = Gpu::new().await?;
    let module = gpu
        .shader("@group(0) @binding(0) var<storage, read_write> b: u32; @compute @workgroup_size(1) fn c() { b = 1; }");
    let descriptor =
        GpuComputePipelineDescriptor { label: Some("named".to_owned()), ..describe::compute_pipeline(&module) };
    let layout = gpu.device.create_compute_pipeline(descriptor).get_bind_group_layout(0);
    check_eq!(layout.label(), "", "label of a pipeline's layout");
    layout.set_label("now named");
    check_eq!(layout.label(), "now named", "label of a pipeline's layout once set");
    Ok(())
}

async fn pass_label_survives_its_end() -> Outcome {
    let gpu = Gpu::new().await?;
    let encoder = gpu.encoder();
    let pass = encoder.begin_compute_pass(None);
    pass.set_label("first");
    pass.end();
    encoder.finish(None);
    drop(encoder);
    check_eq!(pass.label(), "first", "label of an ended pass");
    pass.set_label("second");
    check_eq!(pass.label(), "second", "label of an ended pass once set");
    Ok(())
}
