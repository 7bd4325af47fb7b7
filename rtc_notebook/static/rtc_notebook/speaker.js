// Who speaks, from how loud each one is: quick to notice, slow to change its mind.

const ON = 0.42; // loudness from 0 to 1, along the ear's scale from -60 dB full scale
const OFF = 0.34;
const HANG = 700; // milliseconds between words that are no silence
const CHANGE = 1_500; // milliseconds that a change stands at least
const MARGIN = 0.12; // how much louder somebody is who takes over from one who still speaks

/** @typedef {{ level: number, spoke: number, since: number, talking: boolean }} Voice */

export class ActiveSpeaker {
  /** @type {Map<string, Voice>} */ #voices = new Map();
  /** @type {string | null} */ speaker = null;
  #changed = -Infinity;

  /** Who is talking now. @returns {Set<string>} */
  get talking() {
    return new Set([...this.#voices].flatMap(([id, { talking }]) => (talking ? id : [])));
  }

  /** Takes how loud each one is. @param {Map<string, number>} levels by participant @param {number} now milliseconds @returns {boolean} whether anything changed */
  update(levels, now) {
    const before = `${this.speaker} ${[...this.talking].join(" ")}`;
    for (const id of this.#voices.keys()) if (!levels.has(id)) this.#voices.delete(id);
    for (const [id, level] of levels) this.#hear(id, level, now);
    this.#choose(now);
    return before !== `${this.speaker} ${[...this.talking].join(" ")}`;
  }

  /** @param {string} id @param {number} level @param {number} now */
  #hear(id, level, now) {
    const voice = this.#voices.get(id) ?? { level: 0, spoke: -Infinity, since: now, talking: false };
    this.#voices.set(id, voice);
    voice.level += (level - voice.level) * (level > voice.level ? 0.6 : 0.25); // words begin at once and fade
    if (voice.level >= (voice.talking ? OFF : ON)) voice.spoke = now;
    const talking = now - voice.spoke <= HANG;
    if (talking && !voice.talking) voice.since = now;
    voice.talking = talking;
  }

  /** @param {number} now */
  #choose(now) {
    const current = this.speaker === null ? undefined : this.#voices.get(this.speaker);
    if (!current) this.speaker = null;
    const voices = [...this.#voices].filter(([id, { talking }]) => talking && id !== this.speaker);
    const [id, voice] = voices.sort(([, a], [, b]) => b.level - a.level)[0] ?? [];
    if (id === undefined || voice === undefined) return; // who spoke last stays
    if (current?.talking && (voice.level < current.level + MARGIN || now - voice.since < HANG)) return;
    if (this.speaker !== null && now - this.#changed < CHANGE) return;
    this.speaker = id;
    this.#changed = now;
  }
}
