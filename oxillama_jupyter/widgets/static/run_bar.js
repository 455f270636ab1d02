// Made by widgets/build from 042285454327c8684501f10e8793dc3927df0215d5c381180ac836e7d928b1c2; see LICENSES.txt.
var y,Ot,be,O,it,Q,At,V,Nt,at,st,ke,B=Symbol.for("pv"),Z={},Y=[],$e=/^m(i|n|o|s|text|space)$/,lt=Array.isArray,Pt=Y.slice,M=Object.assign;function D(e){e&&e.parentNode&&e.remove()}function J(e,t,n,o,r){var i={type:e,props:t,key:n,ref:o,__k:null,__:null,__b:0,__e:null,__c:null,constructor:B,__v:r||++Ot,__i:-1,__u:0};return!r&&y.vnode&&y.vnode(i),i}function T(e){return e.children}function X(e,t){this.props=e,this.context=t,this.__g=0}function A(e,t){if(t==null)return e.__&&A(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;return typeof e.type!="function"||e.props.__P?null:A(e)}function Se(e){var t,n=e.__v,o=n.__e,r=[],i=[],a=e.__P;a&&((t=M({constructor:B},n)).__v=n.__v+1,y.vnode&&y.vnode(t),_t(a,t,n,e.__n,a.namespaceURI,32&n.__u?[o]:null,r,o||A(n),32&n.__u,i),t.__v=n.__v,t.__.__k[t.__i]=t,qt(r,t,i),n.__=n.__e=null,t.__e!=o&&Dt(t))}function Dt(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),Dt(e)}function jt(e){(8&e.__g||(e.__g|=8,O.push(e),Q++))&&it==y.debounceRendering||((it=y.debounceRendering)||queueMicrotask)(Mt)}function Mt(){try{for(var e,t=1;O.length;)O.length>t&&O.sort(At),e=O.shift(),t=O.length,8&e.__g&&Se(e)}finally{(Q=O.length)&&(it||queueMicrotask)(Mt)}}function Lt(e,t,n,o,r,i,a,s,u,d,_){var g,h,l,c,x,m,v=o.__k||Y,p=t.length;for(u=Te(n,t,v,u,p),g=0;g<p;g++)(l=n.__k[g])!=null&&(h=~l.__i&&v[l.__i]||Z,l.__i=g,m=_t(e,l,h,r,i,a,s,u,d,_),c=l.__e,(h.ref!=l.ref||8&h.__u)&&(h.ref&&ut(h.ref,null,l,h),l.ref&&_.push(l.ref,l.__c||c,l)),x=x||c,4&l.__u?(u=Rt(l,u,e,!h.__v),h.__e&&(h.__e=null)):typeof l.type=="function"&&m!==void 0?u=m:c&&(u=c.nextSibling),l.__u&=-21);return n.__e=x,u}function Te(e,t,n,o,r){var i,a,s,u,d,_,g,h,l,c=n.length,x=c,m=0,v=0,p=e.__k=Array(r);for(i=0;i<r;i++)(a=t[i])!=null&&typeof a!="boolean"&&typeof a!="function"?(typeof a!="object"||a.constructor===String?a=p[i]=J(null,a):lt(a)?a=p[i]=J(T,{children:a}):a.constructor===B&&a.__b?a=p[i]=J(a.type,a.props,a.key,a.ref,a.__v):p[i]=a,u=i+m,a.__=e,a.__b=e.__b+1,s=null,~(d=a.__i=Ce(a,n,u,x))&&(x--,(s=n[d])&&(s.__u|=2)),s&&s.__v?(a.__u|=16,d==u-1?m--:d==u+1?m++:d!=u&&(d>u?m--:m++,v=1)):(~d||(r>c?m--:r<c&&m++),typeof a.type!="function"&&(a.__u|=4))):p[i]=null;if(v){for(_=[],g=[],i=0;i<r;i++)if((a=p[i])&&16&a.__u){for(m=0,h=_.length;m<h;)_[l=m+h>>1]<a.__i?m=l+1:h=l;_[m]=a.__i,g[i]=m+1}for(m=_.length;i--;)g[i]&&(g[i]==m?m--:p[i].__u|=4)}if(x)for(i=0;i<c;i++)!(s=n[i])||2&s.__u||(s.__e==o&&(o=A(s)),ct(s,s));return o}function Rt(e,t,n,o){var r,i,a,s;if(typeof e.type=="function"){if(e.props.__P)return t;if(r=e.__k)for(i=0;i<r.length;i++)r[i]&&(r[i].__=e,t=Rt(r[i],t,n,!1));return t}for(t&&!t.parentNode&&(t=A(e))&&!t.parentNode&&(t=null),a=e.__e,s=t;s&&s.nodeType==8;)s=s.nextSibling;for(a!=s&&(!o&&n.moveBefore&&a.parentNode?n.moveBefore(a,t):n.insertBefore(a,t||null)),t=a;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function Ce(e,t,n,o){var r,i=e.key,a=e.type,s=t[n],u=s&&!(2&s.__u);if(s===null&&i==null||u&&i==s.key&&a==s.type)return n;if(o>(u?1:0)){for(r=n-1;r>=0;r--)if((s=t[r])&&!(2&s.__u)&&i==s.key&&a==s.type)return r;for(r=n+1;r<t.length;r++)if((s=t[r])&&!(2&s.__u)&&i==s.key&&a==s.type)return r}return-1}function Et(e,t,n){n==null&&(n=""),t[0]=="-"?e.setProperty(t,n):e[t]=n}function G(e,t,n,o,r){var i,a;if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof o=="string"&&(e.style.cssText=o=""),o)for(t in o)n&&t in n||Et(e.style,t);if(n)for(t in n)o&&n[t]==o[t]||Et(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")typeof n!="function"&&(n=null),typeof o!="function"&&(o=null),(e.__e||(e.__e={}))[t]=n,n&&o||(a=st[t]||(st[t]=je(t)),(e.__a||(e.__a={}))[t]=at,i=t!=(t=t.replace(Nt,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),n?e.addEventListener(t,a,i):e.removeEventListener(t,a,i));else{if(r=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n)}}function je(e){return function(t){var n=this.__e;if(n){if(n=n[e],t[V]==null)t[V]=at++;else if(t[V]<this.__a[e])return;return n(y.event?y.event(t):t)}}}function _t(e,t,n,o,r,i,a,s,u,d){var _,g,h,l,c,x,m,v,p,$,w,rt,Tt,z,N,Ct,E,P,j=t.type;if(t.constructor!==B)return null;128&n.__u&&(u=32&n.__u,_=n.__c.__z)&&(t.__u|=u,g=i=[],_.nodeType==8?s=K(_,i):i.push(_),s=i[0]||s),(_=y.__b)&&_(t);t:if(typeof j=="function"){h=a.length;try{if(v=t.props,p=(_=j.prototype)&&_.render,$=(_=j.contextType)&&o[_.__c],w=_?$?$.props.value:_.__:o,(l=n.__c)?(t.__c=l,2&l.__g&&(l.__g|=1)):(p?t.__c=l=new j(v,w):(t.__c=l=new X(v,w),l.constructor=j,l.render=Oe),$&&$.sub(l),l.state||(l.state={}),l.__n=o,l.__g|=8,l.__h=[],l.__k=[]),p&&(l.__s||(l.__s=l.state),j.getDerivedStateFromProps&&(l.__s==l.state&&(l.__s=M({},l.__s)),M(l.__s,j.getDerivedStateFromProps(v,l.__s)))),c=l.props,x=l.state,l.__v=t,n.__c){if(v!==c&&p&&!j.getDerivedStateFromProps&&l.componentWillReceiveProps&&l.componentWillReceiveProps(v,w),t.__v==n.__v&&!(8&l.__g)||!(4&l.__g)&&l.shouldComponentUpdate&&l.shouldComponentUpdate(v,l.__s,w)===!1){t.__v!=n.__v&&(l.props=v,l.state=l.__s,l.__g&=-9),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(S){S&&(S.__=t)}),Y.push.apply(l.__h,l.__k),l.__k=[],l.__h.length&&a.push(l),s=A(n);break t}l.componentWillUpdate&&l.componentWillUpdate(v,l.__s,w),p&&l.componentDidUpdate&&l.__h.push(function(){l.componentDidUpdate(c,x,m)})}else p&&!j.getDerivedStateFromProps&&l.componentWillMount&&l.componentWillMount(),p&&l.componentDidMount&&l.__h.push(l.componentDidMount);l.context=w,l.props=v,l.__P=e,l.__g&=-5,rt=y.__r,Tt=p?25:0;do l.__g&=-9,rt&&rt(t),_=l.render(l.props,l.state=l.__s,l.context);while(8&l.__g&&++Tt<25);p&&(Y.push.apply(l.__h,l.__k),l.__k=[]),l.state=l.__s,l.getChildContext&&(o=M({},o,l.getChildContext())),p&&n.__c&&l.getSnapshotBeforeUpdate&&(m=l.getSnapshotBeforeUpdate(c,x)),z=_&&_.type===T&&_.key==null?_.props.children:_,v.__P&&(_=s,r=(e=v.__P).namespaceURI,u=i=null,n.props&&n.props.__P!=e&&(n.__k.some(function(S){S&&ct(S,S)}),n.__k=null),s=n.__k?A(n,0):null),s=Lt(e,lt(z)?z:[z],t,n,o,r,i,a,s,u,d),v.__P&&(t.__e=null,s=_),t.__u&=-161,g&&g.some(D),l.__h.length&&a.push(l),1&l.__g&&(l.__g&=-4)}catch(S){if(a.length=h,t.__v=null,u||i)if(S&&S.then){if(t.__u|=128|u,i){for(~(E=i.indexOf(s||void 0))||(E=i.length);(P=i[E-1])&&P.nodeType==8;)E--;for(;E<i.length;E++)if(P=i[E])if(i[E]=null,N){if(P==Ct)break}else{if(P.nodeType!=8)break;P.data.startsWith("$s")&&(Ct=K(N=P))}}if(!N){for(;s&&s.nodeType==8&&s.nextSibling;)s=s.nextSibling;N=s}(_=K(N=t.__c.__z||(t.__c.__z=N)))?(t.__e=N,s=_):t.__e=s,s=s&&s.nextSibling}else i&&i.some(D);else t.__e=n.__e;t.__k||(t.__k=n.__k||[]),S&&S.then||Bt(t),y.__e(S,t,n)}}else s=t.__e=Ee(n.__e,t,n,o,r,i,a,u,d,e);return(_=y.diffed)&&_(t),s}function K(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var n=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))n++;else if(e.data.startsWith("/$s")&&!--n)return e}t&&t.push(e)}}function Bt(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(Bt))}function qt(e,t,n){for(var o=0;o<n.length;)ut(n[o++],n[o++],n[o++]);y.__c&&y.__c(t,e),e.some(function(r){try{e=r.__h,r.__h=[],e.some(function(i){i.call(r)})}catch(i){y.__e(i,r.__v)}})}function Ee(e,t,n,o,r,i,a,s,u,d){var _,g,h,l,c,x,m,v,p=n.props||Z,$=t.props,w=t.type;if(w=="svg"?r="http://www.w3.org/2000/svg":w=="math"?r="http://www.w3.org/1998/Math/MathML":r||(r="http://www.w3.org/1999/xhtml"),i){for(_=0;_<i.length;_++)if((c=i[_])&&(w?c.localName==w:c.nodeType==3)){e=c,i[_]=null;break}}if(!e){if(v=d.ownerDocument||document,!w)return v.createTextNode($);e=v.createElementNS(r,w,$.is?$:d),s&&(y.__m&&y.__m(t,i),s=!1),i=null}if(w){if(d=w=="template"&&e.content||e,i=w=="textarea"&&$.defaultValue!=null?null:i&&Pt.call(d.childNodes),!s&&i)for(p={},_=0;_<e.attributes.length;_++)p[(c=e.attributes[_]).name]=c.value;for(_ in p)c=p[_],_=="dangerouslySetInnerHTML"?h=c:_=="children"||_ in $||_=="value"&&"defaultValue"in $||_=="checked"&&"defaultChecked"in $||G(e,_,null,c,r);for(_ in $)c=$[_],_=="children"?l=c:_=="dangerouslySetInnerHTML"?g=c:_=="value"?x=c:_=="checked"?m=c:s&&typeof c!="function"||p[_]===c||G(e,_,c,p[_],r);g?(s||h&&(g.__html==h.__html||g.__html==e.innerHTML)||(e.innerHTML=g.__html),t.__k=[]):(h&&(e.textContent=""),(w=="foreignObject"||r=="http://www.w3.org/1998/Math/MathML"&&$e.test(w))&&(r="http://www.w3.org/1999/xhtml"),Lt(d,lt(l)?l:[l],t,n,o,r,i,a,i?i[0]:n.__k&&A(n,0),s,u),i&&i.some(D)),s&&w!="textarea"||(_="value",w=="progress"&&x==null?e.removeAttribute(_):x==null||x===e[_]&&(w!="progress"||x)||G(e,_,x,p[_],r),_="checked",m!=null&&m!=e[_]&&G(e,_,m,p[_],r))}else p===$||s&&e.data==$||(e.data=$);return e}function ut(e,t,n,o){try{typeof e=="function"?t?t.__x=e(t)||1:o&&(o=o.__c||o.__e)&&(t=o.__x)&&(o.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(r){y.__e(r,n)}}function ct(e,t,n){var o,r,i,a;if(y.unmount&&y.unmount(e),!(o=e.ref)||o.current&&o.current!=e.__e||ut(o,null,t,e),o=e.__c){if(o.componentWillUnmount)try{o.componentWillUnmount()}catch(s){y.__e(s,t)}o.__P=o.__n=null}if(o=e.__k)for(a=0;a<o.length;a++)o[a]&&ct(o[a],t,typeof e.type!="function"||n&&!e.props.__P);!n&&(o=e.__c)&&(o=o.__z)&&(r=K(o,i=[]))&&(o==e.__e&&i.some(D),D(r),D(o)),n||D(e.__e),e.__e=e.__c=e.__=null}function Oe(e,t,n){return this.constructor(e,n)}function ft(e,t){var n,o,r,i;y.__&&y.__(e,t),t.nodeType==9&&(t=t.documentElement),o=(n=e&&32&e.__u)?null:t.__k,t.__k=J(T,{children:[e]}),r=[],i=[],_t(t,t.__k,o||Z,Z,t.namespaceURI,o?null:t.firstChild?Pt.call(t.childNodes):null,r,o?o.__e:t.firstChild,n,i),qt(r,t.__k,i),t.__k.props.children=null}y={__e:function(e,t,n,o){for(var r,i,a;t=t.__;)if((r=t.__c)&&!(1&r.__g)){r.__g|=4;try{if((a=(i=r.constructor)&&i.getDerivedStateFromError)&&r.setState(i.getDerivedStateFromError(e)),r.componentDidCatch&&(r.componentDidCatch(e,o||{}),a=1),a&&8&r.__g)return void(r.__g|=2)}catch(s){e=s}}throw Q=0,e}},Ot=0,be=function(e){return e!=null&&e.constructor===B},X.prototype.setState=function(e,t){var n=this.__s;n&&n!=this.state||(n=this.__s=M({},this.state)),typeof e=="function"&&(e=e(M({},n),this.props)),e&&(M(n,e),this.__v&&(t&&this.__k.push(t),jt(this)))},X.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),jt(this))},X.prototype.render=T,O=[],Q=0,At=function(e,t){return e.__v.__b-t.__v.__b},V=Symbol(),Nt=/(PointerCapture)$|Capture$/i,at=0,st={},ke=0;var H,k,dt,Ht,ht=Object.is,tt=0,Xt=[],pt=[],b=y,Ft=b.__b,Ut=b.__r,It=b.diffed,Wt=b.__c,zt=b.unmount,Gt=b.__;function gt(e,t){b.__h&&b.__h(k,e,tt||t),tt=0;var n=k.__H||(k.__H={__:[],__h:[]});return e>=n.__.length&&n.__.push({}),n.__[e]}function C(e){return tt=1,Ae(Qt,e)}function Ae(e,t,n){var o=gt(H++,2);if(o.t=e,!o.__c&&(o.__=[n?n(t):Qt(void 0,t),function(i){var a=(o.__N||o.__)[0],s=o.t(a,i);ht(a,s)||(o.__N=[s,o.__[1]],o.__c.setState({}))}],o.__c=k,!k.__f)){k.__f=!0;var r=k.shouldComponentUpdate;k.shouldComponentUpdate=function(i,a,s){var u=this.__H;if(!u)return!0;var d=!1,_=this.props!=i;if(u.__.some(function(h){h.__N&&(d=!0,ht(h.__[0],h.__N[0])||(_=!0))}),r){var g=r.call(this,i,a,s);return d?g||_:g}return!d||_}}return o.__}function L(e,t){var n=gt(H++,3);!b.__s&&Kt(n.__H,t)&&(n.__P=!0,n.__=e,n.u=t,k.__H.__h.push(n))}function F(e){return tt=5,Ne(function(){return{current:e}},[])}function Ne(e,t){var n=gt(H++,7);return Kt(n.__H,t)&&(n.__=e(),n.__H=t),n.__}function Pe(){var e;do{for(;e=pt.shift();)try{q(e)}catch(n){b.__e(n,{__:(e=e.__P)&&e.__v})}for(;e=Xt.shift();){var t=e.__H;if(e.__P&&t)try{t.__h.some(q),t.__h.some(mt),t.__h=[]}catch(n){t.__h=[],b.__e(n,e.__v)}}}while(pt.length)}b.__b=function(e){k=null,Ft&&Ft(e)},b.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),Gt&&Gt(e,t)},b.__r=function(e){Ut&&Ut(e),H=0;var t=(k=e.__c).__H;t&&(dt==k?k.__h=[]:(t.__h.some(q),t.__h.some(mt),H=0),t.__h=[],t.__.some(function(n){n.__N&&(n.__=n.__N),n.u=n.__N=void 0})),dt=k},b.diffed=function(e){It&&It(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&Jt(Xt.push(t)),t.__H.__.some(function(n){n.u&&(n.__H=n.u)})),dt=k=null},b.__c=function(e,t){t.some(function(n){try{n.__h.some(q),n.__h=n.__h.filter(function(o){return!o.__||mt(o)})}catch(o){n.__h=[function(){throw o}]}}),Wt&&Wt(e,t)},b.unmount=function(e){zt&&zt(e);var t,n,o=e.__c;o&&o.__H&&(o.__H.__.some(function(r){try{if(r.__P&&r.__c){if(n===void 0){for(n=e.__;n&&(!n.__c||!n.__c.__P);)n=n.__;n=n&&n.__c}r.__P=n,Jt(pt.push(r))}else q(r)}catch(i){t=i}}),o.__H=void 0,t&&b.__e(t,o.__v))};var Vt=typeof requestAnimationFrame=="function";function De(e){var t,n=function(){clearTimeout(o),Vt&&cancelAnimationFrame(t),setTimeout(e)},o=setTimeout(n,35);Vt&&(t=requestAnimationFrame(n))}function Jt(e){e!=1&&Ht==b.requestAnimationFrame||((Ht=b.requestAnimationFrame)||De)(Pe)}function q(e){var t=k,n=e.__c;typeof n=="function"&&(e.__c=void 0,n()),k=t}function mt(e){var t=k;e.__c=e.__(),k=t}function Kt(e,t){return!e||e.length!=t.length||t.some(function(n,o){return!ht(n,e[o])})}function Qt(e,t){return typeof t=="function"?t(e):t}var Zt=`.oxillama-panel.oxillama-run-bar {
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
`;var U=class extends Error{constructor(t,n,{code:o,after:r}={}){super(t),this.status=n,this.code=o,this.after=r}};function yt(){let e=document.getElementById("jupyter-config-data");return e?JSON.parse(e.textContent):null}async function I(e,t={}){let n=yt();if(!n)throw new U("This page is not its kernel's.",0);let{baseUrl:o,token:r}=n,i=/(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1],a={...i&&{"X-XSRFToken":i},...r&&{Authorization:`token ${r}`}},s=await fetch(o+e,{...t,credentials:"same-origin",headers:a});if(!s.ok)throw await Le(s);return s}async function Le(e){let t=Number(e.headers.get("retry-after"))||null,n=await e.text();try{let{message:o,code:r}=JSON.parse(n).error;return new U(o,e.status,{code:r,after:t})}catch{return new U(`${e.status} ${e.statusText}`,e.status,{after:t})}}async function*Re(e){let t=e.body.pipeThrough(new TextDecoderStream).getReader(),n="";try{for(;;){let{done:o,value:r}=await t.read();if(o)return;let i=(n+r.replaceAll("\r","")).split(`

`);n=i.pop();for(let a of i){let s=Be(a);if(s.data==="[DONE]")return;s.data!==void 0&&(yield{...s,data:JSON.parse(s.data)})}}}finally{t.cancel().catch(()=>{})}}function Be(e){let t={};for(let n of e.split(`
`)){let[,o,r]=/^(\w+): ?(.*)$/s.exec(n)??[];o==="data"&&t.data!==void 0?t.data+=`
${r}`:o&&(t[o]=r)}return t}var Yt=[250,500,1e3,2e3,5e3,5e3,1e4,1e4],te=e=>new Promise(t=>setTimeout(t,e));async function*ee(e,t,n,{signal:o,after:r=null}={}){for(let i=0;;i+=1)try{let a=r===null?"":`?starting_after=${r}`,s=await I(e.own(`threads/${t}/runs/${n}/events${a}`),{signal:o});for await(let u of Re(s))if(u.id!==void 0&&(r=u.id),i=0,yield u,qe.has(u.event))return;return}catch(a){if(o?.aborted||a.status||i>=Yt.length)throw a;await te(Yt[i])}}var qe=new Set(["completed","failed","cancelled","expired","incomplete","requires_action"].map(e=>`thread.run.${e}`)),He=150;async function ne(e,t,n,{signal:o,told:r}){let i="";try{for(let a=0;!o.aborted;){let s=`threads/${t}/runs/${n}/thoughts?after=${a}&wait=10`,u=await e.ask(e.own(s),{signal:o});if(u.over||o.aborted)return;a=u.next,u.text&&r(i+=u.text),await te(He)}}catch(a){o.aborted||console.warn("oxillama:",a)}}function R(e){return String(e??"").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,t=>`\\u${t.charCodeAt(0).toString(16).padStart(4,"0")}`)}var oe=200,et=class{#t=new Map;#n=new Map;tokens=0;steps=0;get whole(){return[...this.#t.values()].join(`

`)}get reasoning(){return[...this.#n.values()].join(`

`)}feed({event:t,data:n}){if(t==="thread.message.delta")this.tokens+=1,this.#e(this.#t,n.id,n.delta.content.map(o=>o.text?.value??"").join(""));else if(t==="thread.message.completed"||t==="thread.message.incomplete"){let o=n.content.filter(r=>r.type==="text");this.#t.set(n.id,o.map(r=>r.text.value).join(`

`))}else t==="thread.run.step.created"?(this.steps+=1,n.reasoning_content&&this.#n.set(n.id,n.reasoning_content)):t==="thread.run.step.completed"&&n.type==="tool_calls"&&this.#t.set(n.id,n.step_details.tool_calls.map(o=>We(Fe(o))).join(`  
`))}#e(t,n,o){t.set(n,(t.get(n)??"")+o)}};function Fe({function:e,decision:t}){let n=re(Ue(e.name,t?.arguments??e.arguments));return t?.verdict==="denied"?`${n} was denied`:`${n}${t?.verdict==="edited"?" (edited)":""} \u2192 ${re(e.output??"")}`}function Ue(e,t){let n=Ie(t);return n?`${e}(${Object.entries(n).map(([o,r])=>`${o}=${JSON.stringify(r)}`).join(", ")})`:`${e}(${t})`}function Ie(e){try{let t=JSON.parse(e||"{}");return t&&typeof t=="object"&&!Array.isArray(t)?t:null}catch{return null}}function re(e){let t=R(e.split(/\s+/).filter(Boolean).join(" "));return t.length<=oe?t:`${t.slice(0,oe-1)}\u2026`}function We(e){let t=e.match(/`+/g)??[],n="`".repeat(1+Math.max(0,...t.map(r=>r.length))),o=t.length?" ":"";return`${n}${o}${e}${o}${n}`}var ze=1e3,Ge=10,Ve=500,Je=2e3,Xe=JSON.stringify({error:"The user denied this call; the function did not run."}),vt=new Set(["completed","failed","cancelled","expired","incomplete"]);function wt(e){return e.map(t=>t.reasoning_content).filter(Boolean).join(`

`)}function ie(e){return e.followed??=new xt(e)}var xt=class{#t;#n=new Set;#e=null;#i=()=>{};constructor(t){this.#t=t,this.text="",this.reasoning="",this.tokens=0,this.status="",this.missed=!1,this.error=null,this.since=Date.now(),this.firstText=null,this.object=null,this.calls=[],this.unreached=null}get id(){return this.#t.get("run_id")}get alone(){return!!this.#t.get("alone")}get#r(){return`threads/${this.#t.get("thread_id")}/runs/${this.#t.get("run_id")}`}get on(){return!vt.has(this.status)&&this.status!=="ended"&&!this.error}watch(t){return this.#n.add(t),this.#e||this.#d(),()=>{this.#n.delete(t),this.#n.size||this.#h()}}stop(){return this.#t.run?.on?this.#t.run.stop():this.#t.ask(this.#t.openai(`${this.#r}/cancel`),{method:"POST"})}async decide(t,n){let o={tool_call_id:t.id,...n},{calls:r}=await this.#t.ask(this.#t.own(`${this.#r}/decisions`),{body:o});this.calls=r,this.#o(),this.alone&&r.every(i=>i.decision?.verdict==="denied")&&await this.#a()}async#a(){let t=this.calls.map(({id:n})=>({tool_call_id:n,output:Xe}));await this.#t.ask(this.#t.openai(`${this.#r}/submit_tool_outputs`),{body:{tool_outputs:t}})}#o(){this.#n.forEach(t=>t())}#d(){let t=this.#e=new AbortController,n=this.#t,o=n.on("connected",()=>queueMicrotask(()=>this.#l(t.signal))),r=setTimeout(()=>this.#l(t.signal,!0),n.connected?0:ze);this.#i=()=>{o(),clearTimeout(r)},this.#l(t.signal)}#h(){this.#e?.abort(),this.#e=null,this.#i(),this.#s=""}#s="";#u=0;#l(t,n=!1){if(t.aborted||this.#s==="server"||!this.on)return;let{run:o,connected:r}=this.#t;r&&o?.status?this.#s!=="kernel"&&this.#m(o,t):this.#t.get("run_id")&&(n||r||this.#s==="kernel")&&(this.#s="server",this.#g(t).catch(i=>{t.aborted||(this.error=i,this.#o())}))}#c(t,n,o=()=>!1){let r=[this.#t.get("thread_id"),this.#t.get("run_id")],i=a=>{o()||!this.on||(this.reasoning=[n,a].filter(Boolean).join(`

`),this.#o())};return ne(this.#t,...r,{signal:t,told:i})}async#p(t){if(await this.#c(t,this.reasoning),!t.aborted)try{let n=await this.#t.ask(this.#t.openai(`${this.#r}/steps?order=asc`),{signal:t});this.reasoning=wt(n.data),this.#o()}catch(n){t.aborted||console.warn("oxillama:",n)}}#m(t,n){this.#s="kernel";let o=!1,r=()=>{if(this.#s!=="kernel")return;let i=this.status==="requires_action",{text:a,tokens:s,missed:u,status:d}=t;if(Object.assign(this,{text:a,tokens:s,missed:u,status:d}),d!=="in_progress"?o=!1:!o&&this.#t.get("run_id")&&(o=!0,this.#p(n)),a&&(this.firstText??=Date.now()),d==="requires_action"&&!i){let _=this.#u+=1,g=()=>_===this.#u&&this.status==="requires_action";this.#f(n,g).catch(h=>{n.aborted||console.warn("oxillama:",h)})}else d!=="requires_action"&&(this.calls=[]);this.#o()};t.views.add(r),n.addEventListener("abort",()=>t.views.delete(r)),r()}async#g(t){let n=new et,o=[this.#t.get("thread_id"),this.#t.get("run_id")],r=null;for(this.#_(await this.#t.ask(this.#t.openai(this.#r),{signal:t}));!t.aborted;){for await(let i of ee(this.#t,...o,{signal:t,after:r})){if(i.id!==void 0&&(r=i.id),/^thread\.run\.(?!step\.)/.test(i.event)?this.#_(i.data):n.feed(i),Object.assign(this,{text:n.whole,reasoning:n.reasoning,tokens:n.tokens}),i.event==="thread.run.in_progress"&&this.on){let{steps:a}=n;this.#c(t,n.reasoning,()=>n.steps!==a)}this.#o()}if(this.#_(await this.#t.ask(this.#t.openai(this.#r),{signal:t})),this.#o(),!this.on)return;this.status==="requires_action"?await this.#f(t,()=>!0):await new Promise(i=>setTimeout(i,Ve))}}#_(t){this.object=t,this.status=t.status,this.since=1e3*t.created_at,t.started_at&&(this.firstText=1e3*t.started_at),t.status!=="requires_action"&&(this.calls=[])}async#f(t,n){for(let o="";n()&&!t.aborted;){let r=await this.#y(o,t);if(!n()||t.aborted)return;if(r){if(this.calls=r.calls,this.#o(),r.status!=="requires_action")return;o=`?decided=${r.calls.filter(i=>i.decision).length}&wait=${Ge}`}}}async#y(t,n){try{let o=await this.#t.ask(this.#t.own(`${this.#r}/decisions${t}`),{signal:n});return this.unreached=null,o}catch(o){if(n.aborted)return null;if(this.unreached=o,this.#o(),o.status&&o.status<500)throw o;return await new Promise(r=>setTimeout(r,Je)),null}}};var Ke="tools tool_choice parallel_tool_calls model instructions temperature top_p max_prompt_tokens max_completion_tokens max_tokens response_format truncation_strategy reasoning_effort top_k min_p repeat_penalty frequency_penalty presence_penalty stop logit_bias typical_p top_n_sigma xtc_probability xtc_threshold dynatemp_range dynatemp_exponent mirostat mirostat_tau mirostat_eta repeat_last_n dry_multiplier dry_base dry_allowed_length dry_penalty_last_n dry_sequence_breakers adaptive_target adaptive_decay min_keep".split(" "),se=100;async function nt(e,t){let n=`threads/${t.thread_id}/messages?run_id=${t.id}&order=asc&limit=${se}`;return(await e.ask(e.openai(n))).data}function ae(e){return e.flatMap(t=>le(t)).join(`

`)}function le(e){return e.content.filter(t=>t.type==="text").map(t=>t.text.value)}async function _e(e,t){let[n]=await nt(e,t),o=[];for(let r=n?.id;;){let i=`order=desc&limit=${se}${r?`&after=${r}`:""}`,a=await e.ask(e.openai(`threads/${t.thread_id}/messages?${i}`));o.push(...a.data.filter(u=>n||Qe(u,t)));let s=o.findIndex(u=>u.role==="user");if(s>=0&&(o[s+1]||!a.has_more))return[o[s],o[s+1]??null];if(!a.has_more)throw new Error("The question is not in the thread any more.");r=a.data.at(-1).id}}function Qe(e,t){let n=t.failed_at??t.cancelled_at??t.completed_at??1/0;return e.created_at<=Math.min(t.created_at+1,n)}async function ue(e,t){let[n,o]=await _e(e,t),r=o?await e.ask(e.own(`threads/${t.thread_id}/fork`),{body:{message_id:o.id}}):await e.ask(e.openai("threads"),{body:{metadata:{forked_from:t.thread_id}}}),i=Ke.filter(s=>t[s]!=null&&t[s]!==""),a=le(n).map(s=>({type:"text",text:s}));return e.ask(e.openai(`threads/${r.id}/runs`),{body:{assistant_id:t.assistant_id,...Object.fromEntries(i.map(s=>[s,t[s]])),metadata:{retry_of:t.id},additional_messages:[{role:"user",content:a,metadata:n.metadata}]}})}async function ce(e,t){let n=(await nt(e,t)).at(-1)??(await _e(e,t))[0];return e.ask(e.own(`threads/${t.thread_id}/fork`),{body:{message_id:n.id}})}var Ze={completed:"Complete",cancelled:"Stopped",expired:"Expired: it took longer than the server allows",requires_action:"Waits for a decision about a call",queued:"Waits for its turn",in_progress:"Still being written",cancelling:"Being stopped"};function fe(e){if(e.status==="failed")return`Failed: ${R(e.last_error?.message??"the server did not say why")}`;if(e.status!=="incomplete")return Ze[e.status]??R(e.status);if(e.incomplete_details?.reason==="max_prompt_tokens")return"Cut: the prompt left no room";let t=e.max_completion_tokens??e.max_tokens;return t?`Cut at ${t.toLocaleString()} tokens`:"Cut: the context is full"}function de(e){if(!e.timings)return[];let{tokens_per_second:t,first_token:n}=e.timings,o=n<1?`${Math.round(1e3*n)} ms`:`${n.toFixed(1)} s`;return[...t?[`${t.toLocaleString([],{maximumFractionDigits:t<10?1:0})} tokens/s`]:[],`first token after ${o}`]}var Ye=Symbol.for("pv"),tn=0;function f(e,t,n,o,r,i){t||(t={});var a,s,u=t;if("ref"in u&&typeof e!="function")for(s in u={},t)s=="ref"?a=t[s]:u[s]=t[s];var d={type:e,props:u,key:n,ref:a,__k:null,__:null,__b:0,__e:null,__c:null,constructor:Ye,__v:--tn,__i:-1,__u:0};return(r||i)&&(d.__source=r,d.__self=i),y.vnode&&y.vnode(d),d}function en(e){return e.length>1e5?`${e.slice(0,1e5)}\u2026`:e}function he({text:e,open:t=!1,onFold:n}){return f("details",{class:"oxillama-thoughts",open:t,onToggle:o=>n?.(o.currentTarget.open),children:[f("summary",{children:"Reasoning"}),f("div",{class:"oxillama-plain",tabIndex:0,role:"group","aria-label":"Reasoning",children:en(e)})]})}var pe=`.oxillama-panel {
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

.oxillama-thoughts {
  border-inline-start: 3px solid var(--jp-border-color2, #ccc);
  margin: 2px 0 6px;
  padding: 0 8px;
}

.oxillama-thoughts > summary {
  color: var(--jp-ui-font-color1, #424242);
  cursor: pointer;
  font-family: var(--jp-ui-font-family, sans-serif);
}

.oxillama-thoughts > .oxillama-plain {
  max-height: 20em;
  overflow: auto;
  overflow-wrap: anywhere;
  unicode-bidi: isolate;
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
`;function bt(e,t,n){let o=`oxillama-${t}-styles`;if(e.getElementById(o))return;let r=e.createElement("style");r.id=o,r.textContent=n,e.head.append(r)}function me(e,t,n="",o=""){bt(t.ownerDocument,"base",pe),n&&bt(t.ownerDocument,o,n);let r=t.appendChild(t.ownerDocument.createElement("div"));return r.className=`oxillama-panel oxillama-${o}`,r.dataset.lmSuppressShortcuts="true",ft(e,r),()=>{ft(null,r),r.remove()}}function ge(e,t){let[n,o]=C({loading:!0}),[r,i]=C(0);return L(()=>{let a=new AbortController;return o(s=>({...s,loading:!0})),e(a.signal).then(s=>a.signal.aborted||o({data:s})).catch(s=>a.signal.aborted||o(u=>({data:u.data,error:s}))),()=>a.abort()},[...t,r]),{...n,reload:()=>i(a=>a+1)}}function W({onClick:e,label:t,kind:n="",children:o,disabled:r,...i}){let[a,s]=C(!1),[u,d]=C(null),_=F(!0);L(()=>()=>_.current=!1,[]);let g=async h=>{s(!0),d(null);try{await e(h)}catch(l){_.current&&d(l)}_.current&&s(!1)};return f(T,{children:[f("button",{type:"button",class:`oxillama-button ${n}`,"aria-label":t,title:t,disabled:r||a,onClick:g,...i,children:o}),u&&f(ot,{error:u})]})}function ot({error:e,children:t}){return f("span",{class:"oxillama-notice",role:"alert",children:e?e.message:t})}var St=1,on=Symbol.for(`oxillama.page.${St}`),kt=class{#t={};#n={};#e=null;#i=new Map;#r=new Set;constructor(t){this.id=t}learn(t){for(let n in t)/_id$/.test(n)?this.#t[n]||=t[n]:this.#t[n]??=t[n];return this}get connected(){return!!this.#e}get(t){return this.#e?.get(t)??this.#t[t]}set(t,n){this.#t[t]=n,this.#e?(this.#e.set(t,n),this.#e.save_changes()):(this.#n[t]=n,this.#a(t))}on(t,n){let o=this.#i.get(t)??new Set;return this.#i.set(t,o.add(n)),o.size===1&&this.#e?.on(`change:${t}`,this.#o(t)),()=>o.delete(n)}receive(t){return this.#r.add(t),()=>this.#r.delete(t)}send(t){return this.#e?.send(t),this.connected}async ask(t,{body:n,...o}={}){let r=n?{method:"POST",...o,body:JSON.stringify(n)}:o;return(await I(t,r)).json()}openai(t){return xe(ye().openai_prefix,t)}own(t){return xe(ye().prefix,t)}connect(t){if(!t)for(let n of[...this.#i.keys(),...Object.keys(this.#t)])this.#t[n]=this.get(n);if(this.#e=t,t){for(let n in this.#n)this.set(n,this.#n[n]);this.#n={}}for(let n of this.#i.keys())t?.on(`change:${n}`,this.#o(n)),this.#a(n);t?.on("comm_live_update",()=>this.#e===t&&this.connect(null)),t?.on("msg:custom",n=>this.#r.forEach(o=>o(n))),this.#a("connected")}#a(t){this.#i.get(t)?.forEach(n=>n(this.get(t)))}#o(t){let n=this.#e;return()=>this.#e===n&&this.#a(t)}};function ye(){return yt()?.oxillama??{}}function xe(e,t){let[n]=t.split("?");if(!e||/[^\w%.~!'()*/-]|(^|\/)(\.|%2e)+(\/|$)/i.test(n))throw new Error("The server has no such route.");return`${e}/${t}`}var $t=class{#t=new Map;#n={};lab=null;panel(t,n){return this.#t.has(t)||this.#t.set(t,new kt(t)),this.#t.get(t).learn(n)}async show(t,n,o){let r=t.own(`widgets/${n}.js`);try{return(await(this.#n[r]??=rn(r))).show(t,o,this)}catch(i){throw this.#n={},i}}};async function rn(e){let t=URL.createObjectURL(new Blob([await(await I(e)).text()],{type:"text/javascript"}));try{let n=await import(t);if(n.PROTOCOL!==St)throw new Error("Reload the page.");return n}finally{URL.revokeObjectURL(t)}}var zn=globalThis[on]??=new $t;var sn=1500,an=1e3,ln=2e3;function to(e,t,n){return me(f(ve,{panel:e,page:n}),t,Zt,"run-bar")}async function _n(e,t){let n=e.openai(`threads/${e.get("thread_id")}/runs/${e.get("run_id")}`),[o,r,i]=await Promise.all([e.ask(n,{signal:t}),e.ask(e.own("models"),{signal:t}).catch(()=>({data:[]})),e.ask(`${n}/steps?order=desc`,{signal:t}).catch(()=>({data:[]}))]),a=r.data?.find(u=>u.id===o.model)?.context??0,s=wt(i.data.toReversed());return{run:o,context:a,thoughts:s,used:(i.data[0]?.usage??o.usage)?.total_tokens??0}}function un(e,t){return t?t.status===void 0||t.status>=500?ln:null:e&&!vt.has(e.run.status)?an:null}function ve({panel:e,page:t}){let{data:n,error:o,reload:r}=ge(c=>_n(e,c),[e]),[i,a]=C(null),[s,u]=C(""),d=F(null);if(L(()=>{let c=un(n,o);if(!c)return;let x=setTimeout(r,c);return()=>clearTimeout(x)},[n,o]),o&&!n)return o.status===404?null:f(ot,{error:o});if(!n)return null;let{run:_}=n,g=async()=>{let c=await ue(e,_),x={thread_id:c.thread_id,run_id:c.id,alone:!0};a(t.panel(`run ${c.id}`,x))},h=async()=>{let c=await ce(e,_),m=t.lab?.insertCell(d.current,`%%oxillama --thread ${c.id}
`)?"The cell below goes on with it.":`Go on with %%oxillama --thread ${c.id}`;u(`Forked as ${c.id}. ${m}`)},l=async()=>{await navigator.clipboard.writeText(ae(await nt(e,_))),u("Copied."),setTimeout(()=>u(c=>c==="Copied."?"":c),sn)};return f("div",{ref:d,role:"group","aria-label":"About the answer",children:[f("div",{class:"oxillama-run-line",children:[f(cn,{...n}),f("span",{class:"oxillama-row",children:[f(W,{kind:"plain",label:"Retry: ask the same again, beside this answer",onClick:g,children:"Retry"}),f(W,{kind:"plain",label:"Fork: a thread that goes on from here",onClick:h,children:"Fork"}),f(W,{kind:"plain",label:"Copy the answer as Markdown",onClick:l,children:"Copy"}),f(W,{kind:"plain",label:"Show the prompt that the model read","aria-expanded":i==="prompt",onClick:()=>a(i==="prompt"?null:"prompt"),children:"Prompt"})]})]}),f("div",{class:"oxillama-quiet",role:"status",children:s}),n.thoughts&&f(he,{text:n.thoughts}),i==="prompt"&&f(we,{panel:e,page:t,name:"prompt_xray"}),i&&i!=="prompt"&&f(dn,{panel:i,page:t},i.id)]})}function cn({run:e,context:t,used:n}){let o=e.status==="failed"||e.status==="expired";return f("span",{class:"oxillama-row oxillama-quiet",children:[f("span",{class:o?"oxillama-notice":"oxillama-run-end",children:fe(e)}),de(e).map(r=>f("span",{children:r},r)),n>0&&t>0&&f(fn,{used:n,context:t})]})}function fn({used:e,context:t}){let n=Math.min(1,e/t),o=`${e.toLocaleString()} of ${t.toLocaleString()} tokens of context`;return f("span",{class:"oxillama-gauge",title:o,children:[f("span",{class:"oxillama-gauge-track","aria-hidden":"true",children:f("span",{class:n>.9?"full":"",style:{width:`${Math.max(2,100*n)}%`}})}),f("span",{"aria-hidden":"true",children:[n<.01?"< 1":Math.round(100*n)," % of context"]}),f("span",{class:"oxillama-hidden-label",children:o})]})}function we({panel:e,page:t,name:n}){let o=F(null),[r,i]=C(null);return L(()=>{let a=null,s=!1;return t.show(e,n,o.current).then(u=>s?u():a=u,u=>s||i(u)),()=>{s=!0,a?.()}},[e,n]),f(T,{children:[r&&f(ot,{error:r}),f("div",{ref:o})]})}function dn({panel:e,page:t}){let[n,o]=C(!0);return L(()=>{let r=ie(e);return r.watch(()=>o(r.on))},[e]),f("section",{class:"oxillama-another","aria-label":"Another answer",children:[f("p",{class:"oxillama-quiet",children:"Another answer"}),f(we,{panel:e,page:t,name:"run_cell_view"}),!n&&f(ve,{panel:e,page:t})]})}export{St as PROTOCOL,to as show};
