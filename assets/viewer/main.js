// The component's life: read the blob once, build the mode, redraw on resize, tell Python on release.
import { readBlob, readLayer, readPhoto } from "./blob.js";
import { buildFilmstrip } from "./filmstrip.js";
import { buildGrid } from "./grid.js";
import { listen } from "./keys.js";
import { setOpacity } from "./parts.js";
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
    load(model, header, parts).catch((error) => fail(model, error));
  }
  return model.cleanup;
}

function create(root) {
  const model = { root, painted: [], onclasses: [], shown: null, opacity: null, outline: null, swipe: 0.5, pixel: null, touched: false, epoch: undefined, urls: [] };
  model.draw = () => model.painted.forEach((painted) => painted.draw(model));
  let waiting = 0;
  model.report = () => {
    if (!model.header.report) return;
    clearTimeout(waiting); // several releases within a moment (keys) are one message
    waiting = setTimeout(() => model.send("view", model.header.mode === "filmstrip" ? { epoch: model.epoch }
      : { swipe: model.swipe, opacity: model.opacity, shown: [...model.shown].sort(), pixel: model.pixel }), 150);
  };
  let frame = 0;
  const observer = new ResizeObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => (model.relayout ? model.relayout() : model.draw()));
  });
  observer.observe(root);
  const deaf = listen(model);
  model.cleanup = () => {
    observer.disconnect();
    deaf();
    clearTimeout(waiting);
    release(model);
    MODELS.delete(root);
  };
  MODELS.set(root, model);
  return model;
}

async function load(model, header, parts) {
  model.header = header;
  model.shown ??= new Set([...header.classes.keys()].slice(1));
  model.outline ??= header.outline;
  const film = header.mode === "filmstrip";
  const described = film ? header.rows.flatMap((row) => row.frames) : header.layers;
  const photos = film ? [...new Set(described.map((f) => f.photo).filter((p) => p !== null))] : [header.photo];
  const [images, layers] = await Promise.all([
    Promise.all(photos.map((part) => readPhoto(parts[part]))),
    Promise.all(described.map((layer) => readLayer(layer, parts))),
  ]);
  if (model.digest !== header.digest) return; // a newer blob came while this one was read
  release(model);
  model.urls = [...images, ...layers.flatMap((layer) => layer.image ?? [])].map((image) => image.src);
  model.painted = [];
  model.onclasses = [];
  setOpacity(model, model.opacity ?? header.opacity);
  model.root.classList.toggle("plain", !model.outline);
  if (film) {
    described.forEach((frame, i) => (frame.layer = layers[i]));
    model.photos = new Map(photos.map((part, i) => [part, images[i]]));
    buildFilmstrip(model);
  } else {
    model.photo = images[0];
    model.layers = layers;
    model.truth = layers.find((layer) => layer.role === "truth") ?? null;
    (header.mode === "grid" ? buildGrid : buildSwipe)(model);
  }
  model.draw();
  model.root.dataset.ready = header.mode;
}

function release(model) {
  model.urls.forEach((url) => URL.revokeObjectURL(url));
  model.urls = [];
}

function fail(model, error) {
  const box = document.createElement("div");
  box.className = "failed";
  box.setAttribute("role", "alert");
  const fact = document.createElement("b");
  fact.textContent = "The pictures could not be drawn";
  const hint = document.createElement("p");
  hint.textContent = `${error.message || error}. Reload the page; if it stays so, try another browser.`;
  box.append(fact, hint);
  model.root.replaceChildren(box);
  model.root.dataset.ready = "failed";
}
