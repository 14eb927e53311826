// One picture of what a network said: a pixel's colour in every view. Arrays in, pixels out; knows no element and no event.
// Softened by T without an exponential a pixel: distances of logits lie on a grid (field.js), and T changes one table.
import { FARTHEST, STEPS } from "./field.js";

export const WHITE = 0xffffff, NEITHER = 0xff0e0c0c; // ABGR, as a little-endian canvas wants them
const HATCH = 4; // canvas pixels of a stripe, white and black in turn

const abgr = ([r, g, b], alpha = 255) => ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;

// exp(-d / T) for every distance on the grid.
function temperedTable(temperature) {
  const table = new Float32Array(FARTHEST + 1);
  for (let i = 0; i <= FARTHEST; i++) table[i] = Math.exp(-i / STEPS / temperature);
  return table;
}

// Class colours mixed by softmax at T: sure answers are clear colours, soft ones muddy. Classes that are off let the photo
// through by their share. With `only` one class's probability is white light instead.
export function shadeSoft({ classes, labels, below }, { temperature, palette, shown, only }) {
  const table = temperedTable(temperature), out = new Uint32Array(labels.length);
  const weight = new Float32Array(classes), on = [...palette.keys()].map((c) => (shown.has(c) ? 1 : 0));
  for (let p = 0, q = 0; p < out.length; p++, q += classes) {
    let total = 0, seen = 0, r = 0, g = 0, b = 0;
    for (let c = 0; c < classes; c++) total += weight[c] = table[below[q + c]];
    if (only !== null) {
      out[p] = ((((255 * weight[only]) / total + 0.5) << 24) | WHITE) >>> 0;
      continue;
    }
    for (let c = 0; c < classes; c++) {
      if (!on[c]) continue;
      const w = weight[c], color = palette[c];
      seen += w;
      r += w * color[0];
      g += w * color[1];
      b += w * color[2];
    }
    if (seen) out[p] = ((((255 * seen) / total + 0.5) << 24) | ((b / seen + 0.5) << 16) | ((g / seen + 0.5) << 8) | (r / seen + 0.5)) >>> 0;
  }
  return out;
}

// White light, the more the less sure: entropy of softmax at T over its largest, ln C. Also gives the mean in [0, 1].
export function shadeEntropy({ classes, labels, below }, { temperature }) {
  const table = temperedTable(temperature), weighed = table.map((e, i) => (e * i) / STEPS / temperature);
  const out = new Uint32Array(labels.length), largest = Math.log(classes);
  let sum = 0;
  for (let p = 0, q = 0; p < out.length; p++, q += classes) {
    let total = 0, distance = 0;
    for (let c = 0; c < classes; c++) {
      const d = below[q + c];
      total += table[d];
      distance += weighed[d];
    }
    const share = (Math.log(total) + distance / total) / largest;
    sum += share;
    out[p] = (((255 * share + 0.5) << 24) | WHITE) >>> 0;
  }
  return { pixels: out, mean: sum / out.length };
}

// This network and another against the truth: both right leaves the dimmed photo, only this one is its role's colour,
// only the other is hatched white and black, neither is near black. Pixels without a label stay the photo.
export function shadeErrors({ width, labels }, other, truth, { color, classes, stripe = HATCH }) {
  const out = new Uint32Array(labels.length), own = abgr(color);
  for (let p = 0; p < out.length; p++) {
    const is = truth[p];
    if (is >= classes) continue;
    const here = labels[p] === is, there = other.labels[p] === is;
    if (here && there) continue;
    if (here) out[p] = own;
    else if (!there) out[p] = NEITHER;
    else out[p] = Math.floor(((p % width) + Math.floor(p / width)) / stripe) % 2 ? 0xffffffff : 0xff000000;
  }
  return out;
}

// White light, the brighter the more of the others say something else.
export function shadeDisagreement({ labels }, others) {
  const out = new Uint32Array(labels.length), steps = others.length || 1;
  for (let p = 0; p < out.length; p++) {
    let differ = 0;
    for (const other of others) if (other.labels[p] !== labels[p]) differ++;
    if (differ) out[p] = ((Math.round((232 * differ) / steps) << 24) | WHITE) >>> 0;
  }
  return out;
}

// What this network gives the true class more (white) or less (black) than another, both softened by T.
export function shadeGain(mine, theirs, truth, { temperature, classes }) {
  const table = temperedTable(temperature), out = new Uint32Array(mine.labels.length);
  const trueShare = (below, q, is) => {
    let total = 0;
    for (let c = 0; c < classes; c++) total += table[below[q + c]];
    return table[below[q + is]] / total;
  };
  let sum = 0, known = 0;
  for (let p = 0, q = 0; p < out.length; p++, q += classes) {
    const is = truth[p];
    if (is >= classes) continue;
    const gain = trueShare(mine.below, q, is) - trueShare(theirs.below, q, is);
    known++;
    sum += gain;
    out[p] = (((255 * Math.abs(gain) + 0.5) << 24) | (gain > 0 ? WHITE : 0)) >>> 0;
  }
  return { pixels: out, mean: known ? sum / known : 0 };
}

// The pixels that count for shadeErrors' key, at the label's own size: shares of the labelled pixels in [0, 1].
export function errorShares(labels, other, truth, classes) {
  let known = 0, right = 0, gains = 0, loses = 0;
  for (let p = 0; p < truth.length; p++) {
    if (truth[p] >= classes) continue;
    known++;
    const here = labels[p] === truth[p], there = other ? other[p] === truth[p] : here;
    if (here) right++;
    if (here && !there) gains++;
    else if (!here && there) loses++;
  }
  const share = (count) => (known ? count / known : NaN);
  return { right: share(right), gains: share(gains), loses: share(loses) };
}

// IoU of each class against the truth; NaN where a class occurs in neither.
export function classIous(labels, truth, classes) {
  const both = new Float64Array(classes), either = new Float64Array(classes);
  for (let p = 0; p < truth.length; p++) {
    const is = truth[p], said = labels[p];
    if (is >= classes) continue;
    if (is === said) both[is]++;
    else if (said < classes) either[said]++;
    either[is]++;
  }
  return [...both].map((n, c) => (either[c] ? n / either[c] : NaN));
}
