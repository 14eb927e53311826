// How strong the soft term pulls at each temperature, with and without T², both axes logarithmic; and the two KL directions.
import { kl, norm } from "./maths.js";
import { el } from "./parts.js";
import { softNormAt, softNorms } from "./soft_reading.js";
import { KL_SAYS, plainly, threeDigits } from "./soft_words.js";

const CHART = { width: 350, height: 206, left: 44, right: 270, top: 10, bottom: 182 };
const WARMTHS = [1, 2, 4, 10, 20, 50];

export function softChart(model) {
  const plot = el("div", { class: "plot" }), told = el("p", { class: "small" });
  model.onsoft.push((reading) => {
    const lines = softNorms(reading, model.alpha, model.direction, model.header.warmest), labels = norm(reading.terms.hardGradient);
    const now = softNormAt(reading, model.temperature, model.alpha, model.direction);
    if (!(now > 1e-9)) {
      plot.replaceChildren(el("p", { class: "small" }, model.alpha >= 1 ? "With α = 1 the labels have all the weight: the teacher pulls at no T." : "Here the student already says what its teacher says: no pull at any T."));
      told.textContent = "";
      return;
    }
    plot.innerHTML = drawing({ model, reading, lines, labels, now });
    const weaker = softNormAt(reading, 1, model.alpha, model.direction) / now, T = plainly(model.temperature);
    told.textContent = model.temperature < 1.05 ? "At T = 1 both forms are the same: the factor is 1."
      : `At T = ${T} the soft gradient is ${weaker >= 1 ? `${threeDigits(weaker)} times weaker` : `${threeDigits(1 / weaker)} times stronger`} than at T = 1. Times T² = ${plainly(model.temperature ** 2)} ${weaker >= 1 ? "gives it back its strength" : "makes it stronger still"}.`;
  });
  return el("section", { class: "repairs" }, el("h2", {}, "What does ", el("em", {}, "T"), "² repair?"),
    el("p", { class: "small" }, "Strength of the soft gradient (its norm) at every temperature, beside the labels’."), plot, told);
}

function drawing({ model, reading, lines, labels, now }) {
  const values = lines.flatMap(([, plain, scaled]) => [plain, scaled]).concat(labels > 0 ? [labels] : []).filter((v) => v > 0);
  const low = Math.floor(Math.log10(Math.min(...values))), high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  const X = (T) => CHART.left + (Math.log(T) / Math.log(model.header.warmest)) * (CHART.right - CHART.left);
  const Y = (v) => CHART.bottom - ((Math.log10(Math.max(v, 10 ** low)) - low) / (high - low)) * (CHART.bottom - CHART.top);
  const path = (which) => lines.map((line, i) => `${i ? "L" : "M"}${X(line[0]).toFixed(1)} ${Y(line[which]).toFixed(1)}`).join("");
  const step = Math.ceil((high - low) / 4), decades = Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, i) => low + i * step);
  const grid = decades.map((d) => `<path class="g" d="M${CHART.left} ${Y(10 ** d)}H${CHART.right}"/><text class="t" x="${CHART.left - 8}" y="${Y(10 ** d) + 4}" text-anchor="end">${decade(d)}</text>`).join("");
  const ticks = WARMTHS.map((T) => `<text class="t" x="${X(T)}" y="${CHART.bottom + 18}" text-anchor="middle">${T === 1 ? "T 1" : T}</text>`).join("");
  const on = Number(model.scaleByT2), T = model.temperature, active = now * (on ? T * T : 1);
  const line = (which) => `<path class="soft-line${which - 1 === on ? " on" : ""}" d="${path(which)}"/>`;
  const ends = endLabels([["times T²", Y(lines.at(-1)[2]), `soft-name${on ? " on" : ""}`], ["no T²", Y(lines.at(-1)[1]), `soft-name${on ? "" : " on"}`], ...(labels > 0 ? [["labels", Y(labels), "hard-name"]] : [])]);
  const hard = labels > 0 ? `<path class="hard-line" d="M${CHART.left} ${Y(labels)}H${CHART.right}"/>` : "";
  const spots = model.header.presets.map((preset) => spot(preset, reading, model, X, Y)).join("");
  return `<svg viewBox="0 0 ${CHART.width} ${CHART.height}" role="img" aria-label="Soft gradient against T: now ${threeDigits(active)} at T = ${plainly(T)}">${grid}${ticks}`
    + `<path class="now" d="M${X(T)} ${CHART.top}V${CHART.bottom}"/>${hard}${line(on ? 1 : 2)}${line(on ? 2 : 1)}${spots}<circle class="here-s" cx="${X(T)}" cy="${Y(active)}" r="5"/>${ends}</svg>`;
}

// Where a preset sits: at its own T and α, on its own form's line.
function spot(preset, reading, model, X, Y) {
  const strength = softNormAt(reading, preset.temperature, preset.alpha, model.direction) * (preset.scale_by_t2 ? preset.temperature ** 2 : 1);
  const x = X(preset.temperature), y = Y(strength);
  return `<circle class="spot" cx="${x}" cy="${y}" r="4"/><text class="spot-name" x="${x + (preset.scale_by_t2 ? 0 : 8)}" y="${preset.scale_by_t2 ? y + 18 : y - 6}" text-anchor="${preset.scale_by_t2 ? "middle" : "start"}">${preset.label}</text>`;
}

const decade = (d) => (d >= 0 ? String(10 ** d) : d < -4 ? `10<tspan dy="-4" font-size="9">−${-d}</tspan>` : (10 ** d).toFixed(-d));

// At the lines' ends, at least 16 pixels apart.
function endLabels(labels) {
  const placed = labels.sort((a, b) => a[1] - b[1]);
  placed.forEach((label, i) => (label[1] = i ? Math.max(label[1], placed[i - 1][1] + 16) : Math.max(label[1], CHART.top + 4)));
  const over = placed.at(-1)[1] - CHART.bottom;
  if (over > 0) placed.reduceRight((limit, label) => (label[1] = Math.min(label[1], limit)) - 16, CHART.bottom);
  return placed.map(([text, y, name]) => `<text class="${name}" x="${CHART.right + 8}" y="${y + 4}">${text}</text>`).join("");
}

export function softDirections(model) {
  const names = { forward: ["teacher", "student"], reverse: ["student", "teacher"] };
  const cards = Object.entries(names).map(([direction, [from, to]]) => {
    const value = el("span", { class: "v" });
    const button = el("button", { type: "button", class: "way", onclick: () => {
      model.direction = direction;
      model.ownValues = false;
      model.soften("dial");
      model.report();
    } }, el("span", { class: "top" }, el("b", {}, direction === "forward" ? "Forward" : "Reverse"), el("span", { class: "s" }, "KL(", el("span", { class: from }, from), " ‖ ", el("span", { class: to }, to), ")"), value), el("span", { class: "small" }, KL_SAYS[direction]));
    model.onsoft.push((reading) => {
      button.setAttribute("aria-pressed", String(model.direction === direction));
      value.textContent = threeDigits(kl(reading.teacher, reading.student, model.temperature, direction));
    });
    return button;
  });
  return el("section", { class: "directions" }, el("h2", {}, "Measured from whose side?"),
    el("p", { class: "small" }, "The ", el("abbr", { class: "dt", title: model.header.tips.kl, tabindex: "0" }, "KL divergence"), " has a direction. Both at this pixel and this T:"), el("div", { class: "ways-s", role: "group", "aria-label": "Direction of the KL divergence" }, ...cards));
}
