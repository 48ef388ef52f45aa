/**
 * Which of the agent's words have come out of the loudspeaker. Pure.
 *
 * @typedef {import("./wire.js").Word} Word
 * @typedef {{turn: number, first: number, startsAt: number, lane: number, length: number,
 *   cut?: boolean}} Stretch  Words said in one go: of which reply, how many of its words come before
 *   them, where they begin on the media clock and on the agent lane, and how long they take. Times
 *   are ticks. `cut`: no more of them was heard.
 */

const MAX_STRETCHES = 64;

/**
 * An RTP timestamp as media time. What lies before the origin is time 0.
 *
 * @param {number} rtp Of the 48 kHz clock, 32 bits.
 * @param {number} origin Timestamp of media time 0.
 * @returns {number} Ticks.
 */
export function mediaTime(rtp, origin) {
  const since = (rtp - origin) >>> 0;
  return since >= 2 ** 31 ? 0 : Math.floor(since / 3);
}

/**
 * Add words that are about to be said. They replace those of their reply from `first` on.
 *
 * @param {Stretch[]} stretches In the order of time.
 * @param {{turn: number, first: number, words: Word[], lanePosition: number}} text
 * @returns {Stretch[]} The latest of them.
 */
export function addWords(stretches, { turn, first, words, lanePosition }) {
  if (!words.length) return stretches;
  const startsAt = words[0].startsAt;
  const length = Math.max(0, words[words.length - 1].endsAt - startsAt);
  const kept = stretches.filter((s) => s.turn !== turn || s.first < first);
  return [...kept, { turn, first, startsAt, lane: lanePosition, length }].slice(-MAX_STRETCHES);
}

/**
 * How much of the agent lane has been heard. It stops at the last word's end, until words follow:
 * what comes after it on the clock may be silence that is not on the lane.
 *
 * @param {Stretch[]} stretches
 * @param {number} media What is being played out.
 * @returns {number} Ticks of the lane.
 */
export function played(stretches, media) {
  const index = stretches.findLastIndex((stretch) => stretch.startsAt <= media);
  if (index < 0) return 0;
  const { startsAt, lane, length, cut } = stretches[index];
  const following = stretches[index + 1];
  const most = following && !cut ? following.lane - lane : length;
  return lane + Math.min(media - startsAt, most);
}

/**
 * The agent was cut off: what was not heard by then never will be.
 *
 * @param {Stretch[]} stretches
 * @param {number} media
 * @returns {Stretch[]}
 */
export function cutOff(stretches, media) {
  return stretches
    .filter((stretch) => stretch.startsAt <= media)
    .map((s) => ({ ...s, length: Math.min(s.length, media - s.startsAt), cut: true }));
}

/**
 * Whether there is more to come out.
 *
 * @param {Stretch[]} stretches
 * @param {number} media
 */
export function pending(stretches, media) {
  const last = stretches[stretches.length - 1];
  return last !== undefined && media < last.startsAt + last.length;
}

/**
 * How many words have begun to be heard.
 *
 * @param {Word[]} words
 * @param {number} media
 */
export function spoken(words, media) {
  const next = words.findIndex((word) => word.startsAt > media);
  return next < 0 ? words.length : next;
}

/**
 * How many of a reply's words were heard, going by the text that the agent takes for heard.
 *
 * @param {Word[]} words Of the whole reply.
 * @param {string} heardText Its first words, with a space between them.
 */
export function heardCount(words, heardText) {
  const parts = (said) => said.split(/\s+/).filter(Boolean).length;
  let left = parts(heardText);
  let count = 0;
  for (const word of words) {
    left -= parts(word.text);
    if (left < 0) break;
    count += 1;
  }
  return count;
}
