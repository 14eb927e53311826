// Who moves the weights: both terms' shares of the gradient, without and with T², and their gradient on each class's score.
import { el, swatch } from "./parts.js";
import { presetOf } from "./soft_dials.js";
import { inPercent, plainly, whoMoves, withSign } from "./soft_words.js";

export function softShares(model) {
  const say = el("p", { class: "says" }), factor = el("span", {});
  const square = () => el("em", {}, "T");
  const rows = [shareRow("As the paper: no ", square(), "²"), shareRow("As Hinton: times ", square(), "²", factor)];
  model.onsoft.push((reading) => {
    factor.textContent = ` = ${plainly(model.temperature ** 2)}`;
    const share = reading.shares[Number(model.scaleByT2)];
    const [before, number, after] = whoMoves(reading, { preset: presetOf(model), alpha: model.alpha, share });
    say.replaceChildren(before, number ? el("b", {}, number) : "", after ?? "");
    rows.forEach((row, i) => fillShare(row, reading.shares[i], i === Number(model.scaleByT2)));
  });
  return el("section", { class: "who-moves" }, el("header", {}, el("h2", {}, "Who moves the weights?"), say), el("div", { class: "split" }, ...rows.flatMap(({ name, node }) => [name, node])));
}

function shareRow(...name) {
  const hard = el("span", { class: "by-hard" }), soft = el("span", { class: "by-soft" });
  return { name: el("span", { class: "name" }, ...name), node: el("div", { class: "shares" }, hard, soft), hard, soft };
}

function fillShare({ name, node, hard, soft }, share, on) {
  const labels = share ?? 0, [byHard, bySoft] = inPercent(labels);
  name.classList.toggle("on", on);
  node.classList.toggle("on", on);
  node.style.setProperty("--hard", String(labels));
  node.classList.toggle("none", share === null);
  const width = node.clientWidth, fitting = (room, ...texts) => texts.find((text) => 9 * text.length + 20 < room) ?? "";
  hard.textContent = fitting(labels * width, `labels ${byHard}`, byHard);
  soft.textContent = share === null ? "nothing to learn" : fitting((1 - labels) * width, `teacher ${bySoft}`, bySoft);
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", share === null ? "no gradient" : `labels ${byHard}, teacher ${bySoft}`);
}

// The gradient on the six logits of the student, by class: hard and soft part as bars from a zero line, on one scale.
export function softGradients(model) {
  const rows = model.header.classes.map(() => gradientRow());
  model.onsoft.push(({ terms, rank }) => {
    const all = [...terms.hardGradient, ...terms.softGradient].map(Math.abs), most = Math.max(...all) || 1;
    rank.teacher.forEach((c, place) => {
      const { node, name, bars } = rows[place];
      name.replaceChildren(swatch(model.palette[c]), model.header.classes[c]);
      node.dataset.class = String(c);
      for (const [part, { bar, text }] of Object.entries(bars)) {
        const value = terms[`${part}Gradient`][c];
        bar.style.setProperty("--from", String(Math.min(0, value / most)));
        bar.style.setProperty("--size", String(Math.abs(value / most)));
        text.textContent = withSign(value);
      }
    });
  });
  return el("section", { class: "gradients" }, el("h2", {}, "Which way is each score pushed?"),
    el("p", { class: "small" }, "The gradient on the student’s six ", el("abbr", { class: "dt", title: model.header.tips.logits, tabindex: "0" }, "logits"), ", by the labels and by the teacher. Training moves a score against its bar."),
    el("div", { class: "ways small" }, el("span", {}, "raised"), el("span", {}, "lowered"), el("span", {}, "labels"), el("span", { class: "teacher" }, "teacher")), ...rows.map((row) => row.node));
}

function gradientRow() {
  const name = el("span", { class: "class" }), part = () => ({ bar: el("i", {}), text: el("span", {}) });
  const bars = { hard: part(), soft: part() };
  bars.hard.bar.className = "of-hard";
  bars.soft.bar.className = "of-soft";
  bars.soft.text.className = "teacher";
  return { name, bars, node: el("div", { class: "grad" }, name, el("span", { class: "zeroed", "aria-hidden": "true" }, bars.hard.bar, bars.soft.bar), bars.hard.text, bars.soft.text) };
}
