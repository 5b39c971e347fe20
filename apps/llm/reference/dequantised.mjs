// A GGUF file of the same model whose weights are 32-bit floats: the same numbers, without blocks and scales.

import { openSync, readSync, writeSync, closeSync, fstatSync } from "node:fs";

const ALIGNMENT = 32;
/// Numbers and bytes of a block by type, and what turns a block into numbers.
const KINDS = {
    0: [1, 4, (view, at, out, to) => (out[to] = view.getFloat32(at, true))],
    3: [32, 20, q4_1],
    8: [32, 34, q8_0],
};
/// Bytes of values by type.
const VALUE_BYTES = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };

function half(view, at) {
    const bits = view.getUint16(at, true);
    const sign = bits >> 15 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function q4_1(view, at, out, to) {
    const [scale, least] = [half(view, at), half(view, at + 2)];
    for (let i = 0; i < 16; i++) {
        const byte = view.getUint8(at + 4 + i);
        out[to + i] = (byte & 15) * scale + least;
        out[to + 16 + i] = (byte >> 4) * scale + least;
    }
}

function q8_0(view, at, out, to) {
    const scale = half(view, at);
    for (let i = 0; i < 32; i++) out[to + i] = view.getInt8(at + 2 + i) * scale;
}

function read(file, at, length) {
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, at);
    return bytes;
}

/** Writes the file. */
export function dequantise(from, to) {
    const input = openSync(from, "r");
    const head = read(input, 0, Math.min(fstatSync(input).size, 32 << 20));
    let at = 4;
    const u32 = () => head.readUInt32LE((at += 4) - 4);
    const u64 = () => Number(head.readBigUInt64LE((at += 8) - 8));
    const skip = (kind) => {
        if (kind === 8) {
            const length = u64();
            at += length;
        }
        if (kind === 9) for (let [element, count] = [u32(), u64()]; count > 0; count--) skip(element);
        at += VALUE_BYTES[kind] ?? 0;
    };
    u32();
    const [tensorCount, keyCount] = [u64(), u64()];
    for (let key = 0; key < keyCount; key++) {
        skip(8);
        skip(u32());
    }
    const keysEnd = at;
    const tensors = [];
    let offset = 0;
    for (let index = 0; index < tensorCount; index++) {
        const start = at;
        skip(8);
        const sizes = Array.from({ length: u32() }, u64);
        const shape = head.subarray(start, at);
        const [kind, source] = [u32(), u64()];
        const count = sizes.reduce((product, size) => product * size, 1);
        const entry = Buffer.alloc(12);
        entry.writeBigUInt64LE(BigInt(offset), 4);
        tensors.push({ kind, source, count, offset, entry: Buffer.concat([shape, entry]) });
        offset += Math.ceil((count * 4) / ALIGNMENT) * ALIGNMENT;
    }
    const aligned = (place) => Math.ceil(place / ALIGNMENT) * ALIGNMENT;
    const inputStart = aligned(at);
    const output = openSync(to, "w");
    const header = Buffer.concat([head.subarray(0, keysEnd), ...tensors.map(({ entry }) => entry)]);
    writeSync(output, header, 0, header.length, 0);
    for (const { kind, source, count, offset } of tensors) {
        const [numbers, bytes, unpack] = KINDS[kind] ?? [];
        if (unpack === undefined) throw new Error(`tensors of type ${kind} cannot be dequantised here`);
        const data = read(input, inputStart + source, (count / numbers) * bytes);
        const view = new DataView(data.buffer, data.byteOffset, data.length);
        const out = new Float32Array(count);
        for (let block = 0; block < count / numbers; block++) unpack(view, block * bytes, out, block * numbers);
        writeSync(output, out, 0, out.byteLength, aligned(header.length) + offset);
    }
    closeSync(input);
    closeSync(output);
}
