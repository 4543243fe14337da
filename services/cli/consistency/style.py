"""How the report looks: light and dark as the reader's screen is, black on white in print, nothing fetched."""

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--bg:#f6f5f2;--card:#fff;--line:#e2dfd8;--ink:#1d1e22;--dim:#6a6c74;--gold:#a8701a;
--good:#2c7d4f;--bad:#b93d2f;--hole:#e9e7e1}
@media(prefers-color-scheme:dark){:root{--bg:#111215;--card:#191b20;--line:#2b2e35;--ink:#eceae4;--dim:#9a9ca4;
--gold:#e2b058;--good:#6fbf8b;--bad:#e27a6b;--hole:#08080a}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:1180px;margin:0 auto;padding:52px 28px 80px}
h1{font-size:36px;line-height:1.15;letter-spacing:-.02em;margin:0 0 6px}
h2{font-size:21px;letter-spacing:-.01em;margin:56px 0 4px}
h3{font-size:16px;margin:0;overflow-wrap:anywhere}p{margin:.3em 0}.dim{color:var(--dim)}.small{font-size:13px}
.lead{font-size:17px;max-width:68ch;margin:18px 0 0}
.note{color:var(--dim);font-size:14px;max-width:78ch;margin:0 0 16px}
.tiles{display:grid;gap:14px;margin-top:26px;grid-template-columns:repeat(auto-fit,minmax(150px,1fr))}
.tile,.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px 18px}
.tile b{display:block;font-size:26px;font-weight:600;letter-spacing:-.01em}
.grid{display:grid;gap:16px;align-items:start;grid-template-columns:repeat(auto-fill,minmax(min(100%,500px),1fr))}
.row{display:flex;gap:14px;align-items:flex-start;margin-top:12px}.row>figure{flex:1}
figure{margin:0;min-width:0}img{width:100%;display:block;border-radius:6px;background:var(--hole)}
img.tiny{width:112px}.none{display:grid;place-items:center;aspect-ratio:16/9;border-radius:6px;background:var(--hole);color:var(--dim);
font-size:13px}
figcaption{color:var(--dim);font-size:12.5px;margin-top:5px;overflow-wrap:anywhere}
.bad{color:var(--bad)}.good{color:var(--good)}.gold{color:var(--gold)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px}
th{text-align:left;color:var(--dim);font-weight:500;white-space:nowrap}
td,th{padding:8px 16px 8px 0;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}td.n,th.n{text-align:right}td.w{overflow-wrap:anywhere}
.retake{display:grid;gap:18px;grid-template-columns:minmax(200px,1fr) minmax(200px,1fr) 2fr;margin-bottom:16px}
.retake dl{margin:0;display:grid;align-content:start;grid-template-columns:max-content 1fr;gap:3px 14px;font-size:14px}
.retake dt{color:var(--dim)}.retake dd{margin:0;overflow-wrap:anywhere}
.strip{display:grid;gap:12px;grid-template-columns:repeat(auto-fill,minmax(150px,1fr))}
.retaken img{outline:2px solid var(--gold);outline-offset:1px}
svg{width:100%;height:auto;display:block;margin:12px 0 2px;overflow:visible}
svg text{fill:var(--dim);font-size:11px}svg .axis{stroke:var(--line)}svg .line{fill:none;stroke:var(--gold);
stroke-width:1.8;stroke-linejoin:round}svg .dot{fill:var(--gold)}svg .worst{fill:var(--bad)}
svg text.worst{font-weight:600}svg .bound{stroke:var(--dim);stroke-dasharray:3 4}
code{font:12.5px/1.6 ui-monospace,"DejaVu Sans Mono",monospace;color:var(--dim);overflow-wrap:anywhere}
@media(max-width:760px){main{padding:28px 16px}.retake{grid-template-columns:1fr 1fr}.retake dl{grid-column:1/-1}}
@media print{:root{color-scheme:light;--bg:#fff;--card:#fff;--line:#ccc;--ink:#000;--dim:#555;--gold:#8a5a12;
--good:#1f6b40;--bad:#a02c20;--hole:#eee}body{font-size:11px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
main{max-width:none;padding:0}.tiles{grid-template-columns:repeat(6,1fr);gap:8px}.tile{padding:9px 11px}
.tile b{font-size:18px}.lead{font-size:13px}.note,table,.retake dl{font-size:11px}.small,figcaption{font-size:10px}
.card,.tile,.retake,.strip>div,tr{break-inside:avoid}h2{break-after:avoid;margin-top:28px}
.grid{grid-template-columns:1fr 1fr}.strip{grid-template-columns:repeat(6,1fr)}@page{margin:14mm}}
"""
