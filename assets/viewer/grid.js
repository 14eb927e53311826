// Every layer in a cell of its own; one pointer, all answers: a ring and, in each, the class or the quantity at that pixel.
import { captions, dials, tools } from "./controls.js";
import { looks } from "./looks.js";
import { numbersTable } from "./numbers.js";
import { isDeep, paintedLayer } from "./painted.js";
import { el, legend, marker, strip } from "./parts.js";
import { point, pointable } from "./pointing.js";
import { saveButton } from "./save.js";
import { truthOver } from "./swipe.js";

const SHORT = { student: "Student", twin: "Twin" };

export function buildGrid(model) {
  const cells = model.layers.map((layer) => cell(model, layer));
  if (model.header.show_photo) cells.unshift(cell(model, null));
  const grid = el("div", { class: `cells n${Math.min(cells.length, 6)}${plates(model) ? " plates" : ""}`, role: "group", tabindex: "0",
    "aria-label": "Pictures with a linked probe: arrow keys move it, Enter pins it, Escape frees it" }, ...cells.map((c) => c.node));
  const live = el("div", { class: "hidden", "aria-live": "polite" });
  captions(model, cells);
  const numbers = model.networks.length ? numbersTable(model) : null;
  const bareLooks = model.networks.length || !model.header.other_palette ? null : el("div", { class: "looks" }, ...looks(model)); // else among the dials
  // Photos and plates have no colours to mix, outline or switch.
  const bare = model.layers.every((layer) => layer.plate);
  model.root.replaceChildren(el("div", { class: "grid" }, bare ? null : tools(model), chooser(model, cells), grid, bare ? null : el("div", { class: "under bare" }, legend(model), bareLooks), dials(model, numbers), strip(model), numbers, live));
  point(model, grid, cells, { live });
}

const plates = (model) => model.layers.some((layer) => layer.plate);

function cell(model, layer) {
  const role = layer ? layer.role : "photo";
  const title = layer ? layer.title : "Photo";
  const picture = el("div", { class: "pic", style: `aspect-ratio: ${model.header.width} / ${model.header.height}` }, (layer?.image ?? model.photo).cloneNode());
  let painted = null;
  if (layer?.plate) picture.firstChild.alt = layer.alt;
  else if (layer) {
    painted = paintedLayer(layer);
    model.painted.push(painted);
    picture.append(painted.node);
    picture.classList.toggle("read", isDeep(layer));
  }
  if (layer && model.truth && role !== "truth") picture.append(truthOver(model));
  const pointed = pointable(picture, layer);
  if (layer && model.header.chips) picture.append(chip(layer));
  const caption = model.header.chips ? null : el("figcaption", { class: "cap" }, marker(role), el("b", { class: role }, title));
  const note = el("span", { class: "v" }, layer?.note ?? "");
  if (caption && layer && layer.detail) caption.append(el("span", { class: "m" }, layer.detail));
  if (caption && layer && (layer.note || isDeep(layer))) caption.append(note);
  if (caption && layer && isDeep(layer)) caption.append(saveButton(model, layer));
  const node = el("figure", { class: "cell" }, caption, el("div", { class: `rule ${role}` }), picture);
  return { node, role, title, painted, note: layer && isDeep(layer) ? note : null, ...pointed };
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
  const alone = (role) => cells.filter((c) => c.role === role).length === 1; // else only its title tells it from the others
  const buttons = cells.map((c) => el("button", { type: "button", class: "pick", onclick: () => {
    if (on.has(c) && on.size > 1) on.delete(c);
    else on.add(c);
    show();
  } }, marker(c.role), (alone(c.role) && SHORT[c.role]) || c.title));
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
