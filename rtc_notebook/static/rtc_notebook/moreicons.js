// The icons of what is loaded late.

import { addIcons } from "./icons.js";

export { icon } from "./icons.js";

addIcons({
  send: ["M4.5 12 20 4.500 15.500 20l-3.800-6.200Z", "M11.700 13.800 20 4.500"],
  grid: ["M4.500 5h6.500v6H4.500ZM13 5h6.500v6H13ZM4.500 13h6.500v6H4.500ZM13 13h6.500v6H13Z"],
  speaker: ["M4.500 5h15v14h-15Z", "M14 14h3v2.500h-3Z"],
  strip: ["M4.500 5h10v14h-10Z", "M17 5h2.500v3.700H17ZM17 10.200h2.500v3.700H17ZM17 15.300h2.500V19H17Z"],
  statistics: ["M5 19V12M10 19V7M15 19v-9M20 19V4.500"],
  "pop-out": ["M11 18H6a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2h12a2 2 0 0 1 2 2v3", "M13.500 13.500H20V19h-6.500Z"],
  "full-screen": ["M4.500 9.500v-5h5M14.500 4.500h5v5M19.500 14.500v5h-5M9.500 19.500h-5v-5"],
  keyboard: ["M4.500 6.500h15v11h-15Z", "M8 10v.2M12 10v.2M16 10v.2M8.500 14h7"],
  compare: ["M12 4v16", "M9 6.500H6A1.500 1.500 0 0 0 4.500 8v8A1.500 1.500 0 0 0 6 17.500h3", "M15 6.500h3A1.500 1.500 0 0 1 19.500 8v8a1.500 1.500 0 0 1-1.500 1.500h-3"],
});
