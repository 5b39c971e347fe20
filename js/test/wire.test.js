// Values and frames. The bytes here are those of crates/wardian-bridge/src/wire.rs and frame.rs.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Reader, Writer } from '../src/wire/bytes.js';
import { codecOf } from '../src/wire/codec.js';
import { Connection, ConnectionLost } from '../src/wire/connection.js';
import { FUNCTIONS, INTERFACE } from '../src/interface.js';

function bytesOf(type, value) {
  const writer = new Writer(1);
  codecOf(type).write(writer, value);
  return [...writer.bytes()];
}

function through(type, value) {
  return codecOf(type).read(new Reader(Uint8Array.from(bytesOf(type, value))));
}

test('values come back as they went', () => {
  assert.equal(through('u64', 2 ** 53 - 1), 2 ** 53 - 1);
  assert.equal(through('f64', -2.5), -2.5);
  assert.equal(through('string', 'für'), 'für');
  assert.deepEqual(through(['list', ['option', 'u32']], [1, undefined]), [1, undefined]);
  assert.equal(through('gpu-texture-format', 'astc-4x4-unorm'), 'astc-4x4-unorm');
  assert.equal(through('gpu-texture-view-dimension', '2d-array'), '2d-array');
});

test('records are their fields in order', () => {
  const descriptor = { size: 8, usage: 0x0c, mappedAtCreation: true };
  assert.deepEqual(bytesOf('gpu-buffer-descriptor', descriptor), [8, 0, 0, 0, 0, 0, 0, 0, 0x0c, 0, 0, 0, 1, 1, 0]);
});

test('records of JavaScript are the list of their entries', () => {
  const bytes = bytesOf(['own', 'record-option-gpu-size64'], [['a', 1], ['b', undefined]]);
  assert.deepEqual(bytes, [2, 0, 0, 0, 1, 0, 0, 0, 97, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 98, 0]);
});

/** A guest that answers with what `answers(function, sequence, body)` gives. */
function guest(answers) {
  const sent = [];
  let out = [];
  return {
    sent,
    write(bytes) {
      const reader = new Reader(bytes.slice());
      while (reader.at < bytes.length) {
        const length = reader.u32();
        const call = { number: reader.u16(), sequence: reader.u32() };
        call.body = reader.bytes.subarray(reader.at, reader.at + length - 6);
        reader.at += length - 6;
        sent.push(call);
        for (const { sequence, body } of answers(call) ?? []) out.push(...frame(call.number, sequence, body));
      }
    },
    read(bytes) {
      // One at a time: frames come in pieces.
      const [byte] = out.splice(0, 1);
      if (byte === undefined) return 0;
      bytes[0] = byte;
      return 1;
    },
  };
}

function frame(number, sequence, body) {
  const writer = new Writer();
  writer.u32(body.length + 6);
  writer.u16(number);
  writer.u32(sequence);
  return [...writer.bytes(), ...body];
}

const hello = ({ sequence }) => [{ sequence, body: [1, 0, 0, 0, ...new TextEncoder().encode(INTERFACE)] }];

function scheduler() {
  const work = [];
  return { soon: (task) => work.push(task), later: () => {}, run: () => work.splice(0).forEach((task) => task()) };
}

test('one-way calls wait for a call that is answered', () => {
  const transport = guest((call) => {
    if (call.number === 0) return hello(call);
    if (call.number === FUNCTIONS['gpu-buffer.size'].number) return [{ sequence: call.sequence, body: [8, 0, 0, 0, 0, 0, 0, 0] }];
  });
  const connection = new Connection(transport, scheduler());
  connection.send('gpu-buffer.destroy', 5, []);
  assert.equal(transport.sent.length, 1);
  assert.equal(connection.call('gpu-buffer.size', 5, []), 8);
  assert.deepEqual(
    transport.sent.slice(1).map(({ number }) => number),
    [FUNCTIONS['gpu-buffer.destroy'].number, FUNCTIONS['gpu-buffer.size'].number]
  );
});

test('promises are kept by a pump, in the order of the answers', async () => {
  const open = [];
  const transport = guest((call) => {
    if (call.number === 0) return hello(call);
    if (call.number !== 1) return void open.push(call.sequence);
    return [...open.splice(0).reverse(), call.sequence].map((sequence) => ({ sequence, body: [] }));
  });
  const later = scheduler();
  const connection = new Connection(transport, later);
  const order = [];
  const name = 'gpu-queue.on-submitted-work-done';
  const promises = ['first', 'second'].map((word) => connection.start(name, 1, []).then(() => order.push(word)));
  later.run();
  await Promise.all(promises);
  assert.deepEqual(order, ['second', 'first']);
});

test('the end of the guest ends all', async () => {
  const transport = guest((call) => (call.number === 0 ? hello(call) : undefined));
  const connection = new Connection(transport, scheduler());
  assert.throws(() => connection.call('gpu-buffer.size', 5, []), ConnectionLost);
  assert.equal(await connection.closed, connection.lost);
  assert.throws(() => connection.send('gpu-buffer.destroy', 5, []), ConnectionLost);
});

test('another interface is refused', () => {
  const transport = guest(({ sequence }) => [{ sequence, body: [1, 0, 0, 0, 48] }]);
  assert.throws(() => new Connection(transport, scheduler()), /interface 0/);
});
