// What the teaching gained, as Home says it: the sentence and its number, the line of mIoU, a bar for each class.
// All words and places come from Python (pages/ui/story.py); each part follows from cell to cell by `show(cell)`.
import { el, swatch } from "./parts.js";

const term = (story, word, text = word) => el("abbr", { class: "dt", title: story.terms[word], tabindex: "0" }, text);

const LEADS = {
  gained: "The student that listened to its teacher:",
  lost: "The taught student is behind its untaught twin:",
  level: "The taught student is level with its untaught twin:",
  open: "One seed says that teaching helped, another not:",
};
const SPOKEN = { gained: "", lost: "behind its twin, ", level: "level with its twin, ", open: "the seeds disagree, " };

export function resultOf(story) {
  const lead = el("p", { class: "lead" }), number = el("b", {}), miou = el("span", { class: "whole" }), sure = el("abbr", { class: "dt", tabindex: "0" });
  const gain = el("p", { class: "gained" }, number, " ", el("span", {}, "points"));
  const fine = el("p", { class: "fine" }, term(story, "mIoU"), " ", miou, " against ", el("span", { class: "whole" }, story.twin), " for its ", term(story, "untaught twin"), `, ${story.streets}; `, sure, ".");
  const show = (cell) => {
    lead.textContent = LEADS[cell.outcome];
    number.textContent = cell.gain;
    gain.className = `gained ${cell.outcome}`;
    miou.textContent = cell.miou;
    sure.textContent = cell.by_seed;
    sure.title = story.terms[cell.sure];
  };
  return { node: el("section", { class: "result", "aria-label": "What the teaching gained" }, lead, gain, fine), show };
}

// The sentence once more, for who hears it instead of seeing it move.
export function aloud(story, cell) {
  return `Trained at temperature ${cell.temperature}, weight of the labels ${cell.alpha}: ${SPOKEN[cell.outcome]}${cell.gain} points, ${cell.by_seed.replace("±", "plus or minus")}; mIoU ${cell.miou} against ${story.twin}`;
}

export function lineOf(story) {
  const { line } = story, at = (node, share) => (node.style.left = `${share}%`);
  const stretch = (node, a, b) => {
    at(node, Math.min(a, b));
    node.style.width = `${Math.abs(b - a)}%`;
  };
  const marks = line.ticks.flatMap(({ at: share, text }) => [el("i", { class: "tick", style: `left: ${share}%` }), el("span", { class: "num", style: `left: ${share}%` }, text)]);
  const gain = el("i", {}), rest = el("i", { class: "rest" });
  const names = {}, points = {};
  for (const role of ["twin", "student", "teacher"]) {
    names[role] = el("span", { class: `name ${role}` }, role);
    points[role] = el("span", { class: `point ${role}` });
  }
  at(points.twin, line.twin);
  at(points.teacher, line.teacher);
  const node = el("div", { class: "mious", role: "img" }, el("div", { class: "axis" }, ...marks, gain, rest, ...Object.values(names), ...Object.values(points)));
  const show = (cell) => {
    gain.className = cell.student >= line.twin ? "gain" : "loss";
    stretch(gain, line.twin, cell.student);
    stretch(rest, cell.student, line.teacher);
    at(points.student, cell.student);
    for (const [role, name] of Object.entries(names)) at(name, cell.names[role]);
    node.setAttribute("aria-label", `mIoU: twin ${story.twin}, student ${cell.miou}, teacher ${story.teacher_miou}`);
  };
  return { node, show };
}

export function classesOf(model, story) {
  const heading = el("h2", {}), rows = story.order.map((index) => {
    const bar = el("i", { class: "much" }), value = el("td", { class: "value" });
    const track = el("td", { class: "over" }, el("div", {}, bar, el("i", { class: "zero", style: `left: ${story.zero}%` })));
    const color = swatch(model.palette[index]);
    model.onclasses.push(() => color.style.setProperty("--c", `rgb(${model.palette[index].join(" ")})`));
    return { node: el("tr", {}, el("th", { scope: "row" }, color, model.header.classes[index]), track, value), bar, value };
  });
  const head = el("thead", { class: "hidden" }, el("tr", {}, el("th", {}, "class"), el("td", {}, "bar"), el("th", {}, "gain in points of IoU")));
  const show = (cell) => {
    heading.textContent = cell.heading;
    rows.forEach(({ bar, value }, place) => {
      const { text, lost, start, width } = cell.rows[place];
      bar.classList.toggle("lost", lost);
      Object.assign(bar.style, { left: `${start ?? story.zero}%`, width: `${width ?? 0}%` });
      value.textContent = text;
    });
  };
  const unit = el("span", { class: "small" }, "points of ", term(story, "IoU"));
  return { node: el("div", {}, el("div", { class: "section" }, heading, unit), el("table", { class: "gains" }, head, el("tbody", {}, ...rows.map((row) => row.node)))), show };
}
