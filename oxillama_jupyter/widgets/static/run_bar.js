// Made by widgets/build from 9f56ca2eeedb5e03efa8c9a9e7e980720275d821ecca098d5005a9ccfc017fb7; see LICENSES.txt.
var x,jt,de,O,it,K,Et,V,Ot,st,at,he,R=Symbol.for("pv"),Q={},Z=[],me=/^m(i|n|o|s|text|space)$/,_t=Array.isArray,Pt=Z.slice,M=Object.assign;function N(e){e&&e.parentNode&&e.remove()}function G(e,t,n,o,i){var r={type:e,props:t,key:n,ref:o,__k:null,__:null,__b:0,__e:null,__c:null,constructor:R,__v:i||++jt,__i:-1,__u:0};return!i&&x.vnode&&x.vnode(r),r}function C(e){return e.children}function J(e,t){this.props=e,this.context=t,this.__g=0}function P(e,t){if(t==null)return e.__&&P(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;return typeof e.type!="function"||e.props.__P?null:P(e)}function ge(e){var t,n=e.__v,o=n.__e,i=[],r=[],s=e.__P;s&&((t=M({constructor:R},n)).__v=n.__v+1,x.vnode&&x.vnode(t),lt(s,t,n,e.__n,s.namespaceURI,32&n.__u?[o]:null,i,o||P(n),32&n.__u,r),t.__v=n.__v,t.__.__k[t.__i]=t,qt(i,t,r),n.__=n.__e=null,t.__e!=o&&At(t))}function At(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),At(e)}function Ct(e){(8&e.__g||(e.__g|=8,O.push(e),K++))&&it==x.debounceRendering||((it=x.debounceRendering)||queueMicrotask)(Dt)}function Dt(){try{for(var e,t=1;O.length;)O.length>t&&O.sort(Et),e=O.shift(),t=O.length,8&e.__g&&ge(e)}finally{(K=O.length)&&(it||queueMicrotask)(Dt)}}function Nt(e,t,n,o,i,r,s,a,c,p,l){var g,h,_,u,v,d,y=o.__k||Z,m=t.length;for(c=xe(n,t,y,c,m),g=0;g<m;g++)(_=n.__k[g])!=null&&(h=~_.__i&&y[_.__i]||Q,_.__i=g,d=lt(e,_,h,i,r,s,a,c,p,l),u=_.__e,(h.ref!=_.ref||8&h.__u)&&(h.ref&&ct(h.ref,null,_,h),_.ref&&l.push(_.ref,_.__c||u,_)),v=v||u,4&_.__u?(c=Mt(_,c,e,!h.__v),h.__e&&(h.__e=null)):typeof _.type=="function"&&d!==void 0?c=d:u&&(c=u.nextSibling),_.__u&=-21);return n.__e=v,c}function xe(e,t,n,o,i){var r,s,a,c,p,l,g,h,_,u=n.length,v=u,d=0,y=0,m=e.__k=Array(i);for(r=0;r<i;r++)(s=t[r])!=null&&typeof s!="boolean"&&typeof s!="function"?(typeof s!="object"||s.constructor===String?s=m[r]=G(null,s):_t(s)?s=m[r]=G(C,{children:s}):s.constructor===R&&s.__b?s=m[r]=G(s.type,s.props,s.key,s.ref,s.__v):m[r]=s,c=r+d,s.__=e,s.__b=e.__b+1,a=null,~(p=s.__i=ye(s,n,c,v))&&(v--,(a=n[p])&&(a.__u|=2)),a&&a.__v?(s.__u|=16,p==c-1?d--:p==c+1?d++:p!=c&&(p>c?d--:d++,y=1)):(~p||(i>u?d--:i<u&&d++),typeof s.type!="function"&&(s.__u|=4))):m[r]=null;if(y){for(l=[],g=[],r=0;r<i;r++)if((s=m[r])&&16&s.__u){for(d=0,h=l.length;d<h;)l[_=d+h>>1]<s.__i?d=_+1:h=_;l[d]=s.__i,g[r]=d+1}for(d=l.length;r--;)g[r]&&(g[r]==d?d--:m[r].__u|=4)}if(v)for(r=0;r<u;r++)!(a=n[r])||2&a.__u||(a.__e==o&&(o=P(a)),ut(a,a));return o}function Mt(e,t,n,o){var i,r,s,a;if(typeof e.type=="function"){if(e.props.__P)return t;if(i=e.__k)for(r=0;r<i.length;r++)i[r]&&(i[r].__=e,t=Mt(i[r],t,n,!1));return t}for(t&&!t.parentNode&&(t=P(e))&&!t.parentNode&&(t=null),s=e.__e,a=t;a&&a.nodeType==8;)a=a.nextSibling;for(s!=a&&(!o&&n.moveBefore&&s.parentNode?n.moveBefore(s,t):n.insertBefore(s,t||null)),t=s;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function ye(e,t,n,o){var i,r=e.key,s=e.type,a=t[n],c=a&&!(2&a.__u);if(a===null&&r==null||c&&r==a.key&&s==a.type)return n;if(o>(c?1:0)){for(i=n-1;i>=0;i--)if((a=t[i])&&!(2&a.__u)&&r==a.key&&s==a.type)return i;for(i=n+1;i<t.length;i++)if((a=t[i])&&!(2&a.__u)&&r==a.key&&s==a.type)return i}return-1}function Tt(e,t,n){n==null&&(n=""),t[0]=="-"?e.setProperty(t,n):e[t]=n}function I(e,t,n,o,i){var r,s;if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof o=="string"&&(e.style.cssText=o=""),o)for(t in o)n&&t in n||Tt(e.style,t);if(n)for(t in n)o&&n[t]==o[t]||Tt(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")typeof n!="function"&&(n=null),typeof o!="function"&&(o=null),(e.__e||(e.__e={}))[t]=n,n&&o||(s=at[t]||(at[t]=ve(t)),(e.__a||(e.__a={}))[t]=st,r=t!=(t=t.replace(Ot,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),n?e.addEventListener(t,s,r):e.removeEventListener(t,s,r));else{if(i=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n)}}function ve(e){return function(t){var n=this.__e;if(n){if(n=n[e],t[V]==null)t[V]=st++;else if(t[V]<this.__a[e])return;return n(x.event?x.event(t):t)}}}function lt(e,t,n,o,i,r,s,a,c,p){var l,g,h,_,u,v,d,y,m,$,w,rt,$t,z,A,St,E,D,j=t.type;if(t.constructor!==R)return null;128&n.__u&&(c=32&n.__u,l=n.__c.__z)&&(t.__u|=c,g=r=[],l.nodeType==8?a=X(l,r):r.push(l),a=r[0]||a),(l=x.__b)&&l(t);t:if(typeof j=="function"){h=s.length;try{if(y=t.props,m=(l=j.prototype)&&l.render,$=(l=j.contextType)&&o[l.__c],w=l?$?$.props.value:l.__:o,(_=n.__c)?(t.__c=_,2&_.__g&&(_.__g|=1)):(m?t.__c=_=new j(y,w):(t.__c=_=new J(y,w),_.constructor=j,_.render=be),$&&$.sub(_),_.state||(_.state={}),_.__n=o,_.__g|=8,_.__h=[],_.__k=[]),m&&(_.__s||(_.__s=_.state),j.getDerivedStateFromProps&&(_.__s==_.state&&(_.__s=M({},_.__s)),M(_.__s,j.getDerivedStateFromProps(y,_.__s)))),u=_.props,v=_.state,_.__v=t,n.__c){if(y!==u&&m&&!j.getDerivedStateFromProps&&_.componentWillReceiveProps&&_.componentWillReceiveProps(y,w),t.__v==n.__v&&!(8&_.__g)||!(4&_.__g)&&_.shouldComponentUpdate&&_.shouldComponentUpdate(y,_.__s,w)===!1){t.__v!=n.__v&&(_.props=y,_.state=_.__s,_.__g&=-9),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(S){S&&(S.__=t)}),Z.push.apply(_.__h,_.__k),_.__k=[],_.__h.length&&s.push(_),a=P(n);break t}_.componentWillUpdate&&_.componentWillUpdate(y,_.__s,w),m&&_.componentDidUpdate&&_.__h.push(function(){_.componentDidUpdate(u,v,d)})}else m&&!j.getDerivedStateFromProps&&_.componentWillMount&&_.componentWillMount(),m&&_.componentDidMount&&_.__h.push(_.componentDidMount);_.context=w,_.props=y,_.__P=e,_.__g&=-5,rt=x.__r,$t=m?25:0;do _.__g&=-9,rt&&rt(t),l=_.render(_.props,_.state=_.__s,_.context);while(8&_.__g&&++$t<25);m&&(Z.push.apply(_.__h,_.__k),_.__k=[]),_.state=_.__s,_.getChildContext&&(o=M({},o,_.getChildContext())),m&&n.__c&&_.getSnapshotBeforeUpdate&&(d=_.getSnapshotBeforeUpdate(u,v)),z=l&&l.type===C&&l.key==null?l.props.children:l,y.__P&&(l=a,i=(e=y.__P).namespaceURI,c=r=null,n.props&&n.props.__P!=e&&(n.__k.some(function(S){S&&ut(S,S)}),n.__k=null),a=n.__k?P(n,0):null),a=Nt(e,_t(z)?z:[z],t,n,o,i,r,s,a,c,p),y.__P&&(t.__e=null,a=l),t.__u&=-161,g&&g.some(N),_.__h.length&&s.push(_),1&_.__g&&(_.__g&=-4)}catch(S){if(s.length=h,t.__v=null,c||r)if(S&&S.then){if(t.__u|=128|c,r){for(~(E=r.indexOf(a||void 0))||(E=r.length);(D=r[E-1])&&D.nodeType==8;)E--;for(;E<r.length;E++)if(D=r[E])if(r[E]=null,A){if(D==St)break}else{if(D.nodeType!=8)break;D.data.startsWith("$s")&&(St=X(A=D))}}if(!A){for(;a&&a.nodeType==8&&a.nextSibling;)a=a.nextSibling;A=a}(l=X(A=t.__c.__z||(t.__c.__z=A)))?(t.__e=A,a=l):t.__e=a,a=a&&a.nextSibling}else r&&r.some(N);else t.__e=n.__e;t.__k||(t.__k=n.__k||[]),S&&S.then||Lt(t),x.__e(S,t,n)}}else a=t.__e=we(n.__e,t,n,o,i,r,s,c,p,e);return(l=x.diffed)&&l(t),a}function X(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var n=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))n++;else if(e.data.startsWith("/$s")&&!--n)return e}t&&t.push(e)}}function Lt(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(Lt))}function qt(e,t,n){for(var o=0;o<n.length;)ct(n[o++],n[o++],n[o++]);x.__c&&x.__c(t,e),e.some(function(i){try{e=i.__h,i.__h=[],e.some(function(r){r.call(i)})}catch(r){x.__e(r,i.__v)}})}function we(e,t,n,o,i,r,s,a,c,p){var l,g,h,_,u,v,d,y,m=n.props||Q,$=t.props,w=t.type;if(w=="svg"?i="http://www.w3.org/2000/svg":w=="math"?i="http://www.w3.org/1998/Math/MathML":i||(i="http://www.w3.org/1999/xhtml"),r){for(l=0;l<r.length;l++)if((u=r[l])&&(w?u.localName==w:u.nodeType==3)){e=u,r[l]=null;break}}if(!e){if(y=p.ownerDocument||document,!w)return y.createTextNode($);e=y.createElementNS(i,w,$.is?$:p),a&&(x.__m&&x.__m(t,r),a=!1),r=null}if(w){if(p=w=="template"&&e.content||e,r=w=="textarea"&&$.defaultValue!=null?null:r&&Pt.call(p.childNodes),!a&&r)for(m={},l=0;l<e.attributes.length;l++)m[(u=e.attributes[l]).name]=u.value;for(l in m)u=m[l],l=="dangerouslySetInnerHTML"?h=u:l=="children"||l in $||l=="value"&&"defaultValue"in $||l=="checked"&&"defaultChecked"in $||I(e,l,null,u,i);for(l in $)u=$[l],l=="children"?_=u:l=="dangerouslySetInnerHTML"?g=u:l=="value"?v=u:l=="checked"?d=u:a&&typeof u!="function"||m[l]===u||I(e,l,u,m[l],i);g?(a||h&&(g.__html==h.__html||g.__html==e.innerHTML)||(e.innerHTML=g.__html),t.__k=[]):(h&&(e.textContent=""),(w=="foreignObject"||i=="http://www.w3.org/1998/Math/MathML"&&me.test(w))&&(i="http://www.w3.org/1999/xhtml"),Nt(p,_t(_)?_:[_],t,n,o,i,r,s,r?r[0]:n.__k&&P(n,0),a,c),r&&r.some(N)),a&&w!="textarea"||(l="value",w=="progress"&&v==null?e.removeAttribute(l):v==null||v===e[l]&&(w!="progress"||v)||I(e,l,v,m[l],i),l="checked",d!=null&&d!=e[l]&&I(e,l,d,m[l],i))}else m===$||a&&e.data==$||(e.data=$);return e}function ct(e,t,n,o){try{typeof e=="function"?t?t.__x=e(t)||1:o&&(o=o.__c||o.__e)&&(t=o.__x)&&(o.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(i){x.__e(i,n)}}function ut(e,t,n){var o,i,r,s;if(x.unmount&&x.unmount(e),!(o=e.ref)||o.current&&o.current!=e.__e||ct(o,null,t,e),o=e.__c){if(o.componentWillUnmount)try{o.componentWillUnmount()}catch(a){x.__e(a,t)}o.__P=o.__n=null}if(o=e.__k)for(s=0;s<o.length;s++)o[s]&&ut(o[s],t,typeof e.type!="function"||n&&!e.props.__P);!n&&(o=e.__c)&&(o=o.__z)&&(i=X(o,r=[]))&&(o==e.__e&&r.some(N),N(i),N(o)),n||N(e.__e),e.__e=e.__c=e.__=null}function be(e,t,n){return this.constructor(e,n)}function ft(e,t){var n,o,i,r;x.__&&x.__(e,t),t.nodeType==9&&(t=t.documentElement),o=(n=e&&32&e.__u)?null:t.__k,t.__k=G(C,{children:[e]}),i=[],r=[],lt(t,t.__k,o||Q,Q,t.namespaceURI,o?null:t.firstChild?Pt.call(t.childNodes):null,i,o?o.__e:t.firstChild,n,r),qt(i,t.__k,r),t.__k.props.children=null}x={__e:function(e,t,n,o){for(var i,r,s;t=t.__;)if((i=t.__c)&&!(1&i.__g)){i.__g|=4;try{if((s=(r=i.constructor)&&r.getDerivedStateFromError)&&i.setState(r.getDerivedStateFromError(e)),i.componentDidCatch&&(i.componentDidCatch(e,o||{}),s=1),s&&8&i.__g)return void(i.__g|=2)}catch(a){e=a}}throw K=0,e}},jt=0,de=function(e){return e!=null&&e.constructor===R},J.prototype.setState=function(e,t){var n=this.__s;n&&n!=this.state||(n=this.__s=M({},this.state)),typeof e=="function"&&(e=e(M({},n),this.props)),e&&(M(n,e),this.__v&&(t&&this.__k.push(t),Ct(this)))},J.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),Ct(this))},J.prototype.render=C,O=[],K=0,Et=function(e,t){return e.__v.__b-t.__v.__b},V=Symbol(),Ot=/(PointerCapture)$|Capture$/i,st=0,at={},he=0;var H,k,pt,Rt,dt=Object.is,Y=0,Gt=[],ht=[],b=x,Bt=b.__b,Ht=b.__r,Ft=b.diffed,Ut=b.__c,Wt=b.unmount,zt=b.__;function gt(e,t){b.__h&&b.__h(k,e,Y||t),Y=0;var n=k.__H||(k.__H={__:[],__h:[]});return e>=n.__.length&&n.__.push({}),n.__[e]}function T(e){return Y=1,ke(Xt,e)}function ke(e,t,n){var o=gt(H++,2);if(o.t=e,!o.__c&&(o.__=[n?n(t):Xt(void 0,t),function(r){var s=(o.__N||o.__)[0],a=o.t(s,r);dt(s,a)||(o.__N=[a,o.__[1]],o.__c.setState({}))}],o.__c=k,!k.__f)){k.__f=!0;var i=k.shouldComponentUpdate;k.shouldComponentUpdate=function(r,s,a){var c=this.__H;if(!c)return!0;var p=!1,l=this.props!=r;if(c.__.some(function(h){h.__N&&(p=!0,dt(h.__[0],h.__N[0])||(l=!0))}),i){var g=i.call(this,r,s,a);return p?g||l:g}return!p||l}}return o.__}function L(e,t){var n=gt(H++,3);!b.__s&&Jt(n.__H,t)&&(n.__P=!0,n.__=e,n.u=t,k.__H.__h.push(n))}function F(e){return Y=5,$e(function(){return{current:e}},[])}function $e(e,t){var n=gt(H++,7);return Jt(n.__H,t)&&(n.__=e(),n.__H=t),n.__}function Se(){var e;do{for(;e=ht.shift();)try{B(e)}catch(n){b.__e(n,{__:(e=e.__P)&&e.__v})}for(;e=Gt.shift();){var t=e.__H;if(e.__P&&t)try{t.__h.some(B),t.__h.some(mt),t.__h=[]}catch(n){t.__h=[],b.__e(n,e.__v)}}}while(ht.length)}b.__b=function(e){k=null,Bt&&Bt(e)},b.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),zt&&zt(e,t)},b.__r=function(e){Ht&&Ht(e),H=0;var t=(k=e.__c).__H;t&&(pt==k?k.__h=[]:(t.__h.some(B),t.__h.some(mt),H=0),t.__h=[],t.__.some(function(n){n.__N&&(n.__=n.__N),n.u=n.__N=void 0})),pt=k},b.diffed=function(e){Ft&&Ft(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&Vt(Gt.push(t)),t.__H.__.some(function(n){n.u&&(n.__H=n.u)})),pt=k=null},b.__c=function(e,t){t.some(function(n){try{n.__h.some(B),n.__h=n.__h.filter(function(o){return!o.__||mt(o)})}catch(o){n.__h=[function(){throw o}]}}),Ut&&Ut(e,t)},b.unmount=function(e){Wt&&Wt(e);var t,n,o=e.__c;o&&o.__H&&(o.__H.__.some(function(i){try{if(i.__P&&i.__c){if(n===void 0){for(n=e.__;n&&(!n.__c||!n.__c.__P);)n=n.__;n=n&&n.__c}i.__P=n,Vt(ht.push(i))}else B(i)}catch(r){t=r}}),o.__H=void 0,t&&b.__e(t,o.__v))};var It=typeof requestAnimationFrame=="function";function Ce(e){var t,n=function(){clearTimeout(o),It&&cancelAnimationFrame(t),setTimeout(e)},o=setTimeout(n,35);It&&(t=requestAnimationFrame(n))}function Vt(e){e!=1&&Rt==b.requestAnimationFrame||((Rt=b.requestAnimationFrame)||Ce)(Se)}function B(e){var t=k,n=e.__c;typeof n=="function"&&(e.__c=void 0,n()),k=t}function mt(e){var t=k;e.__c=e.__(),k=t}function Jt(e,t){return!e||e.length!=t.length||t.some(function(n,o){return!dt(n,e[o])})}function Xt(e,t){return typeof t=="function"?t(e):t}var Kt=`.oxillama-panel.oxillama-run-bar {
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
`;var tt=class extends Error{constructor(t,n){super(t),this.status=n}};function je(){let e=document.getElementById("jupyter-config-data");return e?JSON.parse(e.textContent):null}async function U(e,t={}){let n=je();if(!n)throw new tt("This page is not its kernel's.",0);let{baseUrl:o,token:i}=n,r=/(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1],s={...r&&{"X-XSRFToken":r},...i&&{Authorization:`token ${i}`}},a=await fetch(o+e,{...t,credentials:"same-origin",headers:s});if(!a.ok)throw new tt(await Ee(a),a.status);return a}async function Ee(e){let t=await e.text();try{return JSON.parse(t).error.message}catch{return`${e.status} ${e.statusText}`}}async function*Oe(e){let t=e.body.pipeThrough(new TextDecoderStream).getReader(),n="";try{for(;;){let{done:o,value:i}=await t.read();if(o)return;let r=(n+i.replaceAll("\r","")).split(`

`);n=r.pop();for(let s of r){let a=Pe(s);if(a.data==="[DONE]")return;a.data!==void 0&&(yield{...a,data:JSON.parse(a.data)})}}}finally{t.cancel().catch(()=>{})}}function Pe(e){let t={};for(let n of e.split(`
`)){let[,o,i]=/^(\w+): ?(.*)$/s.exec(n)??[];o==="data"&&t.data!==void 0?t.data+=`
${i}`:o&&(t[o]=i)}return t}var Qt=[250,500,1e3,2e3,5e3,5e3,1e4,1e4],Ae=e=>new Promise(t=>setTimeout(t,e));async function*Zt(e,t,n,{signal:o,after:i=null}={}){for(let r=0;;r+=1)try{let s=i===null?"":`?starting_after=${i}`,a=await U(e.own(`threads/${t}/runs/${n}/events${s}`),{signal:o});for await(let c of Oe(a))if(c.id!==void 0&&(i=c.id),r=0,yield c,De.has(c.event))return;return}catch(s){if(o?.aborted||s.status||r>=Qt.length)throw s;await Ae(Qt[r])}}var De=new Set(["completed","failed","cancelled","expired","incomplete","requires_action"].map(e=>`thread.run.${e}`));function q(e){return String(e??"").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,t=>`\\u${t.charCodeAt(0).toString(16).padStart(4,"0")}`)}var Yt=200,et=class{#t=new Map;#e=new Map;tokens=0;get whole(){return[...this.#t.values()].join(`

`)}get reasoning(){return[...this.#e.values()].join(`

`)}feed({event:t,data:n}){if(t==="thread.message.delta")this.tokens+=1,this.#n(this.#t,n.id,n.delta.content.map(o=>o.text?.value??"").join(""));else if(t==="thread.message.completed"||t==="thread.message.incomplete"){let o=n.content.filter(i=>i.type==="text");this.#t.set(n.id,o.map(i=>i.text.value).join(`

`))}else t==="thread.run.step.completed"&&n.type==="tool_calls"&&this.#t.set(n.id,n.step_details.tool_calls.map(o=>qe(Ne(o))).join(`  
`))}#n(t,n,o){t.set(n,(t.get(n)??"")+o)}};function Ne({function:e,decision:t}){let n=te(Me(e.name,t?.arguments??e.arguments));return t?.verdict==="denied"?`${n} was denied`:`${n}${t?.verdict==="edited"?" (edited)":""} \u2192 ${te(e.output??"")}`}function Me(e,t){let n=Le(t);return n?`${e}(${Object.entries(n).map(([o,i])=>`${o}=${JSON.stringify(i)}`).join(", ")})`:`${e}(${t})`}function Le(e){try{let t=JSON.parse(e||"{}");return t&&typeof t=="object"&&!Array.isArray(t)?t:null}catch{return null}}function te(e){let t=q(e.split(/\s+/).filter(Boolean).join(" "));return t.length<=Yt?t:`${t.slice(0,Yt-1)}\u2026`}function qe(e){let t=e.match(/`+/g)??[],n="`".repeat(1+Math.max(0,...t.map(i=>i.length))),o=t.length?" ":"";return`${n}${o}${e}${o}${n}`}var Re=1e3,Be=10,He=500,yt=new Set(["completed","failed","cancelled","expired","incomplete"]);function ee(e){return e.followed??=new xt(e)}var xt=class{#t;#e=new Set;#n=null;#a=()=>{};constructor(t){this.#t=t,this.text="",this.reasoning="",this.tokens=0,this.status="",this.missed=!1,this.error=null,this.since=Date.now(),this.firstText=null,this.object=null,this.calls=[]}get#o(){return`threads/${this.#t.get("thread_id")}/runs/${this.#t.get("run_id")}`}get on(){return!yt.has(this.status)&&this.status!=="ended"&&!this.error}watch(t){return this.#e.add(t),this.#n||this.#u(),()=>{this.#e.delete(t),this.#e.size||this.#f()}}stop(){return this.#t.run?.on?this.#t.run.stop():this.#t.ask(this.#t.openai(`${this.#o}/cancel`),{method:"POST"})}async decide(t,n){let o={tool_call_id:t.id,...n},{calls:i}=await this.#t.ask(this.#t.own(`${this.#o}/decisions`),{body:o});this.calls=i,this.#r()}#r(){this.#e.forEach(t=>t())}#u(){let t=this.#n=new AbortController,n=this.#t,o=n.on("connected",()=>queueMicrotask(()=>this.#s(t.signal))),i=setTimeout(()=>this.#s(t.signal,!0),n.connected?0:Re);this.#a=()=>{o(),clearTimeout(i)},this.#s(t.signal)}#f(){this.#n?.abort(),this.#n=null,this.#a(),this.#i=""}#i="";#l=0;#s(t,n=!1){if(t.aborted||this.#i==="server"||!this.on)return;let{run:o,connected:i}=this.#t;i&&o?.status?this.#i!=="kernel"&&this.#p(o,t):this.#t.get("run_id")&&(n||i||this.#i==="kernel")&&(this.#i="server",this.#d(t).catch(r=>{t.aborted||(this.error=r,this.#r())}))}#p(t,n){this.#i="kernel";let o=()=>{if(this.#i!=="kernel")return;let i=this.status==="requires_action",{text:r,tokens:s,missed:a,status:c}=t;if(Object.assign(this,{text:r,tokens:s,missed:a,status:c}),r&&(this.firstText??=Date.now()),c==="requires_action"&&!i){let p=this.#l+=1,l=()=>p===this.#l&&this.status==="requires_action";this.#c(n,l).catch(g=>{n.aborted||console.warn("oxillama:",g)})}else c!=="requires_action"&&(this.calls=[]);this.#r()};t.views.add(o),n.addEventListener("abort",()=>t.views.delete(o)),o()}async#d(t){let n=new et,o=[this.#t.get("thread_id"),this.#t.get("run_id")],i=null;for(this.#_(await this.#t.ask(this.#t.openai(this.#o),{signal:t}));!t.aborted;){for await(let r of Zt(this.#t,...o,{signal:t,after:i}))r.id!==void 0&&(i=r.id),/^thread\.run\.(?!step\.)/.test(r.event)?this.#_(r.data):n.feed(r),Object.assign(this,{text:n.whole,reasoning:n.reasoning,tokens:n.tokens}),this.#r();if(this.#_(await this.#t.ask(this.#t.openai(this.#o),{signal:t})),this.#r(),!this.on)return;this.status==="requires_action"?await this.#c(t,()=>!0):await new Promise(r=>setTimeout(r,He))}}#_(t){this.object=t,this.status=t.status,this.since=1e3*t.created_at,t.started_at&&(this.firstText=1e3*t.started_at),t.status!=="requires_action"&&(this.calls=[])}async#c(t,n){for(let o="";n()&&!t.aborted;){let i=this.#t.own(`${this.#o}/decisions${o}`),r=await this.#t.ask(i,{signal:t});if(!n()||t.aborted||(this.calls=r.calls,this.#r(),r.status!=="requires_action"))return;o=`?decided=${r.calls.filter(s=>s.decision).length}&wait=${Be}`}}};var Fe="model instructions temperature top_p max_prompt_tokens max_completion_tokens max_tokens response_format truncation_strategy reasoning_effort top_k min_p repeat_penalty frequency_penalty presence_penalty stop logit_bias typical_p top_n_sigma xtc_probability xtc_threshold dynatemp_range dynatemp_exponent mirostat mirostat_tau mirostat_eta repeat_last_n dry_multiplier dry_base dry_allowed_length dry_penalty_last_n dry_sequence_breakers adaptive_target adaptive_decay min_keep".split(" "),ne=100;async function nt(e,t){let n=`threads/${t.thread_id}/messages?run_id=${t.id}&order=asc&limit=${ne}`;return(await e.ask(e.openai(n))).data}function oe(e){return e.flatMap(t=>re(t)).join(`

`)}function re(e){return e.content.filter(t=>t.type==="text").map(t=>t.text.value)}async function Ue(e,t){let[n]=await nt(e,t),o=n?`&after=${n.id}`:"",i=`threads/${t.thread_id}/messages?order=desc&limit=${ne}${o}`,{data:r}=await e.ask(e.openai(i)),s=r.findIndex(a=>a.role==="user");if(s<0)throw new Error("The question is not in the thread any more.");return[r[s],r[s+1]??null]}async function ie(e,t){let[n,o]=await Ue(e,t),i=o?await e.ask(e.own(`threads/${t.thread_id}/fork`),{body:{message_id:o.id}}):await e.ask(e.openai("threads"),{body:{metadata:{forked_from:t.thread_id}}}),r=Fe.filter(a=>t[a]!=null&&t[a]!==""),s=re(n).map(a=>({type:"text",text:a}));return e.ask(e.openai(`threads/${i.id}/runs`),{body:{assistant_id:t.assistant_id,...Object.fromEntries(r.map(a=>[a,t[a]])),tools:[],metadata:{retry_of:t.id},additional_messages:[{role:"user",content:s,metadata:n.metadata}]}})}async function ae(e,t){let n=(await nt(e,t)).at(-1),o=n?{message_id:n.id}:{};return e.ask(e.own(`threads/${t.thread_id}/fork`),{body:o})}var We={completed:"Complete",cancelled:"Stopped",expired:"Expired: it took longer than the server allows",requires_action:"Waits for a decision about a call",queued:"Waits for its turn",in_progress:"Still being written",cancelling:"Being stopped"};function se(e){if(e.status==="failed")return`Failed: ${q(e.last_error?.message??"the server did not say why")}`;if(e.status!=="incomplete")return We[e.status]??q(e.status);if(e.incomplete_details?.reason==="max_prompt_tokens")return"Cut: the prompt left no room";let t=e.max_completion_tokens??e.max_tokens;return t?`Cut at ${t.toLocaleString()} tokens`:"Cut: the context is full"}function _e(e){if(!e.timings)return[];let{tokens_per_second:t,first_token:n}=e.timings,o=n<1?`${Math.round(1e3*n)} ms`:`${n.toFixed(1)} s`;return[...t?[`${t.toLocaleString([],{maximumFractionDigits:t<10?1:0})} tokens/s`]:[],`first token after ${o}`]}var le=`.oxillama-panel {
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
`;function vt(e,t,n){let o=`oxillama-${t}-styles`;if(e.getElementById(o))return;let i=e.createElement("style");i.id=o,i.textContent=n,e.head.append(i)}var Ie=Symbol.for("pv"),Ve=0;function f(e,t,n,o,i,r){t||(t={});var s,a,c=t;if("ref"in c&&typeof e!="function")for(a in c={},t)a=="ref"?s=t[a]:c[a]=t[a];var p={type:e,props:c,key:n,ref:s,__k:null,__:null,__b:0,__e:null,__c:null,constructor:Ie,__v:--Ve,__i:-1,__u:0};return(i||r)&&(p.__source=i,p.__self=r),x.vnode&&x.vnode(p),p}function ce(e,t,n="",o=""){vt(t.ownerDocument,"base",le),n&&vt(t.ownerDocument,o,n);let i=t.appendChild(t.ownerDocument.createElement("div"));return i.className=`oxillama-panel oxillama-${o}`,i.dataset.lmSuppressShortcuts="true",ft(e,i),()=>{ft(null,i),i.remove()}}function ue(e,t){let[n,o]=T({loading:!0}),[i,r]=T(0);return L(()=>{let s=new AbortController;return o(a=>({...a,loading:!0})),e(s.signal).then(a=>s.signal.aborted||o({data:a})).catch(a=>s.signal.aborted||o(c=>({data:c.data,error:a}))),()=>s.abort()},[...t,i]),{...n,reload:()=>r(s=>s+1)}}function W({onClick:e,label:t,kind:n="",children:o,disabled:i,...r}){let[s,a]=T(!1),[c,p]=T(null),l=F(!0);L(()=>()=>l.current=!1,[]);let g=async h=>{a(!0),p(null);try{await e(h)}catch(_){l.current&&p(_)}l.current&&a(!1)};return f(C,{children:[f("button",{type:"button",class:`oxillama-button ${n}`,"aria-label":t,title:t,disabled:i||s,onClick:g,...r,children:o}),c&&f(ot,{error:c})]})}function ot({error:e,children:t}){return f("span",{class:"oxillama-notice",role:"alert",children:e?e.message:t})}var kt=1,Ge=Symbol.for(`oxillama.page.${kt}`),wt=class{#t={};#e=null;#n=new Map;#a=new Set;constructor(t){this.id=t}learn(t){return this.#t={...t,...this.#t},this}get connected(){return this.#e!==null}get(t){return this.#e?.get(t)??this.#t[t]}set(t,n){this.#t[t]=n,this.#e?(this.#e.set(t,n),this.#e.save_changes()):this.#o(t)}on(t,n){let o=this.#n.get(t)??new Set;return this.#n.set(t,o.add(n)),o.size===1&&this.#e?.on(`change:${t}`,this.#r(t)),()=>o.delete(n)}receive(t){return this.#a.add(t),()=>this.#a.delete(t)}send(t){return this.#e?.send(t),this.connected}async ask(t,{body:n,...o}={}){let i=n===void 0?o:{method:"POST",...o,body:JSON.stringify(n)};return(await U(t,i)).json()}openai(t){return`${this.get("openai_prefix")??"v1"}/${t}`}own(t){return`${this.get("prefix")??"oxillama"}/${t}`}connect(t){if(!t)for(let n of this.#n.keys())this.#t[n]=this.get(n);this.#e=t;for(let n of this.#n.keys())t?.on(`change:${n}`,this.#r(n)),this.#o(n);t?.on("comm_live_update",()=>this.#e===t&&this.connect(null)),t?.on("msg:custom",n=>this.#a.forEach(o=>o(n))),this.#o("connected")}#o(t){this.#n.get(t)?.forEach(n=>n(this.get(t)))}#r(t){let n=this.#e;return()=>this.#e===n&&this.#o(t)}},bt=class{#t=new Map;#e={};lab=null;panel(t,n){return this.#t.has(t)||this.#t.set(t,new wt(t)),this.#t.get(t).learn(n)}async show(t,n,o){let i=t.own(`widgets/${n}.js`);try{return(await(this.#e[i]??=Je(i))).show(t,o,this)}catch(r){throw this.#e={},r}}};async function Je(e){let t=URL.createObjectURL(new Blob([await(await U(e)).text()],{type:"text/javascript"}));try{let n=await import(t);if(n.PROTOCOL!==kt)throw new Error("Reload the page.");return n}finally{URL.revokeObjectURL(t)}}var On=globalThis[Ge]??=new bt;var Xe=1500;function Rn(e,t,n){return ce(f(fe,{panel:e,page:n}),t,Kt,"run-bar")}async function Ke(e,t){let n=e.openai(`threads/${e.get("thread_id")}/runs/${e.get("run_id")}`),[o,i,r]=await Promise.all([e.ask(n,{signal:t}),e.ask(e.own("models"),{signal:t}).catch(()=>({data:[]})),e.ask(`${n}/steps?limit=1&order=desc`,{signal:t}).catch(()=>({data:[]}))]),s=i.data?.find(a=>a.id===o.model)?.context??0;return{run:o,context:s,used:(r.data[0]?.usage??o.usage)?.total_tokens??0}}function fe({panel:e,page:t}){let{data:n,error:o,reload:i}=ue(u=>Ke(e,u),[e]),[r,s]=T(null),[a,c]=T(""),p=F(null);if(L(()=>{if(!n||yt.has(n.run.status))return;let u=setTimeout(i,1e3);return()=>clearTimeout(u)},[n]),o&&!n)return o.status===404?null:f(ot,{error:o});if(!n)return null;let{run:l}=n,g=async()=>{let u=await ie(e,l),v={thread_id:u.thread_id,run_id:u.id};for(let d of["openai_prefix","prefix"])v[d]=e.get(d);s(t.panel(`run ${u.id}`,v))},h=async()=>{let u=await ae(e,l),d=t.lab?.insertCell(p.current,`%%oxillama --thread ${u.id}
`)?"The cell below goes on with it.":`Go on with %%oxillama --thread ${u.id}`;c(`Forked as ${u.id}. ${d}`)},_=async()=>{await navigator.clipboard.writeText(oe(await nt(e,l))),c("Copied."),setTimeout(()=>c(u=>u==="Copied."?"":u),Xe)};return f("div",{ref:p,role:"group","aria-label":"About the answer",children:[f("div",{class:"oxillama-run-line",children:[f(Qe,{...n}),f("span",{class:"oxillama-row",children:[f(W,{kind:"plain",label:"Retry: ask the same again, beside this answer",onClick:g,children:"Retry"}),f(W,{kind:"plain",label:"Fork: a thread that goes on from here",onClick:h,children:"Fork"}),f(W,{kind:"plain",label:"Copy the answer as Markdown",onClick:_,children:"Copy"}),f(W,{kind:"plain",label:"Show the prompt that the model read","aria-expanded":r==="prompt",onClick:()=>s(r==="prompt"?null:"prompt"),children:"Prompt"})]})]}),f("div",{class:"oxillama-quiet",role:"status",children:a}),r==="prompt"&&f(pe,{panel:e,page:t,name:"prompt_xray"}),r&&r!=="prompt"&&f(Ye,{panel:r,page:t},r.id)]})}function Qe({run:e,context:t,used:n}){let o=e.status==="failed"||e.status==="expired";return f("span",{class:"oxillama-row oxillama-quiet",children:[f("span",{class:o?"oxillama-notice":"oxillama-run-end",children:se(e)}),_e(e).map(i=>f("span",{children:i},i)),n>0&&t>0&&f(Ze,{used:n,context:t})]})}function Ze({used:e,context:t}){let n=Math.min(1,e/t),o=`${e.toLocaleString()} of ${t.toLocaleString()} tokens of context`;return f("span",{class:"oxillama-gauge",title:o,children:[f("span",{class:"oxillama-gauge-track","aria-hidden":"true",children:f("span",{class:n>.9?"full":"",style:{width:`${Math.max(2,100*n)}%`}})}),f("span",{"aria-hidden":"true",children:[n<.01?"< 1":Math.round(100*n)," % of context"]}),f("span",{class:"oxillama-hidden-label",children:o})]})}function pe({panel:e,page:t,name:n}){let o=F(null),[i,r]=T(null);return L(()=>{let s=null,a=!1;return t.show(e,n,o.current).then(c=>a?c():s=c,c=>a||r(c)),()=>{a=!0,s?.()}},[e,n]),f(C,{children:[i&&f(ot,{error:i}),f("div",{ref:o})]})}function Ye({panel:e,page:t}){let[n,o]=T(!0);return L(()=>{let i=ee(e);return i.watch(()=>o(i.on))},[e]),f("section",{class:"oxillama-another","aria-label":"Another answer",children:[f("p",{class:"oxillama-quiet",children:"Another answer"}),f(pe,{panel:e,page:t,name:"run_cell_view"}),!n&&f(fe,{panel:e,page:t})]})}export{kt as PROTOCOL,Rn as show};
