// Generated from classroom/explorers/tree/*.js by `make explorers`.
var B=`.kx { box-sizing: border-box; margin: 1.5rem 0; max-width: 100%; }
.kx [hidden] { display: none !important; }
.kx-poster { height: auto; max-width: 100%; }
.kx-body { border: 1px solid color-mix(in srgb, currentColor 22%, transparent); border-radius: 0.5rem; padding: 0.9rem; }
.kx-canvas { display: block; touch-action: manipulation; width: 100%; }
.kx-values { font-size: 0.9em; font-variant-numeric: tabular-nums; line-height: 1.45; margin: 0.5rem 0 0.75rem; min-height: 2.9em; }
.kx-line { display: block; }
.kx-line + .kx-line { margin-top: 0.15rem; }
.kx-formula { font-family: "STIX Two Math", "Cambria Math", Georgia, serif; font-size: 1.12em; }
.kx-code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.88em; overflow-wrap: anywhere; }
.kx-row { display: grid; gap: 0.35rem 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 11rem), 1fr)); margin-bottom: 0.5rem; }
.kx-row[data-count="4"] { grid-template-columns: repeat(auto-fit, minmax(min(100%, 16rem), 1fr)); }
@media (min-width: 560px) { .kx-row[data-count="5"] { gap: 0.35rem 0.6rem; grid-template-columns: repeat(5, 1fr); } }
.kx-control { align-content: end; align-items: center; display: grid; gap: 0 0.5rem; grid-template-columns: 1fr auto; }
.kx-control label { font-size: 0.85em; margin: 0; }
.kx-control output { font-size: 0.85em; font-variant-numeric: tabular-nums; grid-column: 2; grid-row: 1; }
.kx-control input, .kx-control select { accent-color: #0072B2; box-sizing: border-box; grid-column: 1 / -1; margin: 0; max-width: 100%; min-height: 1.75rem; width: 100%; }
.kx-control select, .kx-buttons button {
  background: color-mix(in srgb, currentColor 7%, transparent);
  border: 1px solid color-mix(in srgb, currentColor 45%, transparent);
  border-radius: 0.3rem;
  color: inherit;
  font: inherit;
  font-size: 0.85em;
  min-height: 1.9rem;
  padding: 0.15rem 0.6rem;
}
.kx-control option { background: Canvas; color: CanvasText; }
.kx-control :is(input, select):focus-visible, .kx-buttons :is(button, a):focus-visible { outline: 2px solid #0072B2; outline-offset: 2px; }
.kx-buttons { align-items: center; display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; margin-top: 0.75rem; }
.kx-buttons button { cursor: pointer; }
.kx-buttons button:disabled { cursor: default; opacity: 0.45; }
.kx-buttons a { color: inherit; font-size: 0.85em; line-height: 1.9rem; text-decoration: underline; }
.kx-hint { font-size: 0.9em; line-height: 1.45; margin: 0.75rem 0 0; }
.kx-problem { border-left: 0.3rem solid #D55E00; font-size: 0.9em; margin: 0.75rem 0; padding: 0.25rem 0.75rem; }
/* On a phone the controls stay in sight for as long as any of the picture is: they move with the screen. */
@media (max-width: 600px) {
  .kx-body { padding: 0.6rem; }
  .kx-board {
    position: sticky;
    bottom: 0;
    z-index: 2;
    max-height: 46vh;
    overflow-y: auto;
    margin: 0 -0.6rem;
    padding: 0.4rem 0.6rem;
    font-size: 0.92em;
    background: var(--pst-color-background, var(--jp-layout-color0, Canvas));
    border-top: 1px solid color-mix(in srgb, currentColor 22%, transparent);
  }
  .kx-board .kx-row { grid-template-columns: repeat(auto-fit, minmax(min(100%, 7.5rem), 1fr)); gap: 0.1rem 0.75rem; margin-bottom: 0.25rem; }
  .kx-buttons { gap: 0.35rem 0.6rem; margin-top: 0.35rem; }
}
@media print { .kx-board, .kx-hint { display: none; } }
.kx-note { border-left: 0.3rem solid #D55E00; margin: 0 0 0.5rem; padding: 0.1rem 0.6rem; }
.kx details { margin: 0.5rem 0; }
.kx > figcaption { margin-top: 0.5rem; }
`;var W=`.kx-tree :focus-visible { outline: 2px solid #0072B2; outline-offset: 2px; }
.kx-tree { container-type: inline-size; }
.kx-tree button { background: color-mix(in srgb, currentColor 7%, transparent); border: 1px solid color-mix(in srgb, currentColor 45%, transparent); border-radius: 0.3rem; color: inherit; cursor: pointer; font: inherit; font-size: 0.9em; min-height: 2rem; padding: 0.25rem 0.7rem; text-align: left; }
.kx-trail { display: flex; flex-wrap: wrap; gap: 0.4rem; margin-bottom: 0.5rem; }
.kx-trail button::before { content: "✓ " / ""; }
.kx-card { margin-bottom: 1rem; min-height: 6.5rem; scroll-margin-top: 5rem; }
.kx-question, .kx-title { font-weight: 700; margin: 0 0 0.5rem; }
.kx-title { font-size: 1.1em; }
.kx-answers { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.kx-said { clip-path: inset(50%); height: 1px; margin: 0; overflow: hidden; position: absolute; width: 1px; }
.kx-advice dl { display: grid; gap: 0.15rem 0.9rem; grid-template-columns: max-content 1fr; line-height: 1.45; margin: 0 0 0.5rem; }
.kx-advice dt { font-weight: 700; }
.kx-advice dd { margin: 0; overflow-wrap: anywhere; }
.kx-more { display: flex; flex-wrap: wrap; gap: 0 1.2rem; margin: 0; }
.kx-more a { display: inline-block; line-height: 1.9rem; }
/* The map: an outline, opened along the way taken; where there is room, what follows an answer stands beside it. */
.kx-map { border-top: 1px solid color-mix(in srgb, currentColor 22%, transparent); isolation: isolate; margin-top: 0.75rem; padding-top: 0.5rem; position: relative; }
.kx-legend { font-size: 0.85em; margin: 0 0 0.4rem; opacity: 0.85; }
.kx-map ul { list-style: none; margin: 0; padding: 0; }
.kx-map li { margin: 0; padding: 0; }
.kx-map ul ul { padding-left: 1.5rem; }
.kx-map button { background: none; border-color: transparent; font-size: 0.85em; line-height: 1.25; min-height: 1.75rem; padding: 0.2rem 0.4rem; }
.kx-map button:hover { text-decoration: underline; }
.kx-map button.on { border-color: #0072B2; font-weight: 700; }
.kx-count { font-weight: 400; opacity: 0.75; }
.kx-map svg { height: 100%; inset: 0; overflow: visible; pointer-events: none; position: absolute; width: 100%; z-index: -1; }
.kx-map path { fill: none; stroke: color-mix(in srgb, currentColor 45%, var(--pst-color-background, Canvas)); stroke-width: 1.5; }
.kx-map path.on { stroke: #0072B2; stroke-width: 3; }
@container (min-width: 640px) {
  .kx-map li { align-items: center; column-gap: 2.6rem; display: flex; }
  .kx-map li > button { box-sizing: border-box; flex: none; width: calc((100cqw - 5.2rem) / 3); } /* three columns and their gaps */
  .kx-map ul ul { padding-left: 0; }
}
@container (max-width: 420px) {
  .kx-advice dl { grid-template-columns: 1fr; }
  .kx-advice dd { margin-bottom: 0.35rem; }
}
`;var bt=matchMedia("(prefers-reduced-motion: reduce)");var e=(t,o={},...n)=>{let a=Object.assign(document.createElement(t),o);return a.append(...n),a};function U(t){let[o,n]=location.hash.slice(1).split("?");return o===t.id?new URLSearchParams(n):null}function H(t,o){console.warn(`explorer ${t.id}: ${o.message}`),t.classList.remove("kx-live");let n=t.querySelector(".kx-poster");n.hidden=!1,t.prepend(n),t.querySelector(".kx-body")?.remove(),t.append(e("p",{className:"kx-problem",textContent:"The sliders of this figure cannot run because its data is missing or damaged, so you see its first picture; reload the page, or run its cell again."})),t.querySelector(".kx-problem").setAttribute("role","status")}var st="This link names an answer that the tree does not have. Here is the beginning.";function _(t,o){return[...t.children].map(n=>{let a=r=>n.querySelector(`:scope > .kx-${r}`),c={name:n.dataset.at,text:a("answer").textContent,ask:a("ask")?.textContent,advice:a("advice"),up:o};return c.children=c.advice?[]:_(n.querySelector(":scope > ul"),c),c})}var C=t=>t?[...C(t.up),t]:[],E=t=>[t,...t.children.flatMap(E)],lt=t=>E(t).filter(({advice:o})=>o).length;function v(t,o,n={}){let a=e("button",{type:"button",textContent:t,onclick:o});for(let[c,r]of Object.entries(n))a.setAttribute(c,r);return a}function I(t){let o=t.querySelector(".kx-poster"),n={name:"",ask:o.querySelector(":scope > .kx-ask").textContent,up:null};if(n.children=_(o.querySelector(":scope > ul"),n),!n.children.length)throw new Error("the tree has no answers");let a=new Map(E(n).map(i=>[i.name,i])),c=location.hash,r=n,b=e("nav",{className:"kx-trail"});b.setAttribute("aria-label","The way taken");let m=e("div",{className:"kx-card"}),u=e("p",{className:"kx-said"});u.setAttribute("aria-live","polite");let k=v("Back",P),y=e("a",{className:"kx-link",textContent:"Link to this state"}),A=e("div",{className:"kx-row kx-buttons"},k,v("Reset",()=>w(n)),y),p=e("nav",{className:"kx-map"});p.setAttribute("aria-label","Map of the tree");let tt=e("p",{className:"kx-hint"},e("strong",{textContent:"Try this. "}),"Follow one question to its end. Back, Escape and the browser’s own Back take the last answer back."),O=e("div",{className:"kx-body kx-tree"},b,m,u,A,p,tt),$=e("details",{},e("summary",{textContent:"The whole tree as text"}));o.replaceWith($),$.append(o),$.before(O),t.classList.add("kx-live"),O.addEventListener("keydown",i=>i.key==="Escape"&&P()),M(!1),q(),t.dataset.idle="";let T=new AbortController;for(let i of["popstate","hashchange"])addEventListener(i,q,{signal:T.signal});c.startsWith(`#${t.id}?`)&&t.scrollIntoView();let F=new ResizeObserver(R);F.observe(p);function q(){let i=U(t);if(!i&&location.hash!==c)return;let l=a.get(i?.get("at")??"");if(l&&l===r)return;let h=r;r=l??n,M(t.contains(document.activeElement),h,l?"":st)}function w(i){let l=r;r=i;try{i!==l&&history.pushState({kxFrom:l.name},"",z(i))}catch{}M(!0,l)}function P(){r.up&&(history.state?.kxFrom===r.up.name?history.back():w(r.up))}function z(i){return`#${t.id}${i.up?`?at=${encodeURIComponent(i.name)}`:""}`}function M(i,l=n,h=""){y.href=z(r),k.disabled=!r.up;let f=C(r).slice(1);b.replaceChildren(...f.map(d=>v(d.text,()=>w(d.up),{title:"Take this answer back"}))),b.hidden=!f.length;let s=h?[e("p",{className:"kx-note",textContent:h})]:[],x;if(r.advice){let d=r.advice.cloneNode(!0);m.replaceChildren(...s,d),x=d.querySelector(".kx-title"),x.tabIndex=-1,u.textContent=`An end: ${x.textContent}. ${d.querySelector("dl").innerText}`}else{let d=r.children.map(g=>v(g.text,()=>w(g)));m.replaceChildren(...s,e("p",{className:"kx-question",textContent:r.ask}),e("div",{className:"kx-answers"},...d)),x=d[Math.max(0,r.children.indexOf(C(l)[C(r).length]))],u.textContent=`${h} ${r.ask} ${d.length} answers.`.trim()}et(),i&&(x.focus({preventScroll:!0}),m.getBoundingClientRect().top<0&&m.scrollIntoView())}function et(){let i=new Set(C(r)),l=f=>e("ul",{},...f.children.map(s=>{let x=i.has(s),d=v(s.text,()=>w(s),{class:x?"on":"",...s.children.length&&{"aria-expanded":x},...s===r&&{"aria-current":"step"}});return s.children.length&&d.append(e("span",{className:"kx-count",textContent:` ${lt(s)}`})),e("li",{},d,...x&&s.children.length?[l(s)]:[])}));p.replaceChildren(e("p",{className:"kx-legend",textContent:"The map. A number says how many ends lie behind an answer."}),l(n)),R()}function R(){p.querySelector("svg")?.remove();let[i,l]=[D("svg",{"aria-hidden":"true"}),p.getBoundingClientRect()],h=[];for(let f of p.querySelectorAll("button:has(+ ul)")){let s=f.getBoundingClientRect();for(let x of f.nextElementSibling.querySelectorAll(":scope > li > button")){let d=x.getBoundingClientRect(),[g,S]=[d.left-l.left,(d.top+d.bottom)/2-l.top],[N,j]=[s.right-l.left,(s.top+s.bottom)/2-l.top],[nt,ot]=[s.left-l.left+10,s.bottom-l.top],rt=d.left>s.right?`M${N} ${j}C${(N+g)/2} ${j} ${(N+g)/2} ${S} ${g} ${S}`:`M${nt} ${ot}V${S}H${g}`;h.push(D("path",{d:rt,class:x.className}))}}i.append(...h.sort((f,s)=>(f.getAttribute("class")==="on")-(s.getAttribute("class")==="on"))),p.append(i)}function D(i,l){let h=document.createElementNS("http://www.w3.org/2000/svg",i);for(let[f,s]of Object.entries(l))h.setAttribute(f,s);return h}return function(){T.abort(),F.disconnect()}}var L=new Set,K=t=>e("style",{textContent:t});function V(t,o){let n=Object.keys(t).join(" ");if(![...document.querySelectorAll("style[data-kx]")].some(a=>a.dataset.kx===n)){let a=K(o);a.dataset.kx=n,document.head.append(a)}for(let a of document.querySelectorAll("figure.kx[data-explorer]:not([data-mounted])"))Object.hasOwn(t,a.dataset.explorer)&&G(t,a)}function G(t,o){o.dataset.mounted="";try{return t[o.dataset.explorer](o)}catch(n){return H(o,n),()=>{}}}var J=(t,o,n)=>function({model:c,el:r}){let b=String(c.get("explorer")).replaceAll("_","-");if(!Object.hasOwn(t,b)){let p=e("p",{className:"kx-problem",textContent:`There is no explorer ${b} here. Choose one of ${Object.keys(t).join(", ")}.`});return r.append(p),()=>p.remove()}let m=`explorer-${b}`;for(let p=2;L.has(m)||document.getElementById(m);p++)m=`explorer-${b}-${p}`;L.add(m);let u=e("figure",{className:"kx",id:m});u.dataset.explorer=b;let k=c.get("live");n(u,k?{...c.get("data"),live:k}:c.get("data"),p=>c.get(p)??""),u.append(e("figcaption",{textContent:c.get("caption")??""}));let y=K(o);r.append(y,u);let A=G(t,u);return()=>{A(),y.remove(),u.remove(),L.delete(m)}};var X=(t,o)=>e("span",{className:`kx-${t}`,textContent:o});function Q(t){if(t.rows){let n=t.rows.flatMap(([c,r])=>[e("dt",{textContent:c}),e("dd",{textContent:r})]),a=t.links.flatMap(([c,r])=>[e("a",{textContent:c,href:r})," "]);return[e("div",{className:"kx-advice"},e("p",{className:"kx-title",textContent:t.title}),e("dl",{},...n),e("p",{className:"kx-more"},...a))]}let o=t.answers.map(n=>{let a=e("li",{},X("answer",n.answer)," ",...Q(n));return a.dataset.at=n.name,a});return[X("ask",t.ask),e("ul",{},...o)]}var Y={"decision-tree":I},Z=B+W;V(Y,Z);var Nt={render:J(Y,Z,(t,o)=>t.append(e("div",{className:"kx-poster"},...Q(o))))};export{Nt as default};
