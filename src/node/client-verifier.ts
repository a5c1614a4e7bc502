import { isPromise, type MaybePromise } from '../crypto/maybe-promise.ts';
import type { ClientAuthentication, ClientVerdict } from '../handshake/config.ts';
import type { ClientHello } from '../messages/client-hello.ts';
import { invalidArgType, isGiven } from './arguments.ts';

/** A client's certificates, and what was made of them. */
export interface ClientCertificates {
  /** What the client sent: DER, its own certificate first. */
  readonly chain: readonly Buffer[];
  /** From the client's certificate to an authority, as far as a path was found: DER. */
  readonly path: readonly Buffer[];
  readonly authorized: boolean;
  /** Why not: OpenSSL's name of it, and the fact in words. */
  readonly authorizationError: string | undefined;
  readonly reason: string | undefined;
  readonly servername: string | undefined;
}

/**
 * The application's own judgement, now or later: `true` authorizes the client, `false` does not, and nothing leaves it
 * at what was found. Failing ends the connection, and so does any other answer. It is asked again when a client comes
 * back with a session, before that has shown that the session is its own: whom it lets in is known when the connection is
 * secure.
 */
export type VerifyClient = (client: ClientCertificates) => MaybePromise<boolean | undefined>;

/** The same authentication with the application's judgement on top. */
export const withVerifier = (
  auth: ClientAuthentication,
  verifyClient: VerifyClient,
  self: object,
): ClientAuthentication => ({
  ...auth,
  verify(chain, hello) {
    const found = auth.verify(chain, hello);
    const judge = (verdict: ClientVerdict): MaybePromise<ClientVerdict> => {
      const answer = verifyClient.call(self, describe(chain, hello, verdict));
      if (!isPromise(answer)) return overrule(verdict, answer);
      return Promise.resolve(answer).then((made) => overrule(verdict, made));
    };
    return isPromise(found) ? Promise.resolve(found).then(judge) : judge(found);
  },
});

const describe = (chain: readonly Uint8Array[], hello: ClientHello, verdict: ClientVerdict): ClientCertificates => ({
  chain: chain.map((der) => Buffer.from(der)),
  path: (verdict.path ?? []).map((der) => Buffer.from(der)),
  authorized: verdict.authorized,
  authorizationError: verdict.code,
  reason: verdict.message,
  servername: hello.offers.serverName,
});

function overrule(verdict: ClientVerdict, answer: boolean | undefined): ClientVerdict {
  if (!isGiven(answer) || answer === verdict.authorized) return verdict;
  // Whoever answers with what was found in a list of users has not thought of what that would let in.
  if (typeof answer !== 'boolean') throw invalidArgType('ret', 'of type boolean', answer);
  const { path } = verdict;
  if (answer) return { authorized: true, path };
  const message = "the application refused the client's certificate";
  return { authorized: false, code: 'CERT_REJECTED', message, alert: 'badCertificate', path };
}
