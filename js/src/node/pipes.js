// Node: a guest as a child process, with named pipes for its standard streams, since only files can be read and written
// synchronously.

import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const scheduler = {
  soon: (work) => setImmediate(work),
  later: (work, milliseconds) => setTimeout(work, milliseconds).unref(),
};

/** Starts `program arguments…`; gives its transport, its process, and what it wrote to standard error last. */
export function startGuest(program, args) {
  const folder = mkdtempSync(join(tmpdir(), 'wardian-'));
  try {
    const [input, output] = ['in', 'out'].map((name) => join(folder, name));
    execFileSync('mkfifo', [input, output]);
    // The shell opens the pipes in this order, and so must this side: each waits for the other.
    const script = 'exec 0<"$0" 1>"$1"; shift; exec "$@"';
    const child = spawn('sh', ['-c', script, input, output, program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    const ended = new Promise((resolve) => {
      child.on('exit', (code, signal) => resolve({ code, signal }));
      child.on('error', (error) => resolve({ error }));
    });
    const stderr = tail(child.stderr);
    const [writer, reader] = [openSync(input, 'w'), openSync(output, 'r')];
    const transport = {
      write(bytes) {
        for (let at = 0; at < bytes.length; ) at += writeSync(writer, bytes, at);
      },
      read: (bytes) => readSync(reader, bytes),
      close() {
        closeSync(writer);
        closeSync(reader);
      },
    };
    return { transport, child, ended, stderr };
  } finally {
    // Open pipes need no name.
    rmSync(folder, { recursive: true });
  }
}

const TAIL_CHARACTERS = 4000;

function tail(stream) {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (part) => (text = (text + part).slice(-TAIL_CHARACTERS)));
  return () => text;
}
