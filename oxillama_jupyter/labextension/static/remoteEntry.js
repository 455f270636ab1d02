// Made by widgets/build from 82c54bf35842e37b639caa4823c882e1837ebfd57575b1266c4c236351e6d586; see LICENSES.txt.
(()=>{var p=class extends Error{constructor(e,t,{code:n=null,after:i=null}={}){super(e),this.status=t,this.code=n,this.after=i}};function h(){let o=document.getElementById("jupyter-config-data");return o?JSON.parse(o.textContent):null}async function m(o,e={}){let t=h();if(!t)throw new p("This page is not its kernel's.",0);let{baseUrl:n,token:i}=t,r=/(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1],s={...r&&{"X-XSRFToken":r},...i&&{Authorization:`token ${i}`}},l=await fetch(n+o,{...e,credentials:"same-origin",headers:s});if(!l.ok)throw await I(l);return l}async function I(o){let e=Number(o.headers.get("retry-after"))||null,t=await o.text();try{let{message:n,code:i}=JSON.parse(t).error;return new p(n,o.status,{code:i,after:e})}catch{return new p(`${o.status} ${o.statusText}`,o.status,{after:e})}}var v=1,B=Symbol.for(`oxillama.page.${v}`),x=class{#t={};#e=null;#n=new Map;#i=new Set;constructor(e){this.id=e}learn(e){return this.#t={...e,...this.#t},this}get connected(){return this.#e!==null}get(e){return this.#e?.get(e)??this.#t[e]}set(e,t){this.#t[e]=t,this.#e?(this.#e.set(e,t),this.#e.save_changes()):this.#o(e)}on(e,t){let n=this.#n.get(e)??new Set;return this.#n.set(e,n.add(t)),n.size===1&&this.#e?.on(`change:${e}`,this.#r(e)),()=>n.delete(t)}receive(e){return this.#i.add(e),()=>this.#i.delete(e)}send(e){return this.#e?.send(e),this.connected}async ask(e,{body:t,...n}={}){let i=t===void 0?n:{method:"POST",...n,body:JSON.stringify(t)};return(await m(e,i)).json()}openai(e){return`${y().openai_prefix??this.get("openai_prefix")??"v1"}/${e}`}own(e){return`${y().prefix??this.get("prefix")??"oxillama"}/${e}`}connect(e){if(!e)for(let t of this.#n.keys())this.#t[t]=this.get(t);this.#e=e;for(let t of this.#n.keys())e?.on(`change:${t}`,this.#r(t)),this.#o(t);e?.on("comm_live_update",()=>this.#e===e&&this.connect(null)),e?.on("msg:custom",t=>this.#i.forEach(n=>n(t))),this.#o("connected")}#o(e){this.#n.get(e)?.forEach(t=>t(this.get(e)))}#r(e){let t=this.#e;return()=>this.#e===t&&this.#o(e)}};function y(){return h()?.oxillama??{}}var g=class{#t=new Map;#e={};lab=null;panel(e,t){return this.#t.has(e)||this.#t.set(e,new x(e)),this.#t.get(e).learn(t)}async show(e,t,n){let i=e.own(`widgets/${t}.js`);try{return(await(this.#e[i]??=U(i))).show(e,n,this)}catch(r){throw this.#e={},r}}};async function U(o){let e=URL.createObjectURL(new Blob([await(await m(o)).text()],{type:"text/javascript"}));try{let t=await import(e);if(t.PROTOCOL!==v)throw new Error("Reload the page.");return t}finally{URL.revokeObjectURL(e)}}var c=globalThis[B]??=new g;var j=`.oxillama-code {
  border: 1px solid var(--jp-border-color2, #ccc);
  border-radius: 4px;
  margin: 8px 0;
  max-width: 100%;
  min-width: 0;
  overflow: hidden;
}

.oxillama-code-bar {
  align-items: center;
  background: var(--jp-layout-color2, #eee);
  color: var(--jp-ui-font-color1, #212121);
  display: flex;
  flex-wrap: wrap;
  font-family: var(--jp-ui-font-family, sans-serif);
  font-size: var(--jp-ui-font-size0, 11px);
  gap: 2px 6px;
  min-height: 24px;
  padding: 0 6px;
}

.oxillama-code-language {
  flex: 1 1 auto;
  min-width: 0;
  overflow: hidden;
  text-overflow: ellipsis;
  unicode-bidi: isolate;
}

.oxillama-code-button {
  background: transparent;
  border: 0;
  border-radius: 3px;
  color: inherit;
  cursor: pointer;
  font: inherit;
  min-height: 24px;
  padding: 2px 6px;
}

.oxillama-code-button:hover {
  background: var(--jp-layout-color3, #ddd);
}

.oxillama-code-button:focus-visible,
.oxillama-code pre:focus-visible {
  outline: 2px solid var(--jp-brand-color1, #1976d2);
  outline-offset: -2px;
}

.oxillama-code pre,
.jp-RenderedHTMLCommon .oxillama-code pre {
  background: var(--jp-layout-color1, #fff);
  color: var(--jp-content-font-color1, #212121);
  font-family: var(--jp-code-font-family, monospace);
  font-size: var(--jp-code-font-size, 13px);
  line-height: var(--jp-code-line-height, 1.4);
  margin: 0;
  overflow-x: auto;
  padding: 6px 10px;
  white-space: pre;
}

.oxillama-code code,
.jp-RenderedHTMLCommon .oxillama-code code {
  background: transparent;
  font: inherit;
  padding: 0;
}
`;function C(o){return String(o??"").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,e=>`\\u${e.charCodeAt(0).toString(16).padStart(4,"0")}`)}var D=1500;function k(o,e){let t=f("div","oxillama-code"),n=t.appendChild(f("div","oxillama-code-bar"));n.dataset.lmSuppressShortcuts="true",n.append(f("span","oxillama-code-language",C(e).slice(0,30)));let i=()=>o.textContent.replace(/\n$/,"");return n.append(S("Copy","Copied",()=>navigator.clipboard.writeText(i()))),c.lab&&n.append(S("Insert as cell","Inserted",()=>c.lab.insertCell(t,i()))),o.replaceWith(t),t.append(o),o.tabIndex=0,t}function S(o,e,t){let n=f("button","oxillama-code-button",o);return n.type="button",n.addEventListener("click",async()=>{let i=e;try{await t()===!1&&(i="Not possible here")}catch{i="Not allowed here"}n.textContent=i,setTimeout(()=>n.textContent=o,D)}),n}function f(o,e,t=""){let n=document.createElement(o);return e&&(n.className=e),n.textContent=t,n}function O(o,e,t){let n=`oxillama-${e}-styles`;if(o.getElementById(n))return;let i=o.createElement("style");i.id=n,i.textContent=t,o.head.append(i)}var P="oxillama-code",z=".oxillama-code, .oxillama-run, .oxillama-panel",J="application/vnd.oxillama.panel+json";function E(o){let e=o.outputArea?.model;for(let t=0;t<(e?.length??0);t+=1){let{metadata:n,data:i}=e.get(t);if(typeof n?.oxillama?.run_id!="string"||J in(i??{}))continue;let r=o.outputArea.widgets[t]?.node;for(let s of r?.querySelectorAll(".jp-RenderedMarkdown pre > code")??[]){let l=s.parentElement;l.parentElement.classList.contains(P)||(O(r.ownerDocument,"code",j),k(l,H(s)))}}}function R(o){return o.some(({addedNodes:e})=>[...e].some(F))}function F(o){return!(o instanceof Element)||o.closest(z)?!1:o.localName==="pre"||o.querySelector("pre")!==null}function H(o){return/(?:^|\s)language-(\S+)/.exec(o.className)?.[1]??""}var W="application/vnd.oxillama.panel+json",T=300,X="400px";function b(o){let e=new Map,t=new IntersectionObserver(l=>l.filter(a=>a.isIntersecting).forEach(({target:a})=>(t.unobserve(a),a.load())),{rootMargin:X}),n=0,i=()=>{clearTimeout(n),n=0;let l=new Set(o.content.widgets);for(let[a,d]of e)(!l.has(a)||A(a)?.run_id!==d.run)&&r(a,d);for(let a of l){E(a);let d=A(a);d&&!e.has(a)&&e.set(a,K(a,d,t));let u=e.get(a);u&&u.node.parentNode!==a.outputArea.node&&a.outputArea.node.append(u.node)}},r=(l,a)=>{e.delete(l),t.unobserve(a.node),a.end()},s=new MutationObserver(l=>{R(l)?i():n||=setTimeout(i,T)});s.observe(o.content.node,{childList:!0,subtree:!0}),o.disposed.connect(()=>{s.disconnect(),t.disconnect(),clearTimeout(n),e.forEach(l=>l.end())}),n=setTimeout(i,T)}function A(o){let e=o.outputArea?.model,t=null;for(let n=0;n<(e?.length??0);n+=1){let i=e.get(n),r=i.metadata?.oxillama;if(!(typeof r?.run_id!="string"||typeof r.thread_id!="string")){if(W in(i.data??{}))return null;t=r}}return t}function K(o,e,t){let[n,i,r]=["div","div","div"].map(a=>document.createElement(a));n.className="jp-OutputArea-child oxillama-run-place",i.className="jp-OutputPrompt jp-OutputArea-prompt",n.style.cssText="display: flex; flex-wrap: wrap; width: 100%",r.style.cssText="flex: 1 1 240px; min-width: 0; min-height: 1px; padding-left: var(--jp-code-padding, 5px)",n.append(i,r);let s=null,l=!1;return n.load=async()=>{let{run_id:a,thread_id:d}=e,u=c.panel(`run ${a}`,{run_id:a,thread_id:d});try{s=await c.show(u,"run_bar",r),l&&s()}catch(L){console.warn("oxillama: no bar:",L)}},t.observe(n),{run:e.run_id,node:n,end:()=>{l=!0,s?.(),n.remove()}}}function N({INotebookTracker:o,NotebookActions:e},t){return{id:"oxillama-jupyter:plugin",autoStart:!0,requires:[o],activate:(n,i)=>{c.lab={app:n,tracker:i,insertCell:(r,s)=>Y(i,e,r,s),openBeside:(r,s,l)=>Q(n,t.Widget,r,s,l)},i.forEach(b),i.widgetAdded.connect((r,s)=>b(s))}}}function V(o,e){for(let t of o.filter(()=>!0)){let n=t.content.widgets.findIndex(i=>i.node.contains(e));if(n>=0)return{panel:t,index:n}}return null}function Y(o,e,t,n){let i=V(o,t);if(!i)return!1;let{content:r}=i.panel;return r.activeCellIndex=i.index,e.insertBelow(r),r.activeCell.model.sharedModel.setSource(n),e.changeCellType?.(r,"code"),r.activeCell.node.scrollIntoView({block:"nearest"}),!0}var G=0;function Q(o,e,t,n,i){class r extends e{onCloseRequest(d){super.onCloseRequest(d),this.dispose()}onActivateRequest(){this.node.focus()}dispose(){this.isDisposed||(i(),super.dispose())}}let s=new r;return s.id=`oxillama-beside-${G+=1}`,s.addClass("oxillama-beside"),s.node.tabIndex=-1,Object.assign(s.title,{label:t,caption:t,closable:!0}),s.node.append(n),o.name!=="Jupyter Notebook"&&o.shell.mode!=="single-document"?o.shell.add(s,"main",{mode:"split-right"}):o.shell.add(s,"right",{rank:900}),o.shell.activateById(s.id),{close:()=>s.dispose(),rename:a=>Object.assign(s.title,{label:a,caption:a})}}var _="application/vnd.oxillama.panel+json",Z=-20;function M({Widget:o}){class e extends o{#t=null;#e="";async renderModel(n){let i=n.data[_],r=JSON.stringify(i);if(r===this.#e)return;this.#e=r,this.#t?.(),this.node.replaceChildren();let s=c.panel(i.panel_id,i.state);try{this.#t=await c.show(s,i.widget,this.node)}catch(l){this.#t=this.#n(s,n.data["text/plain"]||l.message)}this.isDisposed&&this.#t?.()}#n(n,i){this.node.textContent=i,this.node.style.whiteSpace="pre-wrap";let r=()=>{},s=()=>{!n.run||!n.connected||(r(),this.node.replaceChildren(),r=n.run.plain(this.node))},l=n.on("connected",()=>queueMicrotask(s));return s(),()=>(l(),r())}dispose(){this.isDisposed||this.#t?.(),super.dispose()}}return{id:"oxillama-jupyter:panels",dataType:"json",rank:Z,rendererFactory:{safe:!0,mimeTypes:[_],createRenderer:()=>new e}}}var $={};async function w(o){let e=Object.values($[o]??{}),t=e.find(n=>n.loaded)??e.at(-1);return t&&(await t.get())()}var ee={"./extension":async()=>N(await w("@jupyterlab/notebook"),await w("@lumino/widgets")),"./mimeExtension":async()=>M(await w("@lumino/widgets"))};(globalThis._JUPYTERLAB??={})["oxillama-jupyter"]={init:o=>{$=o},get:async o=>{let e=await ee[o]();return()=>({__esModule:!0,default:e})}};})();
