// Made by widgets/build from 18cb3a1244a286ca52d796b76832346ee7d6ca761a0dd8e708d487b97178b0cb; see LICENSES.txt.
var g,Ot,ke,P,it,Q,Pt,G,At,at,st,$e,q=Symbol.for("pv"),Z={},Y=[],Se=/^m(i|n|o|s|text|space)$/,lt=Array.isArray,Nt=Y.slice,R=Object.assign;function L(e){e&&e.parentNode&&e.remove()}function J(e,t,n,o,r){var i={type:e,props:t,key:n,ref:o,__k:null,__:null,__b:0,__e:null,__c:null,constructor:q,__v:r||++Ot,__i:-1,__u:0};return!r&&g.vnode&&g.vnode(i),i}function C(e){return e.children}function K(e,t){this.props=e,this.context=t,this.__g=0}function A(e,t){if(t==null)return e.__&&A(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;return typeof e.type!="function"||e.props.__P?null:A(e)}function Te(e){var t,n=e.__v,o=n.__e,r=[],i=[],a=e.__P;a&&((t=R({constructor:q},n)).__v=n.__v+1,g.vnode&&g.vnode(t),ct(a,t,n,e.__n,a.namespaceURI,32&n.__u?[o]:null,r,o||A(n),32&n.__u,i),t.__v=n.__v,t.__.__k[t.__i]=t,qt(r,t,i),n.__=n.__e=null,t.__e!=o&&Dt(t))}function Dt(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),Dt(e)}function jt(e){(8&e.__g||(e.__g|=8,P.push(e),Q++))&&it==g.debounceRendering||((it=g.debounceRendering)||queueMicrotask)(Mt)}function Mt(){try{for(var e,t=1;P.length;)P.length>t&&P.sort(Pt),e=P.shift(),t=P.length,8&e.__g&&Te(e)}finally{(Q=P.length)&&(it||queueMicrotask)(Mt)}}function Lt(e,t,n,o,r,i,a,s,u,d,c){var p,_,l,h,w,y,x=o.__k||Y,m=t.length;for(u=Ce(n,t,x,u,m),p=0;p<m;p++)(l=n.__k[p])!=null&&(_=~l.__i&&x[l.__i]||Z,l.__i=p,y=ct(e,l,_,r,i,a,s,u,d,c),h=l.__e,(_.ref!=l.ref||8&_.__u)&&(_.ref&&ut(_.ref,null,l,_),l.ref&&c.push(l.ref,l.__c||h,l)),w=w||h,4&l.__u?(u=Rt(l,u,e,!_.__v),_.__e&&(_.__e=null)):typeof l.type=="function"&&y!==void 0?u=y:h&&(u=h.nextSibling),l.__u&=-21);return n.__e=w,u}function Ce(e,t,n,o,r){var i,a,s,u,d,c,p,_,l,h=n.length,w=h,y=0,x=0,m=e.__k=Array(r);for(i=0;i<r;i++)(a=t[i])!=null&&typeof a!="boolean"&&typeof a!="function"?(typeof a!="object"||a.constructor===String?a=m[i]=J(null,a):lt(a)?a=m[i]=J(C,{children:a}):a.constructor===q&&a.__b?a=m[i]=J(a.type,a.props,a.key,a.ref,a.__v):m[i]=a,u=i+y,a.__=e,a.__b=e.__b+1,s=null,~(d=a.__i=je(a,n,u,w))&&(w--,(s=n[d])&&(s.__u|=2)),s&&s.__v?(a.__u|=16,d==u-1?y--:d==u+1?y++:d!=u&&(d>u?y--:y++,x=1)):(~d||(r>h?y--:r<h&&y++),typeof a.type!="function"&&(a.__u|=4))):m[i]=null;if(x){for(c=[],p=[],i=0;i<r;i++)if((a=m[i])&&16&a.__u){for(y=0,_=c.length;y<_;)c[l=y+_>>1]<a.__i?y=l+1:_=l;c[y]=a.__i,p[i]=y+1}for(y=c.length;i--;)p[i]&&(p[i]==y?y--:m[i].__u|=4)}if(w)for(i=0;i<h;i++)!(s=n[i])||2&s.__u||(s.__e==o&&(o=A(s)),_t(s,s));return o}function Rt(e,t,n,o){var r,i,a,s;if(typeof e.type=="function"){if(e.props.__P)return t;if(r=e.__k)for(i=0;i<r.length;i++)r[i]&&(r[i].__=e,t=Rt(r[i],t,n,!1));return t}for(t&&!t.parentNode&&(t=A(e))&&!t.parentNode&&(t=null),a=e.__e,s=t;s&&s.nodeType==8;)s=s.nextSibling;for(a!=s&&(!o&&n.moveBefore&&a.parentNode?n.moveBefore(a,t):n.insertBefore(a,t||null)),t=a;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function je(e,t,n,o){var r,i=e.key,a=e.type,s=t[n],u=s&&!(2&s.__u);if(s===null&&i==null||u&&i==s.key&&a==s.type)return n;if(o>(u?1:0)){for(r=n-1;r>=0;r--)if((s=t[r])&&!(2&s.__u)&&i==s.key&&a==s.type)return r;for(r=n+1;r<t.length;r++)if((s=t[r])&&!(2&s.__u)&&i==s.key&&a==s.type)return r}return-1}function Et(e,t,n){n==null&&(n=""),t[0]=="-"?e.setProperty(t,n):e[t]=n}function V(e,t,n,o,r){var i,a;if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof o=="string"&&(e.style.cssText=o=""),o)for(t in o)n&&t in n||Et(e.style,t);if(n)for(t in n)o&&n[t]==o[t]||Et(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")typeof n!="function"&&(n=null),typeof o!="function"&&(o=null),(e.__e||(e.__e={}))[t]=n,n&&o||(a=st[t]||(st[t]=Ee(t)),(e.__a||(e.__a={}))[t]=at,i=t!=(t=t.replace(At,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),n?e.addEventListener(t,a,i):e.removeEventListener(t,a,i));else{if(r=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n)}}function Ee(e){return function(t){var n=this.__e;if(n){if(n=n[e],t[G]==null)t[G]=at++;else if(t[G]<this.__a[e])return;return n(g.event?g.event(t):t)}}}function ct(e,t,n,o,r,i,a,s,u,d){var c,p,_,l,h,w,y,x,m,$,v,rt,Tt,z,D,Ct,O,M,E=t.type;if(t.constructor!==q)return null;128&n.__u&&(u=32&n.__u,c=n.__c.__z)&&(t.__u|=u,p=i=[],c.nodeType==8?s=X(c,i):i.push(c),s=i[0]||s),(c=g.__b)&&c(t);t:if(typeof E=="function"){_=a.length;try{if(x=t.props,m=(c=E.prototype)&&c.render,$=(c=E.contextType)&&o[c.__c],v=c?$?$.props.value:c.__:o,(l=n.__c)?(t.__c=l,2&l.__g&&(l.__g|=1)):(m?t.__c=l=new E(x,v):(t.__c=l=new K(x,v),l.constructor=E,l.render=Pe),$&&$.sub(l),l.state||(l.state={}),l.__n=o,l.__g|=8,l.__h=[],l.__k=[]),m&&(l.__s||(l.__s=l.state),E.getDerivedStateFromProps&&(l.__s==l.state&&(l.__s=R({},l.__s)),R(l.__s,E.getDerivedStateFromProps(x,l.__s)))),h=l.props,w=l.state,l.__v=t,n.__c){if(x!==h&&m&&!E.getDerivedStateFromProps&&l.componentWillReceiveProps&&l.componentWillReceiveProps(x,v),t.__v==n.__v&&!(8&l.__g)||!(4&l.__g)&&l.shouldComponentUpdate&&l.shouldComponentUpdate(x,l.__s,v)===!1){t.__v!=n.__v&&(l.props=x,l.state=l.__s,l.__g&=-9),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(S){S&&(S.__=t)}),Y.push.apply(l.__h,l.__k),l.__k=[],l.__h.length&&a.push(l),s=A(n);break t}l.componentWillUpdate&&l.componentWillUpdate(x,l.__s,v),m&&l.componentDidUpdate&&l.__h.push(function(){l.componentDidUpdate(h,w,y)})}else m&&!E.getDerivedStateFromProps&&l.componentWillMount&&l.componentWillMount(),m&&l.componentDidMount&&l.__h.push(l.componentDidMount);l.context=v,l.props=x,l.__P=e,l.__g&=-5,rt=g.__r,Tt=m?25:0;do l.__g&=-9,rt&&rt(t),c=l.render(l.props,l.state=l.__s,l.context);while(8&l.__g&&++Tt<25);m&&(Y.push.apply(l.__h,l.__k),l.__k=[]),l.state=l.__s,l.getChildContext&&(o=R({},o,l.getChildContext())),m&&n.__c&&l.getSnapshotBeforeUpdate&&(y=l.getSnapshotBeforeUpdate(h,w)),z=c&&c.type===C&&c.key==null?c.props.children:c,x.__P&&(c=s,r=(e=x.__P).namespaceURI,u=i=null,n.props&&n.props.__P!=e&&(n.__k.some(function(S){S&&_t(S,S)}),n.__k=null),s=n.__k?A(n,0):null),s=Lt(e,lt(z)?z:[z],t,n,o,r,i,a,s,u,d),x.__P&&(t.__e=null,s=c),t.__u&=-161,p&&p.some(L),l.__h.length&&a.push(l),1&l.__g&&(l.__g&=-4)}catch(S){if(a.length=_,t.__v=null,u||i)if(S&&S.then){if(t.__u|=128|u,i){for(~(O=i.indexOf(s||void 0))||(O=i.length);(M=i[O-1])&&M.nodeType==8;)O--;for(;O<i.length;O++)if(M=i[O])if(i[O]=null,D){if(M==Ct)break}else{if(M.nodeType!=8)break;M.data.startsWith("$s")&&(Ct=X(D=M))}}if(!D){for(;s&&s.nodeType==8&&s.nextSibling;)s=s.nextSibling;D=s}(c=X(D=t.__c.__z||(t.__c.__z=D)))?(t.__e=D,s=c):t.__e=s,s=s&&s.nextSibling}else i&&i.some(L);else t.__e=n.__e;t.__k||(t.__k=n.__k||[]),S&&S.then||Bt(t),g.__e(S,t,n)}}else s=t.__e=Oe(n.__e,t,n,o,r,i,a,u,d,e);return(c=g.diffed)&&c(t),s}function X(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var n=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))n++;else if(e.data.startsWith("/$s")&&!--n)return e}t&&t.push(e)}}function Bt(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(Bt))}function qt(e,t,n){for(var o=0;o<n.length;)ut(n[o++],n[o++],n[o++]);g.__c&&g.__c(t,e),e.some(function(r){try{e=r.__h,r.__h=[],e.some(function(i){i.call(r)})}catch(i){g.__e(i,r.__v)}})}function Oe(e,t,n,o,r,i,a,s,u,d){var c,p,_,l,h,w,y,x,m=n.props||Z,$=t.props,v=t.type;if(v=="svg"?r="http://www.w3.org/2000/svg":v=="math"?r="http://www.w3.org/1998/Math/MathML":r||(r="http://www.w3.org/1999/xhtml"),i){for(c=0;c<i.length;c++)if((h=i[c])&&(v?h.localName==v:h.nodeType==3)){e=h,i[c]=null;break}}if(!e){if(x=d.ownerDocument||document,!v)return x.createTextNode($);e=x.createElementNS(r,v,$.is?$:d),s&&(g.__m&&g.__m(t,i),s=!1),i=null}if(v){if(d=v=="template"&&e.content||e,i=v=="textarea"&&$.defaultValue!=null?null:i&&Nt.call(d.childNodes),!s&&i)for(m={},c=0;c<e.attributes.length;c++)m[(h=e.attributes[c]).name]=h.value;for(c in m)h=m[c],c=="dangerouslySetInnerHTML"?_=h:c=="children"||c in $||c=="value"&&"defaultValue"in $||c=="checked"&&"defaultChecked"in $||V(e,c,null,h,r);for(c in $)h=$[c],c=="children"?l=h:c=="dangerouslySetInnerHTML"?p=h:c=="value"?w=h:c=="checked"?y=h:s&&typeof h!="function"||m[c]===h||V(e,c,h,m[c],r);p?(s||_&&(p.__html==_.__html||p.__html==e.innerHTML)||(e.innerHTML=p.__html),t.__k=[]):(_&&(e.textContent=""),(v=="foreignObject"||r=="http://www.w3.org/1998/Math/MathML"&&Se.test(v))&&(r="http://www.w3.org/1999/xhtml"),Lt(d,lt(l)?l:[l],t,n,o,r,i,a,i?i[0]:n.__k&&A(n,0),s,u),i&&i.some(L)),s&&v!="textarea"||(c="value",v=="progress"&&w==null?e.removeAttribute(c):w==null||w===e[c]&&(v!="progress"||w)||V(e,c,w,m[c],r),c="checked",y!=null&&y!=e[c]&&V(e,c,y,m[c],r))}else m===$||s&&e.data==$||(e.data=$);return e}function ut(e,t,n,o){try{typeof e=="function"?t?t.__x=e(t)||1:o&&(o=o.__c||o.__e)&&(t=o.__x)&&(o.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(r){g.__e(r,n)}}function _t(e,t,n){var o,r,i,a;if(g.unmount&&g.unmount(e),!(o=e.ref)||o.current&&o.current!=e.__e||ut(o,null,t,e),o=e.__c){if(o.componentWillUnmount)try{o.componentWillUnmount()}catch(s){g.__e(s,t)}o.__P=o.__n=null}if(o=e.__k)for(a=0;a<o.length;a++)o[a]&&_t(o[a],t,typeof e.type!="function"||n&&!e.props.__P);!n&&(o=e.__c)&&(o=o.__z)&&(r=X(o,i=[]))&&(o==e.__e&&i.some(L),L(r),L(o)),n||L(e.__e),e.__e=e.__c=e.__=null}function Pe(e,t,n){return this.constructor(e,n)}function ft(e,t){var n,o,r,i;g.__&&g.__(e,t),t.nodeType==9&&(t=t.documentElement),o=(n=e&&32&e.__u)?null:t.__k,t.__k=J(C,{children:[e]}),r=[],i=[],ct(t,t.__k,o||Z,Z,t.namespaceURI,o?null:t.firstChild?Nt.call(t.childNodes):null,r,o?o.__e:t.firstChild,n,i),qt(r,t.__k,i),t.__k.props.children=null}g={__e:function(e,t,n,o){for(var r,i,a;t=t.__;)if((r=t.__c)&&!(1&r.__g)){r.__g|=4;try{if((a=(i=r.constructor)&&i.getDerivedStateFromError)&&r.setState(i.getDerivedStateFromError(e)),r.componentDidCatch&&(r.componentDidCatch(e,o||{}),a=1),a&&8&r.__g)return void(r.__g|=2)}catch(s){e=s}}throw Q=0,e}},Ot=0,ke=function(e){return e!=null&&e.constructor===q},K.prototype.setState=function(e,t){var n=this.__s;n&&n!=this.state||(n=this.__s=R({},this.state)),typeof e=="function"&&(e=e(R({},n),this.props)),e&&(R(n,e),this.__v&&(t&&this.__k.push(t),jt(this)))},K.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),jt(this))},K.prototype.render=C,P=[],Q=0,Pt=function(e,t){return e.__v.__b-t.__v.__b},G=Symbol(),At=/(PointerCapture)$|Capture$/i,at=0,st={},$e=0;var H,k,dt,Ft,ht=Object.is,tt=0,Kt=[],pt=[],b=g,Ht=b.__b,It=b.__r,Ut=b.diffed,Wt=b.__c,zt=b.unmount,Vt=b.__;function gt(e,t){b.__h&&b.__h(k,e,tt||t),tt=0;var n=k.__H||(k.__H={__:[],__h:[]});return e>=n.__.length&&n.__.push({}),n.__[e]}function T(e){return tt=1,Ae(Qt,e)}function Ae(e,t,n){var o=gt(H++,2);if(o.t=e,!o.__c&&(o.__=[n?n(t):Qt(void 0,t),function(i){var a=(o.__N||o.__)[0],s=o.t(a,i);ht(a,s)||(o.__N=[s,o.__[1]],o.__c.setState({}))}],o.__c=k,!k.__f)){k.__f=!0;var r=k.shouldComponentUpdate;k.shouldComponentUpdate=function(i,a,s){var u=this.__H;if(!u)return!0;var d=!1,c=this.props!=i;if(u.__.some(function(_){_.__N&&(d=!0,ht(_.__[0],_.__N[0])||(c=!0))}),r){var p=r.call(this,i,a,s);return d?p||c:p}return!d||c}}return o.__}function N(e,t){var n=gt(H++,3);!b.__s&&Xt(n.__H,t)&&(n.__P=!0,n.__=e,n.u=t,k.__H.__h.push(n))}function j(e){return tt=5,Ne(function(){return{current:e}},[])}function Ne(e,t){var n=gt(H++,7);return Xt(n.__H,t)&&(n.__=e(),n.__H=t),n.__}function De(){var e;do{for(;e=pt.shift();)try{F(e)}catch(n){b.__e(n,{__:(e=e.__P)&&e.__v})}for(;e=Kt.shift();){var t=e.__H;if(e.__P&&t)try{t.__h.some(F),t.__h.some(mt),t.__h=[]}catch(n){t.__h=[],b.__e(n,e.__v)}}}while(pt.length)}b.__b=function(e){k=null,Ht&&Ht(e)},b.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),Vt&&Vt(e,t)},b.__r=function(e){It&&It(e),H=0;var t=(k=e.__c).__H;t&&(dt==k?k.__h=[]:(t.__h.some(F),t.__h.some(mt),H=0),t.__h=[],t.__.some(function(n){n.__N&&(n.__=n.__N),n.u=n.__N=void 0})),dt=k},b.diffed=function(e){Ut&&Ut(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&Jt(Kt.push(t)),t.__H.__.some(function(n){n.u&&(n.__H=n.u)})),dt=k=null},b.__c=function(e,t){t.some(function(n){try{n.__h.some(F),n.__h=n.__h.filter(function(o){return!o.__||mt(o)})}catch(o){n.__h=[function(){throw o}]}}),Wt&&Wt(e,t)},b.unmount=function(e){zt&&zt(e);var t,n,o=e.__c;o&&o.__H&&(o.__H.__.some(function(r){try{if(r.__P&&r.__c){if(n===void 0){for(n=e.__;n&&(!n.__c||!n.__c.__P);)n=n.__;n=n&&n.__c}r.__P=n,Jt(pt.push(r))}else F(r)}catch(i){t=i}}),o.__H=void 0,t&&b.__e(t,o.__v))};var Gt=typeof requestAnimationFrame=="function";function Me(e){var t,n=function(){clearTimeout(o),Gt&&cancelAnimationFrame(t),setTimeout(e)},o=setTimeout(n,35);Gt&&(t=requestAnimationFrame(n))}function Jt(e){e!=1&&Ft==b.requestAnimationFrame||((Ft=b.requestAnimationFrame)||Me)(De)}function F(e){var t=k,n=e.__c;typeof n=="function"&&(e.__c=void 0,n()),k=t}function mt(e){var t=k;e.__c=e.__(),k=t}function Xt(e,t){return!e||e.length!=t.length||t.some(function(n,o){return!ht(n,e[o])})}function Qt(e,t){return typeof t=="function"?t(e):t}var Zt=`.oxillama-panel.oxillama-run-bar {
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
`;var Re=1e4,Yt=[2,4,8,15,30].map(e=>e*1e3);function Be(e){let[t,n]=T(!1);return N(()=>{let o=e.current.ownerDocument,r=!1,i=()=>n(r&&!o.hidden),a=new IntersectionObserver(s=>{r=s.at(-1).isIntersecting,i()});return a.observe(e.current),o.addEventListener("visibilitychange",i),()=>{a.disconnect(),o.removeEventListener("visibilitychange",i)}},[]),t}function te(e,t,n){let o=Be(t),[r,i]=T({data:null,error:null,since:0,wait:0}),[a,s]=T(0),u=j();u.current={load:e,pace:n};let d=j(0);return N(()=>{if(!o)return;let c=new AbortController,p,_=async()=>{let l;try{let h=await u.current.load(qe(c.signal));if(c.signal.aborted)return;d.current=0,l=u.current.pace(h),i({data:h,error:null,since:0,wait:l})}catch(h){if(c.signal.aborted)return;l=Yt[Math.min(d.current++,Yt.length-1)],i(w=>({data:w.data,error:h,since:w.since||Date.now(),wait:l}))}l!==null&&(p=setTimeout(_,l))};return _(),()=>{c.abort(),clearTimeout(p)}},[o,a]),{...r,shown:o,reload:()=>s(c=>c+1)}}function qe(e){return AbortSignal.any([e,AbortSignal.timeout(Re)])}var I=class extends Error{constructor(t,n,{code:o,after:r}={}){super(t),this.status=n,this.code=o,this.after=r}};function yt(){let e=document.getElementById("jupyter-config-data");return e?JSON.parse(e.textContent):null}async function U(e,t={}){let n=yt();if(!n)throw new I("This page is not its kernel's.",0);let{baseUrl:o,token:r}=n,i=/(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1],a={...i&&{"X-XSRFToken":i},...r&&{Authorization:`token ${r}`}},s=await fetch(o+e,{...t,credentials:"same-origin",headers:a});if(!s.ok)throw await Fe(s);return s}async function Fe(e){let t=Number(e.headers.get("retry-after"))||null,n=await e.text();try{let{message:o,code:r}=JSON.parse(n).error;return new I(o,e.status,{code:r,after:t})}catch{return new I(`${e.status} ${e.statusText}`,e.status,{after:t})}}async function*He(e){let t=e.body.pipeThrough(new TextDecoderStream).getReader(),n="";try{for(;;){let{done:o,value:r}=await t.read();if(o)return;let i=(n+r.replaceAll("\r","")).split(`

`);n=i.pop();for(let a of i){let s=Ie(a);if(s.data==="[DONE]")return;s.data!==void 0&&(yield{...s,data:JSON.parse(s.data)})}}}finally{t.cancel().catch(()=>{})}}function Ie(e){let t={};for(let n of e.split(`
`)){let[,o,r]=/^(\w+): ?(.*)$/s.exec(n)??[];o==="data"&&t.data!==void 0?t.data+=`
${r}`:o&&(t[o]=r)}return t}var ee=[250,500,1e3,2e3,5e3,5e3,1e4,1e4],ne=e=>new Promise(t=>setTimeout(t,e));async function*oe(e,t,n,{signal:o,after:r=null}={}){for(let i=0;;i+=1)try{let a=r===null?"":`?starting_after=${r}`,s=await U(e.own(`threads/${t}/runs/${n}/events${a}`),{signal:o});for await(let u of He(s))if(u.id!==void 0&&(r=u.id),i=0,yield u,Ue.has(u.event))return;return}catch(a){if(o?.aborted||a.status||i>=ee.length)throw a;await ne(ee[i])}}var Ue=new Set(["completed","failed","cancelled","expired","incomplete","requires_action"].map(e=>`thread.run.${e}`)),We=150;async function re(e,t,n,{signal:o,told:r}){let i="";try{for(let a=0;!o.aborted;){let s=`threads/${t}/runs/${n}/thoughts?after=${a}&wait=10`,u=await e.ask(e.own(s),{signal:o});if(u.over||o.aborted)return;a=u.next,u.text&&r(i+=u.text),await ne(We)}}catch(a){o.aborted||console.warn("oxillama:",a)}}function B(e){return String(e??"").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,t=>`\\u${t.charCodeAt(0).toString(16).padStart(4,"0")}`)}var ie=200,et=class{#t=new Map;#n=new Map;tokens=0;steps=0;get whole(){return[...this.#t.values()].join(`

`)}get reasoning(){return[...this.#n.values()].join(`

`)}feed({event:t,data:n}){if(t==="thread.message.delta")this.tokens+=1,this.#e(this.#t,n.id,n.delta.content.map(o=>o.text?.value??"").join(""));else if(t==="thread.message.completed"||t==="thread.message.incomplete"){let o=n.content.filter(r=>r.type==="text");this.#t.set(n.id,o.map(r=>r.text.value).join(`

`))}else t==="thread.run.step.created"?(this.steps+=1,n.reasoning_content&&this.#n.set(n.id,n.reasoning_content)):t==="thread.run.step.completed"&&n.type==="tool_calls"&&this.#t.set(n.id,n.step_details.tool_calls.map(o=>Je(ze(o))).join(`  
`))}#e(t,n,o){t.set(n,(t.get(n)??"")+o)}};function ze({function:e,decision:t}){let n=se(Ve(e.name,t?.arguments??e.arguments));return t?.verdict==="denied"?`${n} was denied`:`${n}${t?.verdict==="edited"?" (edited)":""} \u2192 ${se(e.output??"")}`}function Ve(e,t){let n=Ge(t);return n?`${e}(${Object.entries(n).map(([o,r])=>`${o}=${JSON.stringify(r)}`).join(", ")})`:`${e}(${t})`}function Ge(e){try{let t=JSON.parse(e||"{}");return t&&typeof t=="object"&&!Array.isArray(t)?t:null}catch{return null}}function se(e){let t=B(e.split(/\s+/).filter(Boolean).join(" "));return t.length<=ie?t:`${t.slice(0,ie-1)}\u2026`}function Je(e){let t=e.match(/`+/g)??[],n="`".repeat(1+Math.max(0,...t.map(r=>r.length))),o=t.length?" ":"";return`${n}${o}${e}${o}${n}`}var Ke=1e3,Xe=10,Qe=500,Ze=2e3,Ye=JSON.stringify({error:"The user denied this call; the function did not run."}),vt=new Set(["completed","failed","cancelled","expired","incomplete"]);function wt(e){return e.map(t=>t.reasoning_content).filter(Boolean).join(`

`)}function ae(e){return e.followed??=new xt(e)}var xt=class{#t;#n=new Set;#e=null;#i=()=>{};constructor(t){this.#t=t,this.text="",this.reasoning="",this.tokens=0,this.status="",this.missed=!1,this.error=null,this.since=Date.now(),this.firstText=null,this.object=null,this.calls=[],this.unreached=null}get id(){return this.#t.get("run_id")}get alone(){return!!this.#t.get("alone")}get#r(){return`threads/${this.#t.get("thread_id")}/runs/${this.#t.get("run_id")}`}get on(){return!vt.has(this.status)&&this.status!=="ended"&&!this.error}watch(t){return this.#n.add(t),this.#e||this.#d(),()=>{this.#n.delete(t),this.#n.size||this.#h()}}stop(){return this.#t.run?.on?this.#t.run.stop():this.#t.ask(this.#t.openai(`${this.#r}/cancel`),{method:"POST"})}async decide(t,n){let o={tool_call_id:t.id,...n},{calls:r}=await this.#t.ask(this.#t.own(`${this.#r}/decisions`),{body:o});this.calls=r,this.#o(),this.alone&&r.every(i=>i.decision?.verdict==="denied")&&await this.#a()}async#a(){let t=this.calls.map(({id:n})=>({tool_call_id:n,output:Ye}));await this.#t.ask(this.#t.openai(`${this.#r}/submit_tool_outputs`),{body:{tool_outputs:t}})}#o(){this.#n.forEach(t=>t())}#d(){let t=this.#e=new AbortController,n=this.#t,o=n.on("connected",()=>queueMicrotask(()=>this.#l(t.signal))),r=setTimeout(()=>this.#l(t.signal,!0),n.connected?0:Ke);this.#i=()=>{o(),clearTimeout(r)},this.#l(t.signal)}#h(){this.#e?.abort(),this.#e=null,this.#i(),this.#s=""}#s="";#u=0;#l(t,n=!1){if(t.aborted||this.#s==="server"||!this.on)return;let{run:o,connected:r}=this.#t;r&&o?.status?this.#s!=="kernel"&&this.#m(o,t):this.#t.get("run_id")&&(n||r||this.#s==="kernel")&&(this.#s="server",this.#g(t).catch(i=>{t.aborted||(this.error=i,this.#o())}))}#_(t,n,o=()=>!1){let r=[this.#t.get("thread_id"),this.#t.get("run_id")],i=a=>{o()||!this.on||(this.reasoning=[n,a].filter(Boolean).join(`

`),this.#o())};return re(this.#t,...r,{signal:t,told:i})}async#p(t){if(await this.#_(t,this.reasoning),!t.aborted)try{let n=await this.#t.ask(this.#t.openai(`${this.#r}/steps?order=asc`),{signal:t});this.reasoning=wt(n.data),this.#o()}catch(n){t.aborted||console.warn("oxillama:",n)}}#m(t,n){this.#s="kernel";let o=!1,r=()=>{if(this.#s!=="kernel")return;let i=this.status==="requires_action",{text:a,tokens:s,missed:u,status:d}=t;if(Object.assign(this,{text:a,tokens:s,missed:u,status:d}),d!=="in_progress"?o=!1:!o&&this.#t.get("run_id")&&(o=!0,this.#p(n)),a&&(this.firstText??=Date.now()),d==="requires_action"&&!i){let c=this.#u+=1,p=()=>c===this.#u&&this.status==="requires_action";this.#f(n,p).catch(_=>{n.aborted||console.warn("oxillama:",_)})}else d!=="requires_action"&&(this.calls=[]);this.#o()};t.views.add(r),n.addEventListener("abort",()=>t.views.delete(r)),r()}async#g(t){let n=new et,o=[this.#t.get("thread_id"),this.#t.get("run_id")],r=null;for(this.#c(await this.#t.ask(this.#t.openai(this.#r),{signal:t}));!t.aborted;){for await(let i of oe(this.#t,...o,{signal:t,after:r})){if(i.id!==void 0&&(r=i.id),/^thread\.run\.(?!step\.)/.test(i.event)?this.#c(i.data):n.feed(i),Object.assign(this,{text:n.whole,reasoning:n.reasoning,tokens:n.tokens}),i.event==="thread.run.in_progress"&&this.on){let{steps:a}=n;this.#_(t,n.reasoning,()=>n.steps!==a)}this.#o()}if(this.#c(await this.#t.ask(this.#t.openai(this.#r),{signal:t})),this.#o(),!this.on)return;this.status==="requires_action"?await this.#f(t,()=>!0):await new Promise(i=>setTimeout(i,Qe))}}#c(t){this.object=t,this.status=t.status,this.since=1e3*t.created_at,t.started_at&&(this.firstText=1e3*t.started_at),t.status!=="requires_action"&&(this.calls=[])}async#f(t,n){for(let o="";n()&&!t.aborted;){let r=await this.#y(o,t);if(!n()||t.aborted)return;if(r){if(this.calls=r.calls,this.#o(),r.status!=="requires_action")return;o=`?decided=${r.calls.filter(i=>i.decision).length}&wait=${Xe}`}}}async#y(t,n){try{let o=await this.#t.ask(this.#t.own(`${this.#r}/decisions${t}`),{signal:n});return this.unreached=null,o}catch(o){if(n.aborted)return null;if(this.unreached=o,this.#o(),o.status&&o.status<500)throw o;return await new Promise(r=>setTimeout(r,Ze)),null}}};var tn="tools tool_choice parallel_tool_calls model instructions temperature top_p max_prompt_tokens max_completion_tokens max_tokens response_format truncation_strategy reasoning_effort top_k min_p repeat_penalty frequency_penalty presence_penalty stop logit_bias typical_p top_n_sigma xtc_probability xtc_threshold dynatemp_range dynatemp_exponent mirostat mirostat_tau mirostat_eta repeat_last_n dry_multiplier dry_base dry_allowed_length dry_penalty_last_n dry_sequence_breakers adaptive_target adaptive_decay min_keep".split(" "),le=100;async function nt(e,t){let n=`threads/${t.thread_id}/messages?run_id=${t.id}&order=asc&limit=${le}`;return(await e.ask(e.openai(n))).data}function ce(e){return e.flatMap(t=>ue(t)).join(`

`)}function ue(e){return e.content.filter(t=>t.type==="text").map(t=>t.text.value)}async function _e(e,t){let[n]=await nt(e,t),o=[];for(let r=n?.id;;){let i=`order=desc&limit=${le}${r?`&after=${r}`:""}`,a=await e.ask(e.openai(`threads/${t.thread_id}/messages?${i}`));o.push(...a.data.filter(u=>n||en(u,t)));let s=o.findIndex(u=>u.role==="user");if(s>=0&&(o[s+1]||!a.has_more))return[o[s],o[s+1]??null];if(!a.has_more)throw new Error("The question is not in the thread any more.");r=a.data.at(-1).id}}function en(e,t){let n=t.failed_at??t.cancelled_at??t.completed_at??1/0;return e.created_at<=Math.min(t.created_at+1,n)}async function fe(e,t){let[n,o]=await _e(e,t),r=o?await e.ask(e.own(`threads/${t.thread_id}/fork`),{body:{message_id:o.id}}):await e.ask(e.openai("threads"),{body:{metadata:{forked_from:t.thread_id}}}),i=tn.filter(s=>t[s]!=null&&t[s]!==""),a=ue(n).map(s=>({type:"text",text:s}));return e.ask(e.openai(`threads/${r.id}/runs`),{body:{assistant_id:t.assistant_id,...Object.fromEntries(i.map(s=>[s,t[s]])),metadata:{retry_of:t.id},additional_messages:[{role:"user",content:a,metadata:n.metadata}]}})}async function de(e,t){let n=(await nt(e,t)).at(-1)??(await _e(e,t))[0];return e.ask(e.own(`threads/${t.thread_id}/fork`),{body:{message_id:n.id}})}var nn={completed:"Complete",cancelled:"Stopped",expired:"Expired: it took longer than the server allows",requires_action:"Waits for a decision about a call",queued:"Waits for its turn",in_progress:"Still being written",cancelling:"Being stopped"};function he(e){if(e.status==="failed")return`Failed: ${B(e.last_error?.message??"the server did not say why")}`;if(e.status!=="incomplete")return nn[e.status]??B(e.status);if(e.incomplete_details?.reason==="max_prompt_tokens")return"Cut: the prompt left no room";let t=e.max_completion_tokens??e.max_tokens;return t?`Cut at ${t.toLocaleString()} tokens`:"Cut: the context is full"}function pe(e){if(!e.timings)return[];let{tokens_per_second:t,first_token:n}=e.timings,o=n<1?`${Math.round(1e3*n)} ms`:`${n.toFixed(1)} s`;return[...t?[`${t.toLocaleString([],{maximumFractionDigits:t<10?1:0})} tokens/s`]:[],`first token after ${o}`]}var on=Symbol.for("pv"),rn=0;function f(e,t,n,o,r,i){t||(t={});var a,s,u=t;if("ref"in u&&typeof e!="function")for(s in u={},t)s=="ref"?a=t[s]:u[s]=t[s];var d={type:e,props:u,key:n,ref:a,__k:null,__:null,__b:0,__e:null,__c:null,constructor:on,__v:--rn,__i:-1,__u:0};return(r||i)&&(d.__source=r,d.__self=i),g.vnode&&g.vnode(d),d}function sn(e){return e.length>1e5?`${e.slice(0,1e5)}\u2026`:e}function me({text:e,open:t=!1,onFold:n}){return f("details",{class:"oxillama-thoughts",open:t,onToggle:o=>n?.(o.currentTarget.open),children:[f("summary",{children:"Reasoning"}),f("div",{class:"oxillama-plain",tabIndex:0,role:"group","aria-label":"Reasoning",children:sn(e)})]})}var ge=`.oxillama-panel {
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
`;function bt(e,t,n){let o=`oxillama-${t}-styles`;if(e.getElementById(o))return;let r=e.createElement("style");r.id=o,r.textContent=n,e.head.append(r)}function ye(e,t,n="",o=""){bt(t.ownerDocument,"base",ge),n&&bt(t.ownerDocument,o,n);let r=t.appendChild(t.ownerDocument.createElement("div"));return r.className=`oxillama-panel oxillama-${o}`,r.dataset.lmSuppressShortcuts="true",ft(e,r),()=>{ft(null,r),r.remove()}}function W({onClick:e,label:t,kind:n="",children:o,disabled:r,...i}){let[a,s]=T(!1),[u,d]=T(null),c=j(!0);N(()=>()=>c.current=!1,[]);let p=async _=>{s(!0),d(null);try{await e(_)}catch(l){c.current&&d(l)}c.current&&s(!1)};return f(C,{children:[f("button",{type:"button",class:`oxillama-button ${n}`,"aria-label":t,title:t,disabled:r||a,onClick:p,...i,children:o}),u&&f(ot,{error:u})]})}function ot({error:e,children:t}){return f("span",{class:"oxillama-notice",role:"alert",children:e?e.message:t})}var St=1,ln=Symbol.for(`oxillama.page.${St}`),kt=class{#t={};#n={};#e=null;#i=new Map;#r=new Set;constructor(t){this.id=t}learn(t){for(let n in t)/_id$/.test(n)?this.#t[n]||=t[n]:this.#t[n]??=t[n];return this}get connected(){return!!this.#e}get(t){return this.#e?.get(t)??this.#t[t]}set(t,n){this.#t[t]=n,this.#e?(this.#e.set(t,n),this.#e.save_changes()):(this.#n[t]=n,this.#a(t))}on(t,n){let o=this.#i.get(t)??new Set;return this.#i.set(t,o.add(n)),o.size===1&&this.#e?.on(`change:${t}`,this.#o(t)),()=>o.delete(n)}receive(t){return this.#r.add(t),()=>this.#r.delete(t)}send(t){return this.#e?.send(t),this.connected}async ask(t,{body:n,...o}={}){let r=n?{method:"POST",...o,body:JSON.stringify(n)}:o;return(await U(t,r)).json()}openai(t){return ve(xe().openai_prefix,t)}own(t){return ve(xe().prefix,t)}connect(t){if(!t)for(let n of[...this.#i.keys(),...Object.keys(this.#t)])this.#t[n]=this.get(n);if(this.#e=t,t){for(let n in this.#n)this.set(n,this.#n[n]);this.#n={}}for(let n of this.#i.keys())t?.on(`change:${n}`,this.#o(n)),this.#a(n);t?.on("comm_live_update",()=>this.#e===t&&this.connect(null)),t?.on("msg:custom",n=>this.#r.forEach(o=>o(n))),this.#a("connected")}#a(t){this.#i.get(t)?.forEach(n=>n(this.get(t)))}#o(t){let n=this.#e;return()=>this.#e===n&&this.#a(t)}};function xe(){return yt()?.oxillama??{}}function ve(e,t){let[n]=t.split("?");if(!e||/[^\w%.~!'()*/-]|(^|\/)(\.|%2e)+(\/|$)/i.test(n))throw new Error("The server has no such route.");return`${e}/${t}`}var $t=class{#t=new Map;#n={};lab=null;panel(t,n){return this.#t.has(t)||this.#t.set(t,new kt(t)),this.#t.get(t).learn(n)}async show(t,n,o){let r=t.own(`widgets/${n}.js`);try{return(await(this.#n[r]??=cn(r))).show(t,o,this)}catch(i){throw this.#n={},i}}};async function cn(e){let t=URL.createObjectURL(new Blob([await(await U(e)).text()],{type:"text/javascript"}));try{let n=await import(t);if(n.PROTOCOL!==St)throw new Error("Reload the page.");return n}finally{URL.revokeObjectURL(t)}}var Qn=globalThis[ln]??=new $t;var un=1500,_n=1e3;function ao(e,t,n){return ye(f(we,{panel:e,page:n}),t,Zt,"run-bar")}async function fn(e,t){let n=e.openai(`threads/${e.get("thread_id")}/runs/${e.get("run_id")}`),[o,r,i]=await Promise.all([e.ask(n,{signal:t}),e.ask(e.own("models"),{signal:t}).catch(()=>({data:[]})),e.ask(`${n}/steps?order=desc`,{signal:t}).catch(()=>({data:[]}))]),a=r.data?.find(u=>u.id===o.model)?.context??0,s=wt(i.data.toReversed());return{run:o,context:a,thoughts:s,used:(i.data[0]?.usage??o.usage)?.total_tokens??0}}function dn(e,t){let n=j({}),o=async a=>{if(n.current.final)return n.current;let{data:s,error:u}=n.current;try{s=await fn(e,a)}catch(c){if(c.status===void 0||c.status>=500)throw c;u=c}let d=!!u||vt.has(s.run.status);return n.current={data:s,error:u,final:d}},{data:r,error:i}=te(o,t,({final:a})=>a?null:_n);return{data:r?.data,error:r?.error??i}}function we({panel:e,page:t}){let n=j(null),{data:o,error:r}=dn(e,n);return f("div",{ref:n,children:[o&&f(hn,{panel:e,page:t,data:o}),!o&&r&&r.status!==404&&f(ot,{error:r})]})}function hn({panel:e,page:t,data:n}){let[o,r]=T(null),[i,a]=T(""),s=j(null),{run:u}=n,d=async()=>{let _=await fe(e,u),l={thread_id:_.thread_id,run_id:_.id,alone:!0};r(t.panel(`run ${_.id}`,l))},c=async()=>{let _=await de(e,u),h=t.lab?.insertCell(s.current,`%%oxillama --thread ${_.id}
`)?"The cell below goes on with it.":`Go on with %%oxillama --thread ${_.id}`;a(`Forked as ${_.id}. ${h}`)},p=async()=>{await navigator.clipboard.writeText(ce(await nt(e,u))),a("Copied."),setTimeout(()=>a(_=>_==="Copied."?"":_),un)};return f("div",{ref:s,role:"group","aria-label":"About the answer",children:[f("div",{class:"oxillama-run-line",children:[f(pn,{...n}),f("span",{class:"oxillama-row",children:[f(W,{kind:"plain",label:"Retry: ask the same again, beside this answer",onClick:d,children:"Retry"}),f(W,{kind:"plain",label:"Fork: a thread that goes on from here",onClick:c,children:"Fork"}),f(W,{kind:"plain",label:"Copy the answer as Markdown",onClick:p,children:"Copy"}),f(W,{kind:"plain",label:"Show the prompt that the model read","aria-expanded":o==="prompt",onClick:()=>r(o==="prompt"?null:"prompt"),children:"Prompt"})]})]}),f("div",{class:"oxillama-quiet",role:"status",children:i}),n.thoughts&&f(me,{text:n.thoughts}),o==="prompt"&&f(be,{panel:e,page:t,name:"prompt_xray"}),o&&o!=="prompt"&&f(gn,{panel:o,page:t},o.id)]})}function pn({run:e,context:t,used:n}){let o=e.status==="failed"||e.status==="expired";return f("span",{class:"oxillama-row oxillama-quiet",children:[f("span",{class:o?"oxillama-notice":"oxillama-run-end",children:he(e)}),pe(e).map(r=>f("span",{children:r},r)),n>0&&t>0&&f(mn,{used:n,context:t})]})}function mn({used:e,context:t}){let n=Math.min(1,e/t),o=`${e.toLocaleString()} of ${t.toLocaleString()} tokens of context`;return f("span",{class:"oxillama-gauge",title:o,children:[f("span",{class:"oxillama-gauge-track","aria-hidden":"true",children:f("span",{class:n>.9?"full":"",style:{width:`${Math.max(2,100*n)}%`}})}),f("span",{"aria-hidden":"true",children:[n<.01?"< 1":Math.round(100*n)," % of context"]}),f("span",{class:"oxillama-hidden-label",children:o})]})}function be({panel:e,page:t,name:n}){let o=j(null),[r,i]=T(null);return N(()=>{let a=null,s=!1;return t.show(e,n,o.current).then(u=>s?u():a=u,u=>s||i(u)),()=>{s=!0,a?.()}},[e,n]),f(C,{children:[r&&f(ot,{error:r}),f("div",{ref:o})]})}function gn({panel:e,page:t}){let[n,o]=T(!0);return N(()=>{let r=ae(e);return r.watch(()=>o(r.on))},[e]),f("section",{class:"oxillama-another","aria-label":"Another answer",children:[f("p",{class:"oxillama-quiet",children:"Another answer"}),f(be,{panel:e,page:t,name:"run_cell_view"}),!n&&f(we,{panel:e,page:t})]})}export{St as PROTOCOL,ao as show};
