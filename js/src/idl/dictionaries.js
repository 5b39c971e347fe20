// Conversions of all types of the interface, made from the table. What Web IDL has otherwise than the WIT, unions and
// sequences for records, stands here by name.

import { RECORDS, TYPES } from '../interface.js';
import { classOf, handleOf, isA } from '../objects/object.js';
import * as idl from './convert.js';
import { camel, enumWords } from './names.js';

const converters = new Map();

/** The conversion of a type expression of the table: `(value, what)` gives a value for the codec. */
export function converterOf(type) {
  const key = JSON.stringify(type);
  let converter = converters.get(key);
  if (!converter) {
    // Made when it is used first: the classes must be there.
    let made;
    converter = (value, what) => (made ??= make(type))(value, what);
    converters.set(key, converter);
  }
  return converter;
}

function make(type) {
  if (typeof type === 'string') return PLAIN[type] ?? SPECIAL[type] ?? named(type);
  const [kind, inner] = type;
  switch (kind) {
    case 'option':
      return nullable(converterOf(inner));
    case 'list':
      return idl.sequence(converterOf(inner));
    case 'own':
      return idl.record(recordValue(RECORDS[inner]));
    case 'borrow':
      return inner === 'gpu-texture-view' ? attachment : lent(inner);
    default:
      throw new Error(`the table has a type that nothing converts to: ${kind}`);
  }
}

const PLAIN = {
  bool: idl.boolean,
  string: idl.string,
  f32: idl.float,
  f64: idl.double,
};
for (const name of ['u8', 'u16', 'u32', 's32', 'u64']) PLAIN[name] = idl.enforceRange(name);

/** Fields that are not converted as their type is. */
const FIELDS = {
  'gpu-sampler-descriptor.max-anisotropy': idl.clamp('u16'),
};

function nullable(inner) {
  return (value, what) => (value === undefined || value === null ? undefined : inner(value, what));
}

function recordValue(type) {
  if (!Array.isArray(type)) return converterOf(type);
  const inner = converterOf(type[1]);
  return (value, what) => (value === undefined ? undefined : inner(value, what));
}

function lent(resource) {
  return (value, what) => handleOf(classOf(resource), value, what);
}

/** A view, or a texture that stands for its default view. */
function attachment(value, what) {
  if (isA(classOf('gpu-texture'), value)) return handleOf(classOf('gpu-texture-view'), value.createView(), what);
  return handleOf(classOf('gpu-texture-view'), value, what);
}

function named(name) {
  const { kind, parts } = TYPES[name];
  switch (kind) {
    case 'record':
      return dictionary(name, parts);
    case 'enum':
      return idl.word(enumWords(name), name);
    case 'flags':
      return flags(parts);
    default:
      throw new Error(`nothing converts to the variant ${name}`);
  }
}

/** An optional member is absent where it is undefined; null is no absence. */
export function dictionary(name, parts = TYPES[name].parts) {
  const members = parts.map(([field, type]) => {
    const isOptional = Array.isArray(type) && type[0] === 'option';
    const convert = FIELDS[`${name}.${field}`] ?? converterOf(isOptional ? type[1] : type);
    return { member: camel(field), convert, isOptional };
  });
  return (value, what) => {
    if (value !== undefined && value !== null && !idl.isObject(value)) {
      throw new TypeError(`${what}: expected a ${name}, but ${String(value)} came`);
    }
    const converted = {};
    for (const { member, convert, isOptional } of members) {
      const given = value?.[member];
      if (given !== undefined) converted[member] = convert(given, `${what}.${member}`);
      else if (!isOptional) throw new TypeError(`${what}: '${member}' is missing, which a ${name} must have`);
    }
    return converted;
  };
}

/**
 * Bits that there are not cannot cross the interface. No bits at all cross instead, which the host refuses as well
 * wherever bits are needed; docs/conformance-bridge.md says where that is not so.
 */
function flags(parts) {
  const known = 2 ** parts.length;
  const convert = idl.enforceRange('u32');
  return (value, what) => {
    const bits = convert(value, what);
    return bits < known ? bits : 0;
  };
}

/** A dictionary that may also be given as a sequence. */
function sequenceOr(name, members, type, { least, most }) {
  const item = converterOf(type);
  const asDictionary = dictionary(name);
  const asSequence = idl.sequence(item);
  return (value, what) => {
    if (!idl.isSequence(value)) return asDictionary(value, what);
    const list = asSequence(value, what);
    if (list.length < least || list.length > most) {
      const wanted = least === most ? `${least}` : `${least} to ${most}`;
      throw new TypeError(`${what}: expected ${wanted} numbers, but ${list.length} came`);
    }
    return Object.fromEntries(list.map((number, index) => [members[index], number]));
  };
}

function layoutMode(value, what) {
  if (isA(classOf('gpu-pipeline-layout'), value)) {
    return { case: 'specific', value: handleOf(classOf('gpu-pipeline-layout'), value, what) };
  }
  if (idl.string(value, what) !== 'auto') throw new TypeError(`${what}: expected a GPUPipelineLayout or 'auto'`);
  return { case: 'auto' };
}

function bindingResource(value, what) {
  for (const resource of ['gpu-buffer', 'gpu-sampler', 'gpu-texture', 'gpu-texture-view']) {
    const Class = classOf(resource);
    if (isA(Class, value)) return { case: resource, value: handleOf(Class, value, what) };
  }
  return { case: 'gpu-buffer-binding', value: converterOf('gpu-buffer-binding')(value, what) };
}

const SPECIAL = {
  'gpu-extent3-d': lazily(() =>
    sequenceOr('gpu-extent3-d', ['width', 'height', 'depthOrArrayLayers'], 'u32', { least: 1, most: 3 })
  ),
  'gpu-origin3-d': lazily(() => sequenceOr('gpu-origin3-d', ['x', 'y', 'z'], 'u32', { least: 0, most: 3 })),
  'gpu-color': lazily(() => sequenceOr('gpu-color', ['r', 'g', 'b', 'a'], 'f64', { least: 4, most: 4 })),
  'gpu-layout-mode': layoutMode,
  'gpu-binding-resource': bindingResource,
};

function lazily(make) {
  let made;
  return (value, what) => (made ??= make())(value, what);
}
