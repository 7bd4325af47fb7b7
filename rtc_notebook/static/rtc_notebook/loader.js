// Code that is loaded when it is needed. A browser may remember that an address failed until the page is loaded again:
// each try after a failure has another one.

/** @template T */
export class Loader {
  /** @type {T | null} */ code = null;
  /** @type {Promise<T> | null} */ #loading = null;
  #failures = 0;

  /** @param {(failures: number) => Promise<T>} load */
  constructor(load) {
    this.load = load;
  }

  /** @returns {Promise<T>} */
  get() {
    this.#loading ??= this.load(this.#failures).then(
      (code) => (this.code = code),
      (error) => {
        this.#failures += 1;
        this.#loading = null;
        throw error;
      },
    );
    return this.#loading;
  }
}

/**
 * Loads a module of ours. In a widget `load` is linked to what the widget has with it, and does not fail.
 * @template T @param {string} name @param {() => Promise<T>} load imports it @returns {Loader<T>}
 */
export const loader = (name, load) => new Loader((failures) => (failures ? import(`./${name}?${failures}`) : load()));
