// A slider with a dot where something really is: between dots it says which one is taken, on release it rests on it.
import { chorded, el } from "./parts.js";

const CATCH = 0.022; // of the track: so near to a dot, the thumb is drawn to it

// values: where the dots are, rising. place: value -> [0, 1]; value: its inverse; words: how a value in between is written.
// pick(n) while it moves and settle() when it rests hear which dot is taken. One value needs no slider.
export function knob({ name, symbol, tip, values, at, place, value, words, ends, pick, settle }) {
  const label = el("span", {}, el("abbr", { class: "dt", title: tip, tabindex: "0" }, name), el("em", {}, ` ${symbol}`));
  const taken = el("b", {}), between = el("span", { class: "small" }), top = el("span", { class: "top" }, label, el("span", { class: "value" }, between, taken));
  if (values.length === 1) {
    taken.textContent = String(values[0]);
    return { node: el("div", { class: "knob single" }, top) };
  }
  const places = values.map(place);
  const range = el("input", { type: "range", class: "dial", min: "0", max: "1000", step: "1", "aria-label": name });
  const dots = el("span", { class: "dots", "aria-hidden": "true" }, ...places.map((share) => el("i", { style: `left: ${100 * share}%` })));
  const nearest = (share) => places.reduce((best, one, n) => (Math.abs(one - share) < Math.abs(places[best] - share) ? n : best), 0);
  const show = (share) => {
    const n = nearest(share), on = share === places[n];
    range.value = String(Math.round(1000 * share));
    range.style.setProperty("--done", `calc(8px + ${share} * (100% - 16px))`);
    [...dots.children].forEach((dot, i) => (dot.className = places[i] < share ? "passed" : places[i] === share ? "under" : "")); // the thumb covers its own
    taken.textContent = String(values[n]);
    between.textContent = on ? "" : `nearest to ${words(value(share))}:`;
    range.setAttribute("aria-valuetext", on ? `${name} ${values[n]}, a student was trained here` : `${name} ${words(value(share))}; the nearest student was trained at ${values[n]}`);
    return n;
  };
  const rest = (n) => {
    show(places[n]);
    pick(n);
    settle();
  };
  range.oninput = () => {
    const share = range.valueAsNumber / 1000, near = places[nearest(share)];
    pick(show(Math.abs(near - share) < CATCH ? near : share));
  };
  range.onchange = () => rest(nearest(range.valueAsNumber / 1000));
  range.onkeydown = (event) => { // from dot to dot
    const n = nearest(range.valueAsNumber / 1000), last = values.length - 1;
    const to = { ArrowLeft: n - 1, ArrowDown: n - 1, PageDown: n - 1, ArrowRight: n + 1, ArrowUp: n + 1, PageUp: n + 1, Home: 0, End: last }[event.key];
    if (to === undefined || chorded(event)) return;
    event.preventDefault();
    rest(Math.min(last, Math.max(0, to)));
  };
  show(places[at]);
  const notes = el("span", { class: "ends small", "aria-hidden": "true" }, ...ends.map((end) => el("span", {}, end)));
  return { node: el("div", { class: "knob" }, top, el("span", { class: "track" }, range, dots), notes) };
}
