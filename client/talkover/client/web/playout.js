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
  #held = false;
  #send;

  /** @param {(message: object) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** Words are about to be said. @param {Parameters<typeof addWords>[1]} text */
  words(text) {
    this.#stretches = addWords(this.#stretches, text);
  }

  /**
   * The agent was cut off; it waits for this report. Nothing more is reported until it goes on:
   * words that come meanwhile are not on their way, whatever their times say.
   *
   * @param {number} media What is being played out.
   */
  cut(media) {
    const heard = Math.max(this.#reported, played(this.#stretches, media));
    this.#stretches = cutOff(this.#stretches, media);
    this.#held = true;
    this.#tell(heard);
  }

  /** The agent goes on, or begins anew. */
  resume() {
    this.#held = false;
  }

  /** The agent was cut off for good. @param {number} turn */
  drop(turn) {
    this.#stretches = this.#stretches.filter((stretch) => stretch.turn !== turn);
    this.#held = false;
  }

  /**
   * Time has passed.
   *
   * @param {number} media What is being played out.
   * @param {number} wall Now (s).
   * @returns {boolean} Words are still to come out.
   */
  tick(media, wall) {
    if (this.#held) return false;
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
