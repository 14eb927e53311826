// The pieces that every mode is built from: elements, role markers, swatches, legend, opacity, control strip.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node[name] = value;
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

// A key that is the browser's own: Alt and an arrow go back.
export function chorded(event) {
  return event.altKey || event.ctrlKey || event.metaKey;
}

const SHAPES = {
  teacher: '<rect x="1" y="1" width="10" height="10" rx="1" fill="currentColor"/>',
  student: '<circle cx="6" cy="6" r="5.3" fill="currentColor"/>',
  twin: '<circle cx="6" cy="6" r="4.4" fill="none" stroke="currentColor" stroke-width="2"/>',
  ensemble: '<path d="M6 .8 11.6 11H.4Z" fill="currentColor"/>',
  truth: '<path d="M1.5 6.5 4.8 9.8 10.5 2.5" fill="none" stroke="currentColor" stroke-width="2"/>',
};

export function marker(role) {
  const span = el("span", { class: `marker ${role}`, "aria-hidden": "true" });
  span.innerHTML = SHAPES[role] ? `<svg width="11" height="11" viewBox="0 0 12 12">${SHAPES[role]}</svg>` : "";
  return span;
}

export const swatch = (color) => el("span", { class: "sw", style: `--c: rgb(${color.join(" ")})`, "aria-hidden": "true" });

export function toggle(name, on, change) {
  const button = el("button", { type: "button", class: "tog", "aria-pressed": String(on) }, name);
  button.onclick = () => {
    on = !on;
    button.setAttribute("aria-pressed", String(on));
    change(on);
  };
  return button;
}

// Classes as toggles, in Table I's order with the background last; off it is a hollow ring and no colour at all.
export function legend(model) {
  const order = [...model.header.classes.keys()].slice(1).concat(0);
  const buttons = order.map((index, place) => classToggle(model, index, place));
  model.order = order;
  return el("div", { class: "legend", role: "group", "aria-label": model.header.legend ?? "Classes shown" }, ...buttons);
}

// One class's toggle; `place` is its key, from 0.
export function classToggle(model, index, place) {
  const color = swatch(model.palette[index]);
  const button = el("button", { type: "button", class: "tog", "aria-keyshortcuts": String(place + 1),
    onclick: () => toggleClass(model, index), onfocus: (event) => event.target.matches(":focus-visible") && isolate(model, index), onblur: () => isolate(model, null),
    onpointerenter: (event) => event.pointerType === "mouse" && linger(model, index), onpointerleave: () => linger(model, null) }, color, model.header.classes[index]);
  const show = () => {
    button.setAttribute("aria-pressed", String(model.shown.has(index)));
    color.style.setProperty("--c", `rgb(${model.palette[index].join(" ")})`);
  };
  model.onclasses.push(show);
  show();
  return button;
}

// While a class is pointed at, or has the focus, it is shown alone. A pointer must rest for a moment: crossing the legend is not asking.
function linger(model, index) {
  clearTimeout(model.lingering);
  model.lingering = setTimeout(() => isolate(model, index), index === null ? 0 : 180);
}

function isolate(model, index) {
  if (model.only === index) return;
  model.only = index;
  model.root.classList.toggle("isolating", index !== null);
  model.draw();
}

export function toggleClass(model, index) {
  clearTimeout(model.lingering);
  model.only = null;
  if (model.shown.has(index)) model.shown.delete(index);
  else model.shown.add(index);
  model.onclasses.forEach((listener) => listener());
  model.draw();
  model.report();
}

export function setOpacity(model, opacity) {
  model.opacity = Math.min(1, Math.max(0, opacity));
  model.root.style.setProperty("--opacity", String(model.opacity));
}

// The truth over all pictures, for as long as T or the button is held.
export function showTruth(model, on) {
  model.root.classList.toggle("show-truth", on);
  model.root.querySelector(".hold")?.setAttribute("aria-pressed", String(on));
}

// What the key T does, for a finger, the pointer, Space and Enter.
export function truthHold(model) {
  if (!model.truth || model.layers.length === 1) return null; // nothing to lay it over
  const on = () => showTruth(model, true), off = () => showTruth(model, false);
  const button = el("button", { type: "button", class: "tog hold", "aria-pressed": "false", "aria-keyshortcuts": "T", onpointerup: off, onpointercancel: off, onlostpointercapture: off, onkeyup: off, onblur: off,
    oncontextmenu: (event) => event.preventDefault() }, el("span", {}, "hold", el("b", {}, " T"), ": the true label")); // a long press is no right click
  button.onpointerdown = (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    on();
  };
  button.onkeydown = (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    on();
  };
  return button;
}

// A word with its sentence under a dotted line, where the header has one. `below`: where there is no room above. quiet: not
// a stop of Tab, because the same word was one before.
export function defined(model, term, words, { below = false, quiet = false } = {}) {
  const title = model.header.terms?.[term];
  return title ? el("abbr", { class: below ? "dt down" : "dt", title, tabindex: quiet ? null : "0" }, words) : words;
}

export function strip(model) {
  if (!model.header.facts.length) return null;
  const facts = model.header.facts.map((fact) => {
    const label = fact.tip ? el("abbr", { class: "dt", title: fact.tip, tabindex: "0" }, fact.label) : el("span", {}, fact.label);
    const value = el("dd", { class: fact.role ? "chip" : "value" });
    if (fact.role) value.append(marker(fact.role));
    value.append(fact.value);
    if (fact.role && fact.note) value.append(el("span", { class: "m" }, fact.note));
    const note = !fact.role && fact.note ? el("dd", { class: "small" }, fact.note) : null;
    return el("div", { class: fact.role ? "fact teach" : "fact" }, el("dt", {}, label, fact.symbol ? el("em", {}, ` ${fact.symbol}`) : ""), value, note);
  });
  return el("div", { class: "strip" }, el("dl", {}, ...facts), model.header.show_opacity ? null : truthHold(model));
}
