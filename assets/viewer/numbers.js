// Everything at one pixel, as a table: each network's logits and softmax at T, its label, and how far it is from label and teacher.
import { logitsAt } from "./field.js";
import { degrees, pick } from "./figures.js";
import { crossEntropy, entropy, kl, softmax } from "./maths.js";
import { defined, el, marker, swatch } from "./parts.js";
import { probability } from "./pointing.js";

export function numbersTable(model) {
  const { networks, header } = model;
  const order = [...header.classes.keys()].slice(1).concat(0), teacher = teacherOf(networks);
  const cell = () => el("td", {});
  const rows = order.map((index) => ({ index, logits: networks.map(cell), probs: networks.map(cell) }));
  const more = [["says", "hard", "hard label", ""], ["ce", "ce", "cross-entropy", " with the label"], teacher && ["kl", "kl", "KL divergence", ` from the ${teacher.role} at T`], ["entropy", "entropy", "entropy", " at T"]]
    .filter(Boolean).map(([name, term, word, rest]) => ({ name, title: [defined(model, term, word), rest], cells: networks.map(() => el("td", { colspan: "2" })) }));
  const caption = el("caption", {}), temperature = el("span", {});
  const head = el("thead", {}, el("tr", {}, el("th", { scope: "col", rowspan: "2" }, "class"), ...networks.map((layer) => el("th", { scope: "colgroup", colspan: "2", class: layer.role }, marker(layer.role), ` ${layer.title}`))),
    el("tr", {}, ...networks.flatMap((_, n) => ["logit", "softmax"].map((word) => el("th", { scope: "col" }, defined(model, word, word, { below: true, quiet: n > 0 }))))));
  const body = el("tbody", {}, ...rows.map((row) => el("tr", { "data-class": row.index }, el("th", { scope: "row" }, colorOf(model, row.index), ` ${header.classes[row.index]}`), ...networks.flatMap((_, n) => [row.logits[n], row.probs[n]]))));
  const foot = el("tfoot", {}, ...more.map((row) => el("tr", { "data-row": row.name }, el("th", { scope: "row" }, ...row.title), ...row.cells)));
  const node = el("div", { class: "numbers", tabindex: "0", role: "region", "aria-label": "Numbers at the pixel" }, el("table", {}, caption, head, body, foot), temperature);
  model.onprobe.push(() => {
    if (!model.numbers) return;
    if (!model.pixel) return void (caption.textContent = "Point at a pixel, or move the probe by the arrow keys.");
    const [x, y] = model.pixel, T = model.temperature, label = model.truth ? pick(model, model.truth, model.truth.labels, x, y) : null;
    const known = label in header.classes;
    caption.textContent = `Column ${x}, row ${y}; T = ${degrees(T)}${label === null ? "" : `; label ${header.classes[label] ?? "none"}`}`;
    const said = networks.map((layer) => logitsAt(layer, (x + 0.5) / header.width, (y + 0.5) / header.height));
    const soft = said.map((logits) => softmax(logits, T)), best = said.map((logits) => logits.indexOf(Math.max(...logits)));
    for (const row of rows) networks.forEach((_, n) => {
      row.logits[n].textContent = said[n][row.index].toFixed(2).replace("-", "−");
      row.probs[n].textContent = probability(soft[n][row.index]);
      row.probs[n].dataset.value = soft[n][row.index];
      row.probs[n].className = row.index === best[n] ? "best" : "";
    });
    const guide = teacher ? said[networks.indexOf(teacher)] : null;
    const values = { says: (n) => header.classes[best[n]], ce: (n) => (known ? crossEntropy(said[n], label) : null), kl: (n) => (networks[n] === teacher ? null : kl(guide, said[n], T)), entropy: (n) => entropy(soft[n]) };
    for (const row of more) row.cells.forEach((td, n) => {
      const value = values[row.name](n);
      td.textContent = value === null ? "–" : typeof value === "string" ? value : value.toPrecision(3);
      if (typeof value === "number") td.dataset.value = value;
    });
  });
  return node;
}

function colorOf(model, index) {
  const color = swatch(model.palette[index]);
  model.onclasses.push(() => color.style.setProperty("--c", `rgb(${model.palette[index].join(" ")})`));
  return color;
}

// Who teaches here: the teacher, else the ensemble.
const teacherOf = (networks) => networks.find((layer) => layer.role === "teacher") ?? networks.find((layer) => layer.role === "ensemble") ?? null;
