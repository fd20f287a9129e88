// The model in the browser: LiteRT's web runtime, one signature for each endpoint, one example at a time.

import {Tensor, loadAndCompile, loadLiteRt} from "@litertjs/core";

const ARRAYS = {float32: Float32Array, int32: Int32Array, uint8: Uint8Array};

export class Engine {
  static async start(wasm, file) {
    const answer = await fetch(file);
    if (!answer.ok) throw new Error(`${file}: the server answered ${answer.status}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    // The runtime logs everything as errors.
    self.Module = {printErr: (line) => (/^(INFO|WARNING|VERBOSE)\b/.test(line) ? console.debug(line) : console.error(line))};
    await loadLiteRt(wasm);
    return new Engine(await loadAndCompile(bytes, {accelerator: "wasm"}));
  }

  constructor(model) {
    this.signatures = model.signatures;
    this.busy = Promise.resolve();
  }

  // {name: numbers} -> {name: numbers}, for one endpoint; calls run one after another.
  run(endpoint, values) {
    const result = this.busy.then(() => this.#run(endpoint, values));
    this.busy = result.catch(() => {});
    return result;
  }

  async #run(endpoint, values) {
    const runner = this.signatures[endpoint];
    if (!runner) throw new Error(`endpoint: expected one of ${Object.keys(this.signatures)}, received ${endpoint}`);
    const inputs = {};
    let outputs = {};
    try {
      for (const {name, dtype, shape} of runner.getInputDetails()) {
        const size = shape.reduce((product, length) => product * length, 1);
        const given = values[name];
        if (given?.length !== size) {
          throw new Error(`${name}: expected ${size} numbers, received ${given ? given.length : "none"}`);
        }
        inputs[name] = new Tensor(ARRAYS[dtype].from(given, (value) => value ?? NaN), Array.from(shape));
      }
      outputs = await runner.run(inputs);
      const read = Object.entries(outputs).map(async ([name, tensor]) => [name, Array.from(await tensor.data())]);
      return Object.fromEntries(await Promise.all(read));
    } finally {
      for (const tensor of [...Object.values(inputs), ...Object.values(outputs)]) tensor.delete();
    }
  }
}
