//! What an embedder allows its guests to ask for: which adapters, which features, how much of each limit.
//!
//! What a guest has in use is another matter, and not decided here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug};
use std::sync::Arc;

use wgpu_types::{AdapterInfo, Backends, DeviceType};

use crate::object::capabilities::{deniable_features, limit_names};

/// A policy names something that WebGPU doesn't have.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PolicyError {
    /// No feature that can be denied.
    #[error("there is no feature {name:?} that can be denied; there are: {}", deniable_features().collect::<Vec<_>>().join(", "))]
    UnknownFeature {
        /// What was asked for.
        name: String,
    },
    /// No limit.
    #[error("there is no limit {name:?}; there are: {}", limit_names().collect::<Vec<_>>().join(", "))]
    UnknownLimit {
        /// What was asked for.
        name: String,
    },
}

/// The embedder's choice of adapters, and ceilings on what their devices can have.
///
/// The ceilings are merged into what adapters say of themselves, so a guest never sees more than it can get.
#[derive(Clone)]
pub struct Policy {
    pub(crate) backends: Backends,
    pub(crate) accepts: Arc<dyn Fn(&AdapterInfo) -> bool + Send + Sync>,
    pub(crate) features_denied: BTreeSet<String>,
    pub(crate) limits_max: BTreeMap<String, u64>,
}

impl Policy {
    /// Every adapter that a native backend of this system finds, with all that it offers.
    #[must_use]
    pub fn new() -> Self {
        Self {
            backends: Backends::PRIMARY,
            accepts: Arc::new(|_| true),
            features_denied: BTreeSet::new(),
            limits_max: BTreeMap::new(),
        }
    }

    /// Looks for adapters only through these backends. Default: Vulkan, Metal and Direct3D 12, whichever the system has.
    #[must_use]
    pub const fn backends(mut self, backends: Backends) -> Self {
        self.backends = backends;
        self
    }

    /// Offers only adapters that this accepts, in the order in which the backends find them.
    #[must_use]
    pub fn adapters(mut self, accepts: impl Fn(&AdapterInfo) -> bool + Send + Sync + 'static) -> Self {
        self.accepts = Arc::new(accepts);
        self
    }

    /// Offers no device this feature, by WebGPU's name of it, such as `timestamp-query`.
    ///
    /// # Errors
    ///
    /// When there is no such feature, or it is the one that every device has.
    pub fn deny_feature(mut self, name: impl Into<String>) -> Result<Self, PolicyError> {
        let name = name.into();
        if !deniable_features().any(|feature| feature == name) {
            return Err(PolicyError::UnknownFeature { name });
        }
        self.features_denied.insert(name);
        Ok(self)
    }

    /// Offers no device more of this limit, by WebGPU's name of it, such as `maxBufferSize`. A ceiling below WebGPU's
    /// default counts as the default, which every device has.
    ///
    /// # Errors
    ///
    /// When there is no such limit.
    pub fn limit_max(mut self, name: impl Into<String>, value: u64) -> Result<Self, PolicyError> {
        let name = name.into();
        if !limit_names().any(|limit| limit == name) {
            return Err(PolicyError::UnknownLimit { name });
        }
        self.limits_max.insert(name, value);
        Ok(self)
    }

    /// Whether an adapter may be offered to a request.
    pub(crate) fn allows(&self, info: &AdapterInfo, force_fallback: bool) -> bool {
        (!force_fallback || info.device_type == DeviceType::Cpu) && (self.accepts)(info)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}

impl Debug for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Policy")
            .field("backends", &self.backends)
            .field("features_denied", &self.features_denied)
            .field("limits_max", &self.limits_max)
            .finish_non_exhaustive()
    }
}
