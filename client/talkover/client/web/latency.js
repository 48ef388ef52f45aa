/**
 * Where the time of a reply went: a bar of stages beside it.
 *
 * @typedef {{endOfTurn: number, transcript: number, firstToken: number, firstAudio: number}} Timings
 *   Seconds, each from the end of the caller's speech.
 */

import { make } from "./dom.js";

/** In the order of the bar. */
const STAGES = Object.freeze([
  ["endOfTurn", "end of turn"],
  ["transcript", "transcript"],
  ["firstToken", "first token"],
  ["firstAudio", "first audio"],
]);

/** Seconds that fill the bar's place; a slower reply fills it too. */
const FULL = 2;

/**
 * The bar's parts. A stage that was done before the one in front of it (the transcript is often
 * ready when the turn ends) has no length of its own.
 *
 * @param {Timings} timings
 * @returns {{name: string, at: number, length: number}[]} Seconds.
 */
export function split(timings) {
  let done = 0;
  return STAGES.map(([field, name]) => {
    const at = Math.max(0, timings[field]);
    const length = Math.max(0, at - done);
    done = Math.max(done, at);
    return { name, at, length };
  });
}

/** All of it in a sentence. @param {Timings} timings */
export function spell(timings) {
  const parts = split(timings).map(({ name, at }) => `${name} ${at.toFixed(2)}`);
  return `Seconds from the end of your speech: ${parts.join(", ")}.`;
}

/**
 * @param {Timings} timings
 * @returns {HTMLElement} It shows its numbers when it is pointed at or has the focus.
 */
export function latencyBar(timings) {
  const parts = split(timings);
  const total = Math.max(FULL, ...parts.map(({ at }) => at));
  const root = make("div", "latency");
  root.tabIndex = 0;
  root.setAttribute("role", "img");
  root.setAttribute("aria-label", spell(timings));

  const figure = make("span", "figure", `${parts[parts.length - 1].at.toFixed(2)} s`);
  const bar = make("span", "bar");
  for (const [index, { length }] of parts.entries()) {
    const part = make("span", `stage stage-${index}`);
    part.style.width = `${(length / total) * 100}%`;
    bar.append(part);
  }
  const tip = make("span", "tip");
  for (const [index, { name, at }] of parts.entries()) {
    const row = make("span", "row");
    row.append(
      make("span", `swatch stage-${index}`),
      make("span", "name", name),
      make("span", "number", `${at.toFixed(2)} s`),
    );
    tip.append(row);
  }
  root.append(figure, bar, tip);
  return root;
}
