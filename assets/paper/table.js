// A table of the paper beside what was measured here. Python writes its HTML, every text in it escaped; this puts it in
// its place, marks the row that is chosen, and says which one was clicked. Replaced only when it has changed, so that a
// rerun takes nobody's focus away.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".paper")
  if (!root || !data) return
  if (root.written !== data.html) {
    root.written = data.html
    root.innerHTML = data.html
  }
  for (const button of root.querySelectorAll("button[data-row]")) {
    const chosen = button.dataset.row === data.chosen
    button.setAttribute("aria-pressed", String(chosen))
    button.closest("tr").classList.toggle("chosen", chosen)
  }
  root.onclick = event => {
    const button = event.target.closest("button[data-row]")
    if (button) setTriggerValue("row", button.dataset.row)
  }
}
