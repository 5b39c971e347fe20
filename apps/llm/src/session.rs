//! A model that is loaded, with its tokenizer and engine.

use std::{
    fs::File,
    path::Path,
    time::{Duration, Instant},
};

use wardian_gguf::{ChatTemplate, Gguf, Tokenizer};

use crate::{Failure, arguments::Source, engine::Engine, gpu, model::Model, progress::Progress};

/// What a context is where nobody says: caches of all that models can do would take gigabytes.
const CONTEXT_DEFAULT: u32 = 4096;

/// All that is needed to talk.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) tokenizer: Tokenizer,
    pub(crate) template: Option<ChatTemplate>,
    pub(crate) engine: Engine,
}

impl Session {
    /// Opens the device, streams the model to it, and says what it did.
    pub(crate) async fn open(source: &Source) -> Result<Self, Failure> {
        let started = Instant::now();
        let (mut file, mut gguf) = open_model(&source.model)?;
        let tokenizer = Tokenizer::new(&gguf)?;
        let template = ChatTemplate::of_file(&gguf)?;
        let read = started.elapsed();
        let opened = gpu::open().await?;
        let device = started.elapsed();
        let model = load(&opened.gpu, &mut file, &gguf).await?;
        gguf.forget("tokenizer.");
        let loaded = started.elapsed();
        let context = source.room.context.unwrap_or_else(|| model.shape.context.min(CONTEXT_DEFAULT));
        let options = source.room.numbers.options(context, 1);
        let engine = Engine::new(&opened.gpu, &model, options).await?;
        let ready = started.elapsed();
        let millis = |from: Duration, to: Duration| to.saturating_sub(from).as_millis();
        eprintln!(
            "{}: file {} ms, device {} ms, {} MB of weights {} ms, pipelines {} ms",
            opened.adapter,
            read.as_millis(),
            millis(read, device),
            model.bytes / 1_000_000,
            millis(device, loaded),
            millis(loaded, ready),
        );
        Ok(Self { tokenizer, template, engine })
    }
}

/// Opens a file, and reads all but the weights.
pub(crate) fn open_model(path: &Path) -> Result<(File, Gguf), Failure> {
    let shown = path.display();
    let mut file = File::open(path).map_err(|error| {
        format!("cannot open the model {shown}: {error}; a component sees the folders alone that --dir gives it")
    })?;
    let gguf = Gguf::read(&mut file).map_err(|error| format!("{shown}: {error}"))?;
    Ok((file, gguf))
}

/// Streams the weights, with a progress bar.
pub(crate) async fn load(gpu: &wardian_kernels::Gpu, file: &mut File, gguf: &Gguf) -> Result<Model, Failure> {
    let mut progress = Progress::new();
    let model = Model::load(gpu, file, gguf, &mut |done, total| progress.show(done, total)).await;
    progress.finish();
    model
}
