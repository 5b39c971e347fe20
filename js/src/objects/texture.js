// GPUTexture, GPUTextureView, GPUSampler.

import { argumentsOf, create, guard, implement, stateOf } from './object.js';
import { checkFormat } from './formats.js';

const createViewArguments = argumentsOf('gpu-texture.create-view');

export class GPUTexture {
  constructor(key) {
    guard(key);
  }

  createView(...given) {
    const state = stateOf(GPUTexture, this);
    const [descriptor] = createViewArguments(given);
    checkFormat(state.device, descriptor?.format);
    return create(state, 'gpu-texture.create-view', [descriptor]);
  }
}
implement('gpu-texture', GPUTexture, {
  attributes: [
    'width',
    'height',
    'depthOrArrayLayers',
    'mipLevelCount',
    'sampleCount',
    'dimension',
    'format',
    'usage',
    'textureBindingViewDimension',
  ],
});

export class GPUTextureView {
  constructor(key) {
    guard(key);
  }
}
implement('gpu-texture-view', GPUTextureView);

export class GPUSampler {
  constructor(key) {
    guard(key);
  }
}
implement('gpu-sampler', GPUSampler);
