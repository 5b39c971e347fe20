// GPUBindGroupLayout, GPUPipelineLayout, GPUBindGroup, and how bind groups and immediates are set.

import { argument, call, guard, implement, stateOf } from './object.js';
import { bufferSource } from '../idl/convert.js';

export class GPUBindGroupLayout {
  constructor(key) {
    guard(key);
  }
}
implement('gpu-bind-group-layout', GPUBindGroupLayout);

export class GPUPipelineLayout {
  constructor(key) {
    guard(key);
  }
}
implement('gpu-pipeline-layout', GPUPipelineLayout);

export class GPUBindGroup {
  constructor(key) {
    guard(key);
  }
}
implement('gpu-bind-group', GPUBindGroup);

/** The mixin GPUBindingCommandsMixin: its methods for the encoder of a resource. */
export function bindingCommands(resource, Class) {
  return {
    /** `(index, group, offsets?)`, or `(index, group, Uint32Array, start, length)`. */
    setBindGroup(...given) {
      const state = stateOf(Class, this);
      const what = `${Class.name}.setBindGroup`;
      if (given.length < 2 || given.length === 4) {
        throw new TypeError(`${what}: expected 2, 3 or 5 arguments, but ${given.length} came`);
      }
      const index = argument('u32', given[0], `${what}, index`);
      const group = argument(['option', ['borrow', 'gpu-bind-group']], given[1], `${what}, bindGroup`);
      const name = `${resource}.set-bind-group`;
      if (given.length < 5) {
        const offsets = given[2];
        const values = offsets === undefined ? undefined : argument(['list', 'u32'], offsets, `${what}, dynamicOffsets`);
        return call(state, name, [index, group, values]);
      }
      if (!(given[2] instanceof Uint32Array)) throw new TypeError(`${what}, dynamicOffsetsData: expected a Uint32Array`);
      const start = argument('u64', given[3], `${what}, dynamicOffsetsDataStart`);
      const length = argument('u32', given[4], `${what}, dynamicOffsetsDataLength`);
      return call(state, name, [index, group, Array.from(given[2]), start, length]);
    },

    setImmediates(...given) {
      const state = stateOf(Class, this);
      const what = `${Class.name}.setImmediates`;
      if (given.length < 2) throw new TypeError(`${what}: expected 2 arguments, but ${given.length} came`);
      const offset = argument('u32', given[0], `${what}, rangeOffset`);
      const { bytes, elementBytes } = bufferSource(given[1], `${what}, data`);
      const start = elements(given[2], elementBytes, `${what}, dataOffset`);
      const size = elements(given[3], elementBytes, `${what}, dataSize`);
      state.host.send(`${resource}.set-immediates`, state.handle, [offset, bytes, start, size]);
    },
  };
}

/** A number of elements, as a number of bytes. */
export function elements(value, elementBytes, what) {
  return value === undefined ? undefined : argument('u64', value, what) * elementBytes;
}
