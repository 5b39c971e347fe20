//! What a worker writes to its standard error: its own messages, what its guest prints, what drivers say. It is logged
//! by the line and with the tenant's name, so that no tenant can write into another's logs or the supervisor's.

use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::rate::Rate;

/// How long a line may be; the rest of it is left out.
const LINE_BYTES_MAX: usize = 8192;
/// How many lines are taken at once, and how often one after that; the worker waits for it.
const LINES_AT_ONCE: u32 = 4000;
const LINE_EVERY: Duration = Duration::from_millis(4);

/// Logs until the worker and all that it left have closed it.
pub(super) async fn log(stderr: impl AsyncRead + Unpin, tenant: String, process: u32) {
    let mut reader = BufReader::new(stderr);
    let mut rate = Rate::new(LINES_AT_ONCE, LINE_EVERY);
    let mut line = Vec::new();
    loop {
        let ended = match reader.fill_buf().await {
            Ok([]) | Err(_) => None,
            Ok(bytes) => {
                let end = bytes.iter().position(|byte| *byte == b'\n');
                let text = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
                line.extend(text.iter().take(LINE_BYTES_MAX.saturating_sub(line.len())));
                let taken = text.len().saturating_add(usize::from(end.is_some()));
                reader.consume(taken);
                Some(end.is_some())
            }
        };
        if ended == Some(false) {
            continue;
        }
        if ended.is_some() || !line.is_empty() {
            while let Err(wait) = rate.take(Instant::now()) {
                tokio::time::sleep(wait).await;
            }
            message(&String::from_utf8_lossy(&line), &tenant, process);
            line.clear();
        }
        if ended.is_none() {
            return;
        }
    }
}

/// Logs a line as what it was for the worker. What is no message of its own comes from a driver, a library or a panic.
fn message(line: &str, tenant: &str, process: u32) {
    let line = line.trim_end();
    let (level, text) = line.trim_start().split_once(' ').unwrap_or(("", line));
    match level {
        "ERROR" => tracing::error!(target: WORKER, tenant, process, "{text}"),
        "WARN" => tracing::warn!(target: WORKER, tenant, process, "{text}"),
        "INFO" => match text.strip_prefix(crate::GUEST_LOG).and_then(|text| text.strip_prefix(": ")) {
            Some(text) => tracing::info!(target: crate::GUEST_LOG, tenant, process, "{text}"),
            None => tracing::info!(target: WORKER, tenant, process, "{text}"),
        },
        "DEBUG" => tracing::debug!(target: WORKER, tenant, process, "{text}"),
        "TRACE" => tracing::trace!(target: WORKER, tenant, process, "{text}"),
        _ if line.is_empty() => {}
        _ => tracing::info!(target: WORKER, tenant, process, "{line}"),
    }
}

/// What logs call a worker's own messages.
const WORKER: &str = "wardian_serve::worker";
