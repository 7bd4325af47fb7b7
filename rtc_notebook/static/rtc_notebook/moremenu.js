// What is in the menu of all that has no button of its own. Loaded when it is opened first.

import { icon } from "./moreicons.js";
import { LAYOUTS } from "./layout.js";
import { Menu } from "./menu.js";

/**
 * @typedef {import("./layout.js").Layout} Layout
 * @typedef {import("./menu.js").Item} Item
 * @typedef {import("./viewmenu.js").ViewMenu} ViewMenu
 */

/** @type {Record<Layout, string>} */
const NAMES = { grid: "Grid", speaker: "Speaker", strip: "Side strip" };

/** @param {ViewMenu} owner */
export function moreMenu(owner) {
  const groups = () => [
    { label: "Controls", items: spare(owner) },
    { label: "Layout", items: layouts(owner) },
    { label: "View", items: views(owner) },
  ];
  return new Menu("More", groups, (focus) => void owner.toggle(false, focus));
}

/** The controls that the bar has no room for. @param {ViewMenu} owner @returns {Item[]} */
function spare({ view }) {
  const buttons = /** @type {HTMLElement[]} */ ([...view.controls.element.querySelectorAll(".rtc-spare")]);
  return buttons.filter((button) => !button.hidden && !button.offsetParent).map((button) => {
    const pressed = button.getAttribute("aria-pressed");
    return {
      label: button.getAttribute("aria-label") ?? "",
      icon: /** @type {SVGElement} */ (button.querySelector("svg")?.cloneNode(true)),
      act: () => button.click(),
      ...(pressed !== null && { role: /** @type {const} */ ("menuitemcheckbox"), checked: pressed === "true" }),
    };
  });
}

/** @param {ViewMenu} owner @returns {Item[]} */
function layouts(owner) {
  const { layout } = owner.view.stage;
  return LAYOUTS.map((one) => {
    return { label: NAMES[one], icon: icon(one), act: () => owner.setLayout(one), role: "menuitemradio", checked: layout === one };
  });
}

/** @param {ViewMenu} owner @returns {Item[]} */
function views(owner) {
  const { call, options, element, stage } = owner.view;
  const popsOut = "documentPictureInPicture" in globalThis || (options.tab && call.options.link);
  /** @type {(Item & { hidden?: boolean })[]} */
  const items = [
    { label: "Your own picture", icon: icon("people"), act: () => stage.showSelf(!stage.self), role: "menuitemcheckbox", checked: stage.self },
    { label: "Sound only", icon: icon("sound"), act: () => call.setSoundOnly(!call.soundOnly), role: "menuitemcheckbox", checked: call.soundOnly },
    { label: "Statistics", icon: icon("statistics"), act: () => owner.toggleStatistics(), role: "menuitemcheckbox", checked: owner.statistics },
    { label: owner.popped ? "Back to the page" : "Pop out", icon: icon("pop-out"), act: () => void owner.togglePopOut(), hidden: !popsOut },
    {
      label: "Full screen", icon: icon("full-screen"), act: () => void owner.toggleFullScreen(), role: "menuitemcheckbox",
      checked: document.fullscreenElement === element, hidden: !document.fullscreenEnabled || owner.popped,
    },
    { label: "Keyboard shortcuts", icon: icon("keyboard"), act: () => void owner.view.toggleShortcuts(), hidden: matchMedia("(pointer: coarse)").matches },
  ];
  return items.filter(({ hidden }) => !hidden);
}
