// node list.js SUITE QUERY…: prints the cases of the queries, a line each.

import { once } from 'node:events';

import { cases, loadSuite } from './suite.js';

const [folder, ...queries] = process.argv.slice(2);
// Tests look at what there is while they are listed.
globalThis.GPUExternalTexture ??= class {};
const suite = await loadSuite(folder);
let text = '';
for (const query of queries) {
  for await (const leaf of cases(suite, query)) {
    text += `${leaf.query}\n`;
    if (text.length > 1 << 16) {
      if (!process.stdout.write(text)) await once(process.stdout, 'drain');
      text = '';
    }
  }
}
process.stdout.write(text);
