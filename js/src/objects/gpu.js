// GPU and GPUAdapter: how a device is found.

import { argumentsOf, construct, create, guard, implement, start, stateOf } from './object.js';
import { adoptDevice } from './device.js';

/** An attribute that is always the same object. */
export function sameObject(Class, property, name) {
  Object.defineProperty(Class.prototype, property, {
    configurable: true,
    enumerable: true,
    get() {
      const state = stateOf(Class, this);
      state.same ??= {};
      return (state.same[property] ??= create(state, name, []));
    },
  });
}

export class GPU {
  constructor(key) {
    guard(key);
  }
}
sameObject(GPU, 'wgslLanguageFeatures', 'gpu.wgsl-language-features');
implement('gpu', GPU);

export class GPUAdapter {
  constructor(key) {
    guard(key);
  }

  async requestDevice(...given) {
    const state = stateOf(GPUAdapter, this);
    return adoptDevice(await start(state, 'gpu-adapter.request-device', requestDeviceArguments(given)));
  }
}
const requestDeviceArguments = argumentsOf('gpu-adapter.request-device');
sameObject(GPUAdapter, 'features', 'gpu-adapter.features');
sameObject(GPUAdapter, 'limits', 'gpu-adapter.limits');
sameObject(GPUAdapter, 'info', 'gpu-adapter.info');
implement('gpu-adapter', GPUAdapter);

/** `navigator.gpu` of a host. */
export function getGpu(host) {
  const handle = host.newHandle();
  host.send('get-gpu', undefined, [], handle);
  return construct('gpu', host, handle);
}
