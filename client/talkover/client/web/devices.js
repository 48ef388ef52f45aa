/** Microphones, the camera, the screen, and how loud a stream is. */

/** What the page cannot do, with a code of `messages.js`. */
export class CallError extends Error {
  /**
   * @param {string} code
   * @param {{message?: string, retryAfter?: number}} [more]
   */
  constructor(code, more = {}) {
    super(more.message || code);
    this.code = code;
    this.more = more;
  }
}

const SOUND = Object.freeze({
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
});

const REFUSALS = {
  NotAllowedError: "NO_PERMISSION",
  SecurityError: "NO_PERMISSION",
  NotFoundError: "NO_MICROPHONE",
  OverconstrainedError: "NO_MICROPHONE",
  NotReadableError: "MICROPHONE_BUSY",
  AbortError: "MICROPHONE_BUSY",
};

/**
 * Ask for the microphone.
 *
 * @param {string} device Its id; empty: the usual one. If it is gone, the usual one is taken.
 * @returns {Promise<MediaStream>}
 * @throws {CallError} It cannot be had.
 */
export async function openMicrophone(device = "") {
  if (!isSecureContext) throw new CallError("INSECURE");
  if (!navigator.mediaDevices || !globalThis.RTCPeerConnection) throw new CallError("UNSUPPORTED");
  const audio = device ? { ...SOUND, deviceId: { ideal: device } } : SOUND;
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    throw new CallError(REFUSALS[/** @type {Error} */ (error).name] ?? "NO_MICROPHONE");
  }
}

/** What may be chosen; names are known only once the microphone was allowed. */
export async function microphones() {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const real = all.filter(({ kind, deviceId }) => kind === "audioinput" && deviceId);
  return real.map((device, index) => ({
    id: device.deviceId,
    name: device.label || `Microphone ${index + 1}`,
  }));
}

/** A few small pictures a second are enough to look at. */
const CAMERA = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 5, max: 5 } };
const SCREEN = { width: { max: 1920 }, height: { max: 1200 }, frameRate: { max: 5 } };

/** @returns {Promise<MediaStream>} */
export const openCamera = () => navigator.mediaDevices.getUserMedia({ video: CAMERA });

/** @returns {Promise<MediaStream>} */
export const openScreen = () => navigator.mediaDevices.getDisplayMedia({ video: SCREEN });

/** Whether this browser can show the screen; phones cannot. */
export const canShowScreen = () => Boolean(navigator.mediaDevices?.getDisplayMedia);

/** @param {MediaStream | null} stream */
export function stop(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** How loud a stream is. */
export class Level {
  #source;
  #analyser;
  #samples;

  /**
   * @param {AudioContext} context
   * @param {MediaStream} stream
   */
  constructor(context, stream) {
    this.#source = context.createMediaStreamSource(stream);
    this.#analyser = context.createAnalyser();
    this.#analyser.fftSize = 1024;
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#source.connect(this.#analyser);
  }

  /** @returns {number} From 0 (-60 dB or less) to 1 (-10 dB or more). */
  read() {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return loudness(this.#samples);
  }

  close() {
    this.#source.disconnect();
  }
}

/** @param {Float32Array} samples @returns {number} As `Level.read`. */
export function loudness(samples) {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  const decibels = 10 * Math.log10(power / samples.length + 1e-12);
  return Math.min(1, Math.max(0, (decibels + 60) / 50));
}
