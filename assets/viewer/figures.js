// Numbers of what is shown: who is compared with whom, who is right where, IoU against the truth. No element, no event.
import { sampled } from "./field.js";
import { scaleLabels } from "./paint.js";
import { classIous, errorShares } from "./shade.js";

// Whom a network is compared with: who was chosen, else a student and its twin each with the other, else the twin, else the next.
export function otherOf(model, layer) {
  if (model.sides?.includes(layer) && model.mode === "swipe") return model.sides[0] === layer ? model.sides[1] : model.sides[0];
  const of = (role) => model.networks.find((network) => network.role === role && network !== layer);
  const chosen = model.against && model.against !== layer ? model.against : null;
  return chosen ?? (layer.role === "twin" ? of("student") : of("twin")) ?? model.networks.find((network) => network !== layer) ?? layer;
}

export const truthAt = (model, width, height) => scaleLabels(model.truth, width, height);

// The size at which a network is held against the truth: the truth's own; while weights are dragged the network's own, if that is smaller.
export function judgedAt(model, layer) {
  const own = (layer.mix?.members[0] ?? layer).field;
  return model.busy && own.width < model.truth.width ? own : model.truth;
}

// { right, ious } of a network against the truth. Worked out once, and again after the weights moved.
export function scoreOf(model, layer) {
  if (!model.truth) return null;
  const version = layer.mix?.version ?? 1, { width, height } = judgedAt(model, layer);
  if (layer.scored?.version !== version || layer.scored.width !== width) {
    const { labels } = sampled(layer, width, height), truth = truthAt(model, width, height), classes = model.header.classes.length;
    layer.scored = { version, width, ious: classIous(labels, truth, classes), right: errorShares(labels, null, truth, classes).right };
  }
  return layer.scored;
}

// Mean IoU of the classes that are shown and occur, in [0, 1]; NaN where there is none.
export function meanIou(ious, shown) {
  const counted = ious.filter((iou, c) => shown.has(c) && !Number.isNaN(iou));
  return counted.length ? counted.reduce((sum, iou) => sum + iou, 0) / counted.length : NaN;
}

// A temperature as text: 1.0, 4.0, 10, 10.5.
export const degrees = (T) => (T < 10 || !Number.isInteger(T) ? T.toFixed(1) : String(T));

export const percent = (share) => `${(100 * share).toFixed(1)} %`;

// The caption's number in each view, said as LOOK says it. `painted.mean` is what the picture itself averaged.
export function noteOf(model, { layer, mean }) {
  const other = otherOf(model, layer), size = model.truth ?? layer.field ?? layer.mix.members[0].field;
  if (model.view === "entropy") return `mean ${mean.toFixed(2)}`;
  if (model.view === "gain") return `${mean < 0 ? "−" : "+"}${Math.abs(100 * mean).toFixed(1)} points against ${nameOf(model, other)}`;
  if (model.view === "errors") {
    const [here, there] = [layer, other].map((one) => sampled(one, size.width, size.height).labels);
    const { gains, loses } = errorShares(here, there, model.truth.labels, model.header.classes.length);
    return `+${percent(gains).slice(0, -2)} −${percent(loses)}`; // what it alone gets right and wrong: the answer above says it in words
  }
  if (model.view === "disagreement") {
    const mine = sampled(layer, size.width, size.height).labels;
    const others = model.networks.filter((network) => network !== layer).map((network) => sampled(network, size.width, size.height).labels);
    let count = 0;
    for (let p = 0; p < mine.length; p++) if (others.some((labels) => labels[p] !== mine[p])) count++;
    return `others differ on ${percent(count / mine.length)}`;
  }
  if (layer.mix && model.truth) return `mIoU ${percent(meanIou(scoreOf(model, layer).ious, new Set(model.header.classes.keys())))} here`;
  return layer.note || (model.truth ? `${percent(scoreOf(model, layer).right)} right` : "");
}

// "the student", "its twin", "M256": the shortest that tells this network from the others.
export function nameOf(model, layer) {
  const alone = model.networks.filter((network) => network.role === layer.role).length === 1;
  return alone ? `the ${layer.role}` : layer.detail || layer.title;
}

// What a map holds at a pixel of the picture.
export function pick(model, map, pixels, x, y) {
  const column = Math.floor(((x + 0.5) * map.width) / model.header.width), row = Math.floor(((y + 0.5) * map.height) / model.header.height);
  return pixels[Math.min(row, map.height - 1) * map.width + Math.min(column, map.width - 1)];
}
