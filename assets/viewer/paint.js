// Label maps onto canvases: exact palette colours, nearest neighbour, and hairlines where two classes meet.
// Opacity is the canvas's CSS opacity, so that its own pixels are always fully on palette or fully clear.

// 256 entries, ABGR as a little-endian canvas wants them; 0 is clear: classes that are off, void and unlabelled.
export function colorTable(palette, shown) {
  const table = new Uint32Array(256);
  palette.forEach(([r, g, b], i) => {
    if (shown.has(i)) table[i] = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
  return table;
}

// Canvas pixels for a picture that is `css` pixels wide: the screen's own, so that nothing scales the labels after us.
export function canvasSize(layer, css, dpr) {
  const width = Math.max(1, Math.round(css * dpr));
  return { width, height: Math.max(1, Math.round((width * layer.height) / layer.width)), line: Math.max(1, Math.round(dpr)) };
}

export function scaleLabels(layer, width, height) {
  if (layer.scaled && layer.scaled.width === width && layer.scaled.height === height) return layer.scaled.labels;
  const columns = new Int32Array(width);
  for (let x = 0; x < width; x++) columns[x] = Math.floor(((x + 0.5) * layer.width) / width);
  const labels = new Uint8Array(width * height);
  for (let y = 0, out = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * layer.height) / height) * layer.width;
    for (let x = 0; x < width; x++) labels[out++] = layer.labels[row + columns[x]];
  }
  layer.scaled = { width, height, labels };
  return labels;
}

export function paintFill(canvas, labels, width, height, table) {
  const pixels = new Uint32Array(width * height);
  for (let i = 0; i < pixels.length; i++) pixels[i] = table[labels[i]];
  put(canvas, pixels, width, height);
}

// White, `line` canvas pixels wide, wherever the class changes and at least one of the two is shown.
export function paintLines(canvas, labels, width, height, table, line) {
  const pixels = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    const below = y + line < height ? line * width : 0;
    for (let x = 0, i = y * width; x < width; x++, i++) {
      const here = labels[i], right = labels[x + line < width ? i + line : i], under = labels[i + below];
      const meets = (here !== right && (table[here] || table[right])) || (here !== under && (table[here] || table[under]));
      if (meets) pixels[i] = 0xffffffff;
    }
  }
  put(canvas, pixels, width, height);
}

function put(canvas, pixels, width, height) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height), 0, 0);
}
