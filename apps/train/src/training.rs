//! The loop: steps, what is told of them, and checkpoints.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::Failure;
use crate::checkpoint::{self, Facts};
use crate::files;
use crate::learner::Learner;
use crate::progress::Progress;

/// Losses that are read back at a time: each waits for the GPU, which then has nothing to do.
const READ_STEPS: usize = 10;
/// Steps that are left out of the speed: the first compile shaders.
const WARM_STEPS: usize = 20;

/// What is to be learnt.
pub(crate) trait Task {
    /// What learns it.
    type Model: Module;

    /// How far the model is from it, at a step.
    fn loss(&mut self, model: &Self::Model, step: usize) -> Tensor<1>;
}

/// How long, and what becomes of it.
pub(crate) struct Plan {
    /// Steps in all, with those before a checkpoint.
    pub(crate) steps: usize,
    pub(crate) checkpoint: Option<Keep>,
    /// A file for the loss of each step, in lines of CSV.
    pub(crate) log: Option<PathBuf>,
    pub(crate) facts: Facts,
}

/// Where checkpoints are kept.
pub(crate) struct Keep {
    pub(crate) path: PathBuf,
    /// Steps from one to the next.
    pub(crate) every: usize,
    pub(crate) resume: bool,
}

/// What came of it.
pub(crate) struct Outcome<M: Module> {
    pub(crate) model: M,
    pub(crate) losses: BTreeMap<usize, f32>,
    /// The steps done now, and the time that those after the first few took.
    pub(crate) speed: Speed,
}

/// Steps and their time.
pub(crate) struct Speed {
    started: Instant,
    pub(crate) steps: usize,
    warm: Option<(usize, Instant)>,
    timed: Option<(usize, Duration)>,
}

impl Speed {
    fn new() -> Self {
        Self { started: Instant::now(), steps: 0, warm: None, timed: None }
    }

    /// So many steps are done, on the GPU too.
    fn done(&mut self, steps: usize) {
        self.steps += steps;
        match self.warm {
            Some((first, since)) => self.timed = Some((self.steps - first, since.elapsed())),
            None if self.steps >= WARM_STEPS => self.warm = Some((self.steps, Instant::now())),
            None => {}
        }
    }

    /// In words.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{} steps in {:.1} s", self.steps, self.started.elapsed().as_secs_f64());
        if let (Some((warm, _)), Some((steps, time))) = (self.warm, self.timed) {
            let milliseconds = 1000.0 * time.as_secs_f64() / steps as f64;
            // Writing into a string cannot fail.
            _ = write!(text, ", {milliseconds:.3} ms a step after the first {warm}");
        }
        text
    }
}

/// Teaches a model.
pub(crate) fn run<T: Task>(
    task: &mut T,
    mut learner: Learner<T::Model>,
    plan: &Plan,
    progress: &mut Progress,
) -> Result<Outcome<T::Model>, Failure> {
    for file in plan.log.iter().chain(plan.checkpoint.iter().map(|keep| &keep.path)) {
        files::probe(folder_of(file))?;
    }
    let mut losses = BTreeMap::new();
    let first = match &plan.checkpoint {
        Some(keep) if keep.resume => resume(&mut learner, keep, plan, &mut losses, progress)?,
        _ => 0,
    };
    let mut speed = Speed::new();
    let mut waiting = Vec::new();
    for step in first..plan.steps {
        let loss = task.loss(&learner.model, step);
        learner.step(&loss)?;
        waiting.push(loss.inner());
        let last = step + 1 == plan.steps;
        let due = plan.checkpoint.as_ref().filter(|keep| last || (step + 1) % keep.every == 0);
        if waiting.len() == READ_STEPS || last || due.is_some() {
            let count = waiting.len();
            read(&mut waiting, step + 1, &mut losses)?;
            speed.done(count);
            progress.show(step + 1, plan.steps, &losses, &speed.text());
        }
        if let Some(keep) = due {
            // The losses first: a checkpoint whose losses are missing would leave a hole in the curve.
            write_log(plan, &losses)?;
            checkpoint::write(&keep.path, &plan.facts, step + 1, &learner.save()?)?;
        }
    }
    write_log(plan, &losses)?;
    progress.end();
    Ok(Outcome { model: learner.model, losses, speed })
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Takes the checkpoint; gives the number of the next step.
fn resume<M: Module>(
    learner: &mut Learner<M>,
    keep: &Keep,
    plan: &Plan,
    losses: &mut BTreeMap<usize, f32>,
    progress: &mut Progress,
) -> Result<usize, Failure> {
    let Some(mut found) = checkpoint::read(&keep.path)? else {
        return Err(
            format!("there is no checkpoint {} to go on from; begin without --resume", keep.path.display()).into()
        );
    };
    found.check(&plan.facts)?;
    let (tensors, step) = (std::mem::take(&mut found.tensors), found.step());
    learner.load(tensors, step).map_err(|fault| found.error(&fault))?;
    if let Some(log) = &plan.log {
        *losses = read_log(log)?;
        // What was learnt after the checkpoint is learnt again.
        losses.retain(|known, _| *known <= step);
    }
    progress.say(&format!("going on after step {step}"));
    Ok(step)
}

/// Reads losses back from the GPU, the last of which is that of step `last`, counted from 1.
fn read(waiting: &mut Vec<Tensor<1>>, last: usize, losses: &mut BTreeMap<usize, f32>) -> Result<(), Failure> {
    let first = last + 1 - waiting.len();
    let data = Tensor::cat(std::mem::take(waiting), 0).try_into_data();
    let data = data.map_err(|error| format!("cannot read the loss back from the GPU: {error:?}"))?;
    let values = data.try_to_vec::<f32>().map_err(|error| format!("the loss is no number: {error:?}"))?;
    for (place, loss) in values.into_iter().enumerate() {
        let step = first + place;
        if !loss.is_finite() {
            return Err(format!("the loss of step {step} is {loss}: begin again with a smaller --rate").into());
        }
        losses.insert(step, loss);
    }
    Ok(())
}

fn write_log(plan: &Plan, losses: &BTreeMap<usize, f32>) -> Result<(), Failure> {
    let Some(path) = &plan.log else { return Ok(()) };
    let lines: String = losses.iter().map(|(step, loss)| format!("{step},{loss}\n")).collect();
    Ok(files::write(path, format!("step,loss\n{lines}").as_bytes())?)
}

/// Reads what `write_log` wrote.
pub(crate) fn read_log(path: &Path) -> Result<BTreeMap<usize, f32>, Failure> {
    let text = fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let parse = |line: &str| {
        let (step, loss) = line.split_once(',')?;
        Some((step.parse().ok()?, loss.parse().ok().filter(|loss: &f32| loss.is_finite())?))
    };
    let mut losses = BTreeMap::new();
    for (number, text) in text.lines().enumerate().skip(1) {
        let (step, loss) = parse(text).ok_or_else(|| {
            format!("{}, line {}: '{text}' is no step and its loss, such as 12,0.5", path.display(), number + 1)
        })?;
        losses.insert(step, loss);
    }
    Ok(losses)
}

/// The mean of the last losses, which says more than the very last.
pub(crate) fn recent(losses: &BTreeMap<usize, f32>) -> Option<f32> {
    let last: Vec<f32> = losses.values().rev().take(READ_STEPS).copied().collect();
    (!last.is_empty()).then(|| last.iter().sum::<f32>() / last.len() as f32)
}

/// A device to learn on.
pub(crate) fn learning(device: &Device) -> Device {
    device.clone().autodiff()
}
