"""The page's look: the colours of the run's report, light and dark, and one column that fits a phone."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b2330; --soft: #5f6b7c; --line: #dde2ea; --paper: #fff; --card: #f6f8fb;
  --blue: #3b6fd4; --green: #2b8a57; --red: #c4452c; --grey: #b4bcc8; --mark: #fbe7a8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaf0; --soft: #98a4b5; --line: #2f3846; --paper: #11151b; --card: #191f28; --blue: #7da7f7;
    --green: #5fc08b; --red: #f08466; --grey: #55606f; --mark: #57481a; }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 56px; }
body { margin: 0 auto; max-width: 980px; padding: 36px 28px 90px; font: 16px/1.55 system-ui, sans-serif;
  color: var(--ink); background: var(--paper); }
h1, h2, h3, p, ul, ol, dl, dd, figure, blockquote { margin: 0; }
ul, ol { padding: 0; list-style: none; }
h1 { font-size: 2rem; line-height: 1.2; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; letter-spacing: -.01em; margin-bottom: 6px; }
h3 { font-size: 1rem; margin: 30px 0 10px; }
section { padding-top: 58px; }
code { font-size: .88em; overflow-wrap: anywhere; }
small { font-size: .87rem; }
.soft { color: var(--soft); }
.note { color: var(--soft); font-size: .93rem; max-width: 46rem; margin: 6px 0 10px; overflow-wrap: anywhere; }
.note b, .note code { color: var(--ink); font-weight: 600; }
a { color: var(--blue); }
:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; border-radius: 3px; }

.eyebrow { font-size: .8rem; font-weight: 650; letter-spacing: .09em; text-transform: uppercase; color: var(--blue); }
header .soft { margin-top: 4px; }
header blockquote { margin-top: 14px; padding-left: 14px; border-left: 3px solid var(--line); font-size: 1.05rem;
  max-width: 46rem; white-space: pre-line; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 12px; margin-top: 26px; }
.tile { padding: 12px 16px 14px; border: 1px solid var(--line); border-top: 4px solid var(--grey);
  border-radius: 8px; background: var(--card); }
.tile b { display: block; font-size: 1.7rem; line-height: 1.3; font-weight: 650; letter-spacing: -.02em;
  font-variant-numeric: tabular-nums; }
.tile span { display: block; font-size: .87rem; line-height: 1.35; color: var(--soft); }
.tile.good { border-top-color: var(--green); }
.tile.blue { border-top-color: var(--blue); }
.tile.red { border-top-color: var(--red); }
nav { position: sticky; top: 0; z-index: 1; display: flex; gap: 4px 18px; margin: 26px -28px 0; padding: 11px 28px;
  overflow-x: auto; background: var(--paper); border-bottom: 1px solid var(--line); font-size: .9rem;
  white-space: nowrap; }
nav a { color: var(--soft); text-decoration: none; }
nav a:hover { color: var(--blue); }

svg { display: block; }
svg.figure { width: 100%; height: auto; overflow: visible; }
svg.line { overflow: visible; }
svg .track { fill: var(--card); }
svg .bar { fill: var(--blue); }
svg .good { fill: var(--green); }
svg .bad { fill: var(--red); }
svg .grey { fill: var(--grey); }
svg .mid { opacity: .68; }
svg .pale { opacity: .4; }
svg .axis { stroke: var(--grey); }
svg .bound { stroke: var(--red); stroke-width: 1.4; stroke-dasharray: 4 4; }
svg text { font-size: 13px; fill: var(--ink); }
svg .value { fill: var(--soft); }
svg .number { font-weight: 650; }

.funnel { margin-top: 20px; }
.funnel li { display: grid; grid-template-columns: 12.5rem 1fr 5.5rem; gap: 2px 16px;
  grid-template-areas: "what how much" "what why why"; padding: 9px 0; border-top: 1px solid var(--line); }
.funnel li:first-child { border-top: 0; }
.funnel .what { grid-area: what; line-height: 1.3; }
.funnel .what small { display: block; color: var(--soft); font-size: .82rem; }
.funnel .how { grid-area: how; padding-top: 2px; }
.funnel .much { grid-area: much; text-align: right; font-weight: 650; font-variant-numeric: tabular-nums;
  line-height: 22px; }
.funnel .why { grid-area: why; font-size: .87rem; color: var(--soft); }
.reason { display: inline-block; margin-right: 14px; }
.reason b { color: var(--red); font-weight: 650; font-variant-numeric: tabular-nums; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin-top: 12px; font-size: .87rem; color: var(--soft); }
.legend li { display: flex; align-items: center; gap: 7px; }

.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 36px; }
.pair > * { min-width: 0; }
.pair figcaption { font-size: .93rem; color: var(--soft); margin-bottom: 4px; }
.pair figcaption b { color: var(--ink); }
.bars { display: grid; gap: 7px; }
.bars li { display: grid; grid-template-columns: minmax(7rem, 15rem) 1fr 8.5rem; align-items: center; gap: 0 14px;
  font-size: .9rem; }
.bars .what { overflow-wrap: anywhere; line-height: 1.3; }
.bars .much { color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
.bars .much b { color: var(--ink); }
.pair .bars li { grid-template-columns: 7.2rem 1fr 7rem; }

.example, .quoted { margin: 12px 0; padding: 14px 18px; border: 1px solid var(--line); border-radius: 8px;
  background: var(--card); font-size: .93rem; }
.example blockquote, .quoted blockquote { white-space: pre-line; overflow-wrap: anywhere; }
.who { margin-bottom: 2px; font-size: .78rem; color: var(--soft); }
blockquote + .who { margin-top: 12px; }
.example .target { padding-left: 12px; border-left: 3px solid var(--green); font-weight: 600; }
figcaption { color: var(--soft); overflow-wrap: anywhere; }
.example figcaption { margin-top: 10px; font-size: .82rem; }
.quoted { margin: 10px 0; }
.quoted figcaption { margin-bottom: 6px; font-size: .85rem; }
.quoted figcaption b { color: var(--ink); }
.badge { display: inline-block; margin-right: 6px; padding: 0 9px; border-radius: 99px;
  border: 1.3px solid var(--blue); color: var(--blue); font-size: .78rem; font-weight: 650; }
.badge.stands { border-color: var(--green); color: var(--green); }
mark { background: var(--mark); color: inherit; border-radius: 3px; padding: 0 2px; }
.fold { border-top: 1px solid var(--line); }
.fold:last-of-type { border-bottom: 1px solid var(--line); }
.fold > summary { padding: 9px 0; cursor: pointer; font-size: .95rem; overflow: hidden; }
.fold > summary .much { font-variant-numeric: tabular-nums; }
.fold[open] { padding-bottom: 8px; }
.one-line > summary { white-space: nowrap; text-overflow: ellipsis; }
.row { display: inline-grid; grid-template-columns: 14rem 1fr 8.5rem; align-items: center; gap: 0 14px;
  width: calc(100% - 1.4rem); vertical-align: middle; }
.row .much { color: var(--soft); font-size: .9rem; white-space: nowrap; }
.row .much b { color: var(--ink); }
summary .begin { color: var(--soft); font-size: .9rem; margin-left: 8px; }
.group-kind .fold { border: 0; }
.group-kind .fold > summary { padding: 2px 0; color: var(--soft); font-size: .9rem; }
.kind::first-letter { text-transform: uppercase; }
.bars + .note { margin-top: 12px; }
.aside { margin-top: 30px; padding: 16px 20px; border-left: 4px solid var(--blue); border-radius: 4px;
  background: var(--card); font-size: .95rem; }

.scroll { overflow-x: auto; margin: 8px 0; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
caption { text-align: left; color: var(--soft); padding-bottom: 4px; }
th, td { text-align: left; vertical-align: top; padding: 7px 16px 7px 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); }
td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td { min-width: 6rem; }
td.n { min-width: 0; }
td code { display: inline-block; min-width: 17rem; font-size: .8rem; }
.term { white-space: nowrap; margin-right: 8px; }
.term i { color: var(--soft); font-style: normal; }
pre { overflow-x: auto; padding: 14px 16px; border: 1px solid var(--line); border-radius: 8px;
  background: var(--card); font-size: .82rem; line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: 9rem 1fr; gap: 8px 20px; font-size: .95rem; margin-top: 12px;
  max-width: 52rem; }
dt { font-weight: 600; }
dd { color: var(--soft); }
footer { margin-top: 70px; padding-top: 14px; border-top: 1px solid var(--line); color: var(--soft);
  font-size: .87rem; }

@media (max-width: 720px) {
  body { padding: 24px 18px 60px; }
  nav { margin: 22px -18px 0; padding: 11px 18px; }
  h1 { font-size: 1.6rem; }
  .tiles { grid-template-columns: 1fr 1fr; }
  .pair { grid-template-columns: 1fr; }
  section { padding-top: 46px; }
  .funnel li { grid-template-columns: 1fr auto; grid-template-areas: "what much" "how how" "why why"; gap: 4px 12px; }
  .bars li, .pair .bars li { grid-template-columns: 1fr auto; gap: 3px 12px; }
  .row { grid-template-columns: 1fr auto; gap: 3px 12px; vertical-align: top; }
  .bars svg, .row svg { grid-row: 2; grid-column: 1 / -1; }
  dl { grid-template-columns: 1fr; gap: 2px; }
  dd { margin-bottom: 10px; }
}
@media print {
  body { max-width: none; padding: 0; }
  nav { display: none; }
  figure, .fold, svg, tr, li { break-inside: avoid; }
}
"""
