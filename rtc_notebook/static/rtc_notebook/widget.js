// The call under a cell. One call for each model, however many views show it; it ends when the last of them is gone.

import { guestSocketUrl, pageBaseUrl, roomUrl, socketUrl, tokenProtocols } from "./addresses.js";
import { Call } from "./call.js";
import { CallView } from "./callview.js";
import { abandon, adopt, drop, hold, register, release } from "./clients.js";
import { h, setAttribute, setText } from "./dom.js";
import { FilterChips } from "./filters.js";
import { OwnKernel } from "./ownkernel.js";

/**
 * @typedef {import("./clients.js").Client} Client
 * @typedef {object} Model anywidget's
 * @property {(name: string) => any} get
 * @property {(event: string, listener: (...values: any[]) => void) => void} on
 * @property {(event: string, listener: (...values: any[]) => void) => void} off
 * @property {(content: unknown) => void} send
 */

const KERNEL_TIMEOUT = 5_000;
const NO_KERNEL = "The kernel that made this call is gone. Run the cell again to join.";

class Session {
  /** @type {Client | null} */ client = null;
  /** @type {Promise<void> | null} */ #starting = null;
  /** @type {Set<() => void>} */ #listeners = new Set();
  #disposed = new AbortController();
  views = 0;
  trouble = "";

  /** @param {Model} model @param {string} version */
  constructor(model, version) {
    this.model = model;
    this.version = version;
    model.on("change:left", () => {
      // Without a view the cell is being run again: its next call takes this one over, or it ends by itself.
      if (model.get("left") && this.views > 0 && this.owns) this.client?.call.leave();
    });
    globalThis.addEventListener("pagehide", () => {
      if (this.client && this.owns) this.client.call.suspend();
      this.#drop();
    }, { signal: this.#disposed.signal });
  }

  /** @param {() => void} listener */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Joins, or takes a living call over. */
  start() {
    this.#starting ??= this.#start().finally(() => {
      this.#starting = null;
      for (const listener of this.#listeners) listener();
    });
  }

  /**
   * Joins at once: three lines put somebody in a call, without a look in the mirror first. Where the browser refuses a
   * device, or there is none, the call goes on without, and a line in it leads to the choice of devices.
   */
  async #start() {
    const { model } = this;
    this.trouble = "";
    if (model.get("left")) return;
    const server = /** @type {string} */ (model.get("server_url"));
    const secrets = server ? await this.#askForSecrets() : {};
    if (secrets === null) {
      if (!this.client) this.trouble = NO_KERNEL;
      return;
    }
    if (this.client?.call.active || this.views === 0) return;
    const room = /** @type {string} */ (model.get("room"));
    const base = server || pageBaseUrl() || new URL(model.get("base_url") || "/", location.href).href;
    if (!server) this.#tell({ type: "page", base: new URL(base, location.href).href }); // the kernel knows an inner address
    const { token, session } = secrets;
    const secret = /** @type {string} */ (model.get("call"));
    const key = `${base} ${room} ${this.version}`;
    const wish = { camera: !!model.get("camera"), microphone: !!model.get("microphone") };
    const adopted = adopt(key, this);
    if (adopted) {
      this.client = adopted;
      adopted.call.pair(secret);
    } else {
      const call = new Call({
        url: session ? guestSocketUrl(base) : socketUrl(base, room),
        protocols: session ? ["rtc-notebook.guest", session] : token ? tokenProtocols(token) : undefined,
        token,
        link: session ? "" : roomUrl(base, room), // an invite is not a guest's to pass on
        room,
        clientVersion: this.version,
        name: model.get("name") || undefined,
        secret,
        kernel: OwnKernel,
      });
      this.client = register(key, call, this);
      void call.join(wish);
    }
    for (let view = 0; view < this.views; view++) hold(this.client, this);
  }

  /** What opens a foreign server is no trait, since those may be saved with the notebook. @returns {Promise<{ token?: string, session?: string } | null>} */
  #askForSecrets() {
    const { model } = this;
    return new Promise((resolve) => {
      /** @param {any} message */
      const onmessage = (message) => message?.type === "token" && done(message);
      const timer = setTimeout(() => done(null), KERNEL_TIMEOUT);
      /** @param {{ token?: string, session?: string } | null} answer */
      const done = (answer) => {
        clearTimeout(timer);
        model.off("msg:custom", onmessage);
        resolve(answer);
      };
      model.on("msg:custom", onmessage);
      if (!this.#tell({ type: "token" })) done(null);
    });
  }

  /** @param {{ type: string, base?: string }} content @returns {boolean} whether the kernel's connection is open yet */
  #tell(content) {
    try {
      this.model.send(content);
      return true;
    } catch {
      return false;
    }
  }

  /** Whether the call still is this widget's, and was not taken over by another. */
  get owns() {
    return this.client?.owner === this;
  }

  /** Whether the call was taken over by another; it cannot be had back from here. */
  get moved() {
    return !!this.client && !this.owns;
  }

  show() {
    this.views += 1;
    if (this.client) hold(this.client, this);
    else this.start();
  }

  /** @param {() => boolean} runs whether the cell that showed it is being run */
  hide(runs) {
    this.views -= 1;
    if (!this.client) return;
    release(this.client, this, runs);
    if (this.views === 0 && !this.owns) this.client = null;
  }

  dispose() {
    this.#disposed.abort();
    if (this.client && this.owns) abandon(this.client);
  }

  #drop() {
    if (this.client && this.owns) drop(this.client);
  }

  rejoin() {
    const call = this.client?.call;
    if (!call) return this.start();
    if (call.active) return;
    // The kernel may be a new one by now, and it is asked for in any case.
    if (this.client) drop(this.client);
    this.client = null;
    this.start();
  }
}

/** @param {Session} session @param {Model} model @param {HTMLElement} el */
function render(session, model, el) {
  const stage = h("div", { class: "rtc-frame" });
  const kernel = h("div", { class: "rtc-kernel-status", role: "status" });
  const chips = new FilterChips();
  const root = h("div", { class: "rtc-notebook rtc-widget" }, stage, kernel, chips.element);
  el.append(root);
  /** @type {CallView | null} */
  let view = null;
  /** @type {import("./call.js").Call | null} */
  let shown = null;

  /** @type {Element | null} JupyterLab's, which stays when its output goes */
  let cell = null;

  let unwatch = () => {};

  function refresh() {
    cell ??= el.closest(".jp-Cell");
    const call = session.owns ? (session.client?.call ?? null) : null;
    if (call && call === shown) return;
    view?.close();
    view = null;
    shown = call;
    unwatch();
    unwatch = call ? call.subscribe(changed) : () => {};
    if (call) {
      const options = {
        tab: true,
        rejoin: () => session.rejoin(),
        get rejoinable() { return !model.get("left"); },
        get leftText() { return leftText(model); },
      };
      view = new CallView(call, options);
      stage.replaceChildren(view.element);
      return;
    }
    const { moved } = session;
    const left = model.get("left");
    const text = moved ? "The call goes on in another cell." : left ? leftText(model) : session.trouble;
    stage.replaceChildren(panel(moved ? "Moved" : left ? "You left the call" : text ? "Not in the call" : "Joining…", text, session));
  }

  /** The call may have gone over to another cell, or lost its kernel. */
  function changed() {
    cell ??= el.closest(".jp-Cell");
    if (!session.owns) refresh();
    onfilters();
  }

  function status() {
    const { phase = "", message = "" } = model.get("status") ?? {};
    const quiet = phase === "connected" || phase === "" || model.get("left") || session.trouble;
    kernel.hidden = !!quiet;
    setText(kernel, quiet ? "" : `Kernel ${phase}${message ? ": " : "…"}${message}`);
    setAttribute(kernel, "data-phase", phase);
  }

  const onfilters = () => chips.update(model.get("left") || shown?.kernelGone ? [] : (model.get("filters") ?? []));
  const stop = session.subscribe(() => {
    refresh();
    status();
  });
  model.on("change:status", status);
  model.on("change:filters", onfilters);
  session.show();
  refresh();
  status();
  onfilters();

  return () => {
    stop();
    unwatch();
    model.off("change:status", status);
    model.off("change:filters", onfilters);
    view?.close();
    root.remove();
    session.hide(() => !!cell?.isConnected && !!cell.querySelector(".jp-InputPrompt")?.textContent?.includes("*"));
  };
}

/** @param {Model} model */
const leftText = (model) => (model.get("left") ? "Camera and microphone are off. Run the cell again to join." : "Camera and microphone are off.");

/** @param {string} title @param {string} text @param {Session} session */
function panel(title, text, session) {
  const again = text && !session.moved && !session.model.get("left")
    ? h("button", { type: "button", class: "rtc-primary", onclick: () => session.rejoin() }, "Try again")
    : null;
  const spinner = h("div", { class: "rtc-spinner", "aria-hidden": "true" });
  const words = [h("h2", { class: "rtc-panel-title" }, title), h("p", { class: "rtc-panel-text" }, text)];
  const box = h("div", { class: "rtc-panel", role: "status" }, spinner, ...words, again);
  setAttribute(box, "data-waiting", !text);
  return h("div", { class: "rtc-call" }, h("div", { class: "rtc-main" }, box));
}

/** What anywidget loads, once for each model; the model that it hands out is another object each time. @param {string} version of rtc-notebook in the kernel */
export default function widget(version) {
  /** @type {Session | undefined} */
  let session;
  return {
    /** @param {{ model: Model }} context */
    initialize({ model }) {
      session = new Session(model, version);
      return () => session?.dispose();
    },
    /** @param {{ model: Model, el: HTMLElement }} context */
    render({ model, el }) {
      session ??= new Session(model, version);
      return render(session, model, el);
    },
  };
}
