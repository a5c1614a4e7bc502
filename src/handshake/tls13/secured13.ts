import { aeadShapes, type CipherSuite } from '../../crypto/cipher-suites.ts';
import type { CryptoProvider } from '../../crypto/provider.ts';
import { Opener13, Sealer13 } from '../../record/protection13.ts';
import { ProtocolVersion } from '../../wire/code-points.ts';
import type { ClientAuthentication } from '../config.ts';
import { type ClientIdentity, type Secured, wipe } from '../handshake.ts';
import type { SizeLimits } from '../selection.ts';
import type { Steps } from '../steps.ts';
import {
  exportKeyingMaterial,
  nextTrafficSecret,
  type TrafficSecret,
  type TrafficSecrets,
  trafficKey,
} from './key-schedule.ts';
import type { TicketIssuer } from './tickets.ts';

/** What the protection of records is made with. */
export interface Protection {
  readonly provider: CryptoProvider;
  readonly suite: CipherSuite;
  readonly limits: SizeLimits;
}

/** Asks the client for its certificate; `secret` gives its traffic secret of the moment. */
export type RequestCertificate = (auth: ClientAuthentication, secret: () => TrafficSecret) => Steps<ClientIdentity>;

/** Protects what we send under a traffic secret. */
export const sealer = ({ provider, suite }: Protection, secret: TrafficSecret): Sealer13 =>
  new Sealer13(trafficKey(provider, suite, secret), aeadShapes[suite.aead]);

/** Opens what comes under a traffic secret. */
export const opener = ({ provider, suite, limits }: Protection, secret: TrafficSecret): Opener13 =>
  new Opener13(trafficKey(provider, suite, secret), limits.receiving);

/** What outlives the handshake; it keeps the traffic secrets only for key updates. */
export function secured13(
  { provider, suite, limits }: Protection,
  application: TrafficSecrets & { readonly exporter: Uint8Array },
  outcome: Partial<Pick<Secured, 'peerFinished' | 'client'>> & Pick<Secured, 'ownFinished'>,
  issuer?: TicketIssuer | undefined,
  requestCertificate?: RequestCertificate | undefined,
): Secured {
  let { client, server } = application;
  let isOver = false;
  const shape = aeadShapes[suite.aead];
  return {
    peerFinished: undefined,
    ...outcome,
    ...(issuer && { issueTicket: () => issuer.issue(), session: () => issuer.session() }),
    version: ProtocolVersion.tls13,
    requestCertificate: requestCertificate && ((auth) => requestCertificate(auth, () => client)),
    cipherSuite: suite,
    exportKeyingMaterial(label, length, context = new Uint8Array()) {
      if (isOver) throw new Error('the connection is over, and its secrets are gone');
      return exportKeyingMaterial(provider, suite, application.exporter, label, context, length);
    },
    release() {
      isOver = true;
      wipe(client, server, application.exporter);
      issuer?.release();
    },
    nextSealer() {
      server = nextTrafficSecret(provider, suite, server);
      return new Sealer13(trafficKey(provider, suite, server), shape);
    },
    nextOpener() {
      client = nextTrafficSecret(provider, suite, client);
      return new Opener13(trafficKey(provider, suite, client), limits.receiving);
    },
  };
}
