//! Features, limits and descriptions of adapters and devices, in `wgpu`'s terms and back.

use wardian_guest::webgpu::{
    GpuAdapterInfo, GpuFeatureName, GpuSupportedFeatures, GpuSupportedLimits, RecordOptionGpuSize64,
};
use wardian_guest::{FEATURES, feature_name};

use crate::convert::Outside;

/// `wgpu`'s name of a feature of WebGPU; none for those that `wgpu` has without a name, or not at all.
const fn bit(feature: GpuFeatureName) -> Option<wgpu::Features> {
    Some(match feature {
        GpuFeatureName::DepthClipControl => wgpu::Features::DEPTH_CLIP_CONTROL,
        GpuFeatureName::Depth32floatStencil8 => wgpu::Features::DEPTH32FLOAT_STENCIL8,
        GpuFeatureName::TextureCompressionBc => wgpu::Features::TEXTURE_COMPRESSION_BC,
        GpuFeatureName::TextureCompressionBcSliced3d => wgpu::Features::TEXTURE_COMPRESSION_BC_SLICED_3D,
        GpuFeatureName::TextureCompressionEtc2 => wgpu::Features::TEXTURE_COMPRESSION_ETC2,
        GpuFeatureName::TextureCompressionAstc => wgpu::Features::TEXTURE_COMPRESSION_ASTC,
        GpuFeatureName::TextureCompressionAstcSliced3d => wgpu::Features::TEXTURE_COMPRESSION_ASTC_SLICED_3D,
        GpuFeatureName::TimestampQuery => wgpu::Features::TIMESTAMP_QUERY,
        GpuFeatureName::IndirectFirstInstance => wgpu::Features::INDIRECT_FIRST_INSTANCE,
        GpuFeatureName::ShaderF16 => wgpu::Features::SHADER_F16,
        GpuFeatureName::Rg11b10ufloatRenderable => wgpu::Features::RG11B10UFLOAT_RENDERABLE,
        GpuFeatureName::Bgra8unormStorage => wgpu::Features::BGRA8UNORM_STORAGE,
        GpuFeatureName::Float32Filterable => wgpu::Features::FLOAT32_FILTERABLE,
        GpuFeatureName::Float32Blendable => wgpu::Features::FLOAT32_BLENDABLE,
        GpuFeatureName::ClipDistances => wgpu::Features::CLIP_DISTANCES,
        GpuFeatureName::DualSourceBlending => wgpu::Features::DUAL_SOURCE_BLENDING,
        GpuFeatureName::Subgroups => wgpu::Features::SUBGROUP,
        GpuFeatureName::PrimitiveIndex => wgpu::Features::PRIMITIVE_INDEX,
        GpuFeatureName::CoreFeaturesAndLimits
        | GpuFeatureName::TextureFormatsTier1
        | GpuFeatureName::TextureFormatsTier2
        | GpuFeatureName::TextureComponentSwizzle => return None,
    })
}

fn bits() -> impl Iterator<Item = (GpuFeatureName, wgpu::Features)> {
    FEATURES.iter().filter_map(|feature| Some((*feature, bit(*feature)?)))
}

/// What an adapter offers or a device has.
///
/// Immediates are a feature in `wgpu` and only a limit in WebGPU.
pub(crate) fn features(features: &GpuSupportedFeatures, limits: &wgpu::Limits) -> wgpu::Features {
    let immediates = if limits.max_immediate_size > 0 { wgpu::Features::IMMEDIATES } else { wgpu::Features::empty() };
    bits().filter(|(feature, _)| features.has(feature_name(*feature))).fold(immediates, |all, (_, bit)| all | bit)
}

/// The features that a device asks for.
///
/// # Errors
///
/// When one of them lies outside WebGPU.
pub(crate) fn required_features(asked: wgpu::Features) -> Result<Vec<GpuFeatureName>, Outside> {
    let known = bits().fold(wgpu::Features::IMMEDIATES, |all, (_, bit)| all | bit);
    let unknown = asked - known;
    if !unknown.is_empty() {
        let names: Vec<_> = unknown.iter_names().map(|(name, _)| name).collect();
        return Err(Outside::new(format!("the feature {}", names.join(" | "))));
    }
    Ok(bits().filter(|(_, bit)| asked.contains(*bit)).map(|(feature, _)| feature).collect())
}

macro_rules! limits {
    ($($name:literal, $getter:ident, $core:ident, $type:ident, $default:literal;)*) => {
        /// All limits, those of `wgpu` alone at their defaults.
        pub(crate) fn limits(limits: &GpuSupportedLimits) -> wgpu::Limits {
            let mut all = outside_webgpu();
            $(read(&mut all.$core, limits.$getter(), $name);)*
            all
        }

        /// The limits that a device asks for.
        ///
        /// # Errors
        ///
        /// When more is asked of what lies outside WebGPU than a device has unasked.
        pub(crate) fn required_limits(asked: &wgpu::Limits) -> Result<RecordOptionGpuSize64, Outside> {
            let mut outside = asked.clone();
            let none = outside_webgpu();
            $(outside.$core = none.$core;)*
            if let Some(name) = first_above(&outside, &none) {
                return Err(Outside::new(format!("the limit {name}")));
            }
            let record = RecordOptionGpuSize64::new();
            $(if is_own($name) { record.add($name, Some(u64::from(asked.$core))); })*
            Ok(record)
        }
    };
}

wardian_tables::limits!(limits);

/// Whether a limit has a field of its own in `wgpu`. The limits of vertex and fragment stages share that of all stages,
/// which stays the smallest of them.
fn is_own(name: &str) -> bool {
    !name.ends_with("InVertexStage") && !name.ends_with("InFragmentStage")
}

fn read<T: Ord>(field: &mut T, value: T, name: &str) {
    if is_own(name) || value < *field {
        *field = value;
    }
}

/// What a device has that asks for nothing outside WebGPU.
fn outside_webgpu() -> wgpu::Limits {
    wgpu::Limits::default()
}

/// The first limit in which `asked` is above `offered`.
fn first_above(asked: &wgpu::Limits, offered: &wgpu::Limits) -> Option<&'static str> {
    let mut first = None;
    asked.check_limits_with_fail_fn(offered, false, |name, _, _| {
        first.get_or_insert(name);
    });
    first
}

/// An adapter in words. `wgpu` knows adapters by numbers that WebGPU hides, so these are 0.
pub(crate) fn adapter_info(info: &GpuAdapterInfo) -> wgpu::AdapterInfo {
    let kind = if info.is_fallback_adapter() { wgpu::DeviceType::Cpu } else { wgpu::DeviceType::Other };
    let mut all = wgpu::AdapterInfo::new(kind, wgpu::Backend::BrowserWebGpu);
    let words = [info.vendor(), info.architecture(), info.device()];
    let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
    all.driver = "wasi:webgpu".to_owned();
    all.driver_info = words.join(" ");
    all.name = if info.description().is_empty() { all.driver_info.clone() } else { info.description() };
    all.subgroup_min_size = info.subgroup_min_size();
    all.subgroup_max_size = info.subgroup_max_size();
    all
}
