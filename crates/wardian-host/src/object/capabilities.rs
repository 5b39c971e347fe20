//! `gpu-supported-features` and `gpu-supported-limits`: what an adapter offers, and what a device was given.

use std::collections::{BTreeMap, BTreeSet};

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::Resource;

use crate::ctx::GpuCtxView;
use crate::table::{Table, dropped, stands_behind};

stands_behind! {
    Features => webgpu::GpuSupportedFeatures,
    Limits => webgpu::GpuSupportedLimits,
}

/// A set of WebGPU's features.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Features(wgpu_types::Features);

impl Features {
    /// What an adapter offers, less what it is denied. What `wgpu` has beyond WebGPU is not among it.
    pub(crate) fn of_adapter(offered: wgpu_types::Features, denied: &BTreeSet<String>) -> Self {
        let names = FEATURES.iter().filter(|(_, name)| !denied.contains(*name));
        let wanted =
            names.filter_map(|(feature, _)| bit(*feature)).fold(wgpu_types::Features::IMMEDIATES, |all, bit| all | bit);
        Self(offered & wanted)
    }

    /// The features that a device is to have: those asked for, and what they bring with them.
    ///
    /// # Errors
    ///
    /// The name of a feature that is not on offer.
    pub(crate) fn requested(self, names: &[webgpu::GpuFeatureName]) -> Result<Self, &'static str> {
        // Immediates are a limit in WebGPU, and a feature in `wgpu`.
        let mut features = self.0 & wgpu_types::Features::IMMEDIATES;
        for feature in names {
            if *feature == webgpu::GpuFeatureName::CoreFeaturesAndLimits {
                continue;
            }
            let bit = bit(*feature).filter(|bit| self.0.contains(*bit)).ok_or_else(|| feature_name(*feature))?;
            features |= bit | implied(bit);
        }
        Ok(Self(features))
    }

    pub(crate) fn has(self, feature: webgpu::GpuFeatureName) -> bool {
        feature == webgpu::GpuFeatureName::CoreFeaturesAndLimits || bit(feature).is_some_and(|bit| self.0.contains(bit))
    }

    /// WebGPU's names of these features.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        FEATURES.iter().filter(move |(feature, _)| self.has(*feature)).map(|(_, name)| *name)
    }

    pub(crate) const fn core(self) -> wgpu_types::Features {
        self.0
    }
}

/// The feature of `wgpu` that is this one; none where it has none, so that no adapter can offer it.
const fn bit(feature: webgpu::GpuFeatureName) -> Option<wgpu_types::Features> {
    use webgpu::GpuFeatureName as Name;
    use wgpu_types::Features as Core;
    Some(match feature {
        // The first is there always and needs no bit; of the others `wgpu` knows nothing yet.
        Name::CoreFeaturesAndLimits
        | Name::TextureFormatsTier1
        | Name::TextureFormatsTier2
        | Name::TextureComponentSwizzle => return None,
        Name::DepthClipControl => Core::DEPTH_CLIP_CONTROL,
        Name::Depth32floatStencil8 => Core::DEPTH32FLOAT_STENCIL8,
        Name::TextureCompressionBc => Core::TEXTURE_COMPRESSION_BC,
        Name::TextureCompressionBcSliced3d => Core::TEXTURE_COMPRESSION_BC_SLICED_3D,
        Name::TextureCompressionEtc2 => Core::TEXTURE_COMPRESSION_ETC2,
        Name::TextureCompressionAstc => Core::TEXTURE_COMPRESSION_ASTC,
        Name::TextureCompressionAstcSliced3d => Core::TEXTURE_COMPRESSION_ASTC_SLICED_3D,
        Name::TimestampQuery => Core::TIMESTAMP_QUERY,
        Name::IndirectFirstInstance => Core::INDIRECT_FIRST_INSTANCE,
        Name::ShaderF16 => Core::SHADER_F16,
        Name::Rg11b10ufloatRenderable => Core::RG11B10UFLOAT_RENDERABLE,
        Name::Bgra8unormStorage => Core::BGRA8UNORM_STORAGE,
        Name::Float32Filterable => Core::FLOAT32_FILTERABLE,
        Name::Float32Blendable => Core::FLOAT32_BLENDABLE,
        Name::ClipDistances => Core::CLIP_DISTANCES,
        Name::DualSourceBlending => Core::DUAL_SOURCE_BLENDING,
        Name::Subgroups => Core::SUBGROUP,
        Name::PrimitiveIndex => Core::PRIMITIVE_INDEX,
    })
}

/// What a feature brings with it. <https://www.w3.org/TR/webgpu/#enumdef-gpufeaturename>
fn implied(feature: wgpu_types::Features) -> wgpu_types::Features {
    use wgpu_types::Features as Core;
    match feature {
        Core::TEXTURE_COMPRESSION_BC_SLICED_3D => Core::TEXTURE_COMPRESSION_BC,
        Core::TEXTURE_COMPRESSION_ASTC_SLICED_3D => Core::TEXTURE_COMPRESSION_ASTC,
        _ => Core::empty(),
    }
}

macro_rules! features {
    ($($feature:ident => $name:literal,)*) => {
        /// All features, with WebGPU's names.
        const FEATURES: &[(webgpu::GpuFeatureName, &str)] = &[$((webgpu::GpuFeatureName::$feature, $name),)*];

        pub(crate) const fn feature_name(feature: webgpu::GpuFeatureName) -> &'static str {
            match feature {
                $(webgpu::GpuFeatureName::$feature => $name,)*
            }
        }
    };
}
wardian_tables::features!(features);

/// WebGPU's names of the features that a device may lack.
pub(crate) fn deniable_features() -> impl Iterator<Item = &'static str> {
    let optional = |feature: &webgpu::GpuFeatureName| *feature != webgpu::GpuFeatureName::CoreFeaturesAndLimits;
    FEATURES.iter().filter(move |(feature, _)| optional(feature)).map(|(_, name)| *name)
}

/// WebGPU's names of all limits.
pub(crate) fn limit_names() -> impl Iterator<Item = &'static str> {
    LIMIT_NAMES.iter().copied()
}

/// More than any of WebGPU's programs use, and few enough that a guest can't make the host's checks slow: some software
/// drivers offer a million.
const CEILINGS: &[(&str, u64)] = &[
    ("maxBindGroups", 8),
    ("maxBindGroupsPlusVertexBuffers", 32),
    ("maxBindingsPerBindGroup", 1000),
    ("maxDynamicUniformBuffersPerPipelineLayout", 16),
    ("maxDynamicStorageBuffersPerPipelineLayout", 16),
    ("maxSampledTexturesPerShaderStage", 64),
    ("maxSamplersPerShaderStage", 32),
    ("maxStorageBuffersPerShaderStage", 32),
    ("maxStorageBuffersInVertexStage", 32),
    ("maxStorageBuffersInFragmentStage", 32),
    ("maxStorageTexturesPerShaderStage", 32),
    ("maxStorageTexturesInVertexStage", 32),
    ("maxStorageTexturesInFragmentStage", 32),
    ("maxUniformBuffersPerShaderStage", 32),
    ("maxVertexBuffers", 16),
    ("maxVertexAttributes", 32),
    ("maxColorAttachments", 8),
    ("maxInterStageShaderVariables", 32),
    // `wgpu-core` and `naga` count immediates in 64 words.
    ("maxImmediateSize", 256),
];

/// Limits of which `wgpu` has only the one for any stage.
fn is_of_one_stage(name: &str) -> bool {
    name.ends_with("InVertexStage") || name.ends_with("InFragmentStage")
}

/// Whether less is better, as it is for alignments.
fn is_alignment(name: &str) -> bool {
    name.starts_with("min")
}

/// The better of two values of a limit.
fn better(name: &str, one: u64, other: u64) -> u64 {
    if is_alignment(name) { one.min(other) } else { one.max(other) }
}

/// The worse of two values of a limit.
fn worse(name: &str, one: u64, other: u64) -> u64 {
    if is_alignment(name) { one.max(other) } else { one.min(other) }
}

/// A limit's value in the type that it has elsewhere.
trait Narrow {
    fn narrow(value: u64) -> Self;
}

impl Narrow for u32 {
    fn narrow(value: u64) -> Self {
        Self::try_from(value).unwrap_or(Self::MAX)
    }
}

impl Narrow for u64 {
    fn narrow(value: u64) -> Self {
        value
    }
}

macro_rules! limits {
    ($($name:literal, $getter:ident, $core:ident, $type:ident, $default:literal;)*) => {
        const LIMIT_NAMES: &[&str] = &[$($name),*];

        /// WebGPU's limits.
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub(crate) struct Limits {
            $(pub(crate) $getter: u64,)*
        }

        impl Limits {
            /// What an adapter offers: what it has, up to our ceilings and the embedder's, which never go below the
            /// default where the adapter has that.
            pub(crate) fn of_adapter(
                offered: wgpu_types::Limits,
                features: wgpu_types::Features,
                ceilings: &BTreeMap<String, u64>,
            ) -> Self {
                let mut limits = Self { $($getter: u64::from(offered.$core),)* };
                if !features.contains(wgpu_types::Features::IMMEDIATES) {
                    limits.max_immediate_size = 0;
                }
                let own = |name: &str| CEILINGS.iter().find(|(limit, _)| *limit == name).map(|(_, ceiling)| *ceiling);
                $(
                    for ceiling in [own($name), ceilings.get($name).copied()].into_iter().flatten() {
                        limits.$getter = worse($name, limits.$getter, better($name, ceiling, $default));
                    }
                )*
                limits.tie_stages(u64::min);
                limits
            }

            /// What a device has that asked an adapter with these limits for nothing.
            fn defaults(&self) -> Self {
                Self { $($getter: worse($name, $default, self.$getter),)* }
            }

            /// All limits, with WebGPU's names.
            pub(crate) fn entries(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
                [$(($name, self.$getter),)*].into_iter()
            }

            fn by_name(&mut self, name: &str) -> Option<&mut u64> {
                match name {
                    $($name => Some(&mut self.$getter),)*
                    _ => None,
                }
            }

            /// What to ask `wgpu-core` for: WebGPU's limits, and of its own only what it gives everybody.
            pub(crate) fn to_core(&self) -> wgpu_types::Limits {
                let mut core = wgpu_types::Limits::default();
                $(if !is_of_one_stage($name) {
                    core.$core = Narrow::narrow(self.$getter);
                })*
                // One of its own that WebGPU has not: what the others allow must fit into it.
                let buffers = [core.max_uniform_buffers_per_shader_stage, core.max_storage_buffers_per_shader_stage];
                let buffers = buffers.into_iter().fold(core.max_vertex_buffers, u32::saturating_add);
                core.max_buffers_and_acceleration_structures_per_shader_stage =
                    core.max_buffers_and_acceleration_structures_per_shader_stage.max(buffers);
                core
            }
        }

        impl webgpu::HostGpuSupportedLimits for GpuCtxView<'_> {
            $(
                fn $getter(&mut self, limits: Resource<webgpu::GpuSupportedLimits>) -> wasmtime::Result<$type> {
                    Ok(Narrow::narrow(self.table.object(&limits)?.$getter))
                }
            )*

            dropped!(webgpu::GpuSupportedLimits);
        }
    };
}
wardian_tables::limits!(limits);

impl Limits {
    /// The limits that a device of an adapter with these limits is to have: the defaults, or better where asked for.
    ///
    /// <https://www.w3.org/TR/webgpu/#dom-gpuadapter-requestdevice>
    ///
    /// # Errors
    ///
    /// What is wrong with one of the wishes.
    pub(crate) fn requested<'a>(
        &self,
        wishes: impl IntoIterator<Item = (&'a str, Option<u64>)>,
    ) -> Result<Self, String> {
        let mut offered = self.clone();
        let mut limits = self.defaults();
        for (name, value) in wishes {
            // Absent means: whatever the default is. There need not even be such a limit.
            let Some(value) = value else { continue };
            let Some(limit) = limits.by_name(name) else {
                return Err(format!("there is no limit named {name:?}"));
            };
            let offer = offered.by_name(name).map_or(0, |offer| *offer);
            if is_alignment(name) && (!value.is_power_of_two() || value > u64::from(u32::MAX)) {
                return Err(format!("{name} must be a power of two below 2^32, but {value} came"));
            }
            if better(name, value, offer) != offer {
                let bound = if is_alignment(name) { "at least" } else { "at most" };
                return Err(format!("{name} can be {bound} {offer} on this adapter, but {value} came"));
            }
            *limit = better(name, value, *limit);
        }
        limits.tie_stages(u64::max);
        Ok(limits)
    }

    /// Makes the limits of single stages and the one of any stage the same. They differ only in WebGPU's compatibility
    /// mode; elsewhere a component that asked for more in any stage has that in each.
    ///
    /// <https://www.w3.org/TR/webgpu/#a-new-device>
    fn tie_stages(&mut self, choose: fn(u64, u64) -> u64) {
        let tied = [
            [
                &mut self.max_storage_buffers_per_shader_stage,
                &mut self.max_storage_buffers_in_vertex_stage,
                &mut self.max_storage_buffers_in_fragment_stage,
            ],
            [
                &mut self.max_storage_textures_per_shader_stage,
                &mut self.max_storage_textures_in_vertex_stage,
                &mut self.max_storage_textures_in_fragment_stage,
            ],
        ];
        for [any, vertex, fragment] in tied {
            *any = choose(*any, choose(*vertex, *fragment));
            (*vertex, *fragment) = (*any, *any);
        }
    }
}

impl webgpu::HostGpuSupportedFeatures for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#gpusupportedfeatures>
    fn has(&mut self, features: Resource<webgpu::GpuSupportedFeatures>, value: String) -> wasmtime::Result<bool> {
        let features = *self.table.object(&features)?;
        Ok(features.names().any(|name| name == value))
    }

    dropped!(webgpu::GpuSupportedFeatures);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter() -> Limits {
        let offered = wgpu_types::Limits {
            max_bind_groups: 8,
            max_samplers_per_shader_stage: 1_000_000,
            min_uniform_buffer_offset_alignment: 64,
            max_immediate_size: 128,
            ..wgpu_types::Limits::default()
        };
        Limits::of_adapter(offered, wgpu_types::Features::IMMEDIATES, &BTreeMap::from([("maxBindGroups".into(), 6)]))
    }

    #[test]
    fn an_adapter_shows_no_more_than_the_ceilings() {
        let limits = adapter();
        assert_eq!(limits.max_samplers_per_shader_stage, 32, "our ceiling");
        assert_eq!(limits.max_bind_groups, 6, "the embedder's ceiling");
        let low = BTreeMap::from([("maxBindGroups".into(), 1)]);
        let limits = Limits::of_adapter(wgpu_types::Limits::default(), wgpu_types::Features::empty(), &low);
        assert_eq!(limits.max_bind_groups, 4, "no ceiling goes below the default");
        assert_eq!(limits.max_immediate_size, 0, "no immediates without the feature");
    }

    #[test]
    fn a_device_has_defaults_or_what_was_asked_for() {
        let adapter = adapter();
        let limits = adapter.requested([]).expect("nothing was asked for");
        assert_eq!(limits.max_bind_groups, 4, "the default");
        assert_eq!(limits.min_uniform_buffer_offset_alignment, 256, "the default of an alignment");
        let wishes = [
            ("maxBindGroups", Some(5)),
            ("minUniformBufferOffsetAlignment", Some(128)),
            ("maxSamplersPerShaderStage", Some(2)),
        ];
        let limits = adapter.requested(wishes).expect("all of it is on offer");
        assert_eq!(limits.max_bind_groups, 5, "what was asked for");
        assert_eq!(limits.min_uniform_buffer_offset_alignment, 128, "a better alignment");
        assert_eq!(limits.max_samplers_per_shader_stage, 16, "worse than the default is the default");
        assert_eq!(limits.to_core().max_bind_groups, 5, "what wgpu-core is asked for");
    }

    #[test]
    fn the_limits_of_single_stages_are_those_of_any() {
        let offered = wgpu_types::Limits { max_storage_buffers_per_shader_stage: 30, ..wgpu_types::Limits::default() };
        let ceilings = BTreeMap::from([("maxStorageBuffersInVertexStage".into(), 20)]);
        let adapter = Limits::of_adapter(offered, wgpu_types::Features::empty(), &ceilings);
        let of = |limits: &Limits| {
            [
                limits.max_storage_buffers_per_shader_stage,
                limits.max_storage_buffers_in_vertex_stage,
                limits.max_storage_buffers_in_fragment_stage,
            ]
        };
        assert_eq!(of(&adapter), [20; 3], "an adapter whose embedder has a ceiling for one stage");
        for name in ["maxStorageBuffersPerShaderStage", "maxStorageBuffersInFragmentStage"] {
            let limits = adapter.requested([(name, Some(12))]).expect("it is on offer");
            assert_eq!(of(&limits), [12; 3], "a device that asked for {name}");
        }
        assert_eq!(of(&adapter.requested([]).expect("nothing was asked for")), [8; 3], "the default");
    }

    #[test]
    fn wrong_wishes_are_told_apart() {
        let adapter = adapter();
        let wrong = |name, value| adapter.requested([(name, Some(value))]).expect_err("a wrong wish");
        assert!(wrong("maxBindgroups", 1).contains("no limit named"), "an unknown name");
        assert!(wrong("maxBindGroups", 7).contains("at most 6"), "better than the adapter");
        assert!(wrong("maxBindGroups", u64::MAX).contains("at most 6"), "beyond 32 bits");
        assert!(
            wrong("minUniformBufferOffsetAlignment", 32).contains("at least 64"),
            "a better alignment than there is"
        );
        assert!(wrong("minUniformBufferOffsetAlignment", 100).contains("power of two"), "no power of two");
        assert!(adapter.requested([("maxBindgroups", None)]).is_ok(), "an unknown name without a value is no wish");
        assert!(adapter.requested([("maxBindGroups", None)]).is_ok(), "no value is no wish");
    }

    #[test]
    fn features_are_exactly_what_was_asked_for() {
        use webgpu::GpuFeatureName as Name;
        let offered = wgpu_types::Features::all();
        let adapter = Features::of_adapter(offered, &BTreeSet::from(["shader-f16".to_owned()]));
        assert!(!adapter.has(Name::ShaderF16), "denied");
        assert!(!adapter.has(Name::TextureFormatsTier1), "unknown to wgpu");
        let device = adapter.requested(&[Name::TextureCompressionBcSliced3d]).expect("on offer");
        let names: Vec<_> = device.names().collect();
        let expected = ["core-features-and-limits", "texture-compression-bc", "texture-compression-bc-sliced-3d"];
        assert_eq!(names, expected, "what was asked for and what it brings");
        assert_eq!(adapter.requested(&[Name::ShaderF16]), Err("shader-f16"), "the name of what is missing");
    }
}
