// A button that takes a picture from the clipboard and hands it to Streamlit's own uploader, which checks and sends it.
// Ctrl+V works anywhere on the page, unless a text field has the focus; a click asks the browser for the clipboard.
const LISTENERS = new WeakMap() // element -> listener on the document; the export is called anew on every rerun

export default function ({ parentElement, data }) {
  const button = parentElement.querySelector(".paste"), said = parentElement.querySelector(".said")
  const say = words => (said.textContent = words)

  function hand(file) {
    const input = document.querySelector(data.into)
    if (!input || !file) return say("There is no picture in the clipboard.")
    const files = new DataTransfer()
    const name = /^image\.\w+$/.test(file.name ?? "") || !file.name ? `pasted.${(file.type.split("/")[1] ?? "png").replace("jpeg", "jpg")}` : file.name
    files.items.add(new File([file], name, { type: file.type }))
    input.files = files.files
    input.dispatchEvent(new Event("change", { bubbles: true }))
    say("")
  }

  function onPaste(event) {
    if (typing()) return
    const files = [...(event.clipboardData?.files ?? [])]
    const picture = files.find(file => file.type.startsWith("image/")) ?? files[0]
    if (!picture && document.activeElement?.shadowRoot?.activeElement !== button) return // text was pasted, not for us
    event.preventDefault()
    hand(picture)
  }

  button.onclick = async () => {
    button.focus()
    try {
      const items = await navigator.clipboard.read()
      const item = items.find(one => one.types.some(type => type.startsWith("image/")))
      const type = item?.types.find(one => one.startsWith("image/"))
      hand(item ? await item.getType(type) : null)
    } catch {
      say("Press Ctrl+V, or ⌘V on a Mac.") // no permission, no https, or a browser that reads on the keys alone
    }
  }
  document.removeEventListener("paste", LISTENERS.get(parentElement))
  document.addEventListener("paste", onPaste)
  LISTENERS.set(parentElement, onPaste)
  return () => document.removeEventListener("paste", LISTENERS.get(parentElement))
}

function typing() {
  let node = document.activeElement
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement
  return Boolean(node && (node.isContentEditable || /^(TEXTAREA|SELECT)$/.test(node.tagName) || (node.tagName === "INPUT" && !/^(range|file)$/.test(node.type))))
}
