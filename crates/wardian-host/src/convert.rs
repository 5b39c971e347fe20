//! The interface's enums and flags in `wgpu`'s terms: one row a variant.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;

use crate::error::ErrorKind;

/// A value of the interface that `wgpu` has a counterpart of.
pub(crate) trait ToCore {
    type Core;
    fn to_core(self) -> Self::Core;
}

macro_rules! enums {
    ($($guest:ident => $core:ty { $($from:ident => $to:ident,)* })*) => {$(
        impl ToCore for webgpu::$guest {
            type Core = $core;

            fn to_core(self) -> $core {
                match self {
                    $(Self::$from => <$core>::$to,)*
                }
            }
        }
    )*};
}

enums! {
    GpuErrorFilter => ErrorKind {
        Validation => Validation,
        OutOfMemory => OutOfMemory,
        Internal => Internal,
    }
    GpuTextureDimension => wgpu_types::TextureDimension {
        D1 => D1,
        D2 => D2,
        D3 => D3,
    }
    GpuTextureViewDimension => wgpu_types::TextureViewDimension {
        D1 => D1,
        D2 => D2,
        D2Array => D2Array,
        Cube => Cube,
        CubeArray => CubeArray,
        D3 => D3,
    }
    GpuTextureAspect => wgpu_types::TextureAspect {
        All => All,
        StencilOnly => StencilOnly,
        DepthOnly => DepthOnly,
    }
    GpuAddressMode => wgpu_types::AddressMode {
        ClampToEdge => ClampToEdge,
        Repeat => Repeat,
        MirrorRepeat => MirrorRepeat,
    }
    GpuFilterMode => wgpu_types::FilterMode {
        Nearest => Nearest,
        Linear => Linear,
    }
    GpuMipmapFilterMode => wgpu_types::MipmapFilterMode {
        Nearest => Nearest,
        Linear => Linear,
    }
    GpuCompareFunction => wgpu_types::CompareFunction {
        Never => Never,
        Less => Less,
        Equal => Equal,
        LessEqual => LessEqual,
        Greater => Greater,
        NotEqual => NotEqual,
        GreaterEqual => GreaterEqual,
        Always => Always,
    }
    GpuSamplerBindingType => wgpu_types::SamplerBindingType {
        Filtering => Filtering,
        NonFiltering => NonFiltering,
        Comparison => Comparison,
    }
    GpuStorageTextureAccess => wgpu_types::StorageTextureAccess {
        WriteOnly => WriteOnly,
        ReadOnly => ReadOnly,
        ReadWrite => ReadWrite,
    }
    GpuVertexStepMode => wgpu_types::VertexStepMode {
        Vertex => Vertex,
        Instance => Instance,
    }
    GpuPrimitiveTopology => wgpu_types::PrimitiveTopology {
        PointList => PointList,
        LineList => LineList,
        LineStrip => LineStrip,
        TriangleList => TriangleList,
        TriangleStrip => TriangleStrip,
    }
    GpuIndexFormat => wgpu_types::IndexFormat {
        Uint16 => Uint16,
        Uint32 => Uint32,
    }
    GpuFrontFace => wgpu_types::FrontFace {
        Ccw => Ccw,
        Cw => Cw,
    }
    GpuStencilOperation => wgpu_types::StencilOperation {
        Keep => Keep,
        Zero => Zero,
        Replace => Replace,
        Invert => Invert,
        IncrementClamp => IncrementClamp,
        DecrementClamp => DecrementClamp,
        IncrementWrap => IncrementWrap,
        DecrementWrap => DecrementWrap,
    }
    GpuBlendFactor => wgpu_types::BlendFactor {
        Zero => Zero,
        One => One,
        Src => Src,
        OneMinusSrc => OneMinusSrc,
        SrcAlpha => SrcAlpha,
        OneMinusSrcAlpha => OneMinusSrcAlpha,
        Dst => Dst,
        OneMinusDst => OneMinusDst,
        DstAlpha => DstAlpha,
        OneMinusDstAlpha => OneMinusDstAlpha,
        SrcAlphaSaturated => SrcAlphaSaturated,
        Constant => Constant,
        OneMinusConstant => OneMinusConstant,
        Src1 => Src1,
        OneMinusSrc1 => OneMinusSrc1,
        Src1Alpha => Src1Alpha,
        OneMinusSrc1Alpha => OneMinusSrc1Alpha,
    }
    GpuBlendOperation => wgpu_types::BlendOperation {
        Add => Add,
        Subtract => Subtract,
        ReverseSubtract => ReverseSubtract,
        Min => Min,
        Max => Max,
    }
    GpuVertexFormat => wgpu_types::VertexFormat {
        Uint8 => Uint8,
        Uint8x2 => Uint8x2,
        Uint8x4 => Uint8x4,
        Sint8 => Sint8,
        Sint8x2 => Sint8x2,
        Sint8x4 => Sint8x4,
        Unorm8 => Unorm8,
        Unorm8x2 => Unorm8x2,
        Unorm8x4 => Unorm8x4,
        Snorm8 => Snorm8,
        Snorm8x2 => Snorm8x2,
        Snorm8x4 => Snorm8x4,
        Uint16 => Uint16,
        Uint16x2 => Uint16x2,
        Uint16x4 => Uint16x4,
        Sint16 => Sint16,
        Sint16x2 => Sint16x2,
        Sint16x4 => Sint16x4,
        Unorm16 => Unorm16,
        Unorm16x2 => Unorm16x2,
        Unorm16x4 => Unorm16x4,
        Snorm16 => Snorm16,
        Snorm16x2 => Snorm16x2,
        Snorm16x4 => Snorm16x4,
        Float16 => Float16,
        Float16x2 => Float16x2,
        Float16x4 => Float16x4,
        Float32 => Float32,
        Float32x2 => Float32x2,
        Float32x3 => Float32x3,
        Float32x4 => Float32x4,
        Uint32 => Uint32,
        Uint32x2 => Uint32x2,
        Uint32x3 => Uint32x3,
        Uint32x4 => Uint32x4,
        Sint32 => Sint32,
        Sint32x2 => Sint32x2,
        Sint32x3 => Sint32x3,
        Sint32x4 => Sint32x4,
        Unorm1010102 => Unorm10_10_10_2,
        Unorm8x4Bgra => Unorm8x4Bgra,
    }
}

/// Formats of one size each, with wgpu's name of them.
macro_rules! formats {
    (plain { $($from:ident => $to:ident,)* } astc { $($astc:ident => $block:ident $channel:ident,)* }) => {
        impl ToCore for webgpu::GpuTextureFormat {
            type Core = wgpu_types::TextureFormat;

            fn to_core(self) -> wgpu_types::TextureFormat {
                use wgpu_types::{AstcBlock, AstcChannel, TextureFormat};
                match self {
                    $(Self::$from => TextureFormat::$to,)*
                    $(Self::$astc => TextureFormat::Astc {
                        block: AstcBlock::$block,
                        channel: AstcChannel::$channel,
                    },)*
                }
            }
        }
    };
}

formats! {
    plain {
        R8unorm => R8Unorm,
        R8snorm => R8Snorm,
        R8uint => R8Uint,
        R8sint => R8Sint,
        R16unorm => R16Unorm,
        R16snorm => R16Snorm,
        R16uint => R16Uint,
        R16sint => R16Sint,
        R16float => R16Float,
        Rg8unorm => Rg8Unorm,
        Rg8snorm => Rg8Snorm,
        Rg8uint => Rg8Uint,
        Rg8sint => Rg8Sint,
        R32uint => R32Uint,
        R32sint => R32Sint,
        R32float => R32Float,
        Rg16unorm => Rg16Unorm,
        Rg16snorm => Rg16Snorm,
        Rg16uint => Rg16Uint,
        Rg16sint => Rg16Sint,
        Rg16float => Rg16Float,
        Rgba8unorm => Rgba8Unorm,
        Rgba8unormSrgb => Rgba8UnormSrgb,
        Rgba8snorm => Rgba8Snorm,
        Rgba8uint => Rgba8Uint,
        Rgba8sint => Rgba8Sint,
        Bgra8unorm => Bgra8Unorm,
        Bgra8unormSrgb => Bgra8UnormSrgb,
        Rgb9e5ufloat => Rgb9e5Ufloat,
        Rgb10a2uint => Rgb10a2Uint,
        Rgb10a2unorm => Rgb10a2Unorm,
        Rg11b10ufloat => Rg11b10Ufloat,
        Rg32uint => Rg32Uint,
        Rg32sint => Rg32Sint,
        Rg32float => Rg32Float,
        Rgba16unorm => Rgba16Unorm,
        Rgba16snorm => Rgba16Snorm,
        Rgba16uint => Rgba16Uint,
        Rgba16sint => Rgba16Sint,
        Rgba16float => Rgba16Float,
        Rgba32uint => Rgba32Uint,
        Rgba32sint => Rgba32Sint,
        Rgba32float => Rgba32Float,
        Stencil8 => Stencil8,
        Depth16unorm => Depth16Unorm,
        Depth24plus => Depth24Plus,
        Depth24plusStencil8 => Depth24PlusStencil8,
        Depth32float => Depth32Float,
        Depth32floatStencil8 => Depth32FloatStencil8,
        Bc1RgbaUnorm => Bc1RgbaUnorm,
        Bc1RgbaUnormSrgb => Bc1RgbaUnormSrgb,
        Bc2RgbaUnorm => Bc2RgbaUnorm,
        Bc2RgbaUnormSrgb => Bc2RgbaUnormSrgb,
        Bc3RgbaUnorm => Bc3RgbaUnorm,
        Bc3RgbaUnormSrgb => Bc3RgbaUnormSrgb,
        Bc4RUnorm => Bc4RUnorm,
        Bc4RSnorm => Bc4RSnorm,
        Bc5RgUnorm => Bc5RgUnorm,
        Bc5RgSnorm => Bc5RgSnorm,
        Bc6hRgbUfloat => Bc6hRgbUfloat,
        Bc6hRgbFloat => Bc6hRgbFloat,
        Bc7RgbaUnorm => Bc7RgbaUnorm,
        Bc7RgbaUnormSrgb => Bc7RgbaUnormSrgb,
        Etc2Rgb8unorm => Etc2Rgb8Unorm,
        Etc2Rgb8unormSrgb => Etc2Rgb8UnormSrgb,
        Etc2Rgb8a1unorm => Etc2Rgb8A1Unorm,
        Etc2Rgb8a1unormSrgb => Etc2Rgb8A1UnormSrgb,
        Etc2Rgba8unorm => Etc2Rgba8Unorm,
        Etc2Rgba8unormSrgb => Etc2Rgba8UnormSrgb,
        EacR11unorm => EacR11Unorm,
        EacR11snorm => EacR11Snorm,
        EacRg11unorm => EacRg11Unorm,
        EacRg11snorm => EacRg11Snorm,
    }
    astc {
        Astc4x4Unorm => B4x4 Unorm,
        Astc4x4UnormSrgb => B4x4 UnormSrgb,
        Astc5x4Unorm => B5x4 Unorm,
        Astc5x4UnormSrgb => B5x4 UnormSrgb,
        Astc5x5Unorm => B5x5 Unorm,
        Astc5x5UnormSrgb => B5x5 UnormSrgb,
        Astc6x5Unorm => B6x5 Unorm,
        Astc6x5UnormSrgb => B6x5 UnormSrgb,
        Astc6x6Unorm => B6x6 Unorm,
        Astc6x6UnormSrgb => B6x6 UnormSrgb,
        Astc8x5Unorm => B8x5 Unorm,
        Astc8x5UnormSrgb => B8x5 UnormSrgb,
        Astc8x6Unorm => B8x6 Unorm,
        Astc8x6UnormSrgb => B8x6 UnormSrgb,
        Astc8x8Unorm => B8x8 Unorm,
        Astc8x8UnormSrgb => B8x8 UnormSrgb,
        Astc10x5Unorm => B10x5 Unorm,
        Astc10x5UnormSrgb => B10x5 UnormSrgb,
        Astc10x6Unorm => B10x6 Unorm,
        Astc10x6UnormSrgb => B10x6 UnormSrgb,
        Astc10x8Unorm => B10x8 Unorm,
        Astc10x8UnormSrgb => B10x8 UnormSrgb,
        Astc10x10Unorm => B10x10 Unorm,
        Astc10x10UnormSrgb => B10x10 UnormSrgb,
        Astc12x10Unorm => B12x10 Unorm,
        Astc12x10UnormSrgb => B12x10 UnormSrgb,
        Astc12x12Unorm => B12x12 Unorm,
        Astc12x12UnormSrgb => B12x12 UnormSrgb,
    }
}

macro_rules! flags {
    ($($guest:ident => $core:ty { $($from:ident => $to:ident,)* })*) => {$(
        impl ToCore for webgpu::$guest {
            type Core = $core;

            fn to_core(self) -> $core {
                let rows = [$((Self::$from, <$core>::$to),)*];
                let set = rows.into_iter().filter(|(from, _)| self.contains(*from));
                set.fold(<$core>::empty(), |all, (_, to)| all | to)
            }
        }
    )*};
}

flags! {
    GpuBufferUsage => wgpu_types::BufferUsages {
        MAP_READ => MAP_READ,
        MAP_WRITE => MAP_WRITE,
        COPY_SRC => COPY_SRC,
        COPY_DST => COPY_DST,
        INDEX => INDEX,
        VERTEX => VERTEX,
        UNIFORM => UNIFORM,
        STORAGE => STORAGE,
        INDIRECT => INDIRECT,
        QUERY_RESOLVE => QUERY_RESOLVE,
    }
    GpuTextureUsage => wgpu_types::TextureUsages {
        COPY_SRC => COPY_SRC,
        COPY_DST => COPY_DST,
        TEXTURE_BINDING => TEXTURE_BINDING,
        STORAGE_BINDING => STORAGE_BINDING,
        RENDER_ATTACHMENT => RENDER_ATTACHMENT,
        TRANSIENT_ATTACHMENT => TRANSIENT_ATTACHMENT,
    }
    GpuShaderStage => wgpu_types::ShaderStages {
        VERTEX => VERTEX,
        FRAGMENT => FRAGMENT,
        COMPUTE => COMPUTE,
    }
    GpuColorWrite => wgpu_types::ColorWrites {
        RED => RED,
        GREEN => GREEN,
        BLUE => BLUE,
        ALPHA => ALPHA,
        // A bit of its own in the interface, where WebGPU has a sum.
        ALL => ALL,
    }
}
