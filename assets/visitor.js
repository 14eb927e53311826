// This browser's owner key, on a public server: made here once, kept in its own storage, told to the server, which writes
// nothing down but the key's hash, beside the runs that it started. Draws nothing.
const NAME = "unetkd-owner"
let unkept = null // where the browser keeps nothing, the key lives as long as this window

export default function ({ data, setStateValue }) {
  if (!data.known) tell(setStateValue)
}

async function tell(setStateValue) {
  const key = await kept()
  if (key === null) setStateValue("kept", false)
  setStateValue("key", key ?? (unkept ??= made()))
}

async function kept() {
  try {
    // Two windows at a first visit take turns, or each would put its key over the other's; without https there are no locks.
    return navigator.locks ? await navigator.locks.request(NAME, stored) : stored()
  } catch {
    return null
  }
}

function stored() {
  if (!/^[\w-]{43}$/.test(localStorage.getItem(NAME) ?? "")) localStorage.setItem(NAME, made())
  return localStorage.getItem(NAME)
}

function made() {
  const bytes = crypto.getRandomValues(new Uint8Array(32)) // without https too
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
}
