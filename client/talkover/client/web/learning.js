/** How wrong the words were that callers corrected: a row a locale and bundle. */

import { make } from "./dom.js";

const EVERY = 3000; // ms between two looks, while somebody can see them
const SHOWN = 24;

/**
 * @typedef {object} Corrected
 * @property {string} locale
 * @property {string} bundle
 * @property {number} turns
 * @property {number} words
 * @property {number} errors
 */

/** @param {unknown} answer Of the server. @returns {Corrected[]} What can be shown of it. */
export function readable(answer) {
  if (!Array.isArray(answer)) return [];
  const whole = (value) => Math.max(0, Math.trunc(Number(value) || 0));
  return answer
    .filter((one) => typeof one?.bundle === "string" && typeof one.locale === "string")
    .map(({ locale, bundle, turns, words, errors }) => ({
      locale,
      bundle,
      turns: whole(turns),
      words: whole(words),
      errors: Math.min(whole(errors), whole(words)),
    }))
    .filter(({ words }) => words > 0)
    .slice(0, SHOWN);
}

/** @param {Corrected} one @returns {string} Of its words, those that were wrong. */
export function wrong({ words, errors }) {
  return `${Math.round((100 * errors) / words)} %`;
}

/** @param {Element} panel With a table. @param {Corrected[]} found */
export function show(panel, found) {
  const rows = found.map((one) => {
    const row = make("tr", "");
    const bundle = make("td", "");
    bundle.append(make("code", "", one.bundle.slice(0, 8)));
    row.append(
      make("td", "", one.locale || "any"),
      bundle,
      make("td", "", String(one.turns)),
      make("td", "", wrong(one)),
    );
    return row;
  });
  panel.querySelector("tbody").replaceChildren(...rows);
  panel.hidden = rows.length === 0;
}

/**
 * Look again and again, as long as the page can be seen.
 *
 * @param {Element} panel With a table.
 * @param {() => string | null} token To be sent; null: none is needed, "": it is not known yet.
 */
export function watch(panel, token) {
  const look = async () => {
    const known = token();
    if (document.hidden || known === "") return;
    const headers = known === null ? {} : { Authorization: `Bearer ${known}` };
    const response = await fetch("learning", { headers }).catch(() => null);
    if (response?.ok) show(panel, readable(await response.json()));
  };
  const again = () => look().catch(() => {}); // what cannot be read now is read later
  setInterval(again, EVERY);
  void again();
}
