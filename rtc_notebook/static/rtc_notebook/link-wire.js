// What crosses the media link, as rtc_notebook/link/wire.py specifies it.

/**
 * @typedef {{ type: "frame", track: string, kind: "video" | "audio", keyframe: boolean, timestamp: number,
 *   captured: number, data: Uint8Array }} Frame timestamp: 90 or 48 kHz; captured: seconds since the epoch, 0 unknown
 * @typedef {{ type: "wanted", track: string }} Wanted a keyframe of this track
 * @typedef {{ type: "ack", echo: number, held: number, received: number }} Ack
 * @typedef {Frame | Wanted | Ack} LinkRecord
 */

const PICTURE = 1;
const SOUND = 2;
const WANTED = 3;
const ACK = 4;
const ascii = new TextDecoder();
const bytes = new TextEncoder();

/** A record with its length. @param {LinkRecord} record @returns {Uint8Array<ArrayBuffer>} */
export function encode(record) {
  if (record.type === "ack") {
    const view = new DataView(new ArrayBuffer(29));
    view.setUint32(0, 25);
    view.setUint8(4, ACK);
    view.setFloat64(5, record.echo);
    view.setFloat64(13, record.held);
    view.setBigUint64(21, BigInt(record.received));
    return new Uint8Array(view.buffer);
  }
  const track = bytes.encode(record.track);
  const body = record.type === "wanted" ? 1 + track.length : 2 + track.length + 12 + record.data.length;
  const out = new Uint8Array(5 + body);
  const view = new DataView(out.buffer);
  view.setUint32(0, body + 1);
  if (record.type === "wanted") {
    view.setUint8(4, WANTED);
    view.setUint8(5, track.length);
    out.set(track, 6);
    return out;
  }
  view.setUint8(4, record.kind === "video" ? PICTURE : SOUND);
  view.setUint8(5, record.keyframe ? 1 : 0);
  view.setUint8(6, track.length);
  out.set(track, 7);
  const at = 7 + track.length;
  view.setUint32(at, record.timestamp >>> 0);
  view.setFloat64(at + 4, record.captured);
  out.set(record.data, at + 12);
  return out;
}

/** Encoded records as one message. @param {number} sent seconds of any steady clock @param {Uint8Array[]} records */
export function message(sent, records) {
  const out = new Uint8Array(records.reduce((sum, { length }) => sum + length, 8));
  new DataView(out.buffer).setFloat64(0, sent);
  let at = 8;
  for (const record of records) {
    out.set(record, at);
    at += record.length;
  }
  return out;
}

/** @param {ArrayBuffer} data @returns {{ sent: number, records: LinkRecord[], media: number }} media: bytes of frames */
export function decode(data) {
  const view = new DataView(data);
  const sent = view.getFloat64(0);
  /** @type {LinkRecord[]} */
  const records = [];
  let media = 0;
  for (let at = 8; at < data.byteLength; ) {
    const end = at + 4 + view.getUint32(at);
    const type = view.getUint8(at + 4);
    if (end <= at + 4 || end > data.byteLength) throw new RangeError("a record is longer than its message");
    if (type === PICTURE || type === SOUND) {
      const keyframe = view.getUint8(at + 5) === 1;
      const times = at + 7 + view.getUint8(at + 6);
      records.push({
        type: "frame",
        track: ascii.decode(new Uint8Array(data, at + 7, times - at - 7)),
        kind: type === PICTURE ? "video" : "audio",
        keyframe,
        timestamp: view.getUint32(times),
        captured: view.getFloat64(times + 4),
        data: new Uint8Array(data, times + 12, end - times - 12),
      });
      media += end - at;
    } else if (type === WANTED) {
      records.push({ type: "wanted", track: ascii.decode(new Uint8Array(data, at + 6, end - at - 6)) });
    } else if (type === ACK) {
      const received = Number(view.getBigUint64(at + 21));
      records.push({ type: "ack", echo: view.getFloat64(at + 5), held: view.getFloat64(at + 13), received });
    } // what is not known is passed over
    at = end;
  }
  return { sent, records, media };
}
