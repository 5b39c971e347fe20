// The namespaces of flags.

import { TYPES } from '../interface.js';

function namespace(title, type, extra = {}) {
  const flags = { ...Object.fromEntries(TYPES[type].parts.map((name, bit) => [name, 2 ** bit])), ...extra };
  const object = {};
  for (const [name, value] of Object.entries(flags)) {
    Object.defineProperty(object, name.replaceAll('-', '_').toUpperCase(), { value, enumerable: true });
  }
  Object.defineProperty(object, Symbol.toStringTag, { value: title, configurable: true });
  return object;
}

export const GPUBufferUsage = namespace('GPUBufferUsage', 'gpu-buffer-usage');
export const GPUTextureUsage = namespace('GPUTextureUsage', 'gpu-texture-usage');
export const GPUShaderStage = namespace('GPUShaderStage', 'gpu-shader-stage');
export const GPUMapMode = namespace('GPUMapMode', 'gpu-map-mode');
// The interface has a bit of its own for all colours.
export const GPUColorWrite = namespace('GPUColorWrite', 'gpu-color-write', { all: 0xf });
