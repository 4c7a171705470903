import { paletteStyle } from './plots/theme.ts';

/** A shadow at the side where a wide table goes on: papers that move with the table lie over shadows that do not. */
const scrollShadows = `background:
  linear-gradient(to right, var(--paper) 30%, transparent) left / 40px 100% no-repeat local,
  linear-gradient(to left, var(--paper) 30%, transparent) right / 40px 100% no-repeat local,
  linear-gradient(to right, var(--shade), transparent) left / 14px 100% no-repeat scroll,
  linear-gradient(to left, var(--shade), transparent) right / 14px 100% no-repeat scroll;`;

/** The report's style sheet: one column, system fonts, light and dark, nothing loaded from elsewhere. */
export const styleSheet = `
${paletteStyle}
:root {
  color-scheme: light dark;
  --paper: #fdfdfc; --ink: #1d2126; --soft: #5d6670; --line: #e2e4e6; --panel: #f4f5f4; --accent: #2b66b8; --shade: #0003; --bad: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root { --paper: #15181c; --ink: #e4e7ea; --soft: #9aa4ae; --line: #2d333a; --panel: #1c2025; --accent: #7fb0f5; --shade: #fff3; --bad: #ff8a80; }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 ui-sans-serif, system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 880px; margin: 0 auto; padding: 56px 24px 96px; }
header { border-bottom: 1px solid var(--line); padding-bottom: 20px; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -0.015em; margin: 0 0 6px; text-wrap: balance; }
h1 span { white-space: nowrap; }
h2 { font-size: 20px; letter-spacing: -0.01em; margin: 52px 0 12px; }
h3 { font-size: 15px; margin: 28px 0 8px; }
p { margin: 8px 0; max-width: 70ch; }
.soft { color: var(--soft); }
p.loses, li.loses { color: var(--bad); }
.small { font-size: 14px; }
code, pre { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace; font-size: 13px; }
code { overflow-wrap: anywhere; }
pre { background: var(--panel); padding: 14px 16px; border-radius: 6px; overflow-x: auto; line-height: 1.45; }
pre.command { white-space: pre-wrap; overflow-wrap: anywhere; user-select: all; margin: 14px 0 0; }
table { border-collapse: collapse; width: 100%; font-size: 14.5px; margin: 10px 0; }
th { text-align: left; font-weight: 600; color: var(--soft); border-bottom: 1px solid var(--line); padding: 6px 14px 6px 0; }
td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th.number, td.number { text-align: right; white-space: nowrap; padding-right: 0; padding-left: 14px; }
tr.ours td { font-weight: 600; }
.interval { font-size: 11.5px; font-weight: 400; }
tr.hit td { color: var(--accent); font-weight: 600; }
.scroll { overflow-x: auto; ${scrollShadows} }
.scroll table { font-size: 13.5px; }
.scroll th { vertical-align: bottom; }
.scroll td { white-space: nowrap; padding-right: 10px; }
.scroll td.text { white-space: normal; }
.scroll th.number { white-space: normal; padding-left: 10px; }
.scroll td.number { padding-right: 0; padding-left: 10px; }
.scroll .number + :not(.number) { padding-left: 20px; }
figure { margin: 16px 0 28px; }
figcaption { color: var(--soft); font-size: 14px; margin-top: 4px; }
svg { max-width: 100%; height: auto; display: block; }
.narrow { display: none; }
@media screen and (max-width: 680px) { .wide { display: none; } .narrow { display: block; } }
details { margin: 12px 0; }
summary { cursor: pointer; color: var(--accent); }
ul { padding-left: 20px; margin: 8px 0; }
li { margin: 3px 0; max-width: 76ch; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 28px; align-items: start; }
@media (max-width: 680px) { .pair { grid-template-columns: 1fr; } main { padding-top: 28px; } }
@media print { main { max-width: none; padding: 0; } }
`;
