// Home's story: the swiped street beside what teaching gained. T and α choose among students that were really trained;
// picture, sentence, line and bars follow the thumb without a message, and Python hears of it on release.
import { readLayer } from "./blob.js";
import { aloud, classesOf, lineOf, resultOf } from "./gained.js";
import { knob } from "./knob.js";
import { looks } from "./looks.js";
import { el, marker, truthHold } from "./parts.js";
import { buildSwipe } from "./swipe.js";

const READY = 4; // students whose pictures are kept as they were drawn: each is some megabytes at the screen's resolution

export function buildStory(model) {
  const { story } = model.header, { cells, temperatures, alphas } = story;
  const choose = wardrobe(model);
  choose(story.start);
  buildSwipe(model);
  const viewer = model.root.firstChild, note = viewer.querySelector(".tag.right .m"), pictured = el("span", {});
  const result = resultOf(story), line = lineOf(story), classes = classesOf(model, story), live = el("div", { class: "hidden", "aria-live": "polite" });
  const show = () => {
    const cell = cells[model.cell];
    for (const part of [result, line, classes]) part.show(cell);
    note.textContent = cell.seen;
    pictured.textContent = cell.pictured;
  };
  const at = { alpha: alphas.indexOf(cells[model.cell].alpha), temperature: temperatures.indexOf(cells[model.cell].temperature) };
  const pick = (axis) => (n) => {
    at[axis] = n;
    const number = at.alpha * temperatures.length + at.temperature;
    if (number === model.cell) return;
    choose(number);
    show();
    model.redraw(); // at the screen's resolution: there is a new picture at each dot only, not at each move
  };
  const settle = settling(model, story, live), last = temperatures.at(-1), span = Math.log(last / temperatures[0]);
  const knobs = [
    knob({ name: "Temperature", symbol: "T", tip: story.terms.temperature, values: temperatures, at: at.temperature, ends: ["sure answers", "softer answers"], pick: pick("temperature"), settle,
      place: (T) => Math.log(T / temperatures[0]) / span, value: (share) => temperatures[0] * Math.exp(share * span), words: (T) => T.toFixed(1) }),
    knob({ name: "Weight of the labels", symbol: "α", tip: story.terms.alpha, values: alphas, at: at.alpha, ends: ["trust the teacher", "trust the labels"], pick: pick("alpha"), settle,
      place: (alpha) => alpha, value: (share) => share, words: (alpha) => alpha.toFixed(2) }),
  ];
  const notes = el("div", { class: "small notes" }, el("span", {}, story.dots), pictured, el("div", { class: "looks" }, truthHold(model), ...looks(model)));
  viewer.append(el("div", { class: "knobs" }, taughtBy(story), ...knobs.map((one) => one.node), notes));
  show();
  model.root.replaceChildren(el("div", { class: "story" }, viewer, result.node, el("section", { class: "detail", "aria-label": "Class by class" }, line.node, classes.node), live));
  // On a phone the root itself has no box (story.css): the picture's is watched.
  new ResizeObserver(() => model.redraw()).observe(viewer);
}

// The student's layer puts on what the chosen student said; the twin is the same for all. `choose(number)` does not draw,
// but when somebody is chosen who was not read yet: all but the first pair are read once that is on the screen.
function wardrobe(model) {
  const stock = model.everyone.map((layer) => ({ ...layer, sampled: new Map(), read: layer.hidden ? null : layer }));
  const recent = [], student = (number) => stock[1 + number];
  const { parts, header } = model, lost = (error) => model.header === header && model.fail(error), need = async (one) => (one.read ??= await readLayer(one, parts));
  const wear = (layer, { read: { field, labels, width, height }, sampled, note }) => Object.assign(layer, { field, labels, width, height, sampled, note, scaled: null });
  const dress = (number) => {
    wear(model.sides[1], student(number));
    if (recent.includes(number)) recent.splice(recent.indexOf(number), 1);
    recent.push(number);
    if (recent.length > READY) student(recent.shift()).sampled.clear();
  };
  const later = async () => {
    for (const one of stock) {
      await new Promise((done) => setTimeout(done, 0));
      if (model.root.isConnected) await need(one);
    }
  };
  requestAnimationFrame(() => setTimeout(() => later().catch(lost), 0));
  model.cell = null;
  return (number) => {
    model.cell = number;
    if (student(number).read) dress(number);
    else need(student(number)).then(() => {
      if (model.cell !== number) return;
      dress(number);
      model.redraw();
    }, lost);
  };
}

// When a slider rests: the sentence aloud, and T and α to Python.
function settling(model, story, live) {
  let told = story.start, waiting = 0;
  return () => {
    const rested = model.cell, cell = story.cells[rested]; // the other slider may be moving when the message goes
    live.textContent = aloud(story, cell);
    clearTimeout(waiting); // several releases within a moment (keys) are one message
    waiting = setTimeout(() => {
      if (told === rested || !model.root.isConnected) return;
      told = rested;
      model.send("cell", { token: story.token, temperature: cell.temperature, alpha: cell.alpha });
    }, 150);
  };
}

function taughtBy(story) {
  const label = el("span", {}, "Its ", el("abbr", { class: "dt", title: story.terms.teacher, tabindex: "0" }, "teacher"));
  const chip = el("span", { class: "chip" }, marker("teacher"), story.teacher.title, el("span", { class: "m" }, story.teacher.note));
  return el("div", { class: "taught" }, label, chip);
}
