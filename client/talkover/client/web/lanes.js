/** Draws the two lanes: the caller above the line, the agent below it, now at the right edge. */

import { bars, WINDOW } from "./history.js";

const PITCH = 4; // pixels from bar to bar
const BAR = 2.5;
const HUSH = 0.02; // below it a bar is a dot
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
    this.#marks(pen, middle, height, x);
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
      const span = spans.find(({ from, to }) => from <= middle && middle <= (to ?? now));
      pen.globalAlpha = span ? 1 : 0.4;
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

  #marks(pen, middle, height, x) {
    for (const span of this.#history.caller) {
      if (span.kind === "false") this.#label(pen, "false start", x(span.from), 12, "caller");
    }
    for (const span of this.#history.agent) {
      if (span.kind !== "cut" || span.to === null) continue;
      const at = Math.round(x(span.to));
      pen.fillStyle = this.#palette.agent;
      pen.fillRect(at - 1, middle, 2, height - middle - 4);
      this.#label(pen, "cut off", at + 5, height - 6, "agent");
    }
  }

  #label(pen, text, left, base, colour) {
    pen.font = "11px system-ui, sans-serif";
    pen.fillStyle = this.#palette[colour];
    pen.fillText(text, left, base);
  }
}
