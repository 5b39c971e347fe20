//! `bench`: tokens a second.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::{
    Failure,
    arguments::Bench,
    engine::{Engine, Sequence, Turn},
    gpu,
    model::Model,
    session,
    shape::Shape,
};

/// Passes under way at a time.
const AHEAD: usize = 3;
/// How long the GPU works before anything is measured: its clocks fall while it idles.
const WARM_UP: Duration = Duration::from_millis(500);

/// One line of results: medians, in tokens a second.
#[derive(Debug, Serialize)]
struct Figures {
    model: String,
    adapter: String,
    sandboxed: bool,
    megabytes: u64,
    streams: u32,
    /// With how many tokens there already, and how fast, over all streams.
    decode: Vec<(u32, f64)>,
    /// The same, where each token is waited for before the next one is asked for.
    decode_waiting: Vec<(u32, f64)>,
    prompt: (u32, f64),
    first_token_ms: f64,
}

/// Measures.
pub(crate) async fn bench(arguments: &Bench) -> Result<(), Failure> {
    let mut opened = gpu::open().await?;
    if arguments.uncounted {
        opened.gpu = opened.gpu.without_counted_rounds();
    }
    let (model, name) = match (&arguments.model, &arguments.shape) {
        (Some(path), _) => {
            let (mut file, gguf) = session::open_model(path)?;
            (session::load(&opened.gpu, &mut file, &gguf).await?, path.display().to_string())
        }
        (None, Some(name)) => {
            let shape = Shape::named(name).ok_or("there is no such shape")?;
            (Model::dummy(&opened.gpu, shape)?, format!("{name}, made up"))
        }
        (None, None) => return Err("say --model or --shape".into()),
    };
    let longest = arguments.contexts.iter().copied().max().unwrap_or(0).max(arguments.prompt);
    let context = longest.saturating_add(arguments.tokens).saturating_add(1).min(model.shape.context);
    let options = arguments.numbers.options(context, arguments.streams);
    let mut engine = Engine::new(&opened.gpu, &model, options).await?;
    let mut figures = Figures {
        model: name,
        adapter: opened.adapter,
        sandboxed: cfg!(target_family = "wasm"),
        megabytes: model.bytes / 1_000_000,
        streams: arguments.streams,
        decode: Vec::new(),
        decode_waiting: Vec::new(),
        prompt: (arguments.prompt, 0.0),
        first_token_ms: 0.0,
    };
    warm_up(&mut engine, arguments)?;
    for length in &arguments.contexts {
        figures.decode.push((*length, median(arguments.runs, || decode(&mut engine, *length, arguments, AHEAD))?));
        figures.decode_waiting.push((*length, median(arguments.runs, || decode(&mut engine, *length, arguments, 0))?));
    }
    let prompt = median(arguments.runs, || read(&mut engine, arguments.prompt))?;
    figures.prompt = (arguments.prompt, prompt);
    figures.first_token_ms = f64::from(arguments.prompt) / prompt * 1e3;
    show(&figures, arguments.json)
}

fn show(figures: &Figures, json: bool) -> Result<(), Failure> {
    if json {
        println!("{}", serde_json::to_string(figures)?);
        return Ok(());
    }
    let place = if figures.sandboxed { "in the sandbox" } else { "natively" };
    println!("{} ({} MB), {place}, on {}", figures.model, figures.megabytes, figures.adapter);
    for ((length, rate), (_, waiting)) in figures.decode.iter().zip(&figures.decode_waiting) {
        let streams = figures.streams;
        println!("decode at {length}, {streams} at once: {rate:.1} tok/s; waiting for each token {waiting:.1}");
    }
    let (count, rate) = figures.prompt;
    println!("prompt of {count}: {rate:.0} tok/s, {:.1} ms to the first token", figures.first_token_ms);
    Ok(())
}

fn median(runs: u32, mut run: impl FnMut() -> Result<f64, Failure>) -> Result<f64, Failure> {
    let mut rates = (0..runs.max(1)).map(|_| run()).collect::<Result<Vec<_>, _>>()?;
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().ok_or_else(|| "nothing was measured".into())
}

fn warm_up(engine: &mut Engine, arguments: &Bench) -> Result<(), Failure> {
    let started = Instant::now();
    while started.elapsed() < WARM_UP {
        decode(engine, 0, arguments, AHEAD)?;
    }
    Ok(())
}

/// Decodes in all streams, with sequences that have so many tokens already.
fn decode(engine: &mut Engine, length: u32, arguments: &Bench, ahead: usize) -> Result<f64, Failure> {
    let mut sequences = (0..arguments.streams).map(|_| engine.open()).collect::<Result<Vec<_>, _>>()?;
    for sequence in &mut sequences {
        // What lies in the cache does not matter for how long it takes.
        engine.pretend(sequence, length)?;
    }
    let mut turns: Vec<_> = sequences.iter_mut().map(|sequence| Turn { sequence, tokens: &[1] }).collect();
    engine.run(&mut turns)?;
    drop(turns);
    engine.tokens()?;
    let started = Instant::now();
    for _ in 0..arguments.tokens {
        engine.run_on(&mut sequences.iter_mut().collect::<Vec<&mut Sequence>>())?;
        while engine.in_flight() > ahead {
            engine.tokens()?;
        }
    }
    while engine.in_flight() > 0 {
        engine.tokens()?;
    }
    let seconds = started.elapsed().as_secs_f64();
    for sequence in sequences {
        engine.close(sequence);
    }
    Ok(f64::from(arguments.tokens) * f64::from(arguments.streams) / seconds)
}

/// Reads a prompt.
fn read(engine: &mut Engine, count: u32) -> Result<f64, Failure> {
    let mut sequence = engine.open()?;
    let tokens: Vec<u32> = (0..count).map(|index| index % 1000).collect();
    let started = Instant::now();
    engine.read_prompt(&mut sequence, &tokens)?;
    engine.tokens()?;
    let seconds = started.elapsed().as_secs_f64();
    engine.close(sequence);
    Ok(f64::from(count) / seconds)
}
