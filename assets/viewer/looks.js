// For who cannot tell the hues apart: the safe palette, and hatching besides colour. Both are kept for the session, so that
// another scene, another arrangement or another page does not take them away.
import { toggle } from "./parts.js";

const LOOKS = "unetkd-looks";

// { safe, hatch }: what was chosen before in this session.
export function recallLooks() {
  let kept = null;
  try {
    kept = JSON.parse(sessionStorage.getItem(LOOKS));
  } catch { /* storage is forbidden: nothing was kept */ }
  return { safe: kept?.safe === true, hatch: kept?.hatch === true };
}

function keepLooks({ safe, hatch }) {
  try {
    sessionStorage.setItem(LOOKS, JSON.stringify({ safe, hatch }));
  } catch { /* storage is forbidden: it holds until the page is left */ }
}

// The palette follows from one flag, whatever was sent last.
export function wearPalette(model) {
  model.palette = (model.safe && model.header.other_palette) || model.header.palette;
}

// Without outlines and hatching there is no canvas of lines to be seen.
export const wearLines = (model) => model.root.classList.toggle("plain", !model.outline && !model.hatch);

// The two switches.
export function looks(model) {
  const hatch = toggle("hatching", model.hatch, (on) => {
    model.hatch = on;
    keepLooks(model);
    wearLines(model);
    model.draw();
  });
  hatch.title = "Every class has stripes of its own besides its colour";
  if (!model.header.other_palette) return [hatch];
  const safe = toggle("safe colours", model.safe, (on) => {
    model.safe = on;
    keepLooks(model);
    wearPalette(model);
    model.onclasses.forEach((listener) => listener());
    model.draw();
    model.probed?.();
  });
  safe.title = "Colours that are told apart by who sees red and green alike";
  return [hatch, safe];
}
