/**
 * The last seconds of a call: levels, who spoke, and what happened. Pure; times are wall seconds.
 *
 * @typedef {{from: number, to: number | null, kind: "speech"|"false"|"cut"|"resumed"}} Span
 *   `resumed`: cut off, and the next span goes on with it.
 */

/** Seconds that are shown. */
export const WINDOW = 20;

/** Seconds between two levels. */
export const STEP = 0.05;

const KEPT = WINDOW + 5;
const MAX_LEVELS = Math.ceil(KEPT / STEP);
const MAX_SPANS = 200;

/** Bounded: what is older than the window is forgotten, and so is the oldest of too many. */
export class History {
  /** @type {{at: number, caller: number, agent: number}[]} */
  levels = [];
  /** @type {Span[]} */
  caller = [];
  /** @type {Span[]} */
  agent = [];
  /** Where the agent spoke more quietly. @type {Span[]} */
  ducked = [];

  /**
   * How loud both are now.
   *
   * @param {number} at
   * @param {number} caller From 0 to 1.
   * @param {number} agent From 0 to 1.
   */
  level(at, caller, agent) {
    this.levels.push({ at, caller, agent });
    if (this.levels.length > MAX_LEVELS) this.levels.splice(0, this.levels.length - MAX_LEVELS);
  }

  /**
   * The floor changed.
   *
   * @param {string} kind As in the `turn` event.
   * @param {number} at
   */
  turn(kind, at) {
    switch (kind) {
      case "CALLER_STARTED":
      case "CALLER_CONTINUED":
        return open(this.caller, at);
      case "CALLER_ENDED":
        return close(this.caller, at, "speech");
      case "FALSE_START":
        return close(this.caller, at, "false");
      case "AGENT_STARTED":
        return open(this.agent, at);
      case "AGENT_FINISHED":
        close(this.ducked, at, "speech");
        return close(this.agent, at, "speech");
      case "DUCKED":
        return open(this.ducked, at);
      case "UNDUCKED":
        return close(this.ducked, at, "speech");
      case "BARGE_IN":
        close(this.ducked, at, "speech");
        return close(this.agent, at, "cut");
      case "RESUMED": {
        const cut = this.agent[this.agent.length - 1];
        if (cut?.kind === "cut") cut.kind = "resumed";
        return open(this.agent, at);
      }
      default:
        return undefined;
    }
  }

  /** The call is over: nobody speaks. @param {number} at */
  end(at) {
    close(this.caller, at, "speech");
    close(this.agent, at, "speech");
    close(this.ducked, at, "speech");
  }

  /** Forget what is too old to be shown. @param {number} now */
  prune(now) {
    const old = (span) => span.to !== null && span.to < now - KEPT;
    this.caller = this.caller.filter((span) => !old(span));
    this.agent = this.agent.filter((span) => !old(span));
    this.ducked = this.ducked.filter((span) => !old(span));
  }

  /**
   * When both spoke.
   *
   * @param {number} now Where what goes on ends.
   * @returns {{from: number, to: number}[]}
   */
  overlaps(now) {
    return this.caller.flatMap((mine) =>
      this.agent
        .map((its) => ({
          from: Math.max(mine.from, its.from),
          to: Math.min(mine.to ?? now, its.to ?? now),
        }))
        .filter(({ from, to }) => to > from),
    );
  }
}

function open(spans, at) {
  const last = spans[spans.length - 1];
  if (last && last.to === null) return;
  spans.push({ from: at, to: null, kind: "speech" });
  if (spans.length > MAX_SPANS) spans.shift();
}

function close(spans, at, kind) {
  const last = spans[spans.length - 1];
  if (!last || last.to !== null) return;
  last.to = Math.max(at, last.from);
  last.kind = kind;
}

/**
 * The loudest level of each bar of a lane.
 *
 * @param {History["levels"]} levels In the order of time.
 * @param {"caller"|"agent"} lane
 * @param {number} now Where the last bar ends, about.
 * @param {number} seconds Of a bar. Bars lie on an absolute grid, so they move but do not flicker.
 * @returns {{from: number, level: number}[]} Oldest first; bars without sound are left out.
 */
export function bars(levels, lane, now, seconds) {
  /** @type {Map<number, number>} */
  const found = new Map();
  for (const level of levels) {
    if (level.at < now - WINDOW - seconds || level.at > now) continue;
    const index = Math.floor(level.at / seconds);
    found.set(index, Math.max(found.get(index) ?? 0, level[lane]));
  }
  return [...found].map(([index, level]) => ({ from: index * seconds, level }));
}
