// The magnifier: 13 × 13 pixels around the probe, each a square, with the photo beneath and the true label's edge dashed.
import { pick } from "./figures.js";

const SIDE = 13, SQUARE = 10;

export function drawLoupe(model, { picture, loupe }) {
  const { width, height } = model.header, [x, y] = model.pixel, half = SIDE >> 1, full = SIDE * SQUARE;
  const left = Math.min(width - SIDE, Math.max(0, x - half)), top = Math.min(height - SIDE, Math.max(0, y - half));
  loupe.width = loupe.height = full;
  loupe.classList.toggle("left", x > width / 2); // never over what it magnifies
  const context = loupe.getContext("2d");
  context.imageSmoothingEnabled = false;
  const crop = (source, sourceWidth, sourceHeight) => {
    const sx = sourceWidth / width, sy = sourceHeight / height;
    context.drawImage(source, left * sx, top * sy, SIDE * sx, SIDE * sy, 0, 0, full, full);
  };
  const photo = picture.querySelector("img"), side = x + 0.5 < model.swipe * width ? "left" : "right";
  const fill = picture.querySelector(`:scope > .painted > .fill, :scope > .side.${side} .fill`);
  crop(photo, photo.naturalWidth, photo.naturalHeight);
  if (fill && fill.width > 1) {
    context.globalAlpha = Number(getComputedStyle(fill).opacity);
    crop(fill, fill.width, fill.height);
    context.globalAlpha = 1;
  }
  if (model.truth) labelEdge(context, model, left, top);
  context.strokeStyle = "#fff";
  context.lineWidth = 2;
  context.strokeRect((x - left) * SQUARE, (y - top) * SQUARE, SQUARE, SQUARE);
}

function labelEdge(context, model, left, top) {
  const at = (column, row) => pick(model, model.truth, model.truth.labels, left + column, top + row);
  context.beginPath();
  for (let row = 0; row < SIDE; row++)
    for (let column = 0; column < SIDE; column++) {
      const here = at(column, row), x = column * SQUARE, y = row * SQUARE;
      if (column + 1 < SIDE && at(column + 1, row) !== here) (context.moveTo(x + SQUARE, y), context.lineTo(x + SQUARE, y + SQUARE));
      if (row + 1 < SIDE && at(column, row + 1) !== here) (context.moveTo(x, y + SQUARE), context.lineTo(x + SQUARE, y + SQUARE));
    }
  context.setLineDash([3, 2]);
  context.strokeStyle = "#fff";
  context.lineWidth = 1.5;
  context.stroke();
  context.setLineDash([]);
}
