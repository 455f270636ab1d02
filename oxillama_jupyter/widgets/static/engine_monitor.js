// Made by widgets/build from 18cb3a1244a286ca52d796b76832346ee7d6ca761a0dd8e708d487b97178b0cb; see LICENSES.txt.
var y,ze,qt,D,fe,ne,We,Y,Ie,me,pe,Ot,V=Symbol.for("pv"),re={},se=[],Lt=/^m(i|n|o|s|text|space)$/,he=Array.isArray,Ue=se.slice,B=Object.assign;function H(t){t&&t.parentNode&&t.remove()}function ee(t,e,o,n,r){var s={type:t,props:e,key:o,ref:n,__k:null,__:null,__b:0,__e:null,__c:null,constructor:V,__v:r||++ze,__i:-1,__u:0};return!r&&y.vnode&&y.vnode(s),s}function P(t){return t.children}function te(t,e){this.props=t,this.context=e,this.__g=0}function A(t,e){if(e==null)return t.__&&A(t.__,t.__i+1);for(var o;e<t.__k.length;e++)if((o=t.__k[e])&&o.__e)return o.__e;return typeof t.type!="function"||t.props.__P?null:A(t)}function Dt(t){var e,o=t.__v,n=o.__e,r=[],s=[],a=t.__P;a&&((e=B({constructor:V},o)).__v=o.__v+1,y.vnode&&y.vnode(e),xe(a,e,o,t.__n,a.namespaceURI,32&o.__u?[n]:null,r,n||A(o),32&o.__u,s),e.__v=o.__v,e.__.__k[e.__i]=e,Qe(r,e,s),o.__=o.__e=null,e.__e!=n&&Ve(e))}function Ve(t){if((t=t.__)&&t.__c&&!t.props.__P)return t.__e=null,t.__k.some(function(e){return e&&(t.__e=e.__e)}),Ve(t)}function He(t){(8&t.__g||(t.__g|=8,D.push(t),ne++))&&fe==y.debounceRendering||((fe=y.debounceRendering)||queueMicrotask)(Ge)}function Ge(){try{for(var t,e=1;D.length;)D.length>e&&D.sort(We),t=D.shift(),e=D.length,8&t.__g&&Dt(t)}finally{(ne=D.length)&&(fe||queueMicrotask)(Ge)}}function Je(t,e,o,n,r,s,a,l,_,f,u){var h,m,c,d,x,g,w=n.__k||se,p=e.length;for(_=At(o,e,w,_,p),h=0;h<p;h++)(c=o.__k[h])!=null&&(m=~c.__i&&w[c.__i]||re,c.__i=h,g=xe(t,c,m,r,s,a,l,_,f,u),d=c.__e,(m.ref!=c.ref||8&m.__u)&&(m.ref&&ge(m.ref,null,c,m),c.ref&&u.push(c.ref,c.__c||d,c)),x=x||d,4&c.__u?(_=Ke(c,_,t,!m.__v),m.__e&&(m.__e=null)):typeof c.type=="function"&&g!==void 0?_=g:d&&(_=d.nextSibling),c.__u&=-21);return o.__e=x,_}function At(t,e,o,n,r){var s,a,l,_,f,u,h,m,c,d=o.length,x=d,g=0,w=0,p=t.__k=Array(r);for(s=0;s<r;s++)(a=e[s])!=null&&typeof a!="boolean"&&typeof a!="function"?(typeof a!="object"||a.constructor===String?a=p[s]=ee(null,a):he(a)?a=p[s]=ee(P,{children:a}):a.constructor===V&&a.__b?a=p[s]=ee(a.type,a.props,a.key,a.ref,a.__v):p[s]=a,_=s+g,a.__=t,a.__b=t.__b+1,l=null,~(f=a.__i=Rt(a,o,_,x))&&(x--,(l=o[f])&&(l.__u|=2)),l&&l.__v?(a.__u|=16,f==_-1?g--:f==_+1?g++:f!=_&&(f>_?g--:g++,w=1)):(~f||(r>d?g--:r<d&&g++),typeof a.type!="function"&&(a.__u|=4))):p[s]=null;if(w){for(u=[],h=[],s=0;s<r;s++)if((a=p[s])&&16&a.__u){for(g=0,m=u.length;g<m;)u[c=g+m>>1]<a.__i?g=c+1:m=c;u[g]=a.__i,h[s]=g+1}for(g=u.length;s--;)h[s]&&(h[s]==g?g--:p[s].__u|=4)}if(x)for(s=0;s<d;s++)!(l=o[s])||2&l.__u||(l.__e==n&&(n=A(l)),ve(l,l));return n}function Ke(t,e,o,n){var r,s,a,l;if(typeof t.type=="function"){if(t.props.__P)return e;if(r=t.__k)for(s=0;s<r.length;s++)r[s]&&(r[s].__=t,e=Ke(r[s],e,o,!1));return e}for(e&&!e.parentNode&&(e=A(t))&&!e.parentNode&&(e=null),a=t.__e,l=e;l&&l.nodeType==8;)l=l.nextSibling;for(a!=l&&(!n&&o.moveBefore&&a.parentNode?o.moveBefore(a,e):o.insertBefore(a,e||null)),e=a;(e=e&&e.nextSibling)&&e.nodeType==8&&!e.data.startsWith("$s"););return e}function Rt(t,e,o,n){var r,s=t.key,a=t.type,l=e[o],_=l&&!(2&l.__u);if(l===null&&s==null||_&&s==l.key&&a==l.type)return o;if(n>(_?1:0)){for(r=o-1;r>=0;r--)if((l=e[r])&&!(2&l.__u)&&s==l.key&&a==l.type)return r;for(r=o+1;r<e.length;r++)if((l=e[r])&&!(2&l.__u)&&s==l.key&&a==l.type)return r}return-1}function Be(t,e,o){o==null&&(o=""),e[0]=="-"?t.setProperty(e,o):t[e]=o}function Z(t,e,o,n,r){var s,a;if(e=="style")if(typeof o=="string")t.style.cssText=o;else{if(typeof n=="string"&&(t.style.cssText=n=""),n)for(e in n)o&&e in o||Be(t.style,e);if(o)for(e in o)n&&o[e]==n[e]||Be(t.style,e,o[e])}else if(e[0]=="o"&&e[1]=="n")typeof o!="function"&&(o=null),typeof n!="function"&&(n=null),(t.__e||(t.__e={}))[e]=o,o&&n||(a=pe[e]||(pe[e]=Ft(e)),(t.__a||(t.__a={}))[e]=me,s=e!=(e=e.replace(Ie,"$1")),(e=e.slice(2))[0]<"a"&&(e=e.toLowerCase()),o?t.addEventListener(e,a,s):t.removeEventListener(e,a,s));else{if(r=="http://www.w3.org/2000/svg")e=e.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(e!="width"&&e!="height"&&e!="href"&&e!="list"&&e!="form"&&e!="tabIndex"&&e!="download"&&e!="rowSpan"&&e!="colSpan"&&e!="role"&&e!="popover"&&e in t)try{return void(t[e]=o??"")}catch{}if(typeof o=="function")return;o==null||o===!1&&e[4]!="-"?t.removeAttribute(e):t.setAttribute(e,e=="popover"&&o==1?"":o)}}function Ft(t){return function(e){var o=this.__e;if(o){if(o=o[t],e[Y]==null)e[Y]=me++;else if(e[Y]<this.__a[t])return;return o(y.event?y.event(e):e)}}}function xe(t,e,o,n,r,s,a,l,_,f){var u,h,m,c,d,x,g,w,p,b,v,de,Re,Q,R,Fe,L,F,q=e.type;if(e.constructor!==V)return null;128&o.__u&&(_=32&o.__u,u=o.__c.__z)&&(e.__u|=_,h=s=[],u.nodeType==8?l=oe(u,s):s.push(u),l=s[0]||l),(u=y.__b)&&u(e);e:if(typeof q=="function"){m=a.length;try{if(w=e.props,p=(u=q.prototype)&&u.render,b=(u=q.contextType)&&n[u.__c],v=u?b?b.props.value:u.__:n,(c=o.__c)?(e.__c=c,2&c.__g&&(c.__g|=1)):(p?e.__c=c=new q(w,v):(e.__c=c=new te(w,v),c.constructor=q,c.render=Bt),b&&b.sub(c),c.state||(c.state={}),c.__n=n,c.__g|=8,c.__h=[],c.__k=[]),p&&(c.__s||(c.__s=c.state),q.getDerivedStateFromProps&&(c.__s==c.state&&(c.__s=B({},c.__s)),B(c.__s,q.getDerivedStateFromProps(w,c.__s)))),d=c.props,x=c.state,c.__v=e,o.__c){if(w!==d&&p&&!q.getDerivedStateFromProps&&c.componentWillReceiveProps&&c.componentWillReceiveProps(w,v),e.__v==o.__v&&!(8&c.__g)||!(4&c.__g)&&c.shouldComponentUpdate&&c.shouldComponentUpdate(w,c.__s,v)===!1){e.__v!=o.__v&&(c.props=w,c.state=c.__s,c.__g&=-9),e.__e=o.__e,e.__k=o.__k,e.__k.some(function(C){C&&(C.__=e)}),se.push.apply(c.__h,c.__k),c.__k=[],c.__h.length&&a.push(c),l=A(o);break e}c.componentWillUpdate&&c.componentWillUpdate(w,c.__s,v),p&&c.componentDidUpdate&&c.__h.push(function(){c.componentDidUpdate(d,x,g)})}else p&&!q.getDerivedStateFromProps&&c.componentWillMount&&c.componentWillMount(),p&&c.componentDidMount&&c.__h.push(c.componentDidMount);c.context=v,c.props=w,c.__P=t,c.__g&=-5,de=y.__r,Re=p?25:0;do c.__g&=-9,de&&de(e),u=c.render(c.props,c.state=c.__s,c.context);while(8&c.__g&&++Re<25);p&&(se.push.apply(c.__h,c.__k),c.__k=[]),c.state=c.__s,c.getChildContext&&(n=B({},n,c.getChildContext())),p&&o.__c&&c.getSnapshotBeforeUpdate&&(g=c.getSnapshotBeforeUpdate(d,x)),Q=u&&u.type===P&&u.key==null?u.props.children:u,w.__P&&(u=l,r=(t=w.__P).namespaceURI,_=s=null,o.props&&o.props.__P!=t&&(o.__k.some(function(C){C&&ve(C,C)}),o.__k=null),l=o.__k?A(o,0):null),l=Je(t,he(Q)?Q:[Q],e,o,n,r,s,a,l,_,f),w.__P&&(e.__e=null,l=u),e.__u&=-161,h&&h.some(H),c.__h.length&&a.push(c),1&c.__g&&(c.__g&=-4)}catch(C){if(a.length=m,e.__v=null,_||s)if(C&&C.then){if(e.__u|=128|_,s){for(~(L=s.indexOf(l||void 0))||(L=s.length);(F=s[L-1])&&F.nodeType==8;)L--;for(;L<s.length;L++)if(F=s[L])if(s[L]=null,R){if(F==Fe)break}else{if(F.nodeType!=8)break;F.data.startsWith("$s")&&(Fe=oe(R=F))}}if(!R){for(;l&&l.nodeType==8&&l.nextSibling;)l=l.nextSibling;R=l}(u=oe(R=e.__c.__z||(e.__c.__z=R)))?(e.__e=R,l=u):e.__e=l,l=l&&l.nextSibling}else s&&s.some(H);else e.__e=o.__e;e.__k||(e.__k=o.__k||[]),C&&C.then||Xe(e),y.__e(C,e,o)}}else l=e.__e=Ht(o.__e,e,o,n,r,s,a,_,f,t);return(u=y.diffed)&&u(e),l}function oe(t,e){if(t&&t.nodeType==8&&t.data.startsWith("$s"))for(var o=1;t=t.nextSibling;){if(t.nodeType==8){if(t.data.startsWith("$s"))o++;else if(t.data.startsWith("/$s")&&!--o)return t}e&&e.push(t)}}function Xe(t){t&&(t.__c&&(t.__c.__g|=4),t.__k&&t.__k.some(Xe))}function Qe(t,e,o){for(var n=0;n<o.length;)ge(o[n++],o[n++],o[n++]);y.__c&&y.__c(e,t),t.some(function(r){try{t=r.__h,r.__h=[],t.some(function(s){s.call(r)})}catch(s){y.__e(s,r.__v)}})}function Ht(t,e,o,n,r,s,a,l,_,f){var u,h,m,c,d,x,g,w,p=o.props||re,b=e.props,v=e.type;if(v=="svg"?r="http://www.w3.org/2000/svg":v=="math"?r="http://www.w3.org/1998/Math/MathML":r||(r="http://www.w3.org/1999/xhtml"),s){for(u=0;u<s.length;u++)if((d=s[u])&&(v?d.localName==v:d.nodeType==3)){t=d,s[u]=null;break}}if(!t){if(w=f.ownerDocument||document,!v)return w.createTextNode(b);t=w.createElementNS(r,v,b.is?b:f),l&&(y.__m&&y.__m(e,s),l=!1),s=null}if(v){if(f=v=="template"&&t.content||t,s=v=="textarea"&&b.defaultValue!=null?null:s&&Ue.call(f.childNodes),!l&&s)for(p={},u=0;u<t.attributes.length;u++)p[(d=t.attributes[u]).name]=d.value;for(u in p)d=p[u],u=="dangerouslySetInnerHTML"?m=d:u=="children"||u in b||u=="value"&&"defaultValue"in b||u=="checked"&&"defaultChecked"in b||Z(t,u,null,d,r);for(u in b)d=b[u],u=="children"?c=d:u=="dangerouslySetInnerHTML"?h=d:u=="value"?x=d:u=="checked"?g=d:l&&typeof d!="function"||p[u]===d||Z(t,u,d,p[u],r);h?(l||m&&(h.__html==m.__html||h.__html==t.innerHTML)||(t.innerHTML=h.__html),e.__k=[]):(m&&(t.textContent=""),(v=="foreignObject"||r=="http://www.w3.org/1998/Math/MathML"&&Lt.test(v))&&(r="http://www.w3.org/1999/xhtml"),Je(f,he(c)?c:[c],e,o,n,r,s,a,s?s[0]:o.__k&&A(o,0),l,_),s&&s.some(H)),l&&v!="textarea"||(u="value",v=="progress"&&x==null?t.removeAttribute(u):x==null||x===t[u]&&(v!="progress"||x)||Z(t,u,x,p[u],r),u="checked",g!=null&&g!=t[u]&&Z(t,u,g,p[u],r))}else p===b||l&&t.data==b||(t.data=b);return t}function ge(t,e,o,n){try{typeof t=="function"?e?e.__x=t(e)||1:n&&(n=n.__c||n.__e)&&(e=n.__x)&&(n.__x=null,typeof e=="function"?e():t(null)):t.current=e}catch(r){y.__e(r,o)}}function ve(t,e,o){var n,r,s,a;if(y.unmount&&y.unmount(t),!(n=t.ref)||n.current&&n.current!=t.__e||ge(n,null,e,t),n=t.__c){if(n.componentWillUnmount)try{n.componentWillUnmount()}catch(l){y.__e(l,e)}n.__P=n.__n=null}if(n=t.__k)for(a=0;a<n.length;a++)n[a]&&ve(n[a],e,typeof t.type!="function"||o&&!t.props.__P);!o&&(n=t.__c)&&(n=n.__z)&&(r=oe(n,s=[]))&&(n==t.__e&&s.some(H),H(r),H(n)),o||H(t.__e),t.__e=t.__c=t.__=null}function Bt(t,e,o){return this.constructor(t,o)}function be(t,e){var o,n,r,s;y.__&&y.__(t,e),e.nodeType==9&&(e=e.documentElement),n=(o=t&&32&t.__u)?null:e.__k,e.__k=ee(P,{children:[t]}),r=[],s=[],xe(e,e.__k,n||re,re,e.namespaceURI,n?null:e.firstChild?Ue.call(e.childNodes):null,r,n?n.__e:e.firstChild,o,s),Qe(r,e.__k,s),e.__k.props.children=null}y={__e:function(t,e,o,n){for(var r,s,a;e=e.__;)if((r=e.__c)&&!(1&r.__g)){r.__g|=4;try{if((a=(s=r.constructor)&&s.getDerivedStateFromError)&&r.setState(s.getDerivedStateFromError(t)),r.componentDidCatch&&(r.componentDidCatch(t,n||{}),a=1),a&&8&r.__g)return void(r.__g|=2)}catch(l){t=l}}throw ne=0,t}},ze=0,qt=function(t){return t!=null&&t.constructor===V},te.prototype.setState=function(t,e){var o=this.__s;o&&o!=this.state||(o=this.__s=B({},this.state)),typeof t=="function"&&(t=t(B({},o),this.props)),t&&(B(o,t),this.__v&&(e&&this.__k.push(e),He(this)))},te.prototype.forceUpdate=function(t){this.__v&&(this.__g|=4,t&&this.__h.push(t),He(this))},te.prototype.render=P,D=[],ne=0,We=function(t,e){return t.__v.__b-e.__v.__b},Y=Symbol(),Ie=/(PointerCapture)$|Capture$/i,me=0,pe={},Ot=0;var I,$,ye,Ze,we=Object.is,ie=0,at=[],ke=[],k=y,Ye=k.__b,et=k.__r,tt=k.diffed,ot=k.__c,nt=k.unmount,rt=k.__;function ae(t,e){k.__h&&k.__h($,t,ie||e),ie=0;var o=$.__H||($.__H={__:[],__h:[]});return t>=o.__.length&&o.__.push({}),o.__[t]}function j(t){return ie=1,zt(ut,t)}function zt(t,e,o){var n=ae(I++,2);if(n.t=t,!n.__c&&(n.__=[o?o(e):ut(void 0,e),function(s){var a=(n.__N||n.__)[0],l=n.t(a,s);we(a,l)||(n.__N=[l,n.__[1]],n.__c.setState({}))}],n.__c=$,!$.__f)){$.__f=!0;var r=$.shouldComponentUpdate;$.shouldComponentUpdate=function(s,a,l){var _=this.__H;if(!_)return!0;var f=!1,u=this.props!=s;if(_.__.some(function(m){m.__N&&(f=!0,we(m.__[0],m.__N[0])||(u=!0))}),r){var h=r.call(this,s,a,l);return f?h||u:h}return!f||u}}return n.__}function E(t,e){var o=ae(I++,3);!k.__s&&ct(o.__H,e)&&(o.__P=!0,o.__=t,o.u=e,$.__H.__h.push(o))}function M(t){return ie=5,Wt(function(){return{current:t}},[])}function Wt(t,e){var o=ae(I++,7);return ct(o.__H,e)&&(o.__=t(),o.__H=e),o.__}function lt(){var t=ae(I++,11);if(!t.__){for(var e=$.__v;!e.__m&&e.__;)e=e.__;var o=e.__m||(e.__m=[0,0]);t.__="P"+o[0]+"-"+o[1]++}return t.__}function It(){var t;do{for(;t=ke.shift();)try{G(t)}catch(o){k.__e(o,{__:(t=t.__P)&&t.__v})}for(;t=at.shift();){var e=t.__H;if(t.__P&&e)try{e.__h.some(G),e.__h.some($e),e.__h=[]}catch(o){e.__h=[],k.__e(o,t.__v)}}}while(ke.length)}k.__b=function(t){$=null,Ye&&Ye(t)},k.__=function(t,e){t&&e.__k&&e.__k.__m&&(t.__m=e.__k.__m),rt&&rt(t,e)},k.__r=function(t){et&&et(t),I=0;var e=($=t.__c).__H;e&&(ye==$?$.__h=[]:(e.__h.some(G),e.__h.some($e),I=0),e.__h=[],e.__.some(function(o){o.__N&&(o.__=o.__N),o.u=o.__N=void 0})),ye=$},k.diffed=function(t){tt&&tt(t);var e=t.__c;e&&e.__H&&(e.__H.__h.length&&it(at.push(e)),e.__H.__.some(function(o){o.u&&(o.__H=o.u)})),ye=$=null},k.__c=function(t,e){e.some(function(o){try{o.__h.some(G),o.__h=o.__h.filter(function(n){return!n.__||$e(n)})}catch(n){o.__h=[function(){throw n}]}}),ot&&ot(t,e)},k.unmount=function(t){nt&&nt(t);var e,o,n=t.__c;n&&n.__H&&(n.__H.__.some(function(r){try{if(r.__P&&r.__c){if(o===void 0){for(o=t.__;o&&(!o.__c||!o.__c.__P);)o=o.__;o=o&&o.__c}r.__P=o,it(ke.push(r))}else G(r)}catch(s){e=s}}),n.__H=void 0,e&&k.__e(e,n.__v))};var st=typeof requestAnimationFrame=="function";function Ut(t){var e,o=function(){clearTimeout(n),st&&cancelAnimationFrame(e),setTimeout(t)},n=setTimeout(o,35);st&&(e=requestAnimationFrame(o))}function it(t){t!=1&&Ze==k.requestAnimationFrame||((Ze=k.requestAnimationFrame)||Ut)(It)}function G(t){var e=$,o=t.__c;typeof o=="function"&&(t.__c=void 0,o()),$=e}function $e(t){var e=$;t.__c=t.__(),$=e}function ct(t,e){return!t||t.length!=e.length||e.some(function(o,n){return!we(o,t[n])})}function ut(t,e){return typeof e=="function"?e(t):e}var Se=new WeakMap;function _t(t){return Se.has(t)||Se.set(t,new je),Se.get(t)}var je=class{samples=[];turns=[];time=0;add(e){let{stats:o}=e.status;for(this.time=e.time,this.turns=e.turns.filter(n=>n.ended_at>e.time-300).reverse(),o.sequences&&this.samples.push({time:e.time,generated:o.generated??0});this.samples.length&&this.samples[0].time<e.time-300-3.5;)this.samples.shift()}view(){let e=this.time-300,o=this.turns.map(n=>({time:n.ended_at-n.timings.completion,value:n.timings.first_token,turn:n}));return{begin:e,end:this.time,rates:this.#t(e),first:o.filter(n=>n.time>=e),turns:this.turns}}#t(e){let o=[],n=e;for(let[r,s]of this.samples.entries()){let a=this.samples[r-1];!a||s.time-a.time>15?this.#e(o,n,s.time):o.push({time:s.time,value:this.#o(r)}),n=s.time}return this.#e(o,n,this.time),o.filter(r=>r.time>=e)}#o(e){let o=this.samples[e],n=this.samples[e-1];for(let r=e-2;r>=0&&this.samples[r].time>=o.time-3.5&&!(this.samples[r].generated>n.generated);r-=1)n=this.samples[r];return Math.max(0,o.generated-n.generated)/Math.max(o.time-n.time,.1)}#e(e,o,n){for(let r=o;r<n;r+=2){let s=this.turns.filter(a=>a.ended_at-a.timings.completion<=r&&r<a.ended_at).reduce((a,l)=>a+l.timings.tokens_per_second,0);e.push({time:r,value:s})}}};function dt(t){let e=[];for(let o=t.end;o>t.begin+1;o-=30){let n=l=>l>o-30&&l<=o,r=t.rates.filter(l=>n(l.time)).map(l=>l.value),s=t.turns.filter(l=>n(l.ended_at)),a=s.map(l=>l.timings.first_token).sort((l,_)=>l-_);e.push({ago:t.end-o,rate:r.length?r.reduce((l,_)=>l+_,0)/r.length:0,turns:s.length,first:a.length?a[a.length>>1]:null})}return e}var ft=`.oxillama-panel {
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
`;function Te(t,e,o){let n=`oxillama-${e}-styles`;if(t.getElementById(n))return;let r=t.createElement("style");r.id=n,r.textContent=o,t.head.append(r)}function T(t){return String(t??"").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,e=>`\\u${e.charCodeAt(0).toString(16).padStart(4,"0")}`)}var Gt=Symbol.for("pv"),Jt=0;function i(t,e,o,n,r,s){e||(e={});var a,l,_=e;if("ref"in _&&typeof t!="function")for(l in _={},e)l=="ref"?a=e[l]:_[l]=e[l];var f={type:t,props:_,key:o,ref:a,__k:null,__:null,__b:0,__e:null,__c:null,constructor:Gt,__v:--Jt,__i:-1,__u:0};return(r||s)&&(f.__source=r,f.__self=s),y.vnode&&y.vnode(f),f}function pt(t,e,o="",n=""){Te(e.ownerDocument,"base",ft),o&&Te(e.ownerDocument,n,o);let r=e.appendChild(e.ownerDocument.createElement("div"));return r.className=`oxillama-panel oxillama-${n}`,r.dataset.lmSuppressShortcuts="true",be(t,r),()=>{be(null,r),r.remove()}}function mt({onClick:t,label:e,kind:o="",children:n,disabled:r,...s}){let[a,l]=j(!1),[_,f]=j(null),u=M(!0);E(()=>()=>u.current=!1,[]);let h=async m=>{l(!0),f(null);try{await t(m)}catch(c){u.current&&f(c)}u.current&&l(!1)};return i(P,{children:[i("button",{type:"button",class:`oxillama-button ${o}`,"aria-label":e,title:e,disabled:r||a,onClick:h,...s,children:n}),_&&i(le,{error:_})]})}function le({error:t,children:e}){return i("span",{class:"oxillama-notice",role:"alert",children:t?t.message:e})}function ht(t){let e=new Date(t*1e3);return new Date().toDateString()===e.toDateString()?e.toLocaleTimeString([],{hour:"2-digit",minute:"2-digit"}):e.toLocaleDateString([],{year:"numeric",month:"short",day:"numeric"})}function Me(t){let e=["B","kB","MB","GB","TB"],o=t,n=0;for(;o>=1e3&&n<e.length-1;)o/=1e3,n+=1;return`${o.toLocaleString([],{maximumFractionDigits:o<10&&n?1:0})} ${e[n]}`}var S=t=>Math.round(t??0).toLocaleString();function Ce(t,e){if(!e)return"\u2013";let o=Math.round(100*t/e);return t&&!o?"under 1 %":`${o} %`}function O(t){return t>=1?`${t.toFixed(t<10?2:1)} s`:`${Math.round(1e3*t)} ms`}function ce(t){let e=Math.max(0,Math.round(t));if(e<60)return`${e} s`;let o=Math.floor(e/60);if(o<60)return`${o} min`;let n=Math.floor(o/60);return n<48?`${n} h ${o%60} min`:`${Math.floor(n/24)} days`}var xt=t=>({0:"never",1:"once",2:"twice"})[t]??`${S(t)} times`,J=t=>`${t<10?t.toFixed(1):S(t)} tokens/s`,N=(t,e)=>`${S(t)} ${e}${t===1?"":"s"}`;var gt={free:{shape:"\u25CB",word:"free"},idle:{shape:"\u25D0",word:"warm"},reading:{shape:"\u25D4",word:"reading a prompt"},generating:{shape:"\u25CF",word:"generating"}};function vt({status:t,runs:e}){let{sequences:o=[]}=t.stats,n=[...new Set(o.map(r=>r.model??""))];return o.length?n.map(r=>i("div",{children:[n.length>1&&i("p",{class:"oxillama-quiet ox-isolated",children:T(r)}),i("ul",{class:"ox-sequences",children:o.filter(s=>(s.model??"")===r).map((s,a)=>i(Kt,{number:a+1,one:s,runs:e},a))})]},r)):i("p",{class:"oxillama-quiet",children:"This engine does not tell what its sequences hold."})}function Kt({number:t,one:e,runs:o}){let n=gt[e.state]??gt[e.tokens?"idle":"free"],s=(e.state==="reading"||e.state==="generating")&&e.key?o.find(_=>_.thread_id===e.key&&_.status!=="queued"):null,a=s?.id??e.key??"",l=[s?.id,e.key].filter(Boolean).map(T).join(", ");return i("li",{class:`ox-sequence ${e.state??"free"}`,title:l||void 0,children:[i("span",{children:[i("span",{"aria-hidden":"true",children:n.shape})," ",i("span",{class:"oxillama-hidden-label",children:`Sequence ${t}: `}),n.word]}),e.state==="reading"?i(P,{children:[i("span",{children:`${S(e.tokens)} of ${S(e.wanted)}`}),i(Pe,{part:e.tokens??0,whole:e.wanted,label:"Prompt read"})]}):i("span",{children:e.tokens?`${S(e.tokens)} tokens`:" "}),i("span",{class:"ox-owner oxillama-quiet",children:a?T(a):" "})]})}function Pe({part:t,whole:e,label:o}){let n=e?Math.min(100,Math.round(100*t/e)):0;return i("span",{class:"ox-bar",role:"meter","aria-label":o,"aria-valuemin":"0","aria-valuemax":"100","aria-valuenow":n,children:i("span",{style:{width:`${n}%`}})})}var z=132,ue=70,yt=10,bt=10,Ee=22;function Xt(t){let[e,o]=j(0);return E(()=>{let n=new ResizeObserver(([r])=>o(Math.floor(r.contentRect.width)));return n.observe(t.current),()=>n.disconnect()},[]),e}function Ne({title:t,unit:e,points:o,begin:n,end:r,dots:s,words:a,label:l,onHover:_}){let f=M(),u=lt(),h=Xt(f),[m,c]=j(null),d=oo(Math.max(...o.map(v=>v.value),0),e==="s"?.1:10),x=v=>ue+(v-n)/(r-n)*(h-ue-yt),g=v=>z-Ee-v/d*(z-bt-Ee),w=v=>{_(!0),c(v.clientX-v.currentTarget.getBoundingClientRect().left)},p=()=>(_(!1),c(null)),b=m===null?null:no(o,v=>Math.abs(x(v.time)-m));return i("figure",{class:"ox-plot",ref:f,children:[i("figcaption",{id:u,children:[i(Qt,{dots:s})," ",t,i("span",{class:"oxillama-quiet",children:b?` \u2014 ${a(b.value)}, ${to(r-b.time)}`:""})]}),h>0&&i("svg",{width:h,height:z,role:"img","aria-label":l,onPointerMove:w,onPointerLeave:p,children:[i(Zt,{most:d,unit:e,x,y:g,begin:n,end:r,width:h}),s?i(eo,{points:o,x,y:g}):i(Yt,{points:o,x,y:g}),b&&i("path",{class:"ox-cursor",d:`M${x(b.time)} ${bt}V${z-Ee}`}),b&&i("circle",{class:"ox-under",cx:x(b.time),cy:g(b.value),r:"4"})]})]})}function Qt({dots:t}){return i("svg",{width:"18",height:"10","aria-hidden":"true",class:"ox-sample",children:t?i("circle",{class:"ox-dot",cx:"9",cy:"5",r:"3.5"}):i("path",{class:"ox-line",d:"M1 8L7 3L11 6L17 2"})})}function Zt({most:t,unit:e,x:o,y:n,begin:r,end:s,width:a}){let l=(r+s)/2,_=u=>`${u>=10?Math.round(u).toLocaleString():+u.toFixed(2)}`,f=u=>`${+((s-u)/60).toFixed(1)} min ago`;return i("g",{class:"ox-axes","aria-hidden":"true",children:[[0,t/2,t].map(u=>i("g",{children:[i("path",{d:`M${ue} ${n(u)}H${a-yt}`}),i("text",{x:ue-5,y:n(u)+4,"text-anchor":"end",children:[_(u),u===t?` ${e}`:""]})]},u)),i("text",{x:o(r),y:z-6,children:f(r)}),a>330&&i("text",{x:o(l),y:z-6,"text-anchor":"middle",children:f(l)}),i("text",{x:o(s),y:z-6,"text-anchor":"end",children:"now"})]})}function Yt({points:t,x:e,y:o}){if(!t.length)return null;let n=t.map(a=>`${e(a.time).toFixed(1)} ${o(a.value).toFixed(1)}`).join("L"),[r,s]=[t[0],t.at(-1)];return i("g",{children:[i("path",{class:"ox-area",d:`M${e(r.time)} ${o(0)}L${n}L${e(s.time)} ${o(0)}Z`}),i("path",{class:"ox-line",d:`M${n}`})]})}function eo({points:t,x:e,y:o}){return t.map(n=>i("g",{children:[i("path",{class:"ox-stem",d:`M${e(n.time)} ${o(0)}V${o(n.value)}`}),i("circle",{class:"ox-dot",cx:e(n.time),cy:o(n.value),r:"3.5"})]},`${n.time} ${n.value}`))}var to=t=>t<1?"now":`${Math.round(t)} s ago`;function oo(t,e){let o=Math.max(t,e),n=10**Math.floor(Math.log10(o));return[1,2,4,5,10].map(r=>r*n).find(r=>r>=o*.999)}function no(t,e){return t.reduce((o,n)=>o===null||e(n)<e(o)?n:o,null)}var ro=10;function wt({history:t}){let[e,o]=j(!1),[n,r]=j(!1),s=io(),a=M(null);(!a.current||t.time>=a.current.end+(s?ro:0))&&!e&&!n&&(a.current=t.view());let{begin:_,end:f,rates:u,first:h,turns:m}=a.current,c=u.at(-1)?.value??0,d=Math.max(...u.map(p=>p.value),0),x=h.map(p=>p.value).sort((p,b)=>p-b),g=x.length?O(x[x.length>>1]):"",w={begin:_,end:f,onHover:r};return i("section",{class:"ox-part","aria-label":"Speed",children:[i("div",{class:"oxillama-row",children:[i("h4",{children:"Speed, last 5 minutes"}),i("span",{class:"oxillama-quiet",children:e?"Paused":n?"Held while you look":`${J(c)} now`}),i("span",{class:"ox-push"}),i("button",{type:"button",class:"oxillama-button","aria-pressed":e,onClick:()=>o(!e),children:e?"Go on":"Pause"})]}),i("div",{class:"ox-plots",children:[i(Ne,{...w,title:"Tokens generated per second",unit:"/s",points:u,words:J,label:`Tokens per second over five minutes: ${J(c)} now, ${J(d)} at most.`}),i(Ne,{...w,dots:!0,title:"Time to the first token, a dot for each turn",unit:"s",points:h,words:O,label:x.length?`Time to the first token of ${N(x.length,"turn")}: ${g} in the middle, ${O(x.at(-1))} at most.`:"Time to the first token: no turn has ended in these five minutes."})]}),i("details",{children:[i("summary",{children:"In numbers"}),i(so,{view:{begin:_,end:f,rates:u,turns:m}})]})]})}function so({view:t}){return i("table",{class:"ox-table ox-narrow",children:[i("thead",{children:i("tr",{children:[i("th",{scope:"col",children:"Half minute before"}),i("th",{scope:"col",children:"Tokens/s"}),i("th",{scope:"col",children:"Turns"}),i("th",{scope:"col",children:"First token"})]})}),i("tbody",{children:dt(t).map(e=>i("tr",{children:[i("th",{scope:"row",children:e.ago?`${e.ago/60} min ago`:"now"}),i("td",{children:e.rate.toFixed(1)}),i("td",{children:e.turns}),i("td",{children:e.first===null?"":O(e.first)})]},e.ago))})]})}function io(){let t="(prefers-reduced-motion: reduce)",[e,o]=j(()=>matchMedia(t).matches);return E(()=>{let n=matchMedia(t),r=()=>o(n.matches);return n.addEventListener("change",r),()=>n.removeEventListener("change",r)},[]),e}var kt=8;function $t({panel:t,report:e,onStop:o}){if(!e.runs.length){let s=e.live_runs?`${N(e.live_runs,"request")} being answered, which only the client can end.`:"Nothing runs.";return i("p",{class:"oxillama-quiet",children:s})}let n=async s=>{try{await t.ask(ao(t,s),{method:"POST",body:{}})}catch(a){if(a.status!==400&&a.status!==404)throw a}o()},r=e.runs.map(s=>[i(mt,{label:`Stop ${T(s.id)}`,onClick:()=>n(s),children:"Stop"}),T(s.status.replaceAll("_"," ")),ce(e.time-s.created_at),i(K,{text:s.id}),s.foreground?i("span",{class:"oxillama-quiet",children:"a client waits"}):i(K,{text:s.thread_id}),i(K,{text:s.model})]);return i(_e,{label:"Running",heads:["","State","Since","Run","Thread","Model"],rows:r,keys:e.runs.map(s=>s.id)})}function ao(t,e){let[o,n]=[e.id,e.thread_id].map(encodeURIComponent);return e.foreground?t.own(`generations/${o}/cancel`):t.openai(n?`threads/${n}/runs/${o}/cancel`:`responses/${o}/cancel`)}function St({turns:t}){let[e,o]=j(!1);if(!t.length)return i("p",{class:"oxillama-quiet",children:"No turn has ended yet."});let n=e?t:t.slice(0,kt),r=["Ended","Of","Model","Prompt","Cached","Generated","Queue","First token","Tokens/s"],s=n.map(a=>[ht(a.ended_at),i(K,{text:a.run_id,also:a.thread_id}),i(K,{text:a.model}),...[a.prompt_tokens,a.cached_tokens,a.completion_tokens].map(l=>i(W,{children:S(l)})),i(W,{children:O(a.timings.queue)}),i(W,{children:O(a.timings.first_token)}),i(W,{children:a.timings.tokens_per_second.toLocaleString()})]);return i(P,{children:[i(_e,{label:"Last turns",heads:r,rows:s,keys:n.map(a=>`${a.run_id} ${a.ended_at}`)}),t.length>kt&&i("button",{type:"button",class:"oxillama-button plain","aria-expanded":e,onClick:()=>o(!e),children:e?"Fewer":`All ${S(t.length)}`})]})}function jt({ways:t}){let e=["","Flash attention","Threads","Batch","Extra buffers","Prefill","Decode","Together","Follow-up"],o=r=>r===!1?"off":"on",n=t.map(r=>[r.chosen?"\u2192 used":r.seconds===null?"crashed":"",o(r.flash_attn),i(W,{children:r.n_threads}),r.n_batch||"usual",o(r.use_extra_bufts),...["prefill","decode","decode_together"].map(s=>i(W,{children:r[s]?`${S(r[s])}/s`:""})),i(W,{children:r.follow_up?O(r.follow_up):""})]);return i(_e,{label:"Measured settings",heads:e,rows:n})}function Tt({settings:t}){let e=Object.entries(t).filter(([,o])=>o!==""&&o!==null).map(([o,n])=>[i("span",{class:"ox-isolated",children:T(o)}),i("span",{class:"ox-long",children:T(typeof n=="object"?JSON.stringify(n):n)})]);return i(_e,{label:"Settings",heads:["Setting","Value"],rows:e})}function _e({label:t,heads:e,rows:o,keys:n}){return i("div",{class:"ox-scroll",role:"region","aria-label":t,tabIndex:0,children:i("table",{class:"ox-table",children:[i("thead",{children:i("tr",{children:e.map((r,s)=>r?i("th",{scope:"col",children:r},s):i("td",{},s))})}),i("tbody",{children:o.map((r,s)=>i("tr",{children:r.map((a,l)=>i("td",{children:a},l))},n?.[s]??s))})]})})}function K({text:t,also:e}){let o=[t,e].filter(Boolean).map(T).join(", ");return i("span",{class:"ox-id",title:o,children:T(t)})}function W({children:t}){return i("span",{class:"ox-number",children:t})}var lo=1e4,Mt=[2,4,8,15,30].map(t=>t*1e3);function co(t){let[e,o]=j(!1);return E(()=>{let n=t.current.ownerDocument,r=!1,s=()=>o(r&&!n.hidden),a=new IntersectionObserver(l=>{r=l.at(-1).isIntersecting,s()});return a.observe(t.current),n.addEventListener("visibilitychange",s),()=>{a.disconnect(),n.removeEventListener("visibilitychange",s)}},[]),e}function Ct(t,e,o){let n=co(e),[r,s]=j({data:null,error:null,since:0,wait:0}),[a,l]=j(0),_=M();_.current={load:t,pace:o};let f=M(0);return E(()=>{if(!n)return;let u=new AbortController,h,m=async()=>{let c;try{let d=await _.current.load(uo(u.signal));if(u.signal.aborted)return;f.current=0,c=_.current.pace(d),s({data:d,error:null,since:0,wait:c})}catch(d){if(u.signal.aborted)return;c=Mt[Math.min(f.current++,Mt.length-1)],s(x=>({data:x.data,error:d,since:x.since||Date.now(),wait:c}))}c!==null&&(h=setTimeout(m,c))};return m(),()=>{u.abort(),clearTimeout(h)}},[n,a]),{...r,shown:n,reload:()=>l(u=>u+1)}}function uo(t){return AbortSignal.any([t,AbortSignal.timeout(lo)])}var Pt=`.oxillama-engine-monitor {
  padding: 12px;
}

.ox-monitor p {
  margin: 4px 0;
}

.ox-monitor .ox-part {
  margin-top: 16px;
}

.ox-monitor h4 {
  margin-bottom: 6px;
}

.ox-monitor .oxillama-row h4 {
  margin: 0;
}

.ox-monitor .ox-push {
  flex: 1;
}

.ox-monitor summary {
  cursor: pointer;
  padding: 4px 0;
}

.ox-monitor .ox-trouble {
  border: 1px solid var(--jp-error-color1, #d32f2f);
  border-radius: 3px;
  margin-bottom: 12px;
  padding: 6px 10px;
}

.ox-monitor .ox-trouble .oxillama-notice {
  flex: 1 1 200px;
}

.ox-monitor .ox-state {
  border: 1px solid currentcolor;
  border-radius: 12px;
  padding: 0 10px;
}

.ox-monitor .ox-state.ok {
  color: var(--jp-success-color0, #1b5e20);
}

.ox-monitor .ox-state.failed {
  color: var(--jp-error-color0, #b71c1c);
}

.ox-monitor .ox-isolated,
.ox-monitor .ox-id,
.ox-monitor .ox-owner,
.ox-monitor .ox-long {
  unicode-bidi: isolate;
}

.ox-monitor .ox-long,
.ox-monitor .ox-model {
  overflow-wrap: anywhere;
}

.ox-monitor .ox-model {
  font-weight: 600;
}

.ox-monitor .ox-figures {
  display: grid;
  gap: 8px;
  grid-template-columns: repeat(auto-fit, minmax(140px, 1fr));
  margin: 12px 0 0;
}

.ox-monitor .ox-figures > div {
  background: var(--jp-layout-color2, #f5f5f5);
  border-radius: 3px;
  min-width: 0;
  padding: 6px 10px;
}

.ox-monitor :is(dt, dd) {
  float: none;
  font-weight: 400;
  width: auto;
}

.ox-monitor dd {
  display: flex;
  flex-direction: column;
  gap: 2px;
  margin: 0;
}

.ox-monitor .ox-figures .oxillama-quiet {
  color: var(--jp-ui-font-color1, #212121);
  font-size: var(--jp-ui-font-size0, 12px);
}

.ox-monitor .ox-value {
  font-size: var(--jp-ui-font-size2, 15px);
  font-variant-numeric: tabular-nums;
  font-weight: 600;
}

.ox-monitor .ox-bar {
  background: var(--jp-layout-color1, #fff);
  border: 1px solid var(--jp-border-color1, #9e9e9e);
  border-radius: 3px;
  display: block;
  height: 8px;
  margin: 2px 0;
  overflow: hidden;
}

.ox-monitor .ox-bar > span {
  background: var(--jp-brand-color1, #1976d2);
  display: block;
  height: 100%;
}

.ox-monitor .ox-sequences {
  display: grid;
  gap: 6px;
  grid-auto-rows: 1fr;
  grid-template-columns: repeat(auto-fill, minmax(120px, 1fr));
  list-style: none;
  margin: 0;
  padding: 0;
}

.ox-monitor .ox-sequence {
  border: 1px solid var(--jp-border-color1, #bdbdbd);
  border-left-width: 4px;
  border-radius: 3px;
  display: flex;
  flex-direction: column;
  font-variant-numeric: tabular-nums;
  min-width: 0;
  padding: 4px 8px;
}

.ox-monitor .ox-sequence.free {
  border: 1px dashed var(--jp-border-color1, #bdbdbd);
  padding-left: 11px;
}

.ox-monitor .ox-sequence.idle {
  border-left-style: double;
}

.ox-monitor .ox-sequence.reading {
  border-left: 4px dashed var(--jp-brand-color1, #1976d2);
}

.ox-monitor .ox-sequence.generating {
  border-color: var(--jp-brand-color1, #1976d2);
  font-weight: 600;
}

.ox-monitor .ox-owner,
.ox-monitor .ox-id {
  font-family: var(--jp-code-font-family, monospace);
  font-size: var(--jp-ui-font-size0, 11px);
  font-weight: 400;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.ox-monitor .ox-id {
  display: inline-block;
  max-width: 170px;
  vertical-align: bottom;
}

.ox-monitor .ox-plots {
  display: grid;
  gap: 12px;
  grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr));
  margin-top: 6px;
}

.ox-monitor .ox-plot {
  margin: 0;
  min-width: 0;
}

.ox-monitor .ox-plot > svg {
  display: block;
}

.ox-monitor .ox-sample {
  vertical-align: middle;
}

.ox-monitor .ox-axes path {
  stroke: var(--jp-border-color2, #e0e0e0);
}

.ox-monitor .ox-axes text {
  fill: var(--jp-ui-font-color1, #212121);
  font-size: 11px;
}

.ox-monitor .ox-line {
  fill: none;
  stroke: var(--jp-brand-color1, #1976d2);
  stroke-linejoin: round;
  stroke-width: 2;
}

.ox-monitor .ox-area {
  fill: var(--jp-brand-color1, #1976d2);
  opacity: 0.15;
}

.ox-monitor .ox-dot {
  fill: var(--jp-layout-color1, #fff);
  stroke: var(--jp-ui-font-color1, #212121);
  stroke-width: 1.5;
}

.ox-monitor .ox-stem {
  stroke: var(--jp-border-color1, #bdbdbd);
}

.ox-monitor .ox-cursor {
  stroke: var(--jp-ui-font-color1, #212121);
  stroke-dasharray: 3 3;
}

.ox-monitor .ox-under {
  fill: var(--jp-ui-font-color1, #212121);
}

.ox-monitor .ox-scroll {
  overflow-x: auto;
}

.ox-monitor .ox-table {
  border: 0;
  border-collapse: collapse;
  color: inherit;
  font-size: inherit;
  font-variant-numeric: tabular-nums;
  table-layout: auto;
}

.ox-monitor .ox-table :is(th, td) {
  border: 0;
  border-bottom: 1px solid var(--jp-border-color2, #e0e0e0);
  max-width: 420px;
  overflow-wrap: anywhere;
  padding: 3px 12px 3px 0;
  text-align: left;
  vertical-align: middle;
  white-space: nowrap;
}

.ox-monitor .ox-table .ox-long {
  white-space: normal;
}

.ox-monitor .ox-table thead th {
  font-weight: 600;
}

.ox-monitor .ox-number {
  display: block;
  text-align: right;
}

.ox-monitor .ox-table.ox-narrow :is(th, td) {
  white-space: normal;
}
`;var X=class extends Error{constructor(e,o,{code:n,after:r}={}){super(e),this.status=o,this.code=n,this.after=r}};function qe(){let t=document.getElementById("jupyter-config-data");return t?JSON.parse(t.textContent):null}async function Oe(t,e={}){let o=qe();if(!o)throw new X("This page is not its kernel's.",0);let{baseUrl:n,token:r}=o,s=/(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1],a={...s&&{"X-XSRFToken":s},...r&&{Authorization:`token ${r}`}},l=await fetch(n+t,{...e,credentials:"same-origin",headers:a});if(!l.ok)throw await fo(l);return l}async function fo(t){let e=Number(t.headers.get("retry-after"))||null,o=await t.text();try{let{message:n,code:r}=JSON.parse(o).error;return new X(n,t.status,{code:r,after:e})}catch{return new X(`${t.status} ${t.statusText}`,t.status,{after:e})}}var Ae=1,po=Symbol.for(`oxillama.page.${Ae}`),Le=class{#t={};#o={};#e=null;#n=new Map;#s=new Set;constructor(e){this.id=e}learn(e){for(let o in e)/_id$/.test(o)?this.#t[o]||=e[o]:this.#t[o]??=e[o];return this}get connected(){return!!this.#e}get(e){return this.#e?.get(e)??this.#t[e]}set(e,o){this.#t[e]=o,this.#e?(this.#e.set(e,o),this.#e.save_changes()):(this.#o[e]=o,this.#r(e))}on(e,o){let n=this.#n.get(e)??new Set;return this.#n.set(e,n.add(o)),n.size===1&&this.#e?.on(`change:${e}`,this.#i(e)),()=>n.delete(o)}receive(e){return this.#s.add(e),()=>this.#s.delete(e)}send(e){return this.#e?.send(e),this.connected}async ask(e,{body:o,...n}={}){let r=o?{method:"POST",...n,body:JSON.stringify(o)}:n;return(await Oe(e,r)).json()}openai(e){return Nt(Et().openai_prefix,e)}own(e){return Nt(Et().prefix,e)}connect(e){if(!e)for(let o of[...this.#n.keys(),...Object.keys(this.#t)])this.#t[o]=this.get(o);if(this.#e=e,e){for(let o in this.#o)this.set(o,this.#o[o]);this.#o={}}for(let o of this.#n.keys())e?.on(`change:${o}`,this.#i(o)),this.#r(o);e?.on("comm_live_update",()=>this.#e===e&&this.connect(null)),e?.on("msg:custom",o=>this.#s.forEach(n=>n(o))),this.#r("connected")}#r(e){this.#n.get(e)?.forEach(o=>o(this.get(e)))}#i(e){let o=this.#e;return()=>this.#e===o&&this.#r(e)}};function Et(){return qe()?.oxillama??{}}function Nt(t,e){let[o]=e.split("?");if(!t||/[^\w%.~!'()*/-]|(^|\/)(\.|%2e)+(\/|$)/i.test(o))throw new Error("The server has no such route.");return`${t}/${e}`}var De=class{#t=new Map;#o={};lab=null;panel(e,o){return this.#t.has(e)||this.#t.set(e,new Le(e)),this.#t.get(e).learn(o)}async show(e,o,n){let r=e.own(`widgets/${o}.js`);try{return(await(this.#o[r]??=mo(r))).show(e,n,this)}catch(s){throw this.#o={},s}}};async function mo(t){let e=URL.createObjectURL(new Blob([await(await Oe(t)).text()],{type:"text/javascript"}));try{let o=await import(e);if(o.PROTOCOL!==Ae)throw new Error("Reload the page.");return o}finally{URL.revokeObjectURL(e)}}var xn=globalThis[po]??=new De;var ho=1e3,xo=3e3;function Mn(t,e,o){return pt(i(go,{panel:t,page:o}),e,Pt,"engine-monitor")}function go({panel:t,page:e}){let o=M(),n=_t(t),s=Ct(async a=>{let l=await t.ask(t.own("engine"),{signal:a});return n.add(l),l},o,a=>vo(a)?ho:xo);return To(t,s.data,e.lab?.pictureOf?()=>e.lab.pictureOf(o.current,t.id):()=>null),i("div",{ref:o,class:"ox-monitor",children:[s.error&&i(bo,{poll:s}),s.data?i(yo,{panel:t,report:s.data,history:n,reload:s.reload}):!s.error&&i("p",{children:"Looking at the engine\u2026"})]})}var vo=t=>t.live_runs>0||t.status.running>0||t.state==="starting";function bo({poll:t}){let e=t.error.status?T(t.error.message):"The server does not answer",o=t.data?` What is shown is of ${new Date(t.since).toLocaleTimeString()}.`:"";return i("div",{class:"ox-trouble oxillama-row",children:[i(le,{children:`${e}; it is asked again every ${Math.round(t.wait/1e3)} s.${o}`}),i("button",{type:"button",class:"oxillama-button",onClick:t.reload,children:"Ask now"})]})}function yo({panel:t,report:e,history:o,reload:n}){let{status:r}=e;return i("div",{children:[i(So,{report:e}),i(jo,{report:e}),i("section",{class:"ox-part","aria-label":"Sequences",children:[i("h4",{children:"Sequences"}),i(vt,{status:r,runs:e.runs})]}),i("section",{class:"ox-part","aria-label":"Running",children:[i("h4",{children:"Running"}),i($t,{panel:t,report:e,onStop:n})]}),i(wt,{history:o}),i("section",{class:"ox-part","aria-label":"Last turns",children:[i("h4",{children:"Last turns"}),i(St,{turns:e.turns})]}),(r.measured.length>0||r.measuring!=null)&&i(wo,{panel:t,status:r,reload:n}),Object.keys(r.settings).length>0&&i("details",{class:"ox-part",children:[i("summary",{children:"Settings"}),i(Tt,{settings:r.settings})]})]})}function wo({panel:t,status:e,reload:o}){let[n,r]=j(""),s=()=>t.ask(t.own("models/autotune"),{body:{}}).then(()=>r(""),a=>r(a.message)).then(o);return i("details",{class:"ox-part",children:[i("summary",{children:`Settings measured on this machine (${e.measured.length})`}),e.measured.length>0&&i(jt,{ways:e.measured}),e.measuring==null?i("button",{type:"button",class:"oxillama-button plain",onClick:s,children:"Measure again"}):i("p",{class:"oxillama-quiet",role:"status",children:`${N(e.measuring,"way")} timed so far; it goes on while nobody generates.`}),n&&i(le,{children:T(n)})]})}var ko={ok:"Ready",starting:"Starting",failed:"Not running"},$o={ok:"\u25CF",starting:"\u25D4",failed:"\u25B2"};function So({report:t}){let{status:e}=t,o=t.state==="ok"&&e.running?"Generating":ko[t.state],n=e.started_at?`up ${ce(t.time-e.started_at)}`:"",r=e.restarts?`restarted ${xt(e.restarts)}`:"never restarted",s=[e.pid?`pid ${e.pid}`:"",n,e.pid||e.restarts?r:"",e.mode==="live"?"":e.mode];return i("header",{children:[i("div",{class:"oxillama-row",children:[i("h3",{children:"Engine"}),i("strong",{class:`ox-state ${t.state}`,role:"status",children:[i("span",{"aria-hidden":"true",children:$o[t.state]})," ",o]}),i("span",{class:"ox-isolated ox-model",children:T(t.models[0]?.id)}),i("span",{class:"oxillama-quiet",children:s.filter(Boolean).join(" \xB7 ")})]}),e.detail&&i("p",{class:t.state==="failed"?"oxillama-notice":"oxillama-quiet ox-long",children:T(e.detail)}),e.last_exit&&i("p",{class:"oxillama-quiet ox-long",children:`The last time it ended: ${T(e.last_exit)}`})]})}function jo({report:t}){let{status:e,totals:o}=t,{stats:n}=e,r=n.vault,s=Math.max(0,t.live_runs-e.running);return i("dl",{class:"ox-figures",children:[i(U,{name:"Generating",value:`${S(e.running)} of ${S(e.n_parallel)}`}),i(U,{name:"Queue",value:`${S(s)} waiting`,more:`at most ${S(t.most_runs)} run or wait`}),i(U,{name:"KV cache",value:n.cells?`${Ce(n.cells_used??0,n.cells)}`:"not known",more:n.cells?`${S(n.cells_used)} of ${S(n.cells)} tokens`:"",children:n.cells?i(Pe,{part:n.cells_used??0,whole:n.cells,label:"KV cache in use"}):null}),n.parked?i(U,{name:"Parked in memory",value:N(n.parked,"thread"),more:Me(n.parked_bytes)}):null,i(U,{name:"Vault on disk",value:r?N(r.files,"thread"):"nothing is kept",more:r?`${Me(r.bytes)}; ${N(r.hits,"prompt")} began with one${r.failed?`; ${S(r.failed)} not kept`:""}`:""}),i(U,{name:"Since the start",value:N(o.turns,"turn"),more:`${N(o.completion_tokens,"token")} generated${o.prompt_tokens?`, ${Ce(o.cached_tokens,o.prompt_tokens)} of prompts cached`:""}`})]})}function U({name:t,value:e,more:o,children:n}){return i("div",{children:[i("dt",{children:t}),i("dd",{children:[i("span",{class:"ox-value",children:e}),n,o&&i("span",{class:"oxillama-quiet",children:o})]})]})}function To(t,e,o){let n=M(null),r=M({at:Date.now(),waiting:!1}),s=M();s.current=({pictured:a}={})=>{a&&(r.current.waiting=!1,typeof a=="object"&&o()?.(a))},E(()=>t.receive(a=>s.current(a??void 0)),[t]),E(()=>{if(!e)return;let a=Mo(e);n.current??=a;let l=1e3*(t.get("picture_seconds")??30),_=r.current.waiting&&t.connected;a===n.current||_||Date.now()-r.current.at<l||t.connected&&(r.current={at:Date.now(),waiting:!0},n.current=a,t.send({picture:o()?"send":"show"}))},[e])}function Mo({state:t,status:e,totals:o,runs:n}){let r=(e.stats.sequences??[]).map(s=>[s.state,s.key]);return JSON.stringify([t,e.detail,e.restarts,o.turns,n.length,r])}export{Ae as PROTOCOL,Mn as show};
