"""How a report looks: one column, tables that scroll on a phone, colours that print."""

CSS = """
:root { color-scheme: light; }
body { margin: 0; background: #f6f6f4; color: #222;
  font: 16px/1.5 system-ui, 'Helvetica Neue', Arial, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; margin: .5rem 0; }
h2 { font-size: 1.1rem; margin: 0 0 .6rem; }
.lead { font-size: 1.05rem; }
section { background: #fff; border: 1px solid #e2e2de; border-radius: 8px;
  padding: 1rem; margin: 1rem 0; }
.picture { width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { padding: .3rem .7rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
tr:nth-child(odd) td { background: #fafaf8; }
th { border-bottom: 1px solid #bbb; font-weight: 600; }
.text { white-space: normal; display: inline-block; min-width: 16rem; }
td:has(.text), th:nth-child(4):has(+ th + th:last-child) { text-align: left; }
.yes { color: #1a7f37; } .no { color: #9a3b26; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; } figcaption { font-size: .8rem; color: #555; max-width: 26rem; }
.confusion td { width: 2.1em; padding: .2rem; text-align: center; font-size: .78rem; }
.confusion th { padding: .2rem .4rem; border: 0; }
.confusion tr td.hit { background: color-mix(in srgb, #1f77b4 var(--share), #fff); }
.confusion tr td.miss { background: color-mix(in srgb, #d62728 var(--share), #fff); }
pre { overflow-x: auto; background: #f2f2ee; padding: .7rem; border-radius: 6px; }
@media print { body { background: #fff; } section { break-inside: avoid; border: 0; } }
"""
