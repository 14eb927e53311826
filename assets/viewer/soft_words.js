// How Soft targets writes numbers, and its sentences about one pixel. Plain values in, text out.
import { probability } from "./pointing.js";

// Three significant digits, as a loss wants them: 0.168, 0.0115, 1.57.
export function threeDigits(value) {
  if (value === 0) return "0";
  if (value < 1e-4) return "<0.0001";
  return value < 1000 ? value.toPrecision(3) : value.toFixed(0);
}

// A setting without idle zeros: 10, 2.5, 0.15.
export const plainly = (value) => String(Number(value.toFixed(2)));

export function withSign(value) {
  const digits = Math.abs(value).toFixed(4);
  return Number(digits) === 0 ? "0" : `${value < 0 ? "−" : "+"}${digits}`;
}

// Two shares that add up to 100, and never 0 % of something.
export function inPercent(share) {
  const whole = Math.round(100 * share);
  if (share > 0 && whole === 0) return ["<1 %", ">99 %"];
  if (share < 1 && whole === 100) return [">99 %", "<1 %"];
  return [`${whole} %`, `${100 - whole} %`];
}

// By a class's index in Table I: how one points at it, inside it, and how one says how much of it there is.
const EDGES = ["the background", "the road", "this road marking", "this vehicle", "this post", "this person"].map((thing) => `At the edge of ${thing}`);
const INSIDES = ["In the background", "On the road", "On this road marking", "Inside this vehicle", "On this post", "On this person"];
const SINGLES = ["background", "road", "road marking", "vehicle", "post", "person"];
const MUCH = ["background", "road", "of a road marking", "of a vehicle", "of a post", "of a person"];

// The line under the page's title: what the label says here, and what the teacher adds. [sentence, whether that is dark knowledge]
export function answerTo({ label, atEdge, at1, atT, rank }, temperature) {
  const [first, second] = rank.teacher, soft = (c) => probability(atT.teacher[c]);
  if (label === null) return [`Here the label says nothing. The teacher still answers: ${SINGLES[first]} with ${soft(first)}, ${SINGLES[second]} with ${soft(second)}.`, true];
  const place = (atEdge ? EDGES : INSIDES)[label], cool = temperature < 1.05;
  if (first !== label)
    return [`${place} the label says ${SINGLES[label]}. The teacher says ${SINGLES[first]}, and gives ${SINGLES[label]} ${soft(label)}: here a student that listens hears a mistake.`, false];
  if (at1.teacher[second] < 0.05)
    return cool ? [`${place} the teacher is as sure as the label. A higher T would make it say what else it thinks of.`, false]
      : [`${place} the teacher is as sure as the label. Only asked softly it says what else it thinks of: ${SINGLES[second]}, with ${soft(second)}.`, true];
  return [`${place} the label says one word. The teacher${cool ? "" : ", asked softly,"} also says how much ${MUCH[second]} it still sees there: ${soft(second)}.`, true];
}

// The sentence beside the shares: how much the labels weigh, and how much of the gradient they give.
export function whoMoves({ label, isVoid }, { preset, alpha, share }) {
  if (isVoid) return ["This pixel is void: training leaves it out of both terms. The soft one is shown as if it counted."];
  if (label === null) return ["There is no label here, so all of the gradient is the teacher’s."];
  if (share === null) return ["Here both gradients are 0: nothing is left to learn at this pixel."];
  const yet = share > alpha + 0.05 ? "yet give" : share < alpha - 0.05 ? "yet give only" : "and give";
  return [`With ${preset === "custom" ? "these values" : "this preset"} the labels weigh ${plainly(alpha)}, ${yet} `, inPercent(share)[0], " of the gradient at this pixel."];
}

export const KL_SAYS = {
  forward: "Wherever the teacher sees something, the student must see it too: its doubts are learned along.",
  reverse: "The student must claim nothing that the teacher finds unlikely, but may leave out what it cannot follow.",
};
