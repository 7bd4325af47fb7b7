// Building elements in few words, without markup strings: what people type can never become markup.

/**
 * An element with attributes, listeners (`onclick`, …) and children.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Record<string, unknown>} [attributes] @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else setAttribute(element, name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** @type {Map<string, Promise<unknown>>} */
const styles = new Map();

/** Loads a style sheet that is not needed at first; widgets bring all of theirs. @param {string} name */
export function style(name) {
  const base = /** @type {HTMLLinkElement | null} */ (document.getElementById("rtc-notebook-style"));
  if (!base || styles.has(name)) return styles.get(name);
  const link = h("link", { rel: "stylesheet", href: new URL(name, base.href).href });
  const loaded = new Promise((done) => {
    link.onload = done;
    link.onerror = () => {
      styles.delete(name); // the server is away
      link.remove();
      done(null);
    };
  });
  styles.set(name, loaded);
  // In the order in which widgets have them, however they come.
  const there = /** @type {HTMLLinkElement[]} */ ([...document.head.querySelectorAll("link[rel=stylesheet]")]);
  const next = there.find((one) => one !== base && one.href > link.href);
  if (next) next.before(link);
  else there.at(-1)?.after(link);
  return loaded;
}

/** Gives the focus back to a button, or to the one that stands in for it where there is no room. @param {HTMLElement} button */
export function refocus(button) {
  const there = button.offsetParent ? button : button.parentElement?.querySelector(".rtc-more-button");
  /** @type {HTMLElement | null | undefined} */ (there)?.focus();
}

/** Whether a key pressed within a call is none of the notebook's, which would cut or paste a cell. @param {KeyboardEvent} event */
export const ours = ({ key, ctrlKey, altKey, metaKey }) => !ctrlKey && !altKey && !metaKey && (key.length === 1 || key === "Escape");

/** Sets or, for null and false, removes an attribute; leaves it alone if it is the same. @param {Element} element @param {string} name @param {unknown} value */
export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value === true ? "" : String(value));
}

/** @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes `parent` hold one element for each item, in order, keeping those that were there.
 * @template T @template {HTMLElement} E
 * @param {HTMLElement} parent @param {T[]} items @param {(item: T) => string} key @param {(item: T) => E} make
 * @param {(element: E, item: T) => void} [update]
 */
export function keyed(parent, items, key, make, update = () => {}) {
  const old = new Map([...parent.children].map((child) => [/** @type {HTMLElement} */ (child).dataset.key, child]));
  items.forEach((item, index) => {
    const id = key(item);
    const element = /** @type {E} */ (old.get(id) ?? make(item));
    element.dataset.key = id;
    old.delete(id);
    update(element, item);
    if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] ?? null);
  });
  for (const gone of old.values()) gone.remove();
}
