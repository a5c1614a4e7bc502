import { isFresh, readSession, type Session } from '../session/session.ts';
import { wipe } from '../wire/wipe.ts';
import type { ServerConfig } from './config.ts';
import type { ClientIdentity, Negotiation } from './handshake.ts';
import { answer, type Steps } from './steps.ts';

/**
 * Bytes of a ticket, at most: a longer one would not fit into a ClientHello of usual size. In TLS 1.3 such a session goes
 * into the cache, or nowhere; in TLS 1.2, whose ServerHello has promised a ticket, nowhere.
 */
export const maxTicketLength = 16_384;

/** A session that this connection may go on with, and what is thought of its client's certificates today. */
export interface Resumable {
  readonly session: Session;
  readonly client: ClientIdentity | undefined;
}

/** The mode of client authentication that a configuration stands for. */
export const clientAuthMode = ({ clientAuth }: ServerConfig): Session['clientAuth'] =>
  clientAuth === undefined ? 'none' : clientAuth.isRequired ? 'require' : 'request';

/**
 * Whether a session may be resumed in this handshake. It must have been made by us, under the same policy, for the
 * same host, and not too long ago; and its client must still be welcome: a certificate that has expired or was
 * revoked since means a full handshake. Any doubt means that too.
 */
export function* checkSession(hs: Negotiation, bytes: Uint8Array | undefined): Steps<Resumable | undefined> {
  const session = bytes && readSession(bytes);
  if (session === undefined) return undefined;
  let resumable: Resumable | undefined;
  try {
    resumable = yield* judgeSession(hs, session);
    return resumable;
  } finally {
    if (resumable === undefined) wipe(session.secret);
  }
}

function* judgeSession(hs: Negotiation, session: Session): Steps<Resumable | undefined> {
  const { sessions } = hs.policy;
  const fits =
    sessions !== undefined &&
    session.version === hs.report.versionNumber &&
    isFresh(session, sessions.now()) &&
    session.serverName === hs.hello.offers.serverName?.toLowerCase() &&
    session.clientAuth === clientAuthMode(hs.config) &&
    Buffer.compare(session.context, sessions.context) === 0;
  if (!fits) return undefined;
  const { clientAuth } = hs.config;
  if (clientAuth === undefined) return { session, client: undefined };
  if (session.clientChain.length === 0) {
    return clientAuth.isRequired ? undefined : { session, client: noCertificate };
  }
  const verdict = yield* answer(clientAuth.verify(session.clientChain, hs.hello));
  if (!verdict.authorized && clientAuth.isRequired) return undefined;
  return { session, client: { chain: session.clientChain, verdict } };
}

/** A client that was asked for a certificate and has none. */
export const noCertificate: ClientIdentity = {
  chain: [],
  verdict: { authorized: false, code: 'UNABLE_TO_GET_ISSUER_CERT', message: 'the client sent no certificate' },
};

/** What every session of a connection has in common. */
export type SessionTemplate = Pick<
  Session,
  | 'version'
  | 'cipherSuite'
  | 'authenticatedAt'
  | 'serverName'
  | 'alpnProtocol'
  | 'clientAuth'
  | 'clientChain'
  | 'context'
>;

/** The part of a session that is known when the handshake is. `resumed` is the session that it went on with. */
export function sessionTemplate(
  hs: Negotiation,
  client: ClientIdentity | undefined,
  resumed: Session | undefined,
): SessionTemplate {
  const { report, policy, config, hello } = hs;
  const sessions = policy.sessions!;
  return {
    version: report.versionNumber!,
    cipherSuite: report.cipherSuite!.id,
    authenticatedAt: resumed?.authenticatedAt ?? sessions.now(),
    serverName: hello.offers.serverName?.toLowerCase(),
    alpnProtocol: report.alpnProtocol,
    clientAuth: clientAuthMode(config),
    clientChain: client?.chain ?? [],
    context: sessions.context,
  };
}

/** A session of what all of its connection have in common, and what is its own. Name by name, which costs V8 less. */
export const sessionOf = (template: SessionTemplate, own: Omit<Session, keyof SessionTemplate>): Session => ({
  version: template.version,
  cipherSuite: template.cipherSuite,
  authenticatedAt: template.authenticatedAt,
  serverName: template.serverName,
  alpnProtocol: template.alpnProtocol,
  clientAuth: template.clientAuth,
  clientChain: template.clientChain,
  context: template.context,
  secret: own.secret,
  extendedMasterSecret: own.extendedMasterSecret,
  issuedAt: own.issuedAt,
  lifetime: own.lifetime,
  ageAdd: own.ageAdd,
  maxEarlyData: own.maxEarlyData,
  issuer: own.issuer,
});
