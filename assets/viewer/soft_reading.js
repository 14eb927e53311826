// What there is to know at the pixel under the ring: the label, both networks' logits, and all that follows from them.
import { logitsAt } from "./field.js";
import { pick } from "./figures.js";
import { hardShare, klGradient, loss, norm, ranking, softmax } from "./maths.js";

const VOID_LABEL = 255;

export const labelUnder = (model, x, y) => (model.truth ? pick(model, model.truth, model.truth.labels, x, y) : VOID_LABEL);

export const saidUnder = (model, layer, x, y) => logitsAt(layer, (x + 0.5) / model.header.width, (y + 0.5) / model.header.height);

// { label (null where there is none), isVoid, atEdge, teacher, student, at1, atT, rank, terms, shares } at model.pixel.
export function readingAt(model) {
  const [x, y] = model.pixel, { teacher, student } = model.pair, T = model.temperature;
  const found = labelUnder(model, x, y), known = found < model.header.classes.length;
  const logits = { teacher: saidUnder(model, teacher, x, y), student: saidUnder(model, student, x, y) };
  const asked = (scaleByT2) => {
    const terms = loss({ ...logits, label: known ? found : 0, alpha: model.alpha, temperature: T, scaleByT2, direction: model.direction });
    return known ? terms : { ...terms, ce: null, hard: 0, total: terms.soft, hardGradient: terms.hardGradient.map(() => 0) };
  };
  const share = (terms) => (norm(terms.hardGradient) + norm(terms.softGradient) > 0 ? hardShare(terms) : null);
  const both = [asked(false), asked(true)];
  return {
    ...logits,
    label: known ? found : null,
    isVoid: found === VOID_LABEL,
    atEdge: known && edgeNear(model, x, y, found),
    at1: { teacher: softmax(logits.teacher), student: softmax(logits.student) },
    atT: { teacher: softmax(logits.teacher, T), student: softmax(logits.student, T) },
    rank: { teacher: ranking(logits.teacher), student: ranking(logits.student) },
    terms: both[Number(model.scaleByT2)],
    shares: both.map(share),
  };
}

// Whether another class begins within two pixels.
function edgeNear(model, x, y, label) {
  const steps = [-2, -1, 0, 1, 2], { width, height } = model.header;
  const inside = (column, row) => column >= 0 && row >= 0 && column < width && row < height;
  return steps.some((dy) => steps.some((dx) => inside(x + dx, y + dy) && labelUnder(model, x + dx, y + dy) !== label));
}

// The soft gradient's norm at many temperatures, plain and times T²: [[T, plain, scaled], …]. alpha: the labels' weight.
export function softNorms({ teacher, student }, alpha, direction, warmest) {
  return Array.from({ length: 50 }, (_, i) => {
    const T = warmest ** (i / 49), plain = softNormAt({ teacher, student }, T, alpha, direction);
    return [T, plain, plain * T * T];
  });
}

export const softNormAt = ({ teacher, student }, T, alpha, direction) => (1 - alpha) * norm(klGradient(teacher, student, T, direction));
