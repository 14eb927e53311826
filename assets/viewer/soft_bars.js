// Label, teacher and student class by class: solid at T, a dashed outline where they were at T = 1.
import { el, marker, swatch } from "./parts.js";
import { probability } from "./pointing.js";
import { plainly } from "./soft_words.js";

export function softBars(model) {
  const at = el("span", {}), rows = model.header.classes.map(() => barRow());
  const body = el("div", { class: "rows" }, ...rows.map((row) => row.node));
  model.onsoft.push((reading, why) => {
    at.textContent = `both at T = ${plainly(model.temperature)}`;
    body.classList.toggle("slide", why === "dial"); // what follows the pointer follows it at once
    reading.rank.teacher.forEach((c, place) => fillRow(rows[place], model, reading, c));
  });
  const key = el("div", { class: "key-s" }, el("span", {}, el("i", { class: "mark-label" }), "label"), el("span", { class: "teacher" }, marker("teacher"), el("b", {}, "teacher")),
    el("span", { class: "student" }, marker("student"), el("b", {}, "student")), at, el("span", { class: "m" }, el("i", { class: "mark-ghost" }), "where they were at T = 1"));
  return el("div", { class: "softbars", role: "group", "aria-label": "Probabilities at this pixel" }, key, body);
}

function barRow() {
  const row = { name: el("span", { class: "class" }), label: el("div", { class: "one" }), bars: {} };
  const bar = (role) => {
    const parts = { solid: el("i", { class: "solid" }), ghost: el("i", { class: "ghost" }), was: el("i", { class: "was" }), text: el("span", { class: "said" }) };
    parts.node = el("div", { class: `bar-s ${role}` }, parts.solid, parts.ghost, parts.was, parts.text);
    row.bars[role] = parts;
    return parts.node;
  };
  row.node = el("div", { class: "row" }, row.name, el("div", { class: "area" }, row.label, bar("teacher"), bar("student")));
  return row;
}

function fillRow(row, model, { label, at1, atT }, c) {
  const warm = model.temperature > 1.005;
  row.node.dataset.class = String(c);
  row.name.replaceChildren(swatch(model.palette[c]), model.header.classes[c]);
  row.label.hidden = c !== label;
  for (const [role, { node, ghost, was, text }] of Object.entries(row.bars)) {
    const before = at1[role][c], now = atT[role][c];
    node.style.setProperty("--now", String(now));
    node.style.setProperty("--before", String(before));
    ghost.hidden = !warm || before <= now;
    was.hidden = !warm || before > now || before < 0.004;
    text.textContent = warm ? `${probability(before)} → ${probability(now)}` : probability(now);
  }
}
