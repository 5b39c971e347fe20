// GPUSupportedFeatures, GPUSupportedLimits, WGSLLanguageFeatures, GPUAdapterInfo.

import { call, guard, implement, stateOf } from './object.js';
import { enumWords } from '../idl/names.js';
import { string } from '../idl/convert.js';

/** `readonly setlike<DOMString>`. The interface can only be asked for one name, so all known ones are asked for. */
function setlike(resource, Class, names) {
  const has = (object, name) => call(stateOf(Class, object), `${resource}.has`, [name]);
  const members = (object) => names().filter((name) => has(object, name));
  const methods = {
    has(value) {
      if (arguments.length < 1) throw new TypeError(`${Class.name}.has: expected a name`);
      return has(this, string(value, `${Class.name}.has`));
    },
    forEach(callback, self) {
      for (const name of members(this)) callback.call(self, name, name, this);
    },
    values() {
      return members(this).values();
    },
    entries() {
      return members(this).map((name) => [name, name]).values();
    },
  };
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(Class.prototype, name, { value, configurable: true, enumerable: true, writable: true });
  }
  const hidden = { value: methods.values, configurable: true, writable: true };
  Object.defineProperty(Class.prototype, Symbol.iterator, hidden);
  Object.defineProperty(Class.prototype, 'keys', { ...hidden, enumerable: true });
  Object.defineProperty(Class.prototype, 'size', {
    configurable: true,
    enumerable: true,
    get() {
      return members(this).length;
    },
  });
  implement(resource, Class);
}

export class GPUSupportedFeatures {
  constructor(key) {
    guard(key);
  }
}
setlike('gpu-supported-features', GPUSupportedFeatures, () => enumWords('gpu-feature-name'));

export class WGSLLanguageFeatures {
  constructor(key) {
    guard(key);
  }
}
setlike('wgsl-language-features', WGSLLanguageFeatures, () => [
  'readonly_and_readwrite_storage_textures',
  'packed_4x8_integer_dot_product',
  'unrestricted_pointer_parameters',
  'pointer_composite_access',
  'uniform_buffer_standard_layout',
  'subgroup_id',
  'subgroup_uniformity',
  'texture_and_sampler_let',
  'texture_formats_tier1',
  'linear_indexing',
]);

export class GPUSupportedLimits {
  constructor(key) {
    guard(key);
  }
}
implement('gpu-supported-limits', GPUSupportedLimits, { attributes: 'all' });

export class GPUAdapterInfo {
  constructor(key) {
    guard(key);
  }
}
implement('gpu-adapter-info', GPUAdapterInfo, { attributes: 'all' });
