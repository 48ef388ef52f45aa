/** The page: puts the state, the call, the media and the view together. */

import { Call } from "./call.js";
import { Conversation } from "./conversation.js";
import { CallError, canShowScreen, microphones } from "./devices.js";
import { watch } from "./generations.js";
import { STEP } from "./history.js";
import { Lanes } from "./lanes.js";
import { watch as watchLearning } from "./learning.js";
import { Log } from "./log.js";
import { Media } from "./media.js";
import { why } from "./messages.js";
import { DELAYS, INITIAL, next, RESTING } from "./state.js";
import { Timers } from "./timers.js";
import { Transcript } from "./transcript.js";
import { element, View } from "./view.js";
import * as wire from "./wire.js";

const LASTED = 10; // seconds after which a call is no longer one that breaks at once
const PASSING = 8; // seconds for which something about a call that goes on is shown
const TOKEN = "talkover.token";
const AGAIN =
  "Connected again. This is a new conversation: the agent does not remember the one before.";
const CALLING = "The connection was lost. Calling again; that will be a new conversation.";

const wall = () => performance.now() / 1000;

/** One page, one caller; calls come and go. */
export class App {
  state = INITIAL;
  session = "";
  log = new Log();
  #config = { token_required: false, ice_servers: [], version: "" };
  #token = sessionStorage.getItem(TOKEN) ?? "";
  #device = "";
  /** @type {Call | null} */
  #call = null;
  #error = "";
  #timers = new Timers();
  #media = new Media(element("sound"), (what) => this.#gone(what));
  #view = new View({
    talk: () => (RESTING.includes(this.state.phase) ? this.dial() : this.step({ type: "hangUp" })),
    dial: () => this.dial(),
    mute: () => this.step({ type: "muted", on: !this.state.muted }),
    interrupt: () => this.send(wire.interrupt()),
    camera: () => this.#toggle("camera"),
    screen: () => this.#toggle("screen"),
    say: (text) => this.#say(text),
    token: (token) => this.#keepToken(token),
    device: (id) => this.#changeDevice(id),
    hear: () => this.#hear(),
  });
  #transcript = new Transcript(element("transcript"), element("said"), (turn, text) =>
    this.send(wire.correction(turn, text)),
  );
  #conversation = new Conversation(this.#transcript, {
    send: (message) => this.send(message),
    rtp: () => (this.#call ? this.#call.rtp() : undefined),
    hush: (on) => this.#media.hush(on),
  });
  #lanes = new Lanes(element("lanes"), this.#conversation.history);

  /** Bind everything and show the first state. */
  async begin() {
    element("screen").hidden = !canShowScreen();
    this.#view.settings(true);
    this.#view.tokenKept(this.#token);
    this.#view.render(this.state);
    setInterval(() => this.tick(), STEP * 1000);
    const draw = () => {
      if (!RESTING.includes(this.state.phase)) this.#lanes.draw(wall());
      requestAnimationFrame(draw);
    };
    draw();
    addEventListener("pagehide", () => this.#call?.close());
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#list());
    await this.#list();
    const response = await fetch("config.json").catch(() => null);
    if (response?.ok) this.#config = { ...this.#config, ...(await response.json()) };
    this.#view.version(this.#config.version);
    this.#view.needToken(this.#config.token_required);
    const token = () => (this.#config.token_required ? this.#token : null);
    watch(element("generations"), token);
    watchLearning(element("learning"), token);
  }

  /** Change the state. @param {import("./state.js").Step} step */
  step(step) {
    const { phase } = this.state;
    this.state = next(this.state, step);
    this.#media.mute(this.state.muted);
    this.#view.render(this.state);
    if (this.state.phase === phase) return;
    this.log.add({ phase: this.state.phase });
    if (RESTING.includes(this.state.phase)) this.#rest();
  }

  /** Send a message of the wire. @param {object} message */
  send(message) {
    this.log.add({ sent: message });
    this.#call?.send(message);
  }

  /** Take an event of the agent. @param {import("./wire.js").Event} event */
  take(event) {
    const { kind, body } = event;
    this.log.add({ [kind]: body });
    if (kind === "started") return this.#started(body);
    this.#conversation.take(event);
    if (kind === "turn") this.step({ type: "turn", kind: body.kind });
    if (kind === "truncation") this.step({ type: "truncated" });
    if (kind === "error") {
      this.#error = body.message;
      this.#tell(`The agent says: ${body.message}`);
    }
    if (kind === "ended") {
      this.step({ type: "ended", reason: body.reason });
      this.#view.notice(why(body.reason, { message: this.#error }));
    }
    return undefined;
  }

  /** What time alone brings about. */
  tick() {
    const levels = this.#media.levels();
    if (this.state.muted) levels.caller = 0;
    this.#view.meter(levels.caller, wall());
    if (this.state.phase === "live") this.#conversation.tick(levels);
  }

  /** The caller wants to talk. */
  async dial() {
    if (!RESTING.includes(this.state.phase)) return;
    this.#view.notice(null);
    this.#error = "";
    this.step({ type: "dial" });
    this.#media.unlock();
    try {
      const wanted = () => this.state.phase === "asking";
      if (!(await this.#media.take(this.#device, wanted))) return;
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.step({ type: "microphone" });
    void this.#list();
    await this.#connect();
  }

  #started({ sessionId, rtpOrigin }) {
    const again = this.state.phase === "reconnecting";
    this.session = sessionId;
    this.#conversation.begin(rtpOrigin, again ? AGAIN : "A new conversation.");
    this.step({ type: "started" });
    this.#view.notice(null);
    this.#timers.after(LASTED, () => this.step({ type: "lasted" }));
    void this.#hear();
  }

  // The call

  async #connect() {
    if (!this.#media.microphone) return;
    const mine = () => call === this.#call;
    const call = new Call({
      microphone: this.#media.microphone,
      iceServers: this.#config.ice_servers,
      token: this.#token,
      handlers: {
        event: (event) => mine() && this.take(event),
        sound: (stream) => mine() && this.#media.agent(stream),
        lost: () => mine() && this.#lost(),
      },
    });
    this.#call = call;
    try {
      await call.open(this.#view.consent);
    } catch (error) {
      if (mine()) this.#fail(error);
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    const { code, more } = error instanceof CallError ? error : new CallError("ERROR");
    this.step({ type: "failed", code });
    if (this.state.phase === "reconnecting") this.#redial(more.retryAfter ?? 0);
    else if (this.state.phase === "error") this.#view.notice(why(this.state.reason, more));
    if (code === "TOKEN") this.#view.needToken(true);
  }

  #lost() {
    this.step({ type: this.state.phase === "connecting" ? "failed" : "lost", code: "LOST" });
    if (this.state.phase === "reconnecting") this.#redial(0);
    else this.#view.notice(why(this.state.reason));
  }

  /** @param {number} least Seconds that the server asked for. */
  #redial(least) {
    this.#view.notice({ text: CALLING, action: "", tone: "info" });
    this.#drop();
    const usual = DELAYS[this.state.tries - 1] * (0.8 + 0.4 * Math.random());
    this.#timers.after(Math.max(Math.min(least, 10), usual), () => this.#connect());
  }

  /** No call: give everything back. */
  #rest() {
    this.#drop();
    this.#media.close();
    this.#lanes.draw(wall(), true);
  }

  /** Let go of the call, but not of the microphone. */
  #drop() {
    this.#timers.clear();
    const call = this.#call;
    this.#call = null;
    call?.close();
    this.#conversation.end();
    this.#view.preview("camera", null);
    this.#view.preview("screen", null);
    this.#media.pause();
  }

  // What the caller does

  async #hear() {
    if (await this.#media.hear()) return;
    const text = "The browser wants a tap before it lets the agent be heard.";
    this.#view.notice({ text, action: "hear", tone: "info" });
  }

  /** @param {string} text */
  #say(text) {
    this.send(wire.typed(text));
    this.#transcript.typed(text.trim());
  }

  /** @param {"camera"|"screen"} which */
  async #toggle(which) {
    const call = this.#call;
    if (this.state[which] || !call) {
      this.#media.hide(which);
      await this.#show(which, null);
      return;
    }
    try {
      const stream = await this.#media.show(which);
      if (call === this.#call && this.state.phase === "live") await this.#show(which, stream);
      else this.#media.hide(which);
    } catch {
      this.#tell(`The ${which} cannot be shown: not allowed, or not there.`);
    }
  }

  /** @param {"camera"|"screen"} which @param {MediaStream | null} stream */
  async #show(which, stream) {
    this.#view.preview(which, stream);
    this.step({ type: which, on: stream !== null });
    await this.#call?.setVideo(which, stream ? stream.getVideoTracks()[0] : null);
  }

  /** @param {string} token */
  #keepToken(token) {
    this.#token = token;
    if (token) sessionStorage.setItem(TOKEN, token);
    else sessionStorage.removeItem(TOKEN);
    this.#view.tokenKept(token);
    this.#view.notice(null);
  }

  async #list() {
    this.#view.microphones(await microphones().catch(() => []), this.#device);
  }

  /** @param {string} id Of another microphone. */
  async #changeDevice(id) {
    this.#device = id;
    if (!this.#media.microphone) return;
    try {
      const track = await this.#media.take(id, () => !RESTING.includes(this.state.phase));
      this.#media.mute(this.state.muted);
      if (track) await this.#call?.setMicrophone(track);
    } catch (error) {
      this.#view.notice(why(error instanceof CallError ? error.code : "NO_MICROPHONE"));
    }
  }

  /** @param {"microphone"|"camera"|"screen"} what Was unplugged, or stopped outside the page. */
  #gone(what) {
    if (what !== "microphone") return void this.#toggle(what);
    this.#tell("The microphone was unplugged; the usual one is taken.");
    return void this.#changeDevice("").then(() => this.#list());
  }

  /** Something about a call that goes on. @param {string} text */
  #tell(text) {
    this.#view.notice({ text, action: "", tone: "info" }, PASSING);
  }
}
