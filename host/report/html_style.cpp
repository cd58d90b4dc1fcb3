#include "host/report/html_sections.hpp"

namespace trifactor::html {

// Hues are from Okabe and Ito's set, which stays apart for colour-blind readers, moved in lightness so that
// each theme keeps contrast; every colour is doubled by a label, a dash pattern or a position.
std::string_view style() {
  return R"css(
:root{color-scheme:light dark;
--page:#fbfbf9;--card:#ffffff;--ink:#1b1c1e;--soft:#5a5e66;--rule:#dcddd9;--grid:#ebebe7;
--c0:#1f6fb2;--c1:#c2561a;--c2:#00805f;--c3:#a8518a;--c4:#8a6d00;--c5:#3a3f47;
--idle:#d3d5d2;--memory:#e0a100;--blocked:#c2561a;--third:#a8518a;--onfill:#ffffff;--onmid:#1b1c1e;
--warn-ink:#7a3b00;--warn-page:#fdf3e3;--warn-rule:#e0a100}
@media (prefers-color-scheme:dark){:root{
--page:#141517;--card:#1c1e21;--ink:#e9e9e6;--soft:#a4a8ae;--rule:#34373b;--grid:#292c30;
--c0:#6cb2ea;--c1:#f0955c;--c2:#4fc3a1;--c3:#dd94c2;--c4:#d8b73c;--c5:#c9ccd1;
--idle:#3d4146;--memory:#e3b341;--blocked:#f0955c;--third:#dd94c2;--onfill:#10151a;--onmid:#10151a;
--warn-ink:#f4cf94;--warn-page:#2d2415;--warn-rule:#9a7420}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","DejaVu Sans",Arial,sans-serif}
main{max-width:1060px;margin:0 auto;padding:28px 20px 60px}
header p{margin:4px 0 0}
h1{font-size:1.55rem;line-height:1.25;margin:0;font-weight:650;overflow-wrap:anywhere}
h2{font-size:1.12rem;margin:0 0 4px;font-weight:650}
h3{font-size:.95rem;margin:18px 0 4px;font-weight:600}
p{margin:6px 0;max-width:75ch}
.muted,.lead,figcaption{color:var(--soft)}
.lead,.small,figcaption{font-size:.875rem}
section{margin-top:34px;padding-top:18px;border-top:1px solid var(--rule)}
code{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.86em;overflow-wrap:anywhere}
nav{margin-top:14px;font-size:.875rem;display:flex;flex-wrap:wrap;gap:2px 16px}
nav a{color:var(--c0)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(205px,1fr));gap:12px;margin-top:18px}
.tile-box{background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:12px 14px;min-width:0}
.tile-box .what{font-size:.82rem;color:var(--soft)}
.tile-box .value{font-size:1.6rem;line-height:1.3;font-weight:650;font-variant-numeric:tabular-nums}
.tile-box .value.none{font-size:1.05rem;font-weight:500;color:var(--soft)}
.tile-box .more{font-size:.82rem;color:var(--soft);font-variant-numeric:tabular-nums}
.warning{border-left:4px solid var(--warn-rule);background:var(--warn-page);color:var(--warn-ink);
padding:8px 12px;margin:10px 0;border-radius:0 4px 4px 0;font-size:.92rem}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,360px),1fr));gap:14px 22px;margin-top:10px}
figure{margin:0;min-width:0}
figcaption{margin-bottom:2px}
svg.chart{width:100%;max-width:560px;height:auto;display:block}
svg.map{width:100%;height:auto;display:block}
svg text{font-family:inherit;fill:var(--ink)}
svg .tick{font-size:11.5px;fill:var(--soft)} svg .axis-label{font-size:12px;fill:var(--soft)}
svg .grid{stroke:var(--grid);stroke-width:1} svg .axis{stroke:var(--soft);stroke-width:1}
svg .level{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 3}
svg .level-label{font-size:11px;fill:var(--soft);paint-order:stroke;stroke:var(--page);stroke-width:3px}
.curve{fill:none;stroke-width:2;stroke-linejoin:round}
.curve.s0{stroke:var(--c0)}.curve.s1{stroke:var(--c1);stroke-dasharray:6 3}.curve.s2{stroke:var(--c2);stroke-dasharray:2 2}
.curve.s3{stroke:var(--c3);stroke-dasharray:8 3 2 3}.curve.s4{stroke:var(--c4);stroke-dasharray:1 3}.curve.s5{stroke:var(--c5);stroke-width:1.3}
.dot.s0{fill:var(--c0)}.dot.s1{fill:var(--c1)}.dot.s2{fill:var(--c2)}.dot.s3{fill:var(--c3)}.dot.s4{fill:var(--c4)}.dot.s5{fill:var(--c5)}
.legend{list-style:none;margin:2px 0 0;padding:0;display:flex;flex-wrap:wrap;gap:2px 16px;font-size:.84rem;color:var(--soft)}
.legend li{display:flex;align-items:center;gap:6px}
.swatch{display:inline-block;width:12px;height:12px;border-radius:2px;flex:none}
.rows{margin-top:10px;font-size:.9rem}
.row{display:grid;grid-template-columns:11.5rem 1fr 13.5rem;gap:2px 12px;align-items:center;padding:2px 0}
.row .number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.row .name{min-width:0;overflow-wrap:anywhere}
svg.bar{width:100%;height:16px;display:block;overflow:visible}
.fill-forward,.back-forward{fill:var(--c0);background:var(--c0)}
.fill-learning{fill:var(--c1);fill-opacity:.35;stroke:var(--c1);stroke-width:1.5;vector-effect:non-scaling-stroke}
.back-learning{border:1.5px solid var(--c1);background:color-mix(in srgb,var(--c1) 35%,transparent)}
.bar-axis{position:relative;height:1.4em;border-top:1px solid var(--soft);font-size:.78rem;color:var(--soft)}
.bar-axis span{position:absolute;top:1px;transform:translateX(-50%);white-space:nowrap}
.bar-axis span:first-child{transform:none}
.whisker{stroke:var(--ink);stroke-width:1.2;vector-effect:non-scaling-stroke}
.k0{fill:var(--c0);background:var(--c0)}.k1{fill:var(--memory);background:var(--memory)}
.k2{fill:var(--blocked);background:var(--blocked)}.k3{fill:var(--third);background:var(--third)}.k4{fill:var(--idle);background:var(--idle)}
.tile{fill:var(--c0);stroke:var(--rule);stroke-width:1}.tile.idle{fill:none}.tile.plain{stroke:none}
.tile.input{stroke:var(--ink);stroke-dasharray:4 2}
svg .cell-label{font-size:13px;font-variant-numeric:tabular-nums} svg .mark{font-size:10px;font-weight:700}
svg .mid{fill:var(--onmid)} svg .strong{fill:var(--onfill)}
.scroll{overflow-x:auto;border:1px solid var(--rule);border-radius:6px;background:var(--card);margin-top:10px}
table{border-collapse:collapse;width:100%;font-size:.84rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:5px 8px;border-bottom:1px solid var(--grid);vertical-align:top}
tr:last-child td{border-bottom:0}
th{font-weight:600;color:var(--soft);vertical-align:bottom;border-bottom:1px solid var(--rule)}
td.n,th.n{text-align:right} td.n{white-space:nowrap} td.w{min-width:15rem} td.k{white-space:nowrap} td.k code{overflow-wrap:normal}
tr.group td{font-weight:600;background:var(--page)} tr.sum td{font-weight:650;border-top:1px solid var(--rule)}
details{margin-top:10px} summary{cursor:pointer;color:var(--c0);font-size:.9rem}
dl{display:grid;grid-template-columns:minmax(7rem,12rem) 1fr;gap:4px 14px;font-size:.9rem;margin:8px 0}
dt{color:var(--soft)} dd{margin:0;min-width:0;overflow-wrap:anywhere}
@media (max-width:640px){main{padding:18px 14px 40px}.row{grid-template-columns:1fr auto;padding:5px 0}.row .number{font-size:.84rem}
.row .bar-cell{grid-column:1/-1;grid-row:2}.tiles{grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:8px}
.tile-box .value{font-size:1.3rem}dl{grid-template-columns:1fr}dd{margin-bottom:6px}
td.w{min-width:26rem}svg .tick{font-size:13px}svg .axis-label{font-size:13.5px}svg .level-label{font-size:12.5px}}
@media print{section{break-inside:avoid}}
)css";
}

}  // namespace trifactor::html
