// What llama.cpp says on the CPU, greedily: the tokens of each prompt, those that follow, and how clear each choice was.
//
//     npm install --prefix FOLDER --ignore-scripts node-llama-cpp@3.22.1
//     node reference.mjs FOLDER MODEL.gguf [--rounded] [--tokens 128] > smollm2-135m-q4_1.json
//
// For each token that was chosen stand its number, the runner-up's, and the difference of their logits.
//
// On the CPU llama.cpp rounds activations to 8 bits for weights that have 4, and what comes of that depends on the order
// of each sum. So it gets the same weights as 32-bit floats here, with which it rounds nothing; with --rounded it gets
// the file as it is.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import { dequantise } from "./dequantised.mjs";

const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounded: { type: "boolean", default: false }, tokens: { type: "string", default: "128" } },
});
const [folder, file] = positionals;
if (folder === undefined || file === undefined) {
    console.error("say: node reference.mjs FOLDER_WITH_NODE_MODULES MODEL.gguf");
    process.exit(1);
}
const library = pathToFileURL(resolve(folder, "node_modules/node-llama-cpp/dist/index.js"));
const { getLlama } = await import(library);

const prompts = JSON.parse(readFileSync(join(import.meta.dirname, "prompts.json"), "utf8"));
const work = mkdtempSync(join(tmpdir(), "reference-"));
const modelPath = values.rounded ? resolve(file) : join(work, "dequantised.gguf");
if (!values.rounded) dequantise(file, modelPath);
const cache = values.rounded ? "F16" : "F32";
const llama = await getLlama({ gpu: false, build: "never", progressLogs: false, maxThreads: 1 });
const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
const context = await model.createContext({
    contextSize: 512,
    threads: 1,
    flashAttention: false,
    experimentalKvCacheKeyType: cache,
    experimentalKvCacheValueType: cache,
});
const sequence = context.getSequence();

const rows = [];
for (const prompt of prompts) {
    await sequence.clearHistory();
    const input = model.tokenize(prompt, true);
    const steps = [];
    const output = sequence.evaluateWithMetadata(input, { probabilities: true }, { temperature: 0, yieldEogToken: true });
    for await (const { token, probabilities } of output) {
        const others = [...probabilities].filter(([other]) => other !== token);
        const [runnerUp, likelihood] = others.reduce((best, next) => (next[1] > best[1] ? next : best));
        const gap = Math.log(probabilities.get(token) / likelihood);
        steps.push([token, runnerUp, Number(gap.toPrecision(5))]);
        if (steps.length === Number(values.tokens)) break;
    }
    rows.push({ prompt, input, steps });
    console.error(`${rows.length}/${prompts.length}: ${JSON.stringify(model.detokenize(steps.map(([token]) => token)))}`);
}

const lines = rows.map((row) => `    ${JSON.stringify(row)}`).join(",\n");
console.log(`{
  "llama.cpp": "node-llama-cpp 3.22.1, CPU, ${values.rounded ? "as it is" : "weights as 32-bit floats"}, cache ${cache}",
  "rows": [\n${lines}\n  ]\n}`);
await llama.dispose();
rmSync(work, { recursive: true });
