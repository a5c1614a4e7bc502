/** The style sheet of the page: one column on a phone, a grid on a desk, light or dark as the reader has it. */
export const pageStyle: string = `
:root {
  color-scheme: light dark;
  --paper: #f5f4f0; --card: #fffefb; --ink: #1b1d22; --soft: #5f636d; --line: #e2dfd6;
  --accent: #08694f; --chosen: #dcf1e7; --chosen-line: #9fd3bd; --bar: #0a8f6a;
  --mono: ui-monospace, "SF Mono", SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #121417; --card: #1a1d21; --ink: #eceae4; --soft: #a0a4ae; --line: #2c3036;
    --accent: #6bd6ae; --chosen: #16332a; --chosen-line: #2f6b56; --bar: #4fc99d;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main, footer { max-width: 66rem; margin: 0 auto; padding: 0 1.25rem; }
h1, h2, p, dl, dd, ol, ul { margin: 0; padding: 0; }
ol, ul { list-style: none; }
code, .mono { font-family: var(--mono); font-size: .875em; font-variant-ligatures: none; overflow-wrap: anywhere; }
a { color: var(--accent); text-underline-offset: .2em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 3px; }

.hero { padding: clamp(1.75rem, 6vw, 4.5rem) 0 clamp(1.75rem, 4vw, 3rem); }
.brand { font-family: var(--mono); font-weight: 600; color: var(--soft); letter-spacing: .02em; }
h1 { font-size: clamp(3.25rem, 15vw, 7rem); line-height: 1; font-weight: 680; letter-spacing: -.045em; margin: .12em 0 .22em -.04em; }
.lead { max-width: 40rem; font-size: clamp(1.05rem, 2.6vw, 1.25rem); color: var(--soft); text-wrap: pretty; }
.lead strong { color: var(--ink); font-weight: 600; overflow-wrap: anywhere; }

section { padding: 0 0 clamp(2rem, 5vw, 3.25rem); }
h2 { font-size: 1.25rem; font-weight: 650; letter-spacing: -.01em; margin-bottom: .25rem; }
h2 + p { color: var(--soft); margin-bottom: 1rem; max-width: 42rem; text-wrap: pretty; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; }

.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17.5rem), 1fr)); gap: 1px; background: var(--line); overflow: hidden; }
.facts > div { background: var(--card); padding: 1rem 1.15rem 1.1rem; }
dt { font-size: .8125rem; color: var(--soft); }
.facts dd { font-family: var(--mono); font-size: .95rem; font-weight: 600; margin-top: .15rem; overflow-wrap: anywhere; }
.facts dd + dd { font: .875rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: var(--soft); margin-top: .3rem; }

.timeline { padding: .65rem 1.15rem; }
.timeline li { display: grid; grid-template-columns: 11rem 1fr 5.5rem; gap: 0 1rem; align-items: center; padding: .3rem 0; }
.timeline svg { grid-area: 1 / 2; display: block; width: 100%; height: .6rem; overflow: visible; }
.timeline rect { fill: var(--bar); }
.timeline line { stroke: var(--line); stroke-width: 1; vector-effect: non-scaling-stroke; }
.timeline time { grid-area: 1 / 3; font-family: var(--mono); font-size: .8125rem; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }

.prints { display: grid; grid-template-columns: minmax(0, 1fr); }
.prints > div { padding: .8rem 1.15rem; }
.prints > div + div { border-top: 1px solid var(--line); }
.prints dd { font-family: var(--mono); font-size: .875rem; overflow-wrap: anywhere; }

.chips { display: flex; flex-wrap: wrap; gap: .4rem; }
.chips li { font-family: var(--mono); font-size: .8125rem; line-height: 1.35; padding: .2rem .5rem; border: 1px solid var(--line); border-radius: 6px; background: var(--card); max-width: 100%; overflow-wrap: anywhere; }
.chips .chosen { background: var(--chosen); border-color: var(--chosen-line); font-weight: 600; }
.chips .chosen::before { content: "✓ "; color: var(--accent); }
.chips .grease { border-style: dashed; color: var(--soft); background: none; }
.chips small { color: var(--soft); font-size: .75rem; font-weight: 400; margin-left: .35em; }

.extensions { counter-reset: extension; }
.extensions > li { counter-increment: extension; display: grid; grid-template-columns: 1.9rem minmax(0, 17rem) minmax(0, 1fr); gap: .45rem 1rem; padding: .75rem 1.15rem; align-items: start; }
.extensions > li + li { border-top: 1px solid var(--line); }
.extensions > li::before { content: counter(extension); color: var(--soft); font: .8125rem/1.5rem var(--mono); text-align: right; }
.extensions .name { font-weight: 600; overflow-wrap: anywhere; }
.extensions .name.grease { font-weight: 400; color: var(--soft); }
.extensions .size { display: block; font: .78rem/1.4 var(--mono); color: var(--soft); }

details { padding: .85rem 1.15rem; }
details + details { border-top: 1px solid var(--line); }
summary { cursor: pointer; font-weight: 600; }
details code { display: block; margin-top: .6rem; line-height: 1.65; color: var(--soft); }
footer { border-top: 1px solid var(--line); padding-top: 1.25rem; padding-bottom: 2.5rem; color: var(--soft); font-size: .9rem; }
footer p { max-width: 42rem; }

@media (max-width: 40rem) {
  .timeline li { grid-template-columns: 1fr auto; padding: .45rem 0; }
  .timeline svg { grid-area: 2 / 1 / auto / -1; margin-top: .3rem; }
  .timeline time { grid-area: 1 / 2; }
  .extensions > li { grid-template-columns: 1.4rem minmax(0, 1fr); padding-left: .9rem; padding-right: .9rem; }
  .extensions > li > .chips { grid-column: 2; }
}
@media print { body { background: none; } details { display: none; } }
`.replace(/\n\s*/g, '\n');
