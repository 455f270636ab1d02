// Made by widgets/build from 10f7cb6c614307e3d500fc7816777ce03b67eae6ce857ea046e424b23643402d; see LICENSES.txt.
var x,Et,me,O,it,Q,Ot,G,Pt,st,at,ge,R=Symbol.for("pv"),Z={},Y=[],xe=/^m(i|n|o|s|text|space)$/,_t=Array.isArray,Nt=Y.slice,M=Object.assign;function D(e){e&&e.parentNode&&e.remove()}function J(e,t,n,o,r){var i={type:e,props:t,key:n,ref:o,__k:null,__:null,__b:0,__e:null,__c:null,constructor:R,__v:r||++Et,__i:-1,__u:0};return!r&&x.vnode&&x.vnode(i),i}function C(e){return e.children}function X(e,t){this.props=e,this.context=t,this.__g=0}function P(e,t){if(t==null)return e.__&&P(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;return typeof e.type!="function"||e.props.__P?null:P(e)}function ye(e){var t,n=e.__v,o=n.__e,r=[],i=[],s=e.__P;s&&((t=M({constructor:R},n)).__v=n.__v+1,x.vnode&&x.vnode(t),lt(s,t,n,e.__n,s.namespaceURI,32&n.__u?[o]:null,r,o||P(n),32&n.__u,i),t.__v=n.__v,t.__.__k[t.__i]=t,Rt(r,t,i),n.__=n.__e=null,t.__e!=o&&At(t))}function At(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),At(e)}function Tt(e){(8&e.__g||(e.__g|=8,O.push(e),Q++))&&it==x.debounceRendering||((it=x.debounceRendering)||queueMicrotask)(Dt)}function Dt(){try{for(var e,t=1;O.length;)O.length>t&&O.sort(Ot),e=O.shift(),t=O.length,8&e.__g&&ye(e)}finally{(Q=O.length)&&(it||queueMicrotask)(Dt)}}function Mt(e,t,n,o,r,i,s,a,c,p,l){var g,h,_,u,v,d,y=o.__k||Y,m=t.length;for(c=ve(n,t,y,c,m),g=0;g<m;g++)(_=n.__k[g])!=null&&(h=~_.__i&&y[_.__i]||Z,_.__i=g,d=lt(e,_,h,r,i,s,a,c,p,l),u=_.__e,(h.ref!=_.ref||8&h.__u)&&(h.ref&&ct(h.ref,null,_,h),_.ref&&l.push(_.ref,_.__c||u,_)),v=v||u,4&_.__u?(c=Lt(_,c,e,!h.__v),h.__e&&(h.__e=null)):typeof _.type=="function"&&d!==void 0?c=d:u&&(c=u.nextSibling),_.__u&=-21);return n.__e=v,c}function ve(e,t,n,o,r){var i,s,a,c,p,l,g,h,_,u=n.length,v=u,d=0,y=0,m=e.__k=Array(r);for(i=0;i<r;i++)(s=t[i])!=null&&typeof s!="boolean"&&typeof s!="function"?(typeof s!="object"||s.constructor===String?s=m[i]=J(null,s):_t(s)?s=m[i]=J(C,{children:s}):s.constructor===R&&s.__b?s=m[i]=J(s.type,s.props,s.key,s.ref,s.__v):m[i]=s,c=i+d,s.__=e,s.__b=e.__b+1,a=null,~(p=s.__i=be(s,n,c,v))&&(v--,(a=n[p])&&(a.__u|=2)),a&&a.__v?(s.__u|=16,p==c-1?d--:p==c+1?d++:p!=c&&(p>c?d--:d++,y=1)):(~p||(r>u?d--:r<u&&d++),typeof s.type!="function"&&(s.__u|=4))):m[i]=null;if(y){for(l=[],g=[],i=0;i<r;i++)if((s=m[i])&&16&s.__u){for(d=0,h=l.length;d<h;)l[_=d+h>>1]<s.__i?d=_+1:h=_;l[d]=s.__i,g[i]=d+1}for(d=l.length;i--;)g[i]&&(g[i]==d?d--:m[i].__u|=4)}if(v)for(i=0;i<u;i++)!(a=n[i])||2&a.__u||(a.__e==o&&(o=P(a)),ut(a,a));return o}function Lt(e,t,n,o){var r,i,s,a;if(typeof e.type=="function"){if(e.props.__P)return t;if(r=e.__k)for(i=0;i<r.length;i++)r[i]&&(r[i].__=e,t=Lt(r[i],t,n,!1));return t}for(t&&!t.parentNode&&(t=P(e))&&!t.parentNode&&(t=null),s=e.__e,a=t;a&&a.nodeType==8;)a=a.nextSibling;for(s!=a&&(!o&&n.moveBefore&&s.parentNode?n.moveBefore(s,t):n.insertBefore(s,t||null)),t=s;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function be(e,t,n,o){var r,i=e.key,s=e.type,a=t[n],c=a&&!(2&a.__u);if(a===null&&i==null||c&&i==a.key&&s==a.type)return n;if(o>(c?1:0)){for(r=n-1;r>=0;r--)if((a=t[r])&&!(2&a.__u)&&i==a.key&&s==a.type)return r;for(r=n+1;r<t.length;r++)if((a=t[r])&&!(2&a.__u)&&i==a.key&&s==a.type)return r}return-1}function jt(e,t,n){n==null&&(n=""),t[0]=="-"?e.setProperty(t,n):e[t]=n}function V(e,t,n,o,r){var i,s;if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof o=="string"&&(e.style.cssText=o=""),o)for(t in o)n&&t in n||jt(e.style,t);if(n)for(t in n)o&&n[t]==o[t]||jt(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")typeof n!="function"&&(n=null),typeof o!="function"&&(o=null),(e.__e||(e.__e={}))[t]=n,n&&o||(s=at[t]||(at[t]=we(t)),(e.__a||(e.__a={}))[t]=st,i=t!=(t=t.replace(Pt,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),n?e.addEventListener(t,s,i):e.removeEventListener(t,s,i));else{if(r=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n)}}function we(e){return function(t){var n=this.__e;if(n){if(n=n[e],t[G]==null)t[G]=st++;else if(t[G]<this.__a[e])return;return n(x.event?x.event(t):t)}}}function lt(e,t,n,o,r,i,s,a,c,p){var l,g,h,_,u,v,d,y,m,$,b,rt,St,I,N,Ct,E,A,j=t.type;if(t.constructor!==R)return null;128&n.__u&&(c=32&n.__u,l=n.__c.__z)&&(t.__u|=c,g=i=[],l.nodeType==8?a=K(l,i):i.push(l),a=i[0]||a),(l=x.__b)&&l(t);t:if(typeof j=="function"){h=s.length;try{if(y=t.props,m=(l=j.prototype)&&l.render,$=(l=j.contextType)&&o[l.__c],b=l?$?$.props.value:l.__:o,(_=n.__c)?(t.__c=_,2&_.__g&&(_.__g|=1)):(m?t.__c=_=new j(y,b):(t.__c=_=new X(y,b),_.constructor=j,_.render=$e),$&&$.sub(_),_.state||(_.state={}),_.__n=o,_.__g|=8,_.__h=[],_.__k=[]),m&&(_.__s||(_.__s=_.state),j.getDerivedStateFromProps&&(_.__s==_.state&&(_.__s=M({},_.__s)),M(_.__s,j.getDerivedStateFromProps(y,_.__s)))),u=_.props,v=_.state,_.__v=t,n.__c){if(y!==u&&m&&!j.getDerivedStateFromProps&&_.componentWillReceiveProps&&_.componentWillReceiveProps(y,b),t.__v==n.__v&&!(8&_.__g)||!(4&_.__g)&&_.shouldComponentUpdate&&_.shouldComponentUpdate(y,_.__s,b)===!1){t.__v!=n.__v&&(_.props=y,_.state=_.__s,_.__g&=-9),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(S){S&&(S.__=t)}),Y.push.apply(_.__h,_.__k),_.__k=[],_.__h.length&&s.push(_),a=P(n);break t}_.componentWillUpdate&&_.componentWillUpdate(y,_.__s,b),m&&_.componentDidUpdate&&_.__h.push(function(){_.componentDidUpdate(u,v,d)})}else m&&!j.getDerivedStateFromProps&&_.componentWillMount&&_.componentWillMount(),m&&_.componentDidMount&&_.__h.push(_.componentDidMount);_.context=b,_.props=y,_.__P=e,_.__g&=-5,rt=x.__r,St=m?25:0;do _.__g&=-9,rt&&rt(t),l=_.render(_.props,_.state=_.__s,_.context);while(8&_.__g&&++St<25);m&&(Y.push.apply(_.__h,_.__k),_.__k=[]),_.state=_.__s,_.getChildContext&&(o=M({},o,_.getChildContext())),m&&n.__c&&_.getSnapshotBeforeUpdate&&(d=_.getSnapshotBeforeUpdate(u,v)),I=l&&l.type===C&&l.key==null?l.props.children:l,y.__P&&(l=a,r=(e=y.__P).namespaceURI,c=i=null,n.props&&n.props.__P!=e&&(n.__k.some(function(S){S&&ut(S,S)}),n.__k=null),a=n.__k?P(n,0):null),a=Mt(e,_t(I)?I:[I],t,n,o,r,i,s,a,c,p),y.__P&&(t.__e=null,a=l),t.__u&=-161,g&&g.some(D),_.__h.length&&s.push(_),1&_.__g&&(_.__g&=-4)}catch(S){if(s.length=h,t.__v=null,c||i)if(S&&S.then){if(t.__u|=128|c,i){for(~(E=i.indexOf(a||void 0))||(E=i.length);(A=i[E-1])&&A.nodeType==8;)E--;for(;E<i.length;E++)if(A=i[E])if(i[E]=null,N){if(A==Ct)break}else{if(A.nodeType!=8)break;A.data.startsWith("$s")&&(Ct=K(N=A))}}if(!N){for(;a&&a.nodeType==8&&a.nextSibling;)a=a.nextSibling;N=a}(l=K(N=t.__c.__z||(t.__c.__z=N)))?(t.__e=N,a=l):t.__e=a,a=a&&a.nextSibling}else i&&i.some(D);else t.__e=n.__e;t.__k||(t.__k=n.__k||[]),S&&S.then||qt(t),x.__e(S,t,n)}}else a=t.__e=ke(n.__e,t,n,o,r,i,s,c,p,e);return(l=x.diffed)&&l(t),a}function K(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var n=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))n++;else if(e.data.startsWith("/$s")&&!--n)return e}t&&t.push(e)}}function qt(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(qt))}function Rt(e,t,n){for(var o=0;o<n.length;)ct(n[o++],n[o++],n[o++]);x.__c&&x.__c(t,e),e.some(function(r){try{e=r.__h,r.__h=[],e.some(function(i){i.call(r)})}catch(i){x.__e(i,r.__v)}})}function ke(e,t,n,o,r,i,s,a,c,p){var l,g,h,_,u,v,d,y,m=n.props||Z,$=t.props,b=t.type;if(b=="svg"?r="http://www.w3.org/2000/svg":b=="math"?r="http://www.w3.org/1998/Math/MathML":r||(r="http://www.w3.org/1999/xhtml"),i){for(l=0;l<i.length;l++)if((u=i[l])&&(b?u.localName==b:u.nodeType==3)){e=u,i[l]=null;break}}if(!e){if(y=p.ownerDocument||document,!b)return y.createTextNode($);e=y.createElementNS(r,b,$.is?$:p),a&&(x.__m&&x.__m(t,i),a=!1),i=null}if(b){if(p=b=="template"&&e.content||e,i=b=="textarea"&&$.defaultValue!=null?null:i&&Nt.call(p.childNodes),!a&&i)for(m={},l=0;l<e.attributes.length;l++)m[(u=e.attributes[l]).name]=u.value;for(l in m)u=m[l],l=="dangerouslySetInnerHTML"?h=u:l=="children"||l in $||l=="value"&&"defaultValue"in $||l=="checked"&&"defaultChecked"in $||V(e,l,null,u,r);for(l in $)u=$[l],l=="children"?_=u:l=="dangerouslySetInnerHTML"?g=u:l=="value"?v=u:l=="checked"?d=u:a&&typeof u!="function"||m[l]===u||V(e,l,u,m[l],r);g?(a||h&&(g.__html==h.__html||g.__html==e.innerHTML)||(e.innerHTML=g.__html),t.__k=[]):(h&&(e.textContent=""),(b=="foreignObject"||r=="http://www.w3.org/1998/Math/MathML"&&xe.test(b))&&(r="http://www.w3.org/1999/xhtml"),Mt(p,_t(_)?_:[_],t,n,o,r,i,s,i?i[0]:n.__k&&P(n,0),a,c),i&&i.some(D)),a&&b!="textarea"||(l="value",b=="progress"&&v==null?e.removeAttribute(l):v==null||v===e[l]&&(b!="progress"||v)||V(e,l,v,m[l],r),l="checked",d!=null&&d!=e[l]&&V(e,l,d,m[l],r))}else m===$||a&&e.data==$||(e.data=$);return e}function ct(e,t,n,o){try{typeof e=="function"?t?t.__x=e(t)||1:o&&(o=o.__c||o.__e)&&(t=o.__x)&&(o.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(r){x.__e(r,n)}}function ut(e,t,n){var o,r,i,s;if(x.unmount&&x.unmount(e),!(o=e.ref)||o.current&&o.current!=e.__e||ct(o,null,t,e),o=e.__c){if(o.componentWillUnmount)try{o.componentWillUnmount()}catch(a){x.__e(a,t)}o.__P=o.__n=null}if(o=e.__k)for(s=0;s<o.length;s++)o[s]&&ut(o[s],t,typeof e.type!="function"||n&&!e.props.__P);!n&&(o=e.__c)&&(o=o.__z)&&(r=K(o,i=[]))&&(o==e.__e&&i.some(D),D(r),D(o)),n||D(e.__e),e.__e=e.__c=e.__=null}function $e(e,t,n){return this.constructor(e,n)}function ft(e,t){var n,o,r,i;x.__&&x.__(e,t),t.nodeType==9&&(t=t.documentElement),o=(n=e&&32&e.__u)?null:t.__k,t.__k=J(C,{children:[e]}),r=[],i=[],lt(t,t.__k,o||Z,Z,t.namespaceURI,o?null:t.firstChild?Nt.call(t.childNodes):null,r,o?o.__e:t.firstChild,n,i),Rt(r,t.__k,i),t.__k.props.children=null}x={__e:function(e,t,n,o){for(var r,i,s;t=t.__;)if((r=t.__c)&&!(1&r.__g)){r.__g|=4;try{if((s=(i=r.constructor)&&i.getDerivedStateFromError)&&r.setState(i.getDerivedStateFromError(e)),r.componentDidCatch&&(r.componentDidCatch(e,o||{}),s=1),s&&8&r.__g)return void(r.__g|=2)}catch(a){e=a}}throw Q=0,e}},Et=0,me=function(e){return e!=null&&e.constructor===R},X.prototype.setState=function(e,t){var n=this.__s;n&&n!=this.state||(n=this.__s=M({},this.state)),typeof e=="function"&&(e=e(M({},n),this.props)),e&&(M(n,e),this.__v&&(t&&this.__k.push(t),Tt(this)))},X.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),Tt(this))},X.prototype.render=C,O=[],Q=0,Ot=function(e,t){return e.__v.__b-t.__v.__b},G=Symbol(),Pt=/(PointerCapture)$|Capture$/i,st=0,at={},ge=0;var H,k,pt,Bt,dt=Object.is,tt=0,Jt=[],ht=[],w=x,Ht=w.__b,Ft=w.__r,Ut=w.diffed,Wt=w.__c,zt=w.unmount,It=w.__;function gt(e,t){w.__h&&w.__h(k,e,tt||t),tt=0;var n=k.__H||(k.__H={__:[],__h:[]});return e>=n.__.length&&n.__.push({}),n.__[e]}function T(e){return tt=1,Se(Kt,e)}function Se(e,t,n){var o=gt(H++,2);if(o.t=e,!o.__c&&(o.__=[n?n(t):Kt(void 0,t),function(i){var s=(o.__N||o.__)[0],a=o.t(s,i);dt(s,a)||(o.__N=[a,o.__[1]],o.__c.setState({}))}],o.__c=k,!k.__f)){k.__f=!0;var r=k.shouldComponentUpdate;k.shouldComponentUpdate=function(i,s,a){var c=this.__H;if(!c)return!0;var p=!1,l=this.props!=i;if(c.__.some(function(h){h.__N&&(p=!0,dt(h.__[0],h.__N[0])||(l=!0))}),r){var g=r.call(this,i,s,a);return p?g||l:g}return!p||l}}return o.__}function L(e,t){var n=gt(H++,3);!w.__s&&Xt(n.__H,t)&&(n.__P=!0,n.__=e,n.u=t,k.__H.__h.push(n))}function F(e){return tt=5,Ce(function(){return{current:e}},[])}function Ce(e,t){var n=gt(H++,7);return Xt(n.__H,t)&&(n.__=e(),n.__H=t),n.__}function Te(){var e;do{for(;e=ht.shift();)try{B(e)}catch(n){w.__e(n,{__:(e=e.__P)&&e.__v})}for(;e=Jt.shift();){var t=e.__H;if(e.__P&&t)try{t.__h.some(B),t.__h.some(mt),t.__h=[]}catch(n){t.__h=[],w.__e(n,e.__v)}}}while(ht.length)}w.__b=function(e){k=null,Ht&&Ht(e)},w.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),It&&It(e,t)},w.__r=function(e){Ft&&Ft(e),H=0;var t=(k=e.__c).__H;t&&(pt==k?k.__h=[]:(t.__h.some(B),t.__h.some(mt),H=0),t.__h=[],t.__.some(function(n){n.__N&&(n.__=n.__N),n.u=n.__N=void 0})),pt=k},w.diffed=function(e){Ut&&Ut(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&Gt(Jt.push(t)),t.__H.__.some(function(n){n.u&&(n.__H=n.u)})),pt=k=null},w.__c=function(e,t){t.some(function(n){try{n.__h.some(B),n.__h=n.__h.filter(function(o){return!o.__||mt(o)})}catch(o){n.__h=[function(){throw o}]}}),Wt&&Wt(e,t)},w.unmount=function(e){zt&&zt(e);var t,n,o=e.__c;o&&o.__H&&(o.__H.__.some(function(r){try{if(r.__P&&r.__c){if(n===void 0){for(n=e.__;n&&(!n.__c||!n.__c.__P);)n=n.__;n=n&&n.__c}r.__P=n,Gt(ht.push(r))}else B(r)}catch(i){t=i}}),o.__H=void 0,t&&w.__e(t,o.__v))};var Vt=typeof requestAnimationFrame=="function";function je(e){var t,n=function(){clearTimeout(o),Vt&&cancelAnimationFrame(t),setTimeout(e)},o=setTimeout(n,35);Vt&&(t=requestAnimationFrame(n))}function Gt(e){e!=1&&Bt==w.requestAnimationFrame||((Bt=w.requestAnimationFrame)||je)(Te)}function B(e){var t=k,n=e.__c;typeof n=="function"&&(e.__c=void 0,n()),k=t}function mt(e){var t=k;e.__c=e.__(),k=t}function Xt(e,t){return!e||e.length!=t.length||t.some(function(n,o){return!dt(n,e[o])})}function Kt(e,t){return typeof t=="function"?t(e):t}var Qt=`.oxillama-panel.oxillama-run-bar {
  background: transparent;
  border: 0;
  color: var(--jp-ui-font-color1, #212121);
  margin: 2px 0;
}

.oxillama-run-line {
  align-items: center;
  display: flex;
  flex-wrap: wrap;
  gap: 2px 12px;
  justify-content: space-between;
}

.oxillama-run-line .oxillama-row {
  gap: 2px 12px;
  min-width: 0;
}

.oxillama-run-line .oxillama-button {
  color: var(--jp-ui-font-color1, #212121);
}

.oxillama-run-line .oxillama-quiet {
  color: var(--jp-ui-font-color1, #424242);
  font-variant-numeric: tabular-nums;
}

.oxillama-run-end {
  overflow-wrap: anywhere;
}

.oxillama-gauge {
  align-items: center;
  display: inline-flex;
  gap: 6px;
}

.oxillama-gauge-track {
  background: var(--jp-layout-color3, #bdbdbd);
  border-radius: 3px;
  display: inline-block;
  height: 6px;
  overflow: hidden;
  width: 56px;
}

.oxillama-gauge-track > span {
  background: var(--jp-brand-color1, #1976d2);
  display: block;
  height: 100%;
}

.oxillama-gauge-track > .full {
  background: var(--jp-error-color1, #d32f2f);
}

.oxillama-another {
  border-left: 3px solid var(--jp-brand-color1, #1976d2);
  margin: 6px 0;
  min-width: 0;
  padding-left: 12px;
}

.oxillama-another > p {
  margin: 0;
}
`;var U=class extends Error{constructor(t,n,{code:o=null,after:r=null}={}){super(t),this.status=n,this.code=o,this.after=r}};function xt(){let e=document.getElementById("jupyter-config-data");return e?JSON.parse(e.textContent):null}async function W(e,t={}){let n=xt();if(!n)throw new U("This page is not its kernel's.",0);let{baseUrl:o,token:r}=n,i=/(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1],s={...i&&{"X-XSRFToken":i},...r&&{Authorization:`token ${r}`}},a=await fetch(o+e,{...t,credentials:"same-origin",headers:s});if(!a.ok)throw await Oe(a);return a}async function Oe(e){let t=Number(e.headers.get("retry-after"))||null,n=await e.text();try{let{message:o,code:r}=JSON.parse(n).error;return new U(o,e.status,{code:r,after:t})}catch{return new U(`${e.status} ${e.statusText}`,e.status,{after:t})}}async function*Pe(e){let t=e.body.pipeThrough(new TextDecoderStream).getReader(),n="";try{for(;;){let{done:o,value:r}=await t.read();if(o)return;let i=(n+r.replaceAll("\r","")).split(`

`);n=i.pop();for(let s of i){let a=Ne(s);if(a.data==="[DONE]")return;a.data!==void 0&&(yield{...a,data:JSON.parse(a.data)})}}}finally{t.cancel().catch(()=>{})}}function Ne(e){let t={};for(let n of e.split(`
`)){let[,o,r]=/^(\w+): ?(.*)$/s.exec(n)??[];o==="data"&&t.data!==void 0?t.data+=`
${r}`:o&&(t[o]=r)}return t}var Zt=[250,500,1e3,2e3,5e3,5e3,1e4,1e4],Ae=e=>new Promise(t=>setTimeout(t,e));async function*Yt(e,t,n,{signal:o,after:r=null}={}){for(let i=0;;i+=1)try{let s=r===null?"":`?starting_after=${r}`,a=await W(e.own(`threads/${t}/runs/${n}/events${s}`),{signal:o});for await(let c of Pe(a))if(c.id!==void 0&&(r=c.id),i=0,yield c,De.has(c.event))return;return}catch(s){if(o?.aborted||s.status||i>=Zt.length)throw s;await Ae(Zt[i])}}var De=new Set(["completed","failed","cancelled","expired","incomplete","requires_action"].map(e=>`thread.run.${e}`));function q(e){return String(e??"").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,t=>`\\u${t.charCodeAt(0).toString(16).padStart(4,"0")}`)}var te=200,et=class{#t=new Map;#e=new Map;tokens=0;get whole(){return[...this.#t.values()].join(`

`)}get reasoning(){return[...this.#e.values()].join(`

`)}feed({event:t,data:n}){if(t==="thread.message.delta")this.tokens+=1,this.#n(this.#t,n.id,n.delta.content.map(o=>o.text?.value??"").join(""));else if(t==="thread.message.completed"||t==="thread.message.incomplete"){let o=n.content.filter(r=>r.type==="text");this.#t.set(n.id,o.map(r=>r.text.value).join(`

`))}else t==="thread.run.step.completed"&&n.type==="tool_calls"&&this.#t.set(n.id,n.step_details.tool_calls.map(o=>Re(Me(o))).join(`  
`))}#n(t,n,o){t.set(n,(t.get(n)??"")+o)}};function Me({function:e,decision:t}){let n=ee(Le(e.name,t?.arguments??e.arguments));return t?.verdict==="denied"?`${n} was denied`:`${n}${t?.verdict==="edited"?" (edited)":""} \u2192 ${ee(e.output??"")}`}function Le(e,t){let n=qe(t);return n?`${e}(${Object.entries(n).map(([o,r])=>`${o}=${JSON.stringify(r)}`).join(", ")})`:`${e}(${t})`}function qe(e){try{let t=JSON.parse(e||"{}");return t&&typeof t=="object"&&!Array.isArray(t)?t:null}catch{return null}}function ee(e){let t=q(e.split(/\s+/).filter(Boolean).join(" "));return t.length<=te?t:`${t.slice(0,te-1)}\u2026`}function Re(e){let t=e.match(/`+/g)??[],n="`".repeat(1+Math.max(0,...t.map(r=>r.length))),o=t.length?" ":"";return`${n}${o}${e}${o}${n}`}var Be=1e3,He=10,Fe=500,vt=new Set(["completed","failed","cancelled","expired","incomplete"]);function ne(e){return e.followed??=new yt(e)}var yt=class{#t;#e=new Set;#n=null;#a=()=>{};constructor(t){this.#t=t,this.text="",this.reasoning="",this.tokens=0,this.status="",this.missed=!1,this.error=null,this.since=Date.now(),this.firstText=null,this.object=null,this.calls=[]}get#o(){return`threads/${this.#t.get("thread_id")}/runs/${this.#t.get("run_id")}`}get on(){return!vt.has(this.status)&&this.status!=="ended"&&!this.error}watch(t){return this.#e.add(t),this.#n||this.#u(),()=>{this.#e.delete(t),this.#e.size||this.#f()}}stop(){return this.#t.run?.on?this.#t.run.stop():this.#t.ask(this.#t.openai(`${this.#o}/cancel`),{method:"POST"})}async decide(t,n){let o={tool_call_id:t.id,...n},{calls:r}=await this.#t.ask(this.#t.own(`${this.#o}/decisions`),{body:o});this.calls=r,this.#r()}#r(){this.#e.forEach(t=>t())}#u(){let t=this.#n=new AbortController,n=this.#t,o=n.on("connected",()=>queueMicrotask(()=>this.#s(t.signal))),r=setTimeout(()=>this.#s(t.signal,!0),n.connected?0:Be);this.#a=()=>{o(),clearTimeout(r)},this.#s(t.signal)}#f(){this.#n?.abort(),this.#n=null,this.#a(),this.#i=""}#i="";#l=0;#s(t,n=!1){if(t.aborted||this.#i==="server"||!this.on)return;let{run:o,connected:r}=this.#t;r&&o?.status?this.#i!=="kernel"&&this.#p(o,t):this.#t.get("run_id")&&(n||r||this.#i==="kernel")&&(this.#i="server",this.#d(t).catch(i=>{t.aborted||(this.error=i,this.#r())}))}#p(t,n){this.#i="kernel";let o=()=>{if(this.#i!=="kernel")return;let r=this.status==="requires_action",{text:i,tokens:s,missed:a,status:c}=t;if(Object.assign(this,{text:i,tokens:s,missed:a,status:c}),i&&(this.firstText??=Date.now()),c==="requires_action"&&!r){let p=this.#l+=1,l=()=>p===this.#l&&this.status==="requires_action";this.#c(n,l).catch(g=>{n.aborted||console.warn("oxillama:",g)})}else c!=="requires_action"&&(this.calls=[]);this.#r()};t.views.add(o),n.addEventListener("abort",()=>t.views.delete(o)),o()}async#d(t){let n=new et,o=[this.#t.get("thread_id"),this.#t.get("run_id")],r=null;for(this.#_(await this.#t.ask(this.#t.openai(this.#o),{signal:t}));!t.aborted;){for await(let i of Yt(this.#t,...o,{signal:t,after:r}))i.id!==void 0&&(r=i.id),/^thread\.run\.(?!step\.)/.test(i.event)?this.#_(i.data):n.feed(i),Object.assign(this,{text:n.whole,reasoning:n.reasoning,tokens:n.tokens}),this.#r();if(this.#_(await this.#t.ask(this.#t.openai(this.#o),{signal:t})),this.#r(),!this.on)return;this.status==="requires_action"?await this.#c(t,()=>!0):await new Promise(i=>setTimeout(i,Fe))}}#_(t){this.object=t,this.status=t.status,this.since=1e3*t.created_at,t.started_at&&(this.firstText=1e3*t.started_at),t.status!=="requires_action"&&(this.calls=[])}async#c(t,n){for(let o="";n()&&!t.aborted;){let r=this.#t.own(`${this.#o}/decisions${o}`),i=await this.#t.ask(r,{signal:t});if(!n()||t.aborted||(this.calls=i.calls,this.#r(),i.status!=="requires_action"))return;o=`?decided=${i.calls.filter(s=>s.decision).length}&wait=${He}`}}};var Ue="model instructions temperature top_p max_prompt_tokens max_completion_tokens max_tokens response_format truncation_strategy reasoning_effort top_k min_p repeat_penalty frequency_penalty presence_penalty stop logit_bias typical_p top_n_sigma xtc_probability xtc_threshold dynatemp_range dynatemp_exponent mirostat mirostat_tau mirostat_eta repeat_last_n dry_multiplier dry_base dry_allowed_length dry_penalty_last_n dry_sequence_breakers adaptive_target adaptive_decay min_keep".split(" "),oe=100;async function nt(e,t){let n=`threads/${t.thread_id}/messages?run_id=${t.id}&order=asc&limit=${oe}`;return(await e.ask(e.openai(n))).data}function re(e){return e.flatMap(t=>ie(t)).join(`

`)}function ie(e){return e.content.filter(t=>t.type==="text").map(t=>t.text.value)}async function We(e,t){let[n]=await nt(e,t),o=n?`&after=${n.id}`:"",r=`threads/${t.thread_id}/messages?order=desc&limit=${oe}${o}`,{data:i}=await e.ask(e.openai(r)),s=i.findIndex(a=>a.role==="user");if(s<0)throw new Error("The question is not in the thread any more.");return[i[s],i[s+1]??null]}async function ae(e,t){let[n,o]=await We(e,t),r=o?await e.ask(e.own(`threads/${t.thread_id}/fork`),{body:{message_id:o.id}}):await e.ask(e.openai("threads"),{body:{metadata:{forked_from:t.thread_id}}}),i=Ue.filter(a=>t[a]!=null&&t[a]!==""),s=ie(n).map(a=>({type:"text",text:a}));return e.ask(e.openai(`threads/${r.id}/runs`),{body:{assistant_id:t.assistant_id,...Object.fromEntries(i.map(a=>[a,t[a]])),tools:[],metadata:{retry_of:t.id},additional_messages:[{role:"user",content:s,metadata:n.metadata}]}})}async function se(e,t){let n=(await nt(e,t)).at(-1),o=n?{message_id:n.id}:{};return e.ask(e.own(`threads/${t.thread_id}/fork`),{body:o})}var ze={completed:"Complete",cancelled:"Stopped",expired:"Expired: it took longer than the server allows",requires_action:"Waits for a decision about a call",queued:"Waits for its turn",in_progress:"Still being written",cancelling:"Being stopped"};function _e(e){if(e.status==="failed")return`Failed: ${q(e.last_error?.message??"the server did not say why")}`;if(e.status!=="incomplete")return ze[e.status]??q(e.status);if(e.incomplete_details?.reason==="max_prompt_tokens")return"Cut: the prompt left no room";let t=e.max_completion_tokens??e.max_tokens;return t?`Cut at ${t.toLocaleString()} tokens`:"Cut: the context is full"}function le(e){if(!e.timings)return[];let{tokens_per_second:t,first_token:n}=e.timings,o=n<1?`${Math.round(1e3*n)} ms`:`${n.toFixed(1)} s`;return[...t?[`${t.toLocaleString([],{maximumFractionDigits:t<10?1:0})} tokens/s`]:[],`first token after ${o}`]}var ce=`.oxillama-panel {
  --ox-space: 8px;
  background: var(--jp-layout-color1, #fff);
  border: 1px solid var(--jp-border-color2, #ccc);
  border-radius: 4px;
  box-sizing: border-box;
  color: var(--jp-ui-font-color1, #212121);
  container-type: inline-size;
  font-family: var(--jp-ui-font-family, sans-serif);
  font-size: var(--jp-ui-font-size1, 13px);
  line-height: 1.4;
  min-width: 0;
}

.oxillama-panel *,
.oxillama-panel *::before {
  box-sizing: border-box;
}

.oxillama-panel h3,
.oxillama-panel h4 {
  font-size: var(--jp-ui-font-size2, 15px);
  font-weight: 600;
  margin: 0;
}

.oxillama-row {
  align-items: center;
  display: flex;
  flex-wrap: wrap;
  gap: var(--ox-space, 8px);
}

.oxillama-quiet {
  color: var(--jp-ui-font-color2, #616161);
}

.oxillama-number {
  font-variant-numeric: tabular-nums;
  text-align: right;
}

.oxillama-button,
.oxillama-input {
  background: var(--jp-layout-color1, #fff);
  border: 1px solid var(--jp-border-color1, #bdbdbd);
  border-radius: 3px;
  color: var(--jp-ui-font-color1, #212121);
  font: inherit;
  min-height: 26px;
  padding: 2px 10px;
}

.oxillama-button {
  background: var(--jp-layout-color2, #eee);
  cursor: pointer;
}

.oxillama-button:hover:enabled {
  background: var(--jp-layout-color3, #ddd);
}

.oxillama-button.main {
  background: var(--jp-brand-color0, #0d47a1);
  border-color: transparent;
  color: var(--jp-ui-inverse-font-color0, #fff);
}

.oxillama-button.plain {
  background: transparent;
  border-color: transparent;
  padding: 2px 6px;
}

.oxillama-button:disabled {
  cursor: default;
  opacity: 0.6;
}

.oxillama-panel :focus-visible {
  outline: 2px solid var(--jp-brand-color1, #1976d2);
  outline-offset: 1px;
}

.oxillama-notice {
  color: var(--jp-error-color0, #b71c1c);
  overflow-wrap: anywhere;
}

.oxillama-text {
  overflow-wrap: anywhere;
}

.oxillama-text > * {
  unicode-bidi: isolate;
}

.oxillama-plain {
  font-family: var(--jp-code-font-family, monospace);
  font-size: var(--jp-code-font-size, 13px);
  white-space: pre-wrap;
}

.oxillama-hidden-label {
  clip-path: inset(50%);
  height: 1px;
  overflow: hidden;
  position: absolute;
  white-space: nowrap;
  width: 1px;
}

@media (prefers-reduced-motion: reduce) {
  .oxillama-panel * {
    animation: none !important;
    transition: none !important;
  }
}
`;function bt(e,t,n){let o=`oxillama-${t}-styles`;if(e.getElementById(o))return;let r=e.createElement("style");r.id=o,r.textContent=n,e.head.append(r)}var Ve=Symbol.for("pv"),Ge=0;function f(e,t,n,o,r,i){t||(t={});var s,a,c=t;if("ref"in c&&typeof e!="function")for(a in c={},t)a=="ref"?s=t[a]:c[a]=t[a];var p={type:e,props:c,key:n,ref:s,__k:null,__:null,__b:0,__e:null,__c:null,constructor:Ve,__v:--Ge,__i:-1,__u:0};return(r||i)&&(p.__source=r,p.__self=i),x.vnode&&x.vnode(p),p}function ue(e,t,n="",o=""){bt(t.ownerDocument,"base",ce),n&&bt(t.ownerDocument,o,n);let r=t.appendChild(t.ownerDocument.createElement("div"));return r.className=`oxillama-panel oxillama-${o}`,r.dataset.lmSuppressShortcuts="true",ft(e,r),()=>{ft(null,r),r.remove()}}function fe(e,t){let[n,o]=T({loading:!0}),[r,i]=T(0);return L(()=>{let s=new AbortController;return o(a=>({...a,loading:!0})),e(s.signal).then(a=>s.signal.aborted||o({data:a})).catch(a=>s.signal.aborted||o(c=>({data:c.data,error:a}))),()=>s.abort()},[...t,r]),{...n,reload:()=>i(s=>s+1)}}function z({onClick:e,label:t,kind:n="",children:o,disabled:r,...i}){let[s,a]=T(!1),[c,p]=T(null),l=F(!0);L(()=>()=>l.current=!1,[]);let g=async h=>{a(!0),p(null);try{await e(h)}catch(_){l.current&&p(_)}l.current&&a(!1)};return f(C,{children:[f("button",{type:"button",class:`oxillama-button ${n}`,"aria-label":t,title:t,disabled:r||s,onClick:g,...i,children:o}),c&&f(ot,{error:c})]})}function ot({error:e,children:t}){return f("span",{class:"oxillama-notice",role:"alert",children:e?e.message:t})}var $t=1,Je=Symbol.for(`oxillama.page.${$t}`),wt=class{#t={};#e=null;#n=new Map;#a=new Set;constructor(t){this.id=t}learn(t){return this.#t={...t,...this.#t},this}get connected(){return this.#e!==null}get(t){return this.#e?.get(t)??this.#t[t]}set(t,n){this.#t[t]=n,this.#e?(this.#e.set(t,n),this.#e.save_changes()):this.#o(t)}on(t,n){let o=this.#n.get(t)??new Set;return this.#n.set(t,o.add(n)),o.size===1&&this.#e?.on(`change:${t}`,this.#r(t)),()=>o.delete(n)}receive(t){return this.#a.add(t),()=>this.#a.delete(t)}send(t){return this.#e?.send(t),this.connected}async ask(t,{body:n,...o}={}){let r=n===void 0?o:{method:"POST",...o,body:JSON.stringify(n)};return(await W(t,r)).json()}openai(t){return`${pe().openai_prefix??this.get("openai_prefix")??"v1"}/${t}`}own(t){return`${pe().prefix??this.get("prefix")??"oxillama"}/${t}`}connect(t){if(!t)for(let n of this.#n.keys())this.#t[n]=this.get(n);this.#e=t;for(let n of this.#n.keys())t?.on(`change:${n}`,this.#r(n)),this.#o(n);t?.on("comm_live_update",()=>this.#e===t&&this.connect(null)),t?.on("msg:custom",n=>this.#a.forEach(o=>o(n))),this.#o("connected")}#o(t){this.#n.get(t)?.forEach(n=>n(this.get(t)))}#r(t){let n=this.#e;return()=>this.#e===n&&this.#o(t)}};function pe(){return xt()?.oxillama??{}}var kt=class{#t=new Map;#e={};lab=null;panel(t,n){return this.#t.has(t)||this.#t.set(t,new wt(t)),this.#t.get(t).learn(n)}async show(t,n,o){let r=t.own(`widgets/${n}.js`);try{return(await(this.#e[r]??=Xe(r))).show(t,o,this)}catch(i){throw this.#e={},i}}};async function Xe(e){let t=URL.createObjectURL(new Blob([await(await W(e)).text()],{type:"text/javascript"}));try{let n=await import(t);if(n.PROTOCOL!==$t)throw new Error("Reload the page.");return n}finally{URL.revokeObjectURL(t)}}var Pn=globalThis[Je]??=new kt;var Ke=1500;function Bn(e,t,n){return ue(f(de,{panel:e,page:n}),t,Qt,"run-bar")}async function Qe(e,t){let n=e.openai(`threads/${e.get("thread_id")}/runs/${e.get("run_id")}`),[o,r,i]=await Promise.all([e.ask(n,{signal:t}),e.ask(e.own("models"),{signal:t}).catch(()=>({data:[]})),e.ask(`${n}/steps?limit=1&order=desc`,{signal:t}).catch(()=>({data:[]}))]),s=r.data?.find(a=>a.id===o.model)?.context??0;return{run:o,context:s,used:(i.data[0]?.usage??o.usage)?.total_tokens??0}}function de({panel:e,page:t}){let{data:n,error:o,reload:r}=fe(u=>Qe(e,u),[e]),[i,s]=T(null),[a,c]=T(""),p=F(null);if(L(()=>{if(!n||vt.has(n.run.status))return;let u=setTimeout(r,1e3);return()=>clearTimeout(u)},[n]),o&&!n)return o.status===404?null:f(ot,{error:o});if(!n)return null;let{run:l}=n,g=async()=>{let u=await ae(e,l),v={thread_id:u.thread_id,run_id:u.id};for(let d of["openai_prefix","prefix"])v[d]=e.get(d);s(t.panel(`run ${u.id}`,v))},h=async()=>{let u=await se(e,l),d=t.lab?.insertCell(p.current,`%%oxillama --thread ${u.id}
`)?"The cell below goes on with it.":`Go on with %%oxillama --thread ${u.id}`;c(`Forked as ${u.id}. ${d}`)},_=async()=>{await navigator.clipboard.writeText(re(await nt(e,l))),c("Copied."),setTimeout(()=>c(u=>u==="Copied."?"":u),Ke)};return f("div",{ref:p,role:"group","aria-label":"About the answer",children:[f("div",{class:"oxillama-run-line",children:[f(Ze,{...n}),f("span",{class:"oxillama-row",children:[f(z,{kind:"plain",label:"Retry: ask the same again, beside this answer",onClick:g,children:"Retry"}),f(z,{kind:"plain",label:"Fork: a thread that goes on from here",onClick:h,children:"Fork"}),f(z,{kind:"plain",label:"Copy the answer as Markdown",onClick:_,children:"Copy"}),f(z,{kind:"plain",label:"Show the prompt that the model read","aria-expanded":i==="prompt",onClick:()=>s(i==="prompt"?null:"prompt"),children:"Prompt"})]})]}),f("div",{class:"oxillama-quiet",role:"status",children:a}),i==="prompt"&&f(he,{panel:e,page:t,name:"prompt_xray"}),i&&i!=="prompt"&&f(tn,{panel:i,page:t},i.id)]})}function Ze({run:e,context:t,used:n}){let o=e.status==="failed"||e.status==="expired";return f("span",{class:"oxillama-row oxillama-quiet",children:[f("span",{class:o?"oxillama-notice":"oxillama-run-end",children:_e(e)}),le(e).map(r=>f("span",{children:r},r)),n>0&&t>0&&f(Ye,{used:n,context:t})]})}function Ye({used:e,context:t}){let n=Math.min(1,e/t),o=`${e.toLocaleString()} of ${t.toLocaleString()} tokens of context`;return f("span",{class:"oxillama-gauge",title:o,children:[f("span",{class:"oxillama-gauge-track","aria-hidden":"true",children:f("span",{class:n>.9?"full":"",style:{width:`${Math.max(2,100*n)}%`}})}),f("span",{"aria-hidden":"true",children:[n<.01?"< 1":Math.round(100*n)," % of context"]}),f("span",{class:"oxillama-hidden-label",children:o})]})}function he({panel:e,page:t,name:n}){let o=F(null),[r,i]=T(null);return L(()=>{let s=null,a=!1;return t.show(e,n,o.current).then(c=>a?c():s=c,c=>a||i(c)),()=>{a=!0,s?.()}},[e,n]),f(C,{children:[r&&f(ot,{error:r}),f("div",{ref:o})]})}function tn({panel:e,page:t}){let[n,o]=T(!0);return L(()=>{let r=ne(e);return r.watch(()=>o(r.on))},[e]),f("section",{class:"oxillama-another","aria-label":"Another answer",children:[f("p",{class:"oxillama-quiet",children:"Another answer"}),f(he,{panel:e,page:t,name:"run_cell_view"}),!n&&f(de,{panel:e,page:t})]})}export{$t as PROTOCOL,Bn as show};
