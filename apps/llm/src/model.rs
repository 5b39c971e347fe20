//! A model's weights, on the GPU: streamed from a file in pieces, or made up.

use std::io::{Read, Seek, SeekFrom};

use wardian_gguf::{Gguf, Tensor};
use wardian_kernels::{Fill, Format, Gpu, Unpacked, Weights};

use crate::{Failure, shape::Shape};

/// What of a file is in memory at a time.
const PIECE_BYTES: u64 = 1 << 20;

/// The weights of a model.
#[derive(Clone, Debug)]
pub struct Model {
    /// How large it is.
    pub shape: Shape,
    pub(crate) embedding: Weights,
    /// The table of the output, which many models share with the embedding.
    pub(crate) output: Weights,
    pub(crate) output_norm: wgpu::Buffer,
    pub(crate) layers: Vec<Layer>,
    /// What the angles of positions are divided by, where a model says so.
    pub(crate) rope_factors: Vec<f32>,
    /// Bytes on the GPU.
    pub bytes: u64,
}

/// The weights of a layer.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub(crate) attention_norm: wgpu::Buffer,
    /// Queries, keys and values, one below the other.
    pub(crate) attention: Weights,
    pub(crate) attention_output: Weights,
    pub(crate) hidden_norm: wgpu::Buffer,
    /// Gates and values, one below the other.
    pub(crate) gates: Weights,
    pub(crate) hidden_output: Weights,
}

impl Model {
    /// Streams the weights of a file to the GPU, and tells how many of how many bytes are there.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, lacks a tensor, or has one that there is no kernel for.
    pub async fn load<R: Read + Seek>(
        gpu: &Gpu,
        source: R,
        file: &Gguf,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self, Failure> {
        let shape = Shape::of_file(file)?;
        let scope = gpu.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let total = file.tensors().map(|tensor| tensor.bytes).sum();
        let piece = Vec::new();
        let mut loader =
            Loader { gpu, source, file, progress, total, done: 0, bytes: 0, piece, unpacked: Unpacked::default() };
        let loaded = loader.model(shape);
        let bytes = loader.bytes;
        match scope.pop().await {
            Some(error) => Err(format!(
                "the adapter has not enough memory for {bytes} bytes of weights: {error}; take a smaller model"
            )
            .into()),
            None => Ok(Self { bytes, ..loaded? }),
        }
    }

    /// Makes weights up, of 4 bits a number (8 in the table of tokens), to measure with.
    ///
    /// # Errors
    ///
    /// When the adapter is too small.
    pub fn dummy(gpu: &Gpu, shape: Shape) -> Result<Self, Failure> {
        let mut bytes = 0;
        let mut make = |format, rows, columns| -> Result<Weights, Failure> {
            check_limits(gpu, format, rows, columns)?;
            bytes += Weights::bytes(format, rows, columns);
            let weights = Weights::new(gpu, "made up", format, rows, columns);
            Fill::weights(gpu, &weights);
            Ok(weights)
        };
        let norm = || {
            let buffer = gpu.buffer("norm", u64::from(shape.width) * 4);
            Fill::ones(gpu, &buffer);
            buffer
        };
        let mut layers = Vec::new();
        for _ in 0..shape.layers {
            layers.push(Layer {
                attention_norm: norm(),
                attention: make(Format::Nibbles, shape.query_width() + 2 * shape.cache_width(), shape.width)?,
                attention_output: make(Format::Nibbles, shape.width, shape.query_width())?,
                hidden_norm: norm(),
                gates: make(Format::Nibbles, shape.hidden * 2, shape.width)?,
                hidden_output: make(Format::Nibbles, shape.width, shape.hidden)?,
            });
        }
        let table = if shape.width > 1024 { Format::Nibbles } else { Format::Bytes };
        let embedding = make(table, shape.vocabulary, shape.width)?;
        let output = embedding.clone();
        Ok(Self { embedding, output, output_norm: norm(), layers, rope_factors: Vec::new(), bytes, shape })
    }
}

struct Loader<'a, R> {
    gpu: &'a Gpu,
    source: R,
    file: &'a Gguf,
    progress: &'a mut dyn FnMut(u64, u64),
    total: u64,
    done: u64,
    bytes: u64,
    piece: Vec<u8>,
    unpacked: Unpacked,
}

impl<R: Read + Seek> Loader<'_, R> {
    fn model(&mut self, shape: Shape) -> Result<Model, Failure> {
        let (width, vocabulary) = (shape.width, shape.vocabulary);
        let embedding = self.matrix(&[("token_embd.weight", vocabulary)], width)?;
        let output = match self.file.optional_tensor("output.weight") {
            Some(_) => self.matrix(&[("output.weight", vocabulary)], width)?,
            None => embedding.clone(),
        };
        let output_norm = self.vector("output_norm.weight", width)?;
        let rope_factors = match self.file.optional_tensor("rope_freqs.weight") {
            Some(_) => self.floats("rope_freqs.weight", shape.head_width / 2)?,
            None => Vec::new(),
        };
        let mut layers = Vec::new();
        for layer in 0..shape.layers {
            layers.push(self.layer(&shape, layer)?);
        }
        Ok(Model { shape, embedding, output, output_norm, layers, rope_factors, bytes: 0 })
    }

    fn layer(&mut self, shape: &Shape, layer: u32) -> Result<Layer, Failure> {
        let name = |part: &str| format!("blk.{layer}.{part}.weight");
        let (queries, cached) = (shape.query_width(), shape.cache_width());
        Ok(Layer {
            attention_norm: self.vector(&name("attn_norm"), shape.width)?,
            attention: self.matrix(
                &[(&name("attn_q"), queries), (&name("attn_k"), cached), (&name("attn_v"), cached)],
                shape.width,
            )?,
            attention_output: self.matrix(&[(&name("attn_output"), shape.width)], queries)?,
            hidden_norm: self.vector(&name("ffn_norm"), shape.width)?,
            gates: self.matrix(&[(&name("ffn_gate"), shape.hidden), (&name("ffn_up"), shape.hidden)], shape.width)?,
            hidden_output: self.matrix(&[(&name("ffn_down"), shape.width)], shape.hidden)?,
        })
    }

    /// Matrices of one width, one below the other.
    fn matrix(&mut self, parts: &[(&str, u32)], columns: u32) -> Result<Weights, Failure> {
        let file = self.file;
        let mut tensors = Vec::new();
        for (name, rows) in parts {
            let tensor = file.tensor(name, columns.into(), (*rows).into())?;
            let format = Format::of(tensor.kind).ok_or_else(|| {
                format!("tensor '{name}' has the type {}, for which there is no kernel yet", tensor.kind.name())
            })?;
            tensors.push((tensor, format));
        }
        let Some((first, format)) = tensors.first().copied() else { return Err("no tensor at all".into()) };
        if let Some((other, _)) = tensors.iter().find(|(_, other)| *other != format) {
            let (kind, other_kind) = (first.kind.name(), other.kind.name());
            let names = format!("'{}' and '{}'", first.name, other.name);
            return Err(format!("{names} have the types {kind} and {other_kind}, which can't be joined yet").into());
        }
        let rows = parts.iter().map(|(_, rows)| rows).sum();
        check_limits(self.gpu, format, rows, columns)?;
        let weights = Weights::new(self.gpu, &first.name, format, rows, columns);
        self.bytes += Weights::bytes(format, rows, columns);
        let mut block = 0;
        for (tensor, _) in tensors {
            self.stream(tensor, &weights, &mut block)?;
        }
        Ok(weights)
    }

    /// Piece by piece from the file to the GPU.
    fn stream(&mut self, tensor: &Tensor, weights: &Weights, block: &mut u64) -> Result<(), Failure> {
        // Blocks on the GPU have 32 numbers, those of a file may be single numbers.
        let block_bytes = tensor.kind.block_bytes() * (32 / tensor.kind.block_numbers()).max(1);
        self.source.seek(SeekFrom::Start(tensor.offset))?;
        let mut left = tensor.bytes;
        while left > 0 {
            let bytes = left.min(PIECE_BYTES / block_bytes * block_bytes);
            self.read(bytes)?;
            Format::unpack(tensor.kind, &self.piece, &mut self.unpacked);
            weights.write(self.gpu, *block, &self.unpacked);
            *block += bytes / block_bytes;
            left -= bytes;
            // So that what was written leaves the staging memory before more comes.
            self.gpu.queue.submit([]);
        }
        Ok(())
    }

    fn read(&mut self, bytes: u64) -> Result<(), Failure> {
        self.piece.resize(usize::try_from(bytes)?, 0);
        self.source.read_exact(&mut self.piece)?;
        self.done += bytes;
        (self.progress)(self.done, self.total);
        Ok(())
    }

    fn floats(&mut self, name: &str, count: u32) -> Result<Vec<f32>, Failure> {
        let tensor = self.file.tensor(name, count.into(), 1)?;
        if tensor.kind != wardian_gguf::Kind::F32 {
            return Err(format!("tensor '{name}' has the type {} instead of F32", tensor.kind.name()).into());
        }
        self.source.seek(SeekFrom::Start(tensor.offset))?;
        self.read(tensor.bytes)?;
        let (numbers, _) = self.piece.as_chunks::<4>();
        Ok(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    fn vector(&mut self, name: &str, count: u32) -> Result<wgpu::Buffer, Failure> {
        let numbers = self.floats(name, count)?;
        let buffer = self.gpu.buffer(name, u64::from(count) * 4);
        self.gpu.queue.write_buffer(&buffer, 0, bytemuck::cast_slice(&numbers));
        self.bytes += u64::from(count) * 4;
        Ok(buffer)
    }
}

/// Whether one buffer of the adapter can hold a matrix.
fn check_limits(gpu: &Gpu, format: Format, rows: u32, columns: u32) -> Result<(), Failure> {
    let limits = gpu.device.limits();
    let most = limits.max_buffer_size.min(limits.max_storage_buffer_binding_size);
    let needed = u64::from(rows) * u64::from(columns / 32) * format.number_bytes();
    match needed.checked_sub(most) {
        Some(missing) if missing > 0 => Err(format!(
            "a matrix of {rows} × {columns} needs a buffer of {needed} bytes, and the adapter's largest has {most}: \
             {missing} bytes are missing"
        )
        .into()),
        _ => Ok(()),
    }
}
