import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TLSSocket } from '../../src/index.ts';
import { ProtocolVersion } from '../../src/wire/code-points.ts';
import type { ShimFlags } from './shim-flags.ts';
import type { Observed } from './shim-options.ts';

type Check = (flags: ShimFlags, socket: TLSSocket, observed: Observed) => unknown;

/** What a flag expects, and whether it is so. Without the flag the check does not apply. */
const checks: Readonly<Record<string, Check>> = {
  '-expect-accept-early-data': (_, { earlyData }) => earlyData === 'accepted' || earlyData === 'confirmed',
  '-expect-reject-early-data': (_, { earlyData }) => earlyData === 'rejected' || earlyData === null,
  '-expect-cipher-aes': (flags, { handshakeReport }) =>
    handshakeReport.cipherSuite?.id === flags.number('-expect-cipher-aes'),
  '-expect-curve-id': (flags, { handshakeReport }) => handshakeReport.group === flags.number('-expect-curve-id'),
  '-expect-hrr': (_, { handshakeReport }) => handshakeReport.helloRetryRequest,
  '-expect-no-hrr': (_, { handshakeReport }) => !handshakeReport.helloRetryRequest,
  '-expect-server-name': (flags, { servername }) => servername === flags.text('-expect-server-name'),
  '-expect-no-server-name': (_, { servername }) => servername === false,
  '-expect-selected-credential': (flags, _, { signedWith }) =>
    signedWith === flags.number('-expect-selected-credential'),
  '-expect-next-proto': (flags, { handshakeReport }) =>
    handshakeReport.npnProtocol === flags.text('-expect-next-proto'),
  '-expect-no-next-proto': (_, { handshakeReport }) => !handshakeReport.npnProtocol,
  '-expect-peer-cert-file': (flags, _, { clientChain }) =>
    clientChain !== undefined &&
    new X509Certificate(readFileSync(flags.text('-expect-peer-cert-file')!)).raw.equals(clientChain[0]!),
  '-expect-peer-signature-algorithm': (flags, { handshakeReport }) =>
    handshakeReport.clientSignatureScheme === flags.number('-expect-peer-signature-algorithm'),
  '-expect-peer-verify-pref': (flags, { handshakeReport }) =>
    handshakeReport.clientHello?.offers.signatureAlgorithms?.join() ===
    flags.numbers('-expect-peer-verify-pref').join(),
  '-expect-session-id': (_flags, _socket, { storedSession }) => storedSession,
  '-expect-no-session-id': (_flags, _socket, { storedSession }) => !storedSession,
  // RFC 8446 section 4.3.2: who authenticates by a PSK does not ask for a certificate.
  '-require-any-client-certificate': ({ importedKeys }, _socket, { clientChain }) =>
    clientChain !== undefined || importedKeys.length > 0,
  // We always answer the extension; TLS 1.3 has what it stands for.
  '-expect-extended-master-secret': (_, { handshakeReport: { versionNumber, clientHello } }) =>
    versionNumber === ProtocolVersion.tls13 || clientHello?.offers.extendedMasterSecret,
};

/** What is not looked at when a session is resumed: nothing is stored then, nor signed. */
const ofFullHandshakes = ['-expect-session-id', '-expect-no-session-id', '-expect-peer-signature-algorithm'];

/** Throws when a secure connection is not what the flags expect. */
export function checkHandshake(flags: ShimFlags, socket: TLSSocket, observed: Observed, isResumption: boolean): void {
  if (observed.complaint) throw new Error(observed.complaint);
  const skipped = isResumption ? ofFullHandshakes : [];
  for (const [flag, isMet] of Object.entries(checks)) {
    if (flags.has(flag) && !skipped.includes(flag) && !isMet(flags, socket, observed)) {
      throw new Error(`${flag} ${flags.text(flag) ?? ''} is not met: ${JSON.stringify(socket.handshakeReport)}`);
    }
  }
  // These hold without a flag.
  const alpn = socket.alpnProtocol || undefined;
  if (alpn !== flags.text('-select-alpn')) throw new Error(`the protocol is ${alpn}`);
  const expectsResumption = isResumption && !flags.has('-expect-session-miss');
  if (socket.isSessionReused() !== expectsResumption) {
    throw new Error(`the session was ${expectsResumption ? 'not ' : ''}resumed`);
  }
}
