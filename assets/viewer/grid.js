// Every layer in a cell of its own; one pointer, all answers: a ring and, in each, the class or the quantity at that pixel.
import { el, legend, marker, paintedLayer, strip, swatch, tools } from "./parts.js";
import { truthOver } from "./swipe.js";

const SHORT = { student: "Student", twin: "Twin" };

export function buildGrid(model) {
  const cells = model.layers.map((layer) => cell(model, layer));
  if (model.header.show_photo) cells.unshift(cell(model, null));
  const grid = el("div", { class: `cells n${Math.min(cells.length, 6)}${plates(model) ? " plates" : ""}`, role: "group", tabindex: "0",
    "aria-label": "Pictures with a linked probe: arrow keys move it, Enter pins it, Escape frees it" }, ...cells.map((c) => c.node));
  const live = el("div", { class: "hidden", "aria-live": "polite" });
  probe(model, grid, cells, live);
  // Photos and plates have no colours to mix, outline or switch.
  const bare = model.layers.every((layer) => layer.plate);
  model.root.replaceChildren(el("div", { class: "grid" }, bare ? null : tools(model), chooser(model, cells), grid, bare ? null : el("div", { class: "under bare" }, legend(model)), strip(model), live));
}

const plates = (model) => model.layers.some((layer) => layer.plate);

function cell(model, layer) {
  const role = layer ? layer.role : "photo";
  const title = layer ? layer.title : "Photo";
  const picture = el("div", { class: "pic", style: `aspect-ratio: ${model.header.width} / ${model.header.height}` }, (layer?.image ?? model.photo).cloneNode());
  if (layer?.plate) picture.firstChild.alt = layer.alt;
  else if (layer) {
    const painted = paintedLayer(layer);
    model.painted.push(painted);
    picture.append(painted.node);
  }
  if (layer && model.truth && role !== "truth") picture.append(truthOver(model));
  const ring = el("span", { class: "ring", "aria-hidden": "true" });
  const answer = el("div", { class: "chip onpic here" });
  const reads = Boolean(layer && (layer.labels || layer.quantity));
  picture.append(ring, reads ? answer : "");
  if (layer && model.header.chips) picture.append(chip(layer));
  const caption = model.header.chips ? null : el("figcaption", { class: "cap" }, marker(role), el("b", { class: role }, title));
  if (caption && layer && layer.detail) caption.append(el("span", { class: "m" }, layer.detail));
  if (caption && layer && layer.note) caption.append(el("span", { class: "v" }, layer.note));
  const node = el("figure", { class: "cell" }, caption, el("div", { class: `rule ${role}` }), picture);
  return { node, layer: reads ? layer : null, role, title, picture, answer };
}

// The caption on the picture itself: who, its number, what the number is of.
function chip({ role, title, note, detail }) {
  return el("div", { class: "chip onpic tag left" }, marker(role), title, note ? el("b", {}, note) : null, detail ? el("span", { class: "m" }, detail) : null);
}

// On a narrow screen two layers at a time, chosen by chips; student and twin to begin with. Plates are small and all shown.
function chooser(model, cells) {
  if (cells.length < 3 || plates(model)) return null;
  const first = cells.filter((c) => c.role === "student" || c.role === "twin").slice(0, 2);
  const on = new Set(first.length === 2 ? first : cells.slice(-2));
  const buttons = cells.map((c) => el("button", { type: "button", class: "pick", onclick: () => {
    if (on.has(c) && on.size > 1) on.delete(c);
    else on.add(c);
    show();
  } }, marker(c.role), SHORT[c.role] ?? c.title));
  const show = () => {
    cells.forEach((c, i) => {
      c.node.classList.toggle("aside", !on.has(c));
      buttons[i].setAttribute("aria-pressed", String(on.has(c)));
    });
    requestAnimationFrame(() => model.draw());
  };
  show();
  return el("div", { class: "picks", role: "group", "aria-label": "Pictures shown" }, ...buttons);
}

function probe(model, grid, cells, live) {
  const { width, height } = model.header;
  const at = (map, pixels, x, y) => {
    const column = Math.floor(((x + 0.5) * map.width) / width), row = Math.floor(((y + 0.5) * map.height) / height);
    return pixels[Math.min(row, map.height - 1) * map.width + Math.min(column, map.width - 1)];
  };
  const classAt = (layer, x, y) => (layer.labels ? at(layer, layer.labels, x, y) : null);
  const wordsAt = ({ quantity, ...layer }, x, y) => {
    const name = layer.labels ? model.header.classes[classAt(layer, x, y)] ?? "no label" : null;
    const tenths = quantity ? at(quantity, quantity.tenths, x, y) : null;
    const amount = tenths === null ? null : tenths === 65535 ? quantity.beyond : `${(tenths / 10).toFixed(1)} ${quantity.unit}`;
    return [name, amount].filter((word) => word !== null);
  };
  const show = (x, y) => {
    model.pixel = [Math.min(width - 1, Math.max(0, x)), Math.min(height - 1, Math.max(0, y))];
    grid.classList.add("probing");
    grid.style.setProperty("--px", `${(100 * (model.pixel[0] + 0.5)) / width}%`);
    grid.style.setProperty("--py", `${(100 * (model.pixel[1] + 0.5)) / height}%`);
    for (const c of cells) {
      if (!c.layer) continue;
      const index = classAt(c.layer, ...model.pixel), [first, second] = wordsAt(c.layer, ...model.pixel);
      c.answer.replaceChildren(index in model.header.classes ? swatch(model.header.palette[index]) : "", first, second ? el("span", { class: "m" }, second) : "");
    }
  };
  const hide = () => {
    model.pixel = null;
    grid.classList.remove("probing", "pinned");
  };
  const say = () => {
    if (!model.pixel) return;
    const answers = cells.filter((c) => c.layer).map((c) => `${c.title} ${wordsAt(c.layer, ...model.pixel).join(", ")}`);
    live.textContent = `Column ${model.pixel[0]}, row ${model.pixel[1]}: ${answers.join("; ")}`;
  };
  const pinned = () => grid.classList.contains("pinned");
  const pin = (on) => {
    grid.classList.toggle("pinned", on);
    model.report();
  };
  for (const c of cells) {
    const under = (event) => {
      const box = c.picture.getBoundingClientRect();
      show(Math.floor(((event.clientX - box.left) / box.width) * width), Math.floor(((event.clientY - box.top) / box.height) * height));
    };
    c.picture.onpointermove = (event) => (!pinned() || event.buttons) && under(event);
    c.picture.onpointerdown = under;
    c.picture.onclick = (event) => {
      under(event);
      pin(!pinned());
      say();
    };
    c.picture.onpointerleave = (event) => event.pointerType === "mouse" && !pinned() && hide();
  }
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  grid.onkeydown = (event) => {
    const from = model.pixel ?? [width >> 1, height >> 1], far = event.shiftKey ? 10 : 1;
    if (event.key in moves) show(from[0] + far * moves[event.key][0], from[1] + far * moves[event.key][1]);
    else if (event.key === "Enter") pin(!pinned());
    else if (event.key === "Escape") hide();
    else return;
    event.preventDefault();
  };
  grid.onkeyup = (event) => event.key in moves && (say(), model.report());
}
