// Rows of the class chart: a click on a name hides the class in the pictures (assets/viewer/outside.js), which say what
// is shown. The two meet in events of the window, because a message to the server would be too slow and too much.
const LISTENERS = new WeakMap() // element -> listener; the export is called anew on every rerun

export default function ({ parentElement, data }) {
  const box = parentElement.querySelector(".ukc-rows")
  if (box.rows !== data.rows) {
    box.rows = data.rows
    box.innerHTML = data.rows
  }
  for (const button of box.querySelectorAll(".ukc-tog")) {
    button.onclick = () => window.dispatchEvent(new CustomEvent("unetkd-class", { detail: Number(button.dataset.class) }))
  }
  const show = event => {
    const { palette } = event.detail, shown = new Set(event.detail.shown)
    for (const button of box.querySelectorAll(".ukc-tog")) {
      const place = Number(button.dataset.class), on = shown.has(place), swatch = button.querySelector(".ukd-swatch")
      button.setAttribute("aria-pressed", String(on))
      swatch.classList.toggle("ukd-off", !on)
      swatch.style.backgroundColor = `rgb(${palette[place].join(" ")})`
    }
  }
  window.removeEventListener("unetkd-classes", LISTENERS.get(box))
  window.addEventListener("unetkd-classes", show)
  LISTENERS.set(box, show)
  window.dispatchEvent(new CustomEvent("unetkd-ask"))
  return () => window.removeEventListener("unetkd-classes", LISTENERS.get(box))
}
