//! What a pass does, kernel after kernel: nine dispatches a layer, and five around them.

use wardian_kernels::{
    Activations, Argmax, Attention, Cached, Embedding, Gpu, Heads, Matmul, Norm, Output, Quantise, State,
};

use super::{Options, RESULTS_MAX, ROWS_MAX};
use crate::{
    Failure,
    model::{self, Model},
    shape::Shape,
};

/// All kernels of a pass, with their buffers.
#[derive(Debug)]
pub(super) struct Layers {
    embedding: Embedding,
    layers: Vec<Layer>,
    result_norm: Norm,
    results: Matmul,
    argmax: Argmax,
    logits: wgpu::Buffer,
    cache_bytes: u64,
}

#[derive(Debug)]
struct Layer {
    attention_norm: Norm,
    queries: Matmul,
    attention: Attention,
    attention_output: Matmul,
    hidden_norm: Norm,
    gates: Matmul,
    rounding: Quantise,
    hidden_output: Matmul,
}

/// The buffers that all layers share.
struct Shared {
    /// A row's numbers, to which each half of a layer adds.
    rows: wgpu::Buffer,
    normed: Activations,
    queries: wgpu::Buffer,
    parts: wgpu::Buffer,
    attended: Activations,
    gated: wgpu::Buffer,
    hidden: Activations,
    rope: wgpu::Buffer,
    heads: Heads,
}

impl Shared {
    fn new(gpu: &Gpu, model: &Model, options: Options, slots: u32) -> Self {
        let shape = &model.shape;
        let floats = |label: &str, columns: u32| gpu.buffer(label, u64::from(ROWS_MAX) * u64::from(columns) * 4);
        let heads = Heads {
            heads: shape.heads,
            cache_heads: shape.cache_heads,
            width: shape.head_width,
            slots,
            kind: options.cache,
        };
        let rope = shape.rope(options.context, &model.rope_factors);
        let rope_buffer = gpu.buffer("rope", u64::from(options.context) * u64::from(shape.head_width) * 4);
        gpu.queue.write_buffer(&rope_buffer, 0, bytemuck::cast_slice(&rope));
        Self {
            rows: floats("rows", shape.width),
            normed: Activations::new(gpu, "normed", ROWS_MAX, shape.width),
            queries: floats("queries", shape.query_width()),
            parts: Attention::parts_buffer(gpu, &heads, ROWS_MAX, options.context),
            attended: Activations::new(gpu, "attended", ROWS_MAX, shape.query_width()),
            gated: floats("gated", shape.hidden),
            hidden: Activations::new(gpu, "hidden", ROWS_MAX, shape.hidden),
            rope: rope_buffer,
            heads,
        }
    }
}

impl Layers {
    pub(super) fn new(gpu: &Gpu, model: &Model, state: &State, options: Options, slots: u32) -> Result<Self, Failure> {
        let shape = &model.shape;
        let shared = Shared::new(gpu, model, options, slots);
        let cache_bytes = shared.heads.cache_bytes();
        let limits = gpu.device.limits();
        let most = limits.max_buffer_size.min(limits.max_storage_buffer_binding_size);
        if cache_bytes > most {
            let missing = cache_bytes - most;
            return Err(format!(
                "a layer's cache needs a buffer of {cache_bytes} bytes, and the adapter's largest has {most}: {missing} \
                 bytes are missing; take a shorter --context"
            )
            .into());
        }
        let layers = model.layers.iter().map(|layer| Layer::new(gpu, shape, layer, &shared, state, options)).collect();
        let logits = gpu.buffer("logits", u64::from(RESULTS_MAX) * u64::from(shape.vocabulary) * 4);
        let results = Activations::new(gpu, "results", RESULTS_MAX, shape.width);
        Ok(Self {
            embedding: Embedding::new(gpu, &model.embedding, state, 1.0, &shared.rows),
            layers,
            result_norm: Norm::of_results(gpu, &shared.rows, &model.output_norm, shape.epsilon, &results, state),
            results: Matmul::new(gpu, "logits", &model.output, &results, options.rounding, Output::Store(&logits)),
            argmax: Argmax::new(gpu, &logits, shape.vocabulary, state),
            logits,
            cache_bytes: cache_bytes * u64::from(shape.layers),
        })
    }

    pub(super) fn cache_bytes(&self) -> u64 {
        self.cache_bytes
    }

    pub(super) fn logits(&self) -> &wgpu::Buffer {
        &self.logits
    }

    /// Records a pass: so many rows, the first results of which are chosen from.
    pub(super) fn record(&self, encoder: &mut wgpu::CommandEncoder, rows: u32, results: u32, positions: u32) {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: None, timestamp_writes: None });
        self.embedding.record(&mut pass, rows);
        for layer in &self.layers {
            layer.attention_norm.record(&mut pass, rows);
            layer.queries.record(&mut pass, rows);
            layer.attention.record(&mut pass, rows, positions);
            layer.attention_output.record(&mut pass, rows);
            layer.hidden_norm.record(&mut pass, rows);
            layer.gates.record(&mut pass, rows);
            layer.rounding.record(&mut pass, rows);
            layer.hidden_output.record(&mut pass, rows);
        }
        self.result_norm.record(&mut pass, results);
        self.results.record(&mut pass, results);
        self.argmax.record(&mut pass, results);
    }
}

impl Layer {
    fn new(gpu: &Gpu, shape: &Shape, layer: &model::Layer, shared: &Shared, state: &State, options: Options) -> Self {
        let cache = gpu.buffer("cache", shared.heads.cache_bytes());
        let cached = Cached {
            queries: &shared.queries,
            cache: &cache,
            rope: &shared.rope,
            state,
            heads: shared.heads,
            style: shape.rope_style,
        };
        let matmul = |label, weights, input, output| Matmul::new(gpu, label, weights, input, options.rounding, output);
        let norm = |weight| Norm::new(gpu, &shared.rows, weight, shape.epsilon, &shared.normed);
        Self {
            attention_norm: norm(&layer.attention_norm),
            queries: matmul("queries", &layer.attention, &shared.normed, Output::Cached(cached)),
            attention: Attention::new(gpu, cached, options.context, &shared.parts, &shared.attended),
            attention_output: matmul(
                "attention output",
                &layer.attention_output,
                &shared.attended,
                Output::Add(&shared.rows),
            ),
            hidden_norm: norm(&layer.hidden_norm),
            gates: matmul("gates", &layer.gates, &shared.normed, Output::Gated(&shared.gated)),
            rounding: Quantise::new(gpu, &shared.gated, &shared.hidden),
            hidden_output: matmul("hidden output", &layer.hidden_output, &shared.hidden, Output::Add(&shared.rows)),
        }
    }
}
