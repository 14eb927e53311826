// One pointer, all answers: a ring on every picture and, on each, what its network says at that pixel.
// Cells are { picture, layer or null, title, answer }; the host carries the ring's place. model.pixel is where the ring is,
// model.kept where it comes back to when the pointer has left: pinned there, or moved there by keys. Python hears of that.
import { logitsAt } from "./field.js";
import { pick } from "./figures.js";
import { drawLoupe } from "./loupe.js";
import { softmax } from "./maths.js";
import { chorded, el, swatch } from "./parts.js";

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function pointable(picture, layer) {
  const reads = Boolean(layer && (layer.labels || layer.quantity || layer.field || layer.mix));
  const answer = el("div", { class: "chip onpic here" }), loupe = el("canvas", { class: "loupe", "aria-hidden": "true" });
  picture.append(el("span", { class: "ring", "aria-hidden": "true" }), reads ? answer : "", loupe);
  return { picture, layer: reads ? layer : null, answer, loupe };
}

// `host` shows the state, `focus` (the host itself, where it can) takes the keys.
export function point(model, host, cells, { focus = host, live, press = true }) {
  const { width, height } = model.header;
  model.live = live; // the view is said there too
  let moved = false;
  const show = (x, y) => {
    model.pixel = [Math.min(width - 1, Math.max(0, x)), Math.min(height - 1, Math.max(0, y))];
    host.classList.add("probing");
    host.classList.toggle("pinned", model.pinned);
    host.style.setProperty("--px", `${(100 * (model.pixel[0] + 0.5)) / width}%`);
    host.style.setProperty("--py", `${(100 * (model.pixel[1] + 0.5)) / height}%`);
    model.probed();
  };
  model.probed = () => {
    if (!model.pixel) return;
    for (const cell of cells) {
      if (model.loupe) drawLoupe(model, cell);
      if (!cell.layer) continue;
      const { index, words } = answerAt(model, cell.layer, ...model.pixel);
      cell.answer.replaceChildren(index in model.header.classes ? swatch(model.palette[index]) : "", words[0], words[1] ? el("span", { class: "m" }, words[1]) : "");
    }
    model.onprobe.forEach((listener) => listener());
  };
  const hide = () => {
    model.pixel = null;
    host.classList.remove("probing", "pinned");
    model.onprobe.forEach((listener) => listener());
  };
  const say = () => {
    if (!model.pixel) return;
    const answers = cells.filter((cell) => cell.layer).map((cell) => `${cell.title} ${answerAt(model, cell.layer, ...model.pixel).words.join(", ")}`);
    live.textContent = `Column ${model.pixel[0]}, row ${model.pixel[1]}: ${answers.join("; ")}`;
  };
  const keep = (pixel, pinned) => {
    Object.assign(model, { kept: pixel, pinned });
    host.classList.toggle("pinned", pinned);
    model.report();
  };
  const pin = (on) => keep(on ? model.pixel : null, on);
  const leave = () => (model.kept ? show(...model.kept) : hide());
  for (const { picture } of cells) follows(picture, { show, leave, pin, pinned: () => model.pinned, say, press, width, height });
  focus.addEventListener("keydown", (event) => {
    if (chorded(event) || event.target.closest("button, a, select, input")) return; // what lies in a cell has keys of its own
    const from = model.pixel ?? [width >> 1, height >> 1], far = event.shiftKey ? 10 : 1;
    if (event.key in MOVES) {
      moved = true;
      show(from[0] + far * MOVES[event.key][0], from[1] + far * MOVES[event.key][1]);
    } else if (event.key === "Enter") {
      if (!model.pixel) show(...from);
      pin(!model.pinned);
    } else if (event.key === "Escape") {
      hide();
      keep(null, false);
    } else return;
    event.preventDefault();
  });
  const rest = () => { // also when the focus leaves while a key is down
    if (!moved) return;
    moved = false;
    say();
    keep(model.pixel, model.pinned);
  };
  focus.addEventListener("keyup", (event) => event.key in MOVES && rest());
  focus.addEventListener("blur", rest);
  const at = model.pixel ?? model.kept;
  if (at) show(...at);
}

function follows(picture, { show, leave, pin, pinned, say, press, width, height }) {
  const under = (event) => {
    const box = picture.getBoundingClientRect();
    show(Math.floor(((event.clientX - box.left) / box.width) * width), Math.floor(((event.clientY - box.top) / box.height) * height));
  };
  picture.addEventListener("pointermove", (event) => (press ? !pinned() || event.buttons : !pinned() && !event.buttons) && under(event));
  picture.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && !pinned() && leave());
  if (!press) return; // pressing moves something else there: Enter pins
  picture.addEventListener("pointerdown", under);
  picture.addEventListener("click", (event) => {
    under(event);
    pin(!pinned());
    say();
  });
}

// The class at a pixel of the picture, and its probability at the temperature or the quantity there, as words.
export function answerAt(model, layer, x, y) {
  if (layer.field || layer.mix) {
    const logits = logitsAt(layer, (x + 0.5) / model.header.width, (y + 0.5) / model.header.height);
    const probs = softmax(logits, model.temperature), index = probs.indexOf(Math.max(...probs));
    return { index, words: [model.header.classes[index], probability(probs[index])] };
  }
  const index = layer.labels ? pick(model, layer, layer.labels, x, y) : null, { quantity } = layer;
  const name = layer.labels ? model.header.classes[index] ?? "no label" : null;
  const tenths = quantity ? pick(model, quantity, quantity.tenths, x, y) : null;
  const amount = tenths === null ? null : tenths === 65535 ? quantity.beyond : `${(tenths / 10).toFixed(1)} ${quantity.unit}`;
  return { index, words: [name, amount].filter((word) => word !== null) };
}

export const probability = (p) => (p < 0.005 ? "<0.01" : p.toFixed(2));
