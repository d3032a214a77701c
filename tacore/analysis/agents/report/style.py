"""The look of a report's page; it loads nothing."""

CSS = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5d6878;--line:#dde2ea;--paper:#fff;--panel:#f6f8fb;
--good:#0b7a4b;--bad:#b3261e;--calm:#3f5b8a;--warning:#8a5a00;--badback:#fdecea;--warningback:#fff5dd;
--goodback:#e6f5ee;--calmback:#e9eff8}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ee;--soft:#9aa6b8;--line:#2e3744;--paper:#12161d;
--panel:#1a2029;--good:#4cc38a;--bad:#ff8a80;--calm:#9db8e8;--warning:#f2c14e;--badback:#3a1d1c;
--warningback:#3a2f14;--goodback:#12321f;--calmback:#1d2a40}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.6 system-ui,-apple-system,"Segoe UI","Noto Sans","PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:62rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.05rem;font-weight:600;color:var(--soft);margin:0 0 .4rem}
h2{font-size:1.25rem;margin:2.6rem 0 .8rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1.6rem 0 .5rem}
header{border-left:.4rem solid;padding:.2rem 0 .2rem 1.1rem;margin-bottom:1.2rem}
header.good{border-color:var(--good)}header.bad{border-color:var(--bad)}
header.calm{border-color:var(--calm)}header.warning{border-color:var(--warning)}
.verdict{font-size:2.3rem;font-weight:750;line-height:1.15;margin:0;letter-spacing:-.01em}
.good .verdict{color:var(--good)}.bad .verdict{color:var(--bad)}
.calm .verdict{color:var(--calm)}.warning .verdict{color:var(--warning)}
.beside{color:var(--soft);margin:.3rem 0 0}
.mark{border-radius:.5rem;padding:.7rem 1rem;margin:.7rem 0;border:1px solid}
.mark.bad{background:var(--badback);border-color:var(--bad)}
.mark.warning{background:var(--warningback);border-color:var(--warning)}
.mark strong{letter-spacing:.06em}
.mark.bad strong{color:var(--bad)}.mark.warning strong{color:var(--warning)}
.mark ul{margin:.3rem 0 0;padding-left:1.2rem}
.wide{overflow-x:auto;margin:.8rem 0}
table{border-collapse:collapse;font-size:.88rem;width:100%}
th,td{padding:.35rem .7rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{color:var(--soft);font-weight:600;white-space:nowrap}
.right{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.4rem;margin:.6rem 0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.written{background:var(--panel);border:1px solid var(--line);border-radius:.5rem;padding:.2rem 1.1rem;
overflow-wrap:anywhere;overflow-x:auto}
.written h4,.written h5,.written h6{margin:1rem 0 .3rem;font-size:.95rem}
.written pre{overflow-x:auto;font-size:.85rem}.written code{font-size:.88em}
.written blockquote{margin:.6rem 0;padding-left:.9rem;border-left:3px solid var(--line);color:var(--soft)}
details{margin-top:2.6rem}summary{cursor:pointer;font-size:1.25rem;font-weight:700}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft);font-size:.85rem}
@media print{main{max-width:none;padding:0}.mark,.written,header{break-inside:avoid-page}}
@media(max-width:40rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}.verdict{font-size:1.8rem}}
"""
