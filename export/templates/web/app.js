// The page: an input goes through encoder, decoder and score; the sliders go through the decoder alone.

import {Engine} from "./engine.js";
import {inputOf, make} from "./inputs.js";
import {exact, showOutput} from "./outputs.js";

const TOLERANCE = 1e-4; // relative to 1 + |expected|
const SLIDERS = 64;
const {wasm} = document.querySelector("script[data-wasm]").dataset;
const byId = (id) => document.getElementById(id);

class Page {
  constructor(engine, about) {
    Object.assign(this, {engine, about, turn: 0, results: {}, sliders: []});
    this.inputs = {};
    for (const [name, each] of Object.entries(about.inputs)) {
      const changed = () => this.update();
      this.inputs[name] = inputOf(name, each, changed, (error) => this.problem(error));
      byId("inputs").append(this.inputs[name].element);
    }
    this.#makeSliders();
    byId("draw").hidden = !about.endpoints.sample;
    byId("draw").onclick = () => this.draw();
    byId("back").onclick = () => this.update();
  }

  get values() {
    return Object.fromEntries(Object.entries(this.inputs).map(([name, input]) => [name, input.values]));
  }

  // Update all outputs for the current input. Of several calls during one update, only the last one is run.
  async update() {
    const turn = ++this.turn;
    try {
      const values = this.values;
      const results = {};
      for (const endpoint of ["encode", "reconstruct", "score"]) {
        results[endpoint] = await this.engine.run(endpoint, values);
        if (turn !== this.turn) return;
      }
      this.results = results;
      this.problem(null);
      this.#follow(results.encode.location);
      this.#showScore(results.score);
      this.#showOthers(results.encode);
      this.#show(results.reconstruct, values, "At the location of q(z|x).");
    } catch (error) {
      if (turn === this.turn) this.problem(error);
    }
  }

  // Decode the latent point of the sliders.
  async decode() {
    const turn = ++this.turn;
    try {
      const values = this.values;
      const z = this.sliders.map(({value}) => value);
      this.results.decode = await this.engine.run("decode", {...values, z});
      if (turn !== this.turn) return;
      this.problem(null);
      this.#show(this.results.decode, values, "Decoded from the sliders.");
    } catch (error) {
      if (turn === this.turn) this.problem(error);
    }
  }

  // Use a decoded draw from p(z) as the new input.
  async draw(noise = Array.from({length: this.about.noise}, normal)) {
    try {
      const drawn = await this.engine.run("sample", {...this.values, noise});
      this.set(this.#byInput(drawn));
      await this.update();
    } catch (error) {
      this.problem(error);
    }
  }

  set(values) {
    for (const [name, each] of Object.entries(values)) this.inputs[name]?.set(each);
  }

  problem(error) {
    byId("problem").hidden = !error;
    byId("problem").textContent = error ? error.message : "";
  }

  // A single output stands for x; several have the names of the inputs.
  #byInput(outputs) {
    const entries = Object.entries(outputs);
    const known = entries.every(([name]) => name in this.inputs);
    return known ? outputs : {[Object.keys(this.inputs)[0]]: entries[0][1]};
  }

  #show(outputs, values, origin) {
    byId("origin").textContent = origin;
    for (const [name, each] of Object.entries(this.#byInput(outputs))) {
      const id = `output-${name}`;
      if (!byId(id)) byId("outputs").append(make("div", {id}));
      showOutput(byId(id), name, each, values[name], this.about.inputs[name]);
    }
    const rows = Object.entries(this.results).flatMap(([endpoint, named]) =>
      Object.entries(named).map(([name, numbers]) =>
        make("div", {}, make("dt", {}, `${endpoint}, ${name}`), make("dd", {"data-output": `${endpoint}.${name}`}, exact(numbers))),
      ),
    );
    byId("numbers").replaceChildren(...rows);
  }

  #showScore({score, ...terms}) {
    byId("score").textContent = score[0].toFixed(2);
    const rows = Object.entries(terms).map(([name, [value]]) => make("div", {}, make("dt", {}, name), make("dd", {}, value.toFixed(2))));
    byId("terms").replaceChildren(...(rows.length > 1 ? rows : []));
  }

  // Show the encoder's other outputs, such as class probabilities.
  #showOthers({location, scale, ...others}) {
    const rows = Object.entries(others).flatMap(([name, values]) =>
      values.length > SLIDERS
        ? []
        : values.map((value, index) => make("div", {}, make("dt", {}, `${name.replaceAll("_", " ")}, ${index}`), make("dd", {}, value.toFixed(3)))),
    );
    byId("others").replaceChildren(...rows);
  }

  #makeSliders() {
    const {low, high} = this.about.latent;
    this.sliders = low.map((least, index) => {
      const settings = {type: "range", min: least, max: high[index], step: "any", "aria-label": `z ${index}`};
      const slider = {value: 0, input: make("input", settings), text: make("output")};
      slider.input.oninput = () => {
        slider.value = Number(slider.input.value);
        slider.text.textContent = slider.value.toFixed(2);
        this.decode();
      };
      if (index < SLIDERS) {
        byId("latent").append(make("label", {class: "slider"}, make("span", {}, `z ${index}`), slider.input, slider.text));
      }
      return slider;
    });
    if (low.length > SLIDERS) byId("latent").append(make("p", {class: "note"}, `The first ${SLIDERS} of ${low.length}.`));
  }

  #follow(location) {
    this.sliders.forEach((slider, index) => {
      slider.value = location[index];
      slider.input.min = Math.min(slider.input.min, location[index]);
      slider.input.max = Math.max(slider.input.max, location[index]);
      slider.input.value = location[index];
      slider.text.textContent = location[index].toFixed(2);
    });
  }
}

// The largest difference of this browser's numbers from the stored ones, relative to 1 + |expected|.
async function check(engine, stored) {
  const part = (prefix) =>
    Object.fromEntries(Object.entries(stored).flatMap(([key, value]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [])));
  let worst = 0;
  for (const endpoint of new Set(Object.keys(stored).map((key) => key.split("/")[0]))) {
    const received = await engine.run(endpoint, part(`${endpoint}/in/`));
    for (const [name, expected] of Object.entries(part(`${endpoint}/out/`))) {
      expected.forEach((value, index) => {
        const gap = Math.abs(received[name][index] - value) / (1 + Math.abs(value));
        const same = value === null && Number.isNaN(received[name][index]);
        worst = same ? worst : Math.max(worst, Number.isNaN(gap) ? Infinity : gap);
      });
    }
  }
  return worst;
}

function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

async function start() {
  const answer = await fetch("model.json");
  if (!answer.ok) throw new Error(`model.json: the server answered ${answer.status}`);
  const about = await answer.json();
  const engine = await Engine.start(wasm, "model.tflite");
  const difference = await check(engine, about.check);
  const page = new Page(engine, about);
  document.querySelector("main").hidden = false;
  const chosen = Object.values(about.inputs).some(({kind}) => kind === "choice");
  await (chosen ? page.draw(about.check["sample/in/noise"]) : page.update());
  byId("status").textContent = `Ready. This browser’s numbers differ from the model’s by at most ${difference.toExponential(0)}.`;
  if (!(difference <= TOLERANCE)) {
    byId("status").textContent = "Ready, but unreliable.";
    page.problem(new Error(`This browser’s numbers differ from the model’s by ${difference}`));
  }
  return {engine, page, difference};
}

const started = start();
started.then(
  () => byId("late").remove(),
  (error) => {
    byId("late").remove();
    byId("status").textContent = "The model could not be loaded.";
    byId("problem").hidden = false;
    byId("problem").textContent = error?.message ?? "a file of the page could not be loaded";
  },
);

// For scripts and tests: promises of plain arrays of numbers; null is a missing value.
window.tfvae = {
  ready: started.then(({difference}) => difference),
  run: async (endpoint, values) => (await started).engine.run(endpoint, values),
  show: async (values) => {
    const {page} = await started;
    page.set(values);
    await page.update();
    return page.results;
  },
};
window.tfvae.ready.catch(() => {}); // shown above
