import { escapeControls } from '../util/escape.js'

/** Pages that stand alone: one file, no script, nothing from elsewhere. Pure. */

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text of anybody as part of a page, in an element or in a quoted attribute; control characters are made visible. */
export const html = (text: string): string =>
  escapeControls(text.replace(/\r\n/g, '\n'), '\n\t')
    // What is no character at all may stand in no page.
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|[\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"']/g, (char) => entities[char] ?? char)

/** The beginning of a page, up to its content. */
export const pageBegin = (title: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="git-amp">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${html(title)}</title>
<style>
${style}</style>
</head>
<body>
<main>
`

export const pageEnd = '</main>\n</body>\n</html>\n'

/** One look for all pages: quiet, with room, figures in line; the colours follow the reader's system. */
const style = `:root {
  color-scheme: light dark;
  --paper: #fbfbfa; --card: #ffffff; --ink: #1d2126; --soft: #5b6470; --line: #e3e5e8; --faint: #f1f2f4;
  --accent: #3a62b8; --accent-soft: #dfe7f6;
  --good: #17693f; --good-soft: #dcf2e6; --bad: #a93025; --bad-soft: #fae0dd;
  --warn: #8a5a00; --warn-soft: #fbeccb; --idle: #5f6873; --idle-soft: #e9ebee;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --card: #1b1f24; --ink: #e4e7eb; --soft: #9aa4b0; --line: #2d333b; --faint: #22272e;
    --accent: #8fb0f4; --accent-soft: #26344f;
    --good: #6cc798; --good-soft: #173526; --bad: #f0938a; --bad-soft: #42201d;
    --warn: #e3b65c; --warn-soft: #3a2e12; --idle: #a0aab6; --idle-soft: #2a3038;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 400 1rem/1.55 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 68rem; margin: 0 auto; padding: 3.5rem 1.5rem 5rem; }
h1, h2, h3 { line-height: 1.2; margin: 0; font-weight: 650; letter-spacing: -0.012em; overflow-wrap: anywhere; text-wrap: balance; }
h1 { font-size: 2.15rem; letter-spacing: -0.022em; }
h2 { font-size: 1.22rem; }
h3 { font-size: 1rem; }
p { margin: 0; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 0.15em; }
.eyebrow { color: var(--soft); font-size: 0.82rem; font-weight: 600; letter-spacing: 0.01em; margin-bottom: 0.5rem; }
.lede, .note { color: var(--soft); }
.lede { margin-top: 0.6rem; }
.note { font-size: 0.86rem; max-width: 44rem; }
header { margin-bottom: 2.5rem; }
section { margin-top: 3.25rem; }
section > h2 { margin-bottom: 0.3rem; }
section > h2 + .note { margin-bottom: 1.1rem; }
section > h2 + :not(.note) { margin-top: 1.1rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 1px; margin: 0;
  background: var(--line); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
.figures > div { background: var(--card); padding: 1.05rem 1.15rem 1.1rem; }
.figures dt { color: var(--soft); font-size: 0.82rem; }
.figures dd { margin: 0.2rem 0 0; font-size: 1.7rem; font-weight: 620; line-height: 1.15; letter-spacing: -0.02em; }
.figures dd + dd { margin-top: 0.3rem; color: var(--soft); font-size: 0.8rem; font-weight: 400; line-height: 1.35; letter-spacing: 0; }
.cols { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 0 3rem; }
.cols > section { min-width: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.89rem; }
th, td { padding: 0.46rem 0.8rem 0.46rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--soft); font-size: 0.78rem; font-weight: 600; white-space: nowrap; vertical-align: bottom; }
tbody th { font-weight: 500; overflow-wrap: anywhere; }
tfoot th, tfoot td { border-bottom: 0; font-weight: 620; }
.num { text-align: right; white-space: nowrap; }
.nowrap { white-space: nowrap; }
.what { overflow-wrap: anywhere; }
.what small, small.sub { display: block; color: var(--soft); font-size: 0.8rem; font-weight: 400; line-height: 1.4; }
.dim { color: var(--soft); }
.tag { display: inline-block; padding: 0.02rem 0.5rem; border-radius: 999px; font-size: 0.78rem; font-weight: 600; white-space: nowrap; }
.good { background: var(--good-soft); color: var(--good); } .bad { background: var(--bad-soft); color: var(--bad); }
.warn { background: var(--warn-soft); color: var(--warn); } .idle { background: var(--idle-soft); color: var(--idle); }
.share { width: 22%; min-width: 4.5rem; padding-top: 0.85rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
svg { display: block; width: 100%; overflow: visible; }
svg text { fill: var(--soft); font-size: 12px; }
svg .bar { fill: var(--accent); } svg .track { fill: var(--faint); } svg .rule { stroke: var(--line); stroke-width: 1; }
svg .f-good { fill: var(--good); } svg .f-bad { fill: var(--bad); } svg .f-warn { fill: var(--warn); } svg .f-idle { fill: var(--idle); }
svg .f-mild { fill: var(--good); opacity: 0.55; } .i-mild { background: var(--good); opacity: 0.55; }
.legend { display: flex; flex-wrap: wrap; gap: 0.3rem 1.4rem; margin: 0.8rem 0 0; padding: 0; list-style: none; font-size: 0.86rem; }
.legend i { display: inline-block; width: 0.65rem; height: 0.65rem; border-radius: 3px; margin-right: 0.45rem; }
.i-good { background: var(--good); } .i-bad { background: var(--bad); } .i-warn { background: var(--warn); } .i-idle { background: var(--idle); }
.i-accent { background: var(--accent); }
.matrix td, .matrix th { padding: 0.3rem 0.35rem; text-align: center; vertical-align: middle; }
.matrix tr > th:first-child { text-align: left; padding-left: 0; }
.matrix tbody th { min-width: 8rem; font-weight: 500; }
.matrix .tag { min-width: 3.9rem; border-radius: 6px; padding: 0.16rem 0.4rem; margin: 1px; }
details { margin-top: 0.9rem; }
summary { cursor: pointer; color: var(--accent); font-size: 0.89rem; width: fit-content; }
details[open] > summary { margin-bottom: 0.7rem; }
ol.prompts { margin: 0.9rem 0 0; padding-left: 1.7rem; font-size: 0.86rem; color: var(--soft); overflow-wrap: anywhere; }
pre { margin: 0; font: 0.8rem/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4; }
pre.box, .diff { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 0.85rem 1rem; }
.diff { white-space: pre; overflow-x: auto; }
.diff code { display: inline-block; min-width: 100%; font: inherit; }
.diff ins, .diff del { text-decoration: none; display: inline-block; min-width: 100%; }
.diff ins { background: var(--good-soft); color: var(--good); } .diff del { background: var(--bad-soft); color: var(--bad); }
.diff b { font-weight: 650; } .diff i { font-style: normal; color: var(--accent); }
h3.part { margin: 1.3rem 0 0.45rem; font-size: 0.86rem; color: var(--soft); font-weight: 600; }
.box > pre + pre { margin-top: 0.55rem; } pre.words, pre.said { font: inherit; font-size: 0.92rem; } .did { color: var(--soft); }
div.box { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 0.85rem 1rem; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.3rem 1.4rem; margin: 0; font-size: 0.92rem; }
.facts dt { color: var(--soft); } .facts dd { margin: 0; overflow-wrap: anywhere; }
footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: 0.82rem; }
@media (max-width: 40rem) {
  main { padding: 2rem 1rem 3rem; }
  h1 { font-size: 1.65rem; }
  section { margin-top: 2.5rem; }
  .figures { grid-template-columns: 1fr 1fr; }
  .figures > div { padding: 0.85rem 0.9rem; }
  .figures dd { font-size: 1.4rem; }
  .figures > div:last-child:nth-child(odd) { grid-column: 1 / -1; }
  .wide, .share { display: none; }
  tbody th { min-width: 6.5rem; }
  th, td { padding-right: 0.6rem; }
  .facts { gap: 0.3rem 0.9rem; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #ccc; --faint: #eee; --accent: #2b4f9c;
    --good: #12633b; --good-soft: #e2f3e9; --bad: #96261c; --bad-soft: #fbe6e3; --warn: #704800; --warn-soft: #fdf2d8; --idle: #444; --idle-soft: #eee; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  section, tr, .figures { break-inside: avoid; }
  section.long { break-inside: auto; }
  h2, h3, thead { break-after: avoid; }
  .scroll, .diff { overflow: visible; } .diff { white-space: pre-wrap; }
  .figures, .tag, svg, .diff, .legend i { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
  summary { display: none; }
}
`
