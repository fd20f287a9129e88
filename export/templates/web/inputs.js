// The model's inputs on the page: an image, a choice, or numbers. Each has `element`, `values` and `set(values)`, and
// calls `changed()` after a change by the visitor; `values` throws if the model does not accept what was typed.

import {read, show} from "./pixels.js";

const FIELDS = 64; // more numbers than this are typed as lines of text

export function inputOf(name, about, changed, failed) {
  const input = required(name, about, changed, failed);
  return about.optional ? new Optional(name, input, changed) : input;
}

function required(name, about, changed, failed) {
  if (about.kind === "image") return new ImageInput(name, about, changed, failed);
  if (about.kind === "choice") return new Choice(name, about, changed);
  const size = about.shape.reduce((product, length) => product * length, 1);
  return size > FIELDS || about.shape.length > 1 ? new Lines(name, about, changed) : new Fields(name, about, changed);
}

// An element with attributes, properties that start with a dot, and children.
export function make(tag, settings = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(settings)) {
    if (name.startsWith(".")) element[name.slice(1)] = value;
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// An input that may be missing.
class Optional {
  constructor(name, input, changed) {
    this.input = input;
    this.missing = make("input", {type: "checkbox", ".onchange": changed});
    this.element = make("div", {}, input.element, make("label", {class: "button missing"}, this.missing, ` without ${name}`));
  }

  get values() {
    const values = this.input.values;
    return this.missing.checked ? values.map(() => null) : values;
  }

  set(values) {
    this.missing.checked = values.every((value) => value === null || Number.isNaN(value));
    if (!this.missing.checked) this.input.set(values);
  }
}

class ImageInput {
  constructor(name, about, changed, failed) {
    Object.assign(this, {name, about, changed, failed});
    [this.height, this.width, this.channels] = about.shape;
    ({low: this.low, high: this.high, integer: this.integer} = about.supports[0]);
    this.cursor = [Math.floor(this.width / 2), Math.floor(this.height / 2)];
    this.numbers = about.start.slice();
    this.#build();
  }

  get values() {
    return this.numbers;
  }

  set(values) {
    const inside = (value) => Math.min(this.high, Math.max(this.low, value));
    this.numbers = Array.from(values, (value) => (this.integer ? Math.round(inside(value)) : inside(value)));
    show(this.canvas, this.numbers, this.about.shape, this.low, this.high);
  }

  #build() {
    const label = `${this.name}: draw with the mouse or a finger; with the keyboard, arrows move, space draws, delete erases`;
    this.canvas = make("canvas", {tabindex: 0, role: "application", "aria-label": label, class: "picture draws"});
    this.mark = make("span", {class: "mark", hidden: ""});
    this.color = this.channels > 1 ? make("input", {type: "color", value: "#ffffff", "aria-label": "Color"}) : "";
    this.eraser = make("input", {type: "checkbox"});
    const file = make("input", {type: "file", accept: "image/*", "aria-label": "Open an image"});
    const button = (text, action) => make("button", {type: "button", ".onclick": action}, text);
    file.onchange = () => file.files.length && this.#open(file.files[0]);
    this.element = make(
      "div",
      {class: "drop"},
      make("div", {class: "stage"}, this.canvas, this.mark),
      make(
        "div",
        {class: "tools"},
        button("Clear", () => this.#put(this.numbers.map(() => this.low))),
        button("Invert", () => this.#put(this.numbers.map((value) => this.low + this.high - value))),
        make("label", {class: "button"}, this.eraser, " Erase"),
        this.color,
        make("label", {class: "button"}, "Open an image…", file),
      ),
      make("p", {class: "note"}, "Draw, or drop or paste an image."),
    );
    this.set(this.numbers);
    this.#listen();
  }

  #listen() {
    const {canvas, element} = this;
    let last = null;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [((event.clientX - box.left) / box.width) * this.width, ((event.clientY - box.top) / box.height) * this.height];
    };
    canvas.onpointerdown = (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#stroke((last = at(event)), last, this.eraser.checked || event.button === 2);
    };
    canvas.onpointermove = (event) => {
      if (!last) return;
      const next = at(event);
      this.#stroke(last, next, this.eraser.checked);
      last = next;
    };
    canvas.onpointerup = canvas.onpointercancel = () => (last = null);
    canvas.onkeydown = (event) => this.#key(event);
    canvas.onblur = () => (this.mark.hidden = true);
    element.ondragover = (event) => {
      event.preventDefault();
      element.classList.add("over");
    };
    element.ondragleave = () => element.classList.remove("over");
    element.ondrop = (event) => {
      event.preventDefault();
      element.classList.remove("over");
      if (event.dataTransfer.files.length) this.#open(event.dataTransfer.files[0]);
    };
    document.addEventListener("paste", (event) => {
      const pasted = [...event.clipboardData.files];
      if (pasted.length) this.#open(pasted[0]);
    });
  }

  #key(event) {
    const steps = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
    const middle = this.cursor.map((index) => index + 0.5);
    if (steps[event.key]) {
      const [x, y] = this.cursor.map((index, axis) => index + steps[event.key][axis]);
      this.cursor = [Math.min(this.width - 1, Math.max(0, x)), Math.min(this.height - 1, Math.max(0, y))];
    } else if (event.key === " " || event.key === "Enter") this.#stroke(middle, middle, this.eraser.checked);
    else if (event.key === "Delete" || event.key === "Backspace") this.#stroke(middle, middle, true);
    else return;
    event.preventDefault();
    this.mark.hidden = false;
    this.mark.style.left = `${(100 * this.cursor[0]) / this.width}%`;
    this.mark.style.top = `${(100 * this.cursor[1]) / this.height}%`;
    this.mark.style.width = `${100 / this.width}%`;
    this.mark.style.height = `${100 / this.height}%`;
  }

  // A round brush with a soft edge along a line.
  #stroke([x0, y0], [x1, y1], erase) {
    const radius = Math.max(0.7, this.width / 20) + (erase ? 1 : 0); // the eraser takes the soft edge too
    const ink = this.#ink(erase);
    const length = (x1 - x0) ** 2 + (y1 - y0) ** 2;
    for (let y = 0; y < this.height; y++) {
      for (let x = 0; x < this.width; x++) {
        const [dx, dy] = [x + 0.5 - x0, y + 0.5 - y0];
        const along = length ? Math.min(1, Math.max(0, (dx * (x1 - x0) + dy * (y1 - y0)) / length)) : 0;
        const distance = Math.hypot(dx - along * (x1 - x0), dy - along * (y1 - y0));
        const cover = Math.min(1, Math.max(0, radius + 0.5 - distance));
        for (let part = 0; cover > 0 && part < this.channels; part++) {
          const index = (y * this.width + x) * this.channels + part;
          const mixed = this.numbers[index] + cover * (ink[part] - this.numbers[index]);
          const onBlack = this.channels === 1 && !erase;
          this.numbers[index] = onBlack ? Math.max(this.numbers[index], mixed) : mixed;
        }
      }
    }
    this.#put(this.numbers);
  }

  #ink(erase) {
    if (erase) return Array(this.channels).fill(this.low);
    if (this.channels === 1) return [this.high];
    const parts = [1, 3, 5].map((start) => parseInt(this.color.value.slice(start, start + 2), 16) / 255);
    return [...parts, 1].map((part) => this.low + part * (this.high - this.low));
  }

  async #open(file) {
    try {
      this.#put(await read(file, this.about.shape, this.low, this.high));
    } catch (error) {
      this.failed(error);
    }
  }

  #put(values) {
    this.set(values);
    this.changed();
  }
}

class Choice {
  constructor(name, about, changed) {
    this.size = about.names.length;
    this.select = make("select", {}, ...about.names.map((text, index) => make("option", {value: index}, text)));
    this.select.onchange = changed;
    this.element = make("label", {class: "field"}, make("span", {}, name), this.select);
  }

  get values() {
    return Array.from({length: this.size}, (_, index) => Number(index === this.select.selectedIndex));
  }

  set(values) {
    this.select.selectedIndex = values.indexOf(Math.max(...values));
  }
}

class Fields {
  constructor(name, about, changed) {
    const size = about.shape.reduce((product, length) => product * length, 1);
    this.supports = Array.from({length: size}, (_, index) => about.supports[index] ?? about.supports[0]);
    this.names = Array.from({length: size}, (_, index) => about.names[index] ?? (size > 1 ? `${name} ${index}` : name));
    this.fields = this.supports.map((support) => {
      const {low, high, integer, missing} = support;
      const settings = {type: "number", min: low, max: high, step: integer ? 1 : "any"};
      return make("input", {...settings, placeholder: missing ? "missing" : null, ".oninput": changed});
    });
    const rows = this.fields.map((field, index) => make("label", {class: "field"}, make("span", {}, this.names[index]), field));
    this.element = make("div", {class: "fields"}, ...rows);
    this.set(about.start);
  }

  get values() {
    return this.fields.map((field, index) => {
      const {low, high, integer, missing} = this.supports[index];
      const wrong = !field.validity.valid || (field.value === "" && !missing);
      field.setAttribute("aria-invalid", wrong);
      if (!wrong) return field.value === "" ? null : Number(field.value);
      const range = low === null ? (high === null ? "" : ` of at most ${high}`) : high === null ? ` of at least ${low}` : ` in [${low}, ${high}]`;
      throw new Error(`${this.names[index]}: expected ${integer ? "an integer" : "a number"}${range}, received ${field.value || "none"}`);
    });
  }

  set(values) {
    this.fields.forEach((field, index) => {
      const {low, high, integer} = this.supports[index];
      const value = values[index];
      const inside = Math.min(high ?? Infinity, Math.max(low ?? -Infinity, integer ? Math.round(value) : value));
      field.value = value === null || Number.isNaN(value) ? "" : String(Number(inside.toPrecision(7)));
    });
  }
}

class Lines {
  constructor(name, about, changed) {
    Object.assign(this, {name, support: about.supports[0]});
    this.columns = about.shape.at(-1);
    this.rows = about.shape.slice(0, -1).reduce((product, length) => product * length, 1);
    this.text = make("textarea", {rows: Math.min(14, Math.max(4, this.rows)), spellcheck: "false", ".oninput": changed});
    const lines = this.rows > 1 ? `${this.rows} lines of ${this.columns}` : `${this.columns}`;
    this.expected = `${lines} numbers`;
    const note = this.support.missing ? `${this.expected}; nan is missing` : this.expected;
    this.element = make("label", {class: "lines"}, make("span", {}, `${name}: ${note}`), this.text);
    this.set(about.start);
  }

  get values() {
    const {low, high, integer, missing} = this.support;
    const words = this.text.value.split(/[\s,;]+/).filter((word) => word !== "");
    const numbers = words.map((word) => (/^nan$/i.test(word) ? null : Number(word)));
    const bad = numbers.findIndex((number) =>
      number === null ? !missing : !Number.isFinite(number) || number < (low ?? -Infinity) || number > (high ?? Infinity) || (integer && number % 1),
    );
    const wrong = bad >= 0 || numbers.length !== this.rows * this.columns;
    this.text.setAttribute("aria-invalid", wrong);
    if (wrong) throw new Error(`${this.name}: expected ${this.expected}, received ${bad >= 0 ? words[bad] : numbers.length}`);
    return numbers;
  }

  set(values) {
    const words = Array.from(values, (value) => (value === null || Number.isNaN(value) ? "nan" : String(Number(value.toPrecision(6)))));
    const lines = Array.from({length: this.rows}, (_, row) => words.slice(row * this.columns, (row + 1) * this.columns).join("  "));
    this.text.value = lines.join("\n");
  }
}
