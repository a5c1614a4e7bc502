// Every client of the table, in its order, by the short name that --only and --require use.
import type { Peer } from '../model.ts';
import { botan } from './botan.ts';
import { chromium } from './chromium.ts';
import { curl } from './curl.ts';
import { gnutls } from './gnutls.ts';
import { go } from './go.ts';
import { java } from './java.ts';
import { nodePeer } from './node.ts';
import { nss } from './nss.ts';
import { openssl } from './openssl.ts';
import { python } from './python.ts';
import { rustls } from './rustls.ts';

export const peers: Readonly<Record<string, Peer>> = {
  openssl,
  curl,
  gnutls,
  nss,
  botan,
  python,
  go,
  java,
  rustls,
  node20: nodePeer(20),
  node22: nodePeer(22),
  node24: nodePeer(24),
  node26: nodePeer(26),
  chromium,
};
