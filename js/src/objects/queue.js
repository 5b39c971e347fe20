// GPUQueue, GPUQuerySet.

import { argument, call, guard, implement, start, stateOf } from './object.js';
import { bufferSource } from '../idl/convert.js';
import { elements } from './binding.js';

const destinationType = 'gpu-texel-copy-texture-info';

export class GPUQueue {
  constructor(key) {
    guard(key);
  }

  /**
   * Work of a queue is done in its order, and so must its promises be kept. The interface says nothing of the order of
   * answers that are there at the same time, so a promise waits for those before it.
   */
  async onSubmittedWorkDone() {
    const state = stateOf(GPUQueue, this);
    const before = state.workDone;
    const done = start(state, 'gpu-queue.on-submitted-work-done');
    state.workDone = Promise.all([before, done]);
    await state.workDone;
  }

  /** Offset and size count the elements of a typed array. */
  writeBuffer(...given) {
    const state = stateOf(GPUQueue, this);
    const what = 'GPUQueue.writeBuffer';
    if (given.length < 3) throw new TypeError(`${what}: expected 3 arguments, but ${given.length} came`);
    const buffer = argument(['borrow', 'gpu-buffer'], given[0], `${what}, buffer`);
    const offset = argument('u64', given[1], `${what}, bufferOffset`);
    const { bytes, elementBytes } = bufferSource(given[2], `${what}, data`);
    const first = elements(given[3], elementBytes, `${what}, dataOffset`);
    const size = elements(given[4], elementBytes, `${what}, size`);
    call(state, 'gpu-queue.write-buffer-with-copy', [buffer, offset, bytes, first, size]);
  }

  writeTexture(...given) {
    const state = stateOf(GPUQueue, this);
    const what = 'GPUQueue.writeTexture';
    if (given.length < 4) throw new TypeError(`${what}: expected 4 arguments, but ${given.length} came`);
    const destination = argument(destinationType, given[0], `${what}, destination`);
    const { bytes } = bufferSource(given[1], `${what}, data`);
    const layout = argument('gpu-texel-copy-buffer-layout', given[2], `${what}, dataLayout`);
    const size = argument('gpu-extent3-d', given[3], `${what}, size`);
    state.host.send('gpu-queue.write-texture-with-copy', state.handle, [destination, bytes, layout, size]);
  }
}
implement('gpu-queue', GPUQueue, { own: ['writeBufferWithCopy', 'writeTextureWithCopy'] });

export class GPUQuerySet {
  constructor(key) {
    guard(key);
  }
}
implement('gpu-query-set', GPUQuerySet, { attributes: ['type', 'count'] });

