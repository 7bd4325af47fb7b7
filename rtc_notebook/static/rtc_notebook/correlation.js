// Whether a microphone hears what is played: the same ups and downs of loudness, a moment apart.

const LEAST_SPREAD = 0.05; // of loudness: silence and hum say nothing
const PERIODIC = 0.75; // a beep that comes again and again fits itself at any distance

/** @param {number[]} values */
function normalised(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const centred = values.map((value) => value - mean);
  const spread = Math.sqrt(centred.reduce((sum, value) => sum + value * value, 0) / values.length);
  return { centred, spread };
}

/** Pearson's coefficient of `a` with what `b` was `lag` steps earlier. @param {number[]} a @param {number[]} b @param {number} lag */
function at(a, b, lag) {
  const [from, to] = [Math.max(0, lag), Math.min(a.length, b.length + lag)];
  const one = normalised(a.slice(from, to));
  const other = normalised(b.slice(from - lag, to - lag));
  if (!one.spread || !other.spread) return 0;
  const sum = one.centred.reduce((total, value, index) => total + value * other.centred[index], 0);
  return sum / (to - from) / one.spread / other.spread;
}

/**
 * How alike two series of loudness are, at the distance where they are most alike: 0 to 1. Those that repeat
 * themselves, or hardly change, count as not alike, since nothing follows from them.
 * @param {number[]} heard @param {number[]} played @param {number} furthest steps
 */
export function likeness(heard, played, furthest) {
  if (heard.length < 4 * furthest || heard.length !== played.length) return 0;
  if (normalised(heard).spread < LEAST_SPREAD || normalised(played).spread < LEAST_SPREAD) return 0;
  for (let lag = 6; lag < heard.length / 2; lag++) if (at(played, played, lag) > PERIODIC) return 0;
  let best = 0;
  for (let lag = -furthest; lag <= furthest; lag++) best = Math.max(best, at(heard, played, lag));
  return best;
}
