/**
 * Who is signed in: Cognito's managed login, by authorization code with PKCE. The tokens that open the API live in
 * this module's memory; the refresh token alone is kept in the tab's session storage, so that a reload signs nobody
 * out (docs/decisions/tokens-in-the-page.md).
 */

import { challengeOf, claimsOf, randomText } from "./pkce.js";
import { Problem } from "./problem.js";

/** @typedef {import("./config.js").Cognito} Cognito */
/** @typedef {{id_token: string, access_token: string, expires_in: number, refresh_token?: string}} Tokens */
/**
 * @typedef {{signedIn: boolean, who: string | null, canSignOut: boolean,
 *   start: () => Promise<string | null>, signIn: () => Promise<void>, signOut: () => Promise<void>,
 *   token: () => Promise<string | null>, refused: () => Promise<boolean>}} Session
 */

const PENDING = "fourfold.sign-in";
const REFRESH = "fourfold.refresh";
const RENEW_BEFORE_SECONDS = 60;

/**
 * Give the session of a page that asks nobody to sign in.
 * @returns {Session}
 */
export function openSession() {
  return {
    signedIn: true,
    who: null,
    canSignOut: false,
    start: async () => null,
    signIn: async () => undefined,
    signOut: async () => undefined,
    token: async () => null,
    refused: async () => false,
  };
}

/** A session with a user pool. @implements {Session} */
export class CognitoSession {
  /** @type {Tokens | null} */
  #tokens = null;
  #expires = 0;
  /** @type {Promise<string | null> | null} */
  #renewal = null;
  #left = false;

  canSignOut = true;

  /**
   * @param {Cognito} cognito
   * @param {{location: Location, history: History, storage: Storage, now?: () => number}} browser
   */
  constructor(cognito, { location, history, storage, now = Date.now }) {
    this.cognito = cognito;
    this.location = location;
    this.history = history;
    this.storage = storage;
    this.now = now;
  }

  get signedIn() {
    return this.#tokens !== null;
  }

  /** The user's address or name, to be shown; the API judges by the token itself. */
  get who() {
    const claims = this.#tokens ? claimsOf(this.#tokens.id_token) : {};
    return String(claims.email ?? claims["cognito:username"] ?? claims.sub ?? "") || null;
  }

  /**
   * Take up the session: from the code that the login sent back, or from the refresh token of this tab.
   * @returns {Promise<string | null>} why a sign-in that was tried has failed
   */
  async start() {
    const answer = new URLSearchParams(this.location.search);
    if (answer.has("code") || answer.has("error")) return this.#finish(answer);
    return this.#resume();
  }

  /** Go to the login; the page comes back where it was. */
  async signIn() {
    const [state, verifier] = [randomText(), randomText()];
    this.storage.setItem(PENDING, JSON.stringify({ state, verifier, view: this.location.hash }));
    const asked = new URLSearchParams({
      response_type: "code",
      client_id: this.cognito.client_id,
      redirect_uri: this.#home,
      scope: this.cognito.scope,
      state,
      code_challenge: await challengeOf(verifier),
      code_challenge_method: "S256",
    });
    this.location.assign(`${this.cognito.domain}/oauth2/authorize?${asked}`);
  }

  /** Forget the tokens here and at the pool, and end the login's own session. */
  async signOut() {
    const token = this.storage.getItem(REFRESH);
    this.#left = true;
    this.#forget();
    if (token) await this.#post("revoke", { token }).catch(() => null);
    const asked = new URLSearchParams({ client_id: this.cognito.client_id, logout_uri: this.#home });
    this.location.assign(`${this.cognito.domain}/logout?${asked}`);
  }

  /**
   * Give the token that the API takes, renewed where it is about to expire.
   * @throws {Problem} it has expired, and the pool does not answer
   */
  async token() {
    if (this.#tokens && this.now() > this.#expires - RENEW_BEFORE_SECONDS * 1000) {
      const failure = await this.#renew();
      if (failure && this.now() > this.#expires) this.#endure(failure);
    }
    if (!this.#tokens) return null;
    return this.cognito.token === "access" ? this.#tokens.access_token : this.#tokens.id_token;
  }

  /**
   * Hear that the API refused the token; say whether there is another one.
   * @throws {Problem} the pool does not answer
   */
  async refused() {
    const failure = await this.#renew();
    if (failure) this.#endure(failure);
    return failure === null;
  }

  /** A session that the pool has not ended goes on, though nothing can be asked for now. @param {string} failure */
  #endure(failure) {
    if (this.#tokens) throw new Problem({ status: 0, title: "The session cannot be renewed now", detail: failure });
  }

  /** @returns {Promise<string | null>} */
  async #resume() {
    return this.storage.getItem(REFRESH) ? this.#take(this.#grant) : null;
  }

  get #home() {
    return `${this.location.origin}/`;
  }

  /** @param {URLSearchParams} answer @returns {Promise<string | null>} */
  async #finish(answer) {
    const pending = JSON.parse(this.storage.getItem(PENDING) ?? "{}");
    this.storage.removeItem(PENDING);
    // The code is good for one use: it must stand neither in the address nor in the history.
    this.history.replaceState(null, "", `/${pending.view ?? this.location.hash}`);
    const code = answer.get("code");
    // Anybody may send the reader here: with a code of their own, to sign them in as somebody else, or with words.
    const begun = pending.state && answer.get("state") === pending.state;
    if (!begun && (!code || this.storage.getItem(REFRESH))) return this.#resume();
    if (!begun) return "The sign-in was not begun in this tab.";
    if (!code) return answer.get("error_description") ?? answer.get("error");
    return this.#take({
      grant_type: "authorization_code",
      code,
      redirect_uri: this.#home,
      code_verifier: pending.verifier,
    });
  }

  /** Renew the tokens: once, however many ask for it. @returns {Promise<string | null>} why not */
  async #renew() {
    this.#renewal ??= this.#renewOnce().finally(() => (this.#renewal = null));
    return this.#renewal;
  }

  async #renewOnce() {
    if (!this.storage.getItem(REFRESH)) {
      this.#forget();
      return "Nobody is signed in.";
    }
    return this.#take(this.#grant);
  }

  get #grant() {
    return { grant_type: "refresh_token", refresh_token: this.storage.getItem(REFRESH) ?? "" };
  }

  /** @param {Record<string, string>} grant @returns {Promise<string | null>} */
  async #take(grant) {
    let response;
    try {
      response = await this.#post("token", grant);
    } catch {
      return "The sign-in cannot be reached. Check the connection, then try again.";
    }
    const body = await response.json().catch(() => ({}));
    if (this.#left) return "Somebody has signed out meanwhile.";
    if (!response.ok) {
      // A pool that is busy has not taken anything back; a refused grant is over for good.
      if (response.status >= 500 || response.status === 429) return "The sign-in is busy. Try again in a moment.";
      this.#forget();
      return `The sign-in was refused: ${body.error ?? response.status}.`;
    }
    this.#tokens = body;
    this.#expires = this.now() + Number(body.expires_in) * 1000;
    if (body.refresh_token) this.storage.setItem(REFRESH, body.refresh_token);
    return null;
  }

  /** @param {string} endpoint @param {Record<string, string>} fields */
  #post(endpoint, fields) {
    return fetch(`${this.cognito.domain}/oauth2/${endpoint}`, {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ client_id: this.cognito.client_id, ...fields }),
    });
  }

  #forget() {
    this.#tokens = null;
    this.storage.removeItem(REFRESH);
  }
}
