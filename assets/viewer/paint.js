// Label maps onto canvases: exact palette colours, nearest neighbour, and hairlines where two classes meet.
// Opacity is the canvas's CSS opacity, so that its own pixels are always fully on palette or fully clear.

// 256 entries, ABGR as a little-endian canvas wants them; 0 is clear: classes that are off, void and unlabelled.
// `only`: the one class that is shown while it is pointed at.
export function colorTable({ palette, shown, only }) {
  const colors = new Uint32Array(256);
  palette.forEach(([r, g, b], i) => {
    if (only === null ? shown.has(i) : only === i) colors[i] = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
  return colors;
}

export function colored(labels, out, colors) {
  for (let i = 0; i < out.length; i++) out[i] = colors[labels[i]];
}

// Canvas pixels for a picture that is `css` pixels wide: the screen's own, so that nothing scales the labels after us; of
// one that is zoomed, `sharp` times as many.
export function canvasSize(layer, css, dpr, sharp) {
  const width = Math.max(1, Math.round(css * dpr)) * sharp;
  return { width, height: Math.max(1, Math.round((width * layer.height) / layer.width)), line: Math.max(1, Math.round(dpr)) };
}

// A finished label map at another size, by picking pixels: all stay classes. Two sizes are kept.
export function scaleLabels(layer, width, height) {
  if (layer.width === width && layer.height === height) return layer.labels;
  const kept = (layer.scaled ??= new Map()), key = `${width}x${height}`;
  if (kept.has(key)) return kept.get(key);
  const columns = new Int32Array(width);
  for (let x = 0; x < width; x++) columns[x] = Math.floor(((x + 0.5) * layer.width) / width);
  const labels = new Uint8Array(width * height);
  for (let y = 0, out = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * layer.height) / height) * layer.width;
    for (let x = 0; x < width; x++) labels[out++] = layer.labels[row + columns[x]];
  }
  if (kept.size > 1) kept.delete(kept.keys().next().value);
  kept.set(key, labels);
  return labels;
}

// Each class's own hatching, besides its colour: whether a canvas pixel, in units of the line's width, is a stripe.
const HATCHING = [
  (x, y) => x % 6 === 0 && y % 6 === 0, // background: dots, far apart
  (x, y) => y % 6 === 0, // road: lines across
  (x, y) => (x + y) % 6 === 0, // road markings and sidewalk: rising
  (x, y) => (x - y + 6e6) % 6 === 0, // vehicle: falling
  (x) => x % 4 === 0, // posts: upright
  (x, y) => (x + y) % 6 === 0 || (x - y + 6e6) % 6 === 0, // person: crossed
];

// White, `line` canvas pixels wide, wherever the class changes and at least one of the two is shown; and the hatching.
export function paintLines(canvas, labels, width, height, model, line) {
  const { image, pixels } = sheet(canvas, width, height), shown = colorTable(model), { outline, hatch } = model;
  pixels.fill(0);
  for (let y = 0; y < height; y++) {
    const below = y + line < height ? line * width : 0, row = Math.floor(y / line);
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const here = labels[i];
      if (outline) {
        const right = labels[x + line < width ? i + line : i], under = labels[i + below];
        if ((here !== right && (shown[here] || shown[right])) || (here !== under && (shown[here] || shown[under]))) pixels[i] = 0xffffffff;
      }
      if (hatch && shown[here] && HATCHING[here]?.(Math.floor(x / line), row)) pixels[i] = 0xffffffff;
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// A canvas's own pixels at a size, kept from one drawing to the next: { image, pixels } over the same memory.
export function sheet(canvas, width, height) {
  if (canvas.width !== width || canvas.height !== height || !canvas.sheet) {
    canvas.width = width;
    canvas.height = height;
    const image = new ImageData(width, height);
    canvas.sheet = { image, pixels: new Uint32Array(image.data.buffer) };
  }
  return canvas.sheet;
}
