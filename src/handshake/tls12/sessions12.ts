import type { CipherSuite } from '../../crypto/cipher-suites.ts';
import { longestLifetime, type Session, writeSession } from '../../session/session.ts';
import type { SessionCache } from '../../session/sessions.ts';
import { fail } from '../../wire/alert.ts';
import { ProtocolVersion } from '../../wire/code-points.ts';
import { wipe } from '../../wire/wipe.ts';
import type { ClientIdentity, Negotiation, Secured } from '../handshake.ts';
import { checkSession, type Resumable, sessionOf, sessionTemplate } from '../resumption.ts';
import { commonSuites } from '../selection.ts';
import { answer, type Steps } from '../steps.ts';

/** Bytes of the session ids that we give; a client's may be longer or shorter. */
const sessionIdLength = 32;

/** How a new session is going to be kept, which its ServerHello tells. */
export type Keeping = { readonly by: 'ticket' } | { readonly by: 'id'; readonly id: Uint8Array } | undefined;

export interface Resumed12 extends Resumable {
  readonly suite: CipherSuite;
  /** Whether the client is due a new ticket, the old one being of a key that has been replaced. */
  readonly renewsTicket: boolean;
  /** The id under which we keep the session, if it was found by that. */
  readonly id: Uint8Array | undefined;
}

/**
 * The session that a ClientHello wants to resume and may: by its ticket, or else by its id (RFC 5077 section 3.4:
 * never by id where there is a ticket). Throws `TlsAlert` where RFC 7627 section 5.3 wants the handshake to end.
 */
export function* findSession12(hs: Negotiation): Steps<Resumed12 | undefined> {
  const { sessionTicket } = hs.hello.offers;
  const { sessions } = hs.policy;
  if (sessions === undefined) return undefined;
  let bytes: Uint8Array | undefined;
  let sealed: Uint8Array | undefined;
  let isOld = false;
  if (sessions.tickets !== undefined && sessionTicket !== undefined && sessionTicket.length > 0) {
    const opened = sessions.tickets.open(sessionTicket);
    bytes = sealed = opened?.session;
    isOld = opened?.isOld === true;
  } else if (sessions.cache !== undefined && hs.hello.sessionId.length > 0) {
    bytes = yield* answer(sessions.cache.load(hs.hello.sessionId));
  }
  let resumed: Resumed12 | undefined;
  let resumable: Resumable | undefined;
  try {
    resumable = yield* checkSession(hs, bytes);
    resumed = resumable && fitHello(hs, resumable, isOld, sealed ? undefined : hs.hello.sessionId);
    return resumed;
  } finally {
    wipe(sealed);
    if (resumed === undefined) wipe(resumable?.session.secret);
  }
}

function fitHello(
  hs: Negotiation,
  resumable: Resumable,
  renewsTicket: boolean,
  id: Uint8Array | undefined,
): Resumed12 | undefined {
  const { session } = resumable;
  const suite = commonSuites(hs.hello, hs.config, ProtocolVersion.tls12).find(({ id }) => id === session.cipherSuite);
  if (suite === undefined) return undefined;
  const offersExtended = hs.hello.offers.extendedMasterSecret === true;
  if (session.extendedMasterSecret && !offersExtended) {
    fail('handshakeFailure', 'the client resumes without extended_master_secret', 'INCONSISTENT_EXTMS');
  }
  // RFC 7627 section 5.3: a session without it is not worth keeping.
  if (!session.extendedMasterSecret && offersExtended) return undefined;
  return { session, client: resumable.client, suite, renewsTicket, id };
}

/** How the session of a full handshake is going to be kept: with the client if it takes tickets, or else with us. */
export function chooseKeeping({ policy, hello, provider }: Negotiation): Keeping {
  const { sessions } = policy;
  if (sessions?.tickets !== undefined && hello.offers.sessionTicket !== undefined) return { by: 'ticket' };
  if (sessions?.cache !== undefined) return { by: 'id', id: provider.randomBytes(sessionIdLength) };
  return undefined;
}

/** What forgets a session that is kept under an id, and keeps hold of nothing else. */
export function forgetting({ policy }: Negotiation, id: Uint8Array | undefined): Secured['forgetSession'] {
  const cache = policy.sessions?.cache;
  return id === undefined || cache?.forget === undefined ? undefined : forgettingBy(cache, id.slice());
}

const forgettingBy =
  (cache: SessionCache, id: Uint8Array): (() => void) =>
  () =>
    cache.forget?.(id);

/** The session that a connection leaves behind; holds the master secret. */
export function session12(
  hs: Negotiation,
  master: Uint8Array,
  client: ClientIdentity | undefined,
  resumed: Session | undefined,
): Uint8Array | undefined {
  const { sessions } = hs.policy;
  if (sessions === undefined) return undefined;
  const own = {
    secret: master,
    extendedMasterSecret: hs.hello.offers.extendedMasterSecret === true,
    issuedAt: sessions.now(),
    lifetime: Math.min(sessions.lifetime, longestLifetime),
    ageAdd: 0,
    maxEarlyData: 0,
    issuer: noIssuer,
  };
  return writeSession(sessionOf(sessionTemplate(hs, client, resumed), own));
}

const noIssuer = new Uint8Array();
