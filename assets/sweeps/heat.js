// The grid of a sweep: rows α, columns T, a button a cell. Keeps no state: Python says what stands where and what is
// chosen. Updated in place, so that a tick neither blinks nor takes the focus away.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".heat")
  if (!root || !data) return
  const shape = JSON.stringify([data.rows, data.columns, data.panels.map(p => [p.name, p.detail, p.rows, p.columns])])
  if (root.dataset.shape !== shape) {
    root.dataset.shape = shape
    build(root, data)
  }
  root.classList.toggle("inert", data.inert)
  root.querySelector(".panels").setAttribute("aria-label", data.label)
  const cells = data.panels.flatMap(p => p.cells)
  const buttons = [...root.querySelectorAll("button")]
  buttons.forEach((button, at) => fill(button, cells[at], data))
  rove(buttons, data)
  legend(root, data)

  for (const button of buttons) {
    button.onclick = () => data.inert || setTriggerValue("cell", Number(button.dataset.number))
    button.onkeydown = event => {
      const next = neighbour(buttons, button, event.key)
      if (!next) return
      event.preventDefault()
      buttons.forEach(b => (b.tabIndex = b === next ? 0 : -1))
      next.focus()
    }
  }
}

function build(root, data) {
  root.replaceChildren(
    node("div", { className: "panels" }, data.panels.map((panel, p) => node("section", {}, [
      panel.name ? node("h3", {}, [panel.name, panel.detail ? node("span", {}, [panel.detail]) : ""]) : "",
      node("div", { className: data.columns.length > 3 ? "scroll wide" : "scroll" }, [table(panel, data, p)]),
    ]))),
    node("div", { className: "legend" }, [
      node("div", { className: "scale" }, [
        node("span", { className: "low" }), node("div", { className: "bands" }, data.levels.map(step)),
        node("span", { className: "high" }),
      ]),
      node("div", { className: "losses" }, [node("i", { className: "lost" }), "worse than the untaught twin"]),
    ]),
    node("div", { className: "told", role: "status" }),
  )
  const several = data.panels.length > 1
  const style = root.style
  style.setProperty("--across", several ? (data.columns.length <= 3 ? Math.min(data.panels.length, 2) : 1) : 1)
  style.setProperty("--tall", several ? "64px" : data.rows.length > 4 ? "72px" : "96px")
  style.setProperty("--big", several || data.columns.length > 6 ? "20px" : "28px")
}

function table(panel, data, p) {
  const head = panel.columns.map(c => node("th", { scope: "col" }, symbol(c)))
  const rows = panel.rows.map((row, r) => node("tr", {}, [
    node("th", { scope: "row", className: "side" }, symbol(row)),
    ...panel.columns.map((_, c) => cell(p, r, c)),
  ]))
  const made = node("table", {}, [node("thead", {}, [node("tr", {}, [node("td", { className: "side" }), ...head])]), node("tbody", {}, rows)])
  made.setAttribute("role", "grid")
  made.setAttribute("aria-label", [data.label, panel.name, panel.detail].filter(Boolean).join(", "))
  return made
}

function cell(p, r, c) {
  const button = node("button", {}, [node("em"), node("b"), node("span"), node("u")])
  Object.assign(button.dataset, { p, r, c })
  button.setAttribute("role", "gridcell")
  return node("td", { role: "presentation" }, [button])
}

function fill(button, cell, data) {
  button.dataset.number = cell.number
  button.dataset.state = cell.state
  flag(button, "band", cell.level !== null)
  flag(button, "loss", cell.loss)
  flag(button, "best", cell.best)
  button.style.setProperty("--level", cell.level ?? 0)
  button.setAttribute("aria-selected", String(data.chosen === cell.number))
  if (button.getAttribute("aria-label") !== cell.label) button.setAttribute("aria-label", cell.label)
  const [em, b, span, u] = button.children
  write(em, cell.tag)
  write(b, cell.text)
  const mark = cell.failed ? "!" : ""
  if (span.dataset.said !== mark + cell.note) {
    span.dataset.said = mark + cell.note
    span.replaceChildren(...(cell.failed ? [node("i", { className: "mark" })] : []), cell.note)
  }
  u.style.width = cell.progress === null ? "0" : `${100 * cell.progress}%`
}

function legend(root, data) {
  write(root.querySelector(".low"), data.low)
  write(root.querySelector(".high"), data.high)
  root.querySelector(".scale").hidden = !data.high
  root.querySelector(".losses").hidden = !data.losses
  write(root.querySelector(".told"), data.told)
}

// One stop for Tab: the chosen cell, else the one that had it, else the first.
function rove(buttons, data) {
  const stop = buttons.find(b => b.tabIndex === 0 && b.matches(":focus")) ??
    buttons.find(b => Number(b.dataset.number) === data.chosen) ?? buttons.find(b => b.tabIndex === 0 && b.hasAttribute("tabindex")) ?? buttons[0]
  buttons.forEach(b => (b.tabIndex = b === stop ? 0 : -1))
}

function neighbour(buttons, from, key) {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key]
  const [p, r, c] = [from.dataset.p, from.dataset.r, from.dataset.c].map(Number)
  const at = (row, column) => buttons.find(b => Number(b.dataset.p) === p && Number(b.dataset.r) === row && Number(b.dataset.c) === column)
  if (step) return at(r + step[0], c + step[1]) ?? aside(buttons, p, step)
  if (key === "Home") return at(r, 0)
  if (key === "End") return buttons.filter(b => Number(b.dataset.p) === p && Number(b.dataset.r) === r).at(-1)
  return null
}

// Over a panel's edge, into the next one.
function aside(buttons, p, [down, right]) {
  const there = buttons.filter(b => Number(b.dataset.p) === p + (down || right))
  return (down || right) > 0 ? there[0] : there.at(-1)
}

function symbol({ sign, value, note }) {
  return [node("i", {}, [sign]), ` ${value}`, note ? node("small", {}, [note]) : ""]
}

function step(level) {
  const band = node("i")
  band.style.setProperty("--level", level)
  return band
}

function flag(element, name, on) {
  if (on) element.dataset[name] = ""
  else delete element.dataset[name]
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}

function node(tag, props = {}, children = []) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) name in made ? (made[name] = value) : made.setAttribute(name, value)
  if (tag === "button") made.type = "button"
  made.append(...children.filter(child => child !== ""))
  return made
}
