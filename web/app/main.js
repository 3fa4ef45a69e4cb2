/** Starts the page: configuration, session, then the views. */

import { createApi } from "../lib/api.js";
import { loadConfig } from "../lib/config.js";
import { h } from "../lib/dom.js";
import { createDrafts } from "../lib/drafts.js";
import { Problem } from "../lib/problem.js";
import { CognitoSession, openSession } from "../lib/session.js";
import { refuseStrayFiles } from "../parts/drop.js";
import { createModels } from "../parts/models.js";
import { createUsage } from "../parts/usage-meter.js";
import { sessionEnded } from "./ended.js";
import { createShell } from "./shell.js";
import { welcome } from "./welcome.js";

const page = /** @type {HTMLElement} */ (document.getElementById("page"));

/** @typedef {import("../lib/api.js").Api} Api */
/**
 * @typedef {{api: Api, models: import("../parts/models.js").Models, usage: import("../parts/usage-meter.js").Usage,
 *   limits: import("../lib/config.js").Limits, personal: boolean}} App
 * what every view is given; `personal` says whether people sign in, and what is kept is each one's own
 */

async function start() {
  const config = await loadConfig();
  document.title = config.name;
  refuseStrayFiles(window);
  const session = config.cognito ? new CognitoSession(config.cognito, browser()) : openSession();
  const failure = await session.start();
  // A browser that goes back shows the page as it was left: of somebody who has signed out, or on the way to sign in.
  addEventListener("pageshow", ({ persisted }) => void (persisted && !session.signedIn && location.reload()));
  page.removeAttribute("aria-busy");
  if (!session.signedIn) {
    page.replaceChildren(welcome(config, session, failure));
    return;
  }
  const drafts = createDrafts(sessionStorage, session.who);
  const ended = sessionEnded(page, { signIn: () => session.signIn(), keep: () => drafts.keep() });
  const api = createApi(config.api, {
    token: () => session.token(),
    refused: async () => {
      if (await session.refused()) return true;
      if (!config.cognito) return false;
      ended();
      throw new Problem({ status: 401, title: "Your session has ended", detail: "Sign in again, then try once more." });
    },
  });
  const app = {
    api,
    models: createModels(api),
    usage: createUsage(api),
    limits: config.limits,
    personal: config.cognito !== null,
  };
  page.replaceChildren(...createShell(app, config, session, drafts));
}

start().catch((failure) => {
  page.removeAttribute("aria-busy");
  page.replaceChildren(
    h("main", { class: "stop", role: "alert" }, h("h1", {}, "The page cannot start"), h("p", {}, failure.message)),
  );
});

function browser() {
  return { location: window.location, history: window.history, storage: window.sessionStorage };
}
