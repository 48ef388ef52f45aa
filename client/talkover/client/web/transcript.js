/** The transcript: what was said, as it is said, and what of it was not heard. */

import { correctionForm } from "./correction.js";
import { make } from "./dom.js";
import { latencyBar } from "./latency.js";
import { looked } from "./messages.js";
import { heardCount, spoken } from "./words.js";

const MAX_ENTRIES = 200;
const MAX_REPLY = 800; // words
const MAX_SAID = 6;
/** Who is heard on the caller's lane besides the caller. */
const OTHERS = new Map([["OTHER", "Somebody else"], ["AGENT", "Echo"]]);
const LATE = 1.5; // seconds after its end in which a reply has surely come out

/**
 * @typedef {{item: HTMLElement, text: HTMLElement, side: HTMLElement, done: boolean}} Entry
 * @typedef {Entry & {words: import("./wire.js").Word[], shown: number, over: number,
 *   stopped: boolean}} Reply  `over` is when its end was told (s), 0 before; `stopped`: it was cut
 *   off, and may go on.
 */

/** Writes into a list; everything that was said is set as text, never as markup. */
export class Transcript {
  #list;
  #frame;
  #said;
  #correct;
  /** @type {Map<number, Entry>} */
  #turns = new Map();
  /** @type {Map<number, Reply>} */
  #replies = new Map();

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} said Read out by screen readers: what is final.
   * @param {(turn: number, text: string) => void} correct What a turn should have read.
   */
  constructor(list, said, correct) {
    this.#list = list;
    this.#frame = /** @type {HTMLElement} */ (list.parentElement);
    this.#said = said;
    this.#correct = correct;
  }

  /** Nothing was said yet. */
  get empty() {
    return this.#list.childElementCount === 0;
  }

  /** A new session: its turns count from 0 again, and those of the old are past correcting. */
  begin() {
    for (const button of this.#list.querySelectorAll(".correct, .correction")) button.remove();
    for (const [turn, reply] of this.#replies) {
      if (reply.over) this.#settle(turn);
      else this.#cut(reply, reply.shown); // nobody will say the rest
    }
    this.#turns.clear();
    this.#replies.clear();
  }

  /** @param {{turn: number, final: boolean, text: string, speaker?: string}} transcript */
  caller({ turn, final, text, speaker }) {
    const entry = this.#turns.get(turn) ?? this.#entry("caller", "You");
    this.#turns.set(turn, entry);
    entry.text.textContent = text;
    entry.item.classList.toggle("partial", !final);
    if (final) {
      const other = OTHERS.get(speaker ?? "");
      if (other) this.#rename(entry, other);
      else if (!entry.done) entry.side.append(this.#corrector(turn, entry));
      entry.done = true;
      this.#read(`${other ?? "You"}: ${text}`);
    }
    this.#follow();
  }

  /** The turn held no words. @param {number} turn */
  nothing(turn) {
    const entry = this.#turns.get(turn);
    if (entry && !entry.done) {
      entry.item.remove();
      this.#turns.delete(turn);
    }
  }

  /** @param {string} text A turn that was typed. */
  typed(text) {
    const entry = this.#entry("caller", "You");
    entry.side.append(make("span", "hint", "typed"));
    entry.text.textContent = text;
    this.#follow();
  }

  /** @param {string} text Something about the call itself. */
  note(text) {
    this.#entry("note", "").text.textContent = text;
    this.#follow();
  }

  /**
   * Words about to be said; they replace those of their reply from `first` on.
   *
   * @param {{turn: number, first: number, words: import("./wire.js").Word[]}} text
   */
  agent({ turn, first, words }) {
    const reply = this.#reply(turn);
    // Said into a silence: when they will be heard is told again if the agent goes on.
    const unknown = reply.stopped && first >= reply.words.length;
    const seen = this.#rewind(reply, first);
    const room = Math.max(0, MAX_REPLY - reply.words.length);
    for (const word of words.slice(0, room)) {
      // Words have their place before they are heard, so nothing moves when they appear.
      const span = make("span", reply.words.length < seen ? "word ahead seen" : "word ahead", word.text);
      reply.text.append(reply.words.length ? " " : "", span);
      reply.words.push(unknown ? { ...word, startsAt: Infinity } : word);
    }
    this.#follow();
  }

  /**
   * Show what has come out.
   *
   * @param {number} media What is being played out (ticks).
   * @param {number} wall Now (s).
   */
  tick(media, wall) {
    for (const [turn, reply] of this.#replies) {
      if (reply.done || reply.stopped) continue;
      this.#show(reply, spoken(reply.words, media));
      if (reply.over && (reply.shown === reply.words.length || wall - reply.over > LATE)) {
        this.#settle(turn);
      }
    }
  }

  /** The reply was sent to its end; it may still be on its way. @param {number} turn @param {number} wall */
  finished(turn, wall) {
    const reply = this.#replies.get(turn);
    if (reply) reply.over = wall;
  }

  /**
   * The agent was cut off: nothing more of what it was saying comes out, unless it goes on.
   *
   * @param {number} turn
   */
  stopped(turn) {
    const reply = this.#replies.get(turn);
    if (!reply || reply.done) return;
    reply.stopped = true;
    for (const span of reply.text.querySelectorAll(".word.ahead")) span.classList.add("seen");
    reply.words = reply.words.map((word, i) => (i < reply.shown ? word : { ...word, startsAt: Infinity }));
  }

  /** Nobody wanted the floor: the agent goes on. @param {number} turn */
  resumed(turn) {
    const reply = this.#replies.get(turn);
    if (reply) reply.stopped = false;
  }

  /** The reply was dropped before it was heard. @param {number} turn */
  withdrawn(turn) {
    const reply = this.#replies.get(turn);
    if (!reply || reply.shown > 0) return;
    reply.item.remove();
    this.#replies.delete(turn);
  }

  /** @param {{turn: number, heardText: string}} truncation The rest of the reply never will be heard. */
  truncated({ turn, heardText }) {
    const reply = this.#replies.get(turn);
    if (!reply) return;
    this.#cut(reply, heardCount(reply.words, heardText));
    this.#follow();
  }

  /** @param {{turn: number} & import("./latency.js").Timings} timings */
  timings(timings) {
    const reply = this.#reply(timings.turn);
    reply.side.replaceChildren(latencyBar(timings));
  }

  /** Which picture a reply speaks of. @param {{turn: number} & Parameters<typeof looked>[0]} glance */
  glance(glance) {
    const { item } = this.#reply(glance.turn);
    item.querySelector(".looked")?.remove();
    item.append(make("span", "looked", looked(glance)));
    this.#follow();
  }

  /** Keep the newest in view, unless the reader has scrolled up to something older. */
  #follow() {
    const { scrollHeight, scrollTop, clientHeight } = this.#frame;
    const last = /** @type {HTMLElement | null} */ (this.#list.lastElementChild);
    const grown = (last?.offsetHeight ?? 0) + 80;
    if (scrollHeight - scrollTop - clientHeight < grown) this.#frame.scrollTop = scrollHeight;
  }

  /** @param {number} turn @returns {Reply} */
  #reply(turn) {
    const known = this.#replies.get(turn);
    if (known) return known;
    const entry = this.#entry("agent", "Agent");
    const reply = { ...entry, words: [], shown: 0, over: 0, stopped: false };
    this.#replies.set(turn, reply);
    return reply;
  }

  /**
   * Take back the words of a reply from a place on.
   *
   * @param {Reply} reply
   * @param {number} first How many of them stay.
   * @returns {number} How many could be read: these are not hidden when they come again.
   */
  #rewind(reply, first) {
    const readable = reply.text.querySelectorAll(".word:not(.ahead), .word.seen").length;
    for (const span of [...reply.text.querySelectorAll(".word")].slice(first)) {
      span.previousSibling?.remove(); // the space before it
      span.remove();
    }
    reply.words.splice(first);
    reply.shown = Math.min(reply.shown, first);
    return readable;
  }

  /** @param {Reply} reply @param {number} count */
  #show(reply, count) {
    if (count <= reply.shown) return;
    const spans = reply.text.querySelectorAll(".word");
    for (let i = reply.shown; i < count; i += 1) spans[i]?.classList.remove("ahead");
    reply.shown = count;
  }

  /** All of a reply was heard. @param {number} turn */
  #settle(turn) {
    const reply = this.#replies.get(turn);
    if (!reply || reply.done) return;
    this.#show(reply, reply.words.length);
    reply.done = true;
    const text = reply.words.map((word) => word.text).join(" ");
    reply.text.textContent = text;
    if (text) this.#read(`Agent: ${text}`);
  }

  /** Strike out what was not heard. @param {Reply} reply @param {number} heard Words. */
  #cut(reply, heard) {
    if (reply.done) return;
    const said = (/** @type {import("./wire.js").Word[]} */ words) => words.map((w) => w.text).join(" ");
    const kept = said(reply.words.slice(0, heard));
    const rest = said(reply.words.slice(heard));
    const lost = make("s", "unheard", rest);
    reply.text.replaceChildren(kept, kept && rest ? " " : "", ...(rest ? [lost] : []));
    reply.done = true;
    this.#read(`Agent, cut off: ${kept}`);
  }

  /** @param {"caller"|"agent"|"note"} kind @param {string} who @returns {Entry} */
  #entry(kind, who) {
    const item = make("li", `entry ${kind}`);
    const text = make("p", "text");
    const side = make("div", "side");
    text.dir = "auto";
    item.append(make("span", "who", who), text, side);
    this.#list.append(item);
    while (this.#list.children.length > MAX_ENTRIES) this.#drop();
    return { item, text, side, done: false };
  }

  /** Somebody else said it. @param {{item: Element}} entry @param {string} who */
  #rename(entry, who) {
    const name = entry.item.querySelector(".who");
    if (name) name.textContent = who;
    entry.item.classList.add("aside");
  }

  #drop() {
    const oldest = this.#list.firstElementChild;
    oldest?.remove();
    for (const known of [this.#turns, this.#replies]) {
      for (const [turn, { item }] of known) if (item === oldest) known.delete(turn);
    }
  }

  /** @param {string} text */
  #read(text) {
    this.#said.append(make("p", "", text));
    while (this.#said.children.length > MAX_SAID) this.#said.firstElementChild?.remove();
  }

  /** @param {number} turn @param {Entry} entry */
  #corrector(turn, entry) {
    const button = /** @type {HTMLButtonElement} */ (make("button", "correct", "Correct"));
    button.type = "button";
    button.setAttribute("aria-label", `Correct: ${entry.text.textContent?.slice(0, 60)}`);
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => {
      const open = entry.item.querySelector("form");
      if (open) return close();
      const form = correctionForm(entry.text.textContent ?? "", send, close);
      entry.item.append(form);
      button.setAttribute("aria-expanded", "true");
      form.querySelector("textarea")?.focus();
      form.scrollIntoView({ block: "nearest" });
      return undefined;
    });
    const close = () => {
      entry.item.querySelector("form")?.remove();
      button.setAttribute("aria-expanded", "false");
      button.focus();
    };
    /** @param {string} text */
    const send = (text) => {
      this.#correct(turn, text);
      entry.text.textContent = text;
      entry.item.classList.add("corrected");
      button.textContent = "Corrected";
      close();
    };
    return button;
  }
}
