// What a call knows of its room besides tiles: roles, the door, invites and the chat; and what is said about them.

/**
 * @typedef {import("./protocol.js").ChatLine} ChatLine
 * @typedef {import("./protocol.js").ClientMessage} ClientMessage
 * @typedef {import("./protocol.js").InviteInfo} InviteInfo
 * @typedef {import("./protocol.js").ParticipantInfo} ParticipantInfo
 * @typedef {import("./protocol.js").Role} Role
 * @typedef {import("./protocol.js").ServerMessage} ServerMessage
 * @typedef {import("./protocol.js").WaitingInfo} WaitingInfo
 * @typedef {{ kind: "knock" | "hand" | "chat", who: string, name: string, text?: string, at: number }} News
 */

const MOST_LINES = 500;
const MOST_NEWS = 6;

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
  /** @type {News[]} what happened of late that people may want to know of at once; toasts.js says it */ news = [];
  /** How many invites were asked for here. */ asked = 0;
  #fresh = true;
  #arriving = true; // hands that are up already are no news

  /** @param {(message: ClientMessage) => void} send */
  constructor(send) {
    this.send = send;
  }

  get hosts() {
    return this.role === "host";
  }

  /** @param {boolean} resumed */
  entered(resumed) {
    this.#fresh = this.#arriving = !resumed;
    if (!resumed) this.news = [];
  }

  /** @param {import("./protocol.js").RoomState} room @param {string | null} me */
  room({ participants, hands, locked, waiting }, me) {
    const own = participants.find(({ id }) => id === me);
    this.role = own?.role ?? "member";
    this.hand = !!own?.hand;
    for (const { id, name, hand } of participants) {
      if (hand && !this.#arriving && id !== me && !this.hands.includes(id)) this.#tell({ kind: "hand", who: id, name });
    }
    for (const { id, name } of waiting ?? []) {
      if (!this.waiting.some((one) => one.id === id)) this.#tell({ kind: "knock", who: id, name });
    }
    this.#arriving = false;
    this.hands = hands ?? [];
    this.locked = !!locked;
    this.waiting = waiting ?? [];
    if (!this.hosts) this.invites = [];
  }

  /** @param {ServerMessage} message @param {string | null} me */
  take(message, me) {
    if (message.type === "invites") this.invites = message.invites;
    else if (message.type === "invited" && message.id === this.asked) this.invited = message.invite;
    else if (message.type === "chat") this.#hear(message.lines, me);
  }

  /** @param {ChatLine[]} lines @param {string | null} me */
  #hear(lines, me) {
    if (this.#fresh) this.lines = [];
    const last = this.lines.at(-1)?.id ?? 0;
    const fresh = lines.filter(({ id }) => id > last);
    this.lines = [...this.lines, ...fresh].slice(-MOST_LINES);
    const others = this.#fresh ? [] : fresh.filter(({ by }) => by !== me);
    this.unread += others.length;
    for (const { by, name, text } of others.slice(-1)) this.#tell({ kind: "chat", who: by, name, text });
    this.#fresh = false;
  }

  read() {
    this.unread = 0;
  }

  /** @param {Omit<News, "at">} news */
  #tell(news) {
    const others = this.news.filter(({ kind, who }) => kind !== news.kind || (kind !== "chat" && who !== news.who)); // one line of the chat
    this.news = [...others, { ...news, at: Date.now() }].slice(-MOST_NEWS);
  }

  /** @param {string} text */
  write(text) {
    if (text.trim()) this.send({ type: "send-chat", text });
  }

  /** @param {boolean} raised */
  raiseHand(raised) {
    this.send({ type: "set-hand", raised });
  }
}
