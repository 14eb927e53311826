// Soft targets, one pixel's story: a street with a ring, and everything that follows from six logits of two networks there.
// Nothing here waits for the server; Python hears of T, α, T², the direction and the pixel on release.
import { looks } from "./looks.js";
import { el, truthHold } from "./parts.js";
import { probability } from "./pointing.js";
import { probeScene } from "./probe_scene.js";
import { softBars } from "./soft_bars.js";
import { softChart, softDirections } from "./soft_chart.js";
import { softBar } from "./soft_dials.js";
import { softFormula } from "./soft_formula.js";
import { readingAt } from "./soft_reading.js";
import { softGradients, softShares } from "./soft_split.js";
import { answerTo } from "./soft_words.js";

export function buildProbe(model) {
  adoptStart(model);
  const [teacher, student] = ["teacher", "student"].map((role) => model.layers.find((layer) => layer.role === role));
  const answer = el("p", { class: "answer" }), live = el("div", { class: "hidden", "aria-live": "polite" });
  Object.assign(model, { onsoft: [], pair: { teacher, student }, reading: null });
  model.soften = softener(model);
  const bar = softBar(model);
  if (!teacher || !student) {
    model.root.replaceChildren(el("div", { class: "soft" }, answer, bar, waitingScene(model)));
    answer.textContent = model.header.waiting;
    model.soften("dial");
    return;
  }
  moves(model, live);
  const sentence = el("span", {}), dark = el("span", {}, " That is its ", el("abbr", { class: "dt down", title: model.header.tips.dark, tabindex: "0" }, "dark knowledge"), ".");
  answer.append(sentence, dark);
  model.onsoft.push((reading) => {
    const [text, isDark] = answerTo(reading, model.temperature);
    sentence.textContent = text;
    dark.hidden = !isDark;
  });
  model.root.replaceChildren(el("div", { class: "soft" }, answer, bar, el("div", { class: "mid" }, probeScene(model), softBars(model)), el("div", { class: "looks" }, truthHold(model), ...looks(model)),
    softFormula(model), softShares(model), el("div", { class: "closer" }, softGradients(model), softChart(model), softDirections(model)), live));
  model.ondrawn.push(() => model.softenNow("pixel")); // the ring, the lens and what fits into a bar depend on the width
}

// Values come from Python when it has news (an address, another street); otherwise they are the browser's.
function adoptStart(model) {
  const { start } = model.header;
  if (start.token === model.token) return;
  Object.assign(model, { token: start.token, temperature: start.temperature, alpha: start.alpha, scaleByT2: start.scale_by_t2, direction: start.direction,
    pixel: start.pixel, kept: start.pixel, pinned: false, ownValues: false, lensSide: "right" });
}

// Everything once a frame at most, however fast the pointer is. why: "dial", and bars slide; "pixel", and they do not.
function softener(model) {
  let frame = 0;
  model.softenNow = (why) => {
    model.reading = model.pair.teacher && model.pair.student ? readingAt(model) : null;
    model.onsoft.forEach((listener) => listener(model.reading, why));
  };
  return (why) => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => model.softenNow(why));
  };
}

function moves(model, live) {
  const { width, height, classes } = model.header;
  model.moveTo = (x, y) => {
    model.pixel = [Math.min(width - 1, Math.max(0, x)), Math.min(height - 1, Math.max(0, y))];
    model.soften("pixel");
  };
  model.keep = () => {
    model.kept = model.pixel;
    model.softenNow("pixel");
    const { label, rank, at1 } = model.reading, says = (role) => `${role} ${classes[rank[role][0]]} ${probability(at1[role][rank[role][0]])}`;
    live.textContent = `Column ${model.pixel[0]}, row ${model.pixel[1]}: label ${label === null ? "none" : classes[label]}; ${says("teacher")}; ${says("student")}`;
    model.report();
  };
}

// The photo at once, while the networks are still asked.
function waitingScene(model) {
  const { width, height } = model.header;
  return el("div", { class: "mid" }, el("div", { class: "pic", style: `aspect-ratio: ${width} / ${height}` }, model.photo), el("div", { class: "skeleton soft-wait", role: "status", "aria-label": model.header.waiting }));
}

// What Python hears.
export const probeTold = ({ token, temperature, alpha, scaleByT2, direction, kept }) => ({ token, temperature, alpha, scale_by_t2: scaleByT2, direction, pixel: kept });
