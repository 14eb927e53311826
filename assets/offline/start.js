// The viewer without a server: the same script as in the app, the same bytes, and nobody to report to.
const packed = atob(document.getElementById("blob").textContent);
view({
  parentElement: document.getElementById("viewer"),
  data: Uint8Array.from(packed, (letter) => letter.charCodeAt(0)),
  setStateValue: () => {},
});
