/** Draws the two lanes: the caller above the line, the agent below it, now at the right edge. */

import { bars, WINDOW } from "./history.js";

const PITCH = 4; // pixels from bar to bar
const BAR = 2.5;
const HUSH = 0.02; // below it a bar is a dot
const PALE = 0.5; // of a bar while the agent makes room
const LID = 0.8; // of the lane's height: where such a stretch is marked
const CALM = 0.5; // seconds between pictures where the caller asked for less motion

/** @typedef {Record<"caller"|"agent"|"both"|"line"|"muted", string>} Palette */

/** The picture on a canvas; it follows the canvas's size and the colours of the page. */
export class Lanes {
  #canvas;
  #history;
  /** @type {Palette} */
  #palette = { caller: "", agent: "", both: "", line: "", muted: "" };
  #calm = matchMedia("(prefers-reduced-motion: reduce)");
  #drawn = -Infinity;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("./history.js").History} history
   */
  constructor(canvas, history) {
    this.#canvas = canvas;
    this.#history = history;
    this.#recolour();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#recolour());
    new ResizeObserver(() => this.draw(performance.now() / 1000, true)).observe(canvas);
  }

  /**
   * @param {number} now Seconds; the right edge.
   * @param {boolean} [must] Even if it was drawn a moment ago.
   */
  draw(now, must = false) {
    if (!must && this.#calm.matches && now - this.#drawn < CALM) return;
    this.#drawn = now;
    const { width, height, pen } = this.#fit();
    if (!pen || width === 0) return;
    pen.clearRect(0, 0, width, height);
    const x = (at) => width - ((now - at) / WINDOW) * width;
    const middle = Math.round(height / 2);
    this.#grid(pen, width, middle, now, x);
    this.#history.prune(now);
    this.#overlaps(pen, height, now, x);
    this.#lane(pen, "caller", middle - 2, -(middle - 18), now, width, x);
    this.#lane(pen, "agent", middle + 2, middle - 18, now, width, x);
    this.#falseStarts(pen, x);
    this.#ducks(pen, middle, now, x);
    this.#cuts(pen, middle, height, x);
  }

  #recolour() {
    const style = getComputedStyle(document.documentElement);
    for (const name of Object.keys(this.#palette)) {
      this.#palette[name] = style.getPropertyValue(`--${name}`).trim();
    }
    this.draw(performance.now() / 1000, true);
  }

  #fit() {
    const canvas = this.#canvas;
    const scale = Math.min(3, devicePixelRatio || 1);
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    const pen = canvas.getContext("2d");
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    pen?.setTransform(scale, 0, 0, scale, 0, 0);
    return { width, height, pen };
  }

  #grid(pen, width, middle, now, x) {
    pen.strokeStyle = this.#palette.line;
    pen.lineWidth = 1;
    pen.beginPath();
    for (let second = Math.ceil((now - WINDOW) / 5) * 5; second < now; second += 5) {
      const at = Math.round(x(second)) + 0.5;
      pen.moveTo(at, middle - 5);
      pen.lineTo(at, middle + 5);
    }
    pen.moveTo(0, middle + 0.5);
    pen.lineTo(width, middle + 0.5);
    pen.stroke();
  }

  #overlaps(pen, height, now, x) {
    pen.fillStyle = this.#palette.both;
    for (const { from, to } of this.#history.overlaps(now)) {
      const wide = Math.max(2, x(to) - x(from));
      pen.globalAlpha = 0.14;
      pen.fillRect(x(from), 0, wide, height);
      pen.globalAlpha = 1;
      pen.fillRect(x(from), 0, wide, 2);
      pen.fillRect(x(from), height - 2, wide, 2);
    }
  }

  /** Bars of one lane, from its base towards the edge. `reach` is signed. */
  #lane(pen, lane, base, reach, now, width, x) {
    const seconds = (PITCH / width) * WINDOW;
    const spans = this.#history[lane];
    pen.fillStyle = pen.strokeStyle = this.#palette[lane];
    for (const bar of bars(this.#history.levels, lane, now, seconds)) {
      const tall = bar.level < HUSH ? Math.sign(reach) : bar.level * reach;
      const middle = bar.from + seconds / 2;
      const span = at(spans, middle, now);
      const ducked = lane === "agent" && at(this.#history.ducked, middle, now);
      pen.globalAlpha = ducked ? PALE : span ? 1 : 0.4;
      const left = x(bar.from);
      if (span?.kind === "false") {
        pen.lineWidth = 1;
        pen.strokeRect(left + 0.5, base, BAR - 1, tall);
      } else {
        pen.fillRect(left, base, BAR, tall);
      }
    }
    pen.globalAlpha = 1;
  }

  #falseStarts(pen, x) {
    let free = -Infinity;
    for (const { kind, from } of this.#history.caller) {
      if (kind === "false") free = this.#label(pen, "false start", x(from), 12, "caller", free);
    }
  }

  /** A lid over each stretch in which the agent made room. */
  #ducks(pen, middle, now, x) {
    pen.fillStyle = this.#palette.agent;
    for (const { from, to } of this.#history.ducked) {
      const left = Math.round(x(from));
      const wide = Math.max(2, Math.round(x(to ?? now)) - left);
      const low = middle + Math.round((middle - 18) * LID);
      pen.fillRect(left, low, wide, 2);
      pen.fillRect(left, low - 4, 2, 4);
      pen.fillRect(left + wide - 2, low - 4, 2, 4);
    }
  }

  /** Where it was cut off; and where it went on, if it did. */
  #cuts(pen, middle, height, x) {
    const spans = this.#history.agent;
    let free = -Infinity;
    for (const [index, { kind, to }] of spans.entries()) {
      if ((kind !== "cut" && kind !== "resumed") || to === null) continue;
      const cut = Math.round(x(to));
      const on = kind === "resumed" ? Math.round(x(spans[index + 1]?.from ?? to)) : cut;
      const low = height - 4;
      pen.fillStyle = this.#palette.agent;
      pen.fillRect(cut - 1, middle, 2, low - middle);
      if (kind === "resumed") {
        pen.fillRect(cut - 1, low - 2, on - cut + 2, 2); // one bracket: it is one reply
        pen.fillRect(on - 1, middle, 2, low - middle);
      }
      const text = kind === "cut" ? "cut off" : "resumed";
      free = this.#label(pen, text, on + 5, height - 6, "agent", free);
    }
  }

  /** Where there is room: what is left of `free` is taken. Returns what is taken then. */
  #label(pen, text, left, base, colour, free) {
    if (left < free) return free;
    pen.font = "11px system-ui, sans-serif";
    pen.fillStyle = this.#palette[colour];
    pen.fillText(text, left, base);
    return left + pen.measureText(text).width + 6;
  }
}

/** @param {import("./history.js").Span[]} spans @param {number} moment @param {number} now */
function at(spans, moment, now) {
  return spans.find(({ from, to }) => from <= moment && moment <= (to ?? now));
}
