/** The frame around the views: navigation, what was used today, theme, sign-out. */

import { announce } from "../lib/announce.js";
import { fill, h } from "../lib/dom.js";
import { icon, mark } from "../lib/icons.js";
import { Problem } from "../lib/problem.js";
import { problemBox } from "../parts/problem-box.js";
import { meter } from "../parts/usage-meter.js";
import { readRoute } from "./router.js";
import { currentTheme, switchTheme } from "./theme.js";

/** @typedef {import("./main.js").App} App */
/**
 * @typedef {{element: HTMLElement, show?: (rest: string, chosen: boolean) => void, hide?: () => void}} View
 * `chosen` says whether the reader went there, rather than began there
 */
/**
 * @typedef {{label: string, icon: import("../lib/icons.js").IconName, load: () => Promise<(app: App) => View>,
 *   personal?: boolean}} Entry `personal` is for those who are signed in: it shows what is kept for each
 */

/** @type {Record<string, Entry>} */
const VIEWS = {
  summarize: {
    label: "Summarize",
    icon: "sum",
    load: async () => (await import("../views/summarize.js")).summarizeView,
  },
  chat: { label: "Chat", icon: "chat", load: async () => (await import("../views/chat/chat.js")).chatView },
  playground: {
    label: "Playground",
    icon: "compare",
    load: async () => (await import("../views/playground/playground.js")).playgroundView,
  },
  documents: {
    label: "Documents",
    icon: "documents",
    load: async () => (await import("../views/documents/documents.js")).documentsView,
  },
  feedback: {
    label: "Feedback",
    icon: "feedback",
    personal: true,
    load: async () => (await import("../views/feedback.js")).feedbackView,
  },
  workflow: {
    label: "Workflow",
    icon: "workflow",
    load: async () => (await import("../views/workflow/workflow.js")).workflowView,
  },
  usage: { label: "Usage", icon: "usage", load: async () => (await import("../views/usage.js")).usageView },
};

/**
 * Build the frame and show the view that the address names.
 * @param {App} app
 * @param {import("../lib/config.js").Config} config
 * @param {import("../lib/session.js").Session} session
 * @param {import("../lib/drafts.js").Drafts} drafts
 * @returns {HTMLElement[]}
 */
export function createShell(app, config, session, drafts) {
  const entries = Object.entries(VIEWS).filter(([, { personal }]) => app.personal || !personal);
  const main = h("main", { id: "main", class: "main", tabindex: "-1" });
  const drawer = h("dialog", { class: "drawer", "aria-label": "Menu" });
  const navigations = [navigation(), navigation()];
  const title = h("span", { class: "topbar-title" });
  const skip = h("a", { class: "skip", href: "#main", on: { click: skipTo } }, "Skip to content");
  drawer.append(h("div", { class: "drawer-inner" }, head(closer()), navigations[1], foot()));
  const side = h("header", { class: "side" }, head(), navigations[0], foot());
  const top = h("header", { class: "topbar" }, opener(), title, themeButton());

  /** @type {Map<string, View>} */
  const views = new Map();
  /** @type {Map<string, Promise<(app: App) => View>>} */
  const loading = new Map();
  let shown = "";

  async function follow() {
    drawer.close();
    const route = readRoute(
      location.hash,
      entries.map(([name]) => name),
    );
    const entry = VIEWS[route.name];
    const moved = route.name !== shown;
    if (moved) views.get(shown)?.hide?.();
    const first = shown === "";
    shown = route.name;
    markCurrent(route.name);
    title.textContent = entry.label;
    document.title = `${entry.label} – ${config.name}`;
    const view = views.get(route.name) ?? (await loaded(route.name, entry));
    // Somebody may have gone on while the view was loaded.
    if (!view || shown !== route.name) return;
    // Where it did not come the first time, what says so stands in its place.
    if (main.firstChild !== view.element) fill(main, view.element);
    if (moved && !first) {
      main.focus({ preventScroll: true });
      window.scrollTo(0, 0);
      announce(entry.label);
    }
    view.show?.(route.rest, !first);
    if (!first) void app.models.freshen();
  }

  /** @param {string} name @param {Entry} entry @returns {Promise<View | undefined>} */
  async function loaded(name, entry) {
    // Whoever asks for a view that is on its way waits for that one: of a second, nobody would ever see the element.
    if (!loading.has(name)) loading.set(name, entry.load());
    try {
      const view = await loading.get(name);
      if (view && !views.has(name)) {
        const made = view(app);
        views.set(name, made);
        drafts.watch(made.element);
      }
    } catch (failure) {
      loading.delete(name);
      if (shown === name) notLoaded(name, entry, failure);
    }
    return views.get(name);
  }

  /** @param {string} name @param {Entry} entry @param {unknown} failure */
  function notLoaded(name, { label }, failure) {
    // Whatever failed, a file that did not come or a script that did not run, is in the console for who looks there.
    console.error(failure);
    const problem = new Problem({
      status: 0,
      title: `${label} could not be loaded`,
      detail: "The service did not answer. Check the connection, then try again.",
    });
    const again = async () => {
      // A browser may remember that a module did not come: only a page that begins anew is sure to ask for it once more.
      const back = await fetch("/config.json", { cache: "no-store" }).then(
        ({ ok }) => ok,
        () => false,
      );
      if (back) location.reload();
      else if (shown === name) notLoaded(name, VIEWS[name], failure);
    };
    fill(main, h("div", { class: "view" }, problemBox(problem, { again: () => void again() })));
    main.focus({ preventScroll: true });
  }

  /** @param {string} name */
  function markCurrent(name) {
    for (const link of navigations.flatMap((list) => [...list.querySelectorAll("a")])) {
      if (link.dataset.view === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  /** @param {Event} event */
  function skipTo(event) {
    event.preventDefault();
    main.focus();
  }

  function navigation() {
    return h(
      "nav",
      { class: "nav", "aria-label": "Views" },
      h(
        "ul",
        {},
        entries.map(([name, { label, icon: sign }]) =>
          h("li", {}, h("a", { href: `#/${name}`, data: { view: name } }, icon(sign), label)),
        ),
      ),
    );
  }

  /** @param {HTMLElement} [button] */
  function head(button) {
    return h("div", { class: "brand" }, mark(), h("span", {}, config.name), button);
  }

  function foot() {
    return h(
      "div",
      { class: "side-foot" },
      meter(app.usage),
      h(
        "div",
        { class: "side-row" },
        session.who && h("span", { class: "who", title: session.who }, session.who),
        themeButton(),
        session.canSignOut &&
          h(
            "button",
            {
              class: "icon-button",
              type: "button",
              "aria-label": "Sign out",
              title: "Sign out",
              on: { click: () => void session.signOut() },
            },
            icon("out"),
          ),
      ),
    );
  }

  function opener() {
    return h(
      "button",
      {
        class: "icon-button",
        type: "button",
        "aria-label": "Menu",
        "aria-haspopup": "dialog",
        on: { click: () => drawer.showModal() },
      },
      icon("menu"),
    );
  }

  function closer() {
    return h(
      "button",
      { class: "icon-button", type: "button", "aria-label": "Close the menu", on: { click: () => drawer.close() } },
      icon("close"),
    );
  }

  // A link to what is shown already changes no address: the menu would stay before it.
  drawer.addEventListener("click", ({ target }) => {
    if (target === drawer || (target instanceof Element && target.closest("a"))) drawer.close();
  });
  addEventListener("hashchange", () => void follow());
  void follow();
  void app.models.load();
  // Whoever comes back to the page, or has a connection again, finds what may be asked by now.
  addEventListener("online", () => void app.models.freshen());
  document.addEventListener("visibilitychange", () => void (document.hidden || app.models.freshen()));
  void app.usage.load();
  return [skip, side, top, main, drawer];
}

function themeButton() {
  const button = h("button", { class: "icon-button theme", type: "button", on: { click: change } });
  function show() {
    const dark = currentTheme() === "dark";
    fill(button, icon(dark ? "sun" : "moon"));
    const label = dark ? "Use the light theme" : "Use the dark theme";
    button.setAttribute("aria-label", label);
    button.title = label;
  }
  function change() {
    announce(`The ${switchTheme()} theme is on.`);
    dispatchEvent(new Event("themechange"));
  }
  addEventListener("themechange", show);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
  return button;
}
