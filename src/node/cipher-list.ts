import { aeadShapes, type CipherSuite, cipherSuites } from '../crypto/cipher-suites.ts';
import { ProtocolVersion } from '../wire/code-points.ts';
import { invalidArgValue } from './arguments.ts';
import { defaults } from './defaults.ts';
import { nodeError } from './errors.ts';
import { securityBits } from './security-level.ts';

const suites12 = cipherSuites.filter((suite) => suite.version === ProtocolVersion.tls12);
const suites13 = cipherSuites.filter((suite) => suite.version === ProtocolVersion.tls13);

type Test = (suite: CipherSuite) => boolean;
const all: Test = () => true;
const aead =
  (part: string): Test =>
  (suite) =>
    suite.aead.includes(part);
const signedBy =
  (kind: CipherSuite['authentication']): Test =>
  ({ authentication }) =>
    authentication === kind;

/** Suites by their key exchange, of which a certificate is part; for OpenSSL, those with a PSK are of another kind. */
const signedExchange =
  (kind: CipherSuite['keyExchange']): Test =>
  ({ authentication, keyExchange }) =>
    authentication !== 'psk' && keyExchange === kind;
const pskExchange =
  (kind: CipherSuite['keyExchange']): Test =>
  ({ authentication, keyExchange }) =>
    authentication === 'psk' && keyExchange === kind;

/** Strength as OpenSSL counts it: the bits of the cipher's key. */
const strength = (suite: CipherSuite): number => 8 * aeadShapes[suite.aead].keyLength;

/**
 * The names that openssl-ciphers(1) has for groups of suites, as far as a suite of ours belongs to one. SHA256 and
 * SHA384 are not among them: they mean suites with such a MAC, which AEAD suites do not have.
 */
const aliases: ReadonlyMap<string, Test> = new Map<string, Test>([
  ...['ALL', 'HIGH', 'TLSv1.2'].map((name): [string, Test] => [name, all]),
  ...['ECDHE', 'EECDH', 'kECDHE', 'kEECDH', 'ECDH'].map((name): [string, Test] => [name, signedExchange('ecdhe')]),
  ...['DHE', 'EDH', 'kDHE', 'kEDH', 'DH'].map((name): [string, Test] => [name, signedExchange('dhe')]),
  ['PSK', signedBy('psk')],
  ['aPSK', signedBy('psk')],
  ['kPSK', pskExchange('none')],
  ['kECDHEPSK', pskExchange('ecdhe')],
  ['kDHEPSK', pskExchange('dhe')],
  ...['ECDSA', 'aECDSA'].map((name): [string, Test] => [name, signedBy('ecdsa')]),
  ['aRSA', signedBy('rsa')],
  ['AES', aead('AES')],
  ['AES128', aead('AES_128')],
  ['AES256', aead('AES_256')],
  ['AESGCM', aead('GCM')],
  ['AESCCM', aead('CCM')],
  ['AESCCM8', aead('CCM_8')],
  ['CHACHA20', aead('CHACHA20')],
  ['FIPS', aead('AES')],
]);

/** The suites that a word means: a name of OpenSSL's or of the RFCs, or groups of which a suite is in all. */
function testOf(word: string): Test {
  const tests = word
    .split('+')
    .map((part): Test => aliases.get(part) ?? (({ name, standardName }) => part === name || part === standardName));
  return (suite) => tests.every((test) => test(suite));
}

/** OpenSSL's own order of suites, before a list says otherwise. */
const openSslOrder: readonly CipherSuite[] = suites12.toSorted(
  (a, b) =>
    strength(b) - strength(a) ||
    Number(b.aead.includes('GCM')) - Number(a.aead.includes('GCM')) ||
    Number(b.authentication === 'ecdsa') - Number(a.authentication === 'ecdsa'),
);

/** An OpenSSL cipher list at work (openssl-ciphers(1), "CIPHER LIST FORMAT"). */
class CipherListReader {
  /** Suites that may come yet, those taken out last first; and those that are in, in order. */
  #out: CipherSuite[] = [...openSslOrder];
  #in: CipherSuite[] = [];
  /** Set by `@SECLEVEL`. */
  securityLevel: number | undefined;

  /** Throws `ERR_SSL_INVALID_COMMAND`. */
  read(list: string): readonly CipherSuite[] {
    // A command, and a removal, need no separator before them.
    const words = list
      .replace(/(?<=[\w.=-])(?=[@!])/g, ':')
      .split(/[: ;,]+/)
      .filter((word) => word !== '');
    for (const [index, word] of words.entries()) {
      // DEFAULT means something only at the beginning.
      if (word === 'DEFAULT' && index === 0) this.#apply('', all);
      else if (word.startsWith('@')) this.#command(word);
      else this.#rule(word);
    }
    return this.#in;
  }

  #rule(word: string): void {
    const match = /^([!+-]?)([\w.=-]+(?:\+[\w.=-]+)*)$/.exec(word);
    if (match === null) throw invalidCommand();
    this.#apply(match[1]!, testOf(match[2]!));
  }

  #apply(operator: string, test: Test): void {
    const isNot: Test = (suite) => !test(suite);
    switch (operator) {
      case '!':
        this.#out = this.#out.filter(isNot);
        this.#in = this.#in.filter(isNot);
        break;
      case '-':
        this.#out = [...this.#in.filter(test), ...this.#out];
        this.#in = this.#in.filter(isNot);
        break;
      case '+':
        this.#in = [...this.#in.filter(isNot), ...this.#in.filter(test)];
        break;
      default:
        this.#in = [...this.#in, ...this.#out.filter(test)];
        this.#out = this.#out.filter(isNot);
    }
  }

  #command(word: string): void {
    if (word === '@STRENGTH') {
      this.#in = this.#in.toSorted((a, b) => strength(b) - strength(a));
      return;
    }
    const level = /^@SECLEVEL=([0-5])$/.exec(word)?.[1];
    if (level === undefined) throw invalidCommand();
    this.securityLevel = Number(level);
  }
}

const sslError = (name: string, number: string, reason: string): Error =>
  nodeError(`ERR_SSL_${name}`, `error:${number}:SSL routines::${reason}`, Error, { library: 'SSL routines', reason });
const noCipherMatch = (): Error => sslError('NO_CIPHER_MATCH', '0A0000B9', 'no cipher match');
const invalidCommand = (): Error => sslError('INVALID_COMMAND', '0A000118', 'invalid command');

export interface CipherChoice {
  readonly suites: readonly CipherSuite[];
  /** What `@SECLEVEL` asked for (SSL_CTX_set_security_level(3)); `undefined` where it was not there. */
  readonly securityLevel: number | undefined;
}

/**
 * The suites that `ciphers` means, in its order: TLS 1.3 suites by name, the others in OpenSSL's list language. As
 * in Node, a list without names for TLS 1.3 leaves its suites as they are, and one with nothing else turns TLS 1.2 off. Names that nobody knows are passed over; throws
 * `ERR_SSL_NO_CIPHER_MATCH` when nothing is left, `ERR_SSL_INVALID_COMMAND`, `ERR_INVALID_ARG_VALUE`.
 */
export function readCipherList(ciphers: string | undefined): CipherChoice {
  const words = (ciphers || defaults.ciphers).split(':');
  const names13 = words.filter((word) => /^!?TLS_/.test(word) && !word.includes('_WITH_'));
  const list12 = words.filter((word) => word !== '' && !names13.includes(word)).join(':');
  if (names13.length === 0 && list12 === '') throw invalidArgValue('options.ciphers', words);
  const chosen13 =
    names13.length > 0
      ? names13.flatMap((name) => suites13.find((suite) => suite.name === name) ?? [])
      : suites13.filter((suite) => !aead('CCM')(suite));
  const reader = new CipherListReader();
  const chosen12 = reader.read(list12);
  if (chosen13.length === 0) throw noCipherMatch();
  if (list12 !== '' && chosen12.length === 0) throw noCipherMatch();
  const { securityLevel } = reader;
  const least = securityBits[securityLevel ?? 0]!;
  const suites = [...new Set(chosen13), ...chosen12].filter((suite) => strength(suite) >= least);
  return { suites, securityLevel };
}
