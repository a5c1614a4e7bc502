import type { ConnectionDescription } from './describe.ts';

/** One negotiated value, with a word on what it does. */
export interface Card {
  readonly term: string;
  readonly value: string;
  readonly note?: string;
}

/** The negotiated values in the order in which a reader asks for them. */
export function cardsOf(connection: ConnectionDescription): readonly Card[] {
  return [
    { term: 'Cipher suite', value: connection.cipherSuite ?? 'none', note: suiteNote(connection.cipherSuite) },
    { term: 'Key exchange', value: connection.group ?? 'none', note: groupNote(connection) },
    {
      term: 'Signature',
      value: connection.signatureScheme ?? 'none',
      note:
        connection.signatureScheme === null
          ? 'a resumed session needs no signature'
          : "proves that the server has the certificate's key",
    },
    {
      term: 'Server name',
      value: connection.serverName ?? 'not sent',
      note:
        connection.serverName === null
          ? 'usual where the address is an IP address'
          : 'SNI: the name that your client asked for',
    },
    {
      term: 'Application protocol',
      value: connection.alpnProtocol ?? 'not negotiated',
      note: connection.alpnProtocol === null ? 'without ALPN it is HTTP/1.1' : 'chosen by ALPN',
    },
    {
      term: 'Session',
      value: connection.resumed ? 'resumed' : 'new',
      note: connection.resumed ? 'keys derive from an earlier connection' : 'a full handshake with a certificate',
    },
  ];
}

function suiteNote(suite: string | null): string {
  if (suite?.includes('CHACHA20')) return 'ChaCha20-Poly1305: quick without AES in hardware';
  const bits = suite && /AES_(128|256)_(GCM|CCM)/.exec(suite);
  return bits
    ? `AES with a key of ${bits[1]} bits, authenticated (${bits[2]})`
    : 'encrypts and authenticates every record';
}

function groupNote({ group, helloRetryRequest }: ConnectionDescription): string {
  const retried = helloRetryRequest ? '; asked for with a HelloRetryRequest' : '';
  if (group === null) return 'keys come from the resumed session alone';
  if (group.includes('MLKEM')) return `hybrid: also safe from a quantum computer to come${retried}`;
  return `elliptic-curve Diffie-Hellman with forward secrecy${retried}`;
}
