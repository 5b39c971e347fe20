//! The engine: sequences of tokens, and passes over some of their tokens at a time.
//!
//! A pass takes tokens of one or more sequences, and chooses for each of these the most likely token that follows. What
//! it has chosen stays on the GPU as well, so that the next pass can go on from there before anybody has read it.

mod layers;
mod pages;
mod readback;

use wardian_kernels::{CacheKind, Gpu, Rounding, Row, State};

use self::{layers::Layers, pages::Pages, readback::Readback};
use crate::{Failure, model::Model};

pub use pages::Sequence;

/// Rows of a pass at most: tokens of a prompt that are read at once, or sequences that go on at once.
pub const ROWS_MAX: u32 = 128;
/// Rows of a pass of which results are wanted, at most: their logits take much memory.
const RESULTS_MAX: u32 = 32;

/// What an engine has room for.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Positions of a sequence.
    pub context: u32,
    /// Sequences at a time.
    pub sequences: u32,
    /// How numbers lie in the cache.
    pub cache: CacheKind,
    /// What activations are rounded to.
    pub rounding: Rounding,
}

/// Tokens that a sequence goes on with in a pass.
#[derive(Debug)]
pub struct Turn<'a> {
    /// The sequence.
    pub sequence: &'a mut Sequence,
    /// Its next tokens, one at least.
    pub tokens: &'a [u32],
}

/// A model with its cache, and what is needed to run it.
#[derive(Debug)]
pub struct Engine {
    gpu: Gpu,
    state: State,
    layers: Layers,
    pages: Pages,
    readback: Readback,
    options: Options,
    vocabulary: u32,
}

impl Engine {
    /// Makes the cache and the pipelines.
    ///
    /// # Errors
    ///
    /// When the adapter is too small for the cache, or the context is longer than the model's.
    pub async fn new(gpu: &Gpu, model: &Model, options: Options) -> Result<Self, Failure> {
        if options.context > model.shape.context || options.context == 0 {
            let greatest = model.shape.context;
            return Err(
                format!("a context of {} is not possible: the model has 1 to {greatest}", options.context).into()
            );
        }
        if options.sequences == 0 || options.sequences > RESULTS_MAX {
            return Err(format!("{} sequences are not possible: 1 to {RESULTS_MAX} are", options.sequences).into());
        }
        let scope = gpu.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let pages = Pages::new(options.context, options.sequences);
        let state = State::new(gpu, ROWS_MAX, options.sequences, pages.pages_max());
        let layers = Layers::new(gpu, model, &state, options, pages.slots());
        let readback = Readback::new(gpu);
        if let Some(error) = scope.pop().await {
            let bytes = layers?.cache_bytes();
            return Err(format!(
                "the adapter has not enough memory for a cache of {bytes} bytes: {error}; take a shorter --context"
            )
            .into());
        }
        let (gpu, layers) = (gpu.clone(), layers?);
        Ok(Self { gpu, state, layers, pages, readback, options, vocabulary: model.shape.vocabulary })
    }

    /// What it has room for.
    #[must_use]
    pub fn options(&self) -> Options {
        self.options
    }

    /// A new sequence, without tokens.
    ///
    /// # Errors
    ///
    /// When there are as many as there may be.
    pub fn open(&mut self) -> Result<Sequence, Failure> {
        self.pages.open()
    }

    /// Gives the room of a sequence back.
    pub fn close(&mut self, sequence: Sequence) {
        self.pages.close(sequence);
    }

    /// Makes a sequence longer without reading anything: to measure with, where it does not matter what it has read.
    ///
    /// # Errors
    ///
    /// When it gets too long.
    pub fn pretend(&mut self, sequence: &mut Sequence, count: u32) -> Result<(), Failure> {
        self.pages.extend(&self.gpu, &self.state, sequence, count)
    }

    /// Forgets all tokens of a sequence after so many.
    pub fn truncate(&mut self, sequence: &mut Sequence, length: u32) {
        self.pages.truncate(sequence, length);
    }

    /// One pass over tokens; chooses a token for each turn.
    ///
    /// # Errors
    ///
    /// When a sequence gets too long, a token is none, or there are too many.
    pub fn run(&mut self, turns: &mut [Turn<'_>]) -> Result<(), Failure> {
        let mut rows = Vec::new();
        let mut results = Vec::new();
        for turn in &mut *turns {
            if let Some(token) = turn.tokens.iter().find(|token| **token >= self.vocabulary) {
                return Err(format!("there is no token {token}: the model has {}", self.vocabulary).into());
            }
            let from = turn.sequence.length();
            let count = u32::try_from(turn.tokens.len())?;
            self.pages.extend(&self.gpu, &self.state, turn.sequence, count)?;
            rows.extend((from..).zip(turn.tokens).map(|(position, token)| Row {
                token: *token,
                position,
                sequence: turn.sequence.slot(),
                result_of: u32::MAX,
            }));
            results.push(u32::try_from(rows.len())?.checked_sub(1).ok_or("a turn has no tokens")?);
        }
        let count = u32::try_from(rows.len())?;
        if count == 0 || count > ROWS_MAX || u32::try_from(results.len())? > RESULTS_MAX {
            return Err(format!("a pass takes 1 to {ROWS_MAX} tokens for up to {RESULTS_MAX} sequences").into());
        }
        for (row, result) in rows.iter_mut().zip(&results) {
            row.result_of = *result;
        }
        rows.resize(usize::try_from(count.next_multiple_of(8))?, Row::NONE);
        self.state.set_rows(&self.gpu, &rows);
        let positions = turns.iter().map(|turn| turn.sequence.length()).max().unwrap_or(0);
        self.submit(count, u32::try_from(results.len())?, positions)
    }

    /// One pass with the tokens that the pass before has chosen, for the same sequences in the same order.
    ///
    /// # Errors
    ///
    /// When a sequence gets too long.
    pub fn run_on(&mut self, sequences: &mut [&mut Sequence]) -> Result<(), Failure> {
        for sequence in &mut *sequences {
            self.pages.extend(&self.gpu, &self.state, sequence, 1)?;
        }
        let positions = sequences.iter().map(|sequence| sequence.length()).max().unwrap_or(0);
        let count = u32::try_from(sequences.len())?;
        self.submit(count, count, positions)
    }

    /// Reads tokens of a prompt, in as many passes as that takes; chooses the token that follows.
    ///
    /// # Errors
    ///
    /// As [`Engine::run`], and when there are no tokens.
    pub fn read_prompt(&mut self, sequence: &mut Sequence, tokens: &[u32]) -> Result<(), Failure> {
        let room = self.options.context.saturating_sub(sequence.length());
        if u32::try_from(tokens.len())? > room {
            let (count, context) = (tokens.len(), self.options.context);
            return Err(format!("{count} tokens do not fit: {room} of the context's {context} are left").into());
        }
        let mut pieces = tokens.chunks(usize::try_from(ROWS_MAX)?).peekable();
        if pieces.peek().is_none() {
            return Err("the prompt has no tokens: say something".into());
        }
        while let Some(tokens) = pieces.next() {
            self.run(&mut [Turn { sequence, tokens }])?;
            if pieces.peek().is_some() {
                self.tokens()?;
            }
        }
        Ok(())
    }

    fn submit(&mut self, rows: u32, results: u32, positions: u32) -> Result<(), Failure> {
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: None });
        self.layers.record(&mut encoder, rows, results, positions);
        self.readback.submit(&self.gpu, encoder, self.state.buffer(), results)
    }

    /// How many passes there are whose tokens have not been read.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.readback.in_flight()
    }

    /// The tokens that the oldest pass chose whose tokens have not been read.
    ///
    /// # Errors
    ///
    /// When there is no such pass, or the device is lost.
    pub fn tokens(&mut self) -> Result<Vec<u32>, Failure> {
        self.readback.tokens(&self.gpu)
    }

    /// The logits of all tokens, of a result of the newest pass.
    ///
    /// # Errors
    ///
    /// When the device is lost.
    pub fn logits(&self, result: u32) -> Result<Vec<f32>, Failure> {
        let bytes = u64::from(self.vocabulary) * 4;
        readback::floats(&self.gpu, self.layers.logits(), u64::from(result) * bytes, bytes)
    }
}
