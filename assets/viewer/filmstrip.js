// One scene epoch by epoch, a row for each role; as many epochs as fit, always with the first, the newest and the chosen.
// Where more were sent than fit, a slider below reaches the others.
import { paintedLayer } from "./painted.js";
import { chorded, el, marker } from "./parts.js";

const THUMB = 114, SMALL = 56, GAP = 7, LABEL = 81;

export function buildFilmstrip(model) {
  const { rows, epochs } = model.header;
  const known = [...new Set(rows.flatMap((row) => row.frames.map((frame) => frame.epoch)))].sort((a, b) => a - b);
  const newest = known[known.length - 1];
  // What is followed is the newest epoch that every row has: one row ahead of the other must not be compared with a hole.
  const followed = Math.min(...rows.filter((row) => row.frames.length).map((row) => row.frames[row.frames.length - 1].epoch));
  if (model.epoch === undefined || !known.includes(model.epoch ?? followed)) model.epoch = known.includes(model.header.selected) ? model.header.selected : null;
  const leading = rows.findIndex((row) => row.frames.some((frame) => frame.epoch === newest));
  const strip = el("div", { class: "film", role: "slider", tabindex: "0", "aria-label": "Epoch", "aria-valuemin": String(known[0]), "aria-valuemax": String(newest) });
  const choose = (epoch, tell) => {
    model.epoch = epoch === followed ? null : epoch; // null: follow the newest
    layOut();
    if (tell) model.report();
  };
  const range = (model.range ??= el("input", { type: "range", class: "scrub", min: "0", step: "1", tabindex: "-1", "aria-hidden": "true" })); // the strip itself is what keys and screen readers move
  range.oninput = () => choose(known[range.valueAsNumber], false);
  range.onchange = () => model.report();
  const layOut = () => {
    const chosen = model.epoch ?? followed, more = epochs && newest < epochs;
    const width = model.root.clientWidth, thumb = width < 560 ? SMALL : THUMB;
    const places = Math.max(2, Math.floor((width - LABEL + GAP) / (thumb + GAP)) - (more ? 1 : 0));
    const columns = spread(known, places, chosen);
    // Never fewer than would make a frame fill the page: the first epochs look as the later ones will.
    strip.style.setProperty("--columns", String(Math.max(columns.length, Math.min(places, 5)) + (more ? 1 : 0)));
    strip.setAttribute("aria-valuenow", String(chosen));
    strip.setAttribute("aria-valuetext", `Epoch ${chosen} of ${epochs ?? newest}`);
    model.painted = [];
    strip.replaceChildren(...rows.flatMap((row, r) => rowCells(model, row, columns, chosen, more && r === leading ? `next: ${newest + 1}` : more ? "" : null, choose)),
      el("span", { class: "who" }), ...columns.map((epoch) => el("span", { class: epoch === chosen ? "ep on" : "ep" }, epoch ? `epoch ${epoch}` : "untrained")), more ? el("span", { class: "ep" }, String(epochs)) : "");
    range.max = String(known.length - 1);
    range.value = String(known.indexOf(chosen));
    range.style.setProperty("--done", `${(100 * range.value) / Math.max(1, known.length - 1)}%`);
    range.hidden = columns.length === known.length;
    model.draw();
  };
  strip.onkeydown = (event) => {
    const at = known.indexOf(model.epoch ?? followed);
    const to = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, Home: 0, End: known.length - 1 }[event.key];
    if (to === undefined || chorded(event)) return;
    event.preventDefault();
    choose(known[Math.min(known.length - 1, Math.max(0, to))], false);
  };
  strip.onkeyup = (event) => /^(Arrow|Home|End)/.test(event.key) && model.report();
  // The next epoch comes while someone is at it: neither the focus nor a drag of the slider may be lost.
  const focused = model.root.getRootNode().activeElement === model.strip;
  if (model.strip?.isConnected) model.strip.replaceWith(strip);
  else model.root.replaceChildren(strip, range);
  if (model.strip && focused) strip.focus({ preventScroll: true });
  model.strip = strip;
  model.relayout = layOut;
  layOut();
}

function rowCells(model, row, columns, chosen, next, choose) {
  const short = row.title || row.role;
  const cells = [el("span", { class: `who ${row.role}` }, marker(row.role), el("b", {}, short))];
  for (const epoch of columns) {
    const frame = row.frames.find((f) => f.epoch === epoch);
    if (!frame) {
      cells.push(el("span", { class: "thumb wait" }));
      continue;
    }
    const painted = paintedLayer({ ...frame.layer, role: row.role, title: `the ${short} at epoch ${epoch}` });
    model.painted.push(painted);
    const photo = frame.photo === null ? "" : model.photos.get(frame.photo).cloneNode();
    cells.push(el("div", { class: epoch === chosen ? "thumb on" : "thumb", style: `aspect-ratio: ${frame.width} / ${frame.height}`, onclick: () => choose(epoch, true) }, photo, painted.node));
  }
  if (next !== null) cells.push(el("span", { class: "thumb wait" }, next));
  return cells;
}

// At most `places` epochs: doubling from the first (learning is fast at first), with the chosen and the newest always among them.
export function spread(known, places, chosen) {
  if (known.length <= places) return known;
  const keep = new Set([known[0], known[known.length - 1], chosen]);
  for (let i = 1; keep.size < places && i < 64; i++) {
    const at = Math.round(Math.pow(known.length - 1, i / Math.max(1, places - 1)));
    keep.add(known[Math.min(known.length - 1, at)]);
  }
  return [...keep].sort((a, b) => a - b);
}
