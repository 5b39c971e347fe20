// Values as bytes, little-endian; the guest's side is crates/wardian-bridge/src/wire.rs.

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Puts values behind each other. */
export class Writer {
  constructor(capacity = 1 << 16) {
    this.length = 0;
    this.grow(capacity);
  }

  /** What was written so far; valid until more is written. */
  bytes() {
    return this.array.subarray(0, this.length);
  }

  /** Forgets everything from `length` on. */
  truncate(length) {
    this.length = length;
  }

  u8(value) {
    const at = this.room(1);
    this.array[at] = value;
  }

  u16(value) {
    const at = this.room(2);
    this.view.setUint16(at, value, true);
  }

  u32(value) {
    const at = this.room(4);
    this.view.setUint32(at, value, true);
  }

  s32(value) {
    const at = this.room(4);
    this.view.setInt32(at, value, true);
  }

  u64(value) {
    const at = this.room(8);
    this.view.setBigUint64(at, BigInt(value), true);
  }

  f32(value) {
    const at = this.room(4);
    this.view.setFloat32(at, value, true);
  }

  f64(value) {
    const at = this.room(8);
    this.view.setFloat64(at, value, true);
  }

  list(bytes) {
    this.u32(bytes.length);
    const at = this.room(bytes.length);
    this.array.set(bytes, at);
  }

  string(text) {
    this.list(encoder.encode(text));
  }

  /** Writes a number into four bytes that are there already. */
  patch(at, value) {
    this.view.setUint32(at, value, true);
  }

  /** Where the next bytes go. Their array may be a new one afterwards. */
  room(count) {
    const at = this.length;
    this.length += count;
    if (this.length > this.array.length) this.grow(this.length * 2);
    return at;
  }

  grow(capacity) {
    const array = new Uint8Array(capacity);
    if (this.array) array.set(this.array);
    this.array = array;
    this.view = new DataView(array.buffer);
  }
}

/** Takes values off the front of bytes. */
export class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }

  u8() {
    return this.view.getUint8(this.step(1));
  }

  u16() {
    return this.view.getUint16(this.step(2), true);
  }

  u32() {
    return this.view.getUint32(this.step(4), true);
  }

  s32() {
    return this.view.getInt32(this.step(4), true);
  }

  /** As a number, as WebGPU has them. */
  u64() {
    return Number(this.view.getBigUint64(this.step(8), true));
  }

  f32() {
    return this.view.getFloat32(this.step(4), true);
  }

  f64() {
    return this.view.getFloat64(this.step(8), true);
  }

  list() {
    const count = this.u32();
    const at = this.step(count);
    return this.bytes.subarray(at, at + count);
  }

  string() {
    return decoder.decode(this.list());
  }

  step(count) {
    const at = this.at;
    this.at += count;
    if (this.at > this.bytes.length) throw new RangeError('an answer is shorter than its values');
    return at;
  }
}
