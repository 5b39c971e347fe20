// GPUDevice, and what it tells of its end.

import { argumentsOf, call, create, guard, implement, start, stateOf } from './object.js';
import { GPUUncapturedErrorEvent, gpuError } from './errors.js';
import { checkFormat } from './formats.js';
import { detachAll } from './buffer.js';

const convert = Object.fromEntries(
  [
    'create-bind-group-layout',
    'create-buffer',
    'create-compute-pipeline',
    'create-query-set',
    'create-render-bundle-encoder',
    'create-render-pipeline',
    'create-texture',
  ].map((name) => [name, argumentsOf(`gpu-device.${name}`)])
);

export class GPUDevice extends EventTarget {
  #onuncapturederror = null;

  constructor(key) {
    guard(key);
    super();
  }

  get lost() {
    return stateOf(GPUDevice, this).lost;
  }

  destroy() {
    const state = stateOf(GPUDevice, this);
    state.host.send('gpu-device.destroy', state.handle, []);
    state.isEnding = true;
    detachAll(state.mapped);
    // It will be answered now.
    state.lostCall.hurry();
  }

  createBuffer(...given) {
    const state = stateOf(GPUDevice, this);
    const [descriptor] = convert['create-buffer'](given);
    if (descriptor.mappedAtCreation) checkMappable(descriptor.size);
    const mapping = descriptor.mappedAtCreation ? { mode: 'write' } : undefined;
    return create(state, 'gpu-device.create-buffer', [descriptor], {
      mapping,
      ranges: [],
      mappedOfDevice: state.mapped,
    });
  }

  createTexture(...given) {
    const state = stateOf(GPUDevice, this);
    const [descriptor] = convert['create-texture'](given);
    checkFormats(this, [descriptor.format, ...(descriptor.viewFormats ?? [])]);
    return create(state, 'gpu-device.create-texture', [descriptor], { device: this });
  }

  createBindGroupLayout(...given) {
    const [descriptor] = convert['create-bind-group-layout'](given);
    checkFormats(this, descriptor.entries.map((entry) => entry.storageTexture?.format));
    return create(stateOf(GPUDevice, this), 'gpu-device.create-bind-group-layout', [descriptor]);
  }

  createRenderPipeline(...given) {
    const state = stateOf(GPUDevice, this);
    return create(state, 'gpu-device.create-render-pipeline', renderPipelineArguments(this, given));
  }

  async createRenderPipelineAsync(...given) {
    const state = stateOf(GPUDevice, this);
    return startPipeline(state, 'gpu-device.create-render-pipeline-async', renderPipelineArguments(this, given));
  }

  async createComputePipelineAsync(...given) {
    const state = stateOf(GPUDevice, this);
    return startPipeline(state, 'gpu-device.create-compute-pipeline-async', convert['create-compute-pipeline'](given));
  }

  createRenderBundleEncoder(...given) {
    const [descriptor] = convert['create-render-bundle-encoder'](given);
    checkFormats(this, [...descriptor.colorFormats, descriptor.depthStencilFormat]);
    return create(stateOf(GPUDevice, this), 'gpu-device.create-render-bundle-encoder', [descriptor]);
  }

  async popErrorScope() {
    const error = await start(stateOf(GPUDevice, this), 'gpu-device.pop-error-scope');
    return error && describeError(error);
  }

  get onuncapturederror() {
    return this.#onuncapturederror;
  }

  set onuncapturederror(value) {
    const handler = typeof value === 'function' ? value : null;
    if (this.#onuncapturederror) this.removeEventListener('uncapturederror', this.#onuncapturederror);
    if (handler) this.addEventListener('uncapturederror', handler);
    this.#onuncapturederror = handler;
  }
}
for (const [property, name] of [
  ['adapterInfo', 'adapter-info'],
  ['features', 'features'],
  ['limits', 'limits'],
  ['queue', 'queue'],
]) {
  Object.defineProperty(GPUDevice.prototype, property, {
    configurable: true,
    enumerable: true,
    get() {
      const state = stateOf(GPUDevice, this);
      return (state.same[property] ??= create(state, `gpu-device.${name}`, []));
    },
  });
}
implement('gpu-device', GPUDevice, { own: ['onUncapturedError', 'lost'] });

/** Prepares a device that has just been given: nobody must miss its end, nor its errors. */
export function adoptDevice(device) {
  const state = stateOf(GPUDevice, device);
  state.same = {};
  state.mapped = new Set();
  state.pipelines = new Set();
  state.isEnding = false;
  state.lostCall = state.host.start('gpu-device.lost', state.handle, [], { background: true });
  const { host } = state;
  state.lost = state.lostCall.then(async (handle) => {
    state.isEnding = true;
    const info = lostInfo({ host, handle });
    await Promise.allSettled(state.pipelines);
    return info;
  });
  // The stream must not keep the device alive.
  const weak = new WeakRef(device);
  host.subscribe('gpu-device.on-uncaptured-error', state.handle, [], (handle) => {
    const error = readError({ host, handle });
    weak.deref()?.dispatchEvent(new GPUUncapturedErrorEvent('uncapturederror', { error, cancelable: true }));
  });
  return device;
}

/** JavaScript must be able to hold what is mapped. */
function checkMappable(size) {
  if (size % 4 !== 0) throw new RangeError(`a buffer mapped at its creation must have a multiple of 4 bytes, not ${size}`);
  // Small ones are made when they are asked for; for large ones this is the time to find out.
  if (size >= 2 ** 31) new ArrayBuffer(size);
}

function checkFormats(device, formats) {
  for (const format of formats) checkFormat(device, format);
}

/**
 * A pipeline to be. Faulty ones are rejected as long as their device is not lost, and after that no more, so a script
 * must see rejections before it sees the loss, and all others after it, when the answers come together.
 */
async function startPipeline(state, name, values) {
  const answer = start(state, name, values);
  state.pipelines.add(answer);
  try {
    const pipeline = await answer;
    if (state.isEnding) await state.lost;
    return pipeline;
  } finally {
    state.pipelines.delete(answer);
  }
}

function renderPipelineArguments(device, given) {
  const [descriptor] = convert['create-render-pipeline'](given);
  const targets = descriptor.fragment?.targets ?? [];
  checkFormats(device, [...targets.map((target) => target?.format), descriptor.depthStencil?.format]);
  return [descriptor];
}

class GPUErrorHandle {
  constructor(key) {
    guard(key);
  }
}
implement('gpu-error', GPUErrorHandle);

function readError(state) {
  const error = gpuError(call(state, 'gpu-error.kind'), call(state, 'gpu-error.message'));
  state.host.release('gpu-error', state.handle);
  return error;
}

function describeError(object) {
  const state = stateOf(GPUErrorHandle, object);
  return gpuError(call(state, 'gpu-error.kind'), call(state, 'gpu-error.message'));
}

export class GPUDeviceLostInfo {
  #reason;
  #message;

  constructor(key, reason, message) {
    guardInfo(key);
    this.#reason = reason;
    this.#message = message;
  }

  get reason() {
    return this.#reason;
  }

  get message() {
    return this.#message;
  }
}

const INFO = Symbol('info');

function guardInfo(key) {
  if (key !== INFO) throw new TypeError('Illegal constructor');
}

function lostInfo(state) {
  const reason = call(state, 'gpu-device-lost-info.reason');
  const message = call(state, 'gpu-device-lost-info.message');
  state.host.release('gpu-device-lost-info', state.handle);
  return new GPUDeviceLostInfo(INFO, reason, message);
}
