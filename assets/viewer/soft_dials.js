// The bar on top: presets, the temperature, the labels' weight, and the factor T². Each answers while it is moved.
import { chorded, el } from "./parts.js";
import { plainly } from "./soft_words.js";

export function softBar(model) {
  const { presets, tips, warmest } = model.header, span = Math.log(warmest);
  const marks = (field) => presets.map((preset) => ({ name: preset.label, value: preset[field] }));
  return el("div", { class: "softbar" },
    presetButtons(model),
    dial(model, { name: "Temperature", sign: "T", field: "temperature", tip: tips.temperature, marks: marks("temperature"),
      placeOf: (T) => Math.log(T) / span, valueAt: (place) => roundT(Math.exp(place * span)), next: nextT, low: 1, high: warmest }),
    dial(model, { name: "Weight of the labels", sign: "α", field: "alpha", tip: tips.alpha, marks: marks("alpha"),
      placeOf: (alpha) => alpha, valueAt: (place) => Math.round(100 * place) / 100, next: (alpha, by) => Math.round(100 * alpha + by) / 100, low: 0, high: 1 }),
    factorSwitch(model));
}

// Temperatures that one can say: tenths below 10, halves below 20, then whole ones.
function roundT(T) {
  const parts = T < 10 ? 10 : T < 20 ? 2 : 1;
  return Math.round(T * parts) / parts;
}

function nextT(T, by) {
  const step = T + by / 1e6 < 3 ? 0.1 : T + by / 1e6 < 10 ? 0.5 : T + by / 1e6 < 20 ? 1 : 2;
  return Math.round((T + by * step) * 10) / 10;
}

// The preset that the values are, or "custom"; the KL's direction is no part of a preset but forward in both.
export function presetOf(model) {
  const same = (preset) => preset.temperature === model.temperature && preset.alpha === model.alpha && preset.scale_by_t2 === model.scaleByT2;
  return model.direction === "forward" && !model.ownValues ? model.header.presets.find(same)?.name ?? "custom" : "custom";
}

function presetButtons(model) {
  const choose = (preset) => {
    if (preset) Object.assign(model, { temperature: preset.temperature, alpha: preset.alpha, scaleByT2: preset.scale_by_t2, direction: "forward" });
    model.ownValues = !preset; // Custom keeps the values and says that they are one's own from here on
    model.soften("dial");
    model.report();
  };
  const buttons = [...model.header.presets, null].map((preset) =>
    el("button", { type: "button", class: "seg", title: preset?.explanation ?? "Your own: move T, α or the switch.", onclick: () => choose(preset) }, preset?.label ?? "Custom"));
  model.onsoft.push(() => {
    const names = [...model.header.presets.map((preset) => preset.name), "custom"];
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(names[i] === presetOf(model))));
  });
  return el("div", { class: "segs", role: "group", "aria-label": "Settings of α, T and T²" }, ...buttons);
}

function dial(model, { name, sign, field, tip, marks, placeOf, valueAt, next, low, high }) {
  const out = el("output", {});
  const range = el("input", { type: "range", min: "0", max: "1000", step: "1", "aria-label": name });
  const set = (value) => {
    model[field] = Math.min(high, Math.max(low, value));
    model.ownValues = false;
    model.soften("dial");
  };
  range.oninput = () => {
    const caught = marks.find(({ value }) => Math.abs(placeOf(value) * 1000 - range.valueAsNumber) < 8);
    set(caught?.value ?? valueAt(range.valueAsNumber / 1000));
  };
  range.onchange = () => model.report();
  const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5 };
  range.onkeydown = (event) => {
    if (chorded(event)) return;
    if (event.key in steps) for (let i = 0, by = steps[event.key] * (event.shiftKey ? 5 : 1); i < Math.abs(by); i++) set(next(model[field], Math.sign(by)));
    else if (event.key === "Home" || event.key === "End") set(event.key === "Home" ? low : high);
    else return;
    event.preventDefault();
    model.report();
  };
  model.onsoft.push(() => {
    const place = placeOf(model[field]);
    range.value = String(Math.round(1000 * place));
    rail.style.setProperty("--done", `${100 * place}%`);
    range.setAttribute("aria-valuetext", plainly(model[field]));
    out.textContent = plainly(model[field]);
    dots.forEach((dot, i) => dot.classList.toggle("passed", marks[i].value < model[field]));
  });
  const at = ({ value }) => `--at: ${placeOf(value)}`;
  const dots = marks.map((mark) => el("i", { style: at(mark) }));
  const names = marks.map((mark) => el("b", { style: at(mark) }, mark.name));
  const rail = el("div", { class: "rail" }, el("span", { class: "marks", "aria-hidden": "true" }, ...dots, ...names), range);
  return el("div", { class: "dial-s" },
    el("div", { class: "top" }, el("span", {}, el("abbr", { class: "dt down", title: tip, tabindex: "0" }, name), " ", el("em", {}, sign)), out), rail);
}

function factorSwitch(model) {
  const button = el("button", { type: "button", class: "switch", role: "switch", "aria-label": "Multiply the soft term by T squared", onclick: () => {
    model.scaleByT2 = !model.scaleByT2;
    model.ownValues = false;
    model.soften("dial");
    model.report();
  } });
  model.onsoft.push(() => button.setAttribute("aria-checked", String(model.scaleByT2)));
  return el("div", { class: "factor" }, button, el("abbr", { class: "dt down", title: model.header.tips.t2, tabindex: "0" }, "Multiply by ", el("em", {}, "T"), "²"));
}
