//! `wgpu`'s enums, flags and small records in the interface's terms: one row a variant.

use std::fmt::{self, Display};

use wardian_guest::webgpu;

/// A value of `wgpu` that the interface has a counterpart of.
pub(crate) trait ToGuest {
    type Guest;
    fn to_guest(self) -> Self::Guest;
}

/// A value of `wgpu` that the interface may have no counterpart of, since it lies outside WebGPU.
pub(crate) trait TryToGuest {
    type Guest;
    fn try_to_guest(self) -> Result<Self::Guest, Outside>;
}

/// Something that lies outside WebGPU, in words that end a sentence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Outside(String);

impl Outside {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl Display for Outside {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} is outside WebGPU, so a component cannot use it", self.0)
    }
}

macro_rules! enums {
    ($($core:ty => $guest:ident { $($from:ident => $to:ident,)* })*) => {$(
        impl ToGuest for $core {
            type Guest = webgpu::$guest;

            fn to_guest(self) -> webgpu::$guest {
                match self {
                    $(Self::$from => webgpu::$guest::$to,)*
                }
            }
        }
    )*};
}

enums! {
    wgpu::TextureDimension => GpuTextureDimension {
        D1 => D1,
        D2 => D2,
        D3 => D3,
    }
    wgpu::TextureViewDimension => GpuTextureViewDimension {
        D1 => D1,
        D2 => D2,
        D2Array => D2Array,
        Cube => Cube,
        CubeArray => CubeArray,
        D3 => D3,
    }
    wgpu::FilterMode => GpuFilterMode {
        Nearest => Nearest,
        Linear => Linear,
    }
    wgpu::MipmapFilterMode => GpuMipmapFilterMode {
        Nearest => Nearest,
        Linear => Linear,
    }
    wgpu::CompareFunction => GpuCompareFunction {
        Never => Never,
        Less => Less,
        Equal => Equal,
        LessEqual => LessEqual,
        Greater => Greater,
        NotEqual => NotEqual,
        GreaterEqual => GreaterEqual,
        Always => Always,
    }
    wgpu::SamplerBindingType => GpuSamplerBindingType {
        Filtering => Filtering,
        NonFiltering => NonFiltering,
        Comparison => Comparison,
    }
    wgpu::VertexStepMode => GpuVertexStepMode {
        Vertex => Vertex,
        Instance => Instance,
    }
    wgpu::PrimitiveTopology => GpuPrimitiveTopology {
        PointList => PointList,
        LineList => LineList,
        LineStrip => LineStrip,
        TriangleList => TriangleList,
        TriangleStrip => TriangleStrip,
    }
    wgpu::IndexFormat => GpuIndexFormat {
        Uint16 => Uint16,
        Uint32 => Uint32,
    }
    wgpu::FrontFace => GpuFrontFace {
        Ccw => Ccw,
        Cw => Cw,
    }
    wgpu::StencilOperation => GpuStencilOperation {
        Keep => Keep,
        Zero => Zero,
        Replace => Replace,
        Invert => Invert,
        IncrementClamp => IncrementClamp,
        DecrementClamp => DecrementClamp,
        IncrementWrap => IncrementWrap,
        DecrementWrap => DecrementWrap,
    }
    wgpu::BlendFactor => GpuBlendFactor {
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
    wgpu::BlendOperation => GpuBlendOperation {
        Add => Add,
        Subtract => Subtract,
        ReverseSubtract => ReverseSubtract,
        Min => Min,
        Max => Max,
    }
    wgpu::ErrorFilter => GpuErrorFilter {
        Validation => Validation,
        OutOfMemory => OutOfMemory,
        Internal => Internal,
    }
    wgpu::StoreOp => GpuStoreOp {
        Store => Store,
        Discard => Discard,
    }
}

macro_rules! partial_enums {
    ($($what:literal $core:ty => $guest:ident { $($from:ident => $to:ident,)* })*) => {$(
        impl TryToGuest for $core {
            type Guest = webgpu::$guest;

            fn try_to_guest(self) -> Result<webgpu::$guest, Outside> {
                Ok(match self {
                    $(Self::$from => webgpu::$guest::$to,)*
                    other => return Err(Outside::new(format!("the {} {other:?}", $what))),
                })
            }
        }
    )*};
}

partial_enums! {
    "storage texture access" wgpu::StorageTextureAccess => GpuStorageTextureAccess {
        WriteOnly => WriteOnly,
        ReadOnly => ReadOnly,
        ReadWrite => ReadWrite,
    }
    "texture aspect" wgpu::TextureAspect => GpuTextureAspect {
        All => All,
        StencilOnly => StencilOnly,
        DepthOnly => DepthOnly,
    }
    "address mode" wgpu::AddressMode => GpuAddressMode {
        ClampToEdge => ClampToEdge,
        Repeat => Repeat,
        MirrorRepeat => MirrorRepeat,
    }
    "vertex format" wgpu::VertexFormat => GpuVertexFormat {
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
        Unorm10_10_10_2 => Unorm1010102,
        Unorm8x4Bgra => Unorm8x4Bgra,
    }
}

/// Formats of one size each, with the interface's name of them.
macro_rules! formats {
    (plain { $($from:ident => $to:ident,)* } astc { $($block:ident $channel:ident => $astc:ident,)* }) => {
        impl TryToGuest for wgpu::TextureFormat {
            type Guest = webgpu::GpuTextureFormat;

            fn try_to_guest(self) -> Result<webgpu::GpuTextureFormat, Outside> {
                use wgpu::{AstcBlock, AstcChannel};
                Ok(match self {
                    $(Self::$from => webgpu::GpuTextureFormat::$to,)*
                    $(Self::Astc { block: AstcBlock::$block, channel: AstcChannel::$channel } => {
                        webgpu::GpuTextureFormat::$astc
                    })*
                    other => return Err(Outside::new(format!("the texture format {other:?}"))),
                })
            }
        }
    };
}

formats! {
    plain {
        R8Unorm => R8unorm,
        R8Snorm => R8snorm,
        R8Uint => R8uint,
        R8Sint => R8sint,
        R16Unorm => R16unorm,
        R16Snorm => R16snorm,
        R16Uint => R16uint,
        R16Sint => R16sint,
        R16Float => R16float,
        Rg8Unorm => Rg8unorm,
        Rg8Snorm => Rg8snorm,
        Rg8Uint => Rg8uint,
        Rg8Sint => Rg8sint,
        R32Uint => R32uint,
        R32Sint => R32sint,
        R32Float => R32float,
        Rg16Unorm => Rg16unorm,
        Rg16Snorm => Rg16snorm,
        Rg16Uint => Rg16uint,
        Rg16Sint => Rg16sint,
        Rg16Float => Rg16float,
        Rgba8Unorm => Rgba8unorm,
        Rgba8UnormSrgb => Rgba8unormSrgb,
        Rgba8Snorm => Rgba8snorm,
        Rgba8Uint => Rgba8uint,
        Rgba8Sint => Rgba8sint,
        Bgra8Unorm => Bgra8unorm,
        Bgra8UnormSrgb => Bgra8unormSrgb,
        Rgb9e5Ufloat => Rgb9e5ufloat,
        Rgb10a2Uint => Rgb10a2uint,
        Rgb10a2Unorm => Rgb10a2unorm,
        Rg11b10Ufloat => Rg11b10ufloat,
        Rg32Uint => Rg32uint,
        Rg32Sint => Rg32sint,
        Rg32Float => Rg32float,
        Rgba16Unorm => Rgba16unorm,
        Rgba16Snorm => Rgba16snorm,
        Rgba16Uint => Rgba16uint,
        Rgba16Sint => Rgba16sint,
        Rgba16Float => Rgba16float,
        Rgba32Uint => Rgba32uint,
        Rgba32Sint => Rgba32sint,
        Rgba32Float => Rgba32float,
        Stencil8 => Stencil8,
        Depth16Unorm => Depth16unorm,
        Depth24Plus => Depth24plus,
        Depth24PlusStencil8 => Depth24plusStencil8,
        Depth32Float => Depth32float,
        Depth32FloatStencil8 => Depth32floatStencil8,
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
        Etc2Rgb8Unorm => Etc2Rgb8unorm,
        Etc2Rgb8UnormSrgb => Etc2Rgb8unormSrgb,
        Etc2Rgb8A1Unorm => Etc2Rgb8a1unorm,
        Etc2Rgb8A1UnormSrgb => Etc2Rgb8a1unormSrgb,
        Etc2Rgba8Unorm => Etc2Rgba8unorm,
        Etc2Rgba8UnormSrgb => Etc2Rgba8unormSrgb,
        EacR11Unorm => EacR11unorm,
        EacR11Snorm => EacR11snorm,
        EacRg11Unorm => EacRg11unorm,
        EacRg11Snorm => EacRg11snorm,
    }
    astc {
        B4x4 Unorm => Astc4x4Unorm,
        B4x4 UnormSrgb => Astc4x4UnormSrgb,
        B5x4 Unorm => Astc5x4Unorm,
        B5x4 UnormSrgb => Astc5x4UnormSrgb,
        B5x5 Unorm => Astc5x5Unorm,
        B5x5 UnormSrgb => Astc5x5UnormSrgb,
        B6x5 Unorm => Astc6x5Unorm,
        B6x5 UnormSrgb => Astc6x5UnormSrgb,
        B6x6 Unorm => Astc6x6Unorm,
        B6x6 UnormSrgb => Astc6x6UnormSrgb,
        B8x5 Unorm => Astc8x5Unorm,
        B8x5 UnormSrgb => Astc8x5UnormSrgb,
        B8x6 Unorm => Astc8x6Unorm,
        B8x6 UnormSrgb => Astc8x6UnormSrgb,
        B8x8 Unorm => Astc8x8Unorm,
        B8x8 UnormSrgb => Astc8x8UnormSrgb,
        B10x5 Unorm => Astc10x5Unorm,
        B10x5 UnormSrgb => Astc10x5UnormSrgb,
        B10x6 Unorm => Astc10x6Unorm,
        B10x6 UnormSrgb => Astc10x6UnormSrgb,
        B10x8 Unorm => Astc10x8Unorm,
        B10x8 UnormSrgb => Astc10x8UnormSrgb,
        B10x10 Unorm => Astc10x10Unorm,
        B10x10 UnormSrgb => Astc10x10UnormSrgb,
        B12x10 Unorm => Astc12x10Unorm,
        B12x10 UnormSrgb => Astc12x10UnormSrgb,
        B12x12 Unorm => Astc12x12Unorm,
        B12x12 UnormSrgb => Astc12x12UnormSrgb,
    }
}

macro_rules! flags {
    ($($core:ty => $guest:ident { $($flag:ident,)* })*) => {$(
        impl ToGuest for $core {
            type Guest = webgpu::$guest;

            /// Bits that the interface does not know are left out: only `wgpu`'s own features name such.
            fn to_guest(self) -> webgpu::$guest {
                let rows = [$((Self::$flag, webgpu::$guest::$flag),)*];
                let set = rows.into_iter().filter(|(from, _)| self.contains(*from));
                set.fold(webgpu::$guest::empty(), |all, (_, to)| all | to)
            }
        }
    )*};
}

flags! {
    wgpu::BufferUsages => GpuBufferUsage {
        MAP_READ, MAP_WRITE, COPY_SRC, COPY_DST, INDEX, VERTEX, UNIFORM, STORAGE, INDIRECT, QUERY_RESOLVE,
    }
    wgpu::TextureUsages => GpuTextureUsage {
        COPY_SRC, COPY_DST, TEXTURE_BINDING, STORAGE_BINDING, RENDER_ATTACHMENT, TRANSIENT_ATTACHMENT,
    }
    wgpu::ShaderStages => GpuShaderStage { VERTEX, FRAGMENT, COMPUTE, }
    wgpu::ColorWrites => GpuColorWrite { RED, GREEN, BLUE, ALPHA, }
}

impl ToGuest for wgpu::TextureSampleType {
    type Guest = webgpu::GpuTextureSampleType;

    fn to_guest(self) -> webgpu::GpuTextureSampleType {
        match self {
            Self::Float { filterable: true } => webgpu::GpuTextureSampleType::Float,
            Self::Float { filterable: false } => webgpu::GpuTextureSampleType::UnfilterableFloat,
            Self::Depth => webgpu::GpuTextureSampleType::Depth,
            Self::Sint => webgpu::GpuTextureSampleType::Sint,
            Self::Uint => webgpu::GpuTextureSampleType::Uint,
        }
    }
}

impl ToGuest for Option<wgpu::Face> {
    type Guest = webgpu::GpuCullMode;

    fn to_guest(self) -> webgpu::GpuCullMode {
        match self {
            None => webgpu::GpuCullMode::None,
            Some(wgpu::Face::Front) => webgpu::GpuCullMode::Front,
            Some(wgpu::Face::Back) => webgpu::GpuCullMode::Back,
        }
    }
}

impl ToGuest for wgpu::Extent3d {
    type Guest = webgpu::GpuExtent3D;

    fn to_guest(self) -> webgpu::GpuExtent3D {
        webgpu::GpuExtent3D {
            width: self.width,
            height: Some(self.height),
            depth_or_array_layers: Some(self.depth_or_array_layers),
        }
    }
}

impl ToGuest for wgpu::Origin3d {
    type Guest = webgpu::GpuOrigin3D;

    fn to_guest(self) -> webgpu::GpuOrigin3D {
        webgpu::GpuOrigin3D { x: Some(self.x), y: Some(self.y), z: Some(self.z) }
    }
}

impl ToGuest for wgpu::Color {
    type Guest = webgpu::GpuColor;

    fn to_guest(self) -> webgpu::GpuColor {
        webgpu::GpuColor { r: self.r, g: self.g, b: self.b, a: self.a }
    }
}

impl ToGuest for wgpu::StencilFaceState {
    type Guest = webgpu::GpuStencilFaceState;

    fn to_guest(self) -> webgpu::GpuStencilFaceState {
        webgpu::GpuStencilFaceState {
            compare: Some(self.compare.to_guest()),
            fail_op: Some(self.fail_op.to_guest()),
            depth_fail_op: Some(self.depth_fail_op.to_guest()),
            pass_op: Some(self.pass_op.to_guest()),
        }
    }
}

impl ToGuest for wgpu::BlendComponent {
    type Guest = webgpu::GpuBlendComponent;

    fn to_guest(self) -> webgpu::GpuBlendComponent {
        webgpu::GpuBlendComponent {
            operation: Some(self.operation.to_guest()),
            src_factor: Some(self.src_factor.to_guest()),
            dst_factor: Some(self.dst_factor.to_guest()),
        }
    }
}

impl ToGuest for wgpu::BlendState {
    type Guest = webgpu::GpuBlendState;

    fn to_guest(self) -> webgpu::GpuBlendState {
        webgpu::GpuBlendState { color: self.color.to_guest(), alpha: self.alpha.to_guest() }
    }
}

/// A label as the interface takes it.
pub(crate) fn label(label: wgpu::Label<'_>) -> Option<String> {
    label.map(str::to_owned)
}
