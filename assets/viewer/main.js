// The component's life: read the blob once, build the mode, redraw on resize, tell Python on release.
import { readBlob, readLayer, readPhoto } from "./blob.js";
import { buildFilmstrip } from "./filmstrip.js";
import { canShow } from "./controls.js";
import { buildGrid } from "./grid.js";
import { listen } from "./keys.js";
import { recallLooks, wearLines, wearPalette } from "./looks.js";
import { listenDensity, listenOutside, tellClasses } from "./outside.js";
import { TEMPERED, isDeep } from "./painted.js";
import { el, setOpacity } from "./parts.js";
import { buildProbe, probeTold } from "./probe.js";
import { buildSimplex } from "./simplex.js";
import { buildStory } from "./story.js";
import { buildSwipe } from "./swipe.js";

const MODELS = new WeakMap(); // .ukd element -> model; Streamlit calls the default export on every rerun and theme change

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  const root = parentElement.querySelector(".ukd");
  if (!root || !data) return undefined;
  const model = MODELS.get(root) ?? create(root);
  model.send = setStateValue;
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  const { header, parts } = readBlob(bytes);
  if (header.digest !== model.digest) {
    model.digest = header.digest;
    receive(model, header, parts);
  }
  return model.cleanup;
}

function create(root) {
  const model = { root, painted: [], networks: [], onclasses: [], onview: [], onprobe: [], ondrawn: [], shown: null, only: null, opacity: null, outline: null, ...recallLooks(), loupe: false, numbers: false,
    zoom: 1, sharp: 1, busy: false, view: null, asked: null, temperature: null, mode: null, sides: null, against: null, held: false, late: null, swipe: null, pixel: null, kept: null, pinned: false, news: null, touched: false, epoch: undefined, urls: [] };
  model.draw = () => {
    model.painted.forEach((painted) => painted.draw(model));
    model.ondrawn.forEach((listener) => listener());
  };
  let next = 0;
  model.redraw = () => { // at most once a frame, however often the pointer moves
    cancelAnimationFrame(next);
    next = requestAnimationFrame(() => {
      model.draw();
      model.probed?.();
    });
  };
  model.warm = () => (TEMPERED.has(model.view) ? model.redraw() : model.probed?.()); // the temperature moved
  model.rebuild = () => {
    build(model);
    model.draw();
  };
  let waiting = 0;
  model.report = () => {
    if (!model.header.report) return;
    clearTimeout(waiting); // several releases within a moment (keys) are one message
    waiting = setTimeout(() => model.send("view", told(model)), 150);
  };
  let frame = 0;
  const lie = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => (model.relayout ? model.relayout() : model.draw()));
  };
  const observer = new ResizeObserver(lie);
  observer.observe(root);
  const deaf = [listen(model), listenOutside(model), listenDensity(lie)];
  model.fail = (error) => fail(model, error);
  model.cleanup = () => {
    observer.disconnect();
    deaf.forEach((end) => end());
    clearTimeout(waiting);
    release(model.urls);
    MODELS.delete(root);
  };
  MODELS.set(root, model);
  return model;
}

// What Python hears on release.
function told(model) {
  if (model.header.mode === "filmstrip") return { epoch: model.epoch };
  if (model.header.mode === "probe") return probeTold(model);
  const { swipe, opacity, view, temperature, mode: arrangement } = model, mix = model.networks.find((layer) => layer.mix)?.mix;
  const sides = arrangement === "swipe" ? model.sides.map((side) => drawnOf(model.layers).indexOf(side)) : null;
  return { news: model.news, swipe, arrangement, sides, opacity, shown: [...model.shown].sort(), pixel: model.kept, view, temperature, weights: mix ? [...mix.weights] : null,
    against: model.against ? model.networks.indexOf(model.against) : null };
}

// How it is looked at comes from Python when it has news (an address); otherwise it is the browser's.
function adoptView(model, header) {
  if (header.news === model.news) return;
  Object.assign(model, { news: header.news, shown: new Set(header.shown ?? [...header.classes.keys()].slice(1)), swipe: header.swipe ?? 0.5, temperature: header.temperature ?? 1,
    pixel: header.pixel ?? null, kept: header.pixel ?? null, pinned: Boolean(header.pixel), asked: header.view, mode: null, sides: null, opacity: header.opacity });
}

// What a blob's reading comes to; an older one that fails late must not take a newer picture away.
const receive = (model, header, parts) => load(model, header, parts).catch((error) => model.digest === header.digest && model.fail(error));

async function load(model, header, parts) {
  if (model.held) { // a drag must not lose what it moves: its mode calls `late` when it is let go
    model.late = () => receive(model, header, parts);
    return;
  }
  model.late = null;
  model.header = header;
  const film = header.mode === "filmstrip";
  const described = film ? header.rows.flatMap((row) => row.frames) : header.layers;
  const photos = film ? [...new Set(described.map((f) => f.photo).filter((p) => p !== null))] : [header.photo];
  model.fresh = null; // the photo that stays, should the rest fail
  const images = await Promise.all(photos.map((part) => readPhoto(parts[part])));
  const urls = images.map((image) => image.src), news = () => model.digest === header.digest;
  if (news() && !film) announce(model, images[0], header);
  const layers = await Promise.all(described.map((layer) => (header.story && layer.hidden ? { ...layer } : readLayer(layer, parts)))); // a story reads the others later
  urls.push(...layers.flatMap((layer) => layer.image ?? []).map((image) => image.src));
  if (!news()) return release(urls); // a newer blob came while this one was read
  if (model.held) {
    release(urls);
    return load(model, header, parts);
  }
  release(model.urls);
  Object.assign(model, { urls, painted: [], onclasses: [], ondrawn: [], outline: model.outline ?? header.outline });
  wearPalette(model);
  adoptView(model, header);
  setOpacity(model, model.opacity);
  wearLines(model);
  if (film) {
    described.forEach((frame, i) => (frame.layer = layers[i]));
    model.photos = new Map(photos.map((part, i) => [part, images[i]]));
    buildFilmstrip(model);
  } else {
    model.photo = images[0];
    model.parts = parts;
    place(model, layers);
    build(model);
  }
  model.draw();
  model.root.dataset.ready = header.mode;
}

// Who is who among the layers; a mix gets its members themselves for their places.
function place(model, layers) {
  for (const { mix } of layers) if (mix) Object.assign(mix, { members: mix.members.map((index) => layers[index]), version: 1 });
  model.everyone = layers;
  model.layers = layers.filter((layer) => !layer.hidden);
  model.truth = layers.find((layer) => layer.role === "truth" && layer.labels) ?? null;
  model.networks = model.layers.filter(isDeep);
  const { header } = model;
  model.mode ??= header.mode === "grid" ? header.arrangement : header.mode;
  const before = (side) => model.layers.find((layer) => layer.role === side.role && layer.title === side.title);
  model.sides = model.sides?.every(before) ? model.sides.map(before) : sidesOf(model);
  if (model.sides.length < 2 && header.mode === "grid") model.mode = "grid"; // one alone has nobody to lie beside
  model.against = model.against && before(model.against);
  const views = new Set(["labels", ...(header.views ?? [])]);
  model.view = [model.asked, header.view].find((view) => views.has(view) && canShow(model, view)) ?? "labels";
}

const drawnOf = (layers) => layers.filter((layer) => layer.role !== "truth" && !layer.plate);

// For a swipe: those that were asked for; else twin and student where both are here, else the first two.
function sidesOf({ header, layers }) {
  const drawn = drawnOf(layers), asked = header.sides?.map((index) => drawn[index]);
  if (asked?.every(Boolean) && asked[0] !== asked[1]) return asked;
  const pair = ["twin", "student"].map((role) => drawn.find((layer) => layer.role === role));
  return header.mode === "swipe" || pair.some((layer) => !layer) ? drawn.slice(0, 2) : pair;
}

function build(model) {
  Object.assign(model, { painted: [], onclasses: [], onview: [], onprobe: [], ondrawn: [], probed: null, live: null });
  model.root.dataset.view = model.view;
  ({ grid: buildGrid, probe: buildProbe, simplex: buildSimplex, story: buildStory }[model.mode] ?? buildSwipe)(model);
  model.onclasses.push(() => tellClasses(model));
  tellClasses(model);
}

const release = (urls) => urls.forEach((url) => URL.revokeObjectURL(url));

const COUNTS = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven"];

// The photo at once, under the skeleton's light, and what is still being read.
function announce(model, photo, header) {
  model.fresh = photo;
  const skeleton = model.root.querySelector(":scope > .skeleton");
  if (!skeleton) return; // the pictures before stay until the next are there
  const sizes = header.layers.filter((layer) => !layer.hidden).map(({ part, logits }) => header.parts[part ?? logits?.part]?.[1]).filter(Boolean), count = sizes.length;
  const said = `${COUNTS[count] ?? count} layer${count === 1 ? "" : "s"}, ${(sizes.reduce((sum, size) => sum + size, 0) / 1e6).toFixed(1)} MB`;
  skeleton.append(photo, count ? el("span", { class: "chip onpic" }, said) : "");
}

// One plain sentence in place of the pictures, under it the photo where that could be read; the cause is for the console.
function fail(model, error) {
  console.error(error);
  const { fresh: photo, header } = model, hint = photo ? "The photo is all that could be read. " : "";
  const box = el("div", { class: "failed", role: "alert" }, el("b", {}, "The pictures could not be drawn"), el("p", {}, `${hint}Reload the page; if it stays so, try another browser.`));
  const left = photo ? el("div", { class: "pic", style: `aspect-ratio: ${header.width} / ${header.height}` }, photo) : null;
  model.root.replaceChildren(box, left ?? "");
  model.painted = [];
  model.relayout = null;
  model.root.dataset.ready = "failed";
}
