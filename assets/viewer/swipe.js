// Two layers left and right of a line that follows the pointer, the finger or the arrow keys.
import { captions, dials, tools } from "./controls.js";
import { numbersTable } from "./numbers.js";
import { isDeep, paintedLayer } from "./painted.js";
import { chorded, el, legend, marker, strip } from "./parts.js";
import { point, pointable } from "./pointing.js";
import { saveButton } from "./save.js";

const GRIP = '<svg width="18" height="12" viewBox="0 0 18 12" aria-hidden="true"><path d="M6 1 1 6l5 5M12 1l5 5-5 5" fill="none" stroke="currentColor" stroke-width="1.8"/></svg>';

export function buildSwipe(model) {
  const [left, right] = model.sides;
  const sides = [[left, "left"], [right, "right"]].map(([layer, side]) => {
    const painted = paintedLayer(layer), note = el("span", { class: "m" }, layer.note);
    model.painted.push(painted);
    const chip = el("div", { class: `chip onpic tag ${side}` }, marker(layer.role), layer.title, layer.note || isDeep(layer) ? note : null);
    return { side: el("div", { class: `side ${side}` }, painted.node, el("div", { class: `frame ${layer.role}` })), chip, painted, note: isDeep(layer) ? note : null, layer };
  });
  captions(model, sides);
  const handle = el("div", { class: "handle", role: "slider", tabindex: "0", "aria-label": `${left.title} left, ${right.title} right`, "aria-valuemin": "0", "aria-valuemax": "100" });
  handle.append(el("span", { class: "bar" }), el("span", { class: "grip" }));
  handle.lastChild.innerHTML = GRIP;
  const picture = el("div", { class: sides.some(({ layer }) => isDeep(layer)) ? "pic read" : "pic", style: `aspect-ratio: ${model.header.width} / ${model.header.height}` }, model.photo, ...sides.map((s) => s.side));
  if (model.truth) picture.append(truthOver(model));
  const probe = el("div", { class: "probe", role: "group", tabindex: "0", "aria-label": "Probe: arrow keys move it, Enter pins it, Escape frees it" });
  picture.append(...sides.map((s) => s.chip), handle, probe);
  const live = el("div", { class: "hidden", "aria-live": "polite" }), answers = sides.map(({ layer }) => ({ ...pointable(picture, layer), title: layer.title }));
  answers.forEach(({ answer, loupe }, i) => {
    answer.classList.toggle("leftmost", i === 0);
    loupe.hidden = i > 0; // both sides are one picture
  });
  picture.querySelectorAll(".ring").forEach((ring, i) => i && ring.remove());
  const place = (share) => {
    model.swipe = Math.min(1, Math.max(0, share));
    const whole = Math.round(100 * model.swipe);
    picture.style.setProperty("--x", `${100 * model.swipe}%`);
    handle.setAttribute("aria-valuenow", String(whole));
    handle.setAttribute("aria-valuetext", `${left.title} left, ${right.title} right, ${whole} percent`);
  };
  follow(picture, handle, place, model);
  place(model.swipe);
  nudge(picture, place, model);
  const bar = el("div", { class: "under" }, legend(model), el("span", { class: "small drag" }, "drag the line, or ← →"), isDeep(left) ? saveButton(model, null) : null);
  const story = model.mode === "story", numbers = model.networks.length && !story ? numbersTable(model) : null; // Home's T is another one
  model.root.replaceChildren(el("div", { class: "viewer" }, model.header.mode === "grid" ? null : picture, ...(model.header.mode === "grid" ? [tools(model), chooseSides(model), picture, bar] : [bar, tools(model)]), story ? null : dials(model, numbers), strip(model), numbers, live));
  point(model, picture, answers, { focus: probe, live, press: false });
}

// Of more than two networks, who lies left and who right.
function chooseSides(model) {
  if (model.networks.length < 3) return null;
  const menus = ["left", "right"].map((side, i) => {
    const menu = el("select", { class: "menu", "aria-label": `On the ${side}` }, ...model.networks.map((layer, n) => el("option", { value: String(n) }, layer.detail ? `${layer.title} ${layer.detail}` : layer.title)));
    menu.value = String(model.networks.indexOf(model.sides[i]));
    menu.onchange = () => {
      const wanted = model.networks[Number(menu.value)], other = model.sides[1 - i];
      model.sides = i ? [other === wanted ? model.sides[1] : other, wanted] : [wanted, other === wanted ? model.sides[0] : other];
      model.rebuild();
      model.report();
      model.root.querySelectorAll(".sides .menu")[i].focus();
    };
    return menu;
  });
  return el("div", { class: "sides" }, ...menus);
}

export function truthOver(model) {
  const painted = paintedLayer(model.truth);
  model.painted.push(painted);
  return el("div", { class: "truth-over" }, painted.node, el("div", { class: "chip onpic tag center" }, "True label"));
}

function follow(picture, handle, place, model) {
  const at = (event) => {
    const box = picture.getBoundingClientRect();
    place((event.clientX - box.left) / box.width);
  };
  const done = () => {
    if (!picture.classList.contains("dragging")) return;
    picture.classList.remove("dragging");
    model.report();
  };
  picture.onpointerdown = (event) => {
    if (event.button !== 0) return;
    model.touched = true;
    picture.setPointerCapture(event.pointerId);
    picture.classList.add("dragging");
    handle.focus({ preventScroll: true, focusVisible: false });
    at(event);
    event.preventDefault();
  };
  picture.onpointermove = (event) => picture.classList.contains("dragging") && at(event);
  picture.onpointerup = done;
  picture.onpointercancel = done;
  let moved = false;
  const steps = { ArrowLeft: -0.02, ArrowDown: -0.02, ArrowRight: 0.02, ArrowUp: 0.02 };
  handle.onkeydown = (event) => {
    if (chorded(event)) return;
    if (event.key === "Home") place(0);
    else if (event.key === "End") place(1);
    else if (event.key in steps) place(model.swipe + steps[event.key] * (event.shiftKey ? 5 : 1));
    else return;
    model.touched = moved = true;
    event.preventDefault();
  };
  const rest = () => { // also when the focus leaves while a key is down
    if (moved) model.report();
    moved = false;
  };
  handle.onkeyup = rest;
  handle.onblur = rest;
}

// Once per session the line moves 6 % and back, to say that it can be moved.
function nudge(picture, place, model) {
  const quiet = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  let seen = true;
  try {
    seen = sessionStorage.getItem("unetkd-nudged") === "1";
    sessionStorage.setItem("unetkd-nudged", "1");
  } catch { /* storage is forbidden: no nudge */ }
  if (quiet || seen) return;
  const from = model.swipe, start = performance.now() + 500;
  const step = (now) => {
    if (model.touched || !picture.isConnected) return;
    const t = Math.min(1, Math.max(0, (now - start) / 600));
    place(from + 0.06 * Math.sin(Math.PI * t));
    if (t < 1) requestAnimationFrame(step);
    else place(from);
  };
  requestAnimationFrame(step);
}
