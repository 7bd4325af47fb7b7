// What messages are checked with: each check throws where the value does not fit.

/** @typedef {(value: unknown, path: string) => void} Check throws a ProtocolError */

export class ProtocolError extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.name = "ProtocolError";
    this.code = code;
  }
}

/** @param {string} path @param {string} expected @returns {never} */
export function refuse(path, expected) {
  throw new ProtocolError("bad-message", `The message does not fit the protocol: ${path} should be ${expected}.`);
}

/** @param {(value: unknown) => boolean} test @param {string} expected @returns {Check} */
export const when = (test, expected) => (value, path) => test(value) || refuse(path, expected);

export const text = when((value) => typeof value === "string", "a string");
export const integer = when(Number.isInteger, "an integer");
export const number = when((value) => typeof value === "number", "a number");
export const flag = when((value) => typeof value === "boolean", "true or false");

/** @param {...string} words */
export const oneOf = (...words) => when((value) => words.includes(/** @type {string} */ (value)), words.join(" or "));

/** @param {Check} check @returns {Check} */
export const orNull = (check) => (value, path) => value === null || check(value, path);

/** @param {Check} check @returns {Check} */
export const listOf = (check) => (value, path) => {
  if (!Array.isArray(value)) refuse(path, "an array");
  value.forEach((item, index) => check(item, `${path}[${index}]`));
};

/** @param {unknown} value @returns {value is Record<string, unknown>} */
export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

export const isRecord = when(isObject, "an object");

/** @param {Check} check @returns {Check} */
export const mapOf = (check) => (value, path) => {
  if (!isObject(value)) refuse(path, "an object");
  for (const [key, item] of Object.entries(value)) check(item, `${path}.${key}`);
};

/** An object with exactly these fields. @param {Record<string, Check>} required @param {Record<string, Check>} [optional] @returns {Check} */
export const record = (required, optional = {}) => (value, path) => {
  if (!isObject(value)) refuse(path, "an object");
  for (const name of Object.keys(required)) if (!Object.hasOwn(value, name)) refuse(`${path}.${name}`, "there");
  for (const [name, item] of Object.entries(value)) {
    const check = Object.hasOwn(required, name) ? required[name] : Object.hasOwn(optional, name) ? optional[name] : null;
    if (!check) refuse(`${path}.${name}`, "absent");
    check(item, `${path}.${name}`);
  }
};

/** An object that says by one field which of these it is. @param {string} name @param {Record<string, Check>} table @returns {Check} */
export const tagged = (name, table) => (value, path) => {
  if (!isObject(value)) refuse(path, "an object");
  const which = value[name];
  if (typeof which !== "string" || !Object.hasOwn(table, which)) refuse(`${path}.${name}`, Object.keys(table).join(" or "));
  table[which](value, path);
};
