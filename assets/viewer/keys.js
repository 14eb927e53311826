// Keys of the whole viewer: 1-6 toggle classes, L E N D choose a view, + - 0 zoom, holding T shows the truth. Nothing fires while a text field has focus.
import { keyedView, setView } from "./controls.js";
import { toggleClass } from "./parts.js";

function typing() {
  let node = document.activeElement;
  while (node && node.shadowRoot && node.shadowRoot.activeElement) node = node.shadowRoot.activeElement;
  return Boolean(node && (node.isContentEditable || /^(TEXTAREA|SELECT)$/.test(node.tagName) || (node.tagName === "INPUT" && node.type !== "range")));
}

export function listen(model) {
  const ours = () => !typing() && (model.root.matches(":hover") || model.root.getRootNode().activeElement !== null);
  const down = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !ours()) return;
    const place = Number(event.key) - 1, view = keyedView(model, event.key.toLowerCase());
    if (model.order && place in model.order) toggleClass(model, model.order[place]);
    else if (view) setView(model, view);
    else if (model.zoomBy && "+=-0".includes(event.key)) model.zoomBy({ "-": 0.5, 0: 0 }[event.key] ?? 2);
    else if (model.truth && event.key.toLowerCase() === "t") model.root.classList.add("show-truth");
  };
  const up = (event) => {
    if (event.key.toLowerCase() === "t") model.root.classList.remove("show-truth");
  };
  const away = () => model.root.classList.remove("show-truth");
  document.addEventListener("keydown", down);
  document.addEventListener("keyup", up);
  window.addEventListener("blur", away);
  return () => {
    document.removeEventListener("keydown", down);
    document.removeEventListener("keyup", up);
    window.removeEventListener("blur", away);
  };
}
