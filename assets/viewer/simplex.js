// The Ensemble page: weights on a triangle, and what follows from them: the ensemble's picture, its mIoU, who wins which
// class. Nothing here waits for the server while the handle moves; Python hears of the weights when it is let go.
import { setWeights } from "./field.js";
import { percent } from "./figures.js";
import { chorded, el } from "./parts.js";
import { point } from "./pointing.js";
import { barsOf } from "./simplex_bars.js";
import { pictureOf } from "./simplex_picture.js";
import { roundedTo, STEP_KEYS, stepped } from "./simplex_plane.js";
import { inPoints, standing } from "./simplex_scores.js";
import { triangleOf } from "./simplex_triangle.js";

const STEP = 0.05, SMALL_STEP = 0.01; // of a press of a key, and with Shift
let lastTold = null; // outlives the component: whoever leaves the page and comes back finds the handle where Python has it

export function buildSimplex(model) {
  const kept = model.root.getRootNode().activeElement?.dataset?.keep; // a new picture must not take the focus away
  adoptWeights(model);
  whoIsWho(model);
  // scoring: while the handle moves, picture and mIoU are of one size where the networks' is near to it, so that the
  // members are mixed once a frame.
  Object.assign(model, { onmoved: [], onstanding: [], busy: false, scoring: true });
  const live = el("div", { class: "hidden", "aria-live": "polite" });
  moving(model, live);
  const triangle = triangleOf(model), picture = pictureOf(model), bars = barsOf(model);
  triangle.node.append(waysOf(model)); // under the handle that they move
  const node = el("div", { class: "simplex" }, triangle.node, el("div", { class: "answers" }, picture.node, ...picture.below, bars), live);
  model.root.replaceChildren(node);
  model.relayout = () => {
    model.layPlane();
    model.draw();
  };
  model.layPlane();
  model.onmoved.forEach((listener) => listener());
  model.ondrawn.push(() => {
    model.standing = standing(model);
    model.onstanding.forEach((listener) => listener(model.standing));
  });
  point(model, node, [picture.cell, ...triangle.cells], { focus: picture.focus, live });
  if (kept) model.root.querySelector(`[data-keep="${kept}"]`)?.focus({ preventScroll: true });
}

// Weights come from Python when it has news (an address, a number that was typed); otherwise they are the browser's.
function adoptWeights(model) {
  const { start } = model.header.simplex;
  if (start.token === model.token) return;
  const { weights, weighting } = lastTold?.token === start.token ? lastTold : start;
  Object.assign(model, { token: start.token, weights: [...weights], weighting, preset: null });
}

function whoIsWho(model) {
  const { members, against, table } = model.header.simplex;
  model.members = members.map(({ layer }) => (layer === null ? null : model.everyone[layer]));
  model.mixed = model.networks.find((layer) => layer.mix) ?? null;
  model.against = against === null ? null : model.members[against];
  // A copy: four bytes a number must start at a fourth byte.
  model.table = table && { ...table, values: new Float32Array(model.parts[table.part].slice().buffer) };
  mixAnew(model);
}

// Who could not read the picture has no say in it, whatever its weight.
function mixAnew(model) {
  const shares = model.weights.filter((_, i) => model.members[i]);
  model.heard = Boolean(model.mixed) && shares.some((share) => share > 0);
  if (model.heard) setWeights(model.mixed, shares, model.weighting);
}

function moving(model, live) {
  const { step, members } = model.header.simplex;
  const take = (weights, weighting = "fixed") => {
    Object.assign(model, { weights, weighting });
    mixAnew(model);
    model.onmoved.forEach((listener) => listener());
  };
  model.moveTo = (weights) => {
    model.busy = true;
    model.preset = null;
    take(weights);
    model.redraw();
  };
  // settled: where it comes to rest; null: it was held and not moved.
  model.letGo = (settled = roundedTo(model.weights, step)) => {
    model.held = model.busy = false;
    if (settled) {
      take(settled);
      rest();
    }
    model.late?.();
  };
  model.goTo = ({ name, weights }) => {
    model.busy = false;
    model.preset = name;
    take(weights ? [...weights] : members.map(() => 1 / members.length), weights ? "fixed" : "confidence");
    rest();
  };
  const rest = () => {
    model.draw();
    model.probed?.();
    live.textContent = spoken(model);
    tell(model);
  };
  model.byKey = (event) => {
    if (!STEP_KEYS.has(event.key) || chorded(event)) return;
    event.preventDefault();
    model.busy = model.held = true;
    model.preset = null;
    take(stepped(model.weights, event.key, event.shiftKey ? SMALL_STEP : STEP));
    model.redraw();
  };
  // What was chosen by key is kept as it is: whoever takes a hundredth means it. A key that is still down when the focus
  // goes elsewhere is never seen to come up.
  model.keyDone = (event) => model.held && (event.type === "blur" || STEP_KEYS.has(event.key)) && model.letGo(model.weights);
}

function spoken({ standing: found, header: { simplex }, weighting }) {
  if (!found) return "";
  const name = simplex.members[simplex.against].name, where = weighting === "fixed" ? simplex.basis : simplex.here;
  return `mIoU ${percent(found.miou)} ${where}, ${inPoints(found.miou - found.alone).replace("−", "minus ")} points against ${name} alone`;
}

function tell(model) {
  const { token, weights, weighting, preset } = model;
  clearTimeout(model.telling); // several keys within a moment are one message
  model.telling = setTimeout(() => {
    if (!model.root.isConnected) return;
    lastTold = { token, weights, weighting };
    model.send("weights", { token, weights, weighting, preset });
  }, 150);
}

// Weights worth looking at, and the one that is no point.
function waysOf(model) {
  const { ways } = model.header.simplex, same = (a, b) => a.every((weight, i) => Math.abs(weight - b[i]) < 1e-6);
  const buttons = ways.map((way) => el("button", { type: "button", class: "go", "data-keep": `way ${way.name}`, "data-way": way.name, onclick: () => model.goTo(way) }, way.label));
  model.onmoved.push(() => {
    const here = ways.filter(({ weights }) => (weights ? model.weighting === "fixed" && same(weights, model.weights) : model.weighting === "confidence"));
    const on = here.find(({ name }) => name === model.preset) ?? here[0];
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(ways[i] === on)));
  });
  return el("div", { class: "goto", role: "group", "aria-label": "Go to" }, el("span", { class: "lab", "aria-hidden": "true" }, "Go to"), ...buttons);
}
