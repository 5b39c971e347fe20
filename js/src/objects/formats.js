// Formats that need a feature: with the feature off, their names count as unknown, which is a TypeError.

const FEATURES = [
  [/^depth32float-stencil8$/, ['depth32float-stencil8']],
  [/^bc\d/, ['texture-compression-bc']],
  [/^(etc2|eac)-/, ['texture-compression-etc2']],
  [/^astc-/, ['texture-compression-astc']],
  [/^(r|rg|rgba)16(unorm|snorm)$/, ['texture-formats-tier1', 'texture-formats-tier2']],
];

export function checkFormat(device, format) {
  if (format === undefined || format === null) return;
  const rule = FEATURES.find(([pattern]) => pattern.test(format));
  if (!rule) return;
  const [, features] = rule;
  if (!features.some((feature) => device.features.has(feature))) {
    throw new TypeError(`the format ${format} needs the feature ${features[0]}, which the device does not have`);
  }
}
