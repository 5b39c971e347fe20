// Calls of the interface as frames, over any transport that can write and read synchronously:
//
//   transport.write(bytes)   writes all of them
//   transport.read(bytes)    reads some, at least one; gives how many, 0 at the end
//
// `scheduler.soon(work)` runs work in a later macrotask, `scheduler.later(work, milliseconds)` after a while, without
// keeping the process alive for it.

import { FUNCTIONS, INTERFACE, RESOURCES } from '../interface.js';
import { Reader, Writer } from './bytes.js';
import { codecOf } from './codec.js';

const PROTOCOL = 1;
const HELLO = 0;
const PUMP = 1;
const RELEASE = 2;

/** One-way calls wait for company up to so many bytes. */
const BUFFERED_BYTES_MAX = 1 << 16;
/** How long the guest may wait in a pump. JavaScript stands still meanwhile. */
const PUMP_MICROSECONDS = 2000;
/** How often calls that may never be answered are asked for. */
const BACKGROUND_MILLISECONDS = 4;
/** Handles from here on are the guest's to give. */
const HANDLE_END = 2 ** 31;

const signatures = new Map();

/** What is needed to make a call. */
function signatureOf(name) {
  let signature = signatures.get(name);
  if (!signature) {
    const { number, style, parameters, result } = FUNCTIONS[name];
    signature = { name, number, style, parameters: parameters.map(([, type]) => codecOf(type)), result: codecOf(result) };
    signatures.set(name, signature);
  }
  return signature;
}

/** The other side is gone, or talks nonsense: nothing can be called any more. */
export class ConnectionLost extends Error {
  name = 'ConnectionLost';
}

/** The two pipes to the guest. */
export class Connection {
  constructor(transport, scheduler) {
    this.transport = transport;
    this.scheduler = scheduler;
    this.out = new Writer();
    this.incoming = new Uint8Array(1 << 16);
    this.incomingStart = 0;
    this.incomingEnd = 0;
    this.sequence = 0;
    this.nextHandle = 1;
    this.freeHandles = [];
    this.open = new Map();
    this.foreground = 0;
    this.completed = [];
    this.soonScheduled = false;
    this.laterScheduled = false;
    this.lost = undefined;
    /** Settles with the reason when the other side is gone. */
    this.closed = new Promise((resolve) => (this.close = resolve));
    this.hello();
  }

  /** A handle for an object that the next one-way call makes. */
  newHandle() {
    if (this.freeHandles.length > 0) return this.freeHandles.pop();
    if (this.nextHandle >= HANDLE_END) throw this.fail('there are no handles left');
    return this.nextHandle++;
  }

  /** Makes a call that nothing comes back from. `made` is the handle of what it makes. */
  send(name, self, values, made) {
    this.write(signatureOf(name), 0, self, values, made);
    if (this.out.length >= BUFFERED_BYTES_MAX) this.flush();
    else this.soon();
  }

  /** Makes a call and waits for what it gives. */
  call(name, self, values) {
    const signature = signatureOf(name);
    const sequence = this.nextSequence();
    this.write(signature, sequence, self, values);
    this.flush();
    return signature.result.read(this.answerOf(sequence));
  }

  /**
   * Makes a call that is answered later. A call in the background may never be answered: nobody waits for it.
   * `promise.hurry()` makes it an ordinary one.
   */
  start(name, self, values, { background = false } = {}) {
    const signature = signatureOf(name);
    const sequence = this.nextSequence();
    const pending = { signature, background };
    const promise = new Promise((resolve, reject) => Object.assign(pending, { resolve, reject }));
    this.open.set(sequence, pending);
    if (!background) this.foreground += 1;
    this.write(signature, sequence, self, values);
    this.soon();
    promise.hurry = () => {
      if (!pending.background || !this.open.has(sequence)) return;
      pending.background = false;
      this.foreground += 1;
      this.soon();
    };
    return promise;
  }

  /** Makes a call that is answered many times. */
  subscribe(name, self, values, listener) {
    const signature = signatureOf(name);
    const sequence = this.nextSequence();
    this.open.set(sequence, { signature, background: true, listener });
    this.write(signature, sequence, self, values);
    this.soon();
  }

  /** Gives an object back. */
  release(resource, handle) {
    if (this.lost) return;
    const start = this.begin(RELEASE, 0);
    this.out.u16(RESOURCES.indexOf(resource));
    this.out.u32(handle);
    this.end(start);
    if (handle < HANDLE_END) this.freeHandles.push(handle);
    this.soon();
  }

  hello() {
    const sequence = this.nextSequence();
    const start = this.begin(HELLO, sequence);
    this.out.u32(PROTOCOL);
    for (const letter of INTERFACE) this.out.u8(letter.charCodeAt(0));
    this.end(start);
    this.flush();
    const answer = this.answerOf(sequence);
    const protocol = answer.u32();
    const theirs = String.fromCharCode(...answer.bytes.subarray(answer.at));
    if (protocol !== PROTOCOL || theirs !== INTERFACE) {
      throw this.fail(`the guest has protocol ${protocol} and interface ${theirs}, this side ${PROTOCOL} and ${INTERFACE}`);
    }
  }

  nextSequence() {
    this.sequence = (this.sequence % 0xffff_ffff) + 1;
    return this.sequence;
  }

  write(signature, sequence, self, values, made) {
    if (this.lost) throw this.lost;
    const start = this.begin(signature.number, sequence);
    try {
      if (made !== undefined) this.out.u32(made);
      if (self !== undefined) this.out.u32(self);
      signature.parameters.forEach((codec, index) => codec.write(this.out, values[index]));
    } catch (error) {
      this.out.truncate(start);
      throw error;
    }
    this.end(start);
  }

  begin(number, sequence) {
    const start = this.out.length;
    this.out.u32(0);
    this.out.u16(number);
    this.out.u32(sequence);
    return start;
  }

  end(start) {
    this.out.patch(start, this.out.length - start - 4);
  }

  flush() {
    if (this.lost) throw this.lost;
    if (this.out.length === 0) return;
    try {
      this.transport.write(this.out.bytes());
    } catch (error) {
      throw this.fail(`writing to the guest failed: ${error.message}`);
    }
    this.out.truncate(0);
    if (this.out.array.length > 16 * BUFFERED_BYTES_MAX) this.out = new Writer();
  }

  /** Reads up to the answer of a call; what else was answered is kept for the next pump. */
  answerOf(wanted) {
    for (;;) {
      const head = new Reader(this.take(10));
      const length = head.u32();
      head.u16();
      const sequence = head.u32();
      const body = this.take(length - 6);
      if (sequence === wanted) return new Reader(body);
      this.completed.push({ sequence, body: body.slice() });
    }
  }

  /** The next bytes of the input; valid until more are taken. */
  take(count) {
    if (this.lost) throw this.lost;
    const there = this.incomingEnd - this.incomingStart;
    if (count > there) {
      const target = count > this.incoming.length ? new Uint8Array(count * 2) : this.incoming;
      target.set(this.incoming.subarray(this.incomingStart, this.incomingEnd));
      this.incoming = target;
      this.incomingStart = 0;
      this.incomingEnd = there;
      while (this.incomingEnd < count) {
        let read;
        try {
          read = this.transport.read(this.incoming.subarray(this.incomingEnd));
        } catch (error) {
          throw this.fail(`reading from the guest failed: ${error.message}`);
        }
        if (read === 0) throw this.fail('the guest has ended');
        this.incomingEnd += read;
      }
    }
    const start = this.incomingStart;
    this.incomingStart += count;
    return this.incoming.subarray(start, start + count);
  }

  fail(message) {
    this.lost ??= new ConnectionLost(message);
    this.close(this.lost);
    return this.lost;
  }

  soon() {
    if (this.soonScheduled) return;
    this.soonScheduled = true;
    this.scheduler.soon(() => {
      this.soonScheduled = false;
      this.pump();
    });
  }

  later() {
    if (this.laterScheduled) return;
    this.laterScheduled = true;
    this.scheduler.later(() => {
      this.laterScheduled = false;
      this.soon();
    }, BACKGROUND_MILLISECONDS);
  }

  /** Sends what is buffered, and hears what was answered. */
  pump() {
    if (this.lost) return;
    try {
      if (this.open.size > 0) {
        const sequence = this.nextSequence();
        const start = this.begin(PUMP, sequence);
        this.out.u32(this.foreground > 0 && this.completed.length === 0 ? PUMP_MICROSECONDS : 0);
        this.end(start);
        this.flush();
        this.answerOf(sequence);
      } else {
        this.flush();
      }
      this.deliver();
    } catch (error) {
      // `closed` tells of it.
      if (!(error instanceof ConnectionLost)) throw error;
      return;
    }
    if (this.foreground > 0) this.soon();
    else if (this.open.size > 0) this.later();
  }

  deliver() {
    for (const { sequence, body } of this.completed.splice(0)) {
      const pending = this.open.get(sequence);
      const value = pending.signature.result.read(new Reader(body));
      if (pending.listener) {
        pending.listener(value);
        continue;
      }
      this.open.delete(sequence);
      if (!pending.background) this.foreground -= 1;
      pending.resolve(value);
    }
  }
}
