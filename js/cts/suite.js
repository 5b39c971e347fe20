// The conformance suite: loading it, and finding its cases.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What of the suite is used here. */
export async function loadSuite(folder) {
  const part = (path) => import(pathToFileURL(join(folder, path)));
  const [{ DefaultTestFileLoader }, { Logger }, { parseQuery }, { setGPUProvider }, { dataCache }] = await Promise.all([
    part('common/internal/file_loader.js'),
    part('common/internal/logging/logger.js'),
    part('common/internal/query/parseQuery.js'),
    part('common/util/navigator_gpu.js'),
    part('common/framework/data_cache.js'),
  ]);
  dataCache.setStore({ load: (path) => readFile(join(folder, 'resources/cache', path)) });
  return { loader: new DefaultTestFileLoader(), Logger, parseQuery, setGPUProvider };
}

/** Each case of a query. */
export async function* cases(suite, query) {
  const tree = await suite.loader.loadTree(suite.parseQuery(query));
  yield* tree.iterateLeaves();
}
