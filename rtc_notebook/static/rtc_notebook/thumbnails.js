// Who is in the call, as a small table with live pictures. Says every two seconds that somebody can see it.

import { h, keyed, setAttribute, setText } from "./dom.js";

/**
 * @typedef {{ source: string, kind: string, label: string, muted: boolean, filter: string }} Track
 * @typedef {{ id: string, name: string, kernel: boolean, connected: boolean, tracks: Track[] }} Row
 * @typedef {{ get: (name: string) => any, on: (event: string, listener: (...args: any[]) => void) => void,
 *   off: (event: string, listener: (...args: any[]) => void) => void, send: (content: unknown) => void }} Model
 */

const LOOK = 2_000;

/** What a track is called in the table. @param {Track} track */
export function words({ source, kind, label, muted, filter }) {
  const name = source === "kernel" ? label || "kernel" : source === "screen" && kind === "audio" ? "screen sound" : source;
  return [`${name}${muted ? " (off)" : ""}`, filter].filter(Boolean).join(" · ");
}

/** @param {{ model: Model, el: HTMLElement }} context */
function render({ model, el }) {
  const body = h("tbody");
  const empty = h("p", { class: "rtc-thumbs-empty" }, "Nobody else is in the call.");
  const head = ["", "Name", "Shows and says"].map((title) => h("th", { scope: "col" }, title));
  const table = h("table", { class: "rtc-thumbs" }, h("thead", {}, h("tr", {}, ...head)), body);
  el.append(table, empty);
  /** @type {Map<string, string>} */
  const urls = new Map();
  let visible = false;

  const update = () => {
    /** @type {Row[]} */
    const rows = model.get("rows");
    for (const [id, url] of urls) {
      if (rows.some((one) => one.id === id && one.tracks.some(({ kind, muted }) => kind === "video" && !muted))) continue;
      URL.revokeObjectURL(url);
      urls.delete(id);
    }
    keyed(body, rows, ({ id }) => id, makeRow, (row, one) => fillRow(row, one, urls.get(one.id)));
    table.hidden = !rows.length;
    empty.hidden = !!rows.length;
  };
  /** @param {{ type: string, ids: string[] }} content @param {DataView[]} buffers */
  const take = (content, buffers) => {
    if (content.type !== "thumbnails") return;
    content.ids.forEach((id, index) => {
      const former = urls.get(id);
      urls.set(id, URL.createObjectURL(new Blob([/** @type {BlobPart} */ (buffers[index])], { type: "image/jpeg" })));
      if (former) URL.revokeObjectURL(former);
    });
    update();
  };
  const look = () => visible && !document.hidden && model.send({ type: "looking" });
  const observer = new IntersectionObserver(([entry]) => {
    visible = entry.isIntersecting;
    look();
  });
  observer.observe(el);
  const timer = setInterval(look, LOOK);
  model.on("change:rows", update);
  model.on("msg:custom", take);
  update();
  return () => {
    clearInterval(timer);
    observer.disconnect();
    model.off("change:rows", update);
    model.off("msg:custom", take);
    for (const url of urls.values()) URL.revokeObjectURL(url);
  };
}

/** @param {Row} row */
function makeRow({ name }) {
  const picture = h("td", { class: "rtc-thumbs-picture" }, h("img", { alt: "", hidden: true }));
  return h("tr", {}, picture, h("th", { scope: "row" }, name), h("td"));
}

/** @param {HTMLElement} row @param {Row} one @param {string | undefined} url */
function fillRow(row, { name, kernel, connected, tracks }, url) {
  const [picture, title, what] = [...row.children];
  const image = /** @type {HTMLImageElement} */ (picture.firstChild);
  image.hidden = !url;
  if (url) {
    setAttribute(image, "src", url);
    setAttribute(image, "alt", `What ${name} shows`);
  }
  setText(title, kernel ? `${name} (kernel)` : name);
  setText(what, connected ? tracks.map(words).join(", ") || "nothing" : "connection lost");
}

/** What anywidget loads. */
export default function thumbnails() {
  return { render };
}
