/** The weights that the server runs on: a row a generation, the newest first. */

import { make } from "./dom.js";

const EVERY = 2000; // ms between two looks, while somebody can see them
const SHOWN = 4;
const STATES = {
  loading: "is loaded",
  warmed: "is checked",
  checked: "is sound",
  shadow: "listens along",
  canary: "serves some calls",
  current: "serves",
  retiring: "ends its last turns",
  freed: "gone",
  failed: "refused",
};

/**
 * @typedef {object} Generation
 * @property {string} bundle
 * @property {string} state
 * @property {number} share
 * @property {number} turns
 * @property {string} reason
 */

/** @param {unknown} answer Of the server. @returns {Generation[]} What can be shown of it. */
export function readable(answer) {
  if (!Array.isArray(answer)) return [];
  return answer
    .filter((one) => typeof one?.bundle === "string" && one.state in STATES)
    .slice(0, SHOWN)
    .map(({ bundle, state, share, turns, reason }) => ({
      bundle,
      state,
      share: Math.min(1, Math.max(0, Number(share) || 0)),
      turns: Math.max(0, Math.trunc(Number(turns) || 0)),
      reason: typeof reason === "string" ? reason : "",
    }));
}

/** @param {Generation} one @returns {string} How it stands, in words. */
export function standing({ state, share, turns }) {
  const part = share > 0 && share < 1 ? `, ${Math.round(share * 100)} % of calls` : "";
  const many = turns === 1 ? ", 1 turn" : turns > 1 ? `, ${turns} turns` : "";
  return `${STATES[state]}${part}${many}`;
}

/** @param {Element} list Of rows. @param {Generation[]} found */
export function show(list, found) {
  const rows = found.map((one) => {
    const row = make("li", "generation");
    row.dataset.state = one.state;
    row.append(make("code", "", one.bundle.slice(0, 12)), make("span", "standing", standing(one)));
    const bar = make("span", "share");
    bar.style.setProperty("--share", String(one.share));
    bar.setAttribute("aria-hidden", "true");
    row.append(bar);
    if (one.reason) row.append(make("p", "hint", one.reason));
    return row;
  });
  list.replaceChildren(...rows);
}

/**
 * Look again and again, as long as the page can be seen.
 *
 * @param {Element} list Of rows.
 * @param {() => string | null} token To be sent; null: none is needed, "": it is not known yet.
 */
export function watch(list, token) {
  let before = "";
  const look = async () => {
    const known = token();
    if (document.hidden || known === "") return;
    const headers = known === null ? {} : { Authorization: `Bearer ${known}` };
    const response = await fetch("generations", { headers }).catch(() => null);
    const text = response?.ok ? await response.text() : "";
    if (text === before || !text) return;
    before = text;
    show(list, readable(JSON.parse(text)));
  };
  const again = () => look().catch(() => {}); // what cannot be read now is read later
  setInterval(again, EVERY);
  void again();
}
