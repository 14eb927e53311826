// The street with its ring: the ring follows pointer and keys, a lens shows the 13 × 13 pixels around it.
import { paintedLayer } from "./painted.js";
import { chorded, el, marker } from "./parts.js";
import { labelUnder, saidUnder } from "./soft_reading.js";
import { truthOver } from "./swipe.js";
import { ranking } from "./maths.js";

const LENS = 13, MARGIN = 12, AWAY = 44; // pixels of the picture in the lens; CSS pixels from the borders, from the ring to the lens
const PACES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function probeScene(model) {
  const { width, height } = model.header, { student } = model.pair, painted = paintedLayer(student);
  const parts = {
    ring: el("span", { class: "probe-ring", "aria-hidden": "true" }),
    lens: el("canvas", { class: "lens", "aria-hidden": "true" }),
    lines: el("div", { class: "rays", "aria-hidden": "true" }),
    answer: el("b", {}),
    where: el("span", {}),
    how: el("span", { class: "m" }),
  };
  const picture = el("div", { class: "pic probed", tabindex: "0", role: "group", style: `aspect-ratio: ${width} / ${height}`,
    "aria-label": "The street: arrow keys move the ring by a pixel, with Shift by ten; Enter pins it, Escape frees it" }, model.photo, painted.node);
  if (model.truth) picture.append(truthOver(model));
  picture.append(parts.lines, parts.lens,
    el("div", { class: "chip onpic tag left" }, marker("student"), el("span", {}, "Student’s answer here: ", parts.answer)),
    el("div", { class: "chip onpic low left" }, parts.where, parts.how),
    model.truth ? el("div", { class: "chip onpic low right" }, el("i", { class: "dashes" }), "the label’s edge") : "", parts.ring);
  model.painted.push(painted);
  model.onsoft.push((reading) => {
    parts.answer.textContent = model.header.classes[reading.rank.student[0]];
    placeRing(model, picture, parts);
  });
  followPointer(model, picture);
  followKeys(model, picture);
  return picture;
}

function placeRing(model, picture, { ring, lens, lines, where, how }) {
  const { width, height } = model.header, [x, y] = model.pixel, W = picture.clientWidth, H = picture.clientHeight;
  if (!W) return;
  const px = ((x + 0.5) / width) * W, py = ((y + 0.5) / height) * H, side = Math.min(147, Math.floor((H - 84) / LENS) * LENS + 4);
  ring.style.translate = `${px}px ${py}px`;
  picture.classList.toggle("pinned", model.pinned);
  where.textContent = `Column ${x}, row ${y}`;
  how.textContent = model.pinned ? "pinned, Esc frees it" : "arrow keys move it";
  const fits = { right: px + AWAY + side + MARGIN <= W, left: px - AWAY - side >= MARGIN };
  if (!fits[model.lensSide]) model.lensSide = fits.right ? "right" : "left"; // it stays on its side for as long as it can
  const left = model.lensSide === "right" ? px + AWAY : px - AWAY - side, top = Math.min(H - 42 - side, Math.max(42, py - side - 24));
  lens.hidden = lines.hidden = !(fits.right || fits.left) || side < 40;
  if (lens.hidden) return;
  Object.assign(lens.style, { left: `${left}px`, top: `${top}px`, width: `${side}px`, height: `${side}px` });
  lines.innerHTML = rays(px, py, model.lensSide === "right" ? left : left + side, top, top + side, W, H);
  drawLens(model, lens, side - 4);
}

// From the ring's rim to the two corners of the lens that face it.
function rays(px, py, x, top, bottom, W, H) {
  const line = (y) => {
    const far = Math.hypot(x - px, y - py), share = 11 / far;
    return `M${(px + (x - px) * share).toFixed(1)} ${(py + (y - py) * share).toFixed(1)}L${x} ${y}`;
  };
  return `<svg width="${W}" height="${H}"><path d="${line(top + 6)}${line(bottom - 6)}"/></svg>`;
}

// Photo, the student's classes at half strength, a fine grid, the label's edge dashed and the pixel itself framed.
function drawLens(model, lens, css) {
  const dpr = window.devicePixelRatio || 1, square = Math.max(2, Math.round((css * dpr) / LENS)), full = LENS * square;
  const { width, height } = model.header, [x, y] = model.pixel, left = x - (LENS >> 1), top = y - (LENS >> 1);
  lens.width = lens.height = full;
  const context = lens.getContext("2d"), sx = model.photo.naturalWidth / width, sy = model.photo.naturalHeight / height;
  context.imageSmoothingEnabled = false;
  context.drawImage(model.photo, left * sx, top * sy, LENS * sx, LENS * sy, 0, 0, full, full);
  const inside = (column, row) => column >= 0 && row >= 0 && column < width && row < height;
  for (let row = 0; row < LENS; row++) for (let column = 0; column < LENS; column++) {
    if (!inside(left + column, top + row)) continue;
    const said = ranking(saidUnder(model, model.pair.student, left + column, top + row))[0];
    if (!model.shown.has(said)) continue;
    context.fillStyle = `rgb(${model.palette[said].join(" ")} / .5)`;
    context.fillRect(column * square, row * square, square, square);
  }
  context.fillStyle = "rgb(255 255 255 / .1)";
  for (let i = 1; i < LENS; i++) {
    context.fillRect(i * square, 0, 1, full);
    context.fillRect(0, i * square, full, 1);
  }
  if (model.truth) dashEdge(context, model, left, top, square, inside);
  context.strokeStyle = "#fff";
  context.lineWidth = 2 * dpr;
  context.strokeRect((LENS >> 1) * square, (LENS >> 1) * square, square, square);
}

function dashEdge(context, model, left, top, square, inside) {
  const differs = (column, row, right, below) => inside(column, row) && inside(right, below) && labelUnder(model, column, row) !== labelUnder(model, right, below);
  context.beginPath();
  for (let row = 0; row < LENS; row++) for (let column = 0; column < LENS; column++) {
    const x = left + column, y = top + row, X = (column + 1) * square, Y = (row + 1) * square;
    if (differs(x, y, x + 1, y)) (context.moveTo(X, Y - square), context.lineTo(X, Y));
    if (differs(x, y, x, y + 1)) (context.moveTo(X - square, Y), context.lineTo(X, Y));
  }
  context.lineWidth = Math.max(1.5, square / 6);
  context.strokeStyle = "#fff";
  context.setLineDash([0.4 * square, 0.3 * square]);
  context.stroke();
  context.setLineDash([]);
}

// Free, the ring follows the pointer and comes back to the pixel that was kept; a click keeps this one and pins it.
function followPointer(model, picture) {
  const { width, height } = model.header;
  const under = (event) => {
    const box = picture.getBoundingClientRect();
    model.moveTo(Math.floor(((event.clientX - box.left) / box.width) * width), Math.floor(((event.clientY - box.top) / box.height) * height));
  };
  picture.onpointermove = (event) => (event.buttons || (event.pointerType === "mouse" && !model.pinned)) && under(event);
  picture.onpointerleave = (event) => event.pointerType === "mouse" && !model.pinned && model.moveTo(...model.kept);
  picture.onclick = (event) => {
    const [x, y] = model.kept;
    under(event);
    model.pinned = !(model.pinned && x === model.pixel[0] && y === model.pixel[1]);
    model.keep();
  };
  picture.onpointerup = (event) => event.pointerType !== "mouse" && model.keep();
  picture.onpointercancel = () => model.keep(); // the page scrolls instead
}

function followKeys(model, picture) {
  picture.onkeydown = (event) => {
    if (chorded(event)) return;
    const far = event.shiftKey ? 10 : 1, [x, y] = model.pixel;
    if (event.key in PACES) model.moveTo(x + far * PACES[event.key][0], y + far * PACES[event.key][1]);
    else if (event.key === "Enter") model.pinned = !model.pinned;
    else if (event.key === "Escape") model.pinned = false;
    else return;
    event.preventDefault();
    model.soften("pixel");
    if (!(event.key in PACES)) model.keep();
  };
  picture.onkeyup = (event) => event.key in PACES && model.keep();
}
