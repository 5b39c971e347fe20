// GPUBuffer. Mapped ranges are copies here: their bytes are fetched when a range is asked for, and written back before
// the buffer is unmapped.

import { argumentsOf, call, guard, implement, start, stateOf } from './object.js';

const mapAsyncArguments = argumentsOf('gpu-buffer.map-async');
const rangeArguments = argumentsOf('gpu-buffer.get-mapped-range-get-with-copy');

export class GPUBuffer {
  constructor(key) {
    guard(key);
  }

  async mapAsync(...given) {
    const state = stateOf(GPUBuffer, this);
    const values = mapAsyncArguments(given);
    const map = start(state, 'gpu-buffer.map-async', values);
    if (state.pendingMap) {
      // The host reports the error; that the promise is rejected at once is for the content timeline.
      map.catch(() => {});
      throw new DOMException('the buffer is about to be mapped already', 'OperationError');
    }
    state.pendingMap = map;
    try {
      await map;
      state.mapping = { mode: values[0] & 2 ? 'write' : 'read' };
    } finally {
      if (state.pendingMap === map) state.pendingMap = undefined;
    }
  }

  getMappedRange(...given) {
    const state = stateOf(GPUBuffer, this);
    const [offset, size] = rangeArguments(given);
    const bytes = call(state, 'gpu-buffer.get-mapped-range-get-with-copy', [offset, size]);
    const buffer = bytes.buffer.byteLength === bytes.length ? bytes.buffer : bytes.slice().buffer;
    state.ranges.push({ offset: offset ?? 0, buffer });
    state.mappedOfDevice.add(state);
    return buffer;
  }

  unmap() {
    const state = stateOf(GPUBuffer, this);
    if (state.mapping?.mode === 'write') writeBack(state);
    detach(state);
    // A map that is given up this way rejects by itself.
    state.host.call('gpu-buffer.unmap', state.handle, []);
  }

  destroy() {
    const state = stateOf(GPUBuffer, this);
    detach(state);
    state.host.send('gpu-buffer.destroy', state.handle, []);
  }
}
implement('gpu-buffer', GPUBuffer, {
  attributes: ['size', 'usage', 'mapState'],
  own: ['getMappedRangeGetWithCopy', 'getMappedRangeSetWithCopy'],
});

function writeBack(state) {
  for (const { offset, buffer } of state.ranges) {
    // Its owner may have given it away.
    if (buffer.byteLength === 0) continue;
    const values = [new Uint8Array(buffer), offset, buffer.byteLength];
    // The mapping may have ended with the device; then there is nowhere to write to, which is no error of unmap().
    state.host.call('gpu-buffer.get-mapped-range-set-with-copy', state.handle, values);
  }
}

function detach(state) {
  for (const { buffer } of state.ranges) {
    try {
      structuredClone(buffer, { transfer: [buffer] });
    } catch {
      // Its owner has given it away, so it is detached already.
    }
  }
  state.ranges = [];
  state.mapping = undefined;
  state.pendingMap = undefined;
  state.mappedOfDevice.delete(state);
}

/** Ends the mappings of a device's buffers. */
export function detachAll(mapped) {
  for (const state of [...mapped]) detach(state);
}
