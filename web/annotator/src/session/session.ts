/**
 * Who is signed in: OpenID Connect, authorization code with PKCE, against whatever `authority` says about itself.
 *
 * Tokens live in the tab's own storage, not in the origin's: they end with the tab, and a second tab gets its own by a
 * redirect that the provider answers without a question. What a person worked on is kept elsewhere (src/storage), so a
 * redirect in the middle of a task loses nothing; the address to come back to travels in the request's state.
 */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { jwtDecode } from "jwt-decode";
import { ErrorResponse, type User, UserManager, WebStorageStateStore } from "oidc-client-ts";
import * as v from "valibot";
import { ApiError } from "../api/error";
import { GROUPS, type Group } from "../api/schemas";
import type { TokenSource } from "../api/transport";
import type { Config } from "./config";

const RENEW_BEFORE = 120; // seconds before the end of a token: more than any single request takes

/** Who somebody is, as the token says. */
export interface SignedIn {
  /** The provider's lasting name of the person. */
  readonly person: string;
  /** What to call him or her. */
  readonly name: string;
  readonly groups: readonly Group[];
}

const ClaimsSchema = v.object({
  sub: v.string(),
  username: v.optional(v.string()),
  "cognito:groups": v.optional(v.array(v.string()), []),
});

const ReturnSchema = v.object({ hash: v.string() });

export class Session implements TokenSource {
  /** Null: nobody. Stays when a token has ended, so that the page keeps showing whose work it is. */
  readonly who: ReadonlySignal<SignedIn | null>;
  /** The sign-in has ended and could not be renewed in silence: the person has to sign in again. */
  readonly ended: ReadonlySignal<boolean>;

  readonly #manager: UserManager;
  readonly #user: Signal<User | null>;
  readonly #ended: Signal<boolean> = signal(false);
  #renewal: Promise<string> | null = null;

  private constructor(
    manager: UserManager,
    user: User | null,
    private readonly clientId: string,
  ) {
    this.#manager = manager;
    this.#user = signal(user);
    this.who = computed(() => (this.#user.value === null ? null : signedIn(this.#user.value)));
    this.ended = this.#ended;
    manager.events.addUserLoaded((renewed) => {
      this.#user.value = renewed;
      this.#ended.value = false;
    });
    manager.events.addAccessTokenExpired(() => {
      this.renew().catch(() => undefined);
    });
  }

  /**
   * Take up the tab's sign-in, or finish the one that the provider just sent back.
   *
   * @throws Error of one line where the provider cannot be reached or refused.
   */
  static async start(config: Config, page: Location = window.location): Promise<Session> {
    const home = page.origin + page.pathname;
    const manager = new UserManager({
      authority: config.authority,
      client_id: config.client_id,
      redirect_uri: home,
      post_logout_redirect_uri: home,
      response_type: "code",
      scope: "openid email profile",
      automaticSilentRenew: true,
      accessTokenExpiringNotificationTimeInSeconds: RENEW_BEFORE,
      userStore: new WebStorageStateStore({ store: window.sessionStorage }),
      stateStore: new WebStorageStateStore({ store: window.sessionStorage }),
      monitorSession: false,
    });
    let user: User | null = null;
    const query = new URLSearchParams(page.search);
    if (query.has("state") && (query.has("code") || query.has("error"))) {
      user = await manager.signinCallback().then(
        (finished) => finished ?? null,
        (error: unknown) => {
          // An old address out of the history: its request is gone, and a new sign-in is what is wanted.
          if (query.has("code")) return null;
          throw new Error(`The sign-in was refused: ${error instanceof Error ? error.message : String(error)}`);
        },
      );
      const back = v.safeParse(ReturnSchema, user?.state);
      window.history.replaceState(null, "", page.pathname + (back.success ? back.output.hash : ""));
    }
    return new Session(manager, user ?? (await manager.getUser()), config.client_id);
  }

  /** Go to the provider and come back to the same place. The page is left. */
  async signIn(): Promise<void> {
    await this.#manager.signinRedirect({ state: { hash: window.location.hash } });
  }

  /** Forget the tokens here and at the provider. The page is left where the provider has an end for sessions. */
  async signOut(): Promise<void> {
    const idToken = this.#user.value?.id_token;
    await this.#manager.revokeTokens(["refresh_token"]).catch(() => undefined);
    await this.#manager.removeUser();
    this.#user.value = null;
    if (!(await this.#manager.metadataService.getEndSessionEndpoint())) return;
    const home = window.location.origin + window.location.pathname;
    await this.#manager.signoutRedirect({
      ...(idToken === undefined ? {} : { id_token_hint: idToken }),
      // Cognito names the two in its own way: https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html
      extraQueryParams: { client_id: this.clientId, logout_uri: home },
    });
  }

  async token(): Promise<string> {
    const user = this.#user.value;
    if (user === null) throw ended();
    return user.expired ? this.renew() : user.access_token;
  }

  /** One renewal at a time, whoever asks. */
  renew(): Promise<string> {
    this.#renewal ??= this.#renewed().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #renewed(): Promise<string> {
    // Without a refresh token the library would try a hidden frame, which the page's own policy forbids.
    if (!this.#user.value?.refresh_token) return this.#end();
    try {
      const renewed = await this.#manager.signinSilent();
      return renewed?.access_token ?? this.#end();
    } catch (error) {
      // Only the provider's own refusal ends a sign-in; a lost network passes.
      if (error instanceof ErrorResponse) return this.#end();
      throw new ApiError("network", "The sign-in cannot be reached.");
    }
  }

  #end(): never {
    this.#ended.value = true;
    throw ended();
  }
}

function ended(): ApiError {
  return new ApiError("signed_out", "The sign-in has ended: sign in again.", 401);
}

/** Groups stand in the access token, the name in the identity token. */
function signedIn(user: User): SignedIn {
  const claims = v.parse(ClaimsSchema, jwtDecode(user.access_token));
  return {
    person: claims.sub,
    name: user.profile.name ?? user.profile.email ?? claims.username ?? claims.sub,
    groups: GROUPS.filter((group) => claims["cognito:groups"].includes(group)),
  };
}
