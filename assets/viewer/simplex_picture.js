// The ensemble's picture with its number, what else it can show, and the key of that.
import { keyOf, sample, segments } from "./controls.js";
import { judgedAt, percent, truthAt } from "./figures.js";
import { sampled } from "./field.js";
import { looks } from "./looks.js";
import { paintedLayer } from "./painted.js";
import { el, legend, marker, truthHold } from "./parts.js";
import { pointable } from "./pointing.js";
import { saveButton } from "./save.js";
import { errorShares } from "./shade.js";
import { truthOver } from "./swipe.js";

// { node, below, cell, focus }: the picture, what stands under it, and both for the probe.
export function pictureOf(model) {
  const { width, height } = model.header, { mixed } = model;
  const picture = el("div", { class: mixed ? "pic read" : "pic", style: `aspect-ratio: ${width} / ${height}` }, model.photo);
  const focus = el("div", { class: "probe", role: "group", tabindex: "0", "aria-label": "The ensemble’s picture with a probe: arrow keys move it, Enter pins it, Escape frees it" });
  if (mixed) {
    const painted = paintedLayer(mixed);
    model.painted.push(painted);
    picture.append(painted.node);
    model.onmoved.push(() => (painted.node.hidden = !model.heard));
  }
  if (model.truth) picture.append(truthOver(model));
  const cell = { ...pointable(picture, mixed), title: "Ensemble" };
  picture.append(chipOf(model), focus);
  const bars = model.header.simplex.against !== null; // their names are the legend then
  const below = mixed ? [viewsOf(model), bars ? null : el("div", { class: "under bare" }, legend(model))] : [];
  return { node: el("div", { class: "seen" }, el("div", { class: "rule ensemble" }), picture), below, cell, focus };
}

// Who, its number, and what that is of; once more whenever it was drawn.
function chipOf(model) {
  const number = el("b", {}), of = el("span", { class: "m" });
  model.onstanding.push((found) => {
    const { basis, here } = model.header.simplex, where = model.weighting === "fixed" ? basis : here;
    number.textContent = found ? percent(found.miou) : "";
    of.textContent = !model.mixed ? "reading …" : !model.heard ? "nobody is heard" : !found ? "" : found.near ? `${where}, the nearest measured` : where;
  });
  return el("div", { class: "chip onpic tag left" }, marker("ensemble"), "Ensemble", number, of);
}

function viewsOf(model) {
  const key = el("div", { class: "key" }), told = el("p", { class: "small" }), showKey = () => {
    const labels = model.view === "labels", parts = model.view === "errors" ? errorKey(model) : { key: keyOf(model) };
    key.replaceChildren(...parts.key);
    told.textContent = parts.told ?? "";
    key.hidden = told.hidden = labels;
  };
  model.onview.push(showKey);
  model.onstanding.push(() => model.view === "errors" && showKey());
  showKey();
  return el("div", { class: "views" }, el("div", { class: "row" }, segments(model), saveButton(model, model.mixed)), key, told, el("div", { class: "looks" }, truthHold(model), ...looks(model)));
}

// Where averaging wins and where it loses, against the best member alone.
function errorKey(model) {
  const best = model.against, { width, height } = judgedAt(model, model.mixed), at = (layer) => sampled(layer, width, height).labels;
  if (!best || !model.heard) return { key: [] };
  const { gains, loses } = errorShares(at(model.mixed), at(best), truthAt(model, width, height), model.header.classes.length);
  const key = [sample("both", "both right"), sample("own green", `only the ensemble ${percent(gains)}`), sample("hatch", `only ${best.title} ${percent(loses)}`), sample("neither", "neither")];
  return { key, told: `Of this picture’s labelled pixels averaging wins ${percent(gains)} that ${best.title} alone gets wrong, and loses ${percent(loses)} that it gets right.` };
}
