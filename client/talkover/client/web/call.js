/** One call over WebRTC: signalling as in WHIP, sound by RTP, events on a data channel. */

import { CallError } from "./devices.js";
import * as wire from "./wire.js";

const GATHERING = 2_000; // milliseconds; candidates found by then will do
const OPENING = 15_000;
const SILENCE = 3_000; // a way that was lost may come back
const VIDEO = { maxFramerate: 5, maxBitrate: 600_000 };

/**
 * @typedef {object} Handlers
 * @property {(event: import("./wire.js").Event) => void} event
 * @property {(stream: MediaStream) => void} sound The agent's lane is there.
 * @property {() => void} lost The way to the server broke.
 */

/** A call from its offer to its end. It is never resumed: another call is another object. */
export class Call {
  #connection;
  #channel;
  #audio;
  #video;
  #handlers;
  #token;
  #resource = "";
  #over = new AbortController();
  #ended = false;
  #closed = false;
  /** @type {(value?: any) => void} */
  #begin = () => {};
  #begun = new Promise((resolve) => (this.#begin = resolve));
  #problem = new CallError("ERROR");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #doubt;

  /**
   * @param {object} options
   * @param {MediaStream} options.microphone
   * @param {(string | RTCIceServer)[]} options.iceServers
   * @param {string} options.token Empty: none.
   * @param {Handlers} options.handlers
   */
  constructor({ microphone, iceServers, token, handlers }) {
    this.#handlers = handlers;
    this.#token = token;
    const servers = iceServers.map((one) => (typeof one === "string" ? { urls: one } : one));
    const connection = new RTCPeerConnection({ iceServers: servers });
    this.#connection = connection;
    const [track] = microphone.getAudioTracks();
    this.#audio = connection.addTransceiver(track, { direction: "sendrecv", streams: [microphone] });
    // Both are offered now and stay empty until a button fills them: no second offer is needed.
    const empty = () =>
      connection.addTransceiver("video", { direction: "sendonly", sendEncodings: [VIDEO] });
    this.#video = { camera: empty(), screen: empty() };
    this.#channel = connection.createDataChannel("events", { ordered: true });
    this.#channel.onmessage = ({ data }) => this.#take(data);
    this.#channel.onclose = () => this.#lose();
    connection.onconnectionstatechange = () => this.#watch();
    connection.ontrack = ({ track: arrived, streams }) => {
      handlers.sound(streams[0] ?? new MediaStream([arrived]));
    };
  }

  /**
   * Make the call.
   *
   * @param {boolean} consent To keep words and audio.
   * @throws {CallError} It did not come about; the object is closed.
   */
  async open(consent) {
    const late = setTimeout(() => this.#over.abort(new CallError("TIMEOUT")), OPENING);
    try {
      await this.#connection.setLocalDescription(await this.#connection.createOffer());
      await this.#until(gathered(this.#connection));
      const sdp = await this.#post(this.#connection.localDescription?.sdp ?? "");
      await this.#connection.setRemoteDescription({ type: "answer", sdp });
      await this.#until(opened(this.#channel));
      this.send(wire.start(consent));
      await this.#until(this.#begun);
    } catch (error) {
      const reason = this.#over.signal.aborted ? this.#over.signal.reason : error;
      this.close();
      throw mended(reason);
    } finally {
      clearTimeout(late);
    }
  }

  /** @param {object} message Dropped when the call is over. */
  send(message) {
    if (this.#channel.readyState === "open") this.#channel.send(JSON.stringify(message));
  }

  /** @param {MediaStreamTrack} track Of another microphone. */
  async setMicrophone(track) {
    await this.#audio.sender.replaceTrack(track);
  }

  /**
   * @param {"camera"|"screen"} which
   * @param {MediaStreamTrack | null} track null: show nothing.
   */
  async setVideo(which, track) {
    await this.#video[which].sender.replaceTrack(track);
  }

  /**
   * RTP timestamp of what is being played out.
   *
   * @returns {number | null | undefined} null: nothing lately; undefined: it cannot be known.
   */
  rtp() {
    const { receiver } = this.#audio;
    if (!receiver.getSynchronizationSources) return undefined;
    const [source] = receiver.getSynchronizationSources();
    return source ? source.rtpTimestamp : null;
  }

  /** Hang up: the server is told on both ways, as either may be the one that still works. */
  close() {
    if (this.#closed) return;
    this.#closed = this.#ended = true;
    this.send(wire.hangUp());
    this.#over.abort(new CallError("HANG_UP"));
    clearTimeout(this.#doubt);
    if (this.#resource) {
      const options = { method: "DELETE", headers: this.#headers(), keepalive: true };
      fetch(this.#resource, options).catch(() => {}); // it may be gone already
      this.#resource = "";
    }
    // A moment for the message to leave.
    setTimeout(() => this.#connection.close(), 200);
  }

  /** @param {unknown} data */
  #take(data) {
    const event = wire.parse(data);
    if (!event) return;
    if (event.kind === "started") this.#begin();
    if (event.kind === "error") this.#problem = new CallError(event.body.code, event.body);
    if (event.kind === "ended") {
      this.#ended = true;
      this.#resource = ""; // gone already
      this.#over.abort(this.#problem); // means something only to a call that has not begun
    } else if (this.#ended) return;
    this.#handlers.event(event);
  }

  #watch() {
    clearTimeout(this.#doubt);
    const state = this.#connection.connectionState;
    if (state === "failed" || state === "closed") this.#lose();
    if (state === "disconnected") this.#doubt = setTimeout(() => this.#lose(), SILENCE);
  }

  #lose() {
    if (this.#ended) return;
    this.#over.abort(new CallError("LOST"));
    this.close();
    this.#handlers.lost();
  }

  #headers() {
    return this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
  }

  /** @template T @param {Promise<T>} promise @returns {Promise<T>} Ends when the call does. */
  #until(promise) {
    const { signal } = this.#over;
    const over = new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    return Promise.race([promise, over]);
  }

  /** @param {string} sdp @returns {Promise<string>} The answer. */
  async #post(sdp) {
    const response = await fetch("whip", {
      method: "POST",
      headers: { "Content-Type": "application/sdp", ...this.#headers() },
      body: sdp,
      signal: this.#over.signal,
    });
    if (response.status !== 201) throw await refusal(response);
    const location = response.headers.get("Location");
    if (location) this.#resource = new URL(location, response.url).href;
    return response.text();
  }
}

/** @param {Response} response @returns {Promise<CallError>} */
async function refusal(response) {
  const told = await response.json().catch(() => ({}));
  const usual = response.status === 401 ? "TOKEN" : response.status === 503 ? "FULL" : "ERROR";
  return new CallError(typeof told.code === "string" ? told.code : usual, {
    message: typeof told.message === "string" ? told.message.slice(0, 300) : "",
    retryAfter: Number(response.headers.get("Retry-After")) || 0,
  });
}

/** @param {unknown} error @returns {CallError} */
function mended(error) {
  if (error instanceof CallError) return error;
  return new CallError(error instanceof TypeError ? "NETWORK" : "ERROR"); // fetch throws TypeError
}

/** @param {RTCPeerConnection} connection @returns {Promise<void>} */
function gathered(connection) {
  return new Promise((resolve) => {
    const look = () => connection.iceGatheringState === "complete" && resolve();
    connection.addEventListener("icegatheringstatechange", look);
    setTimeout(resolve, GATHERING);
    look();
  });
}

/** @param {RTCDataChannel} channel @returns {Promise<void>} */
function opened(channel) {
  return new Promise((resolve) => {
    if (channel.readyState === "open") resolve();
    channel.addEventListener("open", () => resolve(), { once: true });
  });
}
