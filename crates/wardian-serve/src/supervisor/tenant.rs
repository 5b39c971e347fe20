//! A tenant as its supervisor has it: one worker that takes requests, and one that is ready to.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use super::metrics::{Metrics, TenantMetrics};
use super::process::{Process, Recipe};
use crate::control::Start;
use crate::{Failure, Jail, Kinds, Settings, Tenant, WorkerCommand};

/// How long to wait before a worker is started again, after so many in a row did not start.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
];
/// How long a request may wait for a worker while none is ready.
const WORKER_TIME_MAX: Duration = Duration::from_secs(5);

/// Who handles a tenant's requests.
#[derive(Clone)]
enum Stage {
    /// Nobody yet, or no more.
    Nobody,
    Worker(Arc<Process>),
    /// Nobody, and the last one did not even start.
    Failing,
    /// Nobody any more.
    Ended,
}

/// A tenant that is served.
pub(super) struct Served {
    pub(super) tenant: Tenant,
    pub(super) metrics: TenantMetrics,
    /// One permit a request.
    pub(super) requests: Arc<Semaphore>,
    stage: watch::Sender<Stage>,
    keeper: JoinHandle<()>,
}

impl Served {
    /// Starts a worker for a tenant, and then keeps one.
    pub(super) async fn start(
        tenant: Tenant,
        settings: &Settings,
        folder: PathBuf,
        metrics: &Metrics,
    ) -> Result<Arc<Self>, Failure> {
        let metrics = metrics.of(&tenant.name);
        let source = Source {
            command: settings.worker.clone(),
            tenant: tenant.clone(),
            cache: cache_in(&folder)?,
            folder,
            jail: settings.jail,
            metrics: metrics.clone(),
        };
        let first = source.worker().await?;
        metrics.ready(true);
        let stage = watch::Sender::new(Stage::Worker(Arc::clone(&first)));
        let keeper = tokio::spawn(source.keep(first, stage.clone()));
        let requests = Arc::new(Semaphore::new(tenant.requests));
        Ok(Arc::new(Self { tenant, metrics, requests, stage, keeper }))
    }

    /// The worker that takes requests now.
    pub(super) async fn worker(&self) -> Option<Arc<Process>> {
        let mut stage = self.stage.subscribe();
        let ready = stage.wait_for(|stage| match stage {
            Stage::Worker(process) => !process.is_over(),
            Stage::Failing | Stage::Ended => true,
            Stage::Nobody => false,
        });
        match tokio::time::timeout(WORKER_TIME_MAX, ready).await.ok()?.ok()?.clone() {
            Stage::Worker(process) => Some(process),
            Stage::Nobody | Stage::Failing | Stage::Ended => None,
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        matches!(&*self.stage.borrow(), Stage::Worker(process) if !process.is_over())
    }

    /// Takes no more requests, lets those that there are come to an end, and ends the workers.
    pub(super) async fn end(&self, time: Duration) {
        self.keeper.abort();
        let stage = self.stage.send_replace(Stage::Ended);
        self.metrics.ready(false);
        if let Stage::Worker(process) = stage {
            process.end(time).await;
        }
    }
}

/// Where a tenant's workers come from.
#[derive(Clone)]
struct Source {
    command: WorkerCommand,
    tenant: Tenant,
    folder: PathBuf,
    /// For what its drivers keep. No other tenant's worker may write or read it, for it is code.
    cache: PathBuf,
    jail: Jail,
    metrics: TenantMetrics,
}

impl Source {
    async fn worker(&self) -> Result<Arc<Process>, Failure> {
        let start = Start {
            arguments: self.tenant.arguments.clone(),
            instance_requests: self.tenant.instance_requests,
            jail: self.jail,
            read: self.command.paths.iter().chain([&self.tenant.component]).cloned().collect(),
            write: self.tenant.paths.iter().chain([&self.cache]).cloned().collect(),
        };
        Process::start(Recipe {
            command: &self.command,
            tenant: &self.tenant.name,
            folder: &self.folder,
            cache: &self.cache,
            start: &start,
            metrics: &self.metrics,
        })
        .await
    }

    /// Puts the spare worker in the place of one that is over, and makes another spare one.
    async fn keep(self, first: Arc<Process>, stage: watch::Sender<Stage>) {
        let mut current = first;
        loop {
            let (reason, spare) = self.watch(&current).await;
            tracing::warn!(tenant = %self.tenant.name, process = current.id, "a worker {reason}; another one takes over");
            self.metrics.restarted();
            let next = match spare {
                Some(spare) => spare,
                None => {
                    stage.send_replace(Stage::Nobody);
                    self.metrics.ready(false);
                    self.insist(&stage).await
                }
            };
            stage.send_replace(Stage::Worker(Arc::clone(&next)));
            self.metrics.ready(true);
            let old = std::mem::replace(&mut current, next);
            tokio::spawn(async move { old.end_soon().await });
        }
    }

    /// Waits until a worker is over; gives the reason, and the spare one if there is one by then.
    async fn watch(&self, current: &Process) -> (String, Option<Arc<Process>>) {
        let over = current.over();
        tokio::pin!(over);
        let mut failures = 0;
        loop {
            // A spare one that can't be started yet is no reason to disturb the other.
            let spare = tokio::select! {
                reason = &mut over => return (reason, None),
                spare = self.worker() => spare,
            };
            match spare {
                Ok(spare) => {
                    failures = 0;
                    tokio::select! {
                        reason = &mut over => return (reason, Some(spare).filter(|spare| !spare.is_over())),
                        reason = spare.over() => {
                            tracing::warn!(tenant = %self.tenant.name, "the spare worker {reason}");
                        }
                    }
                }
                Err(failure) => {
                    tracing::warn!(tenant = %self.tenant.name, %failure, "a spare worker did not start");
                    tokio::select! {
                        reason = &mut over => return (reason, None),
                        () = pause(&mut failures) => {}
                    }
                }
            }
        }
    }

    /// Starts workers until one starts.
    async fn insist(&self, stage: &watch::Sender<Stage>) -> Arc<Process> {
        let mut failures = 0;
        loop {
            match self.worker().await {
                Ok(worker) => return worker,
                Err(failure) => {
                    tracing::error!(tenant = %self.tenant.name, %failure, "no worker starts; requests are refused");
                    stage.send_replace(Stage::Failing);
                    pause(&mut failures).await;
                }
            }
        }
    }
}

/// A new folder for a tenant.
fn cache_in(folder: &Path) -> Result<PathBuf, Failure> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let cache = folder.join(format!("cache{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
    let failed = |error| Failure::new(Kinds::INTERNAL, format!("cannot make a folder for a worker: {error}"));
    fs::create_dir(&cache).map_err(failed)?;
    Ok(cache)
}

async fn pause(failures: &mut usize) {
    let pause = PAUSES.get(*failures).or(PAUSES.last()).copied().unwrap_or_default();
    *failures = failures.saturating_add(1);
    tokio::time::sleep(pause).await;
}
