// Weights with the sum 1 as places in a triangle: there and back, in steps by keys, to the nearest that was measured.
// Sides are 1 and y goes down: the first corner is on top, the second left, the third right. Two networks have a line.
// Numbers only; knows no element and no event.
export const TALL = Math.sqrt(3) / 2;

export const cornersOf = (count) => (count === 2 ? [[0, 0], [1, 0]] : [[0.5, 0], [0, TALL], [1, TALL]]);

export function placeOf(weights) {
  return cornersOf(weights.length).reduce(([x, y], corner, i) => [x + weights[i] * corner[0], y + weights[i] * corner[1]], [0, 0]);
}

// The weights at a place; outside the triangle, those of its nearest point.
export function weightsAt([x, y], count) {
  const top = 1 - y / TALL, right = x - top / 2;
  return ontoSimplex(count === 2 ? [1 - x, x] : [top, 1 - top - right, right]);
}

function ontoSimplex(raw) {
  let sum = 0, over = 0;
  [...raw].sort((a, b) => b - a).forEach((weight, i) => {
    sum += weight;
    if (weight > (sum - 1) / (i + 1)) over = (sum - 1) / (i + 1);
  });
  return raw.map((weight) => Math.max(0, weight - over));
}

// In whole steps, with the sum still 1: what is left over goes where rounding took most.
export function roundedTo(weights, step) {
  const all = Math.round(1 / step), parts = weights.map((weight) => weight * all), whole = parts.map((part) => Math.floor(part + 1e-6));
  const order = [...parts.keys()].sort((a, b) => parts[b] - whole[b] - (parts[a] - whole[a]));
  const missing = all - whole.reduce((a, b) => a + b);
  for (let k = 0; k < missing; k++) whole[order[k % order.length]]++;
  return whole.map((count) => count / all);
}

export const STEP_KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);

// One press of a key. Left and right shift a step between the two lower corners; up takes it from the heavier of them for
// the top, down gives it to the lighter. Home, End and Page Up: the left, the right, the top alone; Page Down: all alike.
export function stepped(weights, key, step) {
  const count = weights.length, left = count - 2, right = count - 1, alone = { Home: left, End: right, PageUp: 0 };
  if (key === "PageDown") return weights.map(() => 1 / count);
  if (key in alone) return weights.map((_, i) => Number(i === alone[key]));
  const [heavy, light] = weights[left] >= weights[right] ? [left, right] : [right, left];
  const upDown = count === 2 ? { ArrowUp: [left, right], ArrowDown: [right, left] } : { ArrowUp: [heavy, 0], ArrowDown: [0, light] };
  const [from, to] = { ArrowLeft: [right, left], ArrowRight: [left, right], ...upDown }[key], given = Math.min(step, weights[from]);
  return roundedTo(weights.map((weight, i) => weight + (i === to ? given : i === from ? -given : 0)), step);
}

// table: { rows, members, values }, of each row its weights, mIoU and every class's IoU. The row nearest to some weights.
export function nearestRow({ rows, members, values }, weights) {
  const wide = values.length / rows, far = (row) => weights.reduce((sum, weight, i) => sum + Math.abs(values[row * wide + i] - weight), 0);
  let best = 0;
  for (let row = 1, least = far(0); row < rows; row++) {
    const distance = far(row);
    if (distance > least - 1e-6) continue;
    least = distance;
    best = row;
  }
  const [at, end] = [best * wide, (best + 1) * wide], found = [...values.subarray(at, at + members)];
  return { weights: found, exact: found.every((weight, i) => Math.abs(weight - weights[i]) < 1e-5), miou: values[at + members], ious: [...values.subarray(at + members + 1, end)] };
}
