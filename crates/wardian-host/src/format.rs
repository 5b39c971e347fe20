//! Texture formats: which of them a device may use.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wgpu_types::Features as Core;

use crate::convert::ToCore;
use crate::object::capabilities::{Features, feature_name};

/// What `wgpu` wants for a format, and what WebGPU does. They agree in all but the last row: 16-bit normalized formats
/// are a feature of their own in `wgpu`, which no device of ours has.
const ROWS: &[(Core, webgpu::GpuFeatureName)] = &[
    (Core::DEPTH32FLOAT_STENCIL8, webgpu::GpuFeatureName::Depth32floatStencil8),
    (Core::TEXTURE_COMPRESSION_BC, webgpu::GpuFeatureName::TextureCompressionBc),
    (Core::TEXTURE_COMPRESSION_ETC2, webgpu::GpuFeatureName::TextureCompressionEtc2),
    (Core::TEXTURE_COMPRESSION_ASTC, webgpu::GpuFeatureName::TextureCompressionAstc),
    (Core::TEXTURE_FORMAT_16BIT_NORM, webgpu::GpuFeatureName::TextureFormatsTier1),
];

/// The name of the feature without which a device can't use a format at all; none where it can. What a format can be
/// used for is another question, which `wgpu-core` answers.
///
/// <https://www.w3.org/TR/webgpu/#abstract-opdef-validate-texture-format-required-features>
pub(crate) fn missing_feature(format: webgpu::GpuTextureFormat, features: &Features) -> Option<&'static str> {
    let wanted = format.to_core().required_features();
    let (_, feature) = ROWS.iter().find(|(core, _)| wanted.contains(*core))?;
    (!features.has(*feature)).then(|| feature_name(*feature))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use webgpu::{GpuFeatureName as Name, GpuTextureFormat as Format};

    use super::*;

    const WANTING: &[(Name, &[Format])] = &[
        (Name::Depth32floatStencil8, &[Format::Depth32floatStencil8]),
        (Name::TextureCompressionBc, &[Format::Bc1RgbaUnorm, Format::Bc5RgSnorm, Format::Bc7RgbaUnormSrgb]),
        (Name::TextureCompressionEtc2, &[Format::Etc2Rgb8unorm, Format::EacR11snorm, Format::EacRg11unorm]),
        (Name::TextureCompressionAstc, &[Format::Astc4x4Unorm, Format::Astc12x12UnormSrgb]),
        (
            Name::TextureFormatsTier1,
            &[
                Format::R16unorm,
                Format::R16snorm,
                Format::Rg16unorm,
                Format::Rg16snorm,
                Format::Rgba16unorm,
                Format::Rgba16snorm,
            ],
        ),
    ];

    fn features(names: &[Name]) -> Features {
        let adapter = Features::of_adapter(wgpu_types::Features::all(), &BTreeSet::new());
        adapter.requested(names).expect("the adapter offers it")
    }

    #[test]
    fn formats_want_their_feature() {
        let none = features(&[]);
        for (feature, formats) in WANTING {
            for format in *formats {
                assert_eq!(missing_feature(*format, &none), Some(feature_name(*feature)), "{format:?} without it");
                if *feature == Name::TextureFormatsTier1 {
                    continue;
                }
                assert_eq!(missing_feature(*format, &features(&[*feature])), None, "{format:?} with it");
            }
        }
    }

    #[test]
    fn ordinary_formats_want_nothing() {
        let none = features(&[]);
        let formats = [
            Format::R8unorm,
            Format::R16float,
            Format::Rgba16float,
            Format::Rg11b10ufloat,
            Format::Rgb10a2uint,
            Format::Bgra8unormSrgb,
            Format::Rgba32float,
            Format::Stencil8,
            Format::Depth24plusStencil8,
            Format::Depth32float,
        ];
        for format in formats {
            assert_eq!(missing_feature(format, &none), None, "{format:?}");
        }
    }
}
