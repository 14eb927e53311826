// What is shown as a PNG at the size that the photo was sent at, which is its own up to 2048 pixels (pages/ui/blob.py): exact
// class colours, whatever the size on the screen.
import { OVER, isDeep, shade } from "./painted.js";
import { el } from "./parts.js";
import { paintLines, sheet } from "./paint.js";

// `layer`: one picture of a grid; none: what lies left and right of the line.
export function saveButton(model, layer) {
  const { width, height } = sizeOf(model), title = `Save ${layer ? `${layer.title} ` : ""}as PNG, ${width} × ${height} pixels`;
  const button = el("button", { type: "button", class: "save", "aria-label": title, title, onclick: () => savePicture(model, layer) });
  button.innerHTML = '<svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true"><path d="M7 1v8M3.5 6 7 9.5 10.5 6M1.5 12.5h11" fill="none" stroke="currentColor" stroke-width="1.5"/></svg>';
  return button;
}

async function savePicture(model, layer) {
  const { width, height } = sizeOf(model), { name, canvas } = layer ? { name: fileName(layer), canvas: drawn(model, layer) } : swiped(model);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const link = el("a", { href: URL.createObjectURL(blob), download: `${name}_${model.view}_${width}x${height}.png` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const sizeOf = ({ photo }) => ({ width: photo.naturalWidth, height: photo.naturalHeight });

// Who it is, as a part of a file's name: several teachers are several files.
const fileName = ({ title, detail, role }) => `${title} ${detail ?? ""}`.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || role;

function canvasOf(width, height) {
  const canvas = el("canvas", {});
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

// One layer over its photo, as the screen shows it.
function drawn(model, layer) {
  const { width, height } = sizeOf(model), canvas = canvasOf(width, height), context = canvas.getContext("2d");
  context.drawImage(model.photo, 0, 0, width, height);
  const over = !isDeep(layer) || OVER.has(model.view);
  if (!over) dim(context, width, height);
  const above = canvasOf(width, height), { image, pixels } = sheet(above, width, height), { labels } = shade(model, layer, pixels, width, height);
  above.getContext("2d").putImageData(image, 0, 0);
  context.globalAlpha = over ? model.opacity : 1;
  context.drawImage(above, 0, 0);
  if (labels && (model.outline || model.hatch)) {
    context.globalAlpha = 0.59;
    paintLines(above, labels, width, height, model, 1);
    context.drawImage(above, 0, 0);
  }
  return canvas;
}

function swiped(model) {
  const [left, right] = model.sides.map((layer) => drawn(model, layer)), at = Math.round(left.width * model.swipe);
  if (at < left.width) left.getContext("2d").drawImage(right, at, 0, left.width - at, left.height, at, 0, left.width - at, left.height);
  return { name: model.sides.map(fileName).join("_"), canvas: left };
}

// The photo under quantities: 0.55 of its grey, plus 18 (LOOK).
function dim(context, width, height) {
  const image = context.getImageData(0, 0, width, height), { data } = image;
  for (let i = 0; i < data.length; i += 4) data[i] = data[i + 1] = data[i + 2] = 0.55 * (0.2126 * data[i] + 0.7152 * data[i + 1] + 0.0722 * data[i + 2]) + 18;
  context.putImageData(image, 0, 0);
}
