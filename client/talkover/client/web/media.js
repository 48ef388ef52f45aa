/** What goes in and out of the page besides words: microphone, loudspeaker, camera and screen. */

import { Level, openCamera, openMicrophone, openScreen, stop } from "./devices.js";

/** @typedef {"camera"|"screen"} Picture */

/** Holds the devices of a call; everything is given back by `close`. */
export class Media {
  /** @type {MediaStream | null} */
  microphone = null;
  #sound;
  #gone;
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {Level | null} */
  #caller = null;
  /** @type {Level | null} */
  #agent = null;
  /** @type {Record<Picture, MediaStream | null>} */
  #shown = { camera: null, screen: null };

  /**
   * @param {HTMLAudioElement} sound Plays the agent.
   * @param {(what: "microphone" | Picture) => void} gone A device stopped by itself.
   */
  constructor(sound, gone) {
    this.#sound = sound;
    this.#gone = gone;
  }

  /** To be called inside a click: later, a browser would not let the page sound. */
  unlock() {
    this.#context ??= new AudioContext();
    this.#context.resume().catch(() => {}); // only the levels need it
  }

  /**
   * Take a microphone; the one before is given back.
   *
   * @param {string} device Its id; empty: the usual one.
   * @param {() => boolean} [wanted] Asked once the caller has allowed it, which may be late.
   * @returns {Promise<MediaStreamTrack | null>} null: no longer wanted.
   * @throws {import("./devices.js").CallError} It cannot be had.
   */
  async take(device, wanted = () => true) {
    const stream = await openMicrophone(device);
    if (!wanted()) {
      stop(stream);
      return null;
    }
    stop(this.microphone);
    this.microphone = stream;
    const [track] = stream.getAudioTracks();
    track.addEventListener("ended", () => this.microphone === stream && this.#gone("microphone"));
    this.#caller?.close();
    this.#caller = this.#context && new Level(this.#context, stream);
    return track;
  }

  /** @param {boolean} muted */
  mute(muted) {
    for (const track of this.microphone?.getAudioTracks() ?? []) track.enabled = !muted;
  }

  /** The agent's lane is there. @param {MediaStream} stream */
  agent(stream) {
    this.#agent?.close();
    this.#agent = this.#context && new Level(this.#context, stream);
    this.#sound.srcObject = stream;
  }

  /** Let the agent be heard. @returns {Promise<boolean>} false: the browser wants a click first. */
  async hear() {
    this.unlock();
    if (!this.#sound.srcObject) return true;
    try {
      await this.#sound.play();
      return true;
    } catch (error) {
      return /** @type {Error} */ (error).name !== "NotAllowedError";
    }
  }

  /** What the buffer still holds is not to be heard. @param {boolean} on */
  hush(on) {
    this.#sound.muted = on;
  }

  /** @returns {{caller: number, agent: number}} How loud, from 0 to 1. */
  levels() {
    return { caller: this.#caller?.read() ?? 0, agent: this.#sound.muted ? 0 : (this.#agent?.read() ?? 0) };
  }

  /** Begin to show something. @param {Picture} which @returns {Promise<MediaStream>} */
  async show(which) {
    const stream = await (which === "camera" ? openCamera() : openScreen());
    this.hide(which);
    this.#shown[which] = stream;
    const [track] = stream.getVideoTracks();
    track.addEventListener("ended", () => this.#shown[which] === stream && this.#gone(which));
    return stream;
  }

  /** @param {Picture} which */
  hide(which) {
    stop(this.#shown[which]);
    this.#shown[which] = null;
  }

  /** The call is over, for now: the microphone stays for the next try. */
  pause() {
    this.hide("camera");
    this.hide("screen");
    this.#agent?.close();
    this.#agent = null;
    this.#sound.srcObject = null;
    this.#sound.muted = false;
  }

  /** Give everything back. */
  close() {
    this.pause();
    const { microphone } = this;
    this.microphone = null;
    stop(microphone);
    this.#caller?.close();
    this.#caller = null;
  }
}
