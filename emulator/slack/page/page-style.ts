/** The one stylesheet of the page. Kept as text so that it is there however the process is packed. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: #fff; --bar: #4a154b; --bar-ink: #fff; --ink: #1d1c1d; --quiet: #616061; --line: #dddddd;
  --link: #1264a3; --good: #007a5a; --bad: #c9223f; --soft: #f6f6f6; --you: #fdf3d4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #1a1d21; --bar: #350d36; --bar-ink: #f3e8f3; --ink: #d9dadc; --quiet: #a3a4a7; --line: #43464b;
    --link: #4ea8e6; --good: #2bac76; --bad: #f2647c; --soft: #24272b; --you: #4a3c0c;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.46 system-ui, sans-serif; }
header { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; align-items: center;
  padding: 0.5rem 1rem; background: var(--bar); color: var(--bar-ink); }
header nav { display: flex; flex-wrap: wrap; gap: 0.25rem 0.75rem; }
header a { color: inherit; text-decoration: none; }
header a[aria-current] { font-weight: 700; text-decoration: underline; }
header select { color: var(--ink); padding: 0.15rem 0.5rem; }
#link-state { margin-left: auto; font-size: 0.8rem; }
.panes { display: flex; align-items: flex-start; }
main { flex: 1 1 60%; min-width: 0; max-width: 60rem; padding: 0.5rem 1rem; }
aside { flex: 1 1 40%; min-width: 0; padding: 0.5rem 1rem; border-left: 1px solid var(--line); }
aside[hidden] { display: none; }
.strip { margin: 0; padding: 0.35rem 1rem; background: var(--bad); color: var(--page); }
.message { padding: 0.5rem 0.25rem; border-bottom: 1px solid var(--soft); overflow-wrap: anywhere; }
.message:target { background: var(--you); }
.head { margin: 0; display: flex; gap: 0.4rem; align-items: baseline; }
.head time, .quiet, small, .context { color: var(--quiet); font-size: 0.8rem; }
.badge { padding: 0 0.2rem; border-radius: 0.15rem; background: var(--soft); color: var(--quiet); font-size: 0.65rem; font-weight: 700; }
.only-you, .input small { display: block; }
.foot { display: flex; flex-wrap: wrap; gap: 0.1rem 0.75rem; align-items: baseline; }
.warning, .error { color: var(--bad); }
.replies { font-size: 0.85rem; font-weight: 600; }
a { color: var(--link); }
h3 { margin: 0.35rem 0; font-size: 1.15rem; }
hr { border: 0; border-top: 1px solid var(--line); margin: 0.75rem 0; }
code { padding: 0.1rem 0.2rem; border: 1px solid var(--line); border-radius: 0.2rem; background: var(--soft); color: var(--bad); font-size: 0.85em; }
pre { margin: 0.25rem 0; padding: 0.5rem; border: 1px solid var(--line); border-radius: 0.25rem; background: var(--soft); white-space: pre-wrap; }
blockquote { margin: 0.1rem 0; padding-left: 0.75rem; border-left: 4px solid var(--line); }
.mention { padding: 0 0.15rem; border-radius: 0.2rem; color: var(--link); background: var(--soft); }
.mention.you { background: var(--you); }
.section { display: flex; gap: 1rem; justify-content: space-between; margin: 0.25rem 0; }
.section > div { flex: 1; min-width: 0; }
.section > span { flex: none; max-width: 40%; }
.fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(14rem, 45%), 1fr)); gap: 0.35rem 1rem; }
.context { display: flex; flex-wrap: wrap; gap: 0.15rem 0.6rem; align-items: center; }
.context img { width: 1.25rem; height: 1.25rem; }
.section > img { width: 5rem; height: 5rem; object-fit: cover; }
figure { margin: 0.25rem 0; } figure img { max-width: 100%; }
.actions { display: flex; flex-wrap: wrap; gap: 0.5rem; margin: 0.5rem 0; }
button, select, input, textarea { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--quiet);
  border-radius: 0.25rem; padding: 0.25rem 0.75rem; max-width: 100%; }
button, select { cursor: pointer; font-weight: 600; }
button[disabled], input[disabled] { cursor: not-allowed; opacity: 0.5; }
button.primary { border-color: var(--good); color: var(--good); }
button.danger { border-color: var(--bad); color: var(--bad); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.emoji svg { width: 1.1em; height: 1.1em; vertical-align: -0.15em; }
.emoji > span { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.reactions { display: flex; gap: 0.35rem; margin: 0.25rem 0; }
.reactions > span { padding: 0 0.5rem; border: 1px solid var(--line); border-radius: 1rem; }
#composer { position: sticky; bottom: 0; display: flex; gap: 0.5rem; padding: 0.75rem 0; background: var(--page); }
#composer input { flex: 1; min-width: 0; }
.switches { margin-bottom: 1rem; color: var(--quiet); font-size: 0.85rem; }
.switches label { display: inline-block; margin-right: 1rem; }
dialog { width: min(34rem, 94vw); border: 1px solid var(--line); border-radius: 0.5rem; background: var(--page); color: var(--ink); }
dialog::backdrop { background: rgb(0 0 0 / 50%); }
dialog h2 { margin: 0 0 0.5rem; font-size: 1.15rem; }
dialog .actions { justify-content: flex-end; }
.input { margin: 0.75rem 0; } .input label { display: block; font-weight: 600; }
.input input, .input textarea, .input select { width: 100%; }
@media (max-width: 44rem) {
  .panes { display: block; }
  aside { border-left: 0; border-top: 3px solid var(--line); }
  .section { flex-direction: column; gap: 0.35rem; }
}
`;
