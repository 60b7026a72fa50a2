// llama.cpp (through node-llama-cpp) loads the base model and the adapter that check_gguf.py wrote;
// its probabilities of the next token are compared with ours, with the adapter and without.
// usage: node check_llama.mjs OUT   (NODE_PATH or a node_modules with node-llama-cpp beside OUT)
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {pathToFileURL} from "node:url";

const out = process.argv[2];
const require = createRequire(out + "/");
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(require.resolve("node-llama-cpp")));
const expected = JSON.parse(readFileSync(out + "/expected.json"));
const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.warn});
const model = await llama.loadModel({modelPath: out + "/base.gguf", gpuLayers: 0});

async function probabilities(lora) {
    const context = await model.createContext({
        contextSize: 9, batchSize: 9, sequences: 1, flashAttention: false,
        ...(lora ? {lora: {adapters: [{filePath: out + "/adapter.gguf", scale: 1}]}} : {})
    });
    const sequence = context.getSequence();
    const input = expected.tokens.map((token) => [token, {generateNext: {probabilities: true}}]);
    const results = await sequence.controlledEvaluate(input);
    const rows = results.map((r) => r.next.probabilities);
    await context.dispose();
    return rows;
}

function worst(rows, want) {
    let off = 0;
    rows.forEach((row, i) => want[i].forEach((p, token) => {
        off = Math.max(off, Math.abs((row.get(token) ?? 0) - p));
    }));
    return off;
}

const adapted = worst(await probabilities(true), expected.adapted);
const plain = worst(await probabilities(false), expected.plain);
const change = worst(await probabilities(false), expected.adapted);
console.log(`llama.cpp: probabilities differ by ${adapted.toExponential(2)} with the adapter, ` +
    `${plain.toExponential(2)} without; the adapter changes them by ${change.toFixed(3)}`);
// llama.cpp keeps keys and values as 16-bit floats: about 1e-4 of a logit.
process.exit(adapted < 2e-4 && plain < 2e-4 && change > 1e-3 ? 0 : 1);
