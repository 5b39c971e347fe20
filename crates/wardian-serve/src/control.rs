//! What supervisor and worker say to each other, as JSON over HTTP: one request each.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Jail;

/// `PUT /start` with [`Start`]: load the component and take requests. 200, or 500 with a [`Failure`](crate::Failure).
pub(crate) const START: &str = "/start";
/// `GET /usage`: 200 with [`Used`].
pub(crate) const USAGE: &str = "/usage";
/// `GET /end`: 200 with [`End`], once the tenant's time on the GPU is over, and not before.
pub(crate) const END: &str = "/end";

/// The variable that tells a worker the number of its supervisor's process.
pub(crate) const SUPERVISOR: &str = "WARDIAN_SUPERVISOR";

/// What a worker is to serve.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Start {
    /// [`Tenant::arguments`](crate::Tenant::arguments).
    pub(crate) arguments: Vec<String>,
    /// [`Tenant::instance_requests`](crate::Tenant::instance_requests).
    pub(crate) instance_requests: usize,
    /// [`Tenant::process_memory`](crate::Tenant::process_memory).
    pub(crate) process_memory: Option<u64>,
    /// What is closed around the worker before it loads anything.
    pub(crate) jail: Jail,
    /// Files and folders that it reads.
    pub(crate) read: Vec<PathBuf>,
    /// Folders that it writes.
    pub(crate) write: Vec<PathBuf>,
}

/// What the tenant has used in this worker.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Used {
    /// Bytes in use now.
    pub(crate) gpu_memory: u64,
    /// Milliseconds since the worker began.
    pub(crate) gpu_milliseconds: u64,
    /// How often a quota refused something since the worker began.
    pub(crate) refusals: u64,
}

/// Why a worker can do no more.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct End {
    pub(crate) reason: String,
}
