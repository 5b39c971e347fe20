//! How many descriptors the process may have: who takes all of them by connections must not take those of the workers.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is needed beside connections and tenants: sockets, logs, the operator's connections, the runtime's own.
const OWN: u64 = 128;
/// What a tenant's workers need: sockets to ask them, pipes of what they say, twice while one replaces another.
const OF_TENANT: u64 = 32;
/// A client's, and the one to its worker.
const OF_CONNECTION: u64 = 2;

/// Has the system allow as many descriptors as so many connections need, and gives how many it allows.
pub(super) fn connections(wanted: usize, tenants: usize) -> usize {
    let tenants = u64::try_from(tenants).unwrap_or(u64::MAX);
    let others = tenants.saturating_mul(OF_TENANT).saturating_add(OWN);
    let needed = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_mul(OF_CONNECTION).saturating_add(others);
    let now = getrlimit(Resource::Nofile);
    let allowed = match now.current {
        Some(current) if current < needed => {
            let more = now.maximum.map_or(needed, |maximum| maximum.min(needed));
            let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(more), maximum: now.maximum });
            if raised.is_ok() { more } else { current }
        }
        Some(_) | None => return wanted,
    };
    let connections = connections_of(allowed, others).min(wanted);
    if connections < wanted {
        tracing::warn!(
            "the system allows {allowed} descriptors, which is enough for {connections} connections at once and not for \
             {wanted}: raise the limit (`ulimit -n {needed}`, LimitNOFILE={needed}), or say fewer connections"
        );
    }
    connections
}

fn connections_of(allowed: u64, others: u64) -> usize {
    let connections = allowed.saturating_sub(others) / OF_CONNECTION;
    usize::try_from(connections).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_have_theirs_before_connections() {
        assert_eq!(connections_of(1024, OWN + OF_TENANT), 432, "half of what is left");
        assert_eq!(connections_of(64, OWN + OF_TENANT), 1, "never none");
    }

    #[test]
    fn few_need_no_more_than_there_is() {
        assert_eq!(connections(1, 1), 1, "as many as were wanted");
    }
}
