import { HandshakeType } from '../wire/code-points.ts';
import { Writer } from '../wire/writer.ts';
import { writeMessage } from './handshake-message.ts';

const namedCurve = 3;

// RFC 8422 section 5.4: struct { ECParameters curve_params; ECPoint public; } ServerECDHParams;
export const writeEcdhParameters = (group: number, share: Uint8Array): Uint8Array =>
  new Writer(8 + share.length)
    .u8(namedCurve)
    .u16(group)
    .vector8((point) => point.bytes(share))
    .take();

// RFC 5246 section 7.4.3: struct { opaque dh_p<1..2^16-1>; opaque dh_g<1..2^16-1>; opaque dh_Ys<1..2^16-1>; } ServerDHParams;
export const writeDhParameters = (prime: Uint8Array, generator: Uint8Array, share: Uint8Array): Uint8Array =>
  [prime, generator, share]
    .reduce((w, value) => w.vector16((v) => v.bytes(value)), new Writer(8 + prime.length + share.length))
    .take();

/** ServerKeyExchange with its signature (RFC 8422 section 5.4, RFC 5246 section 7.4.3). */
export const writeServerKeyExchange = (parameters: Uint8Array, scheme: number, signature: Uint8Array): Uint8Array =>
  writeMessage(
    HandshakeType.serverKeyExchange,
    (w) =>
      w
        .bytes(parameters)
        .u16(scheme)
        .vector16((s) => s.bytes(signature)),
    1024,
  );

/** ServerKeyExchange of a suite with a PSK: a hint which key to use, and our share (RFC 4279 section 2, RFC 5489 section 2). */
export const writePskServerKeyExchange = (hint: Uint8Array, parameters: Uint8Array | undefined): Uint8Array =>
  writeMessage(HandshakeType.serverKeyExchange, (w) => {
    w.vector16((h) => h.bytes(hint));
    if (parameters !== undefined) w.bytes(parameters);
  });

/** What it signs: both randoms and the parameters. */
export const serverKeyExchangeInput = (
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
  parameters: Uint8Array,
): Uint8Array => new Writer(160).bytes(clientRandom).bytes(serverRandom).bytes(parameters).take();

/** ServerHelloDone (RFC 5246 section 7.4.5). */
export const writeServerHelloDone = (): Uint8Array => writeMessage(HandshakeType.serverHelloDone, () => {}, 8);
