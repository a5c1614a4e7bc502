import type { KeySchedule, TrafficSecret } from './key-schedule.ts';
import { SecretPair } from './secret-pair.ts';

/** The secrets of application data, as the key schedule gives them. */
export type ApplicationSecrets = ReturnType<KeySchedule['application']>;

/** The secrets that outlive the handshake. */
export class LastingSecrets {
  /** The client's traffic secret, and ours. */
  readonly traffic: SecretPair;
  /** The exporter's secret, and that of tickets. */
  readonly others: SecretPair;

  /** Takes over the secrets; `resumption` where there are tickets. */
  constructor(
    { client, server, exporter }: ApplicationSecrets,
    resumption: Uint8Array = new Uint8Array(exporter.length),
  ) {
    this.traffic = new SecretPair(client, server);
    this.others = new SecretPair(exporter, resumption);
  }
}

/** Secrets of its own for a connection that goes on while the handshake needs them. */
export const copySecrets = ({ client, server, exporter }: ApplicationSecrets): LastingSecrets =>
  new LastingSecrets({
    // Not `slice`, which of a Buffer is no copy.
    client: new Uint8Array(client) as TrafficSecret,
    server: new Uint8Array(server) as TrafficSecret,
    exporter: new Uint8Array(exporter),
  });
