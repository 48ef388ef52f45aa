/**
 * The messages of the data channel: protobuf JSON of talkover.v1, as plain objects. Pure.
 *
 * @typedef {{text: string, startsAt: number, endsAt: number}} Word  Times are media ticks.
 * @typedef {{at: number, kind: string, body: any}} Event  `kind` is the name of the oneof field.
 */

/** Media ticks in a second. */
export const RATE = 16000;

/** The longest text that is sent or shown, in characters. */
export const MAX_TEXT = 2000;

const MAX_SHOWN = 4000;
const MAX_WORDS = 400;
const KINDS = [
  "started", "transcript", "agentText", "turn", "truncation", "error", "ended", "timings",
  "glance",
];

/**
 * Read one message of the agent.
 *
 * @param {unknown} data What the channel gave.
 * @returns {Event | null} null: no message this page knows.
 */
export function parse(data) {
  if (typeof data !== "string") return null;
  let message;
  try {
    message = JSON.parse(data);
  } catch {
    return null;
  }
  if (message === null || typeof message !== "object") return null;
  const kind = KINDS.find((name) => message[name] && typeof message[name] === "object");
  if (kind === undefined) return null;
  return { at: number(message.at), kind, body: READERS[kind](message[kind]) };
}

// A field with its default value may be left out, and an int64 is a string.
const READERS = {
  started: (m) => ({
    sessionId: text(m.sessionId),
    bundleId: text(m.bundleId),
    rtpOrigin: number(m.rtpOrigin),
  }),
  transcript: (m) => ({
    turn: number(m.turn),
    final: m.final === true,
    text: text(m.text),
    speaker: text(m.speaker).replace("SPEAKER_", ""),
  }),
  agentText: (m) => ({
    turn: number(m.turn),
    words: words(m.words),
    lanePosition: number(m.lanePosition),
    first: Math.max(0, Math.floor(number(m.first))),
  }),
  turn: (m) => ({ turn: number(m.turn), kind: enumerated(m.kind, "TURN_EVENT_KIND_") }),
  truncation: (m) => ({
    turn: number(m.turn),
    heardText: text(m.heardText),
    played: number(m.played),
  }),
  error: (m) => ({ code: text(m.code), message: text(m.message) }),
  ended: (m) => ({ reason: enumerated(m.reason, "END_REASON_"), turns: number(m.turns) }),
  timings: (m) => ({
    turn: number(m.turn),
    endOfTurn: number(m.endOfTurn),
    transcript: number(m.transcript),
    firstToken: number(m.firstToken),
    firstAudio: number(m.firstAudio),
  }),
  glance: (m) => ({
    turn: number(m.turn),
    takenAt: number(m.takenAt),
    source: enumerated(m.source, "VIDEO_SOURCE_"),
    blank: m.blank === true,
    cue: text(m.cue),
    comparedAt: m.comparedAt === undefined ? null : number(m.comparedAt),
  }),
};

/** The first message of a call. @param {boolean} consent To keep words and audio. */
export function start(consent) {
  return {
    start: {
      languages: [],
      instructions: "",
      consentToRecord: consent,
      reportsPlayout: true,
      callerId: "",
    },
  };
}

/** A typed turn. @param {string} said */
export const typed = (said) => ({ text: { text: clean(said) } });

/** How much of the agent lane was heard. @param {number} played Ticks. */
export const playout = (played) => ({ playout: { played: String(Math.round(played)) } });

/**
 * What a turn should have read.
 *
 * @param {number} turn Of the transcript.
 * @param {string} said
 */
export const correction = (turn, said) => ({ correction: { turn, text: clean(said) } });

/** Stop speaking. */
export const interrupt = () => ({ interrupt: {} });

/** The caller is done. */
export const hangUp = () => ({ hangUp: {} });

/** Half of a surrogate pair is no Unicode, and would be refused. @param {string} said */
function clean(said) {
  const letters = Array.from(said.trim().slice(0, MAX_TEXT));
  return letters.map((letter) => (/^[\uD800-\uDFFF]$/.test(letter) ? "\uFFFD" : letter)).join("");
}

function number(value) {
  const read = Number(value ?? 0);
  return Number.isFinite(read) ? read : 0;
}

function text(value) {
  return typeof value === "string" ? value.slice(0, MAX_SHOWN) : "";
}

function enumerated(value, prefix) {
  return text(value).replace(prefix, "") || "UNSPECIFIED";
}

function words(list) {
  if (!Array.isArray(list)) return [];
  return list.slice(0, MAX_WORDS).map((word) => ({
    text: text(word?.text),
    startsAt: number(word?.startsAt),
    endsAt: number(word?.endsAt),
  }));
}
