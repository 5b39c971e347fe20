// WebGPU's names for what the WIT calls otherwise.

import { TYPES } from '../interface.js';

/** `depth-or-array-layers` as `depthOrArrayLayers`. */
export function camel(name) {
  return name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
}

/** Words of enums that are not as in the WIT, where a name cannot begin with a digit or have one after a hyphen. */
const OTHER_WORDS = [
  [/^d([123])(?=-|$)/, '$1d'],
  [/^astc(\d+x\d+)-/, 'astc-$1-'],
  [/^unorm1010102$/, 'unorm10-10-10-2'],
  [/-sliced3d$/, '-sliced-3d'],
];

/** The words of an enum, in the order of the WIT. */
export function enumWords(name) {
  return TYPES[name].parts.map((word) =>
    OTHER_WORDS.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), word)
  );
}
