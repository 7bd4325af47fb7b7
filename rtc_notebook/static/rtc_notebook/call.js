// One browser's part in a call: signaling, both connections and the devices, as one observable state.

import { BackgroundBlur } from "./blur.js";
import { House } from "./house.js";
import { LocalDevices } from "./localdevices.js";
import { MediaPath, mediaUrl, policyOf } from "./mediapath.js";
import { recall, remember } from "./remembered.js";
import { camerasOf, limitsOf, soundsOf, wantedOf } from "./room.js";
import { Seen } from "./seen.js";
import { Signaling } from "./signaling.js";
import { Sound } from "./sound.js";

/**
 * @typedef {import("./protocol.js").ConnectionName} ConnectionName
 * @typedef {import("./protocol.js").ParticipantInfo} ParticipantInfo
 * @typedef {import("./protocol.js").ServerMessage} ServerMessage
 * @typedef {import("./devices.js").Opened} Opened
 * @typedef {"idle" | "connecting" | "connected" | "reconnecting" | "left" | "ended"} Phase
 * @typedef {{ id: string, level: "info" | "warning" | "error", text: string }} Notice
 * @typedef {{ url: string, link: string, room: string, clientVersion: string, name?: string, secret?: string,
 *   protocols?: string[], token?: string, media?: string | null, watch?: boolean, blur?: BackgroundBlur }} CallOptions `media`: how pictures and sound go, in the
 *   place of what the server says; `watch`: whether nothing may be sent
 */

const MOST_NOTICES = 3;
const TOGGLE_SETTLES = 2_000; // milliseconds in which the room may not have heard of it
const MOVING = 300;
const KERNEL_DUE = 8_000;
const KERNEL_WAIT = 30_000; // its worker may take long to start, as on Binder
const KERNEL_LATE = "The kernel that made this call is not in it yet. If it does not come, run the cell again.";
const NO_KERNEL = "The kernel that made this call is not in it. Run the cell again.";

/** What the browser knows of its network, if it tells. @returns {EventTarget | undefined} */
const connection = () => /** @type {any} */ (globalThis.navigator)?.connection;

export class Call {
  /** @type {Phase} */ phase = "idle";
  /** Why it ended, or what is in the way of connecting. */ message = "";
  /** @type {string | null} */ me = null;
  /** @type {ParticipantInfo[]} */ participants = [];
  /** @type {Map<string, MediaStreamTrack>} track id → what is received */ received = new Map();
  /** @type {Notice[]} */ notices = [];
  /** Whether the kernel that this widget belongs to was here and is gone. */ kernelGone = false;
  /** The server's version of rtc-notebook, once it said so. */ serverVersion = "";
  /** @type {RTCIceServer[]} STUN and TURN servers that it names */ iceServers = [];
  /** Whether a host has to admit this participant. */ atTheDoor = false;
  /** @type {import("./overlays.js").Overlays | null} what kernels draw over pictures, once they did */ overlays = null;
  /** @type {import("./asks.js").Asks | null} what was asked of kernels, once something was */ asks = null;
  /** @type {Set<(reaction: import("./protocol.js").Reaction) => void>} called with each one, by every view */ reactions = new Set();
  /** What views show of it: no other pictures are received. */
  seen = new Seen(() => this.#want());
  /** Whether no pictures are wanted at all. */ soundOnly = false;
  /** @type {Map<string, number>} how loud each one is here, by participant; 1 where nothing is said */ volumes = new Map();
  house = new House((message) => this.#signaling?.send(message));

  #toggled = 0; // when the microphone was last turned on or off here
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #settling;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #moving;
  /** @type {Set<() => void>} */ #listeners = new Set();
  /** @type {Signaling | null} */ #signaling = null;
  /** @type {MediaPath | null} */ #path = null;
  #paired = false;
  #limits = "{}";
  #told = false; // whether the room's state is this place's
  /** @type {{ camera: boolean, microphone: boolean } | null} devices to open once the kernel is seen */ #waiting = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #patience;
  #notified = false;
  /** @type {import("./sameroom.js").SameRoom | null} */ sameRoom = null;
  /** @type {Promise<void> | undefined} */ #echoes;

  /** @param {CallOptions} options */
  constructor(options) {
    this.options = options;
    this.devices = new LocalDevices({
      onpublish: (device, track, muted) => {
        if (device === "microphone") this.#toggled = Date.now();
        const sent = device === "camera" ? this.blur.of(track) : track;
        this.#path?.set(device, sent, muted).catch((error) => this.#report(error));
      },
      onremove: (device) => {
        if (device === "camera") this.blur.of(null);
        this.#path?.remove(device).catch((error) => this.#report(error));
      },
      onchange: () => this.#changed(),
      onerror: (error) => this.#report(error),
      onnotice: (id, text) => this.#notice(id, "info", text),
      onspeaker: (id) => this.sound.setSpeaker(id),
    });
    this.sound = new Sound(() => this.#changed());
    this.blur = options.blur ?? new BackgroundBlur(options.url);
    this.blur.onchange = () => this.#changed();
    this.blur.onready = () => this.devices.publish("camera");
    this.blur.onfail = (message) => this.devices.giveUp("camera", message);
    this.online = () => {
      this.#signaling?.retry();
      this.#path?.retry();
    };
    this.awake = () => this.#signaling?.retry();
    this.moved = () => {
      clearTimeout(this.#moving);
      this.#moving = setTimeout(this.awake, MOVING); // it is told several times, and a moment early
    };
  }

  /** Calls `listener` after every change, at most once a task. @param {() => void} listener @returns {() => void} to stop */
  subscribe(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Whether devices are held or the room is joined. */
  get active() {
    return this.phase === "connecting" || this.phase === "connected" || this.phase === "reconnecting";
  }

  /** How this browser's pictures and sound go, and how long they take from the server. */
  get link() {
    return { way: this.#path?.way ?? "webrtc", delay: this.#path?.delay ?? null };
  }

  /** The candidate pairs by which WebRTC goes. */
  async pairs() {
    return (await this.#path?.pairs()) ?? [];
  }

  /** Takes another way for pictures and sound, without leaving. @param {import("./mediapath.js").Way} way */
  use(way) {
    this.#path?.use(way);
  }

  /** This browser's own devices, while they are on. */
  get local() {
    return this.devices.tracks;
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
    Object.assign(this, { phase: "connecting", message: "", kernelGone: false, notices: [] });
    this.devices.begin();
    const { name, secret, url, clientVersion, protocols } = this.options;
    const before = recall(this.#key);
    if (before && !opened) wish = before;
    const signaling = new Signaling({
      url, clientVersion, name, secret, protocols, session: before?.session,
      onmessage: (message) => this.#receive(message),
      onstate: (state, attempt) => this.#socketChanged(state, attempt),
    });
    this.#signaling = signaling;
    globalThis.addEventListener?.("online", this.online);
    globalThis.document?.addEventListener?.("resume", this.awake);
    connection()?.addEventListener?.("change", this.moved); // another network, maybe
    signaling.open();
    this.#changed();
    if (!secret) return this.devices.open(wish, opened);
    // An output of yesterday's must not turn a camera on: a widget waits for its kernel.
    this.#waiting = wish;
    this.#beImpatient();
  }

  #beImpatient() {
    const late = () => {
      this.#notice("no-kernel", "warning", KERNEL_LATE);
      this.#patience = setTimeout(() => this.#end("ended", NO_KERNEL), KERNEL_WAIT - KERNEL_DUE);
    };
    this.#patience = setTimeout(late, KERNEL_DUE);
  }

  /** Turns the camera on or off; off releases the device, so its light goes out. @param {boolean} on */
  setCamera(on) {
    return this.devices.setCamera(on);
  }

  /** @param {boolean} on */
  setMicrophone(on) {
    return this.devices.setMicrophone(on);
  }

  /** Blurs the background of the camera's picture, or no longer. @param {boolean} on */
  setBlur(on) {
    this.blur.set(on);
    this.devices.publish("camera");
  }

  /** Lets kernels be asked for things. @param {typeof import("./asks.js").Asks} Asks what does that, loaded when it is needed */
  asking(Asks) {
    return (this.asks ??= new Asks((message) => this.#signaling?.send(message), () => this.#changed()));
  }

  /** @param {boolean} on */
  setScreen(on) {
    return this.devices.setScreen(on);
  }

  /** A kernel that was started anew takes this call over. @param {string} secret */
  pair(secret) {
    this.options.secret = secret;
    this.kernelGone = false;
    if (this.#signaling) this.#signaling.secret = secret;
    this.#signaling?.send({ type: "pair", call: secret });
    this.#changed();
  }

  /** Shows this to everybody for a moment. @param {import("./protocol.js").Emoji} emoji */
  react(emoji) {
    this.#signaling?.send({ type: "send-reaction", emoji });
  }

  /** Leaves the room and lets go of every device. */
  leave() {
    this.#end("left", "");
  }

  /** The page is being closed, or loaded again: then it takes its place up where it was. */
  suspend() {
    const session = this.#signaling?.session;
    const { camera } = this.devices.tracks;
    if (session) remember(this.#key, { session, camera: !!camera, microphone: this.devices.speaking });
    this.#signaling?.suspend();
    this.#end("left", "");
  }

  /** What tells the calls of one page apart. */
  get #key() {
    return `${this.options.url} ${this.options.secret ?? ""}`;
  }

  /** @param {string} id */
  dismiss(id) {
    this.notices = this.notices.filter((notice) => notice.id !== id);
    this.devices.dismiss(id);
    this.#changed();
  }

  /** @param {"left" | "ended"} phase @param {string} message */
  #end(phase, message) {
    const signaling = this.#signaling;
    this.#waiting = null;
    clearTimeout(this.#patience);
    clearTimeout(this.#settling);
    this.#signaling = null; // first, so that its closing is no news
    signaling?.close();
    globalThis.removeEventListener?.("online", this.online);
    globalThis.document?.removeEventListener?.("resume", this.awake);
    connection()?.removeEventListener?.("change", this.moved);
    clearTimeout(this.#moving);
    this.#path?.close();
    this.#path = null;
    this.sound.close();
    this.sameRoom?.close();
    this.devices.end();
    this.blur.of(null);
    this.#paired = this.atTheDoor = false;
    Object.assign(this, { phase, message, participants: [], received: new Map(), me: null, notices: [] });
    this.#changed();
  }

  /** @param {import("./signaling.js").SignalingState} state @param {number} attempt */
  #socketChanged(state, attempt) {
    if (!this.#signaling || state === "closed") return;
    this.phase = state;
    if (attempt >= 3 && !this.message) this.message = "The Jupyter server does not answer. Still trying.";
    if (state === "connected") this.message = "";
    this.#changed();
  }

  /** @param {ServerMessage} message */
  #receive(message) {
    this.#path?.handle(message);
    switch (message.type) {
      case "welcome":
        this.#welcome(message);
        break;
      case "room":
        this.participants = message.participants;
        this.#told = true;
        this.house.room(message, this.me);
        this.#obeyHosts();
        this.overlays?.keep(message.participants);
        this.#watchKernel();
        this.#limit();
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
        clearTimeout(this.#patience); // its kernel may stand at the door, too
        break;
      case "chat":
      case "invites":
      case "invited":
        this.house.take(message, this.me);
        break;
      case "error":
        if (this.asks?.refused(message) || message.about === "send-reaction") break;
        if (message.code === "viewers-watch" && (message.about ?? "").startsWith("publish")) break; // the room says it in a moment
        if (this.#signaling?.state !== "connected") this.message = message.message;
        else this.#notice(message.code, "error", message.message);
        break;
      case "bye":
        return this.#end("ended", message.message);
    }
    this.#changed();
  }

  /** @param {import("./protocol.js").Welcome} welcome */
  #welcome({ participant, media, resumed, session, serverVersion }) {
    this.me = participant;
    this.serverVersion = serverVersion;
    this.iceServers = /** @type {RTCIceServer[]} */ (media.iceServers ?? []);
    this.house.entered(resumed);
    if (this.atTheDoor && this.#waiting) this.#beImpatient();
    this.atTheDoor = false;
    this.message = "";
    if (resumed && this.#path) return this.#path.resume();
    this.#told = false;
    this.#path?.close();
    this.received = new Map();
    const path = new MediaPath({
      media,
      policy: policyOf(this.options.media) ?? media.mediaLink ?? "auto",
      url: mediaUrl(this.options.url),
      protocols: this.options.protocols,
      session,
      known: this.#path?.known,
      send: (message) => this.#signaling?.send(message),
      limits: () => limitsOf(this.participants, this.me),
      flowing: () => camerasOf(this.participants),
      online: () => this.#signaling?.alive ?? false,
      onsilent: () => this.#signaling?.state === "connected" && this.#signaling.retry(),
      ontracks: (tracks) => this.#show(tracks),
      onerror: (error) => this.#report(error),
      onwarning: (id, text) => this.#notice(id, "warning", text),
      onchange: () => this.#changed(),
    });
    this.#path = path;
    this.devices.publish();
  }

  /** A host muted the own microphone, or made this participant a viewer. */
  #obeyHosts() {
    this.devices.permit(this.house.role !== "viewer");
    const own = this.participants.find(({ id }) => id === this.me);
    const microphone = own?.tracks?.find(({ source, kind, of }) => source === "microphone" && kind === "audio" && !of);
    if (!microphone?.muted || !this.speaking) return;
    clearTimeout(this.#settling);
    const settles = this.#toggled + TOGGLE_SETTLES - Date.now();
    if (settles > 0) {
      this.#settling = setTimeout(() => this.#obeyHosts(), settles); // no other room state may follow
      return;
    }
    void this.setMicrophone(false);
    this.#notice("muted", "info", "A host muted your microphone. Turn it on when you want to speak.");
  }

  /** Receives no pictures, or again those that are seen. @param {boolean} on */
  setSoundOnly(on) {
    this.soundOnly = on;
    this.#changed();
  }

  #want() {
    if (!this.#told) return;
    this.#path?.want(wantedOf(this.participants, this.me, (key) => !this.soundOnly && this.seen.has(key)), false);
    this.#hear();
  }

  /** The more people there are, the less of the camera is sent. */
  #limit() {
    const limits = JSON.stringify(limitsOf(this.participants, this.me));
    if (limits === this.#limits) return;
    this.#limits = limits;
    this.#path?.retune();
  }

  /** @param {Map<string, MediaStreamTrack>} tracks */
  #show(tracks) {
    this.received = tracks;
    this.#hear();
    this.#changed();
  }

  /** What the sender of a received track says of its clock. @param {MediaStreamTrack} track @returns {Promise<{ timestamp: number, remoteTimestamp: number }[]>} */
  async senderReports(track) {
    const stats = await this.#path?.stats(track);
    return [...(stats?.values() ?? [])].filter(({ type }) => type === "remote-outbound-rtp");
  }

  /** What is counted of all that is sent and received, for statistics. */
  async counts() {
    return (await this.#path?.counts()) ?? { reports: [], linked: [] };
  }

  /** Makes somebody quieter, for oneself. @param {string} participant @param {number} volume from 0 to 1 */
  setVolume(participant, volume) {
    this.volumes.set(participant, volume);
    this.#hear();
  }

  #hear() {
    /** @type {Map<string, import("./sound.js").Voice>} */
    const voices = new Map();
    for (const one of this.participants) {
      for (const id of soundsOf([one], this.me)) {
        const track = this.received.get(id);
        if (track) voices.set(id, { track, volume: this.volumes.get(one.id) ?? 1 });
      }
    }
    this.sound.play(voices);
  }

  /** @param {import("./protocol.js").Overlay} overlay */
  async #draw(overlay) {
    const { Overlays } = await import("./overlays.js");
    if (!this.overlays) {
      this.overlays = new Overlays();
      this.#changed();
    }
    this.overlays.take(overlay); // the page as such does not change
  }

  #watchKernel() {
    const mine = this.participants.find(({ id }) => id === this.me)?.widgetOf;
    const here = this.participants.some(({ id, connected }) => id === mine && connected !== false);
    if (here) this.#paired = true;
    if (here && this.#waiting) {
      const wish = this.#waiting;
      this.#waiting = null;
      clearTimeout(this.#patience);
      this.dismiss("no-kernel");
      this.devices.open(wish).catch((error) => this.#report(error));
    }
    this.kernelGone = this.#paired && !here;
  }

  /** @param {unknown} error */
  #report(error) {
    console.error("rtc-notebook:", error);
    if (this.#signaling) this.#notice("browser", "error", `The browser refused: ${/** @type {Error} */ (error).message}`);
  }

  /** @param {string} id @param {Notice["level"]} level @param {string} text */
  #notice(id, level, text) {
    this.notices = [...this.notices.filter((notice) => notice.id !== id), { id, level, text }].slice(-MOST_NOTICES);
    this.#changed();
  }

  /** Looks for echoes from now on. */
  listenForEchoes() {
    this.#echoes ??= import("./sameroom.js").then(({ SameRoom }) => {
      this.sameRoom = new SameRoom(() => this.#changed());
      this.#changed();
    }, () => void (this.#echoes = undefined)); // the server is away
  }

  #changed() {
    if (this.#notified) return;
    this.#notified = true;
    queueMicrotask(() => {
      this.#notified = false;
      if (this.phase === "connected") {
        const microphone = this.speaking ? this.local.microphone : null;
        this.sameRoom?.update({ call: this.options.room, microphone, played: this.sound.tracks });
      }
      for (const listener of this.#listeners) listener();
      if (this.phase === "connected") this.#want(); // after the views: they know by now what is seen of it
    });
  }
}
