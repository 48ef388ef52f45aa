/** What happened in this page, for tests and bug reports. It stays in the page. */

const MAX_EVENTS = 500;

/** The latest events; older ones are forgotten. */
export class Log {
  /** @type {object[]} */
  #events = [];

  /** @param {object} event */
  add(event) {
    this.#events.push({ wall: Math.round(performance.now()) / 1000, ...event });
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  /** @returns {object[]} A copy. */
  get events() {
    return structuredClone(this.#events);
  }
}
