/**
 * What the page says about the call, in plain words. Pure.
 *
 * @typedef {{text: string, action: ""|"dial"|"token"|"hear", tone: "info"|"bad"}} Notice
 */

import { DELAYS, floor } from "./state.js";
import { RATE } from "./wire.js";

const DIAL = "dial";

/** By code of an error or reason of an end. @type {Record<string, [string, string]>} */
const TEXTS = {
  NO_PERMISSION: [
    "The microphone is blocked. Allow it for this page in the browser’s address bar, then try again.",
    DIAL,
  ],
  NO_MICROPHONE: ["No microphone was found. Plug one in, then try again.", DIAL],
  MICROPHONE_BUSY: ["Another program holds the microphone. Close it, then try again.", DIAL],
  INSECURE: [
    "A browser gives the microphone only to secure pages. Open this one over https, or as localhost.",
    "",
  ],
  UNSUPPORTED: ["This browser cannot make calls (it has no WebRTC). Use a current one.", ""],
  TOKEN: ["This server wants a token. Enter it under Settings; the server printed it.", "token"],
  FULL: ["All lines are taken.", DIAL],
  BUSY: ["Too many are calling at this moment.", DIAL],
  ORIGIN: ["The server takes no calls from this address. Whoever runs it can allow it.", ""],
  NETWORK: ["The server cannot be reached.", DIAL],
  TIMEOUT: ["The call did not come about: no answer from the server.", DIAL],
  LOST: ["The connection was lost and could not be made again.", DIAL],
  IDLE: ["Nobody spoke for a while, so the call was ended.", DIAL],
  TOO_LONG: ["This was the longest call that is allowed. You can start another.", DIAL],
  SHUTDOWN: ["The server is going down. Call again in a minute.", DIAL],
  ERROR: ["The agent ended the call because of an error.", DIAL],
};

/**
 * Why a call is over, or did not come about.
 *
 * @param {string} code
 * @param {{message?: string, retryAfter?: number}} [more] What the server said.
 * @returns {Notice | null} null: nothing to tell; the caller hung up.
 */
export function why(code, { message = "", retryAfter = 0 } = {}) {
  if (code === "HANG_UP" || code === "") return null;
  const [text, action] = TEXTS[code] ?? [TEXTS.ERROR[0], DIAL];
  const wait = retryAfter > 0 ? ` Try again in ${Math.ceil(retryAfter)} s.` : "";
  const said = code in TEXTS && code !== "ERROR" ? "" : message && ` It said: ${message}`;
  const tone = ["IDLE", "TOO_LONG", "SHUTDOWN"].includes(code) ? "info" : "bad";
  return /** @type {Notice} */ ({ text: text + wait + said, action, tone });
}

const FLOORS = {
  quiet: "Listening",
  caller: "Hearing you",
  thinking: "Thinking",
  agent: "Speaking",
  both: "You both speak",
};

/** A few words about what is going on. @param {import("./state.js").State} state */
export function status(state) {
  switch (state.phase) {
    case "asking": return "Waiting for the microphone";
    case "connecting": return "Connecting";
    case "live": return FLOORS[floor(state)];
    case "reconnecting": return `Reconnecting (${state.tries}/${DELAYS.length})`;
    case "ended": return "Call ended";
    case "error": return "No call";
    default: return "Ready";
  }
}

/** What is announced to screen readers: changes of the call, not every change of the floor. */
export function announcement(state) {
  if (state.phase === "live") return "Connected. You can speak now.";
  if (state.phase === "reconnecting") return "The connection was lost. Reconnecting.";
  return `${status(state)}.`;
}

const SHOWN = { CAMERA: "your camera", SCREEN: "your screen" };

/**
 * Which picture a reply speaks of.
 *
 * @param {{source: string, takenAt: number, blank: boolean, cue: string,
 *   comparedAt: number | null}} glance
 */
export function looked({ source, takenAt, blank, cue, comparedAt }) {
  const shown = SHOWN[source] ?? "your picture";
  if (blank) return `Looked at ${shown} at ${minutes(takenAt)}: there is nothing to be seen.`;
  const times = [takenAt, ...(comparedAt === null ? [] : [comparedAt])].sort((a, b) => a - b);
  const when = times.map(minutes).join(" and ");
  return `Looked at ${shown} at ${when}${cue && `, as you said “${cue}”`}.`;
}

/** @param {number} ticks Of the media clock. @returns {string} Minutes and seconds of the call. */
function minutes(ticks) {
  const tenths = Math.floor((ticks * 10) / RATE);
  const seconds = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return `${Math.floor(tenths / 600)}:${seconds}`;
}

/** What the large button does. @param {import("./state.js").State} state */
export function talkLabel(state) {
  switch (state.phase) {
    case "asking": return "Cancel";
    case "connecting": return "Connecting … cancel";
    case "live": return "Hang up";
    case "reconnecting": return "Stop trying";
    case "ended": return "Call again";
    case "error": return "Try again";
    default: return "Start talking";
  }
}
