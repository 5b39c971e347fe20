//! What each command does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::Device;

use crate::Failure;
use crate::arguments::{Command, HELP, Length, Sampling, Training};
use crate::batches::Batches;
use crate::checkpoint::{self, Facts};
use crate::cnn::{self, Cnn, Teaching};
use crate::diffusion::{self, Denoising, Schedule};
use crate::digits::Digits;
use crate::learner::Learner;
use crate::progress::Progress;
use crate::training::{self, Keep, Plan};
use crate::unet::UNet;
use crate::{gpu, operations, picture};

const CNN: &str = "mnist";
const UNET: &str = "ddpm";

/// Does it.
///
/// # Errors
///
/// What went wrong, and what to do.
pub(crate) async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Help => print!("{HELP}"),
        Command::Operations => operations::print_all(&gpu::device().await?)?,
        Command::Mnist(training) => mnist(&training).await?,
        Command::Diffusion(training) => teach_diffusion(&training).await?,
        Command::Sample(sampling) => sample(&sampling).await?,
        Command::Plot { curves, png } => plot(&curves, &png)?,
    }
    Ok(())
}

async fn mnist(options: &Training) -> Result<(), Failure> {
    // Faults of the set are told before a GPU is opened.
    let digits = Digits::training(&options.data)?.first(options.images);
    let test = Digits::test(&options.data)?.first(options.test_images);
    let device = training::learning(&gpu::device().await?);
    let batches = Batches::new(options.seed, digits.count(), options.batch);
    let plan = plan(options, CNN, &batches, digits.count());
    let learner = Learner::new(Cnn::new(options.width, &device), &device, options.rate, options.seed);
    let mut progress = Progress::new(options.style);
    let mut task = Teaching { digits, batches, device: device.clone() };
    let outcome = training::run(&mut task, learner, &plan, &mut progress)?;
    told(options, &outcome.losses, &outcome.speed.text())?;
    let known = cnn::known(&outcome.model, &test, &device)?;
    let share = 100.0 * known as f64 / test.count() as f64;
    println!("test accuracy {share:.2} %: {known} of {} pictures that it had not seen", test.count());
    Ok(())
}

async fn teach_diffusion(options: &Training) -> Result<(), Failure> {
    let digits = Digits::training(&options.data)?.first(options.images);
    let device = training::learning(&gpu::device().await?);
    let batches = Batches::new(options.seed, digits.count(), options.batch);
    let mut plan = plan(options, UNET, &batches, digits.count());
    plan.facts.insert("times", options.times.to_string());
    let learner = Learner::new(UNet::new(options.width, &device), &device, options.rate, options.seed);
    let mut progress = Progress::new(options.style);
    let schedule = Schedule::new(options.times);
    let mut task = Denoising { digits, batches, schedule, seed: options.seed, device: device.clone() };
    let outcome = training::run(&mut task, learner, &plan, &mut progress)?;
    told(options, &outcome.losses, &outcome.speed.text())
}

fn plan(options: &Training, model: &'static str, batches: &Batches, images: usize) -> Plan {
    let steps = match options.length {
        Length::Steps(steps) => steps,
        Length::Epochs(epochs) => epochs.saturating_mul(batches.steps_per_epoch()),
    };
    let keep =
        |folder: &PathBuf| Keep { path: checkpoint::path(folder, model), every: options.every, resume: options.resume };
    let facts = Facts::from([
        ("model", model.to_owned()),
        ("width", options.width.to_string()),
        ("seed", options.seed.to_string()),
        ("batch", options.batch.to_string()),
        ("rate", options.rate.to_string()),
        ("images", images.to_string()),
    ]);
    Plan { steps, checkpoint: options.checkpoint.as_ref().map(keep), log: options.log.clone(), facts }
}

fn told(options: &Training, losses: &BTreeMap<usize, f32>, speed: &str) -> Result<(), Failure> {
    let curve: Vec<f32> = losses.values().copied().collect();
    if let Some(path) = &options.curve {
        picture::write_curves(path, std::slice::from_ref(&curve))?;
    }
    let loss = training::recent(losses).map(|loss| format!(", loss {loss:.4}")).unwrap_or_default();
    println!("{speed}{loss}");
    Ok(())
}

async fn sample(options: &Sampling) -> Result<(), Failure> {
    let path = checkpoint::path(&options.checkpoint, UNET);
    let Some(mut found) = checkpoint::read(&path)? else {
        return Err(format!("there is no model {}; `ddpm train --checkpoint` makes one", path.display()).into());
    };
    found.check(&Facts::from([("model", UNET.to_owned())]))?;
    let (width, times) = (found.number("width")?, found.number("times")?);
    if width == 0 || width % 4 != 0 || width > 4096 || times == 0 || times > 1_000_000 {
        return Err(found.error(&format!("its width is {width}, and its times are {times}")).into());
    }
    let device: Device = training::learning(&gpu::device().await?);
    let mut learner = Learner::new(UNet::new(width, &device), &device, 0.001, 0);
    let (tensors, step) = (std::mem::take(&mut found.tensors), found.step());
    learner.load(tensors, step).map_err(|fault| found.error(&fault))?;
    let mut progress = Progress::new(options.style);
    let schedule = Schedule::new(times);
    let told = |done| progress.count(done, times, "from noise to digits");
    let pixels = diffusion::sample(&learner.model, &schedule, options.count, options.seed, &device, told)?;
    let (width, height) = picture::write_grid(&options.png, &pixels, options.columns)?;
    println!("wrote {}, {width}x{height}: {} digits", options.png.display(), options.count);
    Ok(())
}

fn plot(curves: &[PathBuf], png: &Path) -> Result<(), Failure> {
    let logs = curves.iter().map(|path| Ok(training::read_log(path)?.into_values().collect()));
    let logs = logs.collect::<Result<Vec<Vec<f32>>, Failure>>()?;
    picture::write_curves(png, &logs)?;
    println!("wrote {}: {} curves", png.display(), logs.len());
    Ok(())
}
