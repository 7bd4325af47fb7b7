// What a call knows of its room besides tiles: roles, the door, invites and the chat; and what is said about them.

/**
 * @typedef {import("./protocol.js").ChatLine} ChatLine
 * @typedef {import("./protocol.js").ClientMessage} ClientMessage
 * @typedef {import("./protocol.js").InviteInfo} InviteInfo
 * @typedef {import("./protocol.js").ParticipantInfo} ParticipantInfo
 * @typedef {import("./protocol.js").Role} Role
 * @typedef {import("./protocol.js").ServerMessage} ServerMessage
 * @typedef {import("./protocol.js").WaitingInfo} WaitingInfo
 */

const MOST_LINES = 500;

export class House {
  /** @type {Role} */ role = "member";
  /** Whether the own hand is raised. */ hand = false;
  /** @type {string[]} whose hands are raised, first who raised it first */ hands = [];
  locked = false;
  /** @type {WaitingInfo[]} */ waiting = [];
  /** @type {InviteInfo[]} */ invites = [];
  /** @type {InviteInfo | null} the last one asked for here */ invited = null;
  /** @type {ChatLine[]} */ lines = [];
  /** Lines that came since `read()`. */ unread = 0;
  #asked = 0;
  #fresh = true;

  /** @param {(message: ClientMessage) => void} send */
  constructor(send) {
    this.send = send;
  }

  get hosts() {
    return this.role === "host";
  }

  /** @param {boolean} resumed */
  entered(resumed) {
    this.#fresh = !resumed;
  }

  /** @param {import("./protocol.js").RoomState} room @param {string | null} me */
  room({ participants, hands, locked, waiting }, me) {
    const own = participants.find(({ id }) => id === me);
    this.role = own?.role ?? "member";
    this.hand = !!own?.hand;
    this.hands = hands ?? [];
    this.locked = !!locked;
    this.waiting = waiting ?? [];
    if (!this.hosts) this.invites = [];
  }

  /** @param {ServerMessage} message @param {string | null} me */
  take(message, me) {
    if (message.type === "invites") this.invites = message.invites;
    else if (message.type === "invited" && message.id === this.#asked) this.invited = message.invite;
    else if (message.type === "chat") this.#hear(message.lines, me);
  }

  /** @param {ChatLine[]} lines @param {string | null} me */
  #hear(lines, me) {
    if (this.#fresh) this.lines = [];
    const last = this.lines.at(-1)?.id ?? 0;
    const fresh = lines.filter(({ id }) => id > last);
    this.lines = [...this.lines, ...fresh].slice(-MOST_LINES);
    if (!this.#fresh) this.unread += fresh.filter(({ by }) => by !== me).length;
    this.#fresh = false;
  }

  read() {
    this.unread = 0;
  }

  /** @param {string} text */
  write(text) {
    if (text.trim()) this.send({ type: "send-chat", text });
  }

  /** @param {"mute" | "remove" | "admit"} action @param {string} participant */
  moderate(action, participant) {
    this.send({ type: "moderate", action, participant });
  }

  /** @param {string} participant @param {Role} role */
  setRole(participant, role) {
    this.send({ type: "set-role", participant, role });
  }

  /** @param {string} participant @param {boolean} mayFilter */
  allowFilters(participant, mayFilter) {
    this.send({ type: "set-role", participant, mayFilter });
  }

  /** @param {boolean} locked */
  lock(locked) {
    this.send({ type: "set-lock", locked });
  }

  /** @param {boolean} raised */
  raiseHand(raised) {
    this.send({ type: "set-hand", raised });
  }

  /** @param {{ role: Role, minutes: number, uses: number | null, name: string }} wanted */
  invite(wanted) {
    this.invited = null;
    this.send({ type: "create-invite", id: ++this.#asked, ...wanted });
  }

  /** @param {string} invite @param {boolean} remove */
  revoke(invite, remove) {
    this.send({ type: "revoke-invite", invite, remove });
  }
}
