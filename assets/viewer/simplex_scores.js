// What the present weights reach: over a split, where that was measured, else on this picture, worked out here.
import { meanIou, scoreOf } from "./figures.js";
import { nearestRow } from "./simplex_plane.js";

// { miou, alone, gains, ious, aloneIous, near }: mIoU of the ensemble and of its best member, fractions; the gain in IoU for
// each class, NaN where one of the two has none, and both IoUs; near: the weights that were measured, where the present ones were not. null: nothing to say.
export function standing(model) {
  const { against } = model.header.simplex;
  if (against === null || !model.heard) return null;
  return model.table && model.weighting === "fixed" ? overSplit(model, against) : onPicture(model, model.members[against]);
}

function overSplit({ table, weights }, against) {
  const here = nearestRow(table, weights), alone = nearestRow(table, weights.map((_, i) => Number(i === against)));
  return { miou: here.miou, alone: alone.miou, ...compared(here.ious, alone.ious), near: here.exact ? null : here.weights };
}

function onPicture(model, best) {
  if (!model.truth || !best) return null;
  const all = new Set(model.header.classes.keys()), here = scoreOf(model, model.mixed), alone = scoreOf(model, best);
  return { miou: meanIou(here.ious, all), alone: meanIou(alone.ious, all), ...compared(here.ious, alone.ious), near: null };
}

const compared = (ious, aloneIous) => ({ ious, aloneIous, gains: ious.map((iou, c) => iou - aloneIous[c]) });

// "+4.2", "−0.8", "0.0": a difference of fractions in points.
export function inPoints(fraction) {
  const text = Math.abs(100 * fraction).toFixed(1);
  return Number(text) === 0 ? text : `${fraction < 0 ? "−" : "+"}${text}`;
}
