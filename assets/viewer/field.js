// What a network said, as numbers: read from half floats, interpolated to any place or size, mixed with others.
// Logits are interpolated and then ranked; a label map of a network is never scaled.
import { mix } from "./maths.js";

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
  if (layer.mix) return mix(layer.mix.members.map((member) => logitsAt(member, u, v)), layer.mix.weights, layer.mix.space);
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

// A layer at a size, as the painters want it: { width, height, labels, second, below }. labels and second: the likeliest
// class and the next, one byte a pixel; below: pixel by pixel, how far every class lies under the likeliest, in STEPS.
export function sampled(layer, width, height) {
  const kept = (layer.sampled ??= new Map()), key = `${width}x${height}`;
  let found = kept.get(key);
  if (!found) {
    found = layer.mix ? mixed(layer.mix, width, height) : ranked(layer.field, width, height);
    if (kept.size >= KEPT) kept.delete(kept.keys().next().value);
    kept.set(key, found);
  }
  return found;
}

function blank(classes, width, height) {
  const count = width * height;
  return { classes, width, height, labels: new Uint8Array(count), second: new Uint8Array(count), below: new Uint16Array(count * classes) };
}

function ranked(field, width, height) {
  const out = blank(field.classes, width, height);
  interpolated(field, width, height, (y, logits) => rankRow(out, y, logits));
  return out;
}

function rankRow({ classes, width, labels, second, below }, y, logits) {
  for (let x = 0, o = 0, p = y * width; x < width; x++, p++, o += classes) {
    let best = 0, next = -1, top = logits[o], runner = -Infinity;
    for (let c = 1; c < classes; c++) {
      const z = logits[o + c];
      if (z > top) {
        next = best;
        runner = top;
        best = c;
        top = z;
      } else if (z > runner) {
        next = c;
        runner = z;
      }
    }
    labels[p] = best;
    second[p] = next;
    for (let c = 0, q = p * classes; c < classes; c++, q++) {
      const far = (top - logits[o + c]) * STEPS + 0.5;
      below[q] = far < FARTHEST ? far : FARTHEST;
    }
  }
}

// Several networks as one. What each member says at this size is worked out once and kept; weights then cost a sum a class.
function mixed({ members, weights, space }, width, height) {
  const heard = members.map((member, i) => [member, weights[i]]).filter(([, weight]) => weight > 0);
  if (heard.length === 1) return sampled(heard[0][0], width, height);
  const C = heard[0][0].field.classes, out = blank(C, width, height), row = new Float32Array(width * C);
  const said = heard.map(([member, weight]) => ({ weight, values: answers(member, space, width, height) }));
  for (let y = 0; y < height; y++) {
    const start = y * width * C;
    row.fill(0);
    for (const { weight, values } of said) for (let i = 0, from = start; i < row.length; i++, from++) row[i] += weight * values[from];
    if (space === "probs") for (let i = 0; i < row.length; i++) row[i] = Math.log(row[i] + 1e-38);
    rankRow(out, y, row);
  }
  return out;
}

// One member's probabilities at T = 1, or its centred logits, at a size: Float32Array, class fastest.
function answers(member, space, width, height) {
  const key = `${space} ${width}x${height}`;
  if (member.answers?.key === key) return member.answers.values;
  const C = member.field.classes, values = new Float32Array(width * height * C);
  interpolated(member.field, width, height, (y, logits) => {
    for (let o = 0, q = y * width * C; o < logits.length; o += C, q += C) {
      let total = 0;
      if (space === "logits") {
        for (let c = 0; c < C; c++) total += logits[o + c];
        for (let c = 0; c < C; c++) values[q + c] = logits[o + c] - total / C;
        continue;
      }
      let top = -Infinity;
      for (let c = 0; c < C; c++) if (logits[o + c] > top) top = logits[o + c];
      for (let c = 0; c < C; c++) total += values[q + c] = Math.exp(logits[o + c] - top);
      for (let c = 0; c < C; c++) values[q + c] /= total;
    }
  });
  member.answers = { key, values };
  return values;
}

// New weights for a mixed layer; what was worked out with the old ones is forgotten.
export function setWeights(layer, weights) {
  const total = weights.reduce((sum, weight) => sum + weight, 0) || 1;
  layer.mix.weights = weights.map((weight) => weight / total);
  layer.sampled?.clear();
}
