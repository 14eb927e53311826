// Keys of the whole viewer: 1-6 toggle classes, L E N D choose a view, + - 0 zoom, holding T shows the truth. Nothing fires while a text field has focus.
import { keyedView, setView } from "./controls.js";
import { chorded, showTruth, toggleClass } from "./parts.js";

function focused() {
  let node = document.activeElement;
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  return node;
}

const typing = (node) => Boolean(node && (node.isContentEditable || /^(TEXTAREA|SELECT)$/.test(node.tagName) || (node.tagName === "INPUT" && node.type !== "range")));

export function listen(model) {
  const ours = () => { // of several viewers, the one with the focus; where nothing has it, the one that is pointed at
    const node = focused(), holder = node?.closest(".ukd");
    return !typing(node) && (holder ? holder === model.root : (!node || node === document.body) && model.root.matches(":hover"));
  };
  const down = (event) => {
    if (!event.key || !model.header || chorded(event) || !ours()) return; // a browser that fills in a form sends keys without a name
    const place = Number(event.key) - 1, view = keyedView(model, event.key.toLowerCase());
    if (model.order && place in model.order) toggleClass(model, model.order[place]);
    else if (view) setView(model, view);
    else if (model.zoomBy && "+=-0".includes(event.key)) model.zoomBy({ "-": 0.5, 0: 0 }[event.key] ?? 2);
    else if (model.truth && event.key.toLowerCase() === "t") showTruth(model, true);
  };
  const up = (event) => {
    if (event.key?.toLowerCase() === "t") showTruth(model, false);
  };
  const away = () => showTruth(model, false);
  document.addEventListener("keydown", down);
  document.addEventListener("keyup", up);
  window.addEventListener("blur", away);
  return () => {
    document.removeEventListener("keydown", down);
    document.removeEventListener("keyup", up);
    window.removeEventListener("blur", away);
  };
}
