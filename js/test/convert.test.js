// Web IDL's conversions.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import '../src/index.js';
import { converterOf } from '../src/idl/dictionaries.js';
import { bufferSource, clamp, enforceRange, float, record } from '../src/idl/convert.js';

const convert = (type, value) => converterOf(type)(value, 'value');

test('numbers out of range are refused', () => {
  const u32 = enforceRange('u32');
  assert.equal(u32('7.9', ''), 7);
  assert.equal(Object.is(u32(-0.5, ''), 0), true);
  for (const value of [-1, 2 ** 32, NaN, Infinity, 'x', 1n, Symbol('s')]) assert.throws(() => u32(value, ''), TypeError);
  assert.equal(clamp('u16')(70000, ''), 65535);
  assert.equal(clamp('u16')(2.5, ''), 2);
  assert.throws(() => float(1e39, ''), TypeError);
});

test('dictionaries have their members', () => {
  assert.deepEqual(convert('gpu-buffer-descriptor', { size: 4, usage: 8, other: 1 }), { size: 4, usage: 8 });
  assert.throws(() => convert('gpu-buffer-descriptor', { size: 4 }), /'usage' is missing/);
  assert.throws(() => convert('gpu-buffer-descriptor', 7), TypeError);
  assert.throws(() => convert('gpu-color-target-state', { format: 'r8unknown' }), TypeError);
  assert.throws(() => convert('gpu-render-pass-color-attachment', { view: {} }), TypeError);
});

test('sequences stand for records', () => {
  assert.deepEqual(convert('gpu-extent3-d', [1, 2]), { width: 1, height: 2 });
  assert.deepEqual(convert('gpu-extent3-d', { width: 1 }), { width: 1 });
  assert.deepEqual(convert('gpu-color', new Float32Array([0, 0, 0, 1])), { r: 0, g: 0, b: 0, a: 1 });
  for (const value of [[], [1, 2, 3, 4]]) assert.throws(() => convert('gpu-extent3-d', value), TypeError);
  assert.throws(() => convert('gpu-color', [1, 2, 3]), TypeError);
});

test('flags that there are not do not cross', () => {
  assert.equal(convert('gpu-buffer-usage', 0x3ff), 0x3ff);
  assert.equal(convert('gpu-buffer-usage', 0x401), 0);
});

test('records keep their order, and absent values', () => {
  const limits = convert(['own', 'record-option-gpu-size64'], { b: 1, a: undefined });
  assert.deepEqual(limits, [['b', 1], ['a', undefined]]);
  assert.throws(() => record(String)(7, ''), TypeError);
});

test('bytes of views', () => {
  const { bytes, elementBytes } = bufferSource(new Uint16Array([1, 2]).subarray(1), '');
  assert.deepEqual([[...bytes], elementBytes], [[2, 0], 2]);
  assert.throws(() => bufferSource([1], ''), TypeError);
});
