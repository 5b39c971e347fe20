// node worker.js SUITE PROGRAM ARG…: runs the cases that standard input names, a line each, on the guest that the
// program starts. Each gives a line of JSON on standard output: { case, status, milliseconds, log }.
//
// The line `adapter` asks what they run on: { vendor, architecture, device, description }.
//
// When the guest ends by itself, the case has the status `crash` and this process ends, too.

import { createInterface } from 'node:readline';

import { connect, install } from '../src/index.js';
import { scheduler, startGuest } from '../src/node/pipes.js';
import { cases, loadSuite } from './suite.js';

/** More of a log than this helps nobody; its end often tells why. */
const LOG_CHARACTERS_MAX = 6000;

const [folder, program, ...args] = process.argv.slice(2);
const guest = startGuest(program, args);
const { gpu, connection } = connect(guest.transport, scheduler);
install(globalThis);
const suite = await loadSuite(folder);
suite.setGPUProvider(() => gpu);

// A promise that a test drops may still reject when the guest is gone.
process.on('unhandledRejection', (reason) => {
  if (!connection.lost) note(`unhandled rejection: ${reason?.stack ?? reason}`);
});
const notes = [];

function note(text) {
  notes.push(text);
}

function report(result) {
  return new Promise((resolve) => process.stdout.write(`${JSON.stringify(result)}\n`, resolve));
}

async function runCase(query) {
  const logger = new suite.Logger();
  const started = performance.now();
  for await (const leaf of cases(suite, query)) {
    const [recorder, result] = logger.record(leaf.query.toString());
    await leaf.run(recorder, []);
    const log = [...(result.logs ?? []).map((entry) => entry.toJSON()).filter(isTelling), ...notes.splice(0)];
    return {
      case: query,
      status: result.status,
      milliseconds: Math.round(performance.now() - started),
      log: result.status === 'pass' ? '' : shortened(log.join('\n')),
    };
  }
  return { case: query, status: 'fail', milliseconds: 0, log: 'the suite has no such case' };
}

function shortened(text) {
  if (text.length <= LOG_CHARACTERS_MAX) return text;
  return `${text.slice(0, LOG_CHARACTERS_MAX / 2)}\n…\n${text.slice(-LOG_CHARACTERS_MAX / 2)}`;
}

/** That a subcase went well fills the log. */
function isTelling(text) {
  return !/^\s*- INFO: .*\n?\s*OK\b/.test(text) && !/^INFO: .*\n?OK\b/.test(text);
}

async function runLine(line) {
  if (line !== 'adapter') return runCase(line);
  const info = (await gpu.requestAdapter())?.info;
  const names = ['vendor', 'architecture', 'device', 'description'];
  return Object.fromEntries(names.map((name) => [name, info?.[name] ?? '']));
}

for await (const query of createInterface({ input: process.stdin })) {
  const started = performance.now();
  const result = await Promise.race([runLine(query), connection.closed]);
  if (connection.lost) {
    // Its last words come before its end, which may be a moment away.
    const { code, signal, error } = await guest.ended;
    const end = error?.message ?? (signal ? `signal ${signal}` : `exit code ${code}`);
    await report({
      case: query,
      status: 'crash',
      milliseconds: Math.round(performance.now() - started),
      log: `${connection.lost.message} (${end})\n${guest.stderr()}`,
    });
    process.exit(0);
  }
  await report(result);
}
guest.transport.close();
process.exit(0);
