//! WebGPU's own names of features and limits, which `has` and `required-limits` take as strings.

use std::fmt::{self, Debug};

use crate::webgpu::{GpuFeatureName, GpuSupportedLimits};

/// One of WebGPU's limits.
#[derive(Clone, Copy)]
pub struct Limit {
    /// WebGPU's name, such as `maxBufferSize`: a key of `gpu-device-descriptor.required-limits`.
    pub name: &'static str,
    /// What a device has that asked for nothing.
    pub default: u64,
    /// Reads this limit.
    pub of: fn(&GpuSupportedLimits) -> u64,
}

impl Limit {
    /// Whether smaller is better, as it is for alignments.
    #[must_use]
    pub fn is_alignment(&self) -> bool {
        self.name.starts_with("min")
    }
}

impl Debug for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (default {})", self.name, self.default)
    }
}

macro_rules! limits {
    ($($name:literal, $getter:ident, $core:ident, $type:ident, $default:literal;)*) => {
        /// All limits of the interface, in its order.
        pub const LIMITS: &[Limit] = &[$(
            Limit { name: $name, default: $default, of: |limits| u64::from(limits.$getter()) },
        )*];
    };
}

macro_rules! features {
    ($($feature:ident => $name:literal,)*) => {
        /// All features of the interface, in its order.
        pub const FEATURES: &[GpuFeatureName] = &[$(GpuFeatureName::$feature,)*];

        /// WebGPU's name of a feature: what `gpu-supported-features.has` takes.
        #[must_use]
        pub const fn feature_name(feature: GpuFeatureName) -> &'static str {
            match feature {
                $(GpuFeatureName::$feature => $name,)*
            }
        }
    };
}

wardian_tables::limits!(limits);
wardian_tables::features!(features);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut limits: Vec<_> = LIMITS.iter().map(|limit| limit.name).collect();
        let mut features: Vec<_> = FEATURES.iter().map(|feature| feature_name(*feature)).collect();
        for names in [&mut limits, &mut features] {
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "names of which none is there twice: {names:?}");
        }
        assert_eq!((limits.len(), features.len()), (36, 22), "what the interface has");
    }

    #[test]
    fn alignments_are_told_apart() {
        let alignments = LIMITS.iter().filter(|limit| limit.is_alignment());
        assert!(alignments.clone().all(|limit| limit.default == 256), "the default of alignments is 256");
        assert_eq!(alignments.count(), 2, "number of alignments");
    }
}
