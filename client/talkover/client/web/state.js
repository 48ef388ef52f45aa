/**
 * The state of a call, as a pure machine: a state and an event give the next state.
 *
 *     idle ─dial─▶ asking ─microphone─▶ connecting ─started─▶ live ─ended─▶ ended
 *       ▲            │                      │                │  ▲
 *       └──hangUp────┘                      │              lost started
 *                    failed ◀───────────────┘                ▼  │
 *                      ▼                               reconnecting ── after 5 tries ──▶ error
 *                    error
 *
 * @typedef {"idle"|"asking"|"connecting"|"live"|"reconnecting"|"ended"|"error"} Phase
 * @typedef {"quiet"|"caller"|"thinking"|"agent"|"both"} Floor
 * @typedef {"quiet"|"thinking"|"speaking"|"held"} Agent  `held`: cut off, and it may go on.
 * @typedef {{phase: Phase, tries: number, caller: boolean, agent: Agent, ducked: boolean,
 *   muted: boolean, camera: boolean, screen: boolean, reason: string}} State
 * @typedef {{type: string, [field: string]: any}} Step
 */

/** Seconds before each new try. */
export const DELAYS = Object.freeze([0.5, 1, 2, 4, 8]);

/** What another try can mend. */
const PASSING = new Set(["NETWORK", "FULL", "BUSY", "TIMEOUT", "LOST"]);

const QUIET = Object.freeze({ caller: false, agent: "quiet", ducked: false });
const SHUT = Object.freeze({ ...QUIET, camera: false, screen: false });

/** Before the first call. @type {State} */
export const INITIAL = Object.freeze({
  phase: "idle", tries: 0, ...SHUT, muted: false, reason: "",
});

/** Phases in which the caller may dial. */
export const RESTING = Object.freeze(["idle", "ended", "error"]);

/**
 * @param {State} state
 * @param {Step} step
 * @returns {State} The same object where the step means nothing in this state.
 */
export function next(state, step) {
  const change = CHANGES[step.type]?.(state, step);
  return change ? Object.freeze({ ...state, ...change }) : state;
}

const CHANGES = {
  dial: (s) => RESTING.includes(s.phase) && { phase: "asking", tries: 0, reason: "", ...SHUT },
  microphone: (s) => s.phase === "asking" && { phase: "connecting" },
  started: (s) => ["connecting", "reconnecting"].includes(s.phase) && { phase: "live", ...QUIET },
  // Only a call that lasts earns new tries; one that breaks again and again must stop some time.
  lasted: (s) => s.phase === "live" && { tries: 0 },
  lost: (s) => (s.phase === "live" || s.phase === "reconnecting") && retry(s, "LOST"),
  failed: (s, { code }) => {
    if (RESTING.includes(s.phase)) return null;
    if (s.phase === "reconnecting" && PASSING.has(code)) return retry(s, code);
    return { phase: "error", reason: code, ...SHUT };
  },
  hangUp: (s) => {
    if (RESTING.includes(s.phase)) return null;
    return { phase: s.phase === "asking" ? "idle" : "ended", reason: "HANG_UP", ...SHUT };
  },
  ended: (s, { reason }) => {
    if (s.phase !== "live") return null;
    return { phase: reason === "ERROR" ? "error" : "ended", reason, ...SHUT };
  },
  turn: (s, { kind }) => s.phase === "live" && (TURNS[kind] ?? null),
  truncated: (s) => s.agent === "held" && { agent: "quiet" },
  muted: (s, { on }) => ({ muted: on }),
  camera: (s, { on }) => (s.phase === "live" || !on) && { camera: on },
  screen: (s, { on }) => (s.phase === "live" || !on) && { screen: on },
};

const TURNS = {
  CALLER_STARTED: { caller: true },
  CALLER_CONTINUED: { caller: true, agent: "quiet" },
  CALLER_ENDED: { caller: false, agent: "thinking" },
  FALSE_START: { caller: false },
  AGENT_STARTED: { agent: "speaking", ducked: false },
  AGENT_FINISHED: { agent: "quiet", ducked: false },
  DUCKED: { ducked: true },
  UNDUCKED: { ducked: false },
  BARGE_IN: { agent: "held", ducked: false },
  RESUMED: { agent: "speaking", ducked: false },
};

/** @returns {Partial<State>} */
function retry(state, reason) {
  const tries = state.tries + 1;
  if (tries > DELAYS.length) return { phase: "error", reason: "LOST", ...SHUT };
  return { phase: "reconnecting", tries, reason, ...QUIET };
}

/**
 * Who has the floor.
 *
 * @param {State} state
 * @returns {Floor}
 */
export function floor({ caller, agent }) {
  if (agent === "speaking") return caller ? "both" : "agent";
  if (caller) return "caller";
  return agent === "thinking" ? "thinking" : "quiet";
}
