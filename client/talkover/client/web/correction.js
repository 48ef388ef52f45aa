/** The box in which callers write what they really said. */

import { make } from "./dom.js";
import { MAX_TEXT } from "./wire.js";

/**
 * @param {string} text What it read.
 * @param {(text: string) => void} send
 * @param {() => void} close
 * @returns {HTMLElement} Enter sends, Escape closes.
 */
export function correctionForm(text, send, close) {
  const form = make("form", "correction");
  const box = /** @type {HTMLTextAreaElement} */ (make("textarea", ""));
  box.value = text;
  box.maxLength = MAX_TEXT;
  box.rows = 2;
  box.setAttribute("aria-label", "What you really said");
  const done = /** @type {HTMLButtonElement} */ (make("button", "small strong", "Send"));
  const back = /** @type {HTMLButtonElement} */ (make("button", "small", "Cancel"));
  done.type = "submit";
  back.type = "button";
  form.append(box, done, back);
  back.addEventListener("click", close);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = box.value.trim();
    if (said) send(said);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Enter" && !event.shiftKey && event.target === box && !event.isComposing) {
      event.preventDefault();
      /** @type {HTMLFormElement} */ (form).requestSubmit();
    }
  });
  return form;
}
