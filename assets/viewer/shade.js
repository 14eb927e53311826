// One picture of what a network said: a pixel's colour in every view. Arrays in, pixels out; knows no element and no event.
// Softened by T without an exponential a pixel: distances of logits lie on a grid (field.js), and T changes one table.
import { FARTHEST, STEPS } from "./field.js";

export const WHITE = 0xffffff, NEITHER = 0xff0e0c0c; // ABGR, as a little-endian canvas wants them
const HATCH = 4; // canvas pixels of a stripe, white and black in turn

const abgr = ([r, g, b], alpha = 255) => ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;

// exp(-d / T) for every distance on the grid; the last few temperatures are kept, since a picture is drawn layer by layer.
const TABLES = new Map();
function temperedTable(temperature) {
  let table = TABLES.get(temperature);
  if (table) return table;
  if (TABLES.size > 3) TABLES.clear();
  table = { e: new Float32Array(FARTHEST + 1), de: new Float32Array(FARTHEST + 1) };
  for (let i = 0; i <= FARTHEST; i++) {
    table.e[i] = Math.exp(-i / STEPS / temperature);
    table.de[i] = (table.e[i] * i) / STEPS / temperature;
  }
  TABLES.set(temperature, table);
  return table;
}

// Natural logarithm of sums of up to 16 shares of the likeliest class, from 1 upwards: enough for 256 shades.
const LOG_STEPS = 1024, LOGS = Float32Array.from({ length: 15 * LOG_STEPS + 2 }, (_, i) => Math.log(1 + i / LOG_STEPS));

// Every shade fills `out`, one ABGR pixel each, wholly.

// The loops over classes are written out for Table I's six: it makes them 1.6 times as fast, and they run while one drags.

// Class colours mixed by softmax at T: sure answers are clear colours, soft ones muddy. Classes that are off let the photo
// through by their share. With `only` one class's probability is white light instead.
export function shadeSoft({ below }, out, { temperature, palette, shown, only }) {
  const { e } = temperedTable(temperature), on = palette.map((_, c) => (shown.has(c) ? 1 : 0));
  const [[r0, g0, b0], [r1, g1, b1], [r2, g2, b2], [r3, g3, b3], [r4, g4, b4], [r5, g5, b5]] = palette.map((color, c) => color.map((v) => v * on[c]));
  const [n0, n1, n2, n3, n4, n5] = on;
  for (let p = 0, q = 0; p < out.length; p++, q += 6) {
    const w0 = e[below[q]], w1 = e[below[q + 1]], w2 = e[below[q + 2]], w3 = e[below[q + 3]], w4 = e[below[q + 4]], w5 = e[below[q + 5]];
    const total = w0 + w1 + w2 + w3 + w4 + w5;
    if (only !== null) {
      out[p] = (((255 * e[below[q + only]]) / total + 0.5) << 24) | WHITE;
      continue;
    }
    const seen = n0 * w0 + n1 * w1 + n2 * w2 + n3 * w3 + n4 * w4 + n5 * w5, per = 1 / (seen + 1e-9);
    const r = r0 * w0 + r1 * w1 + r2 * w2 + r3 * w3 + r4 * w4 + r5 * w5;
    const g = g0 * w0 + g1 * w1 + g2 * w2 + g3 * w3 + g4 * w4 + g5 * w5;
    const b = b0 * w0 + b1 * w1 + b2 * w2 + b3 * w3 + b4 * w4 + b5 * w5;
    out[p] = (((255 * seen) / total + 0.5) << 24) | ((b * per + 0.5) << 16) | ((g * per + 0.5) << 8) | (r * per + 0.5);
  }
}

// White light, the more the less sure: entropy of softmax at T over its largest, ln 6. Gives the mean in [0, 1].
export function shadeEntropy({ below }, out, { temperature }) {
  const { e, de } = temperedTable(temperature), largest = 1 / Math.log(6);
  let sum = 0;
  for (let p = 0, q = 0; p < out.length; p++, q += 6) {
    const d0 = below[q], d1 = below[q + 1], d2 = below[q + 2], d3 = below[q + 3], d4 = below[q + 4], d5 = below[q + 5];
    const total = e[d0] + e[d1] + e[d2] + e[d3] + e[d4] + e[d5], distance = de[d0] + de[d1] + de[d2] + de[d3] + de[d4] + de[d5];
    const share = (LOGS[((total - 1) * LOG_STEPS + 0.5) | 0] + distance / total) * largest;
    sum += share;
    out[p] = ((255 * share + 0.5) << 24) | WHITE;
  }
  return sum / out.length;
}

// This network and another against the truth: both right leaves the dimmed photo, only this one is its role's colour,
// only the other is hatched white and black, neither is near black. Pixels without a label stay the photo.
export function shadeErrors({ width, labels }, other, truth, out, { color, classes, stripe = HATCH }) {
  const own = abgr(color);
  for (let p = 0, x = 0, y = 0; p < out.length; p++, x++) {
    if (x === width) (x = 0), y++;
    const is = truth[p], here = labels[p] === is, there = other.labels[p] === is;
    if (is >= classes || (here && there)) out[p] = 0;
    else if (here) out[p] = own;
    else if (!there) out[p] = NEITHER;
    else out[p] = Math.floor((x + y) / stripe) % 2 ? 0xffffffff : 0xff000000;
  }
}

// White light, the brighter the more of the others say something else.
export function shadeDisagreement({ labels }, others, out) {
  const shades = Uint32Array.from({ length: others.length + 1 }, (_, k) => (k ? ((Math.round((232 * k) / others.length) << 24) | WHITE) >>> 0 : 0));
  for (let p = 0; p < out.length; p++) {
    let differ = 0;
    for (const other of others) if (other.labels[p] !== labels[p]) differ++;
    out[p] = shades[differ];
  }
}

// What this network gives the true class more (white) or less (black) than another, both softened by T. Gives the mean.
export function shadeGain(mine, theirs, truth, out, { temperature, classes }) {
  const here = trueShares(mine, truth, temperature), there = trueShares(theirs, truth, temperature);
  let sum = 0, known = 0;
  for (let p = 0; p < out.length; p++) {
    if (truth[p] >= classes) {
      out[p] = 0;
      continue;
    }
    const gain = here[p] - there[p];
    known++;
    sum += gain;
    out[p] = gain > 0 ? ((255 * gain + 0.5) << 24) | WHITE : (0.5 - 255 * gain) << 24;
  }
  return known ? sum / known : 0;
}

// The true class's share of softmax at T, kept until T moves: in one drawing every network is compared twice.
function trueShares(said, truth, temperature) {
  const kept = (said.shares ??= { values: new Float32Array(truth.length) });
  if (kept.temperature === temperature && kept.truth === truth && kept.version === said.version) return kept.values;
  Object.assign(kept, { temperature, truth, version: said.version });
  const { e } = temperedTable(temperature), { below } = said, { values } = kept;
  for (let p = 0, q = 0; p < values.length; p++, q += 6) {
    const all = e[below[q]] + e[below[q + 1]] + e[below[q + 2]] + e[below[q + 3]] + e[below[q + 4]] + e[below[q + 5]];
    values[p] = truth[p] < 6 ? e[below[q + truth[p]]] / all : 0;
  }
  return values;
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
