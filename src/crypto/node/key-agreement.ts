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

type MontgomeryType = 'x25519' | 'x448';

/** How public keys of a Montgomery curve go to Node, and come from it. */
interface Encoding {
  readonly generate: (type: MontgomeryType) => { readonly share: Uint8Array; readonly privateKey: crypto.KeyObject };
  readonly derive: (type: MontgomeryType, privateKey: crypto.KeyObject, peer: Uint8Array) => Uint8Array;
}

interface OkpJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
}
/** Node takes these encodings; its types know only PEM and DER, and of keys for `diffieHellman` only objects. */
type Generate<Key> = (
  type: string,
  options: { publicKeyEncoding: { format: string } },
) => { readonly publicKey: Key; readonly privateKey: crypto.KeyObject };
type Derive = (keys: { privateKey: crypto.KeyObject; publicKey: object }) => Uint8Array;

/** As JWK, which imports an order of magnitude faster than DER. */
const jwk: Encoding = {
  generate(type) {
    const generate = crypto.generateKeyPairSync as unknown as Generate<OkpJwk>;
    const { publicKey, privateKey } = generate(type, { publicKeyEncoding: { format: 'jwk' } });
    return { share: Buffer.from(publicKey.x, 'base64url'), privateKey };
  },
  derive(type, privateKey, peer) {
    const x = Buffer.from(peer.buffer, peer.byteOffset, peer.length).toString('base64url');
    const key = { kty: 'OKP', crv: type === 'x25519' ? 'X25519' : 'X448', x };
    return crypto.diffieHellman({ privateKey, publicKey: crypto.createPublicKey({ key, format: 'jwk' }) });
  },
};

/** As they are, and without an object for each. Later Nodes have that, from some release of 24 on. */
const raw: Encoding = {
  generate(type) {
    const generate = crypto.generateKeyPairSync as unknown as Generate<Uint8Array>;
    const { publicKey, privateKey } = generate(type, { publicKeyEncoding: { format: 'raw-public' } });
    return { share: publicKey, privateKey };
  },
  derive: (type, privateKey, key) =>
    (crypto.diffieHellman as Derive)({
      privateKey,
      publicKey: { key, format: 'raw-public', asymmetricKeyType: type },
    }),
};

/** The one that this Node has. */
const encoding: Encoding = (() => {
  try {
    const [one, other] = [raw.generate('x25519'), raw.generate('x25519')];
    const [here, there] = [
      raw.derive('x25519', one.privateKey, other.share),
      raw.derive('x25519', other.privateKey, one.share),
    ];
    return Buffer.compare(here, there) === 0 ? raw : jwk;
  } catch {
    return jwk;
  }
})();

/**
 * X25519 and X448 (RFC 7748). The public half is encoded by the generation itself: exporting it from a KeyObject can
 * deadlock Node 20.
 */
function montgomeryCurve(group: number, type: MontgomeryType, shareLength: number): DiffieHellman {
  const generate = (): EphemeralKey => {
    const { share, privateKey } = encoding.generate(type);
    return {
      share,
      derive(peer) {
        if (peer.length !== shareLength) badShare(group, `is ${peer.length} bytes long, not ${shareLength}`);
        try {
          // OpenSSL refuses the all-zero result, as RFC 8446 section 7.4.2 asks.
          return withoutStackTraces(() => encoding.derive(type, privateKey, peer));
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

const x25519 = montgomeryCurve(NamedGroup.x25519, 'x25519', 32);
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
    montgomeryCurve(NamedGroup.x448, 'x448', 56),
    kem768 && hybrid(NamedGroup.secp256r1MLKEM768, kem768, secp256r1, true),
    kem1024 && hybrid(NamedGroup.secp384r1MLKEM1024, kem1024, secp384r1, true),
  ]
    .filter((agreement) => agreement !== undefined)
    .map((agreement) => [agreement.group, agreement]),
);

/** The group's key agreement, or `undefined` where this Node does not have it. */
export const keyAgreement = (group: number): KeyAgreement | undefined => agreements.get(group);
