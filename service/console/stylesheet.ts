/** The one stylesheet. Kept as text so that it is there however the process is packed. */
export const stylesheet = `
:root {
  color-scheme: light dark;
  --page: #f7f7f5; --card: #fff; --ink: #1c1c1a; --quiet: #5d5d58; --line: #d9d9d4;
  --good: #17713a; --bad: #b3261e; --busy: #1f5fbf; --waiting: #8a5a00;
  --share-0: #3b7ddd; --share-1: #e08a2e; --share-2: #4f9d69; --share-3: #9a62c7;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #171716; --card: #222220; --ink: #ecece7; --quiet: #a5a59e; --line: #3b3b37;
    --good: #6fce91; --bad: #ff8a80; --busy: #8ab4f8; --waiting: #f0c05a;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 64rem; margin: 0 auto; padding: 0.75rem 1rem; }
header { display: flex; gap: 1rem; align-items: baseline; border-bottom: 1px solid var(--line); }
header nav { margin-left: auto; display: flex; gap: 1rem; align-items: baseline; }
.brand { font-weight: 700; color: inherit; text-decoration: none; }
#link-state, small, .quiet, time, code { color: var(--quiet); font-size: 0.875rem; }
time { white-space: nowrap; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; } h3 { font-size: 1rem; margin: 1rem 0 0; }
h1, h2, p { overflow-wrap: anywhere; }
a { color: var(--busy); }
:focus-visible { outline: 3px solid var(--busy); outline-offset: 2px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.5rem 1rem 1rem; margin: 1rem 0; }
.strip { background: var(--waiting); color: var(--page); padding: 0.5rem 1rem; border-radius: 0.5rem; }
.strip a, .strip code { color: inherit; }
.frozen { margin-bottom: 0.75rem; }
.status { font-weight: 600; white-space: nowrap; }
.status::before { content: "● "; font-size: 0.8em; }
.verdict { font-weight: 600; }
.good { color: var(--good); } .bad, .fail td { color: var(--bad); } .busy { color: var(--busy); }
.waiting, .inconclusive td { color: var(--waiting); }
.bar { display: block; width: 100%; height: 0.75rem; border-radius: 0.25rem; background: var(--line); }
.bar .share-0 { fill: var(--share-0); } .bar .share-1 { fill: var(--share-1); }
.bar .share-2 { fill: var(--share-2); } .bar .share-3 { fill: var(--share-3); }
.legend, .rows, .timeline, .stepper { list-style: none; padding: 0; margin: 0.25rem 0; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; font-size: 0.875rem; }
.legend li::before { content: "■ "; }
.legend .share-0::before { color: var(--share-0); } .legend .share-1::before { color: var(--share-1); }
.legend .share-2::before { color: var(--share-2); } .legend .share-3::before { color: var(--share-3); }
.rows li, .timeline li { padding: 0.35rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.reason { margin: 0.15rem 0 0; color: var(--quiet); }
.stepper { display: flex; flex-wrap: wrap; gap: 0.35rem; margin: 0.75rem 0; }
.stepper li { padding: 0.15rem 0.75rem; border: 1px solid var(--line); border-radius: 1rem; }
.stepper .state { font-size: 0.75rem; }
.stepper .done { border-color: var(--good); color: var(--good); }
.stepper .now { border-color: var(--busy); color: var(--busy); font-weight: 700; }
.stepper .failed { border-color: var(--bad); color: var(--bad); font-weight: 700; }
.stepper .todo, .stepper .skipped, .stepper .stopped { color: var(--quiet); }
.explained, .approval, pre { background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.25rem 1rem; }
pre { padding: 0.75rem 1rem; overflow-x: auto; white-space: pre-wrap; }
#actions { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1rem 0; }
.action { display: inline-block; max-width: 20rem; }
.action small { display: block; }
button, summary { font: inherit; padding: 0.25rem 0.9rem; border: 1px solid var(--line); border-radius: 0.4rem;
  background: var(--card); color: inherit; cursor: pointer; }
summary { display: inline-block; }
button[disabled] { cursor: not-allowed; opacity: 0.55; }
.action form { margin-top: 0.5rem; display: flex; gap: 0.5rem; }
input { font: inherit; padding: 0.25rem 0.5rem; border: 1px solid var(--line); border-radius: 0.4rem;
  background: var(--page); color: inherit; }
table { border-collapse: collapse; width: 100%; }
td { overflow-wrap: anywhere; } td:first-child, .verdict { overflow-wrap: normal; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.75rem 0.3rem 0; border-bottom: 1px solid var(--line); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
.quarantine .rows li:last-child { border-bottom: 0; }
@media (max-width: 40rem) {
  table { font-size: 0.875rem; }
  header { flex-wrap: wrap; gap: 0.25rem 1rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 0.5rem; }
}
`;
