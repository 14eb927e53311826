// One bytes blob from Python (pages/ui/blob.py): a JSON header and the parts it names.
import { readField } from "./field.js";

export function readBlob(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const body = bytes.subarray(4 + length);
  return { header, parts: header.parts.map(([start, size]) => body.subarray(start, start + size)) };
}

export async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// A layer as the painter and the probe want it: labels, one byte a pixel; a field of logits; a picture of its own; a quantity in tenths.
export async function readLayer(described, parts) {
  const layer = { ...described, scaled: null };
  if ("picture" in described) layer.image = await readPhoto(parts[described.picture]);
  if (described.logits) layer.field = readField(await inflate(parts[described.logits.part]), described.logits);
  if ("part" in described) layer.labels = announced(await inflate(parts[described.part]), described);
  if (described.quantity) {
    const tenths = new Uint16Array((await inflate(parts[described.quantity.part])).buffer);
    layer.quantity = { ...described.quantity, tenths: announced(tenths, described.quantity) };
  }
  return layer;
}

function announced(pixels, { width, height }) {
  if (pixels.length === width * height) return pixels;
  throw new Error(`a label map has ${pixels.length} pixels; ${width} × ${height} were announced`);
}

export function readPhoto(bytes) {
  const image = new Image();
  image.alt = "";
  image.src = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" })); // the caller revokes it
  return image.decode().then(() => image);
}
