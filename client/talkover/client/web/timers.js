/** Timers that end together. */
export class Timers {
  /** @type {Set<ReturnType<typeof setTimeout>>} */
  #running = new Set();

  /** @param {number} seconds @param {() => void} act Not done if they are cleared before. */
  after(seconds, act) {
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      act();
    }, seconds * 1000);
    this.#running.add(timer);
  }

  /** Nothing that waits will be done. */
  clear() {
    for (const timer of this.#running) clearTimeout(timer);
    this.#running.clear();
  }
}
