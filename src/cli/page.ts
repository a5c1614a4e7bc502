import type {
  ConnectionDescription,
  ExtensionDescription,
  HelloDescription,
  MomentDescription,
  NamedCode,
} from './describe.ts';
import { type Html, html, Html as TrustedHtml } from './html.ts';
import { cardsOf } from './page-cards.ts';
import { pageStyle } from './page-style.ts';

/** A shield's outline with a tick, as the page's icon. */
const icon =
  'data:image/svg+xml,' +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#08694f"/><path d="M9 16.5l5 5 9.5-11" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" stroke-linejoin="round"/></svg>',
  );

/** The page about one connection: a whole document without scripts and without anything from elsewhere. */
export function connectionPage(connection: ConnectionDescription, httpVersion: string): string {
  const version = versionTitle(connection.version);
  return documentOf(
    `${version} — tsls`,
    html`<header class="hero">
<p class="brand">tsls</p>
<h1>${version}</h1>
${lead(connection, httpVersion)}
</header>
<section aria-label="What was negotiated">
<dl class="card facts">${cardsOf(connection).map(
      ({ term, value, note }) =>
        html`<div><dt>${term}</dt><dd>${breakable(value)}</dd>${note && html`<dd>${note}</dd>`}</div>`,
    )}</dl>
</section>
${timeline(connection.timeline)}
${connection.clientHello === null ? undefined : helloSections(connection, connection.clientHello)}`,
  );
}

/** A page that says one thing, such as that there is nothing at an address. */
export function messagePage(title: string, message: string): string {
  return documentOf(
    `${title} — tsls`,
    html`<header class="hero"><p class="brand">tsls</p><h1>${title}</h1><p class="lead">${message} <a href="/">See your connection</a>.</p></header>`,
  );
}

function documentOf(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${icon}">
<style>${new TrustedHtml(pageStyle)}</style>
</head>
<body>
<main>
${body}
</main>
<footer><p>Served by tsls, a TLS server written in TypeScript. The same as <a href="/json">JSON</a>. Reload to see whether your client resumes its session.</p></footer>
</body>
</html>
`.text;
}

/** `TLSv1.3` -> `TLS 1.3`. */
const versionTitle = (version: string | null): string =>
  version?.replace('TLSv', 'TLS ').replace(/ 1$/, ' 1.0') ?? 'TLS';

function lead({ serverName, resumed, timeline, clientHello }: ConnectionDescription, httpVersion: string): Html {
  const last = timeline.at(-1);
  return html`<p class="lead">This connection${serverName === null ? undefined : html` to <strong>${serverName}</strong>`} speaks <strong>${httpVersion}</strong>. ${
    clientHello === null
      ? undefined
      : `Your client offered ${amount(clientHello.cipherSuites, 'cipher suite')} and ${amount(clientHello.extensions, 'extension')}. `
  }${resumed ? 'It resumed an earlier session' : 'The handshake was a full one'}${last && `, done after ${milliseconds(last.at)}`}.</p>`;
}

/** How many of a list there are, GREASE left out. */
function amount(list: readonly NamedCode[], noun: string): string {
  const { length } = list.filter(({ grease }) => !grease);
  return `${length} ${noun}${length === 1 ? '' : 's'}`;
}

const milliseconds = (time: number): string => `${time < 100 ? time.toFixed(2) : time.toFixed(0)} ms`;

function timeline(moments: readonly MomentDescription[]): Html | undefined {
  const end = moments.at(-1)?.at ?? 0;
  if (end <= 0) return undefined;
  const percent = (time: number): string => ((100 * time) / end).toFixed(2);
  const rows = moments.map(({ name, at }, index) => {
    const from = moments[index - 1]?.at ?? 0;
    return html`<li><span class="mono">${messageTitle(name)}</span><time>${milliseconds(at)}</time><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><line x1="0" y1="5" x2="100" y2="5"/><rect x="${percent(from)}" y="0" width="${Math.max(0.4, (100 * (at - from)) / end).toFixed(2)}" height="10"/></svg></li>`;
  });
  return html`<section>
<h2>Timeline</h2>
<p>How far the handshake had come, in milliseconds since the connection was accepted.</p>
<ol class="card timeline">${rows}</ol>
</section>`;
}

/** `serverHello` -> `ServerHello`, the name of the message. */
const messageTitle = (stage: string): string => stage.replace(/^./, (first) => first.toUpperCase());

/** A registry's name, which may break after each underscore. */
const breakable = (name: string): Html[] =>
  name.split(/(?<=_)/).map((part, index) => (index === 0 ? html`${part}` : html`<wbr>${part}`));

function helloSections(connection: ConnectionDescription, hello: HelloDescription): Html {
  const prints = [
    ['JA4', connection.ja4],
    ['JA4_r', connection.ja4Raw],
    ['JA3', connection.ja3Hash],
    ['JA3, in full', connection.ja3],
  ];
  return html`<section>
<h2>Fingerprints</h2>
<p>Short names of what your client offered, by which servers tell browsers from other programs.</p>
<dl class="card prints">${prints.map(([term, value]) => value && html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
</section>
<section>
<h2>Cipher suites</h2>
<p>In your client's order of preference.</p>
<ul class="chips">${hello.cipherSuites.map((suite) => suiteChip(suite, suite.name === connection.cipherSuite))}</ul>
</section>
<section>
<h2>Extensions</h2>
<p>In the order in which they were sent. A tick marks what was chosen; GREASE means nothing and keeps servers tolerant.</p>
<ol class="card extensions">${hello.extensions.map((extension) => extensionRow(extension, connection))}</ol>
</section>
<section>
<h2>Bytes</h2>
<p>The ClientHello is ${hello.length} bytes long. Its legacy version is ${hello.legacyVersion.name}.</p>
<div class="card"><details><summary>Random</summary><code>${hello.random}</code></details><details><summary>Session ID</summary><code>${hello.sessionId || 'empty'}</code></details><details><summary>Whole message</summary><code>${hello.raw}</code></details></div>
</section>`;
}

function suiteChip({ id, name, grease }: NamedCode, chosen: boolean): Html {
  return html`<li class="${chosen ? 'chosen' : grease ? 'grease' : ''}">${name}${id !== name && html`<small>${id}</small>`}</li>`;
}

function extensionRow(
  { id, name, grease, length, contents }: ExtensionDescription,
  connection: ConnectionDescription,
): Html {
  const chosen = chosenIn(name, connection);
  const isChosen = (text: string): boolean => chosen !== null && (text === chosen || text.startsWith(`${chosen} (`));
  const chips = contents.map(
    (item) => html`<li class="${item.grease ? 'grease' : isChosen(item.text) ? 'chosen' : ''}">${item.text}</li>`,
  );
  return html`<li><span><span class="name${grease ? ' grease' : ''}">${name === id ? 'unknown extension' : breakable(name)}</span><span class="size">${id} · ${length} ${length === 1 ? 'byte' : 'bytes'}</span></span>${contents.length > 0 && html`<ul class="chips">${chips}</ul>`}</li>`;
}

/** What was chosen among the contents of an extension. */
function chosenIn(extension: string, connection: ConnectionDescription): string | null {
  switch (extension) {
    case 'supported_versions':
      return connection.version;
    case 'supported_groups':
    case 'key_share':
      return connection.group;
    case 'signature_algorithms':
      return connection.signatureScheme;
    case 'application_layer_protocol_negotiation':
      return connection.alpnProtocol;
    default:
      return null;
  }
}
