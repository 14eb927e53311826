// A layer over its photo: two canvases, what is shown and its lines, redrawn when size, view, classes or temperature change.
import { sampled } from "./field.js";
import { otherOf, truthAt } from "./figures.js";
import { canvasSize, colored, colorTable, paintLines, scaleLabels, sheet } from "./paint.js";
import { el } from "./parts.js";
import { shadeDisagreement, shadeEntropy, shadeErrors, shadeGain, shadeSoft } from "./shade.js";

const DRAFT = 350_000; // canvas pixels of all pictures in sight; above it a drag is answered at the networks' own resolution
const SHARP = 3_000_000; // and when they are zoomed: beyond it they are magnified instead
export const TEMPERED = new Set(["soft", "entropy", "gain"]);
export const OVER = new Set(["labels", "soft", "second"]); // views that lie over the photo by the overlay's share
// Roles on a picture, in the dark theme's hues whatever the page's (LOOK): markers, frames and errors.
export const ROLE_COLORS = { teacher: [242, 160, 58], student: [98, 184, 242], twin: [147, 154, 165], ensemble: [180, 242, 200] };

export const isDeep = (layer) => Boolean(layer.field || layer.mix);

export function paintedLayer(layer) {
  const fill = el("canvas", { class: "fill", role: "img", "aria-label": saidOf(null, layer) });
  const lines = el("canvas", { class: "lines", "aria-hidden": "true" });
  const node = el("div", { class: isDeep(layer) ? "painted deep" : "painted", "data-role": layer.role }, fill, lines);
  const painted = { node, layer, fill, mean: undefined };
  painted.draw = (model) => {
    const css = node.clientWidth;
    if (!css) return;
    const shape = isDeep(layer) ? model.header : layer;
    let { width, height, line } = canvasSize(shape, css, density(node), isDeep(layer) ? model.sharp : 1);
    if (model.busy && isDeep(layer) && (inSight(model) * model.sharp ** 2 > DRAFT || (model.scoring && 1.5 * ownOf(layer).width >= width))) ({ width, height, line } = draft(layer, width, height, line));
    const made = [width, height, line, ...madeOf(model, layer)];
    if (made.every((part, i) => part === painted.made?.[i])) return; // while an ensemble's weights are dragged, its members stay as they are
    painted.made = made;
    const { image, pixels } = sheet(fill, width, height), { labels, mean } = shade(model, layer, pixels, width, height, line);
    painted.mean = mean;
    fill.setAttribute("aria-label", saidOf(model, layer));
    fill.getContext("2d").putImageData(image, 0, 0);
    lines.hidden = !labels || !(model.outline || model.hatch);
    if (!lines.hidden) paintLines(lines, labels, width, height, model, line);
  };
  return painted;
}

// All that a picture depends on besides its size: the same parts, the same picture.
function madeOf(model, layer) {
  const view = isDeep(layer) ? model.view : "labels", said = ({ field, labels, mix }) => [field, labels, mix?.version];
  const others = view === "disagreement" ? model.networks : view === "errors" || view === "gain" ? [otherOf(model, layer)] : [];
  const looks = [view, TEMPERED.has(view) && model.temperature, model.palette, [...model.shown].sort().join(), model.only, model.outline, model.hatch];
  return [...looks, ...said(layer), ...others.flatMap((other) => [other.title, ...said(other)])];
}

// What a picture shows, for who does not see it.
function saidOf(model, layer) {
  const name = layer.title || layer.role, view = isDeep(layer) ? model?.view : "labels", other = () => otherOf(model, layer).title;
  if (view === "errors") return `Where ${name} is right and ${other()} is not, and the other way round`;
  if (view === "entropy") return `How unsure ${name} is: the brighter, the less sure`;
  if (view === "disagreement") return `Where the others say something else than ${name}`;
  if (view === "soft") return `Probabilities of ${name} at the temperature, as mixed class colours`;
  if (view === "second") return `Second choice of ${name}`;
  if (view === "gain") return `What ${name} gives the true class more than ${other()}: white is more, black is less`;
  return layer.alt || `Classes as ${name} sees them`;
}

// Fills `out` with what a layer shows at a size; gives { labels } where lines can be drawn, { mean } where there is one.
export function shade(model, layer, out, width, height, line = 1) {
  const labelled = (labels) => {
    colored(labels, out, colorTable(model));
    return { labels };
  };
  if (!isDeep(layer)) return labelled(scaleLabels(layer, width, height));
  const { view, networks } = model, said = sampled(layer, width, height), at = (other) => sampled(other, width, height);
  const settings = { temperature: model.temperature, palette: model.palette, shown: model.shown, only: model.only, classes: said.classes };
  if (view === "soft") shadeSoft(said, out, settings);
  else if (view === "entropy") return { mean: shadeEntropy(said, out, settings) };
  else if (view === "errors") shadeErrors(said, at(otherOf(model, layer)), truthAt(model, width, height), out, { ...settings, color: ROLE_COLORS[layer.role] ?? ROLE_COLORS.student, stripe: 4 * line });
  else if (view === "disagreement") shadeDisagreement(said, networks.filter((other) => other !== layer).map(at), out);
  else if (view === "gain") return { mean: shadeGain(said, at(otherOf(model, layer)), truthAt(model, width, height), out, settings) };
  else return labelled(view === "second" ? said.second : said.labels);
  return {};
}

// Screen pixels to one of the element's own: the screen's, and the presenter's mode, which zooms.
const density = (node) => (window.devicePixelRatio || 1) * (node.currentCSSZoom || 1);

const inSight = (model) => model.painted.reduce((sum, { node, layer }) => (isDeep(layer) ? sum + node.clientWidth * node.clientHeight * density(node) ** 2 : sum), 0);

// How much finer than the screen zoomed pictures are drawn: as much as they are zoomed, as far as there is room.
export function sharpest(model) {
  let sharp = model.zoom;
  while (sharp > 1 && inSight(model) * sharp ** 2 > SHARP) sharp /= 2;
  return sharp;
}

const ownOf = (layer) => (layer.mix ? layer.mix.members[0] : layer).field;

function draft(layer, width, height, line) {
  const field = ownOf(layer);
  return field.width < width ? { width: field.width, height: field.height, line: 1 } : { width, height, line };
}
