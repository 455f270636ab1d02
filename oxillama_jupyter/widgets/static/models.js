// Made by widgets/build from 18cb3a1244a286ca52d796b76832346ee7d6ca761a0dd8e708d487b97178b0cb; see LICENSES.txt.
var x,Te,ct,L,re,Y,Me,J,Pe,se,ae,ut,U=Symbol.for("pv"),Z={},ee=[],_t=/^m(i|n|o|s|text|space)$/,ie=Array.isArray,Ee=ee.slice,B=Object.assign;function A(e){e&&e.parentNode&&e.remove()}function K(e,t,o,n,r){var a={type:e,props:t,key:o,ref:n,__k:null,__:null,__b:0,__e:null,__c:null,constructor:U,__v:r||++Te,__i:-1,__u:0};return!r&&x.vnode&&x.vnode(a),a}function P(e){return e.children}function Q(e,t){this.props=e,this.context=t,this.__g=0}function N(e,t){if(t==null)return e.__&&N(e.__,e.__i+1);for(var o;t<e.__k.length;t++)if((o=e.__k[t])&&o.__e)return o.__e;return typeof e.type!="function"||e.props.__P?null:N(e)}function ft(e){var t,o=e.__v,n=o.__e,r=[],a=[],s=e.__P;s&&((t=B({constructor:U},o)).__v=o.__v+1,x.vnode&&x.vnode(t),le(s,t,o,e.__n,s.namespaceURI,32&o.__u?[n]:null,r,n||N(o),32&o.__u,a),t.__v=o.__v,t.__.__k[t.__i]=t,Ae(r,t,a),o.__=o.__e=null,t.__e!=n&&De(t))}function De(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),De(e)}function Ce(e){(8&e.__g||(e.__g|=8,L.push(e),Y++))&&re==x.debounceRendering||((re=x.debounceRendering)||queueMicrotask)(Le)}function Le(){try{for(var e,t=1;L.length;)L.length>t&&L.sort(Me),e=L.shift(),t=L.length,8&e.__g&&ft(e)}finally{(Y=L.length)&&(re||queueMicrotask)(Le)}}function Ne(e,t,o,n,r,a,s,l,_,p,c){var h,f,i,d,y,g,v=n.__k||ee,m=t.length;for(_=pt(o,t,v,_,m),h=0;h<m;h++)(i=o.__k[h])!=null&&(f=~i.__i&&v[i.__i]||Z,i.__i=h,g=le(e,i,f,r,a,s,l,_,p,c),d=i.__e,(f.ref!=i.ref||8&f.__u)&&(f.ref&&ce(f.ref,null,i,f),i.ref&&c.push(i.ref,i.__c||d,i)),y=y||d,4&i.__u?(_=Fe(i,_,e,!f.__v),f.__e&&(f.__e=null)):typeof i.type=="function"&&g!==void 0?_=g:d&&(_=d.nextSibling),i.__u&=-21);return o.__e=y,_}function pt(e,t,o,n,r){var a,s,l,_,p,c,h,f,i,d=o.length,y=d,g=0,v=0,m=e.__k=Array(r);for(a=0;a<r;a++)(s=t[a])!=null&&typeof s!="boolean"&&typeof s!="function"?(typeof s!="object"||s.constructor===String?s=m[a]=K(null,s):ie(s)?s=m[a]=K(P,{children:s}):s.constructor===U&&s.__b?s=m[a]=K(s.type,s.props,s.key,s.ref,s.__v):m[a]=s,_=a+g,s.__=e,s.__b=e.__b+1,l=null,~(p=s.__i=dt(s,o,_,y))&&(y--,(l=o[p])&&(l.__u|=2)),l&&l.__v?(s.__u|=16,p==_-1?g--:p==_+1?g++:p!=_&&(p>_?g--:g++,v=1)):(~p||(r>d?g--:r<d&&g++),typeof s.type!="function"&&(s.__u|=4))):m[a]=null;if(v){for(c=[],h=[],a=0;a<r;a++)if((s=m[a])&&16&s.__u){for(g=0,f=c.length;g<f;)c[i=g+f>>1]<s.__i?g=i+1:f=i;c[g]=s.__i,h[a]=g+1}for(g=c.length;a--;)h[a]&&(h[a]==g?g--:m[a].__u|=4)}if(y)for(a=0;a<d;a++)!(l=o[a])||2&l.__u||(l.__e==n&&(n=N(l)),ue(l,l));return n}function Fe(e,t,o,n){var r,a,s,l;if(typeof e.type=="function"){if(e.props.__P)return t;if(r=e.__k)for(a=0;a<r.length;a++)r[a]&&(r[a].__=e,t=Fe(r[a],t,o,!1));return t}for(t&&!t.parentNode&&(t=N(e))&&!t.parentNode&&(t=null),s=e.__e,l=t;l&&l.nodeType==8;)l=l.nextSibling;for(s!=l&&(!n&&o.moveBefore&&s.parentNode?o.moveBefore(s,t):o.insertBefore(s,t||null)),t=s;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function dt(e,t,o,n){var r,a=e.key,s=e.type,l=t[o],_=l&&!(2&l.__u);if(l===null&&a==null||_&&a==l.key&&s==l.type)return o;if(n>(_?1:0)){for(r=o-1;r>=0;r--)if((l=t[r])&&!(2&l.__u)&&a==l.key&&s==l.type)return r;for(r=o+1;r<t.length;r++)if((l=t[r])&&!(2&l.__u)&&a==l.key&&s==l.type)return r}return-1}function je(e,t,o){o==null&&(o=""),t[0]=="-"?e.setProperty(t,o):e[t]=o}function G(e,t,o,n,r){var a,s;if(t=="style")if(typeof o=="string")e.style.cssText=o;else{if(typeof n=="string"&&(e.style.cssText=n=""),n)for(t in n)o&&t in o||je(e.style,t);if(o)for(t in o)n&&o[t]==n[t]||je(e.style,t,o[t])}else if(t[0]=="o"&&t[1]=="n")typeof o!="function"&&(o=null),typeof n!="function"&&(n=null),(e.__e||(e.__e={}))[t]=o,o&&n||(s=ae[t]||(ae[t]=ht(t)),(e.__a||(e.__a={}))[t]=se,a=t!=(t=t.replace(Pe,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),o?e.addEventListener(t,s,a):e.removeEventListener(t,s,a));else{if(r=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=o??"")}catch{}if(typeof o=="function")return;o==null||o===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&o==1?"":o)}}function ht(e){return function(t){var o=this.__e;if(o){if(o=o[e],t[J]==null)t[J]=se++;else if(t[J]<this.__a[e])return;return o(x.event?x.event(t):t)}}}function le(e,t,o,n,r,a,s,l,_,p){var c,h,f,i,d,y,g,v,m,$,b,ne,$e,V,F,Se,D,O,E=t.type;if(t.constructor!==U)return null;128&o.__u&&(_=32&o.__u,c=o.__c.__z)&&(t.__u|=_,h=a=[],c.nodeType==8?l=X(c,a):a.push(c),l=a[0]||l),(c=x.__b)&&c(t);e:if(typeof E=="function"){f=s.length;try{if(v=t.props,m=(c=E.prototype)&&c.render,$=(c=E.contextType)&&n[c.__c],b=c?$?$.props.value:c.__:n,(i=o.__c)?(t.__c=i,2&i.__g&&(i.__g|=1)):(m?t.__c=i=new E(v,b):(t.__c=i=new Q(v,b),i.constructor=E,i.render=xt),$&&$.sub(i),i.state||(i.state={}),i.__n=n,i.__g|=8,i.__h=[],i.__k=[]),m&&(i.__s||(i.__s=i.state),E.getDerivedStateFromProps&&(i.__s==i.state&&(i.__s=B({},i.__s)),B(i.__s,E.getDerivedStateFromProps(v,i.__s)))),d=i.props,y=i.state,i.__v=t,o.__c){if(v!==d&&m&&!E.getDerivedStateFromProps&&i.componentWillReceiveProps&&i.componentWillReceiveProps(v,b),t.__v==o.__v&&!(8&i.__g)||!(4&i.__g)&&i.shouldComponentUpdate&&i.shouldComponentUpdate(v,i.__s,b)===!1){t.__v!=o.__v&&(i.props=v,i.state=i.__s,i.__g&=-9),t.__e=o.__e,t.__k=o.__k,t.__k.some(function(T){T&&(T.__=t)}),ee.push.apply(i.__h,i.__k),i.__k=[],i.__h.length&&s.push(i),l=N(o);break e}i.componentWillUpdate&&i.componentWillUpdate(v,i.__s,b),m&&i.componentDidUpdate&&i.__h.push(function(){i.componentDidUpdate(d,y,g)})}else m&&!E.getDerivedStateFromProps&&i.componentWillMount&&i.componentWillMount(),m&&i.componentDidMount&&i.__h.push(i.componentDidMount);i.context=b,i.props=v,i.__P=e,i.__g&=-5,ne=x.__r,$e=m?25:0;do i.__g&=-9,ne&&ne(t),c=i.render(i.props,i.state=i.__s,i.context);while(8&i.__g&&++$e<25);m&&(ee.push.apply(i.__h,i.__k),i.__k=[]),i.state=i.__s,i.getChildContext&&(n=B({},n,i.getChildContext())),m&&o.__c&&i.getSnapshotBeforeUpdate&&(g=i.getSnapshotBeforeUpdate(d,y)),V=c&&c.type===P&&c.key==null?c.props.children:c,v.__P&&(c=l,r=(e=v.__P).namespaceURI,_=a=null,o.props&&o.props.__P!=e&&(o.__k.some(function(T){T&&ue(T,T)}),o.__k=null),l=o.__k?N(o,0):null),l=Ne(e,ie(V)?V:[V],t,o,n,r,a,s,l,_,p),v.__P&&(t.__e=null,l=c),t.__u&=-161,h&&h.some(A),i.__h.length&&s.push(i),1&i.__g&&(i.__g&=-4)}catch(T){if(s.length=f,t.__v=null,_||a)if(T&&T.then){if(t.__u|=128|_,a){for(~(D=a.indexOf(l||void 0))||(D=a.length);(O=a[D-1])&&O.nodeType==8;)D--;for(;D<a.length;D++)if(O=a[D])if(a[D]=null,F){if(O==Se)break}else{if(O.nodeType!=8)break;O.data.startsWith("$s")&&(Se=X(F=O))}}if(!F){for(;l&&l.nodeType==8&&l.nextSibling;)l=l.nextSibling;F=l}(c=X(F=t.__c.__z||(t.__c.__z=F)))?(t.__e=F,l=c):t.__e=l,l=l&&l.nextSibling}else a&&a.some(A);else t.__e=o.__e;t.__k||(t.__k=o.__k||[]),T&&T.then||Oe(t),x.__e(T,t,o)}}else l=t.__e=mt(o.__e,t,o,n,r,a,s,_,p,e);return(c=x.diffed)&&c(t),l}function X(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var o=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))o++;else if(e.data.startsWith("/$s")&&!--o)return e}t&&t.push(e)}}function Oe(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(Oe))}function Ae(e,t,o){for(var n=0;n<o.length;)ce(o[n++],o[n++],o[n++]);x.__c&&x.__c(t,e),e.some(function(r){try{e=r.__h,r.__h=[],e.some(function(a){a.call(r)})}catch(a){x.__e(a,r.__v)}})}function mt(e,t,o,n,r,a,s,l,_,p){var c,h,f,i,d,y,g,v,m=o.props||Z,$=t.props,b=t.type;if(b=="svg"?r="http://www.w3.org/2000/svg":b=="math"?r="http://www.w3.org/1998/Math/MathML":r||(r="http://www.w3.org/1999/xhtml"),a){for(c=0;c<a.length;c++)if((d=a[c])&&(b?d.localName==b:d.nodeType==3)){e=d,a[c]=null;break}}if(!e){if(v=p.ownerDocument||document,!b)return v.createTextNode($);e=v.createElementNS(r,b,$.is?$:p),l&&(x.__m&&x.__m(t,a),l=!1),a=null}if(b){if(p=b=="template"&&e.content||e,a=b=="textarea"&&$.defaultValue!=null?null:a&&Ee.call(p.childNodes),!l&&a)for(m={},c=0;c<e.attributes.length;c++)m[(d=e.attributes[c]).name]=d.value;for(c in m)d=m[c],c=="dangerouslySetInnerHTML"?f=d:c=="children"||c in $||c=="value"&&"defaultValue"in $||c=="checked"&&"defaultChecked"in $||G(e,c,null,d,r);for(c in $)d=$[c],c=="children"?i=d:c=="dangerouslySetInnerHTML"?h=d:c=="value"?y=d:c=="checked"?g=d:l&&typeof d!="function"||m[c]===d||G(e,c,d,m[c],r);h?(l||f&&(h.__html==f.__html||h.__html==e.innerHTML)||(e.innerHTML=h.__html),t.__k=[]):(f&&(e.textContent=""),(b=="foreignObject"||r=="http://www.w3.org/1998/Math/MathML"&&_t.test(b))&&(r="http://www.w3.org/1999/xhtml"),Ne(p,ie(i)?i:[i],t,o,n,r,a,s,a?a[0]:o.__k&&N(o,0),l,_),a&&a.some(A)),l&&b!="textarea"||(c="value",b=="progress"&&y==null?e.removeAttribute(c):y==null||y===e[c]&&(b!="progress"||y)||G(e,c,y,m[c],r),c="checked",g!=null&&g!=e[c]&&G(e,c,g,m[c],r))}else m===$||l&&e.data==$||(e.data=$);return e}function ce(e,t,o,n){try{typeof e=="function"?t?t.__x=e(t)||1:n&&(n=n.__c||n.__e)&&(t=n.__x)&&(n.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(r){x.__e(r,o)}}function ue(e,t,o){var n,r,a,s;if(x.unmount&&x.unmount(e),!(n=e.ref)||n.current&&n.current!=e.__e||ce(n,null,t,e),n=e.__c){if(n.componentWillUnmount)try{n.componentWillUnmount()}catch(l){x.__e(l,t)}n.__P=n.__n=null}if(n=e.__k)for(s=0;s<n.length;s++)n[s]&&ue(n[s],t,typeof e.type!="function"||o&&!e.props.__P);!o&&(n=e.__c)&&(n=n.__z)&&(r=X(n,a=[]))&&(n==e.__e&&a.some(A),A(r),A(n)),o||A(e.__e),e.__e=e.__c=e.__=null}function xt(e,t,o){return this.constructor(e,o)}function _e(e,t){var o,n,r,a;x.__&&x.__(e,t),t.nodeType==9&&(t=t.documentElement),n=(o=e&&32&e.__u)?null:t.__k,t.__k=K(P,{children:[e]}),r=[],a=[],le(t,t.__k,n||Z,Z,t.namespaceURI,n?null:t.firstChild?Ee.call(t.childNodes):null,r,n?n.__e:t.firstChild,o,a),Ae(r,t.__k,a),t.__k.props.children=null}x={__e:function(e,t,o,n){for(var r,a,s;t=t.__;)if((r=t.__c)&&!(1&r.__g)){r.__g|=4;try{if((s=(a=r.constructor)&&a.getDerivedStateFromError)&&r.setState(a.getDerivedStateFromError(e)),r.componentDidCatch&&(r.componentDidCatch(e,n||{}),s=1),s&&8&r.__g)return void(r.__g|=2)}catch(l){e=l}}throw Y=0,e}},Te=0,ct=function(e){return e!=null&&e.constructor===U},Q.prototype.setState=function(e,t){var o=this.__s;o&&o!=this.state||(o=this.__s=B({},this.state)),typeof e=="function"&&(e=e(B({},o),this.props)),e&&(B(o,e),this.__v&&(t&&this.__k.push(t),Ce(this)))},Q.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),Ce(this))},Q.prototype.render=P,L=[],Y=0,Me=function(e,t){return e.__v.__b-t.__v.__b},J=Symbol(),Pe=/(PointerCapture)$|Capture$/i,se=0,ae={},ut=0;var I,k,fe,Be,pe=Object.is,te=0,Ge=[],de=[],w=x,Re=w.__b,ze=w.__r,He=w.diffed,Ue=w.__c,qe=w.unmount,Ie=w.__;function me(e,t){w.__h&&w.__h(k,e,te||t),te=0;var o=k.__H||(k.__H={__:[],__h:[]});return e>=o.__.length&&o.__.push({}),o.__[e]}function C(e){return te=1,gt(Ke,e)}function gt(e,t,o){var n=me(I++,2);if(n.t=e,!n.__c&&(n.__=[o?o(t):Ke(void 0,t),function(a){var s=(n.__N||n.__)[0],l=n.t(s,a);pe(s,l)||(n.__N=[l,n.__[1]],n.__c.setState({}))}],n.__c=k,!k.__f)){k.__f=!0;var r=k.shouldComponentUpdate;k.shouldComponentUpdate=function(a,s,l){var _=this.__H;if(!_)return!0;var p=!1,c=this.props!=a;if(_.__.some(function(f){f.__N&&(p=!0,pe(f.__[0],f.__N[0])||(c=!0))}),r){var h=r.call(this,a,s,l);return p?h||c:h}return!p||c}}return n.__}function R(e,t){var o=me(I++,3);!w.__s&&Je(o.__H,t)&&(o.__P=!0,o.__=e,o.u=t,k.__H.__h.push(o))}function M(e){return te=5,vt(function(){return{current:e}},[])}function vt(e,t){var o=me(I++,7);return Je(o.__H,t)&&(o.__=e(),o.__H=t),o.__}function bt(){var e;do{for(;e=de.shift();)try{q(e)}catch(o){w.__e(o,{__:(e=e.__P)&&e.__v})}for(;e=Ge.shift();){var t=e.__H;if(e.__P&&t)try{t.__h.some(q),t.__h.some(he),t.__h=[]}catch(o){t.__h=[],w.__e(o,e.__v)}}}while(de.length)}w.__b=function(e){k=null,Re&&Re(e)},w.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),Ie&&Ie(e,t)},w.__r=function(e){ze&&ze(e),I=0;var t=(k=e.__c).__H;t&&(fe==k?k.__h=[]:(t.__h.some(q),t.__h.some(he),I=0),t.__h=[],t.__.some(function(o){o.__N&&(o.__=o.__N),o.u=o.__N=void 0})),fe=k},w.diffed=function(e){He&&He(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&Ve(Ge.push(t)),t.__H.__.some(function(o){o.u&&(o.__H=o.u)})),fe=k=null},w.__c=function(e,t){t.some(function(o){try{o.__h.some(q),o.__h=o.__h.filter(function(n){return!n.__||he(n)})}catch(n){o.__h=[function(){throw n}]}}),Ue&&Ue(e,t)},w.unmount=function(e){qe&&qe(e);var t,o,n=e.__c;n&&n.__H&&(n.__H.__.some(function(r){try{if(r.__P&&r.__c){if(o===void 0){for(o=e.__;o&&(!o.__c||!o.__c.__P);)o=o.__;o=o&&o.__c}r.__P=o,Ve(de.push(r))}else q(r)}catch(a){t=a}}),n.__H=void 0,t&&w.__e(t,n.__v))};var We=typeof requestAnimationFrame=="function";function yt(e){var t,o=function(){clearTimeout(n),We&&cancelAnimationFrame(t),setTimeout(e)},n=setTimeout(o,35);We&&(t=requestAnimationFrame(o))}function Ve(e){e!=1&&Be==w.requestAnimationFrame||((Be=w.requestAnimationFrame)||yt)(bt)}function q(e){var t=k,o=e.__c;typeof o=="function"&&(e.__c=void 0,o()),k=t}function he(e){var t=k;e.__c=e.__(),k=t}function Je(e,t){return!e||e.length!=t.length||t.some(function(o,n){return!pe(o,e[n])})}function Ke(e,t){return typeof t=="function"?t(e):t}var Qe=`.oxillama-panel {
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
`;function xe(e,t,o){let n=`oxillama-${t}-styles`;if(e.getElementById(n))return;let r=e.createElement("style");r.id=n,r.textContent=o,e.head.append(r)}function S(e){return String(e??"").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,t=>`\\u${t.charCodeAt(0).toString(16).padStart(4,"0")}`)}var kt=Symbol.for("pv"),$t=0;function u(e,t,o,n,r,a){t||(t={});var s,l,_=t;if("ref"in _&&typeof e!="function")for(l in _={},t)l=="ref"?s=t[l]:_[l]=t[l];var p={type:e,props:_,key:o,ref:s,__k:null,__:null,__b:0,__e:null,__c:null,constructor:kt,__v:--$t,__i:-1,__u:0};return(r||a)&&(p.__source=r,p.__self=a),x.vnode&&x.vnode(p),p}function Xe(e,t,o="",n=""){xe(t.ownerDocument,"base",Qe),o&&xe(t.ownerDocument,n,o);let r=t.appendChild(t.ownerDocument.createElement("div"));return r.className=`oxillama-panel oxillama-${n}`,r.dataset.lmSuppressShortcuts="true",_e(e,r),()=>{_e(null,r),r.remove()}}function Ye(e,t){let[,o]=C(0);return R(()=>e.on(t,()=>o(n=>n+1)),[e,t]),[e.get(t),n=>(e.set(t,n),o(r=>r+1))]}function z({onClick:e,label:t,kind:o="",children:n,disabled:r,...a}){let[s,l]=C(!1),[_,p]=C(null),c=M(!0);R(()=>()=>c.current=!1,[]);let h=async f=>{l(!0),p(null);try{await e(f)}catch(i){c.current&&p(i)}c.current&&l(!1)};return u(P,{children:[u("button",{type:"button",class:`oxillama-button ${o}`,"aria-label":t,title:t,disabled:r||s,onClick:h,...a,children:n}),_&&u(H,{error:_})]})}function H({error:e,children:t}){return u("span",{class:"oxillama-notice",role:"alert",children:e?e.message:t})}function j(e){let t=["B","kB","MB","GB","TB"],o=e,n=0;for(;o>=1e3&&n<t.length-1;)o/=1e3,n+=1;return`${o.toLocaleString([],{maximumFractionDigits:o<10&&n?1:0})} ${t[n]}`}function St(e){if(!e)return null;let t=e.budget===null?null:Math.max(0,e.budget-e.taken),o=t!==null&&(e.strict||e.taken>0);return e.free===null?o?{bytes:t,words:"left of what models may take"}:null:o&&t<e.free?{bytes:t,words:"left of what models may take"}:{bytes:e.free,words:"free"}}function Ze({model:e,memory:t}){let o=St(t);if(!e.memory||e.fits===null||!o)return null;let n=Math.max(e.memory,o.bytes,1),r=`Needs about ${j(e.memory)}; ${j(o.bytes)} ${o.words}.`,a=e.lack?"Does not fit.":e.gives_way.length?"Fits once others give way.":"Fits.";return u("div",{class:"ox-fit",children:[u("span",{class:`ox-fit-bar ${e.fits?"fits":"lacks"}`,"aria-hidden":"true",children:[u("span",{class:"ox-room",style:{width:`${100*o.bytes/n}%`}}),u("span",{class:"ox-need",style:{width:`${100*e.memory/n}%`}})]}),u("p",{children:[u("strong",{children:a})," ",r]}),e.lack&&u("p",{class:"ox-wrap",children:S(e.lack)}),e.gives_way.length>0&&u("p",{class:"ox-wrap",children:`To make room, these idle models are unloaded: ${e.gives_way.map(S).join(", ")}.`})]})}var Ct={available:"Not loaded",loading:"Loading\u2026",loaded:"Loaded",failed:"Failed"},jt={available:"\u25CB",loading:"\u25D4",loaded:"\u25CF",failed:"\u25B2"};function et({panel:e,group:t,model:o,memory:n,selected:r,onSelect:a,onChange:s}){let l=async h=>{let f=e.ask(e.own(`models/${h}`),{body:{model:o.id}});s();try{await f}finally{s()}},_=S(o.id),p=o.running+o.waiting,c=n&&(o.state==="available"||o.state==="failed");return u("li",{class:`ox-model ${r?"selected":""}`,children:[u("div",{class:"oxillama-row",children:[u("label",{class:"ox-name",children:[u("input",{type:"radio",name:t,checked:r,onChange:()=>a(o.id)}),u("span",{class:"ox-wrap",children:_})]}),u(ge,{text:o.id,name:_}),o.default&&u("span",{class:"ox-mark",children:"default"}),o.embedding&&u("span",{class:"ox-mark",children:"embeddings"}),u("span",{class:"ox-push"}),u("span",{class:`ox-model-state ${o.state}`,children:[u("span",{"aria-hidden":"true",children:jt[o.state]})," ",Ct[o.state]]}),c&&u(z,{label:`Load ${_}`,disabled:o.fits===!1,onClick:()=>l("load"),children:"Load"}),n&&o.state==="loaded"&&u(z,{label:`Unload ${_}`,disabled:p>0,onClick:()=>l("unload"),children:"Unload"})]}),u("p",{class:"oxillama-quiet ox-facts",children:Tt(o).join(" \xB7 ")}),o.detail&&o.detail!==o.lack&&u("p",{class:o.state==="failed"?"oxillama-notice":"oxillama-quiet ox-wrap",children:S(o.detail)}),c&&u(Ze,{model:o,memory:n})]})}function Tt(e){let t=[e.running&&`${e.running} generating`,e.waiting&&`${e.waiting} waiting`];return[e.size?j(e.size):"size not known",e.memory?`needs about ${j(e.memory)} of memory`:"",e.context?`${e.context.toLocaleString()} tokens of context`:"",e.parameters?`${Mt(e.parameters)} parameters`:"",e.description&&e.description!==e.id?S(e.description):"",...t].filter(Boolean)}function Mt(e){return e>=1e9?`${(e/1e9).toFixed(1)} B`:`${(e/1e6).toFixed(1)} M`}function ge({text:e,name:t=e}){let[o,n]=C(""),r=M(),a=async()=>{let s="Copied";try{await navigator.clipboard.writeText(e)}catch{s="Not allowed"}n(s),clearTimeout(r.current),r.current=setTimeout(()=>n(""),2e3)};return u(P,{children:[u("button",{type:"button",class:"oxillama-button plain","aria-label":`Copy ${t}`,title:`Copy ${t}`,onClick:a,children:"Copy"}),u("span",{role:"status",class:"oxillama-quiet",children:o})]})}function tt(e){let t=Math.max(0,Math.round(e));if(t<60)return`${t} s`;let o=Math.floor(t/60);if(o<60)return`${o} min`;let n=Math.floor(o/60);return n<48?`${n} h ${o%60} min`:`${Math.floor(n/24)} days`}var ot="c.OxillamaApp.allow_pull = True",Pt=8,oe=new Set(["queued","in_progress"]),Et={queued:"Looking what there is\u2026",in_progress:"Fetching",completed:"Here",failed:"Failed",cancelled:"Cancelled"};function nt({panel:e,pulls:t,onChange:o}){let n=M(new Map),r=async s=>{await e.ask(e.own("models/pull"),{body:{model:s}}),o()},a=async s=>{await e.ask(e.own(`models/pulls/${encodeURIComponent(s.id)}/cancel`),{method:"POST"}),o()};return u("section",{class:"ox-part","aria-label":"Fetch a model",children:[u("h4",{children:"Fetch a model"}),t.refusal?u(Dt,{why:t.refusal}):u(Lt,{onBegin:r}),u("ul",{class:"ox-pulls",children:Bt(t.data).map(s=>u(Ft,{pull:s,speed:At(n.current,s),onCancel:()=>a(s),onResume:()=>r(s.model)},s.id))})]})}function Dt({why:e}){return e.includes("allow_pull")?u("div",{children:[u("p",{children:"This server fetches no models from the network. Who runs it can allow that:"}),u("p",{class:"oxillama-row",children:[u("code",{class:"ox-wrap",children:ot}),u(ge,{text:ot}),u("span",{class:"oxillama-quiet",children:"in jupyter_server_config.py, then start the server again."})]})]}):u("p",{class:"oxillama-quiet",children:S(e)})}function Lt({onBegin:e}){let[t,o]=C(""),[n,r]=C(!1),[a,s]=C(null);return u("form",{onSubmit:async _=>{_.preventDefault();let p=_.currentTarget.elements.model.value.trim();if(!(n||!p)){r(!0),s(null);try{await e(p),o("")}catch(c){s(c)}r(!1)}},children:[u("div",{class:"oxillama-row",children:[u("label",{class:"ox-grow",children:[u("span",{class:"oxillama-hidden-label",children:"Model of the Hugging Face hub"}),u("input",{class:"oxillama-input",name:"model",value:t,onInput:_=>o(_.currentTarget.value),onKeyDown:Nt,placeholder:"hf:owner/repo:Q4_K_M",spellcheck:!1,autocapitalize:"off"})]}),u("button",{type:"submit",class:"oxillama-button main",disabled:n||!t.trim(),children:n?"Asking the hub\u2026":"Fetch"})]}),u("p",{class:"oxillama-quiet",children:"hf:owner/repo, with :QUANT where there are several; from the Hugging Face hub."}),a&&u(H,{children:S(a.message)})]})}function Nt(e){e.key!=="Enter"||e.isComposing||(e.preventDefault(),e.currentTarget.form.requestSubmit())}function Ft({pull:e,speed:t,onCancel:o,onResume:n}){let{bytes_done:r,bytes_total:a}=e,s=S(e.model),l=oe.has(e.status);return u("li",{class:"ox-pull",children:[u("div",{class:"oxillama-row",children:[u("span",{class:"ox-wrap ox-name",children:s}),u("span",{class:"ox-push"}),u("span",{children:Et[e.status]}),l&&u(z,{label:`Cancel ${s}`,onClick:o,children:"Cancel"}),(e.status==="cancelled"||e.status==="failed")&&u(z,{label:`Resume ${s}`,onClick:n,children:"Resume"})]}),e.status!=="completed"&&a>0&&u("progress",{"aria-label":`${s}: fetched`,max:a,value:r}),u("p",{class:"oxillama-quiet",role:l?void 0:"status",children:Ot(e,r,a,t)}),e.last_error&&u(H,{children:S(e.last_error.message)})]})}function Ot(e,t,o,n){if(e.status==="completed")return`Can be loaded as ${S(e.served_as??"")}.`;if(!o)return S(e.detail??"");let r=[`${Math.floor(100*t/o)} %`,`${j(t)} of ${j(o)}`];return oe.has(e.status)?(n>0&&r.push(`${j(n)}/s`,`${tt((o-t)/n)} left`),e.detail&&r.push(S(e.detail))):r.push("what has come is kept"),r.join(" \xB7 ")}function At(e,t){if(t.status!=="in_progress")return e.delete(t.id),0;let o=performance.now()/1e3,n=(e.get(t.id)??[]).filter(s=>o-s.at<=Pt);(n.at(-1)?.done!==t.bytes_done||!n.length||o-n.at(-1).at>1)&&n.push({at:o,done:t.bytes_done}),e.set(t.id,n);let[r,a]=[n[0],n.at(-1)];return o-r.at>.5?Math.max(0,a.done-r.done)/(o-r.at):0}function Bt(e){let t=new Set;return e.filter(o=>!t.has(o.model.toLowerCase())&&t.add(o.model.toLowerCase())).slice(0,8)}var Rt=1e4,rt=[2,4,8,15,30].map(e=>e*1e3);function zt(e){let[t,o]=C(!1);return R(()=>{let n=e.current.ownerDocument,r=!1,a=()=>o(r&&!n.hidden),s=new IntersectionObserver(l=>{r=l.at(-1).isIntersecting,a()});return s.observe(e.current),n.addEventListener("visibilitychange",a),()=>{s.disconnect(),n.removeEventListener("visibilitychange",a)}},[]),t}function at(e,t,o){let n=zt(t),[r,a]=C({data:null,error:null,since:0,wait:0}),[s,l]=C(0),_=M();_.current={load:e,pace:o};let p=M(0);return R(()=>{if(!n)return;let c=new AbortController,h,f=async()=>{let i;try{let d=await _.current.load(Ht(c.signal));if(c.signal.aborted)return;p.current=0,i=_.current.pace(d),a({data:d,error:null,since:0,wait:i})}catch(d){if(c.signal.aborted)return;i=rt[Math.min(p.current++,rt.length-1)],a(y=>({data:y.data,error:d,since:y.since||Date.now(),wait:i}))}i!==null&&(h=setTimeout(f,i))};return f(),()=>{c.abort(),clearTimeout(h)}},[n,s]),{...r,shown:n,reload:()=>l(c=>c+1)}}function Ht(e){return AbortSignal.any([e,AbortSignal.timeout(Rt)])}var st=`.oxillama-models {
  padding: 12px;
}

.ox-models p {
  margin: 2px 0;
}

.ox-models .ox-part {
  margin-top: 20px;
}

.ox-models h4 {
  margin-bottom: 6px;
}

.ox-models .ox-push {
  flex: 1;
}

.ox-models :is(.ox-list, .ox-pulls) {
  list-style: none;
  margin: 10px 0 0;
  padding: 0;
}

.ox-models :is(.ox-model, .ox-pull) {
  border: 1px solid var(--jp-border-color2, #e0e0e0);
  border-radius: 3px;
  margin: 0 0 6px;
  padding: 6px 10px;
}

.ox-models .ox-model.selected {
  border-color: var(--jp-brand-color1, #1976d2);
  box-shadow: inset 3px 0 0 var(--jp-brand-color1, #1976d2);
}

.ox-models .ox-name {
  align-items: center;
  display: flex;
  font-weight: 600;
  gap: 6px;
  min-width: 0;
}

.ox-models .ox-name input {
  flex: none;
  margin: 0;
}

.ox-models .ox-wrap,
.ox-models .ox-facts,
.ox-models .oxillama-notice {
  overflow-wrap: anywhere;
  unicode-bidi: isolate;
}

.ox-models .ox-mark {
  border: 1px solid var(--jp-border-color1, #bdbdbd);
  border-radius: 10px;
  font-size: var(--jp-ui-font-size0, 11px);
  padding: 0 8px;
}

.ox-models .ox-model-state.loaded {
  color: var(--jp-success-color0, #1b5e20);
  font-weight: 600;
}

.ox-models .ox-model-state.failed {
  color: var(--jp-error-color0, #b71c1c);
  font-weight: 600;
}

.ox-models .ox-fit {
  margin-top: 6px;
  max-width: 620px;
}

.ox-models .ox-fit-bar {
  border: 1px solid var(--jp-border-color1, #9e9e9e);
  border-radius: 3px;
  display: block;
  height: 12px;
  overflow: hidden;
  position: relative;
}

.ox-models .ox-fit-bar > span {
  display: block;
  height: 100%;
  left: 0;
  position: absolute;
  top: 0;
}

.ox-models .ox-room {
  background: var(--jp-layout-color3, #dcdcdc);
}

.ox-models .ox-need {
  background: var(--jp-brand-color1, #1976d2);
  margin-top: 3px;
  max-height: 4px;
}

.ox-models .lacks .ox-need {
  background: repeating-linear-gradient(
    45deg,
    var(--jp-error-color1, #d32f2f) 0 4px,
    transparent 4px 7px
  );
}

.ox-models .ox-grow {
  flex: 1 1 200px;
}

.ox-models .ox-grow input {
  width: 100%;
}

.ox-models progress {
  accent-color: var(--jp-brand-color1, #1976d2);
  display: block;
  height: 12px;
  margin: 4px 0;
  width: 100%;
}

.ox-models code {
  background: var(--jp-layout-color2, #eee);
  color: inherit;
  padding: 1px 5px;
}

.ox-models .oxillama-button.plain {
  font-size: var(--jp-ui-font-size0, 11px);
  text-decoration: underline;
}
`;var W=class extends Error{constructor(t,o,{code:n,after:r}={}){super(t),this.status=o,this.code=n,this.after=r}};function ve(){let e=document.getElementById("jupyter-config-data");return e?JSON.parse(e.textContent):null}async function be(e,t={}){let o=ve();if(!o)throw new W("This page is not its kernel's.",0);let{baseUrl:n,token:r}=o,a=/(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1],s={...a&&{"X-XSRFToken":a},...r&&{Authorization:`token ${r}`}},l=await fetch(n+e,{...t,credentials:"same-origin",headers:s});if(!l.ok)throw await qt(l);return l}async function qt(e){let t=Number(e.headers.get("retry-after"))||null,o=await e.text();try{let{message:n,code:r}=JSON.parse(o).error;return new W(n,e.status,{code:r,after:t})}catch{return new W(`${e.status} ${e.statusText}`,e.status,{after:t})}}var ke=1,It=Symbol.for(`oxillama.page.${ke}`),ye=class{#t={};#o={};#e=null;#n=new Map;#a=new Set;constructor(t){this.id=t}learn(t){for(let o in t)/_id$/.test(o)?this.#t[o]||=t[o]:this.#t[o]??=t[o];return this}get connected(){return!!this.#e}get(t){return this.#e?.get(t)??this.#t[t]}set(t,o){this.#t[t]=o,this.#e?(this.#e.set(t,o),this.#e.save_changes()):(this.#o[t]=o,this.#r(t))}on(t,o){let n=this.#n.get(t)??new Set;return this.#n.set(t,n.add(o)),n.size===1&&this.#e?.on(`change:${t}`,this.#s(t)),()=>n.delete(o)}receive(t){return this.#a.add(t),()=>this.#a.delete(t)}send(t){return this.#e?.send(t),this.connected}async ask(t,{body:o,...n}={}){let r=o?{method:"POST",...n,body:JSON.stringify(o)}:n;return(await be(t,r)).json()}openai(t){return lt(it().openai_prefix,t)}own(t){return lt(it().prefix,t)}connect(t){if(!t)for(let o of[...this.#n.keys(),...Object.keys(this.#t)])this.#t[o]=this.get(o);if(this.#e=t,t){for(let o in this.#o)this.set(o,this.#o[o]);this.#o={}}for(let o of this.#n.keys())t?.on(`change:${o}`,this.#s(o)),this.#r(o);t?.on("comm_live_update",()=>this.#e===t&&this.connect(null)),t?.on("msg:custom",o=>this.#a.forEach(n=>n(o))),this.#r("connected")}#r(t){this.#n.get(t)?.forEach(o=>o(this.get(t)))}#s(t){let o=this.#e;return()=>this.#e===o&&this.#r(t)}};function it(){return ve()?.oxillama??{}}function lt(e,t){let[o]=t.split("?");if(!e||/[^\w%.~!'()*/-]|(^|\/)(\.|%2e)+(\/|$)/i.test(o))throw new Error("The server has no such route.");return`${e}/${t}`}var we=class{#t=new Map;#o={};lab=null;panel(t,o){return this.#t.has(t)||this.#t.set(t,new ye(t)),this.#t.get(t).learn(o)}async show(t,o,n){let r=t.own(`widgets/${o}.js`);try{return(await(this.#o[r]??=Wt(r))).show(t,n,this)}catch(a){throw this.#o={},a}}};async function Wt(e){let t=URL.createObjectURL(new Blob([await(await be(e)).text()],{type:"text/javascript"}));try{let o=await import(t);if(o.PROTOCOL!==ke)throw new Error("Reload the page.");return o}finally{URL.revokeObjectURL(t)}}var Oo=globalThis[It]??=new we;var Vt=1e3,Gt=5e3,Jt=8;function Io(e,t){return Xe(u(Kt,{panel:e}),t,st,"models")}function Kt({panel:e}){let t=M(),n=at(async a=>{let[s,l]=await Promise.all([e.ask(e.own("models"),{signal:a}),e.ask(e.own("models/pulls"),{signal:a})]);return{models:s,pulls:l}},t,({models:a,pulls:s})=>Qt(a,s)?Vt:Gt),{data:r}=n;return u("div",{ref:t,class:"ox-models",children:[n.error&&u("div",{class:"oxillama-row",children:[u(H,{children:`${n.error.status?S(n.error.message):"The server does not answer"}; it is asked again every ${Math.round(n.wait/1e3)} s.`}),u("button",{type:"button",class:"oxillama-button",onClick:n.reload,children:"Ask now"})]}),!r&&!n.error&&u("p",{children:"Looking which models there are\u2026"}),r&&u(Xt,{panel:e,found:r.models,onChange:n.reload}),r&&u(nt,{panel:e,pulls:r.pulls,onChange:n.reload})]})}function Qt(e,t){return e.data.some(o=>o.state==="loading")||t.data.some(o=>oe.has(o.status))}function Xt({panel:e,found:t,onChange:o}){let[n,r]=Ye(e,"selected"),[a,s]=C(""),{data:l,memory:_}=t,p=a.toLowerCase().split(/\s+/),c=l.filter(f=>p.every(i=>`${f.id} ${f.description}`.toLowerCase().includes(i))),h=l.filter(f=>f.state==="loaded").length;return u("section",{"aria-label":"Models",children:[u("div",{class:"oxillama-row",children:[u("h3",{children:"Models"}),u("span",{class:"oxillama-quiet",children:[`${h} of ${l.length} loaded`,...Yt(_)].join(" \xB7 ")}),u("span",{class:"ox-push"}),l.length>Jt&&u("label",{children:[u("span",{class:"oxillama-hidden-label",children:"Search models"}),u("input",{class:"oxillama-input",type:"search",placeholder:"Search",value:a,onInput:f=>s(f.currentTarget.value)})]})]}),!_&&u("p",{class:"oxillama-quiet",children:"This server's engine has one model, which is always loaded."}),u("ul",{class:"ox-list",children:c.map(f=>u(et,{panel:e,group:`oxillama-${e.id}`,model:f,memory:_,selected:f.id===n,onSelect:r,onChange:o},f.id))}),!c.length&&u("p",{class:"oxillama-quiet",children:"No model is called that."})]})}function Yt(e){return e?[e.taken?`they take about ${j(e.taken)}`:"",e.budget===null?"":`models may take ${j(e.budget)}`,e.free===null?"":`${j(e.free)} of memory free`].filter(Boolean):[]}export{ke as PROTOCOL,Io as show};
