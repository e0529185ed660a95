"""The style sheet of a job's report."""

STYLE = """
:root {
  --paper: #fcfcfb; --card: #fff; --ink: #1d2125; --soft: #667078; --rule: #e4e6e8;
  --done: #2e7d6b; --unchanged: #a9c6bf; --failed: #c2453d; --skipped: #c9cdd1; --unknown: #d99a2b;
  --p50: #2b5c8a; --p95: #8fb3d3; --band: #2b5c8a14;
  --good-bg: #e2f1ec; --good: #1d5f50; --warn-bg: #fbf0d9; --warn: #7d5510; --bad-bg: #fae4e2; --bad: #96302a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16191c; --card: #1d2125; --ink: #e6e8ea; --soft: #97a0a8; --rule: #30363b;
    --done: #45977f; --unchanged: #35574f; --failed: #e06a61; --skipped: #4a5157; --unknown: #e3ad4c;
    --p50: #7fb2e0; --p95: #55809f; --band: #7fb2e01a;
    --good-bg: #1f3a33; --good: #9ad7c6; --warn-bg: #40331a; --warn: #f0cd8b; --bad-bg: #452422; --bad: #f3aaa4;
  }
}
* { box-sizing: border-box; margin: 0; }
body {
  background: var(--paper); color: var(--ink); padding: 2.5rem 1.25rem;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; -webkit-print-color-adjust: exact; print-color-adjust: exact;
}
main { max-width: 56rem; margin: 0 auto; }
h1 { font-size: 1.75rem; font-weight: 650; letter-spacing: -.015em; line-height: 1.2; }
h2 {
  font-size: .95rem; font-weight: 600; margin-bottom: .9rem;
  display: flex; justify-content: space-between; align-items: baseline; flex-wrap: wrap; gap: .25rem 1rem;
}
.title { display: flex; align-items: center; gap: .9rem; flex-wrap: wrap; }
.pill { border-radius: 1rem; padding: .15rem .7rem; font-size: .8rem; font-weight: 600; }
.pill.good { background: var(--good-bg); color: var(--good); }
.pill.warn { background: var(--warn-bg); color: var(--warn); }
.pill.bad { background: var(--bad-bg); color: var(--bad); }
.where { color: var(--soft); margin-top: .35rem; overflow-wrap: anywhere; }
.figures {
  display: flex; flex-wrap: wrap; justify-content: space-between; gap: 1rem 1.75rem;
  margin: 1.5rem 0; padding: 1.1rem 0; border: solid var(--rule); border-width: 1px 0;
}
.figures dd { font-size: 1.25rem; font-weight: 600; letter-spacing: -.01em; white-space: nowrap; }
.figures dt { color: var(--soft); font-size: .8rem; white-space: nowrap; }
.note { border-left: 3px solid var(--rule); padding-left: .8rem; color: var(--soft); margin: 0 0 .7rem; }
section {
  background: var(--card); border: 1px solid var(--rule); border-radius: .5rem;
  padding: 1.1rem 1.25rem; margin-top: 1rem; break-inside: avoid;
}
.bar { display: flex; height: 1.1rem; border-radius: .25rem; overflow: hidden; gap: 2px; }
.bar span { min-width: 3px; flex-basis: 0; }
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem 1.75rem; margin-top: .8rem; }
.legend small { color: var(--soft); }
i { display: inline-block; width: .65rem; height: .65rem; border-radius: .15rem; margin-right: .45rem; }
.done, .well { background: var(--done); } .unchanged { background: var(--unchanged); }
.failed, .bad:not(.pill) { background: var(--failed); } .skipped { background: var(--skipped); }
.unknown { background: var(--unknown); }
.keys { display: flex; gap: 1.1rem; font-weight: 400; font-size: .8rem; color: var(--soft); }
i.p50, i.p95 { height: .2rem; border-radius: .1rem; vertical-align: middle; }
i.p50 { background: var(--p50); } i.p95 { background: var(--p95); }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg .grid { stroke: var(--rule); stroke-width: 1; }
svg .tick { fill: var(--soft); font-size: 11.5px; }
svg .area.well { fill: var(--done); } svg .area.bad { fill: var(--failed); }
svg .line { fill: none; stroke-width: 1.75; stroke-linejoin: round; stroke-linecap: round; }
svg .line.p50 { stroke: var(--p50); } svg .line.p95 { stroke: var(--p95); }
svg .band { fill: var(--band); }
svg .hint { fill: transparent; } svg .hint:hover { fill: var(--ink); fill-opacity: .06; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem 1rem .3rem 0; font-weight: 400; border-top: 1px solid var(--rule); }
tr:first-child > * { border-top: 0; }
th[scope="col"] { color: var(--soft); font-size: .8rem; }
td.number { text-align: right; white-space: nowrap; }
.wide { overflow-x: auto; }
.failures td { vertical-align: top; } .failures td:nth-child(2) { overflow-wrap: anywhere; }
.errors th { overflow-wrap: anywhere; } .errors th b { font-weight: 600; margin-right: .35rem; }
td.meter { width: 40%; padding-right: 0; }
.meter span { display: block; height: .6rem; border-radius: .15rem; background: var(--failed); opacity: .85; }
.options { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .35rem 1.5rem; }
.options div { display: flex; justify-content: space-between; gap: 1rem; border-bottom: 1px dotted var(--rule); }
.options dt { color: var(--soft); }
footer { color: var(--soft); font-size: .8rem; margin-top: 1.5rem; }
@media (max-width: 36rem) {
  svg .tick { font-size: 19px; }
  .figures { justify-content: flex-start; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; }
  body { padding: 0; font-size: 12px; }
}
"""
