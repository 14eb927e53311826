// The loss at this pixel, written out: signs above, their numbers below, what each part asks for under them.
import { el } from "./parts.js";
import { plainly, threeDigits } from "./soft_words.js";

const sign = (text) => el("em", {}, text);
const word = (role) => el("span", { class: role }, role);

export function softFormula(model) {
  const cells = {};
  // `column` counts over the whole line; within its part (a line of its own on a phone) a cell is the next one.
  const part = (name, first, ...columns) => el("div", { class: `part part-${name}` }, ...columns.flatMap(([id, ...symbols], i) => {
    const place = (row) => `--c: ${first + i}; --l: ${i + 1}; --r: ${row}`;
    const number = el("span", { class: id ? `n n-${id}` : "n", style: place(2) }, ...(id ? [] : symbols.map((symbol) => symbol.cloneNode?.(true) ?? symbol)));
    if (id) cells[id] = number;
    return [el("span", { class: id ? "s" : "s op", style: place(1) }, ...symbols), number];
  }));
  const kl = el("span", {}), factor = el("span", { class: "factor-sign" }, "· ", sign("T"), "²");
  const said = { hard: el("span", { class: "w" }), soft: el("span", { class: "w teacher" }) };
  const hard = part("hard", 3, ["alpha", sign("α")], [null, "·"], ["ce", "CE(label, ", word("student"), ")"], [null, "+"]);
  const soft = part("soft", 7, ["rest", "(1 − ", sign("α"), ")"], [null, "·"], ["kl", kl], ["t2", factor]);
  hard.append(said.hard);
  soft.append(said.soft);
  model.onsoft.push(({ terms, label }) => {
    const pair = ["teacher", "student"], T = plainly(model.temperature), off = !model.scaleByT2;
    const [from, to] = model.direction === "forward" ? pair : [...pair].reverse();
    kl.replaceChildren("KL(", word(from), " ‖ ", word(to), ") ", el("small", {}, "at ", sign("T")));
    cells.total.textContent = threeDigits(terms.total);
    cells.alpha.textContent = plainly(model.alpha);
    cells.ce.textContent = label === null ? "–" : threeDigits(terms.ce);
    cells.rest.textContent = plainly(1 - model.alpha);
    cells.kl.textContent = threeDigits(terms.kl);
    cells.t2.textContent = off ? "off: × 1" : `× ${plainly(model.temperature ** 2)}`;
    factor.classList.toggle("off", off);
    cells.t2.classList.toggle("off", off);
    said.hard.textContent = label === null ? "no label here" : `hard part ${threeDigits(terms.hard)}: be right`;
    said.soft.textContent = `soft part ${threeDigits(terms.soft)}: be right in the teacher’s way`;
    sum.setAttribute("aria-label", `The loss at T = ${T}: ${threeDigits(terms.total)}`);
  });
  const sum = el("div", { class: "eq", role: "group" }, part("whole", 1, ["total", sign("L")], [null, "="]), hard, soft);
  cells.kl.classList.add("teacher");
  return sum;
}
