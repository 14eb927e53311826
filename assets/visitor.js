// This browser's owner key, on a public server: made here once, kept in its own storage, told to the server, which writes
// nothing down but the key's hash, beside the runs that it started. Draws nothing.
const NAME = "unetkd-owner"
let unkept = null // where the browser keeps nothing, the key lives as long as this window

export default function ({ data, setStateValue }) {
  if (!data.known) setStateValue("key", kept() ?? unkept)
}

function kept() {
  try {
    if (!/^[\w-]{43}$/.test(localStorage.getItem(NAME) ?? "")) localStorage.setItem(NAME, made())
    return localStorage.getItem(NAME) // another window may have been quicker
  } catch {
    unkept ??= made()
    return null
  }
}

function made() {
  const bytes = crypto.getRandomValues(new Uint8Array(32)) // without https too
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
}
