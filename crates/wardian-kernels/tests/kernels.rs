//! Each kernel against a plain version on the processor, on numbers made by chance, with operations of subgroups (where
//! the adapter has them) and without.

#![expect(clippy::as_conversions, reason = "numbers of tests are small")]
#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "also what tests share may end them")]

use std::sync::LazyLock;

use futures::executor::block_on;
use half::{bf16, f16};
use wardian_gguf::Kind;
use wardian_kernels::{
    Activations, Argmax, Attention, CacheKind, Cached, Embedding, Format, Gpu, Heads, Matmul, Norm, Output,
    PAGE_POSITIONS, Quantise, RopeStyle, Rounding, Row, State, Unpacked, Weights,
};

static GPU: LazyLock<Gpu> = LazyLock::new(|| {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapter = block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default())).expect("an adapter");
    let required_features = adapter.features() & wgpu::Features::SUBGROUP;
    let descriptor = wgpu::DeviceDescriptor {
        required_features,
        required_limits: adapter.limits(),
        ..wgpu::DeviceDescriptor::default()
    };
    let (device, queue) = block_on(adapter.request_device(&descriptor)).expect("a device");
    Gpu::new(&adapter.get_info(), device, queue)
});

/// Numbers that look like chance, the same each time.
struct Chance(u64);

impl Chance {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// From -1 to 1.
    fn float(&mut self) -> f32 {
        (self.bits() & 0xffff) as f32 / 32768.0 - 1.0
    }

    fn floats(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.float()).collect()
    }
}

fn upload(gpu: &Gpu, numbers: &[f32]) -> wgpu::Buffer {
    let buffer = gpu.buffer("test", numbers.len() as u64 * 4);
    gpu.queue.write_buffer(&buffer, 0, bytemuck::cast_slice(numbers));
    buffer
}

fn read<T: bytemuck::Pod>(gpu: &Gpu, buffer: &wgpu::Buffer, count: usize) -> Vec<T> {
    let bytes = (count * size_of::<T>()) as u64;
    let staging = gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size: bytes,
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    encoder.copy_buffer_to_buffer(buffer, 0, &staging, 0, bytes);
    gpu.queue.submit([encoder.finish()]);
    staging.map_async(wgpu::MapMode::Read, .., |outcome| outcome.expect("it can be mapped"));
    gpu.device.poll(wgpu::PollType::wait_indefinitely()).expect("the device works");
    let range = staging.get_mapped_range(..).expect("it is mapped");
    bytemuck::pod_collect_to_vec(&range[..])
}

fn run(gpu: &Gpu, record: impl FnOnce(&mut wgpu::ComputePass<'_>)) {
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    record(&mut encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()));
    gpu.queue.submit([encoder.finish()]);
}

#[track_caller]
fn close(found: &[f32], wanted: &[f32], tolerance: f32, what: &str) {
    assert_eq!(found.len(), wanted.len(), "how many numbers of {what}");
    let greatest = wanted.iter().fold(1.0_f32, |greatest, number| greatest.max(number.abs()));
    for (index, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        let error = (found - wanted).abs();
        assert!(error <= tolerance * greatest, "number {index} of {what}: {found} instead of {wanted}");
    }
}

const WITHOUT_SUBGROUPS: &str = "without subgroups";

/// Both ways to add up.
fn both(test: impl Fn(&Gpu, &str)) {
    if GPU.has_subgroups() {
        test(&GPU, "with subgroups");
    }
    test(&GPU.without_subgroups(), WITHOUT_SUBGROUPS);
}

/// A block of a file, and the numbers that it stands for.
fn block(kind: Kind, chance: &mut Chance) -> (Vec<u8>, Vec<f32>) {
    let scale = f16::from_f32(0.01 + 0.01 * chance.float().abs());
    let least = f16::from_f32(0.1 * chance.float());
    let count = kind.block_numbers().max(32) as usize;
    let bits: Vec<u32> = (0..count).map(|_| chance.bits() as u32).collect();
    let nibbles = |bits: &[u32]| (0..16).map(|i| (bits[i] & 15 | (bits[i + 16] & 15) << 4) as u8).collect::<Vec<_>>();
    let fifths = |bits: &[u32]| (0..32).map(|i| (bits[i] >> 4 & 1) << i).sum::<u32>().to_le_bytes();
    let numbers = |range: u32, middle: f32, least: f32| {
        bits.iter().map(|bits| ((bits & range) as f32 - middle) * scale.to_f32() + least).collect::<Vec<f32>>()
    };
    let with_least = [scale.to_le_bytes(), least.to_le_bytes()].concat();
    match kind {
        Kind::Q4_0 => ([&scale.to_le_bytes()[..], &nibbles(&bits)].concat(), numbers(15, 8.0, 0.0)),
        Kind::Q4_1 => ([&with_least[..], &nibbles(&bits)].concat(), numbers(15, 0.0, least.to_f32())),
        Kind::Q5_0 => ([&scale.to_le_bytes()[..], &fifths(&bits), &nibbles(&bits)].concat(), numbers(31, 16.0, 0.0)),
        Kind::Q5_1 => ([&with_least[..], &fifths(&bits), &nibbles(&bits)].concat(), numbers(31, 0.0, least.to_f32())),
        Kind::Q8_0 => {
            let bytes: Vec<u8> = bits.iter().map(|bits| (*bits & 255) as u8).collect();
            let numbers = bytes.iter().map(|byte| f32::from(*byte as i8) * scale.to_f32()).collect();
            ([&scale.to_le_bytes()[..], &bytes].concat(), numbers)
        }
        Kind::F16 => {
            let halves: Vec<f16> = chance.floats(32).into_iter().map(f16::from_f32).collect();
            (halves.iter().flat_map(|half| half.to_le_bytes()).collect(), halves.iter().map(|h| h.to_f32()).collect())
        }
        Kind::Bf16 => {
            let halves: Vec<bf16> = chance.floats(32).into_iter().map(bf16::from_f32).collect();
            (halves.iter().flat_map(|half| half.to_le_bytes()).collect(), halves.iter().map(|h| h.to_f32()).collect())
        }
        Kind::F32 => {
            let floats = chance.floats(32);
            (floats.iter().flat_map(|float| float.to_le_bytes()).collect(), floats)
        }
        Kind::Q4K | Kind::Q5K | Kind::Q6K => panic!("there are no kernels for {}", kind.name()),
    }
}

const KINDS: [Kind; 8] = [Kind::F32, Kind::F16, Kind::Bf16, Kind::Q4_0, Kind::Q4_1, Kind::Q5_0, Kind::Q5_1, Kind::Q8_0];

fn weights(gpu: &Gpu, kind: Kind, rows: u32, columns: u32, chance: &mut Chance) -> (Weights, Vec<f32>) {
    let blocks = rows * columns / 32;
    let (bytes, numbers): (Vec<_>, Vec<_>) = (0..blocks).map(|_| block(kind, chance)).unzip();
    let format = Format::of(kind).expect("there is a kernel");
    let weights = Weights::new(gpu, "weights", format, rows, columns);
    let mut unpacked = Unpacked::default();
    // In two pieces, as a file is streamed.
    let (first, second) = bytes.split_at(bytes.len() / 3);
    Format::unpack(kind, &first.concat(), &mut unpacked);
    weights.write(gpu, 0, &unpacked);
    Format::unpack(kind, &second.concat(), &mut unpacked);
    weights.write(gpu, first.len() as u64, &unpacked);
    (weights, numbers.concat())
}

/// What rounding to 8 bits in blocks makes of numbers.
fn rounded(numbers: &[f32]) -> Vec<f32> {
    let round = |block: &[f32]| {
        let greatest = block.iter().fold(0.0_f32, |greatest, number| greatest.max(number.abs()));
        let scale = f16::from_f32(greatest / 127.0).to_f32();
        let inverse = if greatest > 0.0 { 127.0 / greatest } else { 0.0 };
        block.iter().map(|number| (number * inverse).round_ties_even() * scale).collect::<Vec<_>>()
    };
    numbers.chunks(32).flat_map(round).collect()
}

fn product(weights: &[f32], inputs: &[f32], columns: usize) -> Vec<f32> {
    let dot = |row: &[f32], input: &[f32]| row.iter().zip(input).map(|(a, b)| f64::from(a * b)).sum::<f64>() as f32;
    inputs.chunks(columns).flat_map(|input| weights.chunks(columns).map(move |row| dot(row, input))).collect()
}

#[test]
fn products_are_right_for_each_kind_of_weights() {
    both(|gpu, how| {
        let mut chance = Chance(7);
        // How products are added up has nothing to do with how weights are stored.
        let kinds =
            if how == WITHOUT_SUBGROUPS && GPU.has_subgroups() { &[Kind::F32, Kind::Q4_1][..] } else { &KINDS[..] };
        for (kind, rounding) in kinds.iter().flat_map(|kind| [(*kind, Rounding::Bits8), (*kind, Rounding::None)]) {
            for (rows, columns, counts) in [(6, 32, &[9][..]), (33, 576, &[1, 9])] {
                let (weights, numbers) = weights(gpu, kind, rows, columns, &mut chance);
                let rounding = weights.format.rounding(rounding);
                for &count in counts {
                    let room = u32::next_multiple_of(count, 8);
                    let inputs = chance.floats((count * columns) as usize);
                    let activations = Activations::new(gpu, "x", room, columns);
                    let quantise = Quantise::new(gpu, &upload(gpu, &inputs), &activations);
                    let output = gpu.buffer("y", u64::from(room * rows) * 4);
                    let to = Output::Store(&output);
                    let matmul = Matmul::new(gpu, "test", &weights, &activations, rounding, to);
                    run(gpu, |pass| {
                        quantise.record(pass, count);
                        matmul.record(pass, count);
                    });
                    let inputs = if rounding == Rounding::Bits8 { rounded(&inputs) } else { inputs };
                    let found: Vec<f32> = read(gpu, &output, (count * rows) as usize);
                    let what = format!("{} {rows} × {columns}, {count} rows, {rounding:?}, {how}", kind.name());
                    // The sum of a block is kept in 16 bits.
                    let tolerance = if rounding == Rounding::Bits8 { 2e-3 } else { 2e-6 };
                    close(&found, &product(&numbers, &inputs, columns as usize), tolerance, &what);
                }
            }
        }
    });
}

#[test]
fn products_are_added_and_gated() {
    both(|gpu, how| {
        let mut chance = Chance(8);
        let (rows, columns, count) = (64, 64, 2);
        let (weights, numbers) = weights(gpu, Kind::F32, rows, columns, &mut chance);
        let inputs = chance.floats((count * columns) as usize);
        let activations = Activations::new(gpu, "x", 8, columns);
        let quantise = Quantise::new(gpu, &upload(gpu, &inputs), &activations);
        let before = chance.floats((8 * rows) as usize);
        let (sum, gated) = (upload(gpu, &before), gpu.buffer("y", u64::from(8 * rows) * 4));
        let add = Matmul::new(gpu, "add", &weights, &activations, Rounding::Bits8, Output::Add(&sum));
        let gate = Matmul::new(gpu, "gate", &weights, &activations, Rounding::Bits8, Output::Gated(&gated));
        run(gpu, |pass| {
            quantise.record(pass, count);
            add.record(pass, count);
            gate.record(pass, count);
        });
        let products = product(&numbers, &inputs, columns as usize);
        let sums: Vec<f32> = products.iter().zip(&before).map(|(a, b)| a + b).collect();
        close(&read(gpu, &sum, products.len()), &sums, 1e-5, &format!("sums {how}"));
        let gates = products.chunks(64).flat_map(|row| {
            let (gates, values) = row.split_at(32);
            gates.iter().zip(values).map(|(x, y)| x / (1.0 + (-x).exp()) * y).collect::<Vec<_>>()
        });
        close(&read(gpu, &gated, 64), &gates.collect::<Vec<_>>(), 1e-5, &format!("gates {how}"));
    });
}

#[test]
fn rounding_to_8_bits_is_as_on_the_processor() {
    let mut chance = Chance(9);
    let mut inputs = chance.floats(96 * 3);
    // A block of zeros, one of tiny and one of huge numbers.
    inputs[..32].fill(0.0);
    inputs[32..64].iter_mut().for_each(|number| *number *= 1e-6);
    inputs[64..96].iter_mut().for_each(|number| *number *= 1e5);
    let activations = Activations::new(&GPU, "x", 8, 96);
    // Weights that are 1 at one place give back what the rounded numbers stand for.
    let columns = 96_usize;
    let unit: Vec<u8> = (0..columns * 3)
        .flat_map(|block| {
            let (row, block) = (block / 3, block % 3);
            let numbers = (0..32).map(move |i| u8::from(block * 32 + i == row));
            f16::ONE.to_le_bytes().into_iter().chain(numbers)
        })
        .collect();
    let weights = Weights::new(&GPU, "unit", Format::Bytes, 96, 96);
    let mut unpacked = Unpacked::default();
    Format::unpack(Kind::Q8_0, &unit, &mut unpacked);
    weights.write(&GPU, 0, &unpacked);
    let output = GPU.buffer("y", 8 * 96 * 4);
    let quantise = Quantise::new(&GPU, &upload(&GPU, &inputs), &activations);
    let matmul = Matmul::new(&GPU, "unit", &weights, &activations, Rounding::Bits8, Output::Store(&output));
    run(&GPU, |pass| {
        quantise.record(pass, 3);
        matmul.record(pass, 3);
    });
    let found: Vec<f32> = read(&GPU, &output, 96 * 3);
    let wanted = rounded(&inputs);
    for (index, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
        assert!((found - wanted).abs() <= wanted.abs() * 1e-6, "number {index}: {found} instead of {wanted}");
    }
    assert_eq!(read::<f32>(&GPU, &activations.floats, 96 * 3), inputs, "and as they are");
}

#[test]
fn norms_are_right_of_all_rows_and_of_chosen_ones() {
    let mut chance = Chance(10);
    let (columns, count) = (576, 3);
    let inputs = chance.floats(columns * count);
    let weight = chance.floats(columns);
    let norm = |row: &[f32]| {
        let mean = row.iter().map(|x| f64::from(x * x)).sum::<f64>() / columns as f64;
        let factor = 1.0 / (mean + 1e-5).sqrt();
        row.iter().zip(&weight).map(|(x, w)| (f64::from(*x) * factor) as f32 * w).collect::<Vec<_>>()
    };
    let wanted: Vec<f32> = inputs.chunks(columns).flat_map(norm).collect();
    let (input, weights) = (upload(&GPU, &inputs), upload(&GPU, &weight));
    let output = Activations::new(&GPU, "x", 8, columns as u32);
    let all = Norm::new(&GPU, &input, &weights, 1e-5, &output);
    run(&GPU, |pass| all.record(pass, 3));
    close(&read(&GPU, &output.floats, wanted.len()), &wanted, 1e-6, "all rows");

    let state = State::new(&GPU, 8, 1, 1);
    state.set_rows(&GPU, &[2, 0].map(|result_of| Row { result_of, ..Row::NONE }));
    let chosen = Norm::of_results(&GPU, &input, &weights, 1e-5, &output, &state);
    run(&GPU, |pass| chosen.record(pass, 2));
    let wanted = [&wanted[columns * 2..], &wanted[..columns]].concat();
    close(&read(&GPU, &output.floats, wanted.len()), &wanted, 1e-6, "rows 2 and 0");
}

#[test]
fn embeddings_are_the_rows_of_their_tokens() {
    let mut chance = Chance(11);
    for kind in KINDS {
        let (table, numbers) = weights(&GPU, kind, 10, 96, &mut chance);
        let state = State::new(&GPU, 8, 1, 1);
        // A token that does not exist is the last one, instead of what lies behind the table.
        let tokens = [3, 9, 0, 12];
        state.set_rows(&GPU, &tokens.map(|token| Row { token, ..Row::NONE }));
        let output = GPU.buffer("x", 8 * 96 * 4);
        let embedding = Embedding::new(&GPU, &table, &state, 2.0, &output);
        run(&GPU, |pass| embedding.record(pass, 4));
        let wanted = tokens.map(|token| {
            let start = token.min(9) as usize * 96;
            numbers[start..start + 96].iter().map(|number| number * 2.0).collect::<Vec<_>>()
        });
        close(&read(&GPU, &output, 4 * 96), &wanted.concat(), 1e-6, kind.name());
    }
}

#[test]
fn the_greatest_logit_is_chosen_and_of_equals_the_first() {
    let mut chance = Chance(12);
    let vocabulary = 5000;
    let mut logits = chance.floats(vocabulary * 3);
    logits[4321] = 2.0;
    logits[4999] = 2.0;
    logits[vocabulary + 7] = 3.0;
    logits[vocabulary * 2..].fill(f32::NAN);
    let state = State::new(&GPU, 8, 1, 1);
    let row = |position, sequence, result_of| Row { token: 0, position, sequence, result_of };
    // The third result is that of the fourth row.
    state.set_rows(&GPU, &[row(10, 5, 0), row(20, 6, 1), row(30, 7, 3), row(40, 8, u32::MAX)]);
    let argmax = Argmax::new(&GPU, &upload(&GPU, &logits), vocabulary as u32, &state);
    run(&GPU, |pass| argmax.record(pass, 3));
    let rows: Vec<Row> = read(&GPU, state.buffer(), 4);
    let next = |token, position, sequence, result_of| Row { token, position, sequence, result_of };
    let wanted = [next(4321, 11, 5, 0), next(7, 21, 6, 1), next(0, 41, 8, 2), Row::NONE];
    assert_eq!(rows, wanted, "tokens, and the next positions");
}

/// Attention of two sequences, whose pages lie in a mess, token after token, against sums on the processor.
fn attention(gpu: &Gpu, how: &str, kind: CacheKind, style: RopeStyle, width: u32) {
    let mut chance = Chance(13);
    let (heads, cache_heads, columns, context) = (6, 2, 64_u32, 2048);
    let lengths = [330_u32, 70];
    let pages_max = context / PAGE_POSITIONS;
    let heads = Heads { heads, cache_heads, width, slots: 16 * PAGE_POSITIONS, kind };
    let rows = (heads.heads + 2 * heads.cache_heads) * width;
    let (weights, numbers) = weights(gpu, Kind::F32, rows, columns, &mut chance);
    let angles = |position: u32| {
        (0..width / 2).map(move |pair| position as f32 * 10_000_f32.powf(-2.0 * pair as f32 / width as f32))
    };
    let rope: Vec<f32> = (0..context).flat_map(|p| angles(p).flat_map(|a| [a.cos(), a.sin()])).collect();
    let rows_max = 768;
    let state = State::new(gpu, rows_max, 2, pages_max);
    state.set_pages(gpu, 0, 0, &[7, 3, 12, 1, 9, 0, 15, 4, 8, 2, 11]);
    state.set_pages(gpu, 1, 0, &[6, 5]);
    let rows_of =
        |sequence, length| (0..length).map(move |position| Row { token: 0, position, sequence, result_of: 0 });
    let mut all: Vec<Row> = rows_of(0, lengths[0]).collect();
    // Rows that fill up leave no trace.
    all.resize(336, Row::NONE);
    let inputs = chance.floats((rows_max * columns) as usize);
    let activations = Activations::new(gpu, "x", rows_max, columns);
    let quantise = Quantise::new(gpu, &upload(gpu, &inputs), &activations);
    let queries = gpu.buffer("q", u64::from(rows_max * heads.heads * width) * 4);
    let cache = gpu.buffer("cache", heads.cache_bytes());
    let cached = Cached { queries: &queries, cache: &cache, rope: &upload(gpu, &rope), state: &state, heads, style };
    let matmul = Matmul::new(gpu, "qkv", &weights, &activations, Rounding::Bits8, Output::Cached(cached));
    let parts = Attention::parts_buffer(gpu, &heads, rows_max, context);
    let output = Activations::new(gpu, "out", rows_max, heads.heads * width);
    let attention = Attention::new(gpu, cached, context, &parts, &output);
    let mut others: Vec<Row> = rows_of(1, lengths[1]).collect();
    others.resize(72, Row::NONE);
    for (rows, length) in [(all, lengths[0]), (others, lengths[1])] {
        let count = rows.len() as u32;
        state.set_rows(gpu, &rows);
        run(gpu, |pass| {
            quantise.record(pass, count);
            matmul.record(pass, count);
            attention.record(pass, count, length);
        });
        let found: Vec<f32> = read(gpu, &output.floats, (length * heads.heads * width) as usize);
        let products = product(&numbers, &inputs[..(length * columns) as usize], columns as usize);
        let per_row = (heads.heads * width) as usize;
        let positions = [0, 1, 63, 64, 65, length - 1, length / 2];
        for (position, wanted) in
            positions.into_iter().zip(plain_attention(&products, &rope, &heads, style, &positions))
        {
            let range = position as usize * per_row..(position as usize + 1) * per_row;
            let what = format!("position {position} of {length}, {how}, {kind:?}, {style:?}, {width}");
            let tolerance = if kind == CacheKind::F32 { 1e-4 } else { 4e-3 };
            close(&found[range], &wanted, tolerance, &what);
        }
    }
}

fn plain_attention(
    products: &[f32],
    rope: &[f32],
    heads: &Heads,
    style: RopeStyle,
    positions: &[u32],
) -> Vec<Vec<f32>> {
    let width = heads.width as usize;
    let per_row = width * (heads.heads + 2 * heads.cache_heads) as usize;
    let turn = |head: &[f32], position: usize| {
        let mut turned = head.to_vec();
        for pair in 0..width / 2 {
            let (a, b) = match style {
                RopeStyle::Neighbours => (pair * 2, pair * 2 + 1),
                RopeStyle::Halves => (pair, pair + width / 2),
            };
            let at = (position * (width / 2) + pair) * 2;
            turned[a] = head[a] * rope[at] - head[b] * rope[at + 1];
            turned[b] = head[a] * rope[at + 1] + head[b] * rope[at];
        }
        turned
    };
    let rows: Vec<Vec<&[f32]>> = products.chunks(per_row).map(|row| row.chunks(width).collect()).collect();
    let (queries, cached) = (heads.heads as usize, heads.cache_heads as usize);
    let keys: Vec<Vec<Vec<f32>>> = rows
        .iter()
        .enumerate()
        .map(|(position, row)| row[queries..queries + cached].iter().map(|head| turn(head, position)).collect())
        .collect();
    let result = |position: usize| {
        let mut output = Vec::new();
        for head in 0..queries {
            let query = turn(rows[position][head], position);
            let cache_head = head / (queries / cached);
            let dot = |key: &Vec<f32>| query.iter().zip(key).map(|(a, b)| a * b).sum::<f32>() / (width as f32).sqrt();
            let scores: Vec<f32> = keys[..=position].iter().map(|key| dot(&key[cache_head])).collect();
            let greatest = scores.iter().fold(f32::MIN, |greatest, score| greatest.max(*score));
            let weights: Vec<f32> = scores.iter().map(|score| (score - greatest).exp()).collect();
            let total: f32 = weights.iter().sum();
            output.extend((0..width).map(|number| {
                let value = |index: usize| rows[index][queries + cached + cache_head][number];
                weights.iter().enumerate().map(|(i, w)| w * value(i)).sum::<f32>() / total
            }));
        }
        output
    };
    positions.iter().map(|position| result(*position as usize)).collect()
}

#[test]
fn attention_is_right_over_pages_and_parts() {
    both(|gpu, how| attention(gpu, how, CacheKind::F32, RopeStyle::Neighbours, 64));
}

#[test]
fn attention_is_right_with_16_bits_and_other_heads() {
    attention(&GPU, "as it comes", CacheKind::F16, RopeStyle::Halves, 128);
    attention(&GPU, "as it comes", CacheKind::F16, RopeStyle::Neighbours, 32);
}
