// Our own icons: paths on a 24 x 24 grid, drawn in the colour of the text around them.

const SVG = "http://www.w3.org/2000/svg";
const SLASH = "M4 4 20 20";

/** @type {Record<string, string[]>} */
const STROKES = {
  microphone: ["M12 4a3 3 0 0 1 3 3v4a3 3 0 0 1-6 0V7a3 3 0 0 1 3-3Z", "M6 11a6 6 0 0 0 12 0", "M12 17v3.5"],
  camera: ["M5.5 7h7A2.5 2.5 0 0 1 15 9.5v5a2.5 2.5 0 0 1-2.5 2.5h-7A2.5 2.5 0 0 1 3 14.5v-5A2.5 2.5 0 0 1 5.5 7Z", "m15 11 6-3.5v9L15 13"],
  screen: ["M5 5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2Z", "M9 20.5h6", "M12 14V8.5", "m9.5 10.5 2.5-2.5 2.5 2.5"],
  link: ["m10 14 4-4", "m11 7.5 1.8-1.8a4 4 0 0 1 5.6 5.6L16.5 13", "m13 16.5-1.8 1.8a4 4 0 0 1-5.6-5.6L7.5 11"],
  tab: ["M13.5 4.5H19.5V10.5", "M19 5 11.5 12.5", "M18.5 14v3.5a2 2 0 0 1-2 2h-10a2 2 0 0 1-2-2v-10a2 2 0 0 1 2-2H10"],
  leave: ["M3.2 14.3c5-4.7 12.6-4.7 17.6 0 .5.5.5 1.2.1 1.7l-1.2 1.4c-.4.5-1.1.6-1.6.2l-2.3-1.5c-.4-.3-.6-.7-.5-1.2l.2-1.4a11 11 0 0 0-7 0l.2 1.4c.1.5-.1.9-.5 1.2l-2.3 1.5c-.5.4-1.2.3-1.6-.2l-1.2-1.4c-.4-.5-.4-1.2.1-1.7Z"],
  people: ["M9 11.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4Z", "M3 19c.4-3 2.7-5 6-5s5.6 2 6 5", "M15.5 5.4a3.2 3.2 0 0 1 0 5.9", "M17.3 14.3c2.1.7 3.4 2.3 3.7 4.7"],
  chip: ["M8.5 6.5h7a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2Z", "M10 3.5v3m4-3v3m-4 11v3m4-3v3M3.5 10h3m-3 4h3m11-4h3m-3 4h3"],
  sound: ["M4 10v4h3.5l4.5 4V6L7.5 10Z", "M15.5 9a4.2 4.2 0 0 1 0 6", "M18 6.5a7.8 7.8 0 0 1 0 11"],
  chat: ["M6.5 5h11A2.5 2.5 0 0 1 20 7.5v6a2.5 2.5 0 0 1-2.5 2.5H11l-4.5 3.5V16A2.5 2.5 0 0 1 4 13.5v-6A2.5 2.5 0 0 1 6.5 5Z", "M8 9h8M8 12h5"],
  hand: ["M8 12.5V6.2a1.3 1.3 0 0 1 2.6 0V11m0-5.9V4.8a1.3 1.3 0 0 1 2.6 0V11m0-5a1.3 1.3 0 0 1 2.6 0v6m0-3.500a1.300 1.300 0 0 1 2.600 0V14a6.500 6.500 0 0 1-6.500 6.500c-2.600 0-4.300-1.100-5.500-3.200l-2.300-4a1.350 1.350 0 0 1 2.300-1.400L8 14.500"],
  smile: ["M12 3.8a8.2 8.2 0 1 0 0 16.4 8.2 8.2 0 0 0 0-16.4Z", "M8.5 14a4.2 4.2 0 0 0 7 0", "M9.2 9.6v.2M14.8 9.6v.2"],
  settings: ["M4 7h7m4 0h5M4 12h2m4 0h10M4 17h9m4 0h3", "M13 5a2 2 0 1 1 0 4 2 2 0 0 1 0-4ZM8 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4ZM15 15a2 2 0 1 1 0 4 2 2 0 0 1 0-4Z"],
  flip: ["M4 11a8 8 0 0 1 14-4.500L20 8.500", "M20 4.500v4h-4", "M20 13a8 8 0 0 1-14 4.500L4 15.500", "M4 19.500v-4h4"],
  close: ["M6.5 6.5l11 11M17.5 6.5l-11 11"],
  check: ["m5 12.5 4.5 4.5L19 7.5"],
  more: ["M12 5.200a.8.8 0 1 0 0 1.600.8.8 0 0 0 0-1.600Z", "M12 11.200a.8.8 0 1 0 0 1.600.8.8 0 0 0 0-1.600Z", "M12 17.200a.8.8 0 1 0 0 1.600.8.8 0 0 0 0-1.600Z"],
  pin: ["M9 4.500h6l-.8 6 3.300 3.500H6.500l3.300-3.500Z", "M12 14v6"],
  filter: ["M12 4.5 13.7 10.3 19.5 12 13.7 13.7 12 19.5 10.3 13.7 4.5 12 10.3 10.3Z"],
};

/** Makes more icons known. @param {Record<string, string[]>} more */
export const addIcons = (more) => Object.assign(STROKES, more);

/** @param {string} name with `-off` for one with a line through it */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `rtc-icon${name === "leave" || name === "filter" ? " rtc-icon-solid" : ""}`);
  const off = name.endsWith("-off");
  for (const d of off ? [...STROKES[name.slice(0, -4)], SLASH] : STROKES[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  svg.dataset.icon = name;
  return svg;
}
