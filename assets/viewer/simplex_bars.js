// Who wins which class: points of IoU that averaging adds or takes, against the best member alone. The names are the
// legend: each shows or hides its class. Rows change places when the handle rests, not under the eye that follows it.
import { classToggle, el } from "./parts.js";
import { inPoints } from "./simplex_scores.js";

const ZERO = 36, WORDS = 17, ROW = 32; // percent of a row: where zero stands, what a number needs; pixels of a row
const WIDEST = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]; // gains that fill the row, so that bars grow and the scale stays

export function barsOf(model) {
  const { against, members, terms } = model.header.simplex;
  if (against === null) return null;
  const best = members[against].name, order = [...model.header.classes.keys()].slice(1).concat(0);
  const rows = order.map((index, place) => barOf(model, index, place, best));
  model.order = order;
  let settled = 0;
  const list = el("ul", { class: "wins", style: `height: ${order.length * ROW}px` }, ...rows.map((row) => row.node));
  const unit = el("span", { class: "small" }, "points of ", el("abbr", { class: "dt", title: terms.IoU, tabindex: "0" }, "IoU"), `, against ${best} alone`);
  const node = el("section", { class: "winners" }, el("div", { class: "section" }, el("h2", {}, "Who wins which class?"), unit), list);
  model.onstanding.push((found) => {
    node.hidden = !found;
    if (!found) return;
    const gains = order.map((index) => found.gains[index]), long = perIou(gains);
    rows.forEach((row, place) => row.show(gains[place], long, invented(found, order[place])));
    clearTimeout(settled);
    if (model.busy) return;
    const lines = sorted(gains);
    lines.forEach((place, line) => rows[place].node.style.setProperty("--line", line));
    // Then in reading order too; not while a name has the focus, which would lose it.
    settled = setTimeout(() => list.contains(list.getRootNode().activeElement) || list.append(...lines.map((place) => rows[place].node)), 400);
  });
  return node;
}

// Whether a class that is not in the picture was seen there by one of the two only: "ensemble", "alone", or "".
const invented = ({ ious, aloneIous }, index) => (Number.isNaN(ious[index]) === Number.isNaN(aloneIous[index]) ? "" : Number.isNaN(ious[index]) ? "alone" : "ensemble");

// Places from the largest gain down; classes that do not occur come last.
const sorted = (gains) => [...gains.keys()].sort((a, b) => (Number.isNaN(gains[a]) ? 1 : 0) - (Number.isNaN(gains[b]) ? 1 : 0) || gains[b] - gains[a] || a - b);

// Percent of the row for a whole IoU, to both sides alike.
function perIou(gains) {
  const known = gains.filter((gain) => !Number.isNaN(gain)), right = 100 - ZERO - WORDS;
  const most = Math.max(0, ...known, ...known.map((gain) => (-gain * right) / (ZERO - 1)));
  return right / (WIDEST.find((width) => width >= most) ?? 1);
}

function barOf(model, index, place, best) {
  const bar = el("i", {}), words = el("b", {}), node = el("li", {}, classToggle(model, index, place), el("div", { class: "over" }, bar, el("i", { class: "zero", style: `left: ${ZERO}%` }), words));
  node.firstChild.dataset.keep = `class ${index}`;
  const show = (gain, perUnit, inventor) => {
    const missing = Number.isNaN(gain), text = missing ? "" : inPoints(gain), lost = text.startsWith("−"), long = missing ? 0 : Math.abs(gain) * perUnit;
    const absent = { ensemble: `false alarms that ${best} alone has not`, alone: `${best} alone has false alarms`, "": "does not occur" }[inventor];
    bar.className = lost ? "lost" : "won";
    Object.assign(bar.style, { left: `${lost ? ZERO - long : ZERO}%`, width: `${long}%` });
    words.className = lost || inventor === "ensemble" ? "teacher" : missing ? "m" : "";
    words.style.left = `${lost ? ZERO : ZERO + long}%`;
    words.textContent = missing ? absent : lost ? `${text} ${best} alone is better` : text;
  };
  return { node, show };
}
