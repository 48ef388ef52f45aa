/** What is said in a call: takes the agent's events to the transcript, the lanes and the reports. */

import { MediaClock } from "./clock.js";
import { History } from "./history.js";
import { Playout } from "./playout.js";

const wall = () => performance.now() / 1000;

/** Outlives the sessions of a page; each begins anew, what was said before stays to be read. */
export class Conversation {
  /** What the lanes show. */
  history = new History();
  #clock = new MediaClock();
  #transcript;
  #edge;
  #playout;

  /**
   * @param {import("./transcript.js").Transcript} transcript
   * @param {object} edge
   * @param {(message: object) => void} edge.send To the agent.
   * @param {() => number | null | undefined} edge.rtp As `Call.rtp`.
   * @param {(on: boolean) => void} edge.hush Whether the agent is kept from being heard.
   */
  constructor(transcript, edge) {
    this.#transcript = transcript;
    this.#edge = edge;
    this.#playout = new Playout(edge.send);
  }

  /**
   * A session begins.
   *
   * @param {number} rtpOrigin
   * @param {string} note Said first, if anything was said before.
   */
  begin(rtpOrigin, note) {
    this.#clock.start(rtpOrigin);
    this.#playout = new Playout(this.#edge.send);
    this.#transcript.begin();
    if (!this.#transcript.empty) this.#transcript.note(note);
  }

  /** The session is over. */
  end() {
    this.history.end(wall());
    this.#transcript.begin();
  }

  /** @param {import("./wire.js").Event} event */
  take({ kind, at, body }) {
    this.#clock.event(at, wall());
    if (kind === "turn") this.#turn(body, at);
    else if (kind === "transcript") this.#transcript.caller(body);
    else if (kind === "truncation") {
      this.#playout.drop(body.turn);
      this.#transcript.truncated(body);
    } else if (kind === "timings") this.#transcript.timings(body);
    else if (kind === "glance") this.#transcript.glance(body);
    else if (kind === "agentText") {
      this.#playout.words(body);
      this.#transcript.agent(body);
    }
  }

  /**
   * Time has passed.
   *
   * @param {{caller: number, agent: number}} levels From 0 to 1.
   */
  tick({ caller, agent }) {
    const now = this.#playing();
    this.history.level(wall(), caller, agent);
    this.#playout.tick(now, wall());
    this.#transcript.tick(now, wall());
  }

  /** @param {{kind: string, turn: number}} event @param {number} at */
  #turn({ kind, turn }, at) {
    this.history.turn(kind, this.#clock.wallOf(at, wall()));
    if (kind === "BARGE_IN") {
      this.#playout.cut(this.#playing());
      this.#transcript.stopped(turn);
      this.#edge.hush(true); // what the buffer still holds is not to be heard
    }
    if (kind === "RESUMED") this.#transcript.resumed(turn);
    if (kind === "RESUMED" || kind === "AGENT_STARTED") {
      this.#playout.resume();
      this.#edge.hush(false);
    }
    if (kind === "AGENT_FINISHED") this.#transcript.finished(turn, wall());
    if (kind === "CALLER_CONTINUED") this.#transcript.withdrawn(turn);
    if (kind === "FALSE_START") this.#transcript.nothing(turn);
  }

  /** What is being played out (ticks). */
  #playing() {
    return this.#clock.playing(this.#edge.rtp(), wall());
  }
}
