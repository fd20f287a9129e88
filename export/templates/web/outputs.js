// The model's outputs beside its inputs: images, tables, curves.

import {make} from "./inputs.js";
import {show} from "./pixels.js";

const FIELDS = 64;

// Numbers as text: seven digits, as many as float32 has.
export function exact(values) {
  return Array.from(values, (value) => (Number.isNaN(value) ? "nan" : String(Number(value.toPrecision(7))))).join(", ");
}

// Fill an element with an output of the model, beside the input that it reconstructs.
export function showOutput(element, name, values, input, about) {
  if (about?.kind === "image") {
    const canvas = make("canvas", {role: "img", class: "picture", "aria-label": `${name}, ${about.shape[1]} by ${about.shape[0]} pixels`});
    show(canvas, values, about.shape, about.supports[0].low, about.supports[0].high);
    element.replaceChildren(make("div", {class: "stage"}, canvas));
  } else if (about && about.shape.length < 2 && values.length <= FIELDS) {
    element.replaceChildren(table(name, values, input, about));
  } else {
    const columns = about?.shape.length > 1 ? about.shape.at(-1) : 1;
    element.replaceChildren(curves(values, input, columns), make("p", {class: "note"}, "Thin: the input. Thick: the output."));
  }
}

function table(name, values, input, about) {
  const short = (value) => (value === null || value === undefined || Number.isNaN(value) ? "–" : String(Number(value.toPrecision(4))));
  const rows = values.map((value, index) =>
    make(
      "tr",
      {},
      make("th", {scope: "row"}, about.names[index] ?? (values.length > 1 ? String(index) : name)),
      make("td", {}, short(input?.[index])),
      make("td", {}, short(value)),
    ),
  );
  const head = make("tr", {}, make("td"), make("th", {scope: "col"}, "in"), make("th", {scope: "col"}, "out"));
  return make("div", {class: "scroll", tabindex: 0}, make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)));
}

function curves(values, input, columns) {
  const space = "http://www.w3.org/2000/svg";
  const [width, height] = [320, 160];
  const finite = [...values, ...(input ?? [])].filter((value) => Number.isFinite(value));
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const steps = values.length / columns;
  const draw = (numbers, column, kind) => {
    let pen = "M";
    let path = "";
    for (let step = 0; step < steps; step++) {
      const value = numbers[step * columns + column];
      if (!Number.isFinite(value)) {
        pen = "M"; // a missing value
        continue;
      }
      const x = (width * step) / Math.max(1, steps - 1);
      const y = height - (height * (value - low)) / (high - low || 1);
      path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
    }
    const line = document.createElementNS(space, "path");
    line.setAttribute("d", path);
    line.setAttribute("class", `${kind} series${column % 3}`);
    return line;
  };
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("viewBox", `-4 -4 ${width + 8} ${height + 8}`);
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", `curves from ${low.toPrecision(3)} to ${high.toPrecision(3)}; the values are below, under All numbers`);
  for (let column = 0; column < columns; column++) {
    if (input) picture.append(draw(input, column, "thin"));
    picture.append(draw(values, column, "thick"));
  }
  return picture;
}
