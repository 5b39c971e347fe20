//! Textures and views: creation, what they tell, formats by feature, destruction.

use wardian_guest::webgpu::*;
use wardian_guest::{describe, feature_name};

use crate::Outcome;
use crate::support::Gpu;

programs! { "texture":
    attributes_have_their_defaults,
    attributes_are_those_of_the_descriptor,
    attributes_of_an_invalid_texture_remain,
    new_texture_is_zero,
    sizes_are_checked,
    samples_and_levels_are_checked,
    usage_must_be_there,
    formats_want_their_feature,
    compressed_formats_come_with_their_feature,
    compressed_blocks_round_trip,
    view_formats_allow_srgb_twins_only,
    views_have_defaults,
    faulty_views_are_rejected,
    view_of_a_destroyed_texture_can_be_made,
    destroy_is_idempotent,
    destroyed_texture_is_refused_by_submit,
    swizzle_wants_its_feature,
    transient_attachments_are_checked,
}

const BINDING: GpuTextureUsage = GpuTextureUsage::TEXTURE_BINDING;
const COPY: GpuTextureUsage = GpuTextureUsage::COPY_SRC.union(GpuTextureUsage::COPY_DST);
const TARGET: GpuTextureUsage = GpuTextureUsage::RENDER_ATTACHMENT;

fn plain() -> GpuTextureDescriptor {
    describe::texture_2d(GpuTextureFormat::Rgba8unorm, 16, 16, BINDING | COPY | TARGET)
}

async fn attributes_have_their_defaults() -> Outcome {
    let gpu = Gpu::new().await?;
    let size = GpuExtent3D { width: 5, height: None, depth_or_array_layers: None };
    let texture = gpu.device.create_texture(&GpuTextureDescriptor { size, ..plain() });
    check_eq!((texture.width(), texture.height(), texture.depth_or_array_layers()), (5, 1, 1), "size");
    check_eq!((texture.mip_level_count(), texture.sample_count()), (1, 1), "levels and samples");
    check_matches!(texture.dimension(), GpuTextureDimension::D2, "dimension");
    check_matches!(texture.format(), GpuTextureFormat::Rgba8unorm, "format");
    check_eq!(texture.usage(), BINDING | COPY | TARGET, "usage");
    check_matches!(texture.texture_binding_view_dimension(), None, "texture-binding-view-dimension of a core device");
    Ok(())
}

async fn attributes_are_those_of_the_descriptor() -> Outcome {
    let gpu = Gpu::new().await?;
    let descriptor = GpuTextureDescriptor {
        size: describe::extent_3d(16, 8, 4),
        mip_level_count: Some(5),
        dimension: Some(GpuTextureDimension::D3),
        format: GpuTextureFormat::R32float,
        usage: BINDING,
        texture_binding_view_dimension: Some(GpuTextureViewDimension::D3),
        ..plain()
    };
    let texture = gpu.accepted("a 3D texture", || gpu.device.create_texture(&descriptor)).await?;
    check_eq!((texture.width(), texture.height(), texture.depth_or_array_layers()), (16, 8, 4), "size");
    check_eq!(texture.mip_level_count(), 5, "levels");
    check_matches!(texture.dimension(), GpuTextureDimension::D3, "dimension");
    check_matches!(texture.format(), GpuTextureFormat::R32float, "format");
    let descriptor = GpuTextureDescriptor { sample_count: Some(4), usage: TARGET, ..plain() };
    let texture = gpu.accepted("a texture of 4 samples", || gpu.device.create_texture(&descriptor)).await?;
    check_eq!(texture.sample_count(), 4, "samples");
    let size = describe::extent(64, 1);
    let descriptor = GpuTextureDescriptor { size, dimension: Some(GpuTextureDimension::D1), usage: BINDING, ..plain() };
    let texture = gpu.accepted("a 1D texture", || gpu.device.create_texture(&descriptor)).await?;
    check_matches!(texture.dimension(), GpuTextureDimension::D1, "dimension");
    Ok(())
}

async fn attributes_of_an_invalid_texture_remain() -> Outcome {
    let gpu = Gpu::new().await?;
    let descriptor = GpuTextureDescriptor {
        size: describe::extent_3d(u32::MAX, 0, 7),
        mip_level_count: Some(99),
        sample_count: Some(3),
        dimension: Some(GpuTextureDimension::D3),
        usage: GpuTextureUsage::empty(),
        ..plain()
    };
    let (texture, _) = gpu.rejected("the texture", || gpu.device.create_texture(&descriptor)).await?;
    let size = (texture.width(), texture.height(), texture.depth_or_array_layers());
    check_eq!(size, (u32::MAX, 0, 7), "size of an invalid texture");
    check_eq!((texture.mip_level_count(), texture.sample_count()), (99, 3), "levels and samples");
    check_eq!(texture.usage(), GpuTextureUsage::empty(), "usage");
    gpu.rejected("a view of an invalid texture", || texture.create_view(None)).await?;
    Ok(())
}

async fn new_texture_is_zero() -> Outcome {
    let gpu = Gpu::new().await?;
    let texture = gpu.device.create_texture(&plain());
    let texels = gpu.texels_of(&texture, 4).await?;
    check_eq!(texels.len(), 16 * 16 * 4, "number of bytes");
    check!(texels.iter().all(|byte| *byte == 0), "expected a new texture to be zero");
    Ok(())
}

async fn sizes_are_checked() -> Outcome {
    let gpu = Gpu::new().await?;
    let limits = gpu.device.limits();
    let (flat, layers) = (limits.max_texture_dimension2_d(), limits.max_texture_array_layers());
    let wrong = [(0, 1, 1), (1, 0, 1), (1, 1, 0), (flat + 1, 1, 1), (1, flat + 1, 1), (1, 1, layers + 1)];
    for (width, height, depth) in wrong {
        let size = describe::extent_3d(width, height, depth);
        let descriptor = GpuTextureDescriptor { size, ..plain() };
        gpu.rejected(&format!("{size:?}"), || gpu.device.create_texture(&descriptor)).await?;
    }
    let edge = limits.max_texture_dimension3_d() + 1;
    let descriptor = GpuTextureDescriptor {
        size: describe::extent_3d(1, 1, edge),
        dimension: Some(GpuTextureDimension::D3),
        usage: BINDING,
        ..plain()
    };
    gpu.rejected("a 3D texture too deep", || gpu.device.create_texture(&descriptor)).await?;
    let size = describe::extent(16, 2);
    let descriptor = GpuTextureDescriptor { size, dimension: Some(GpuTextureDimension::D1), usage: BINDING, ..plain() };
    gpu.rejected("a 1D texture two texels high", || gpu.device.create_texture(&descriptor)).await?;
    Ok(())
}

async fn samples_and_levels_are_checked() -> Outcome {
    let gpu = Gpu::new().await?;
    for count in [0, 2, 3, 8, 16, u32::MAX] {
        let descriptor = GpuTextureDescriptor { sample_count: Some(count), usage: TARGET, ..plain() };
        gpu.rejected(&format!("{count} samples"), || gpu.device.create_texture(&descriptor)).await?;
    }
    for count in [0, 6, u32::MAX] {
        let descriptor = GpuTextureDescriptor { mip_level_count: Some(count), ..plain() };
        gpu.rejected(&format!("{count} levels"), || gpu.device.create_texture(&descriptor)).await?;
    }
    let many = GpuTextureDescriptor { sample_count: Some(4), usage: TARGET, ..plain() };
    let wrong = [
        GpuTextureDescriptor { mip_level_count: Some(2), ..many.clone() },
        GpuTextureDescriptor { usage: BINDING, ..many.clone() },
        GpuTextureDescriptor { size: describe::extent_3d(16, 16, 2), ..many.clone() },
        GpuTextureDescriptor { format: GpuTextureFormat::Rgba32float, ..many },
    ];
    for descriptor in wrong {
        gpu.rejected(&format!("{descriptor:?}"), || gpu.device.create_texture(&descriptor)).await?;
    }
    Ok(())
}

async fn usage_must_be_there() -> Outcome {
    let gpu = Gpu::new().await?;
    let descriptor = GpuTextureDescriptor { usage: GpuTextureUsage::empty(), ..plain() };
    gpu.rejected("a texture without usage", || gpu.device.create_texture(&descriptor)).await?;
    let storage = GpuTextureUsage::STORAGE_BINDING;
    for (format, usage) in [(GpuTextureFormat::R8unorm, storage), (GpuTextureFormat::Rgb9e5ufloat, TARGET)] {
        let descriptor = GpuTextureDescriptor { format, usage, ..plain() };
        gpu.rejected(&format!("{format:?} as {usage:?}"), || gpu.device.create_texture(&descriptor)).await?;
    }
    Ok(())
}

/// Formats that exist only with a feature, one or a few of each.
const BY_FEATURE: &[(GpuFeatureName, &[GpuTextureFormat])] = &[
    (GpuFeatureName::Depth32floatStencil8, &[GpuTextureFormat::Depth32floatStencil8]),
    (
        GpuFeatureName::TextureCompressionBc,
        &[GpuTextureFormat::Bc1RgbaUnorm, GpuTextureFormat::Bc4RSnorm, GpuTextureFormat::Bc6hRgbFloat],
    ),
    (
        GpuFeatureName::TextureCompressionEtc2,
        &[GpuTextureFormat::Etc2Rgb8unorm, GpuTextureFormat::EacR11snorm, GpuTextureFormat::EacRg11unorm],
    ),
    (
        GpuFeatureName::TextureCompressionAstc,
        &[GpuTextureFormat::Astc4x4Unorm, GpuTextureFormat::Astc10x5UnormSrgb, GpuTextureFormat::Astc12x12Unorm],
    ),
    (
        GpuFeatureName::TextureFormatsTier1,
        &[GpuTextureFormat::R16unorm, GpuTextureFormat::Rg16snorm, GpuTextureFormat::Rgba16unorm],
    ),
];

async fn formats_want_their_feature() -> Outcome {
    let gpu = Gpu::new().await?;
    for (feature, formats) in BY_FEATURE {
        for format in *formats {
            let descriptor =
                GpuTextureDescriptor { format: *format, size: describe::extent(60, 60), usage: BINDING, ..plain() };
            let what = format!("{format:?} without {}", feature_name(*feature));
            gpu.rejected(&what, || gpu.device.create_texture(&descriptor)).await?;
            let descriptor = GpuTextureDescriptor { view_formats: Some(vec![*format]), ..plain() };
            gpu.rejected(&format!("a view of {what}"), || gpu.device.create_texture(&descriptor)).await?;
        }
    }
    Ok(())
}

async fn compressed_formats_come_with_their_feature() -> Outcome {
    let gpu = Gpu::with_all_features().await?;
    for (feature, formats) in BY_FEATURE.iter().filter(|(feature, _)| gpu.has(*feature)) {
        for format in *formats {
            let descriptor =
                GpuTextureDescriptor { format: *format, size: describe::extent(60, 60), usage: BINDING, ..plain() };
            let what = format!("{format:?} with {}", feature_name(*feature));
            let texture = gpu.accepted(&what, || gpu.device.create_texture(&descriptor)).await?;
            check_eq!(texture.format(), *format, "format");
        }
    }
    Ok(())
}

async fn compressed_blocks_round_trip() -> Outcome {
    let gpu = Gpu::with_all_features().await?;
    let formats = [
        (GpuFeatureName::TextureCompressionBc, GpuTextureFormat::Bc1RgbaUnorm),
        (GpuFeatureName::TextureCompressionEtc2, GpuTextureFormat::Etc2Rgb8unorm),
    ];
    let mut tried = 0;
    for (_, format) in formats.into_iter().filter(|(feature, _)| gpu.has(*feature)) {
        let descriptor = describe::texture_2d(format, 8, 8, COPY | BINDING);
        let texture = gpu.accepted("the texture", || gpu.device.create_texture(&descriptor)).await?;
        // Two rows of two blocks, 8 bytes each.
        let data: Vec<u8> = (0..32).collect();
        let (target, layout) = (describe::texel_texture(&texture), describe::texel_layout(16, 2));
        let write = || gpu.queue.write_texture_with_copy(&target, &data, layout, describe::extent(8, 8));
        gpu.accepted("writing blocks", write).await?;
        let buffer = gpu.buffer(512, GpuBufferUsage::COPY_DST | GpuBufferUsage::COPY_SRC);
        let encoder = gpu.encoder();
        encoder.copy_texture_to_buffer(&target, &describe::texel_buffer(&buffer, 256, 2), describe::extent(8, 8));
        gpu.accepted("copying blocks", || gpu.submit(&encoder)).await?;
        let bytes = wardian_guest::read_buffer(&gpu.device, &gpu.queue, &buffer, ..).await?;
        check_eq!(bytes.get(..16), data.get(..16), "first row of blocks of {format:?}");
        check_eq!(bytes.get(256..272), data.get(16..), "second row of blocks of {format:?}");
        let part = || gpu.queue.write_texture_with_copy(&target, &data, layout, describe::extent(3, 4));
        gpu.rejected("writing part of a block", part).await?;
        tried += 1;
    }
    if tried == 0 {
        skip!("the adapter has neither BC nor ETC2");
    }
    Ok(())
}

async fn view_formats_allow_srgb_twins_only() -> Outcome {
    let gpu = Gpu::new().await?;
    let with = |format| GpuTextureDescriptor { view_formats: Some(vec![format]), ..plain() };
    let twin = with(GpuTextureFormat::Rgba8unormSrgb);
    let texture = gpu.accepted("the sRGB twin", || gpu.device.create_texture(&twin)).await?;
    let view = |format| GpuTextureViewDescriptor { format: Some(format), ..describe::texture_view() };
    let srgb = view(GpuTextureFormat::Rgba8unormSrgb);
    gpu.accepted("a view as the twin", || texture.create_view(Some(&srgb))).await?;
    for format in [GpuTextureFormat::R32float, GpuTextureFormat::Bgra8unorm, GpuTextureFormat::Rgba8uint] {
        gpu.rejected(&format!("view format {format:?}"), || gpu.device.create_texture(&with(format))).await?;
    }
    let texture = gpu.device.create_texture(&plain());
    gpu.rejected("a view as a twin that wasn't announced", || texture.create_view(Some(&srgb))).await?;
    Ok(())
}

async fn views_have_defaults() -> Outcome {
    let gpu = Gpu::new().await?;
    let size = describe::extent_3d(16, 16, 6);
    let descriptor = GpuTextureDescriptor { size, mip_level_count: Some(3), ..plain() };
    let texture = gpu.device.create_texture(&descriptor);
    let whole = describe::texture_view;
    let good = [
        whole(),
        GpuTextureViewDescriptor { dimension: Some(GpuTextureViewDimension::Cube), ..whole() },
        GpuTextureViewDescriptor { dimension: Some(GpuTextureViewDimension::D2), base_array_layer: Some(5), ..whole() },
        GpuTextureViewDescriptor { base_mip_level: Some(2), mip_level_count: Some(1), ..whole() },
        GpuTextureViewDescriptor { base_array_layer: Some(2), array_layer_count: Some(3), ..whole() },
        GpuTextureViewDescriptor { aspect: Some(GpuTextureAspect::All), usage: Some(BINDING), ..whole() },
        GpuTextureViewDescriptor { swizzle: Some("rgba".to_owned()), ..whole() },
    ];
    for descriptor in good {
        gpu.accepted(&format!("{descriptor:?}"), || texture.create_view(Some(&descriptor))).await?;
    }
    gpu.accepted("a view of everything", || texture.create_view(None)).await?;
    Ok(())
}

async fn faulty_views_are_rejected() -> Outcome {
    let gpu = Gpu::new().await?;
    let size = describe::extent_3d(16, 16, 6);
    let texture = gpu.device.create_texture(&GpuTextureDescriptor { size, mip_level_count: Some(3), ..plain() });
    let whole = describe::texture_view;
    let wrong = [
        GpuTextureViewDescriptor { base_mip_level: Some(3), ..whole() },
        GpuTextureViewDescriptor { mip_level_count: Some(4), ..whole() },
        GpuTextureViewDescriptor { mip_level_count: Some(0), ..whole() },
        GpuTextureViewDescriptor { base_mip_level: Some(u32::MAX), mip_level_count: Some(u32::MAX), ..whole() },
        GpuTextureViewDescriptor { base_array_layer: Some(6), ..whole() },
        GpuTextureViewDescriptor { array_layer_count: Some(7), ..whole() },
        GpuTextureViewDescriptor { array_layer_count: Some(0), ..whole() },
        GpuTextureViewDescriptor { base_array_layer: Some(u32::MAX), array_layer_count: Some(2), ..whole() },
        GpuTextureViewDescriptor { dimension: Some(GpuTextureViewDimension::D3), ..whole() },
        GpuTextureViewDescriptor { dimension: Some(GpuTextureViewDimension::D1), ..whole() },
        GpuTextureViewDescriptor {
            dimension: Some(GpuTextureViewDimension::D2),
            array_layer_count: Some(2),
            ..whole()
        },
        GpuTextureViewDescriptor {
            dimension: Some(GpuTextureViewDimension::Cube),
            array_layer_count: Some(5),
            ..whole()
        },
        GpuTextureViewDescriptor { aspect: Some(GpuTextureAspect::DepthOnly), ..whole() },
        GpuTextureViewDescriptor { format: Some(GpuTextureFormat::R8unorm), ..whole() },
        GpuTextureViewDescriptor { usage: Some(GpuTextureUsage::STORAGE_BINDING), ..whole() },
    ];
    for descriptor in wrong {
        gpu.rejected(&format!("{descriptor:?}"), || texture.create_view(Some(&descriptor))).await?;
    }
    Ok(())
}

async fn view_of_a_destroyed_texture_can_be_made() -> Outcome {
    let gpu = Gpu::new().await?;
    let texture = gpu.device.create_texture(&plain());
    texture.destroy();
    let view = gpu.accepted("a view of a destroyed texture", || texture.create_view(None)).await?;
    let encoder = gpu.encoder();
    let attachments = vec![describe::cleared(&view, describe::color(0.0, 0.0, 0.0, 0.0))];
    encoder.begin_render_pass(&describe::render_pass(attachments)).end();
    let commands = gpu.accepted("recording with it", || encoder.finish(None)).await?;
    gpu.rejected("submitting it", || gpu.queue.submit(&[&commands])).await?;
    Ok(())
}

async fn destroy_is_idempotent() -> Outcome {
    let gpu = Gpu::new().await?;
    let texture = gpu.device.create_texture(&plain());
    gpu.accepted("destroying twice", || {
        texture.destroy();
        texture.destroy();
    })
    .await?;
    check_eq!(texture.width(), 16, "width of a destroyed texture");
    Ok(())
}

async fn destroyed_texture_is_refused_by_submit() -> Outcome {
    let gpu = Gpu::new().await?;
    let texture = gpu.device.create_texture(&plain());
    let buffer = gpu.buffer(4096, GpuBufferUsage::COPY_SRC);
    let encoder = gpu.encoder();
    let (from, to) = (describe::texel_buffer(&buffer, 256, 16), describe::texel_texture(&texture));
    encoder.copy_buffer_to_texture(&from, &to, describe::extent(16, 16));
    let commands = encoder.finish(None);
    texture.destroy();
    gpu.rejected("submitting a destroyed texture", || gpu.queue.submit(&[&commands])).await?;
    let write =
        || gpu.queue.write_texture_with_copy(&to, &[0; 4], describe::texel_layout(4, 1), describe::extent(1, 1));
    gpu.rejected("writing to a destroyed texture", write).await?;
    Ok(())
}

async fn swizzle_wants_its_feature() -> Outcome {
    let gpu = Gpu::new().await?;
    let texture = gpu.device.create_texture(&plain());
    for swizzle in ["bgra", "r001", "rgb", "xyzw", "", "rgba "] {
        let descriptor = GpuTextureViewDescriptor { swizzle: Some(swizzle.to_owned()), ..describe::texture_view() };
        gpu.rejected(&format!("swizzle {swizzle:?}"), || texture.create_view(Some(&descriptor))).await?;
    }
    Ok(())
}

async fn transient_attachments_are_checked() -> Outcome {
    let gpu = Gpu::new().await?;
    let transient = GpuTextureUsage::TRANSIENT_ATTACHMENT;
    let good = GpuTextureDescriptor { usage: transient | TARGET, ..plain() };
    gpu.accepted("a transient attachment", || gpu.device.create_texture(&good)).await?;
    let wrong = [
        GpuTextureDescriptor { usage: transient, ..plain() },
        GpuTextureDescriptor { usage: transient | TARGET | BINDING, ..plain() },
        GpuTextureDescriptor { mip_level_count: Some(2), ..good.clone() },
        GpuTextureDescriptor { size: describe::extent_3d(16, 16, 2), ..good.clone() },
    ];
    for descriptor in wrong {
        gpu.rejected(&format!("{descriptor:?}"), || gpu.device.create_texture(&descriptor)).await?;
    }
    let texture = gpu.device.create_texture(&good);
    let view = texture.create_view(None);
    let attachment = |load_op, store_op| GpuRenderPassColorAttachment {
        load_op,
        store_op,
        ..describe::cleared(&view, describe::color(0.0, 0.0, 0.0, 0.0))
    };
    let pass = |load_op, store_op| {
        let encoder = gpu.encoder();
        encoder.begin_render_pass(&describe::render_pass(vec![attachment(load_op, store_op)])).end();
        encoder.finish(None)
    };
    let commands = gpu.accepted("clear and discard", || pass(GpuLoadOp::Clear, GpuStoreOp::Discard)).await?;
    gpu.accepted("submitting it", || gpu.queue.submit(&[&commands])).await?;
    gpu.rejected("loading a transient attachment", || pass(GpuLoadOp::Load, GpuStoreOp::Discard)).await?;
    gpu.rejected("storing a transient attachment", || pass(GpuLoadOp::Clear, GpuStoreOp::Store)).await?;
    Ok(())
}
