/** The media clock of a call, as the page can know it. Pure: it is told what time it is. */

import { RATE } from "./wire.js";
import { mediaTime } from "./words.js";

/** Where the browser does not tell what is played out: what the way and the buffer may take. */
const DELAY = 0.15 * RATE;

/** Media time seen from here: what the agent just did, and what comes out of the loudspeaker. */
export class MediaClock {
  #origin = 0;
  /** Largest difference of media time and wall time in any event: that of the fastest one. */
  #ahead = -Infinity;
  #playing = 0;

  /** @param {number} rtpOrigin RTP timestamp of media time 0. */
  start(rtpOrigin) {
    this.#origin = rtpOrigin;
    this.#ahead = -Infinity;
    this.#playing = 0;
  }

  /**
   * An event came.
   *
   * @param {number} at Its time (ticks).
   * @param {number} wall Now (s).
   */
  event(at, wall) {
    this.#ahead = Math.max(this.#ahead, at - wall * RATE);
  }

  /**
   * What is being played out; never less than before.
   *
   * @param {number | null | undefined} rtp Timestamp of the latest packet that was; null: none
   *   lately; undefined: this browser does not tell.
   * @param {number} wall Now (s).
   * @returns {number} Ticks.
   */
  playing(rtp, wall) {
    let now = this.#playing;
    if (typeof rtp === "number") now = mediaTime(rtp, this.#origin);
    else if (rtp === undefined && this.#ahead > -Infinity) now = wall * RATE + this.#ahead - DELAY;
    this.#playing = Math.max(this.#playing, Math.floor(now));
    return this.#playing;
  }

  /**
   * When something happened, by the clock on the wall.
   *
   * @param {number} at Ticks.
   * @param {number} wall Now (s); what is unknown happened now.
   * @returns {number} Seconds, not in the future.
   */
  wallOf(at, wall) {
    if (this.#ahead === -Infinity) return wall;
    return Math.min(wall, (at - this.#ahead) / RATE);
  }
}
