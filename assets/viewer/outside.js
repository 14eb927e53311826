// What the rest of the page has to do with the pictures: a class chart beside them may hide a class, and is told what is
// shown. Events of the window, for nobody outside can look into a component.
import { toggleClass } from "./parts.js";

// Call once for a viewer; returns what takes the listeners off again.
export function listenOutside(model) {
  const hears = () => model.shown && model.header.mode !== "filmstrip";
  const toggle = (event) => hears() && event.detail in model.header.classes && toggleClass(model, event.detail);
  const answer = () => hears() && tellClasses(model);
  window.addEventListener("unetkd-class", toggle);
  window.addEventListener("unetkd-ask", answer);
  return () => {
    window.removeEventListener("unetkd-class", toggle);
    window.removeEventListener("unetkd-ask", answer);
  };
}

// Calls when the window comes to lie on a screen of another density, a projector's say; returns what ends that.
export function listenDensity(changed) {
  let query = null;
  const hear = () => {
    ask();
    changed();
  };
  const ask = () => {
    query?.removeEventListener("change", hear);
    query = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    query.addEventListener("change", hear);
  };
  ask();
  return () => query.removeEventListener("change", hear);
}

export function tellClasses(model) {
  window.dispatchEvent(new CustomEvent("unetkd-classes", { detail: { shown: [...model.shown], palette: model.palette } }));
}
