/** Starts the page, and lets tests and bug reports look at it. */

import { App } from "./app.js";

/** The page's one app; other modules and tests may import it. */
export const app = new App();

Object.defineProperty(window, "talkover", {
  value: Object.freeze({
    /** @returns {import("./state.js").State} */
    get state() {
      return app.state;
    },
    /** @returns {string} */
    get session() {
      return app.session;
    },
    /** @returns {object[]} The latest events; a copy. */
    get events() {
      return app.log.events;
    },
  }),
});

await app.begin();
