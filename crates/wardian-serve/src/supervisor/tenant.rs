//! A tenant as its supervisor has it: one worker that takes requests, and one that is ready to.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::JoinHandle;

use super::metrics::{Metrics, TenantMetrics};
use super::process::{Over, Process, Recipe};
use crate::control::Start;
use crate::rate::Rate;
use crate::{Failure, Jail, Kinds, Settings, Tenant, WorkerCommand};

/// How long to wait before a worker is started again, after so many in a row did not start.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
];
/// How many workers of a tenant are started at once, and how often one after that. One who makes each of them fall takes
/// no more of the machine than that.
const STARTS_AT_ONCE: u32 = 8;
const START_EVERY: Duration = Duration::from_secs(2);
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
    cache: PathBuf,
    /// What is closed around its workers.
    pub(super) jail: Jail,
}

impl Served {
    /// Starts a worker for a tenant, and keeps one from then on. Gives what comes of the first, too.
    pub(super) fn start(
        tenant: Tenant,
        settings: &Settings,
        folder: &Path,
        metrics: &Metrics,
    ) -> (Arc<Self>, oneshot::Receiver<Result<(), Failure>>) {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let metrics = metrics.of(&tenant.name);
        let cache = folder.join(format!("cache{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
        let source = Source {
            command: settings.worker.clone(),
            tenant: tenant.clone(),
            folder: folder.to_owned(),
            cache: cache.clone(),
            jail: settings.jail,
            metrics: metrics.clone(),
            rate: Rate::new(STARTS_AT_ONCE, START_EVERY),
        };
        let stage = watch::Sender::new(Stage::Nobody);
        let (first, came_of_it) = oneshot::channel();
        let keeper = tokio::spawn(source.keep(stage.clone(), first));
        let requests = Arc::new(Semaphore::new(tenant.requests));
        (Arc::new(Self { tenant, metrics, requests, stage, keeper, cache, jail: settings.jail }), came_of_it)
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
        if let Stage::Worker(process) = stage {
            process.end(time).await;
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.keeper.abort();
        // What a worker that is just ending still writes goes with the supervisor.
        let _ = fs::remove_dir_all(&self.cache);
    }
}

/// Where a tenant's workers come from.
struct Source {
    command: WorkerCommand,
    tenant: Tenant,
    folder: PathBuf,
    /// For what its drivers keep. No other tenant's worker may write or read it, for it is code.
    cache: PathBuf,
    jail: Jail,
    metrics: TenantMetrics,
    /// How often one is started.
    rate: Rate,
}

impl Source {
    async fn worker(&mut self) -> Result<Arc<Process>, Failure> {
        while let Err(wait) = self.rate.take(Instant::now()) {
            tokio::time::sleep(wait).await;
        }
        fs::create_dir_all(&self.cache)
            .map_err(|error| Failure::new(Kinds::INTERNAL, format!("cannot make a folder for a worker: {error}")))?;
        let start = Start {
            arguments: self.tenant.arguments.clone(),
            instance_requests: self.tenant.instance_requests,
            process_memory: self.tenant.process_memory,
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

    /// Starts a worker, puts the spare one in the place of one that is over, and makes another spare one.
    async fn keep(mut self, stage: watch::Sender<Stage>, first: oneshot::Sender<Result<(), Failure>>) {
        let mut current = self.insist(&stage, Some(first)).await;
        loop {
            stage.send_replace(Stage::Worker(Arc::clone(&current)));
            let (over, spare) = self.watch(&current).await;
            let (tenant, reason) = (&self.tenant.name, &over.reason);
            tracing::warn!(%tenant, process = current.id, "a worker {reason}; another one takes over");
            self.metrics.restarted();
            let next = match spare {
                Some(spare) => spare,
                None => {
                    stage.send_replace(Stage::Nobody);
                    self.insist(&stage, None).await
                }
            };
            let old = std::mem::replace(&mut current, next);
            tokio::spawn(async move { old.end_replaced().await });
        }
    }

    /// Waits until a worker is over; gives the reason, and the spare one if there is one by then.
    async fn watch(&mut self, current: &Process) -> (Over, Option<Arc<Process>>) {
        let over = current.over();
        tokio::pin!(over);
        let mut failures = 0;
        loop {
            // A spare one that can't be started yet is no reason to disturb the other.
            let spare = tokio::select! {
                over = &mut over => return (over, None),
                spare = self.worker() => spare,
            };
            let tenant = &self.tenant.name;
            match spare {
                Ok(spare) => {
                    failures = 0;
                    tokio::select! {
                        over = &mut over => return (over, Some(spare).filter(|spare| !spare.is_over())),
                        over = spare.over() => tracing::warn!(%tenant, "the spare worker {}", over.reason),
                    }
                }
                Err(failure) => {
                    tracing::warn!(%tenant, reason = failure.line(), "a spare worker did not start");
                    tokio::select! {
                        over = &mut over => return (over, None),
                        () = pause(&mut failures) => {}
                    }
                }
            }
        }
    }

    /// Starts workers until one starts. Who waits for the first is told what came of it.
    async fn insist(
        &mut self,
        stage: &watch::Sender<Stage>,
        mut first: Option<oneshot::Sender<Result<(), Failure>>>,
    ) -> Arc<Process> {
        let mut failures = 0;
        loop {
            let told = first.take();
            match self.worker().await {
                Ok(worker) => {
                    // Nobody waits any more where that took long.
                    let _ = told.map(|told| told.send(Ok(())));
                    return worker;
                }
                Err(failure) => {
                    stage.send_replace(Stage::Failing);
                    let reason = failure.line();
                    if told.is_none_or(|told| told.send(Err(failure)).is_err()) {
                        tracing::error!(tenant = %self.tenant.name, reason, "no worker starts; requests are refused");
                    }
                    pause(&mut failures).await;
                }
            }
        }
    }
}

async fn pause(failures: &mut usize) {
    let pause = PAUSES.get(*failures).or(PAUSES.last()).copied().unwrap_or_default();
    *failures = failures.saturating_add(1);
    tokio::time::sleep(pause).await;
}
