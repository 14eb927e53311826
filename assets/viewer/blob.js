// One bytes blob from Python (pages/ui/blob.py): a JSON header and the parts it names.

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

// A layer as the painter wants it: labels, one byte a pixel. Layers of logits will come in here as another kind.
export async function readLayer(described, parts) {
  const labels = await inflate(parts[described.part]);
  if (labels.length !== described.width * described.height) {
    throw new Error(`a label map has ${labels.length} pixels; ${described.width} × ${described.height} were announced`);
  }
  return { ...described, labels, scaled: null };
}

export function readPhoto(bytes) {
  const image = new Image();
  image.alt = "";
  image.src = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" })); // the caller revokes it
  return image.decode().then(() => image);
}
