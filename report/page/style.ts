/** The page's only style sheet. Every colour of text keeps a contrast of 4.5 and more on its ground, and none stands alone: a sign or a word says the same. */
const light = `
  --page: #ffffff; --text: #1a1f27; --soft: #55606e; --line: #d5dae1; --band: #f3f5f8;
  --good: #0b6b3a; --warn: #8a4b00; --bad: #b3151b; --good-soft: #e6f4ec; --warn-soft: #fdf1dd; --bad-soft: #fdeaea; --plain-soft: #eef1f5;
  --step: #2f66b5; --idle: #8a94a1; --people: #7a3ea8; --people-soft: #eadcf5;
  --failed: #b3151b; --forward: #1a1f27; --served: #0b6b3a;
  --detection: #b45309; --decision: #7a3ea8; --execution: #2f66b5; --between: #8a94a1; --routing: #0f766e; --ttl: #6aa5d8;`;

const dark = `
  --page: #12161c; --text: #e8ebef; --soft: #a3adba; --line: #343c47; --band: #1b2129;
  --good: #6ed69c; --warn: #f2b450; --bad: #ff8f8a; --good-soft: #10301f; --warn-soft: #33260c; --bad-soft: #3d1717; --plain-soft: #1f262f;
  --step: #6fa3ee; --idle: #77818e; --people: #c79bee; --people-soft: #3a2750;
  --failed: #ff8f8a; --forward: #e8ebef; --served: #6ed69c;
  --detection: #f0a04b; --decision: #c79bee; --execution: #6fa3ee; --between: #77818e; --routing: #4fc9bb; --ttl: #3f77a8;`;

const basics = `
* { box-sizing: border-box; }
html { background: var(--page); color: var(--text); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", Arial, sans-serif; }
body { margin: 0; }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
h1 { margin: 0.25rem 0 0.5rem; font-size: 2rem; line-height: 1.2; }
h2 { margin: 0 0 0.75rem; font-size: 1.3rem; }
h3 { margin: 1.25rem 0 0.25rem; font-size: 1.05rem; }
section, footer { margin-top: 2.5rem; }
p { margin: 0.25rem 0; }
ul, ol { margin: 0; padding-left: 1.4rem; }
li { margin: 0.25rem 0; overflow-wrap: anywhere; }
dl { margin: 0; }
dd { margin: 0; overflow-wrap: anywhere; }
code { overflow-wrap: anywhere; font-size: 0.9em; }
.soft, figcaption, dt { color: var(--soft); }
.good { --tone: var(--good); --tone-soft: var(--good-soft); }
.warn { --tone: var(--warn); --tone-soft: var(--warn-soft); }
.bad { --tone: var(--bad); --tone-soft: var(--bad-soft); }
.plain { --tone: var(--text); --tone-soft: var(--plain-soft); }
.sign { color: var(--tone); font-weight: 700; }
.sign:not(:empty) { margin-right: 0.35em; }`;

const opening = `
header { border-top: 0.5rem solid var(--tone); background: var(--tone-soft); padding: 1rem 1.25rem 1.25rem; border-radius: 0 0 0.5rem 0.5rem; }
header.plain { border-top-color: var(--soft); }
.day { color: var(--soft); }
.day strong { color: var(--text); }
.outcome { color: var(--tone); text-transform: uppercase; letter-spacing: 0.02em; }
.route { display: block; font-size: 1.2rem; font-weight: 500; }
.summary { font-size: 1.1rem; max-width: 50rem; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: 0.75rem; margin-top: 1rem; }
.facts > div { background: var(--page); border-left: 0.3rem solid var(--tone); border-radius: 0.25rem; padding: 0.5rem 0.75rem; }
.facts > div.plain { border-left-color: var(--line); }
.facts dt { font-size: 0.85rem; }
.facts dd { font-weight: 600; }
.facts small { display: block; font-weight: 400; font-size: 0.85rem; color: var(--soft); }
.attention { border-left: 0.3rem solid var(--tone); background: var(--tone-soft); padding: 0.75rem 1.25rem; margin-top: 1.25rem; border-radius: 0 0.25rem 0.25rem 0; }
.attention h2 { margin-bottom: 0.25rem; font-size: 1.1rem; }
.todo { list-style: "☐  "; }`;

const details = `
figure { margin: 0; }
.picture { overflow-x: auto; }
.picture svg { display: block; width: 100%; min-width: 44rem; height: auto; }
figcaption { font-size: 0.9rem; margin-top: 0.25rem; }
.key { display: inline-block; width: 0.9em; height: 0.9em; border-radius: 2px; margin: 0 0.4em 0 1.2em; vertical-align: -0.1em; background: var(--step); }
.key:first-child { margin-left: 0.1em; }
.key.idle { background: var(--idle); }
.key.bad { background: var(--bad); } .key.warn { background: var(--warn); }
.key.people { background: var(--people-soft); border: 1px dashed var(--people); }
.key.detection { background: var(--detection); } .key.decision { background: var(--decision); } .key.execution { background: var(--execution); }
.key.between { background: var(--between); } .key.routing { background: var(--routing); } .key.ttl { background: var(--ttl); }
.cross { color: var(--bad); font-weight: 700; }
.vote { color: var(--people); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
.parts { max-width: 50rem; margin-top: 0.5rem; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.75rem 0.4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
tr > :last-child { padding-right: 0; }
tbody th { font-weight: 600; }
tfoot th, tfoot td { font-weight: 600; border-bottom: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.time, time { font-variant-numeric: tabular-nums; white-space: nowrap; }
td.good, td.warn, td.bad { color: var(--tone); }
.steps { min-width: 44rem; }
.steps th:first-child { width: 24%; }
.evidence { width: 45%; overflow-wrap: anywhere; }
th small, td small { display: block; font-weight: 400; color: var(--soft); }
.who { white-space: nowrap; }
.difference { color: var(--warn); font-weight: 400; font-size: 0.9em; }
.log { list-style: none; padding: 0; font-size: 0.92rem; }
.log li { display: flex; gap: 0.9rem; border-bottom: 1px solid var(--line); padding: 0.25rem 0; margin: 0; }
.log time { color: var(--soft); flex: none; }
footer { border-top: 2px solid var(--line); padding-top: 1rem; color: var(--soft); font-size: 0.9rem; }
footer dl > div { display: flex; gap: 0.75rem; }
footer dt { flex: 0 0 9rem; }
footer p { margin-top: 0.75rem; }`;

const paper = `
@page { size: A4; margin: 12mm 12mm 13mm; }
@media print {
  html { font-size: 9pt; line-height: 1.4; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  section, footer { margin-top: 1.5rem; }
  .facts { grid-template-columns: repeat(4, 1fr); }
  .attention { margin-top: 0.75rem; padding: 0.5rem 1rem; }
  h2, h3, figcaption { break-after: avoid; }
  figure, tr, li, .attention, header, .facts > div { break-inside: avoid; }
  thead { display: table-header-group; }
  .picture, .wide { overflow: visible; }
  .picture svg, .steps { min-width: 0; }
  table { font-size: 0.9rem; }
}`;

/** Paper is light, whatever the screen is. */
export const style = `:root {${light}\n}
@media screen and (prefers-color-scheme: dark) { :root {${dark}\n} }
${basics}${opening}${details}${paper}
`;
