// GPUComputePipeline, GPURenderPipeline.

import { guard, implement } from './object.js';

export class GPUComputePipeline {
  constructor(key) {
    guard(key);
  }
}
implement('gpu-compute-pipeline', GPUComputePipeline);

export class GPURenderPipeline {
  constructor(key) {
    guard(key);
  }
}
implement('gpu-render-pipeline', GPURenderPipeline);
