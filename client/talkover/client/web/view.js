/** The page's controls: shows a state, and tells what the caller does with them. */

import { announcement, status, talkLabel } from "./messages.js";
import { floor, RESTING } from "./state.js";

/** @typedef {import("./state.js").State} State */

const ACTIONS = { dial: "Try again", token: "Enter token", hear: "Tap to hear" };
const METER = 0.5; // seconds between two values for assistive technology

/** @param {string} id @returns {any} An element of index.html. */
export const element = (id) => document.getElementById(id);

/** Binds index.html. It decides nothing. */
export class View {
  #phase = "";
  #metered = -Infinity;
  #narrow = matchMedia("(max-width: 859px)");
  /** @type {import("./messages.js").Notice["action"]} */
  #action = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #fading;

  /** @param {Record<string, (value?: any) => void>} on What the caller can do, by name. */
  constructor(on) {
    const click = (id, name) => element(id).addEventListener("click", () => on[name]());
    click("talk", "talk");
    click("mute", "mute");
    click("interrupt", "interrupt");
    click("camera", "camera");
    click("screen", "screen");
    element("say").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      const box = element("say-text");
      if (box.value.trim()) on.say(box.value);
      box.value = "";
    });
    element("token-form").addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      on.token(element("token").value.trim());
    });
    element("microphone").addEventListener("change", () => on.device(element("microphone").value));
    element("settings-toggle").addEventListener("click", () => this.settings(!this.settingsOpen));
    element("notice-close").addEventListener("click", () => this.notice(null));
    element("notice-action").addEventListener("click", () => {
      const action = this.#action;
      this.notice(null);
      if (action === "token") this.askToken();
      else on[action]?.();
    });
    document.addEventListener("keydown", ({ key }) => {
      if (key === "Escape" && this.#narrow.matches && this.settingsOpen) {
        this.settings(false);
        element("settings-toggle").focus();
      }
    });
  }

  /** @returns {boolean} Of a narrow page; a wide one always shows its settings. */
  get settingsOpen() {
    return element("settings-toggle").getAttribute("aria-expanded") === "true";
  }

  /** @returns {boolean} The caller agrees that words and audio are kept. */
  get consent() {
    return element("consent").checked;
  }

  /** @param {boolean} open */
  settings(open) {
    element("settings-toggle").setAttribute("aria-expanded", String(open));
    document.body.dataset.settings = open ? "open" : "closed";
  }

  /** @param {State} state */
  render(state) {
    const { phase } = state;
    const live = phase === "live";
    const resting = RESTING.includes(phase);
    const speaking = live && state.agent !== "quiet";
    document.body.dataset.phase = phase;
    document.body.dataset.floor = live ? floor(state) : "quiet";
    document.body.dataset.ducked = String(state.ducked);
    element("status-text").textContent = status(state);
    element("talk-label").textContent = talkLabel(state);
    element("interrupt").disabled = !speaking;
    element("say-text").disabled = element("say-send").disabled = !live;
    element("consent").disabled = !resting;
    for (const name of ["camera", "screen"]) element(name).disabled = !live;
    press("mute", state.muted, "Unmute microphone", "Mute microphone");
    press("camera", state.camera, "Turn camera off", "Turn camera on");
    press("screen", state.screen, "Stop showing screen", "Show screen");
    if (phase === this.#phase) return;
    if (this.#phase) element("announce").textContent = announcement(state);
    if (phase === "live" || phase === "asking") this.settings(false);
    this.#phase = phase;
  }

  /**
   * @param {import("./messages.js").Notice | null} notice null: take it away.
   * @param {number} [seconds] After which it goes by itself; 0: never.
   */
  notice(notice, seconds = 0) {
    clearTimeout(this.#fading);
    const box = element("notice");
    box.hidden = notice === null;
    this.#action = notice?.action ?? "";
    element("notice-text").textContent = notice?.text ?? "";
    if (!notice) return;
    box.dataset.tone = notice.tone;
    const button = element("notice-action");
    button.hidden = notice.action === "";
    button.textContent = notice.action ? ACTIONS[notice.action] : "";
    if (seconds) this.#fading = setTimeout(() => this.notice(null), seconds * 1000);
  }

  /** @param {boolean} needed Whether the server takes calls only with a token. */
  needToken(needed) {
    element("token-form").hidden = !needed;
  }

  /** Bring the caller to where the token is entered. */
  askToken() {
    this.needToken(true);
    this.settings(true);
    element("token").focus();
  }

  /** The token was kept. @param {string} token */
  tokenKept(token) {
    element("token").value = token;
    element("token-kept").textContent = token ? "Kept until this tab is closed." : "";
  }

  /** @param {{id: string, name: string}[]} found @param {string} chosen */
  microphones(found, chosen) {
    const usual = { id: "", name: "The usual one" };
    const list = found.some(({ id }) => id === "default") ? found : [usual, ...found];
    const options = list.map(({ id, name }) => new Option(name, id, false, id === chosen));
    element("microphone").replaceChildren(...options);
  }

  /** @param {number} level From 0 to 1. @param {number} wall Now (s). */
  meter(level, wall) {
    element("meter-fill").style.transform = `scaleX(${level.toFixed(3)})`;
    if (wall - this.#metered < METER) return;
    this.#metered = wall;
    element("meter").setAttribute("aria-valuenow", String(Math.round(level * 100)));
  }

  /** @param {"camera"|"screen"} which @param {MediaStream | null} stream What is shown. */
  preview(which, stream) {
    const video = element(`${which}-preview`);
    video.srcObject = stream;
    video.hidden = stream === null;
    if (stream) video.play().catch(() => {}); // a picture less; the call goes on
  }

  /** @param {string} text */
  version(text) {
    element("version").textContent = text;
  }
}

/** @param {string} id @param {boolean} on @param {string} undo @param {string} act */
function press(id, on, undo, act) {
  const button = element(id);
  button.setAttribute("aria-pressed", String(on));
  button.title = on ? undo : act;
}
