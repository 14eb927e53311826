// What is computed at one pixel, on plain arrays of one number a class. The same definitions as unetkd_core/losses
// (natural logarithms, KL summed over classes); tests/browser/test_maths.py holds both to the same numbers.

export function logSoftmax(logits, temperature = 1) {
  const top = Math.max(...logits);
  const scaled = logits.map((z) => (z - top) / temperature);
  const lacking = Math.log(scaled.reduce((sum, z) => sum + Math.exp(z), 0));
  return scaled.map((z) => z - lacking);
}

export const softmax = (logits, temperature = 1) => logSoftmax(logits, temperature).map(Math.exp);

// In nats; 0 where one class has all, ln 6 where six are alike.
export const entropy = (probs) => probs.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);

export const crossEntropy = (logits, label) => -logSoftmax(logits)[label];

// forward: KL(teacher || student), what distillation minimises by default; reverse: KL(student || teacher).
export function kl(teacher, student, temperature = 1, direction = "forward") {
  const said = [logSoftmax(teacher, temperature), logSoftmax(student, temperature)];
  const [p, q] = direction === "forward" ? said : said.reverse();
  return p.reduce((sum, log, c) => sum + Math.exp(log) * (log - q[c]), 0);
}

// L = alpha * CE + (1 - alpha) * [T^2] * KL at one pixel: its two weighed parts and their gradient by the student's logits.
export function loss({ teacher, student, label, alpha, temperature, scaleByT2 = false, direction = "forward" }) {
  const scale = (1 - alpha) * (scaleByT2 ? temperature ** 2 : 1);
  const ce = crossEntropy(student, label), divergence = kl(teacher, student, temperature, direction);
  const p = softmax(student);
  const hardGradient = p.map((v, c) => alpha * (v - (c === label ? 1 : 0)));
  const soft = klGradient(teacher, student, temperature, direction);
  return { ce, kl: divergence, hard: alpha * ce, soft: scale * divergence, total: alpha * ce + scale * divergence,
    hardGradient, softGradient: soft.map((v) => scale * v) };
}

// By the student's logits: (q - p) / T forward, q (log q - log p - KL) / T reverse.
export function klGradient(teacher, student, temperature, direction = "forward") {
  const p = logSoftmax(teacher, temperature), q = logSoftmax(student, temperature);
  if (direction === "forward") return q.map((log, c) => (Math.exp(log) - Math.exp(p[c])) / temperature);
  const divergence = kl(teacher, student, temperature, "reverse");
  return q.map((log, c) => (Math.exp(log) * (log - p[c] - divergence)) / temperature);
}

export const norm = (vector) => Math.sqrt(vector.reduce((sum, v) => sum + v * v, 0));

// The hard part's share of both gradients' norms, in [0, 1]: who moves the weights at this pixel.
export function hardShare({ hardGradient, softGradient }) {
  const hard = norm(hardGradient), soft = norm(softGradient);
  return hard + soft > 0 ? hard / (hard + soft) : 0;
}

// How sure probabilities are: one minus their entropy over its largest; never quite nothing (models/ensemble.py).
export const sureness = (uncertain, classes) => Math.max(1e-6, 1 - uncertain / Math.log(classes));

// Several networks as one: log of the weighted mean of their probabilities, or the mean of their centred logits.
// weights: one a network, of sum 1; with "confidence" each is multiplied by how sure its network is, and the sum is 1 again.
export function mix(members, weights, space = "probs", weighting = "fixed") {
  const heard = members.map((logits, i) => [weights[i], logits]).filter(([weight]) => weight > 0);
  if (heard.length === 1) return [...heard[0][1]];
  const sum = (terms) => terms.reduce((total, term) => total.map((v, c) => v + term[c]));
  if (space === "logits") return sum(heard.map(([w, z]) => { const mean = z.reduce((a, b) => a + b) / z.length; return z.map((v) => w * (v - mean)); }));
  const said = heard.map(([, z]) => softmax(z)), much = heard.map(([w], i) => (weighting === "confidence" ? w * sureness(entropy(said[i]), said[i].length) : w));
  const whole = weighting === "confidence" ? much.reduce((a, b) => a + b) : 1;
  return sum(said.map((probs, i) => probs.map((p) => (much[i] / whole) * p))).map((p) => Math.log(Math.max(p, 1e-38)));
}

// Class indices from the likeliest down.
export const ranking = (logits) => logits.map((_, c) => c).sort((a, b) => logits[b] - logits[a]);
