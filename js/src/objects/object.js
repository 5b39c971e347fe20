// What all objects of WebGPU share: the handle behind them, their label, and the methods that follow from the table.

import { FUNCTIONS } from '../interface.js';
import { converterOf } from '../idl/dictionaries.js';
import { camel } from '../idl/names.js';
import { exceptionOf } from './errors.js';

const CONSTRUCT = Symbol('construct');

/** object → { host, handle, Class, … } */
const states = new WeakMap();
const classes = new Map();
const finalizers = new WeakMap();

/** For constructors: only this module makes objects. */
export function guard(key) {
  if (key !== CONSTRUCT) throw new TypeError('Illegal constructor');
}

/** The class of a resource. */
export function classOf(resource) {
  return classes.get(resource);
}

/** Makes the object that stands for a handle, and gives the handle back once the object is gone. */
export function construct(resource, host, handle, extra = {}) {
  const Class = classes.get(resource);
  const object = new Class(CONSTRUCT);
  states.set(object, { host, handle, Class, ...extra });
  let finalizer = finalizers.get(host);
  if (!finalizer) {
    finalizer = new FinalizationRegistry((held) => host.release(held.resource, held.handle));
    finalizers.set(host, finalizer);
  }
  finalizer.register(object, { resource, handle });
  return object;
}

/** What is behind `this`. */
export function stateOf(Class, object) {
  const state = states.get(object);
  if (!state || state.Class !== Class) throw new TypeError('Illegal invocation');
  return state;
}

export function isA(Class, object) {
  return states.get(object)?.Class === Class;
}

/** The handle of an argument. */
export function handleOf(Class, object, what) {
  const state = states.get(object);
  if (!state || state.Class !== Class) throw new TypeError(`${what}: expected a ${Class.name}`);
  return state.handle;
}

/** A call that makes an object. */
export function create(state, name, values, extra) {
  const made = state.host.newHandle();
  state.host.send(name, state.handle, values, made);
  return construct(FUNCTIONS[name].result[1], state.host, made, extra);
}

/** A call that is answered at once; an error of the call is thrown. */
export function call(state, name, values = []) {
  return wrap(state, FUNCTIONS[name].result, state.host.call(name, state.handle, values));
}

/** A call that is answered later; an error of the call rejects. */
export function start(state, name, values = [], options) {
  const promise = state.host.start(name, state.handle, values, options);
  return promise.then((value) => wrap(state, FUNCTIONS[name].result, value));
}

/** Objects for handles, and exceptions for errors. */
export function wrap(state, type, value) {
  if (!Array.isArray(type)) return value;
  const [kind, inner] = type;
  switch (kind) {
    case 'own':
      return construct(inner, state.host, value);
    case 'option':
      return value === undefined ? null : wrap(state, inner, value);
    case 'list':
      return value instanceof Uint8Array ? value : value.map((item) => wrap(state, inner, item));
    case 'result':
      if ('error' in value) throw exceptionOf(value.error);
      return inner === null ? undefined : wrap(state, inner, value.ok);
    default:
      return value;
  }
}

/** An argument as its parameter's type wants it. */
export function argument(type, value, what) {
  return converterOf(type)(value, what);
}

/** Parameters that are `T?` rather than optional. */
const NULLABLE = new Set(['set-vertex-buffer.buffer']);

/** Converts arguments as the signature of a function has them. */
export function argumentsOf(name) {
  const { parameters } = FUNCTIONS[name];
  const method = name.slice(name.indexOf('.') + 1);
  const isOptional = ([parameter, type]) =>
    Array.isArray(type) && type[0] === 'option' && !NULLABLE.has(`${method}.${parameter}`);
  const least = parameters.filter((parameter) => !isOptional(parameter)).length;
  const title = camel(name.replace('.', '-'));
  const converters = parameters.map((parameter) => {
    const [field, type] = parameter;
    const what = `${title}, ${camel(field)}`;
    if (!isOptional(parameter)) return (value) => argument(type, value, what);
    // A dictionary may also be null.
    const inner = type[1];
    const isDictionary = typeof inner === 'string' && inner.startsWith('gpu-') && field !== 'size';
    return (value) =>
      value === undefined || (value === null && isDictionary) ? undefined : argument(inner, value, what);
  });
  return (given) => {
    if (given.length < least) {
      throw new TypeError(`${title}: expected ${least} arguments, but ${given.length} came`);
    }
    return converters.map((convert, index) => convert(given[index]));
  };
}

/**
 * Gives a class what its resource has in the table: the label, attributes, and each method that the class does not
 * have itself.
 */
export function implement(resource, Class, { attributes = [], own = [] } = {}) {
  classes.set(resource, Class);
  const members = Object.keys(FUNCTIONS).filter((name) => name.startsWith(`${resource}.`));
  for (const name of members) {
    const member = name.slice(resource.length + 1);
    const property = camel(member);
    if (own.includes(property) || Object.hasOwn(Class.prototype, property) || member === 'set-label') continue;
    if (member === 'label') label(resource, Class);
    else if (attributes === 'all' || attributes.includes(property)) attribute(name, property, Class);
    else method(name, property, Class);
  }
  Object.defineProperty(Class.prototype, Symbol.toStringTag, { value: Class.name, configurable: true });
}

function label(resource, Class) {
  Object.defineProperty(Class.prototype, 'label', {
    configurable: true,
    enumerable: true,
    get() {
      return call(stateOf(Class, this), `${resource}.label`);
    },
    set(value) {
      const state = stateOf(Class, this);
      state.host.send(`${resource}.set-label`, state.handle, [argument('string', value, `${Class.name}, label`)]);
    },
  });
}

function attribute(name, property, Class) {
  Object.defineProperty(Class.prototype, property, {
    configurable: true,
    enumerable: true,
    get() {
      const state = stateOf(Class, this);
      const value = state.host.call(name, state.handle, []);
      // An attribute that may be none is undefined then, where a method's result is null.
      return value === undefined ? undefined : wrap(state, FUNCTIONS[name].result, value);
    },
  });
}

function method(name, property, Class) {
  const { style, result } = FUNCTIONS[name];
  const convert = argumentsOf(name);
  const perform = {
    send: (state, values) =>
      result === null ? state.host.send(name, state.handle, values) : create(state, name, values),
    call: (state, values) => call(state, name, values),
    promise: (state, values) => start(state, name, values),
  }[style];
  const synchronous = {
    [property](...given) {
      const state = stateOf(Class, this);
      return perform(state, convert(given));
    },
  }[property];
  const promising = {
    // What is thrown rejects.
    async [property](...given) {
      const state = stateOf(Class, this);
      return perform(state, convert(given));
    },
  }[property];
  Object.defineProperty(Class.prototype, property, {
    value: style === 'promise' ? promising : synchronous,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}
