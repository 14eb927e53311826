// The pieces that every mode is built from: elements, role markers, chips, painted pictures, legend, opacity, control strip.
import { canvasSize, colorTable, paintFill, paintLines, scaleLabels } from "./paint.js";

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node[name] = value;
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

const SHAPES = {
  teacher: '<rect x="1" y="1" width="10" height="10" rx="1" fill="currentColor"/>',
  student: '<circle cx="6" cy="6" r="5.3" fill="currentColor"/>',
  twin: '<circle cx="6" cy="6" r="4.4" fill="none" stroke="currentColor" stroke-width="2"/>',
  ensemble: '<path d="M6 .8 11.6 11H.4Z" fill="currentColor"/>',
  truth: '<path d="M1.5 6.5 4.8 9.8 10.5 2.5" fill="none" stroke="currentColor" stroke-width="2"/>',
};

export function marker(role) {
  const span = el("span", { class: `marker ${role}`, "aria-hidden": "true" });
  span.innerHTML = SHAPES[role] ? `<svg width="11" height="11" viewBox="0 0 12 12">${SHAPES[role]}</svg>` : "";
  return span;
}

export const swatch = (color) => el("span", { class: "sw", style: `--c: rgb(${color.join(" ")})`, "aria-hidden": "true" });

// A picture's label map: two canvases, colours and hairlines, redrawn when the size or the shown classes change.
export function paintedLayer(layer) {
  const fill = el("canvas", { class: "fill", role: "img", "aria-label": layer.alt || `Classes as ${layer.title || layer.role} sees them` });
  const lines = el("canvas", { class: "lines", "aria-hidden": "true" });
  const node = el("div", { class: "painted", "data-role": layer.role }, fill, lines);
  const draw = (model) => {
    const css = node.clientWidth;
    if (!css) return;
    const { width, height, line } = canvasSize(layer, css, window.devicePixelRatio || 1);
    const labels = scaleLabels(layer, width, height);
    const table = colorTable(model.header.palette, model.shown);
    paintFill(fill, labels, width, height, table);
    if (model.outline) paintLines(lines, labels, width, height, table, line);
  };
  return { node, layer, draw };
}

// Classes as toggles, in Table I's order with the background last; off it is a hollow ring and no colour at all.
export function legend(model) {
  const order = [...model.header.classes.keys()].slice(1).concat(0);
  const buttons = order.map((index, place) =>
    el("button", { type: "button", class: "tog", "aria-pressed": String(model.shown.has(index)), "aria-keyshortcuts": String(place + 1),
      onclick: () => toggleClass(model, index) }, swatch(model.header.palette[index]), model.header.classes[index]));
  model.onclasses.push(() => buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(model.shown.has(order[place])))));
  model.order = order;
  return el("div", { class: "legend", role: "group", "aria-label": model.header.legend ?? "Classes shown" }, ...buttons);
}

export function toggleClass(model, index) {
  if (model.shown.has(index)) model.shown.delete(index);
  else model.shown.add(index);
  model.onclasses.forEach((listener) => listener());
  model.draw();
  model.report();
}

export function setOpacity(model, opacity) {
  model.opacity = Math.min(1, Math.max(0, opacity));
  model.root.style.setProperty("--opacity", String(model.opacity));
}

function truthHint(model) {
  if (!model.truth || model.layers.length === 1) return null; // nothing to lay it over
  const hint = el("span", { class: "small hint" });
  hint.innerHTML = "hold <b>T</b>: the true label";
  return hint;
}

export function tools(model) {
  if (!model.header.show_opacity) return null;
  const bar = el("div", { class: "tools" });
  const out = el("output", { class: "value" });
  const range = el("input", { type: "range", min: "0", max: "100", step: "1", value: String(Math.round(100 * model.opacity)), "aria-label": "Overlay, percent" });
  const show = () => {
    range.style.setProperty("--done", `${range.value}%`);
    out.textContent = `${range.value} %`;
  };
  range.oninput = () => {
    setOpacity(model, range.valueAsNumber / 100);
    show();
  };
  range.onchange = () => model.report();
  show();
  const lines = el("button", { type: "button", class: "tog", "aria-pressed": String(model.outline), onclick: () => {
    model.outline = !model.outline;
    lines.setAttribute("aria-pressed", String(model.outline));
    model.root.classList.toggle("plain", !model.outline);
    model.draw();
  } }, "outlines");
  bar.append(el("span", { class: "lab" }, "Overlay"), range, out, lines, truthHint(model) ?? "");
  return bar;
}

export function strip(model) {
  if (!model.header.facts.length) return null;
  const facts = model.header.facts.map((fact) => {
    const label = fact.tip ? el("abbr", { class: "dt", title: fact.tip, tabindex: "0" }, fact.label) : el("span", {}, fact.label);
    const value = el("dd", { class: fact.role ? "chip" : "value" });
    if (fact.role) value.append(marker(fact.role));
    value.append(fact.value);
    if (fact.role && fact.note) value.append(el("span", { class: "m" }, fact.note));
    const note = !fact.role && fact.note ? el("dd", { class: "small" }, fact.note) : null;
    return el("div", { class: fact.role ? "fact teach" : "fact" }, el("dt", {}, label, fact.symbol ? el("em", {}, ` ${fact.symbol}`) : ""), value, note);
  });
  return el("div", { class: "strip" }, el("dl", {}, ...facts), model.header.show_opacity ? null : truthHint(model));
}
