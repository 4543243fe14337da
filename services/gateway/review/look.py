"""How the review page looks and what its keys do: nothing is fetched but our own API and the images."""

import base64
import hashlib
from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--bg:#f6f5f2;--card:#fff;--line:#d9d5cc;--ink:#1d1e22;--dim:#5d5f67;--gold:#8a5a12;
--good:#236b42;--bad:#a8321f;--hole:#e9e7e1}
@media(prefers-color-scheme:dark){:root{--bg:#111215;--card:#191b20;--line:#3a3d46;--ink:#eceae4;--dim:#a3a5ad;
--gold:#e2b058;--good:#6fbf8b;--bad:#f08a7b;--hole:#08080a}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
main{max-width:1240px;margin:0 auto;padding:32px 24px 80px}
h1{font-size:28px;line-height:1.2;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:18px;margin:0;overflow-wrap:anywhere}h3{font-size:14px;margin:14px 0 4px;font-weight:600}
p{margin:.35em 0}a{color:inherit}.dim{color:var(--dim)}
.small{font-size:13px}.good{color:var(--good)}.bad{color:var(--bad)}
.gold{color:var(--gold)}.top{display:flex;flex-wrap:wrap;gap:12px 28px;align-items:end;margin:14px 0 22px}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:18px;margin-bottom:18px;
display:grid;gap:20px;grid-template-columns:minmax(0,3fr) minmax(0,2fr);scroll-margin-top:12px}
.card:focus{outline:3px solid var(--gold);outline-offset:2px}.card.done :is(img,.acts,label){opacity:.45}
figure{margin:0;min-width:0}img{width:100%;display:block;border-radius:6px;background:var(--hole);min-height:40px}
figcaption{color:var(--dim);font-size:12.5px;margin-top:4px;overflow-wrap:anywhere}
.strip{display:grid;gap:10px;grid-template-columns:repeat(auto-fill,minmax(130px,1fr));margin-top:10px}
ul{margin:4px 0;padding-left:18px}label{display:block;font-size:13px;color:var(--dim)}
input{font:inherit;color:inherit;background:var(--bg);border:1px solid var(--dim);border-radius:7px;padding:7px 10px;
width:100%}.top input{width:220px}
button{font:inherit;font-weight:600;color:var(--ink);background:var(--bg);border:1px solid var(--dim);border-radius:7px;
padding:8px 14px;cursor:pointer}button:disabled{cursor:default;opacity:.5}.strip button{width:100%;margin-top:6px;
padding:5px 8px;font-size:13px}button[value=approve]{border-color:var(--good);color:var(--good)}
button[value=reject]{border-color:var(--bad);color:var(--bad)}
a:focus-visible,button:focus-visible,input:focus-visible,summary:focus-visible{outline:3px solid var(--gold);
outline-offset:2px}.acts{display:flex;flex-wrap:wrap;gap:10px;margin-top:10px}
kbd{font:12px ui-monospace,"DejaVu Sans Mono",monospace;border:1px solid currentColor;border-radius:4px;padding:0 5px;
margin-left:4px}.said{font-weight:600;min-height:1.5em}
table{border-collapse:collapse;width:100%;font-size:13px}th{text-align:left;font-weight:500;color:var(--dim)}
td,th{padding:4px 10px 4px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
td.n,th.n{text-align:right;white-space:nowrap}.films{list-style:none;padding:0}
.films a{display:flex;justify-content:space-between;gap:16px;padding:14px 18px;background:var(--card);
border:1px solid var(--line);border-radius:12px;margin-bottom:10px;text-decoration:none;overflow-wrap:anywhere}
@media(max-width:760px){main{padding:20px 14px}.card{grid-template-columns:1fr;padding:14px}.keys{display:none}}
"""

SCRIPT: Final = """
'use strict';
const cards=[...document.querySelectorAll('article.card')],who=document.getElementById('reviewer'),
left=document.getElementById('left');
try{who.value=localStorage.getItem('ice-reviewer')||''}catch{}
who?.addEventListener('change',()=>{try{localStorage.setItem('ice-reviewer',who.value)}catch{}});
const random=()=>[...crypto.getRandomValues(new Uint8Array(12))].map(b=>b.toString(16).padStart(2,'0')).join('');
const undecided=()=>cards.filter(card=>!card.classList.contains('done'));
const said={approve:'Approved.',
  reject:'Rejected: this frame gets no keyframe.','re-roll':'Another take is on its way.'};
function say(card,text,kind){const line=card.querySelector('.said');line.textContent=text;line.className='said '+kind}
async function decide(card,decision,generation){
  if(card.classList.contains('done')||card.dataset.busy)return;
  const note=card.querySelector('input');
  if(decision==='reject'&&!note.value.trim()){say(card,'A rejection needs a note: say why.','bad');note.focus();return}
  const body={run_id:card.dataset.run,generation_id:generation,decision,note:note.value,
    reviewer:who.value.trim()||'anonymous'},key=JSON.stringify(body);
  if(card.dataset.key!==key){card.dataset.key=key;card.dataset.review='page-'+random()}
  card.dataset.busy='1';say(card,'Sending …','dim');
  try{
    const answer=await fetch('/api/v1/reviews',{method:'POST',headers:{'content-type':'application/json'},
      body:JSON.stringify({...body,review_id:card.dataset.review})});
    const told=await answer.json().catch(()=>({}));
    if(!answer.ok)throw new Error(told.error?told.error.message:'the engine answered '+answer.status);
    const after=undecided(),next=after[after.indexOf(card)+1]||after.find(item=>item!==card);
    card.classList.add('done');card.querySelectorAll('button,input').forEach(item=>{item.disabled=true});
    say(card,said[decision],decision==='reject'?'bad':'good');
    left.textContent=String(Number(left.textContent)-1);
    if(next)next.focus();
  }catch(error){say(card,'Not decided: '+error.message,'bad')}
  finally{delete card.dataset.busy}
}
document.addEventListener('click',event=>{const button=event.target.closest('button[value]');
  if(button)decide(button.closest('article'),button.value,button.dataset.generation)});
document.addEventListener('keydown',event=>{
  if(event.ctrlKey||event.metaKey||event.altKey)return;
  const card=document.activeElement.closest('article.card');
  if(event.target.matches('input')){if(event.key==='Escape'&&card)card.focus();return}
  const at=card?cards.indexOf(card):-1,key=event.key.toLowerCase();
  if(key==='j'||key==='k'){const to=cards[at+(key==='j'?1:-1)];if(to)to.focus();event.preventDefault();return}
  if(!card)return;
  if(key==='n'){card.querySelector('input').focus();event.preventDefault()}
  const decision={a:'approve',r:'reject',t:'re-roll'}[key];
  if(decision&&!event.repeat){event.preventDefault();decide(card,decision,card.dataset.generation)}
});
document.addEventListener('error',event=>{if(event.target.matches?.('img'))
  event.target.alt+=' (its link is over or the image is gone: reload this page)'},true);
"""

#: Only this very script may run, whatever a plan's words hold.
_DIGEST: Final = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; script-src 'sha256-{_DIGEST}'; style-src 'unsafe-inline'; img-src http: https:;"
    " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
