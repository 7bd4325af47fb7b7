// One browser's part in a call: ties signaling to what is given, received and known of the room.

import { CallState } from "./callstate.js";
import { Giving } from "./giving.js";
import { House } from "./house.js";
import { Line } from "./line.js";
import { loader } from "./loader.js";
import { pathOf } from "./pathof.js";
import { Receiving } from "./receiving.js";
import { passes } from "./retry.js";

/**
 * @typedef {import("./protocol.js").ServerMessage} ServerMessage
 * @typedef {import("./devices.js").Opened} Opened
 */

const overlays = loader("overlays.js", () => import("./overlays.js"));
const echoes = loader("sameroom.js", () => import("./sameroom.js"));
const UNPUBLISHED = "unpublished";

export class Call extends CallState {
  house = new House((message) => this.send(message));
  #line = new Line(this.options, () => this.path?.retry());
  #giving = new Giving(this);
  #receiving = new Receiving(this);
  #kernel = this.options.kernel ? new this.options.kernel(this, (message) => this.#end("ended", message)) : null;
  /** @type {Promise<void> | undefined} */ #echoes;
  /** This browser's own devices. */ devices = this.#giving.devices;
  /** Whether their background is blurred. */ blur = this.#giving.blur;
  /** What views show of it. */ seen = this.#receiving.seen;
  /** What the others are heard with. */ sound = this.#receiving.sound;
  /** How loud each one is here, by participant. */ volumes = this.#receiving.volumes;

  /** @param {import("./protocol.js").ClientMessage} message */
  send(message) {
    this.#line.signaling?.send(message);
  }

  /** How this browser's pictures and sound go, and how long they take from the server. */
  get link() {
    return { way: this.path?.way ?? "webrtc", delay: this.path?.delay ?? null };
  }

  /** This browser's own devices, while they are on. */
  get local() {
    return this.devices.tracks;
  }

  /** What is received, by track. */
  get received() {
    return this.#receiving.tracks;
  }

  /** Whether no pictures are wanted at all. */
  get soundOnly() {
    return this.#receiving.soundOnly;
  }

  /** Whether the kernel that this widget belongs to was here and is gone. */
  get kernelGone() {
    return !!this.#kernel?.gone;
  }

  /** Whether the microphone is heard. */
  get speaking() {
    return this.devices.speaking;
  }

  /** Devices that are just being opened. */
  get busy() {
    return this.devices.busy;
  }

  /** What is wrong with devices. */
  get problems() {
    return this.devices.problems;
  }

  /** Joins with these devices; `opened` hands over ones that are open already. @param {{ camera: boolean, microphone: boolean }} wish @param {Opened} [opened] */
  async join(wish, opened) {
    if (this.active) return;
    Object.assign(this, { phase: "connecting", message: "", denied: false, notices: [] });
    this.#kernel?.forgive();
    this.devices.begin();
    const before = this.#line.recall();
    if (before && !opened) wish = before;
    try {
      this.#line.open({
        session: before?.session,
        onmessage: (message) => this.#receive(message),
        onstate: (state, attempt) => this.#socketChanged(state, attempt),
      });
    } catch (error) {
      return this.#end("ended", `The browser refused: ${/** @type {Error} */ (error).message}`); // ws: from a page of https:
    }
    this.changed();
    if (!this.#kernel) return this.devices.open(wish, opened);
    this.#kernel.awaitWith(wish);
  }

  /** Turns the camera on or off; off releases the device, so its light goes out. @param {boolean} on */
  setCamera(on) {
    this.#kernel?.decided("camera");
    return this.devices.setCamera(on);
  }

  /** @param {boolean} on */
  setMicrophone(on) {
    this.#kernel?.decided("microphone");
    return this.devices.setMicrophone(on);
  }

  /** Blurs the background of the camera's picture, or no longer. @param {boolean} on */
  setBlur(on) {
    this.blur.set(on);
    this.devices.publish("camera");
  }

  /** Lets kernels be asked for things. @param {typeof import("./asks.js").Asks} Asks what does that, loaded when it is needed */
  asking(Asks) {
    return (this.asks ??= new Asks((message) => this.send(message), () => this.changed()));
  }

  /** @param {boolean} on */
  setScreen(on) {
    return this.devices.setScreen(on);
  }

  /** A kernel that was started anew takes this call over. @param {string} secret */
  pair(secret) {
    this.#kernel?.forgive();
    this.#line.pair(secret);
    this.changed();
  }

  /** Shows this to everybody for a moment. @param {import("./protocol.js").Emoji} emoji */
  react(emoji) {
    this.send({ type: "send-reaction", emoji });
  }

  /** Leaves the room and lets go of every device. */
  leave() {
    this.#end("left", "");
  }

  /** The page is being closed, or loaded again: then it takes its place up where it was. */
  suspend() {
    this.#line.suspend({ camera: !!this.local.camera, microphone: this.speaking });
    this.#end("left", "");
  }

  /** @param {string} id */
  dismiss(id) {
    this.notices = this.notices.filter((notice) => notice.id !== id);
    this.devices.dismiss(id);
    this.changed();
  }

  /** @param {"left" | "ended"} phase @param {string} message */
  #end(phase, message) {
    this.#kernel?.end();
    this.#line.close();
    this.path?.close();
    this.path = null;
    this.#receiving.end();
    this.sameRoom?.close();
    this.#giving.end();
    this.atTheDoor = false;
    Object.assign(this, { phase, message, participants: [], me: null, notices: [] });
    this.changed();
  }

  /** @param {import("./signaling.js").SignalingState} state @param {number} attempt */
  #socketChanged(state, attempt) {
    if (!this.#line.signaling || state === "closed") return;
    this.phase = state;
    if (attempt >= 3 && (!this.message || this.atTheDoor)) this.message = "The Jupyter server does not answer. Still trying.";
    if (state === "connected") this.message = "";
    this.changed();
  }

  /** @param {ServerMessage} message */
  #receive(message) {
    this.path?.handle(message);
    switch (message.type) {
      case "welcome":
        this.#welcome(message);
        break;
      case "room":
        this.participants = message.participants;
        this.#receiving.told = true;
        this.house.room(message, this.me);
        this.#giving.obey();
        this.overlays?.keep(message.participants);
        this.#kernel?.look();
        this.#giving.limit();
        break;
      case "overlay":
        return void this.#draw(message).catch(() => {}); // the next one tries again
      case "reaction":
        for (const show of this.reactions) show(message);
        return;
      case "answer":
        return this.asks?.take(message);
      case "waiting":
        this.message = message.message;
        this.atTheDoor = true;
        this.#kernel?.bePatient(); // it may stand at the door, too
        break;
      case "chat":
      case "invites":
      case "invited":
        this.house.take(message, this.me);
        break;
      case "publish-answer":
        return this.dismiss(UNPUBLISHED);
      case "error":
        if (this.asks?.refused(message) || message.about === "send-reaction") break;
        if ((message.about ?? "").startsWith("publish")) {
          if (message.code === "viewers-watch") break; // the room says it in a moment
          if (passes(message.code)) return this.notice(UNPUBLISHED, "warning", "The server has not taken your pictures and sound yet. Still trying.");
        }
        if (this.#line.signaling?.state !== "connected") this.message = message.message;
        else this.notice(message.code, "error", message.message);
        break;
      case "bye":
        this.denied = message.code === "denied";
        return this.#end("ended", message.message);
    }
    this.changed();
  }

  /** @param {import("./protocol.js").Welcome} welcome */
  #welcome(welcome) {
    const { media, resumed } = welcome;
    this.me = welcome.participant;
    this.serverVersion = welcome.serverVersion;
    this.iceServers = /** @type {RTCIceServer[]} */ (media.iceServers ?? []);
    this.house.entered(resumed);
    if (this.atTheDoor) this.#kernel?.expect();
    this.atTheDoor = false;
    this.message = "";
    if (resumed && this.path) return this.path.resume();
    this.#receiving.begin();
    this.asks?.choose(""); // what was asked from another place is not answered any more
    this.path?.close();
    this.path = pathOf(this, this.#line, (tracks) => this.#receiving.take(tracks), welcome);
    this.devices.publish();
  }

  /** Receives no pictures, or again those that are seen. @param {boolean} on */
  setSoundOnly(on) {
    this.#receiving.soundOnly = on;
    this.changed();
  }

  /** Makes somebody quieter, for oneself. @param {string} participant @param {number} volume from 0 to 1 */
  setVolume(participant, volume) {
    this.volumes.set(participant, volume);
    this.#receiving.hear();
  }

  /** @param {import("./protocol.js").Overlay} overlay */
  async #draw(overlay) {
    const { Overlays } = await overlays.get();
    if (!this.overlays) {
      this.overlays = new Overlays();
      this.changed();
    }
    this.overlays.take(overlay); // the page as such does not change
  }

  /** Looks for echoes from now on. */
  listenForEchoes() {
    this.#echoes ??= echoes.get().then(({ SameRoom }) => {
      this.sameRoom = new SameRoom(() => this.changed());
      this.changed();
    }, () => void (this.#echoes = undefined)); // the server is away
  }

  /** After the views: they know by now what is seen of it. */
  shown() {
    if (this.phase !== "connected") return;
    const microphone = this.speaking ? this.local.microphone : null;
    this.sameRoom?.update({ call: this.options.room, microphone, played: this.sound.tracks });
    this.#receiving.want();
  }
}
