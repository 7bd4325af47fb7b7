// What was said over a socket and may not have been heard; see rtc_notebook/ledger.py.

import { counted } from "./protocol.js";

/** @typedef {import("./protocol.js").ClientMessage} ClientMessage */

const MOST = 500;

export class Ledger {
  /** How many of the server's messages have come. */ heard = 0;
  /** Whether everything that may not have been heard is kept. */ whole = true;
  /** @type {ClientMessage[]} what is to be said again, in order */ unheard = [];
  #said = 0;

  /** Notes a message that is being sent, or would be if there were a socket. @param {ClientMessage} message */
  say(message) {
    if (!counted(message)) return;
    this.#said += 1;
    this.unheard.push(message);
    if (this.unheard.length <= MOST) return;
    this.unheard.shift();
    this.whole = false;
  }

  /** Notes a message of the server's. @param {import("./protocol.js").ServerMessage | { type: "error", code: string, message: string }} message */
  hear(message) {
    if (counted(message)) this.heard += 1;
  }

  /** Forgets what the server says it has heard. @param {number} count */
  acknowledge(count) {
    while (this.unheard.length && this.#said - this.unheard.length < count) this.unheard.shift();
  }
}
