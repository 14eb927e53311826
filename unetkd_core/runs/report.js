// A run's page, alive: two readings of a scene left and right of a line, over the photo, at any epoch that was kept.
// Without this script the page shows the same pictures side by side. It fetches nothing.
"use strict";

const READ = new WeakMap(); // a picture -> its classes, one byte a pixel; 255 where the colour is none of Table I's

document.querySelectorAll("[data-classes]").forEach(live);

function live(section) {
  const classes = JSON.parse(section.dataset.classes); // [name, [r, g, b]] in the order of Table I
  const look = { shown: new Set([...classes.keys()].slice(1)), truth: false, epoch: 0 };
  const indexOf = new Map(classes.map(([, [r, g, b]], index) => [(r << 16) | (g << 8) | b, index]));
  const stages = [...section.querySelectorAll(".scene")].map((scene) => stage(scene, classes, indexOf));
  const draw = () => stages.forEach((each) => each.draw(look));
  stages.forEach((each) => each.scene.prepend(each.node));
  section.querySelector("h2").after(tools(section, classes, look, stages, draw));
  section.classList.add("live");
  draw();
}

// ---- one scene

function stage(scene, classes, indexOf) {
  const frames = [...scene.querySelectorAll("img[data-side]")], photo = scene.querySelector("img[data-photo]");
  const sides = scene.dataset.sides.split("|").map((side, i) => ({ side, place: ["left", "right"][i] }));
  const node = make("div", { class: "stage" });
  const shown = photo.cloneNode();
  node.append(shown);
  for (const one of sides) {
    one.canvas = make("canvas", { class: one.place, role: "img" });
    one.tag = make("span", { class: `tag ${one.place}` });
    node.append(one.canvas);
  }
  const handle = make("div", { class: "line", role: "slider", tabindex: "0", "aria-label": `${sides[0].side} left, ${sides[1].side} right`, "aria-valuemin": "0", "aria-valuemax": "100" });
  node.append(...sides.map((one) => one.tag), handle);
  swipe(node, handle);
  return { scene, node, epochs: frames.map((frame) => Number(frame.dataset.epoch)), draw: (look) => sides.forEach((one) => paint(one, frames, look, classes, indexOf)) };
}

async function paint(one, frames, look, classes, indexOf) {
  const side = look.truth ? "truth" : one.side;
  const frame = nearest(frames.filter((each) => each.dataset.side === side), look.epoch);
  const ticket = (one.ticket = {}); // a picture that is decoded late must not overpaint a newer one
  const { pixels, width, height } = await labels(frame, indexOf);
  if (one.ticket !== ticket) return;
  const image = new ImageData(width, height), target = new Uint32Array(image.data.buffer);
  const words = classes.map(([, [r, g, b]], index) => (look.shown.has(index) ? ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0 : 0));
  for (let i = 0; i < pixels.length; i++) target[i] = words[pixels[i]] ?? 0;
  Object.assign(one.canvas, { width, height });
  one.canvas.getContext("2d").putImageData(image, 0, 0);
  const said = side === "truth" ? "true label" : `${side}, epoch ${frame.dataset.epoch}`;
  one.tag.textContent = said;
  one.canvas.setAttribute("aria-label", said);
}

// Of a side's pictures that of the epoch, or the last before it; the truth has one for all.
function nearest(frames, epoch) {
  const before = frames.filter((frame) => Number(frame.dataset.epoch) <= epoch);
  return before.length ? before.reduce((a, b) => (Number(b.dataset.epoch) > Number(a.dataset.epoch) ? b : a)) : frames[0];
}

function labels(frame, indexOf) {
  if (!READ.has(frame)) READ.set(frame, frame.decode().then(() => classesOf(frame, indexOf)));
  return READ.get(frame);
}

function classesOf(frame, indexOf) {
  const width = frame.naturalWidth, height = frame.naturalHeight, canvas = make("canvas", {});
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(frame, 0, 0);
  const { data } = context.getImageData(0, 0, width, height), pixels = new Uint8Array(width * height);
  for (let i = 0; i < pixels.length; i++) pixels[i] = indexOf.get((data[4 * i] << 16) | (data[4 * i + 1] << 8) | data[4 * i + 2]) ?? 255;
  return { pixels, width, height };
}

function swipe(node, handle) {
  let at = 0.5;
  const place = (share) => {
    at = Math.min(1, Math.max(0, share));
    node.style.setProperty("--x", `${100 * at}%`);
    handle.setAttribute("aria-valuenow", String(Math.round(100 * at)));
  };
  const follow = (event) => {
    const box = node.getBoundingClientRect();
    place((event.clientX - box.left) / box.width);
  };
  node.onpointerdown = (event) => {
    if (event.button !== 0) return;
    node.setPointerCapture(event.pointerId);
    follow(event);
    handle.focus({ preventScroll: true });
    event.preventDefault();
  };
  node.onpointermove = (event) => node.hasPointerCapture(event.pointerId) && follow(event);
  handle.onkeydown = (event) => {
    const steps = { ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02 };
    if (event.key === "Home") place(0);
    else if (event.key === "End") place(1);
    else if (event.key in steps) place(at + steps[event.key] * (event.shiftKey ? 5 : 1));
    else return;
    event.preventDefault();
  };
  place(at);
}

// ---- what moves all scenes

function tools(section, classes, look, stages, draw) {
  const epochs = [...new Set(stages.flatMap((each) => each.epochs).filter((epoch) => epoch >= 0))].sort((a, b) => a - b);
  look.epoch = epochs.at(-1);
  const bar = make("div", { class: "tools" });
  if (epochs.length > 1) {
    bar.append(range("Epoch", epochs.length - 1, epochs.length - 1, (value) => {
      look.epoch = epochs[value];
      draw();
      return String(look.epoch);
    }));
  }
  bar.append(range("Opacity", 100, 60, (value) => {
    section.style.setProperty("--opacity", String(value / 100));
    return `${value} %`;
  }));
  bar.append(pressed("True label", false, (on) => {
    look.truth = on;
    draw();
  }));
  for (const [index, [name, color]] of classes.entries()) {
    const button = pressed(name, look.shown.has(index), (on) => {
      look.shown[on ? "add" : "delete"](index);
      draw();
    });
    const swatch = make("span", { class: "swatch" });
    swatch.style.background = `rgb(${color.join(" ")})`;
    button.prepend(swatch);
    bar.append(button);
  }
  return bar;
}

function range(name, max, value, onmove) {
  const input = make("input", { type: "range", min: "0", max: String(max), step: "1", value: String(value), "aria-label": name });
  const output = make("output", {}), label = make("label", {});
  input.oninput = () => {
    output.textContent = onmove(input.valueAsNumber);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  label.append(name, input, output);
  input.oninput();
  return label;
}

function pressed(name, on, onchange) {
  const button = make("button", { type: "button", "aria-pressed": String(on) });
  button.append(name);
  button.onclick = () => {
    on = !on;
    button.setAttribute("aria-pressed", String(on));
    onchange(on);
  };
  return button;
}

function make(tag, attributes) {
  const node = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
  return node;
}
