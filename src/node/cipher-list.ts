import { type CipherSuite, cipherSuites } from '../crypto/cipher-suites.ts';
import { ProtocolVersion } from '../wire/code-points.ts';
import { nodeError } from './errors.ts';

const suites12 = cipherSuites.filter((suite) => suite.version === ProtocolVersion.tls12);
const suites13 = cipherSuites.filter((suite) => suite.version === ProtocolVersion.tls13);

const isAes128 = ({ aead }: CipherSuite): boolean => aead.includes('AES_128');
const isAes256 = ({ aead }: CipherSuite): boolean => aead.includes('AES_256');
const isAes = ({ aead }: CipherSuite): boolean => aead.includes('AES');
const isGcm = ({ aead }: CipherSuite): boolean => aead.includes('GCM');
const isChaCha = ({ aead }: CipherSuite): boolean => aead.includes('CHACHA20');
const all = (): boolean => true;

/** OpenSSL's names for groups of suites, as far as any suite of ours belongs to them. */
const aliases: Readonly<Record<string, (suite: CipherSuite) => boolean>> = {
  ALL: all,
  DEFAULT: all,
  COMPLEMENTOFDEFAULT: () => false,
  HIGH: all,
  FIPS: isAes,
  'TLSv1.2': all,
  ECDHE: all,
  EECDH: all,
  kECDHE: all,
  kEECDH: all,
  ECDH: all,
  aECDSA: ({ authentication }) => authentication === 'ecdsa',
  ECDSA: ({ authentication }) => authentication === 'ecdsa',
  aRSA: ({ authentication }) => authentication === 'rsa',
  AES: isAes,
  AESGCM: isGcm,
  AES128: isAes128,
  AES256: isAes256,
  CHACHA20: isChaCha,
  SHA256: ({ hash }) => hash === 'sha256',
  SHA384: ({ hash }) => hash === 'sha384',
};

/** The suites that a word means: a name of OpenSSL's or of the RFCs, an alias, or several joined by `+`. */
function suitesOf(word: string): readonly CipherSuite[] {
  const named = suites12.find(({ name, standardName }) => word === name || word === standardName);
  if (named) return [named];
  const tests = word.split('+').map((part) => (Object.hasOwn(aliases, part) ? aliases[part] : undefined));
  // A word that OpenSSL would not know either is passed over, as OpenSSL does.
  return suites12.filter((suite) => tests.every((test) => test?.(suite) === true));
}

/** Applies an OpenSSL cipher list (openssl-ciphers(1), "CIPHER LIST FORMAT") to the TLS 1.2 suites. */
function readList12(words: readonly string[]): readonly CipherSuite[] {
  let chosen: CipherSuite[] = [];
  const killed = new Set<CipherSuite>();
  for (const word of words) {
    if (word === '@STRENGTH') {
      chosen = chosen.toSorted((a, b) => Number(isAes128(a)) - Number(isAes128(b)));
    } else if (word.startsWith('@')) {
      if (!/^@SECLEVEL=[0-5]$/.test(word)) throw noCipherMatch();
    } else {
      const operator = '!-+'.includes(word[0]!) ? word[0] : '';
      const meant = suitesOf(operator ? word.slice(1) : word);
      const rest = chosen.filter((suite) => !meant.includes(suite));
      if (operator === '!') for (const suite of meant) killed.add(suite);
      if (operator === '+') chosen = [...rest, ...chosen.filter((suite) => meant.includes(suite))];
      else if (operator) chosen = rest;
      else chosen.push(...meant.filter((suite) => !chosen.includes(suite) && !killed.has(suite)));
    }
  }
  return chosen;
}

const noCipherMatch = (): Error =>
  nodeError('ERR_SSL_NO_CIPHER_MATCH', 'error:0A0000B9:SSL routines::no cipher match', Error, {
    library: 'SSL routines',
    reason: 'no cipher match',
  });

/** Node's default list, as far as it is implemented: no CCM. */
const defaultSuites: readonly CipherSuite[] = cipherSuites.filter(({ aead }) => !aead.includes('CCM'));

/**
 * The suites that `ciphers` means, in its order: TLS 1.3 suites by name, the others in OpenSSL's list language. When
 * it has none of one version, that version is off, as in Node. Throws `ERR_SSL_NO_CIPHER_MATCH` for an unknown name.
 */
export function readCipherList(ciphers: string | undefined): readonly CipherSuite[] {
  if (ciphers === undefined || ciphers === '') return defaultSuites;
  const words = ciphers.split(/[:, ]/).filter((word) => word !== '');
  const names13 = words.filter((word) => word.startsWith('TLS_') && !word.includes('_WITH_'));
  const words12 = words.filter((word) => !names13.includes(word));
  if (words.length === 0) {
    throw nodeError(
      'ERR_INVALID_ARG_VALUE',
      `The property 'options.ciphers' is invalid. Received '${ciphers}'`,
      TypeError,
    );
  }
  const chosen13 = names13.map((name) => {
    const suite = suites13.find((candidate) => candidate.name === name);
    if (suite === undefined) throw noCipherMatch();
    return suite;
  });
  const chosen12 = readList12(words12);
  if (words12.some((word) => !word.startsWith('@')) && chosen12.length === 0) throw noCipherMatch();
  return [...new Set(chosen13), ...chosen12];
}
