// What a network said, as numbers: read from half floats, interpolated to any place or size, mixed with others.
// Logits are interpolated and then ranked; a label map of a network is never scaled.
import { mix, sureness } from "./maths.js";

export const STEPS = 32; // of a unit, on which differences of logits are kept
export const FARTHEST = 16383; // the last of them: 512 below the likeliest class is nothing at any T up to 50
const KEPT = 3; // sizes that a layer remembers: the screen's, the draft's, the label's

let halves = null;

// All 65,536 half floats, so that reading one is a look-up.
function halfFloats() {
  if (halves) return halves;
  halves = new Float32Array(65536);
  for (let i = 0; i < 65536; i++) {
    const sign = i & 0x8000 ? -1 : 1, exponent = (i >> 10) & 31, fraction = i & 1023;
    halves[i] = exponent === 31 ? (fraction ? NaN : sign * Infinity)
      : sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
  }
  return halves;
}

// bytes: class by class the low bytes of all half floats, then the high ones (pages/ui/blob.py says why).
export function readField(bytes, { classes, height, width }) {
  const count = height * width, total = classes * count;
  if (bytes.length !== 2 * total) throw new Error(`logits of ${bytes.length} bytes; ${classes} × ${height} × ${width} half floats were announced`);
  const table = halfFloats(), values = new Float32Array(total);
  for (let c = 0, i = 0; c < classes; c++)
    for (let p = 0; p < count; p++, i++) values[p * classes + c] = table[bytes[i] | (bytes[total + i] << 8)];
  return { classes, height, width, values };
}

// Where output pixel i of `size` falls between the input's: the left neighbour, the right one, the right one's weight.
function between(size, into) {
  const left = new Int32Array(into), right = new Int32Array(into), share = new Float32Array(into);
  for (let i = 0; i < into; i++) {
    const at = Math.min(size - 1, Math.max(0, ((i + 0.5) * size) / into - 0.5));
    left[i] = Math.floor(at);
    right[i] = Math.min(size - 1, left[i] + 1);
    share[i] = at - left[i];
  }
  return { left, right, share };
}

// Logits at (u, v) in [0, 1]² of the picture, bilinear with pixel centres at halves (align_corners=False). A mixed layer
// is mixed at the place: its members' answers there, weighed.
export function logitsAt(layer, u, v) {
  if (layer.mix) return mix(layer.mix.members.map((member) => logitsAt(member, u, v)), layer.mix.weights, layer.mix.space, layer.mix.weighting);
  const { field } = layer, C = field.classes;
  const x = Math.min(field.width - 1, Math.max(0, u * field.width - 0.5)), y = Math.min(field.height - 1, Math.max(0, v * field.height - 0.5));
  const x0 = Math.floor(x), y0 = Math.floor(y), x1 = Math.min(field.width - 1, x0 + 1), y1 = Math.min(field.height - 1, y0 + 1);
  const a = x - x0, b = y - y0, at = (column, row, c) => field.values[(row * field.width + column) * C + c];
  return Array.from({ length: C }, (_, c) => (1 - b) * ((1 - a) * at(x0, y0, c) + a * at(x1, y0, c)) + b * ((1 - a) * at(x0, y1, c) + a * at(x1, y1, c)));
}

// Calls `row(y, logits)` for every output row; logits: width × classes, class fastest, the same array every time.
function interpolated(field, width, height, row) {
  const C = field.classes, stride = field.width * C;
  const across = between(field.width, width), down = between(field.height, height);
  const line = new Float32Array(stride), out = new Float32Array(width * C), values = field.values;
  for (let y = 0; y < height; y++) {
    const top = down.left[y] * stride, bottom = down.right[y] * stride, b = down.share[y];
    if (b) for (let i = 0; i < stride; i++) line[i] = values[top + i] + b * (values[bottom + i] - values[top + i]);
    else for (let i = 0; i < stride; i++) line[i] = values[top + i];
    for (let x = 0, o = 0; x < width; x++) {
      const a = across.share[x];
      let l = across.left[x] * C, r = across.right[x] * C;
      for (let c = 0; c < C; c++, l++, r++) out[o++] = line[l] + a * (line[r] - line[l]);
    }
    row(y, out);
  }
}

// A layer at a size, as the painters want it: { width, height, classes, labels, second, below }. labels and second: the
// likeliest class and the next, one byte a pixel; below: pixel by pixel, how far every class lies under the likeliest.
export function sampled(layer, width, height) {
  const kept = (layer.sampled ??= new Map()), key = `${width}x${height}`;
  let found = kept.get(key);
  if (!found) {
    if (kept.size >= KEPT) kept.delete(kept.keys().next().value);
    kept.set(key, (found = layer.mix ? new Mixed(layer.mix, width, height) : new Ranked(layer.field, width, height)));
  } else if (layer.mix) found.follow();
  return found;
}

// One network: everything in one pass, since nothing of it ever changes.
class Ranked {
  constructor(field, width, height) {
    Object.assign(this, blank(field.classes, width, height), { below: new Uint16Array(width * height * field.classes) });
    interpolated(field, width, height, (y, logits) => {
      rank(this, logits, y * width, width);
      for (let x = 0, o = 0, q = y * logits.length; x < width; x++) {
        const top = logits[o + this.labels[y * width + x]];
        for (const end = o + field.classes; o < end; o++, q++) this.below[q] = Math.min(FARTHEST, (top - logits[o]) * STEPS + 0.5);
      }
    });
  }
}

function blank(classes, width, height) {
  return { classes, width, height, labels: new Uint8Array(width * height), second: new Uint8Array(width * height) };
}

// Into labels and second, from pixel `start`: the largest and the next of each pixel's `values`.
function rank({ classes, labels, second }, values, start, count, from = 0) {
  for (let p = start, o = from; p < start + count; p++, o += classes) {
    let best = 0, next = 0, top = values[o], runner = -Infinity;
    for (let c = 1; c < classes; c++) {
      const v = values[o + c];
      if (v > top) {
        next = best;
        runner = top;
        best = c;
        top = v;
      } else if (v > runner) {
        next = c;
        runner = v;
      }
    }
    labels[p] = best;
    second[p] = next;
  }
}

// Several networks as one. What each member says at this size is worked out once; new weights cost a sum a class, and
// distances only where a view asks for them. Its memory stays from one weighting to the next.
class Mixed {
  constructor(mix, width, height) {
    Object.assign(this, blank(mix.members[0].field.classes, width, height), { mix, version: 0, near: 0 });
    this.means = new Float32Array(width * height * this.classes);
    this.follow();
  }

  follow() {
    if (this.version === this.mix.version) return;
    this.version = this.mix.version;
    const { mix, means, width, height } = this, heard = mix.members.map((member, i) => [mix.weights[i], member]).filter(([weight]) => weight > 0);
    const said = heard.map(([, member]) => answers(member, mix.space, width, height));
    if (heard.length) (mix.weighting === "confidence" && heard.length > 1 ? addUpSurest : addUp)(means, said, heard.map(([weight]) => weight), this.classes);
    rank(this, means, 0, this.labels.length);
  }

  get below() {
    if (this.near === this.version) return this.distances;
    this.near = this.version;
    this.distances ??= new Uint16Array(this.means.length);
    (this.mix.space === "probs" ? fromProbs : fromLogits)(this);
    return this.distances;
  }
}

// Three at a time, which is one pass for the ensemble of the paper: less memory goes by.
function addUp(means, said, weights) {
  for (let k = 0; k < said.length; k += 3) {
    const a = said[k], b = said[k + 1] ?? a, c = said[k + 2] ?? a, u = weights[k], v = weights[k + 1] ?? 0, w = weights[k + 2] ?? 0;
    if (k === 0) for (let i = 0; i < means.length; i++) means[i] = u * a[i] + v * b[i] + w * c[i];
    else for (let i = 0; i < means.length; i++) means[i] += u * a[i] + v * b[i] + w * c[i];
  }
}

// Probabilities again, but at every pixel each member counts by how sure it is there.
function addUpSurest(means, said, weights, classes) {
  const much = new Float64Array(said.length);
  for (let q = 0; q < means.length; q += classes) {
    let whole = 0;
    for (let k = 0; k < said.length; k++) {
      let uncertain = 0;
      for (let i = q; i < q + classes; i++) if (said[k][i] > 0) uncertain -= said[k][i] * Math.log(said[k][i]);
      whole += much[k] = weights[k] * sureness(uncertain, classes);
    }
    for (let i = q; i < q + classes; i++) {
      let sum = 0;
      for (let k = 0; k < said.length; k++) sum += much[k] * said[k][i];
      means[i] = sum / whole;
    }
  }
}

function fromLogits({ classes, means, labels, distances }) {
  for (let p = 0, q = 0; p < labels.length; p++) {
    const top = means[q + labels[p]];
    for (const end = q + classes; q < end; q++) distances[q] = Math.min(FARTHEST, (top - means[q]) * STEPS + 0.5);
  }
}

// Logarithms of probabilities by their bits: the exponent, and a table for the fraction's first eleven. None is farther
// than 88 from the likeliest, where single precision ends; the order is that of the probabilities themselves.
const FRACTION = Float32Array.from({ length: 2048 }, (_, i) => STEPS * Math.log(1 + i / 2048)), OCTAVE = STEPS * Math.LN2;
function fromProbs({ classes, means, labels, distances }) {
  const bits = new Uint32Array(means.buffer);
  for (let p = 0, q = 0; p < labels.length; p++) {
    const highest = bits[q + labels[p]], top = (highest >>> 23) * OCTAVE + FRACTION[(highest >>> 12) & 2047] + 0.5;
    for (const end = q + classes; q < end; q++) {
      const b = bits[q];
      distances[q] = top - (b >>> 23) * OCTAVE - FRACTION[(b >>> 12) & 2047];
    }
  }
}

// One member's probabilities at T = 1, or its centred logits, at a size: Float32Array, class fastest. Two sizes are kept.
function answers(member, space, width, height) {
  const kept = (member.answers ??= new Map()), key = `${space} ${width}x${height}`;
  if (kept.has(key)) return kept.get(key);
  const C = member.field.classes, values = new Float32Array(width * height * C);
  interpolated(member.field, width, height, (y, logits) => (space === "probs" ? softmaxRow : centredRow)(logits, values, y * logits.length, C));
  if (kept.size > 1) kept.delete(kept.keys().next().value);
  kept.set(key, values);
  return values;
}

function softmaxRow(logits, values, start, C) {
  for (let o = 0, q = start; o < logits.length; o += C, q += C) {
    let top = -Infinity, total = 0;
    for (let c = 0; c < C; c++) if (logits[o + c] > top) top = logits[o + c];
    for (let c = 0; c < C; c++) total += values[q + c] = Math.exp(logits[o + c] - top);
    for (let c = 0; c < C; c++) values[q + c] /= total;
  }
}

function centredRow(logits, values, start, C) {
  for (let o = 0, q = start; o < logits.length; o += C, q += C) {
    let total = 0;
    for (let c = 0; c < C; c++) total += logits[o + c];
    for (let c = 0; c < C; c++) values[q + c] = logits[o + c] - total / C;
  }
}

// New weights for a mixed layer, and how they are to be taken.
export function setWeights(layer, weights, weighting = layer.mix.weighting) {
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  layer.mix.weights = weights.map((weight) => weight / total);
  layer.mix.weighting = weighting;
  layer.mix.version++;
}
