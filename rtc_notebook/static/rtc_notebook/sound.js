// Plays what the others say. It belongs to the call, not to a view: two views must not speak twice.

/** @typedef {{ track: MediaStreamTrack, volume: number }} Voice */

/** What is held back before it comes to the players here. */
export const elsewhere = Object.assign(new EventTarget(), { blocked: false });

export class Sound {
  /** @type {Map<string, HTMLAudioElement>} */ #players = new Map();
  /** Whether the browser waits for a click before it lets sound out. */
  blocked = false;
  #refused = false;
  #speaker = "";

  /** @param {() => void} onchange */
  constructor(onchange) {
    this.onchange = onchange;
  }

  /** Plays exactly these. @param {Map<string, Voice>} voices */
  play(voices) {
    for (const [id, player] of this.#players) {
      const stream = /** @type {MediaStream | null} */ (player.srcObject);
      if (stream?.getTracks()[0] === voices.get(id)?.track) continue;
      player.srcObject = null;
      this.#players.delete(id);
    }
    for (const [id, { track, volume }] of voices) {
      const there = this.#players.get(id);
      if (there) there.volume = volume;
      if (there) continue;
      const player = new Audio();
      player.volume = volume;
      player.srcObject = new MediaStream([track]);
      this.#players.set(id, player);
      if (this.#speaker) this.#route(player);
      this.#start(player);
    }
    elsewhere[voices.size ? "addEventListener" : "removeEventListener"]("change", this.#tell);
    this.#block(this.#refused && voices.size > 0);
  }

  /** What is played now. */
  get tracks() {
    return [...this.#players.values()].flatMap(({ srcObject }) => /** @type {MediaStream | null} */ (srcObject)?.getAudioTracks() ?? []);
  }

  /** To be called from a click. */
  unblock() {
    this.#block(false);
    for (const player of this.#players.values()) this.#start(player);
  }

  /** Lets sound out of this speaker; empty for the system's choice. @param {string} id */
  setSpeaker(id) {
    this.#speaker = id;
    for (const player of this.#players.values()) this.#route(player);
  }

  close() {
    this.play(new Map());
  }

  /** @param {HTMLAudioElement} player */
  #route(player) {
    player.setSinkId?.(this.#speaker).catch(() => {}); // gone meanwhile: the list says so
  }

  /** @param {HTMLAudioElement} player */
  #start(player) {
    player.play().catch((error) => error.name === "NotAllowedError" && player.srcObject && this.#block(true));
  }

  /** @param {boolean} refused */
  #block(refused) {
    this.#refused = refused;
    this.#tell();
  }

  #tell = () => {
    const blocked = this.#refused || (this.#players.size > 0 && elsewhere.blocked);
    if (this.blocked === blocked) return;
    this.blocked = blocked;
    this.onchange();
  };
}
