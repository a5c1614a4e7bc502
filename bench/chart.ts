// The chart of all runs: a line per row, a dot per Node, on a logarithmic scale of ratios.
import type { Line } from './report.ts';
import type { Run } from './results.ts';

const [left, width, rowHeight, top] = [330, 980, 26, 84];
/** The ends of the scale, as ratios of costs. */
const [least, most] = [0.04, 4];
const ticks = [0.05, 0.1, 0.25, 0.5, 1, 2, 4];
/** One colour per Node, told apart also by who sees colours otherwise. */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7'];

/** Readable on light and on dark. */
const style = `
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .faint { fill: #57606a; font-size: 11px; }
  .grid { stroke: #d0d7de; }
  .one { stroke: #57606a; stroke-width: 1.5; }
  .goal { stroke: #24292f; stroke-width: 2; }
  .open { fill: #ffffff; }
  .paper { fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .faint { fill: #9198a1; }
    .grid { stroke: #30363d; }
    .one { stroke: #9198a1; }
    .goal { stroke: #e6edf3; }
    .open, .paper { fill: #0d1117; }
  }
`;

const escaped = (text: string): string =>
  text.replace(/[<>&"]/g, (c) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' })[c] ?? c);

/** Where a ratio of costs stands. */
function xOf(ratio: number): number {
  const within = Math.min(most, Math.max(least, ratio));
  return left + ((width - left - 20) * Math.log(within / least)) / Math.log(most / least);
}

const at = (value: number): string => value.toFixed(1);

/** One dot with its range and its goal: full where the goal is met, open where it is missed. */
function dot(line: Line, y: number, colour: string): string {
  // Of rates, more is better: what is drawn is what a request costs.
  const cost = (ratio: number): number => (line.isRate ? 1 / ratio : ratio);
  const [from, to] = line.range.map((ratio) => xOf(cost(ratio)));
  const goal = line.goal === undefined ? undefined : xOf(cost(line.goal));
  const isOpen = line.verdict === 'missed';
  const title = `${line.what}: ${line.ratio.toFixed(2)} (${line.verdict})`;
  return [
    `<g><title>${escaped(title)}</title>`,
    `<line x1="${at(from!)}" x2="${at(to!)}" y1="${y}" y2="${y}" stroke="${colour}" stroke-opacity="0.5" stroke-width="3"/>`,
    goal === undefined ? '' : `<line class="goal" x1="${at(goal)}" x2="${at(goal)}" y1="${y - 3}" y2="${y + 3}"/>`,
    `<circle cx="${at(xOf(cost(line.ratio)))}" cy="${y}" r="4" stroke="${colour}" stroke-width="2" ${isOpen ? 'class="open"' : `fill="${colour}"`}/>`,
    '</g>',
  ].join('');
}

/** One panel for each provider: all rows, and a dot for each Node. */
function panel(provider: string, runs: readonly Run[], nodes: readonly string[], order: readonly string[], y0: number) {
  const names = order.filter((name) => runs.some(({ lines }) => lines.some((line) => line.name === name)));
  const bottom = y0 + 24 + names.length * rowHeight;
  const parts = [`<text x="20" y="${y0}" font-weight="600">cryptography by ${escaped(provider)}</text>`];
  for (const tick of ticks) {
    const x = at(xOf(tick));
    parts.push(
      `<line class="${tick === 1 ? 'one' : 'grid'}" x1="${x}" x2="${x}" y1="${y0 + 8}" y2="${bottom}"/>`,
      `<text class="faint" x="${x}" y="${y0 + 2}" text-anchor="middle">${tick}</text>`,
    );
  }
  for (const [index, name] of names.entries()) {
    const y = y0 + 24 + index * rowHeight;
    const found = runs.flatMap((run) => run.lines.filter((line) => line.name === name).map((line) => ({ run, line })));
    const { what, against } = found[0]!.line;
    const label = against === 'node:tls' ? what : `${what} [${against}]`;
    parts.push(`<text x="${left - 14}" y="${y + 4}" text-anchor="end">${escaped(label)}</text>`);
    for (const [i, { run, line }] of found.entries()) {
      parts.push(dot(line, y + (i - (found.length - 1) / 2) * 8, colours[nodes.indexOf(run.node)] ?? colours[0]!));
    }
  }
  return { svg: parts.join('\n'), bottom };
}

/** The chart as SVG. `order`: names of rows as they are to stand. */
export function drawChart(runs: readonly Run[], order: readonly string[]): string {
  const nodes = [...new Set(runs.map(({ node }) => node))].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const providers = [...new Set(runs.map(({ provider }) => provider))];
  const legend = nodes.map((node, i) => {
    const x = left + i * 110;
    return `<circle cx="${x}" cy="44" r="4" fill="${colours[i] ?? colours[0]}"/><text x="${x + 10}" y="48">Node ${escaped(node)}</text>`;
  });
  let y = top;
  const panels = providers.map((provider) => {
    const drawn = panel(
      provider,
      runs.filter((run) => run.provider === provider),
      nodes,
      order,
      y,
    );
    y = drawn.bottom + 40;
    return drawn.svg;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img">
<title>Cost of tsls against node:tls, nginx and HAProxy</title>
<style>${style}</style>
<rect class="paper" width="${width}" height="${y}"/>
<text x="20" y="26" font-weight="600">Cost of tsls, as a ratio to node:tls or to who is named: further left is better</text>
${legend.join('\n')}
<text class="faint" x="20" y="48">full dot: goal met; open: missed; short bar: goal</text>
${panels.join('\n')}
</svg>
`;
}
