import * as crypto from 'node:crypto';
import { fail } from '../../wire/alert.ts';
import { groupName, NamedGroup } from '../../wire/code-points.ts';
import type { EphemeralKey, KeyAgreement } from '../provider.ts';
import { type Encapsulator, nativeMlKem, nobleMlKem768 } from './ml-kem.ts';
import { withoutStackTraces } from './stack-traces.ts';

/** A Diffie-Hellman group: both sides publish a share. */
interface DiffieHellman extends KeyAgreement {
  readonly generate: () => EphemeralKey;
  readonly shareLength: number;
}

function badShare(group: number, why: string): never {
  fail('illegalParameter', `the key share of ${groupName(group)} ${why}`, 'BAD_ECPOINT');
}

/** OpenSSL wipes what Node holds when that is collected. */
const leftToNode = (): void => {};

function respondWith(generate: () => EphemeralKey): KeyAgreement['respond'] {
  return (clientShare) => {
    const key = generate();
    return { share: key.share, secret: key.derive(clientShare) };
  };
}

/** The NIST curves, points uncompressed (RFC 8446 section 4.2.8.2, RFC 8422 section 5.4). */
function nistCurve(group: number, curve: string, coordinateLength: number): DiffieHellman {
  const shareLength = 1 + 2 * coordinateLength;
  const generate = (): EphemeralKey => {
    const ecdh = crypto.createECDH(curve);
    return {
      share: ecdh.generateKeys(),
      derive(peer) {
        if (peer.length !== shareLength) badShare(group, `is ${peer.length} bytes long, not ${shareLength}`);
        if (peer[0] !== 4) badShare(group, 'is not an uncompressed point');
        try {
          return ecdh.computeSecret(peer);
        } catch {
          return badShare(group, 'is not a point on the curve');
        }
      },
      release: leftToNode,
    };
  };
  return { group, shareLength, generate, respond: respondWith(generate) };
}

interface OkpJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
}
interface MontgomeryPair {
  readonly publicKey: OkpJwk;
  readonly privateKey: crypto.KeyObject;
}
/** Node takes these encodings; its types know only PEM and DER. */
type GenerateMontgomery = (type: string, options: { publicKeyEncoding: { format: 'jwk' } }) => MontgomeryPair;
const generateMontgomery = crypto.generateKeyPairSync as unknown as GenerateMontgomery;

/**
 * X25519 and X448 (RFC 7748). Keys travel as JWK, which imports an order of magnitude faster than DER. The public
 * half is encoded by the generation itself: exporting it from a KeyObject can deadlock Node 20.
 */
function montgomeryCurve(group: number, type: 'x25519' | 'x448', crv: string, shareLength: number): DiffieHellman {
  const options = { publicKeyEncoding: { format: 'jwk' } } as const;
  const importShare = (share: Uint8Array): crypto.KeyObject => {
    const x = Buffer.from(share.buffer, share.byteOffset, share.length).toString('base64url');
    return withoutStackTraces(() => crypto.createPublicKey({ key: { kty: 'OKP', crv, x }, format: 'jwk' }));
  };
  const generate = (): EphemeralKey => {
    const { publicKey, privateKey } = generateMontgomery(type, options);
    return {
      share: Buffer.from(publicKey.x, 'base64url'),
      derive(peer) {
        if (peer.length !== shareLength) badShare(group, `is ${peer.length} bytes long, not ${shareLength}`);
        try {
          // OpenSSL refuses the all-zero result, as RFC 8446 section 7.4.2 asks.
          return crypto.diffieHellman({ privateKey, publicKey: importShare(peer) });
        } catch {
          return badShare(group, 'is a point of small order');
        }
      },
      release: leftToNode,
    };
  };
  return { group, shareLength, generate, respond: respondWith(generate) };
}

/**
 * A hybrid of ML-KEM and a curve (draft-ietf-tls-ecdhe-mlkem): shares and secrets are concatenated, the curve's
 * part first for the NIST curves and last for X25519.
 */
function hybrid(group: number, kem: Encapsulator, curve: DiffieHellman, curveFirst: boolean): KeyAgreement {
  const length = kem.keyLength + curve.shareLength;
  const split = curveFirst ? curve.shareLength : kem.keyLength;
  const join = (ofKem: Uint8Array, ofCurve: Uint8Array): Buffer =>
    Buffer.concat(curveFirst ? [ofCurve, ofKem] : [ofKem, ofCurve]);
  return {
    group,
    respond(clientShare) {
      if (clientShare.length !== length) badShare(group, `is ${clientShare.length} bytes long, not ${length}`);
      const [first, last] = [clientShare.subarray(0, split), clientShare.subarray(split)];
      const [kemShare, curveShare] = curveFirst ? [last, first] : [first, last];
      const classical = curve.respond(curveShare);
      let encapsulated: ReturnType<Encapsulator['encapsulate']>;
      try {
        encapsulated = kem.encapsulate(kemShare);
      } catch {
        return badShare(group, 'holds an invalid ML-KEM encapsulation key');
      }
      return {
        share: join(encapsulated.ciphertext, classical.share),
        secret: join(encapsulated.sharedKey, classical.secret),
      };
    },
  };
}

const x25519 = montgomeryCurve(NamedGroup.x25519, 'x25519', 'X25519', 32);
const secp256r1 = nistCurve(NamedGroup.secp256r1, 'prime256v1', 32);
const secp384r1 = nistCurve(NamedGroup.secp384r1, 'secp384r1', 48);

const kem768 = nativeMlKem('ML-KEM-768');
const kem1024 = nativeMlKem('ML-KEM-1024');
const kem768ForX25519 = kem768 ?? nobleMlKem768();

const agreements: ReadonlyMap<number, KeyAgreement> = new Map(
  [
    kem768ForX25519 && hybrid(NamedGroup.x25519MLKEM768, kem768ForX25519, x25519, false),
    x25519,
    secp256r1,
    secp384r1,
    nistCurve(NamedGroup.secp521r1, 'secp521r1', 66),
    montgomeryCurve(NamedGroup.x448, 'x448', 'X448', 56),
    kem768 && hybrid(NamedGroup.secp256r1MLKEM768, kem768, secp256r1, true),
    kem1024 && hybrid(NamedGroup.secp384r1MLKEM1024, kem1024, secp384r1, true),
  ]
    .filter((agreement) => agreement !== undefined)
    .map((agreement) => [agreement.group, agreement]),
);

/** The group's key agreement, or `undefined` where this Node does not have it. */
export const keyAgreement = (group: number): KeyAgreement | undefined => agreements.get(group);
