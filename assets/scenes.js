// The strip of scenes: thumbnails as buttons, arrows to the next few. Keeps no state: Python says which is chosen.
export default function ({ data, parentElement, setTriggerValue }) {
  const strip = parentElement.querySelector(".strip")
  const { scenes, selected, total } = data
  const signature = JSON.stringify(scenes.map(s => [s.index, s.src.length]))
  // Rebuilt only when the pictures change, so that a choice keeps the focus where it is.
  if (strip.dataset.signature !== signature) {
    strip.dataset.signature = signature
    strip.replaceChildren(
      ...(data.paged ? [arrow("Earlier scenes", -1, "M11 3 5 9l6 6")] : []),
      ...scenes.map(thumb),
      ...(data.paged ? [arrow("More scenes", 1, "M7 3l6 6-6 6")] : []),
    )
  }
  strip.style.setProperty("--count", scenes.length)
  for (const button of strip.querySelectorAll(".s")) {
    const on = Number(button.dataset.index) === selected
    button.setAttribute("aria-pressed", String(on))
    button.onclick = () => setTriggerValue("scene", Number(button.dataset.index))
  }
  for (const button of strip.querySelectorAll(".arrow")) {
    button.onclick = () => setTriggerValue("turn", Number(button.dataset.by))
  }
  strip.onkeydown = event => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    const all = [...strip.querySelectorAll("button")]
    const at = all.indexOf(parentElement.activeElement ?? event.target)
    if (!step || at < 0) return
    event.preventDefault()
    all[(at + step + all.length) % all.length].focus()
  }

  function thumb(scene) {
    const button = document.createElement("button")
    button.type = "button"
    button.className = "s"
    button.dataset.index = scene.index
    const name = scene.index < 0 ? "Your photo" : `Scene ${scene.index + 1} of ${total}`
    button.title = scene.title ? `${name}: ${scene.title}` : name
    const image = document.createElement("img")
    image.src = scene.src
    image.alt = scene.index < 0 ? button.title : name
    image.draggable = false
    button.append(image)
    return button
  }

  function arrow(label, by, path) {
    const button = document.createElement("button")
    button.type = "button"
    button.className = "arrow"
    button.dataset.by = by
    button.setAttribute("aria-label", label)
    button.title = label
    button.innerHTML = `<svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true"><path d="${path}" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/></svg>`
    return button
  }
}
