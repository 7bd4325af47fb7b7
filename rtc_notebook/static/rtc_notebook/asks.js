// What this browser asks of a kernel in the room: filters, their controls, a recording; and what came back.

/**
 * @typedef {import("./protocol.js").Ask} Ask
 * @typedef {import("./protocol.js").Told} Told
 * @typedef {{ ask: Ask, late: ReturnType<typeof setTimeout>, then?: Ask }} Open
 */

const PATIENCE = 1_500; // milliseconds after which a kernel counts as busy

export class Asks {
  /** @type {import("./protocol.js").FilterOffer[]} */ offers = [];
  /** @type {import("./protocol.js").FilterOn[]} */ on = [];
  /** Whether the kernel lets one wait. */ busy = false;
  /** What stood in the way of the last thing asked for. */ trouble = "";
  /** What there is to say about a recording asked for here. */ recorded = "";
  /** The kernel that is asked, by its participant's id. */ kernel = "";
  #last = 0;
  /** @type {Map<number, Open>} */ #open = new Map();

  /** @param {(message: import("./protocol.js").AskKernel) => void} send @param {() => void} onchange */
  constructor(send, onchange) {
    this.send = send;
    this.onchange = onchange;
  }

  /** Another kernel has other filters. @param {string} kernel */
  choose(kernel) {
    if (kernel === this.kernel) return;
    this.kernel = kernel;
    Object.assign(this, { offers: [], on: [], trouble: "", busy: false });
    for (const { late } of this.#open.values()) clearTimeout(late);
    this.#open.clear();
    this.onchange();
  }

  /** @param {Ask} ask */
  ask(ask) {
    if (!this.kernel) return;
    if (ask.ask === "record") this.recorded = "";
    else if (ask.ask !== "list") this.trouble = "";
    const id = ++this.#last;
    const late = setTimeout(() => {
      this.busy = true;
      this.onchange();
    }, PATIENCE);
    this.#open.set(id, { ask, late });
    this.send({ type: "ask-kernel", id, kernel: this.kernel, ask });
    this.onchange();
  }

  /** Sets a control; while one is on its way only the newest value waits. @param {Extract<Ask, { ask: "control" }>} ask */
  set(ask) {
    const { participant, source = "camera", control, value } = ask;
    this.on = this.on.map((one) => { // shown as wished for, until the kernel says how it is
      if (one.participant !== participant || (one.source ?? "camera") !== source) return one;
      return { ...one, controls: one.controls?.map((each) => (each.id === control ? { ...each, value } : each)) };
    });
    for (const open of this.#open.values()) {
      const same = open.ask.ask === "control" && open.ask.control === ask.control && open.ask.participant === ask.participant;
      if (!same) continue;
      open.then = ask;
      return;
    }
    this.ask(ask);
  }

  /** @param {Told} answer */
  take({ id, error = "", offers, on, recording }) {
    const open = this.#open.get(id);
    const records = open ? open.ask.ask === "record" : recording !== undefined;
    if (open) {
      clearTimeout(open.late);
      this.#open.delete(id);
    } else if (!records && !error) return;
    this.busy = false;
    if (records) this.recorded = error ? `The recording failed. ${error}` : recording ? `In the file ${recording}, beside the notebook.` : "";
    else {
      if (error) this.trouble = error;
      if (offers) this.offers = offers;
      if (on && !open?.then) this.on = on;
    }
    if (open?.then) this.ask(open.then);
    this.onchange();
  }

  /** The server refused it; whether it was one of these. @param {import("./protocol.js").ErrorMessage} refusal */
  refused({ about, id, message }) {
    if (about === "ask-kernel" && typeof id === "number" && this.#open.has(id)) this.take({ id, error: message });
    return about === "ask-kernel";
  }
}
