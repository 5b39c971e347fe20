// WebGPU for JavaScript over wasi:webgpu: `connect(transport, scheduler)` gives `{ gpu, connection }`, and `install`
// puts WebGPU's names where programs look for them. docs/conformance-bridge.md says what is done on which side.

import { Connection } from './wire/connection.js';
import { getGpu, GPU, GPUAdapter } from './objects/gpu.js';
import { GPUDevice, GPUDeviceLostInfo } from './objects/device.js';
import { GPUBuffer } from './objects/buffer.js';
import { GPUTexture, GPUTextureView, GPUSampler } from './objects/texture.js';
import { GPUBindGroup, GPUBindGroupLayout, GPUPipelineLayout } from './objects/binding.js';
import { GPUCompilationInfo, GPUCompilationMessage, GPUShaderModule } from './objects/shader.js';
import { GPUComputePipeline, GPURenderPipeline } from './objects/pipeline.js';
import {
  GPUCommandBuffer,
  GPUCommandEncoder,
  GPUComputePassEncoder,
  GPURenderBundle,
  GPURenderBundleEncoder,
  GPURenderPassEncoder,
} from './objects/encoder.js';
import { GPUQuerySet, GPUQueue } from './objects/queue.js';
import { GPUAdapterInfo, GPUSupportedFeatures, GPUSupportedLimits, WGSLLanguageFeatures } from './objects/capabilities.js';
import {
  GPUError,
  GPUInternalError,
  GPUOutOfMemoryError,
  GPUPipelineError,
  GPUUncapturedErrorEvent,
  GPUValidationError,
} from './objects/errors.js';
import { GPUBufferUsage, GPUColorWrite, GPUMapMode, GPUShaderStage, GPUTextureUsage } from './objects/flags.js';

/** There are no external textures here; programs only ask whether something is one. */
class GPUExternalTexture {
  constructor() {
    throw new TypeError('Illegal constructor');
  }
}

/** All names of WebGPU that are global. */
export const globals = {
  GPU,
  GPUAdapter,
  GPUAdapterInfo,
  GPUBindGroup,
  GPUBindGroupLayout,
  GPUBuffer,
  GPUBufferUsage,
  GPUColorWrite,
  GPUCommandBuffer,
  GPUCommandEncoder,
  GPUCompilationInfo,
  GPUCompilationMessage,
  GPUComputePassEncoder,
  GPUComputePipeline,
  GPUDevice,
  GPUDeviceLostInfo,
  GPUError,
  GPUExternalTexture,
  GPUInternalError,
  GPUMapMode,
  GPUOutOfMemoryError,
  GPUPipelineError,
  GPUPipelineLayout,
  GPUQuerySet,
  GPUQueue,
  GPURenderBundle,
  GPURenderBundleEncoder,
  GPURenderPassEncoder,
  GPURenderPipeline,
  GPUSampler,
  GPUShaderModule,
  GPUShaderStage,
  GPUSupportedFeatures,
  GPUSupportedLimits,
  GPUTexture,
  GPUTextureUsage,
  GPUTextureView,
  GPUUncapturedErrorEvent,
  GPUValidationError,
  WGSLLanguageFeatures,
};

/** Puts WebGPU's classes and namespaces into a global object. */
export function install(target) {
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(target, name, { value, configurable: true, writable: true });
  }
}

/** A GPU behind two pipes. */
export function connect(transport, scheduler) {
  const connection = new Connection(transport, scheduler);
  return { connection, gpu: getGpu(connection) };
}
