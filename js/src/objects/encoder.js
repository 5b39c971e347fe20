// GPUCommandEncoder, GPUCommandBuffer, the encoders of passes, and render bundles.

import { argument, argumentsOf, guard, implement, isA, stateOf } from './object.js';
import { bindingCommands } from './binding.js';
import { GPUBuffer } from './buffer.js';

const COPY = 'gpu-command-encoder.copy-buffer-to-buffer';
const copyArguments = argumentsOf(COPY);
const borrowBuffer = ['borrow', 'gpu-buffer'];

export class GPUCommandEncoder {
  constructor(key) {
    guard(key);
  }

  /** `(source, destination, size?)`, or `(source, sourceOffset, destination, destinationOffset, size?)`. */
  copyBufferToBuffer(...given) {
    const state = stateOf(GPUCommandEncoder, this);
    if (given.length >= 4) return state.host.send(COPY, state.handle, longCopy(given));
    const what = 'GPUCommandEncoder.copyBufferToBuffer';
    if (given.length < 2) throw new TypeError(`${what}: expected 2 arguments, but ${given.length} came`);
    const source = argument(borrowBuffer, given[0], `${what}, source`);
    const destination = argument(borrowBuffer, given[1], `${what}, destination`);
    const size = given[2] === undefined ? undefined : argument('u64', given[2], `${what}, size`);
    return state.host.send(COPY, state.handle, [source, undefined, destination, undefined, size]);
  }
}
implement('gpu-command-encoder', GPUCommandEncoder);

function longCopy(given) {
  const what = 'GPUCommandEncoder.copyBufferToBuffer';
  if (!isA(GPUBuffer, given[0]) || !isA(GPUBuffer, given[2])) throw new TypeError(`${what}: expected GPUBuffers`);
  const values = copyArguments(given);
  // Only the last may be left out.
  values[1] = argument('u64', given[1], `${what}, sourceOffset`);
  values[3] = argument('u64', given[3], `${what}, destinationOffset`);
  return values;
}

export class GPUCommandBuffer {
  constructor(key) {
    guard(key);
  }
}
implement('gpu-command-buffer', GPUCommandBuffer);

export class GPUComputePassEncoder {
  constructor(key) {
    guard(key);
  }
}

export class GPURenderPassEncoder {
  constructor(key) {
    guard(key);
  }
}

export class GPURenderBundleEncoder {
  constructor(key) {
    guard(key);
  }
}

for (const [resource, Class] of [
  ['gpu-compute-pass-encoder', GPUComputePassEncoder],
  ['gpu-render-pass-encoder', GPURenderPassEncoder],
  ['gpu-render-bundle-encoder', GPURenderBundleEncoder],
]) {
  for (const [name, value] of Object.entries(bindingCommands(resource, Class))) {
    Object.defineProperty(Class.prototype, name, { value, configurable: true, enumerable: true, writable: true });
  }
  implement(resource, Class);
}

export class GPURenderBundle {
  constructor(key) {
    guard(key);
  }
}
implement('gpu-render-bundle', GPURenderBundle);
