// What stands around the pictures: the views and their key, overlay, temperature, weights, and the quiet switches.
import { setWeights } from "./field.js";
import { degrees, meanIou, nameOf, noteOf, otherOf, scoreOf } from "./figures.js";
import { looks, wearLines } from "./looks.js";
import { OVER, TEMPERED, sharpest } from "./painted.js";
import { chorded, defined, el, marker, setOpacity, toggle, truthHold } from "./parts.js";

const NAMES = { labels: "Labels", errors: "Errors", entropy: "Entropy", disagreement: "Disagreement", soft: "Soft answers", second: "Second choice", gain: "Gain" };
const NEEDS = { // what a view cannot do without, and the sentence that says so
  errors: (model) => (!model.truth ? "There is no true label here to compare with." : model.networks.length < 2 ? "This needs a second network." : ""),
  gain: (model) => NEEDS.errors(model),
  disagreement: (model) => (model.networks.length < 2 ? "This needs a second network." : ""),
};
const DETENTS = [1, 2, 4, 10]; // temperatures that the slider catches on: those that the paper and Hinton et al. tried
const KEYS = { l: "labels", e: "errors", n: "entropy", d: "disagreement" };

export const canShow = (model, view) => !NEEDS[view]?.(model);
export const keyedView = (model, key) => (model.header.views?.includes(KEYS[key]) && canShow(model, KEYS[key]) ? KEYS[key] : null);

export function setView(model, view) {
  model.view = model.asked = view;
  model.root.dataset.view = view;
  model.onview.forEach((listener) => listener());
  model.draw();
  if (model.live) model.live.textContent = `Shown: ${NAMES[view]}`;
  model.report();
}

// Views as a segmented control, and at the right the overlay's share or the key of what is shown.
export function tools(model) {
  const views = model.header.views?.length ? segments(model) : null, overlay = model.header.show_opacity ? overlayTools(model) : null;
  if (!views && !overlay) return null;
  const key = el("div", { class: "key" });
  const show = () => {
    if (overlay) overlay.hidden = !OVER.has(model.view);
    key.replaceChildren(...keyOf(model));
    key.hidden = !key.childNodes.length;
  };
  model.onview.push(show);
  show();
  if (!views) return el("div", { class: "tools" }, overlay, truthHold(model));
  // Two rows, whatever is shown, so that the pictures stay where they are.
  return el("div", { class: "tools viewed" }, views, model.networks.length > 1 ? arrangement(model) : null, el("div", { class: "below" }, model.networks.length > 2 ? against(model) : null, key, overlay, truthHold(model)));
}

export function segments(model) {
  const buttons = model.header.views.map((view) => {
    const missing = NEEDS[view]?.(model) ?? "";
    return el("button", { type: "button", class: "seg", "data-view": view, "aria-disabled": missing ? "true" : null, title: missing || model.header.terms?.[view] || null, onclick: () => missing || setView(model, view) }, NAMES[view]);
  });
  const show = () => buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.view === model.view)));
  model.onview.push(show);
  show();
  return el("div", { class: "segs", role: "group", "aria-label": "What is shown" }, ...buttons);
}

// Side by side, or two of them left and right of a line.
function arrangement(model) {
  const button = (mode, name) => el("button", { type: "button", class: "seg", "aria-pressed": String(model.mode === mode), onclick: () => {
    if (model.mode === mode) return;
    model.mode = mode;
    model.rebuild();
    model.report();
    model.root.querySelector(`.arrange [aria-pressed="true"]`).focus();
  } }, name);
  return el("div", { class: "segs arrange", role: "group", "aria-label": "How the pictures lie" }, button("grid", "Side by side"), button("swipe", "Swipe"));
}

// Whom the others are compared with, where there is a choice.
function against(model) {
  const menu = el("select", { class: "menu", "aria-label": "Compared with" }, el("option", { value: "" }, "as usual"), ...model.networks.map((layer, i) => el("option", { value: String(i) }, `with ${nameOf(model, layer)}`)));
  menu.value = model.against ? String(model.networks.indexOf(model.against)) : "";
  menu.onchange = () => {
    model.against = menu.value === "" ? null : model.networks[Number(menu.value)];
    setView(model, model.view);
  };
  const show = () => (menu.hidden = model.mode === "swipe" || !(model.view === "errors" || model.view === "gain"));
  model.onview.push(show);
  show();
  return menu;
}

export const sample = (name, ...words) => el("span", { class: "k" }, el("span", { class: `sample ${name}` }), ...words);

export function keyOf(model) {
  if (model.view === "errors") return [sample("both", "both right"), sample("own", "only this one"), sample("hatch", "only the other"), sample("neither", "neither")];
  if (model.view === "entropy") return [el("span", { class: "k" }, "sure", el("span", { class: "sample ramp" }), "all six classes alike")];
  if (model.view === "gain") return [el("span", { class: "k" }, "less", el("span", { class: "sample both-ways" }), "more for the true class")];
  if (model.view !== "disagreement") return [];
  const steps = model.networks.length - 1;
  return [el("span", {}, "others who say something else:"), ...Array.from({ length: steps + 1 }, (_, k) => el("span", { class: "k" }, el("span", { class: "sample", style: `background: color-mix(in srgb, #EDEBE8 ${(100 * k) / steps}%, #2A2A2C)` }), String(k)))];
}

function overlayTools(model) {
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
  const lines = toggle("outlines", model.outline, (on) => {
    model.outline = on;
    wearLines(model);
    model.draw();
  });
  return el("div", { class: "overlay" }, el("span", { class: "lab" }, "Overlay"), range, out, lines);
}

// Under the legend, where layers have logits: temperature, weights, mean IoU, and what is seldom needed.
export function dials(model, numbers) {
  if (!model.networks.length) return null;
  const mixes = model.networks.filter((layer) => layer.mix);
  return el("div", { class: "dials" }, temperatureDial(model), ...mixes.map((layer) => weightDials(model, layer)), meanIous(model), switches(model, numbers));
}

function temperatureDial(model) {
  const most = Math.log(model.header.warmest), out = el("output", { class: "value" });
  const range = el("input", { type: "range", class: "dial", min: "0", max: "1000", step: "1", "aria-label": "Temperature" });
  const dots = el("span", { class: "dots", "aria-hidden": "true" }, ...DETENTS.map((T) => el("i", { style: `left: ${(100 * Math.log(T)) / most}%` })));
  const show = () => {
    [...dots.children].forEach((dot, i) => dot.classList.toggle("passed", DETENTS[i] < model.temperature));
    range.value = String(Math.round((1000 * Math.log(model.temperature)) / most));
    range.style.setProperty("--done", `${range.value / 10}%`);
    out.textContent = degrees(model.temperature);
    range.setAttribute("aria-valuetext", `Temperature ${degrees(model.temperature)}`);
  };
  range.oninput = () => {
    const at = range.valueAsNumber, caught = DETENTS.find((T) => Math.abs((1000 * Math.log(T)) / most - at) < 9);
    model.temperature = caught ?? Math.round(100 * Math.exp((at * most) / 1000)) / 100;
    model.busy = true;
    show();
    model.warm();
  };
  range.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!step || chorded(event)) return;
    event.preventDefault();
    event.stopPropagation();
    range.value = String(range.valueAsNumber + step * (event.shiftKey ? 100 : 20)); // an eighth of a degree at T = 1, four at 50
    range.oninput();
    settle(model);
  };
  range.onchange = () => settle(model);
  show();
  return el("div", { class: "fact temperature" }, el("span", { class: "top" }, el("span", {}, defined(model, "temperature", "Temperature"), " ", el("em", {}, "T")), out), el("span", { class: "track" }, range, dots), el("span", { class: "ends small" }, el("span", {}, "sure answers"), el("span", {}, "softer answers")));
}

// A drag has ended: everything once more at the screen's own resolution, and Python hears of it.
export function settle(model) {
  model.busy = false;
  model.draw();
  model.probed?.();
  model.report();
}

function weightDials(model, layer) {
  const raw = [...layer.mix.weights].map((weight) => Math.round(100 * weight)), outs = raw.map(() => el("output", { class: "value" }));
  const ranges = raw.map((weight, i) => el("input", { type: "range", min: "0", max: "100", value: String(weight), "aria-label": `Weight of ${layer.mix.members[i].title}` }));
  const show = () => ranges.forEach((range, i) => {
    range.style.setProperty("--done", `${range.value}%`);
    outs[i].textContent = layer.mix.weights[i].toFixed(2);
  });
  ranges.forEach((range) => {
    range.oninput = () => {
      const wanted = ranges.map((one) => one.valueAsNumber);
      setWeights(layer, wanted.some(Boolean) ? wanted : wanted.map(() => 1));
      model.busy = true;
      show();
      model.redraw();
    };
    range.onchange = () => settle(model);
  });
  show();
  return el("div", { class: "fact weights", role: "group", "aria-label": `Who has how much say in ${layer.title}` }, el("span", { class: "top" }, marker(layer.role), `Weights of ${layer.title}`),
    ...ranges.map((range, i) => el("label", { class: "small" }, el("span", {}, layer.mix.members[i].title), range, outs[i])));
}

// Of the classes that are shown, on this picture alone: another number than a split's mIoU.
function meanIous(model) {
  if (!model.truth) return null;
  const values = model.networks.map(() => el("b", {}));
  const show = () => model.networks.forEach((layer, i) => {
    const mean = meanIou(scoreOf(model, layer).ious, model.shown);
    values[i].textContent = Number.isNaN(mean) ? "–" : `${(100 * mean).toFixed(1)} %`;
  });
  model.onclasses.push(show);
  model.ondrawn.push(() => model.busy || show());
  return el("div", { class: "fact ious" }, el("span", { class: "top" }, el("span", {}, defined(model, "IoU", "Mean IoU"), " here, of the classes shown")), el("span", { class: "row" }, ...model.networks.map((layer, i) => el("span", { class: layer.role, title: layer.title }, marker(layer.role), values[i]))));
}

function switches(model, numbers) {
  const probing = (name) => (on) => {
    model[name] = on;
    model.root.classList.toggle(`with-${name}`, on);
    model.probed?.();
    model.onprobe.forEach((listener) => listener());
  };
  const zoomed = el("output", { class: "small" }), say = () => (zoomed.textContent = model.zoom > 1 ? `× ${model.zoom}${model.networks.length && model.sharp < model.zoom ? ", magnified" : ""}` : "");
  const rested = () => { // no label map is scaled for longer than the zoom moves
    model.sharp = sharpest(model);
    say();
    model.draw();
  };
  const zoom = (to) => {
    model.zoom = Math.min(8, Math.max(1, to));
    model.root.style.setProperty("--zoom", String(model.zoom));
    zoomed.textContent = model.zoom > 1 ? `× ${model.zoom}` : "";
    clearTimeout(model.zooming);
    model.zooming = setTimeout(rested, 250);
  };
  say();
  model.zoomBy = (factor) => zoom(factor ? model.zoom * factor : 1);
  const larger = el("button", { type: "button", class: "tog", "aria-label": "Zoom in", onclick: () => model.zoomBy(2) }, "+"), smaller = el("button", { type: "button", class: "tog", "aria-label": "Zoom out", onclick: () => model.zoomBy(0.5) }, "−");
  return el("div", { class: "switches", role: "group", "aria-label": "More" }, ...looks(model), toggle("magnifier", model.loupe, probing("loupe")), numbers ? toggle("numbers", model.numbers, probing("numbers")) : null, el("span", { class: "k" }, smaller, larger, zoomed));
}

// The captions' numbers follow the view; asked again after every drawing that is not in the middle of a drag.
export function captions(model, cells) {
  model.ondrawn.push(() => {
    if (model.busy && !TEMPERED.has(model.view) && !model.networks.some((layer) => layer.mix)) return;
    for (const { painted, note } of cells) if (note && painted) note.textContent = noteOf(model, painted);
  });
}

export const comparedWith = (model, layer) => nameOf(model, otherOf(model, layer));
