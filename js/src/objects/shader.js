// GPUShaderModule, GPUCompilationInfo, GPUCompilationMessage.

import { call, guard, implement, start, stateOf } from './object.js';

export class GPUShaderModule {
  constructor(key) {
    guard(key);
  }

  async getCompilationInfo() {
    const state = stateOf(GPUShaderModule, this);
    return start(state, 'gpu-shader-module.get-compilation-info');
  }
}
implement('gpu-shader-module', GPUShaderModule);

export class GPUCompilationInfo {
  constructor(key) {
    guard(key);
  }

  get messages() {
    const state = stateOf(GPUCompilationInfo, this);
    return (state.messages ??= Object.freeze(call(state, 'gpu-compilation-info.messages')));
  }
}
implement('gpu-compilation-info', GPUCompilationInfo);

export class GPUCompilationMessage {
  constructor(key) {
    guard(key);
  }
}
implement('gpu-compilation-message', GPUCompilationMessage, { attributes: 'all' });
