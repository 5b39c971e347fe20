// Web IDL's conversions of plain values. Each takes the value and what it is, for the error.

const INTEGERS = {
  u8: [0, 0xff],
  u16: [0, 0xffff],
  u32: [0, 0xffff_ffff],
  s32: [-0x8000_0000, 0x7fff_ffff],
  u64: [0, Number.MAX_SAFE_INTEGER],
};

function toNumber(value, what) {
  if (typeof value === 'bigint' || typeof value === 'symbol') {
    throw new TypeError(`${what}: expected a number, but a ${typeof value} came`);
  }
  return Number(value);
}

/** `[EnforceRange]`: out of range is a TypeError. */
export function enforceRange(type) {
  const [least, most] = INTEGERS[type];
  return (value, what) => {
    const number = Math.trunc(toNumber(value, what));
    if (!(number >= least && number <= most)) {
      throw new TypeError(`${what}: expected an integer from ${least} to ${most}, but ${String(value)} came`);
    }
    return number + 0;
  };
}

/** `[Clamp]`: the nearest number in range, half to even. */
export function clamp(type) {
  const [least, most] = INTEGERS[type];
  return (value, what) => {
    const number = toNumber(value, what);
    if (Number.isNaN(number)) return 0;
    const bounded = Math.min(Math.max(number, least), most);
    const below = Math.floor(bounded);
    const distance = bounded - below;
    if (distance < 0.5) return below;
    if (distance > 0.5) return below + 1;
    return below % 2 === 0 ? below : below + 1;
  };
}

export function double(value, what) {
  const number = toNumber(value, what);
  if (!Number.isFinite(number)) throw new TypeError(`${what}: expected a finite number, but ${number} came`);
  return number;
}

export function float(value, what) {
  const number = Math.fround(toNumber(value, what));
  if (!Number.isFinite(number)) {
    throw new TypeError(`${what}: expected a finite 32-bit float, but ${String(value)} came`);
  }
  return number;
}

export function boolean(value) {
  return Boolean(value);
}

export function string(value, what) {
  if (typeof value === 'symbol') throw new TypeError(`${what}: expected a string, but a symbol came`);
  return String(value).toWellFormed();
}

export function word(words, name) {
  const known = new Set(words);
  return (value, what) => {
    const text = string(value, what);
    if (!known.has(text)) throw new TypeError(`${what}: '${text}' is no ${name}`);
    return text;
  };
}

/** `sequence<T>`: anything that can be iterated. */
export function sequence(item) {
  return (value, what) => {
    const iterate = isObject(value) ? value[Symbol.iterator] : undefined;
    if (typeof iterate !== 'function') throw new TypeError(`${what}: expected a sequence`);
    const list = [];
    for (const element of { [Symbol.iterator]: () => iterate.call(value) }) {
      list.push(item(element, `${what}[${list.length}]`));
    }
    return list;
  };
}

/** Whether a value that may be a sequence or a dictionary is a sequence. */
export function isSequence(value) {
  return isObject(value) && value[Symbol.iterator] !== undefined && value[Symbol.iterator] !== null;
}

export function isObject(value) {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** `record<K, V>`: the entries of an object. */
export function record(item) {
  return (value, what) => {
    if (!isObject(value)) throw new TypeError(`${what}: expected an object`);
    const entries = [];
    for (const key of Reflect.ownKeys(value)) {
      const property = Reflect.getOwnPropertyDescriptor(value, key);
      if (!property?.enumerable) continue;
      const name = string(key, `${what}, a key`);
      entries.push([name, item(value[key], `${what}.${name}`)]);
    }
    return entries;
  };
}

/** The bytes of an ArrayBuffer, a SharedArrayBuffer or a view of one, and how large an element is. */
export function bufferSource(value, what) {
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return { bytes, elementBytes: value.BYTES_PER_ELEMENT ?? 1 };
  }
  const isShared = typeof SharedArrayBuffer !== 'undefined' && value instanceof SharedArrayBuffer;
  if (value instanceof ArrayBuffer || isShared) return { bytes: new Uint8Array(value), elementBytes: 1 };
  throw new TypeError(`${what}: expected an ArrayBuffer or a view of one`);
}
