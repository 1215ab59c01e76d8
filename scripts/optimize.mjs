// Optimizes the compiled model: node optimize.mjs PLAIN WASM TEXT. asc's own -O3 inlines little, and a call of the model is so short
// that a fifth of its time went by entering functions.
import { readFileSync, writeFileSync } from "node:fs";
import binaryen from "binaryen";

// Nodes of a function's body: those of up to so many are inlined wherever they are called.
const INLINED_SIZE = 60;

const { BulkMemory, BulkMemoryOpt, MutableGlobals, NontrappingFPToInt, SignExt } = binaryen.Features;
const features = BulkMemory | BulkMemoryOpt | MutableGlobals | NontrappingFPToInt | SignExt;

const [plain, wasm, text] = process.argv.slice(2);
const module = binaryen.readBinaryWithFeatures(readFileSync(plain), features);
binaryen.setOptimizeLevel(3);
binaryen.setShrinkLevel(0);
binaryen.setAlwaysInlineMaxSize(INLINED_SIZE);
binaryen.setFlexibleInlineMaxSize(INLINED_SIZE);
module.optimize();
writeFileSync(wasm, module.emitBinary());
writeFileSync(text, module.emitText());
