// How each type of the interface is written and read. Values have the shape of the WIT in JavaScript's names:
//
//   record    an object, `mip-level-count` as `mipLevelCount`       option   a value, or undefined
//   enum      WebGPU's word                                         result   { ok } or { error }
//   flags     a number                                              variant  { case, value }
//   own, borrow   a handle                                          list<u8> a Uint8Array
//   record-…  a list of [key, value]

import { RECORDS, TYPES } from '../interface.js';
import { camel, enumWords } from '../idl/names.js';

const codecs = new Map();

/** The codec of a type expression of the table: `write(writer, value)` and `read(reader)`. */
export function codecOf(type) {
  const key = JSON.stringify(type);
  let codec = codecs.get(key);
  if (!codec) {
    codec = make(type);
    codecs.set(key, codec);
  }
  return codec;
}

function make(type) {
  if (type === null) return { write() {}, read: () => undefined };
  if (typeof type === 'string') return PLAIN[type] ?? named(type);
  const [kind, first, second] = type;
  switch (kind) {
    case 'option':
      return option(codecOf(first));
    case 'list':
      return first === 'u8' ? BYTES : list(codecOf(first));
    case 'own':
      return first in RECORDS ? entries(codecOf(RECORDS[first])) : PLAIN.u32;
    case 'borrow':
      return PLAIN.u32;
    case 'result':
      return result(codecOf(first), codecOf(second));
    default:
      throw new Error(`the table has a type that there is no codec for: ${kind}`);
  }
}

function plain(name) {
  return { write: (writer, value) => writer[name](value), read: (reader) => reader[name]() };
}

const PLAIN = {
  bool: { write: (writer, value) => writer.u8(value ? 1 : 0), read: (reader) => reader.u8() !== 0 },
};
for (const name of ['u8', 'u16', 'u32', 's32', 'u64', 'f32', 'f64', 'string']) PLAIN[name] = plain(name);

// A copy, since what is read from is used again.
const BYTES = { write: (writer, value) => writer.list(value), read: (reader) => reader.list().slice() };

function option(inner) {
  return {
    write(writer, value) {
      const present = value !== undefined && value !== null;
      writer.u8(present ? 1 : 0);
      if (present) inner.write(writer, value);
    },
    read: (reader) => (reader.u8() ? inner.read(reader) : undefined),
  };
}

function list(inner) {
  return {
    write(writer, values) {
      writer.u32(values.length);
      for (const value of values) inner.write(writer, value);
    },
    read: (reader) => Array.from({ length: reader.u32() }, () => inner.read(reader)),
  };
}

function entries(value) {
  return {
    write(writer, pairs) {
      writer.u32(pairs.length);
      for (const [key, item] of pairs) {
        writer.string(key);
        value.write(writer, item);
      }
    },
  };
}

function result(ok, error) {
  return {
    read: (reader) => (reader.u8() === 0 ? { ok: ok.read(reader) } : { error: error.read(reader) }),
  };
}

function named(name) {
  const { kind, parts } = TYPES[name];
  switch (kind) {
    case 'record':
      return record(parts);
    case 'enum':
      return words(enumWords(name));
    case 'flags':
      return PLAIN.u32;
    default:
      return variant(parts);
  }
}

function record(parts) {
  const fields = parts.map(([name, type]) => ({ name: camel(name), codec: codecOf(type) }));
  return {
    write(writer, value) {
      for (const { name, codec } of fields) codec.write(writer, value[name]);
    },
    read: (reader) => Object.fromEntries(fields.map(({ name, codec }) => [name, codec.read(reader)])),
  };
}

function words(list) {
  const numbers = new Map(list.map((word, number) => [word, number]));
  return {
    write: (writer, value) => writer.u8(numbers.get(value)),
    read: (reader) => list[reader.u8()],
  };
}

function variant(parts) {
  const cases = parts.map(([name, type]) => ({ name, codec: codecOf(type ?? null) }));
  const numbers = new Map(cases.map(({ name }, number) => [name, number]));
  return {
    write(writer, value) {
      const number = numbers.get(value.case);
      writer.u8(number);
      cases[number].codec.write(writer, value.value);
    },
    read(reader) {
      const { name, codec } = cases[reader.u8()];
      return { case: name, value: codec.read(reader) };
    },
  };
}
