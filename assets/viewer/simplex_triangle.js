// The triangle between its members' pictures: the surface of mIoU, the points that were tried, and the handle with a line
// to every corner, as wide as its weight. Two networks have a line instead.
import { percent } from "./figures.js";
import { paintedLayer } from "./painted.js";
import { el, marker } from "./parts.js";
import { pointable } from "./pointing.js";
import { cornersOf, placeOf, TALL, weightsAt } from "./simplex_plane.js";

const SIDE_AT_MOST = 408, ABOVE = 12, ASIDE = 14, STRIP = 26, LINE_HIGH = 80; // pixels
const SVG = "http://www.w3.org/2000/svg";

function shape(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

const bandFill = (level) => `fill: color-mix(in srgb, var(--st-green-text-color) ${level}%, var(--bg2))`;

// { node, cells }: what stands in the left column, and the corners' pictures for the probe.
export function triangleOf(model) {
  const { members } = model.header.simplex, corners = members.map((_, i) => cornerOf(model, i));
  const said = el("p", { class: "howto small" }), [first, ...others] = corners, below = members.length === 2 ? corners : others;
  model.onmoved.push(() => said.replaceChildren(...saying(model)));
  const above = el("div", { class: "above" }, said, ...(members.length === 3 ? [first.node, first.weight] : []));
  const node = el("div", { class: `plane-side n${members.length}` }, above, planeOf(model), el("div", { class: "beneath" }, ...below.flatMap((corner) => [corner.node, corner.weight]), scaleOf(model)));
  return { node, cells: corners.flatMap((corner) => corner.cell ?? []) };
}

// What is to be done here; or why there is nothing to drag.
function saying({ weighting, header: { simplex } }) {
  const [line, terms] = [simplex.members.length === 2, simplex.terms];
  if (weighting === "fixed") return [`Drag ${line ? "along the line" : "the triangle"}. Every point is one way to share out the vote; the dots are those the paper tried, the ring its best.`];
  const term = el("abbr", { class: "dt down", title: terms.confidence, tabindex: "0" }, "By confidence");
  return [term, `: each pixel listens most to whoever is surest there, so the weights are no point of the ${line ? "line" : "triangle"}. A press on it goes back to one weighting for all pixels.`];
}

function cornerOf(model, index) {
  const { name, miou, waiting } = model.header.simplex.members[index], layer = model.members[index], { width, height } = model.header;
  const where = index === model.members.length - 1 ? "right" : index === model.members.length - 2 ? "left" : "top";
  const weight = el("p", { class: `weight at-${where}` }), number = el("b", {});
  model.onmoved.push(() => {
    number.textContent = model.weights[index].toFixed(2);
    weight.replaceChildren(...(model.weighting === "fixed" ? ["weight ", number] : ["weight by pixel"]));
  });
  // Tall pictures are cropped to 16 : 9, wide ones are shown whole.
  const box = el("div", { class: "small-pic", style: `aspect-ratio: ${Math.max(16 / 9, width / height)}` }, layer ? "" : el("span", {}, waiting)), cell = layer ? smallPicture(model, layer, box, width / height) : null;
  const caption = el("figcaption", {}, marker("teacher"), el("b", { title: name }, name), el("span", {}, miou === null ? "" : percent(miou)));
  return { node: el("figure", { class: `corner at-${where}` }, el("div", { class: "rule teacher" }), box, caption), weight, cell };
}

// A member's classes, whatever the large picture shows; they change with size and colours alone, so a drag leaves them be.
function smallPicture(model, layer, box, ratio) {
  const picture = el("div", { class: "pic", style: `aspect-ratio: ${ratio}` }, model.photo.cloneNode()), painted = paintedLayer(layer), { draw } = painted;
  painted.draw = () => model.busy || draw(Object.create(model, { view: { value: "labels" } }));
  model.painted.push(painted);
  picture.append(painted.node);
  box.append(picture);
  const cell = { ...pointable(picture, layer), title: layer.title };
  box.append(cell.answer); // the box crops the picture, and must not crop this
  return cell;
}

function planeOf(model) {
  const count = model.weights.length, svg = shape("svg", { "aria-hidden": "true" }), scene = shape("g", {}), live = shape("g", {}), marks = shape("g", {});
  const names = model.header.simplex.members.map((member) => member.name), way = count === 2 ? "left and right" : "the arrow keys";
  const handle = el("div", { class: "knot", role: "slider", tabindex: "0", "data-keep": "knot", "aria-label": `Weights of the ensemble, moved by ${way}`, "aria-valuemin": "0", "aria-valuemax": "100" }, marker("ensemble"));
  const plane = el("div", { class: "plane" }, svg, handle);
  svg.append(scene, live, marks);
  const frame = {};
  const at = ([x, y]) => [frame.left + x * frame.side, frame.top + y * frame.side];
  const show = () => {
    const fixed = model.weighting === "fixed", [x, y] = at(placeOf(model.weights));
    handle.hidden = !fixed;
    plane.style.setProperty("--hx", `${x}px`);
    plane.style.setProperty("--hy", `${y}px`);
    live.replaceChildren(...(fixed ? weightLines(model.weights, [x, y], at) : []), ...(fixed ? bestRing(model, at) : []));
    handle.setAttribute("aria-valuenow", String(Math.round(100 * model.weights[0])));
    handle.setAttribute("aria-valuetext", names.map((name, i) => `${name} ${model.weights[i].toFixed(2)}`).join(", "));
  };
  model.layPlane = () => {
    const width = plane.clientWidth || 1, side = Math.min(SIDE_AT_MOST, width - 2 * ASIDE);
    Object.assign(frame, { side, left: (width - side) / 2, top: count === 2 ? LINE_HIGH / 2 : ABOVE });
    plane.style.height = `${count === 2 ? LINE_HIGH : Math.round(side * TALL) + 2 * ABOVE}px`;
    scene.replaceChildren(...groundOf(model, frame, at));
    marks.replaceChildren(...cornersOf(count).map(at).map(([x, y]) => shape("rect", { class: "mark", x: x - 7, y: y - 7, width: 14, height: 14, rx: 2 })));
    show();
  };
  model.onmoved.push(show);
  Object.assign(handle, { onkeydown: model.byKey, onkeyup: model.keyDone, onblur: model.keyDone });
  const point2d = (event) => {
    const box = plane.getBoundingClientRect(), zoom = box.width / (plane.clientWidth || 1); // a presenter's page is enlarged
    return [(event.clientX - box.left) / zoom, (event.clientY - box.top) / zoom];
  };
  const under = (event, [dx, dy]) => {
    const [x, y] = point2d(event);
    return weightsAt([(x - dx - frame.left) / frame.side, (y - dy - frame.top) / frame.side], count);
  };
  const besideHandle = (event) => {
    const [x, y] = point2d(event), [hx, hy] = at(placeOf(model.weights));
    return [x - hx, y - hy];
  };
  follows2d(model, { plane, handle, under, besideHandle });
  return plane;
}

// What does not move: bands, outline, the paper's points.
function groundOf(model, { side, left, top }, at) {
  const { bands, grid } = model.header.simplex, line = model.weights.length === 2, half = side / 2, high = line ? STRIP / 2 : half;
  const box = `translate(${left + half} ${line ? top : top + (TALL * side) / 2}) scale(${half} ${high})`, [first, ...rest] = cornersOf(model.weights.length).map(at);
  const outline = line ? shape("rect", { class: "outline", x: left, y: top - STRIP / 2, width: side, height: STRIP }) : shape("path", { class: "outline", d: `M${[first, ...rest].join("L")}Z` });
  const empty = bands.length ? [] : [outline.cloneNode()];
  empty.forEach((node) => node.setAttribute("class", "unmeasured"));
  const dots = grid.map((weights) => at(placeOf(weights))).map(([x, y]) => shape("circle", { class: "dot", cx: x, cy: y, r: 2.1 }));
  return [...empty, ...bands.map(([level, path]) => shape("path", { d: path, transform: box, style: bandFill(level) })), outline, ...dots];
}

function weightLines(weights, [x, y], at) {
  return cornersOf(weights.length).map(at).flatMap(([cx, cy], i) => (weights[i] > 0 ? shape("line", { class: "ray", x1: x, y1: y, x2: cx, y2: cy, "stroke-width": 1 + 5 * weights[i] }) : []));
}

// Round the best of the grid; a wide one where the handle stands there.
function bestRing({ weights, header: { simplex: { best } } }, at) {
  if (!best) return [];
  const [cx, cy] = at(placeOf(best)), near = best.every((weight, i) => Math.abs(weight - weights[i]) < 0.03);
  return [shape("circle", { class: "best", cx, cy, r: near ? 25 : 8.5 })];
}

// The mouse may take hold anywhere; a finger or a pen of the handle alone, and a tap sends it there, so that the page
// still scrolls. A press on the handle that moves nothing, changes nothing.
function follows2d(model, { plane, handle, under, besideHandle }) {
  let grip = null, pressedBy = "mouse";
  const move = (event) => {
    grip.moved = true;
    model.moveTo(under(event, grip.beside));
  };
  const start = (event) => {
    const onHandle = event.composedPath().includes(handle);
    pressedBy = event.pointerType;
    if (event.button !== 0 || (pressedBy !== "mouse" && !onHandle)) return;
    // Where the handle was taken hold of, it stays under the pointer.
    grip = { beside: onHandle ? besideHandle(event) : [0, 0], from: [event.clientX, event.clientY], moved: false };
    plane.setPointerCapture(event.pointerId);
    plane.classList.add("dragging");
    if (!handle.hidden) handle.focus({ preventScroll: true, focusVisible: false });
    model.held = true;
    if (!onHandle) move(event);
    event.preventDefault();
  };
  const stop = () => {
    if (!grip) return;
    const { moved } = grip;
    grip = null;
    plane.classList.remove("dragging");
    model.letGo(moved ? undefined : null);
  };
  plane.onpointerdown = start;
  plane.onpointermove = (event) => {
    if (grip && (grip.moved || event.clientX !== grip.from[0] || event.clientY !== grip.from[1])) move(event);
  };
  plane.onpointerup = stop;
  plane.onpointercancel = stop;
  plane.onclick = (event) => {
    if (pressedBy === "mouse" || event.composedPath().includes(handle)) return;
    model.moveTo(under(event, [0, 0]));
    model.letGo();
  };
}

// What the bands mean, lowest and highest.
function scaleOf(model) {
  const { bands, ends, basis, terms } = model.header.simplex;
  if (!ends) return el("div", { class: "scale" });
  const levels = [...new Set(bands.map(([level]) => level))].sort((a, b) => a - b);
  const words = [el("span", {}, ends[0]), el("span", {}, el("abbr", { class: "dt", title: terms.mIoU, tabindex: "0" }, "mIoU"), ", %"), el("span", {}, ends[1])];
  return el("div", { class: "scale small" }, el("div", { class: "ramp", "aria-hidden": "true" }, ...levels.map((level) => el("i", { style: bandFill(level).replace("fill", "background") }))), el("p", {}, ...words), el("p", {}, basis));
}

