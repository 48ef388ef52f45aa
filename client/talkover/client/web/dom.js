/** Elements, made in one line. */

/**
 * @param {string} tag
 * @param {string} name Of its class.
 * @param {string} [text] Set as text, whatever it looks like.
 */
export function make(tag, name, text = "") {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
}
