/** Tells the agent how much of it was heard: often while it speaks, at once when it is cut off. */

import * as wire from "./wire.js";
import { addWords, cutOff, pending, played } from "./words.js";

const EVERY = 0.2; // seconds

/** The reports of one call. */
export class Playout {
  /** @type {import("./words.js").Stretch[]} */
  #stretches = [];
  #reported = 0;
  #at = -Infinity;
  #send;

  /** @param {(message: object) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** Words are about to be said. @param {{words: any[], lanePosition: number}} text */
  words(text) {
    this.#stretches = addWords(this.#stretches, text);
  }

  /**
   * The agent was cut off; it waits for this report.
   *
   * @param {number} media What is being played out.
   */
  cut(media) {
    const heard = Math.max(this.#reported, played(this.#stretches, media));
    this.#stretches = cutOff(this.#stretches, media);
    this.#tell(heard);
  }

  /**
   * Time has passed.
   *
   * @param {number} media What is being played out.
   * @param {number} wall Now (s).
   * @returns {boolean} Words are still to come out.
   */
  tick(media, wall) {
    const heard = played(this.#stretches, media);
    if (heard > this.#reported && wall - this.#at >= EVERY) {
      this.#at = wall;
      this.#tell(heard);
    }
    return pending(this.#stretches, media);
  }

  #tell(heard) {
    this.#reported = heard;
    this.#send(wire.playout(this.#reported));
  }
}
