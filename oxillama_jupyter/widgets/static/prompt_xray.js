// Made by widgets/build from 18cb3a1244a286ca52d796b76832346ee7d6ca761a0dd8e708d487b97178b0cb; see LICENSES.txt.
var g,Rt,$e,M,ct,Y,zt,X,Ft,pt,ut,Te,I=Symbol.for("pv"),tt={},et=[],Oe=/^m(i|n|o|s|text|space)$/,_t=Array.isArray,Bt=et.slice,F=Object.assign;function z(e){e&&e.parentNode&&e.remove()}function Z(e,t,o,n,r){var a={type:e,props:t,key:o,ref:n,__k:null,__:null,__b:0,__e:null,__c:null,constructor:I,__v:r||++Rt,__i:-1,__u:0};return!r&&g.vnode&&g.vnode(a),a}function C(e){return e.children}function H(e,t){this.props=e,this.context=t,this.__g=0}function E(e,t){if(t==null)return e.__&&E(e.__,e.__i+1);for(var o;t<e.__k.length;t++)if((o=e.__k[t])&&o.__e)return o.__e;return typeof e.type!="function"||e.props.__P?null:E(e)}function Ae(e){var t,o=e.__v,n=o.__e,r=[],a=[],i=e.__P;i&&((t=F({constructor:I},o)).__v=o.__v+1,g.vnode&&g.vnode(t),ft(i,t,o,e.__n,i.namespaceURI,32&o.__u?[n]:null,r,n||E(o),32&o.__u,a),t.__v=o.__v,t.__.__k[t.__i]=t,Kt(r,t,a),o.__=o.__e=null,t.__e!=n&&Ht(t))}function Ht(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),Ht(e)}function Dt(e){(8&e.__g||(e.__g|=8,M.push(e),Y++))&&ct==g.debounceRendering||((ct=g.debounceRendering)||queueMicrotask)(qt)}function qt(){try{for(var e,t=1;M.length;)M.length>t&&M.sort(zt),e=M.shift(),t=M.length,8&e.__g&&Ae(e)}finally{(Y=M.length)&&(ct||queueMicrotask)(qt)}}function Ut(e,t,o,n,r,a,i,s,p,f,u){var h,_,c,d,y,x,k=n.__k||et,m=t.length;for(p=Le(o,t,k,p,m),h=0;h<m;h++)(c=o.__k[h])!=null&&(_=~c.__i&&k[c.__i]||tt,c.__i=h,x=ft(e,c,_,r,a,i,s,p,f,u),d=c.__e,(_.ref!=c.ref||8&_.__u)&&(_.ref&&dt(_.ref,null,c,_),c.ref&&u.push(c.ref,c.__c||d,c)),y=y||d,4&c.__u?(p=Wt(c,p,e,!_.__v),_.__e&&(_.__e=null)):typeof c.type=="function"&&x!==void 0?p=x:d&&(p=d.nextSibling),c.__u&=-21);return o.__e=y,p}function Le(e,t,o,n,r){var a,i,s,p,f,u,h,_,c,d=o.length,y=d,x=0,k=0,m=e.__k=Array(r);for(a=0;a<r;a++)(i=t[a])!=null&&typeof i!="boolean"&&typeof i!="function"?(typeof i!="object"||i.constructor===String?i=m[a]=Z(null,i):_t(i)?i=m[a]=Z(C,{children:i}):i.constructor===I&&i.__b?i=m[a]=Z(i.type,i.props,i.key,i.ref,i.__v):m[a]=i,p=a+x,i.__=e,i.__b=e.__b+1,s=null,~(f=i.__i=Me(i,o,p,y))&&(y--,(s=o[f])&&(s.__u|=2)),s&&s.__v?(i.__u|=16,f==p-1?x--:f==p+1?x++:f!=p&&(f>p?x--:x++,k=1)):(~f||(r>d?x--:r<d&&x++),typeof i.type!="function"&&(i.__u|=4))):m[a]=null;if(k){for(u=[],h=[],a=0;a<r;a++)if((i=m[a])&&16&i.__u){for(x=0,_=u.length;x<_;)u[c=x+_>>1]<i.__i?x=c+1:_=c;u[x]=i.__i,h[a]=x+1}for(x=u.length;a--;)h[a]&&(h[a]==x?x--:m[a].__u|=4)}if(y)for(a=0;a<d;a++)!(s=o[a])||2&s.__u||(s.__e==n&&(n=E(s)),mt(s,s));return n}function Wt(e,t,o,n){var r,a,i,s;if(typeof e.type=="function"){if(e.props.__P)return t;if(r=e.__k)for(a=0;a<r.length;a++)r[a]&&(r[a].__=e,t=Wt(r[a],t,o,!1));return t}for(t&&!t.parentNode&&(t=E(e))&&!t.parentNode&&(t=null),i=e.__e,s=t;s&&s.nodeType==8;)s=s.nextSibling;for(i!=s&&(!n&&o.moveBefore&&i.parentNode?o.moveBefore(i,t):o.insertBefore(i,t||null)),t=i;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function Me(e,t,o,n){var r,a=e.key,i=e.type,s=t[o],p=s&&!(2&s.__u);if(s===null&&a==null||p&&a==s.key&&i==s.type)return o;if(n>(p?1:0)){for(r=o-1;r>=0;r--)if((s=t[r])&&!(2&s.__u)&&a==s.key&&i==s.type)return r;for(r=o+1;r<t.length;r++)if((s=t[r])&&!(2&s.__u)&&a==s.key&&i==s.type)return r}return-1}function Nt(e,t,o){o==null&&(o=""),t[0]=="-"?e.setProperty(t,o):e[t]=o}function J(e,t,o,n,r){var a,i;if(t=="style")if(typeof o=="string")e.style.cssText=o;else{if(typeof n=="string"&&(e.style.cssText=n=""),n)for(t in n)o&&t in o||Nt(e.style,t);if(o)for(t in o)n&&o[t]==n[t]||Nt(e.style,t,o[t])}else if(t[0]=="o"&&t[1]=="n")typeof o!="function"&&(o=null),typeof n!="function"&&(n=null),(e.__e||(e.__e={}))[t]=o,o&&n||(i=ut[t]||(ut[t]=Ee(t)),(e.__a||(e.__a={}))[t]=pt,a=t!=(t=t.replace(Ft,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),o?e.addEventListener(t,i,a):e.removeEventListener(t,i,a));else{if(r=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=o??"")}catch{}if(typeof o=="function")return;o==null||o===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&o==1?"":o)}}function Ee(e){return function(t){var o=this.__e;if(o){if(o=o[e],t[X]==null)t[X]=pt++;else if(t[X]<this.__a[e])return;return o(g.event?g.event(t):t)}}}function ft(e,t,o,n,r,a,i,s,p,f){var u,h,_,c,d,y,x,k,m,b,v,W,Et,G,N,Pt,L,R,A=t.type;if(t.constructor!==I)return null;128&o.__u&&(p=32&o.__u,u=o.__c.__z)&&(t.__u|=p,h=a=[],u.nodeType==8?s=Q(u,a):a.push(u),s=a[0]||s),(u=g.__b)&&u(t);t:if(typeof A=="function"){_=i.length;try{if(k=t.props,m=(u=A.prototype)&&u.render,b=(u=A.contextType)&&n[u.__c],v=u?b?b.props.value:u.__:n,(c=o.__c)?(t.__c=c,2&c.__g&&(c.__g|=1)):(m?t.__c=c=new A(k,v):(t.__c=c=new H(k,v),c.constructor=A,c.render=De),b&&b.sub(c),c.state||(c.state={}),c.__n=n,c.__g|=8,c.__h=[],c.__k=[]),m&&(c.__s||(c.__s=c.state),A.getDerivedStateFromProps&&(c.__s==c.state&&(c.__s=F({},c.__s)),F(c.__s,A.getDerivedStateFromProps(k,c.__s)))),d=c.props,y=c.state,c.__v=t,o.__c){if(k!==d&&m&&!A.getDerivedStateFromProps&&c.componentWillReceiveProps&&c.componentWillReceiveProps(k,v),t.__v==o.__v&&!(8&c.__g)||!(4&c.__g)&&c.shouldComponentUpdate&&c.shouldComponentUpdate(k,c.__s,v)===!1){t.__v!=o.__v&&(c.props=k,c.state=c.__s,c.__g&=-9),t.__e=o.__e,t.__k=o.__k,t.__k.some(function(T){T&&(T.__=t)}),et.push.apply(c.__h,c.__k),c.__k=[],c.__h.length&&i.push(c),s=E(o);break t}c.componentWillUpdate&&c.componentWillUpdate(k,c.__s,v),m&&c.componentDidUpdate&&c.__h.push(function(){c.componentDidUpdate(d,y,x)})}else m&&!A.getDerivedStateFromProps&&c.componentWillMount&&c.componentWillMount(),m&&c.componentDidMount&&c.__h.push(c.componentDidMount);c.context=v,c.props=k,c.__P=e,c.__g&=-5,W=g.__r,Et=m?25:0;do c.__g&=-9,W&&W(t),u=c.render(c.props,c.state=c.__s,c.context);while(8&c.__g&&++Et<25);m&&(et.push.apply(c.__h,c.__k),c.__k=[]),c.state=c.__s,c.getChildContext&&(n=F({},n,c.getChildContext())),m&&o.__c&&c.getSnapshotBeforeUpdate&&(x=c.getSnapshotBeforeUpdate(d,y)),G=u&&u.type===C&&u.key==null?u.props.children:u,k.__P&&(u=s,r=(e=k.__P).namespaceURI,p=a=null,o.props&&o.props.__P!=e&&(o.__k.some(function(T){T&&mt(T,T)}),o.__k=null),s=o.__k?E(o,0):null),s=Ut(e,_t(G)?G:[G],t,o,n,r,a,i,s,p,f),k.__P&&(t.__e=null,s=u),t.__u&=-161,h&&h.some(z),c.__h.length&&i.push(c),1&c.__g&&(c.__g&=-4)}catch(T){if(i.length=_,t.__v=null,p||a)if(T&&T.then){if(t.__u|=128|p,a){for(~(L=a.indexOf(s||void 0))||(L=a.length);(R=a[L-1])&&R.nodeType==8;)L--;for(;L<a.length;L++)if(R=a[L])if(a[L]=null,N){if(R==Pt)break}else{if(R.nodeType!=8)break;R.data.startsWith("$s")&&(Pt=Q(N=R))}}if(!N){for(;s&&s.nodeType==8&&s.nextSibling;)s=s.nextSibling;N=s}(u=Q(N=t.__c.__z||(t.__c.__z=N)))?(t.__e=N,s=u):t.__e=s,s=s&&s.nextSibling}else a&&a.some(z);else t.__e=o.__e;t.__k||(t.__k=o.__k||[]),T&&T.then||It(t),g.__e(T,t,o)}}else s=t.__e=Pe(o.__e,t,o,n,r,a,i,p,f,e);return(u=g.diffed)&&u(t),s}function Q(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var o=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))o++;else if(e.data.startsWith("/$s")&&!--o)return e}t&&t.push(e)}}function It(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(It))}function Kt(e,t,o){for(var n=0;n<o.length;)dt(o[n++],o[n++],o[n++]);g.__c&&g.__c(t,e),e.some(function(r){try{e=r.__h,r.__h=[],e.some(function(a){a.call(r)})}catch(a){g.__e(a,r.__v)}})}function Pe(e,t,o,n,r,a,i,s,p,f){var u,h,_,c,d,y,x,k,m=o.props||tt,b=t.props,v=t.type;if(v=="svg"?r="http://www.w3.org/2000/svg":v=="math"?r="http://www.w3.org/1998/Math/MathML":r||(r="http://www.w3.org/1999/xhtml"),a){for(u=0;u<a.length;u++)if((d=a[u])&&(v?d.localName==v:d.nodeType==3)){e=d,a[u]=null;break}}if(!e){if(k=f.ownerDocument||document,!v)return k.createTextNode(b);e=k.createElementNS(r,v,b.is?b:f),s&&(g.__m&&g.__m(t,a),s=!1),a=null}if(v){if(f=v=="template"&&e.content||e,a=v=="textarea"&&b.defaultValue!=null?null:a&&Bt.call(f.childNodes),!s&&a)for(m={},u=0;u<e.attributes.length;u++)m[(d=e.attributes[u]).name]=d.value;for(u in m)d=m[u],u=="dangerouslySetInnerHTML"?_=d:u=="children"||u in b||u=="value"&&"defaultValue"in b||u=="checked"&&"defaultChecked"in b||J(e,u,null,d,r);for(u in b)d=b[u],u=="children"?c=d:u=="dangerouslySetInnerHTML"?h=d:u=="value"?y=d:u=="checked"?x=d:s&&typeof d!="function"||m[u]===d||J(e,u,d,m[u],r);h?(s||_&&(h.__html==_.__html||h.__html==e.innerHTML)||(e.innerHTML=h.__html),t.__k=[]):(_&&(e.textContent=""),(v=="foreignObject"||r=="http://www.w3.org/1998/Math/MathML"&&Oe.test(v))&&(r="http://www.w3.org/1999/xhtml"),Ut(f,_t(c)?c:[c],t,o,n,r,a,i,a?a[0]:o.__k&&E(o,0),s,p),a&&a.some(z)),s&&v!="textarea"||(u="value",v=="progress"&&y==null?e.removeAttribute(u):y==null||y===e[u]&&(v!="progress"||y)||J(e,u,y,m[u],r),u="checked",x!=null&&x!=e[u]&&J(e,u,x,m[u],r))}else m===b||s&&e.data==b||(e.data=b);return e}function dt(e,t,o,n){try{typeof e=="function"?t?t.__x=e(t)||1:n&&(n=n.__c||n.__e)&&(t=n.__x)&&(n.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(r){g.__e(r,o)}}function mt(e,t,o){var n,r,a,i;if(g.unmount&&g.unmount(e),!(n=e.ref)||n.current&&n.current!=e.__e||dt(n,null,t,e),n=e.__c){if(n.componentWillUnmount)try{n.componentWillUnmount()}catch(s){g.__e(s,t)}n.__P=n.__n=null}if(n=e.__k)for(i=0;i<n.length;i++)n[i]&&mt(n[i],t,typeof e.type!="function"||o&&!e.props.__P);!o&&(n=e.__c)&&(n=n.__z)&&(r=Q(n,a=[]))&&(n==e.__e&&a.some(z),z(r),z(n)),o||z(e.__e),e.__e=e.__c=e.__=null}function De(e,t,o){return this.constructor(e,o)}function ht(e,t){var o,n,r,a;g.__&&g.__(e,t),t.nodeType==9&&(t=t.documentElement),n=(o=e&&32&e.__u)?null:t.__k,t.__k=Z(C,{children:[e]}),r=[],a=[],ft(t,t.__k,n||tt,tt,t.namespaceURI,n?null:t.firstChild?Bt.call(t.childNodes):null,r,n?n.__e:t.firstChild,o,a),Kt(r,t.__k,a),t.__k.props.children=null}g={__e:function(e,t,o,n){for(var r,a,i;t=t.__;)if((r=t.__c)&&!(1&r.__g)){r.__g|=4;try{if((i=(a=r.constructor)&&a.getDerivedStateFromError)&&r.setState(a.getDerivedStateFromError(e)),r.componentDidCatch&&(r.componentDidCatch(e,n||{}),i=1),i&&8&r.__g)return void(r.__g|=2)}catch(s){e=s}}throw Y=0,e}},Rt=0,$e=function(e){return e!=null&&e.constructor===I},H.prototype.setState=function(e,t){var o=this.__s;o&&o!=this.state||(o=this.__s=F({},this.state)),typeof e=="function"&&(e=e(F({},o),this.props)),e&&(F(o,e),this.__v&&(t&&this.__k.push(t),Dt(this)))},H.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),Dt(this))},H.prototype.render=C,M=[],Y=0,zt=function(e,t){return e.__v.__b-t.__v.__b},X=Symbol(),Ft=/(PointerCapture)$|Capture$/i,pt=0,ut={},Te=0;var q,j,xt,Vt,gt=Object.is,ot=0,oe=[],yt=[],S=g,Gt=S.__b,Jt=S.__r,Xt=S.diffed,Zt=S.__c,Qt=S.unmount,Yt=S.__;function nt(e,t){S.__h&&S.__h(j,e,ot||t),ot=0;var o=j.__H||(j.__H={__:[],__h:[]});return e>=o.__.length&&o.__.push({}),o.__[e]}function w(e){return ot=1,Ne(ne,e)}function Ne(e,t,o){var n=nt(q++,2);if(n.t=e,!n.__c&&(n.__=[o?o(t):ne(void 0,t),function(a){var i=(n.__N||n.__)[0],s=n.t(i,a);gt(i,s)||(n.__N=[s,n.__[1]],n.__c.setState({}))}],n.__c=j,!j.__f)){j.__f=!0;var r=j.shouldComponentUpdate;j.shouldComponentUpdate=function(a,i,s){var p=this.__H;if(!p)return!0;var f=!1,u=this.props!=a;if(p.__.some(function(_){_.__N&&(f=!0,gt(_.__[0],_.__N[0])||(u=!0))}),r){var h=r.call(this,a,i,s);return f?h||u:h}return!f||u}}return n.__}function $(e,t){var o=nt(q++,3);!S.__s&&wt(o.__H,t)&&(o.__P=!0,o.__=e,o.u=t,j.__H.__h.push(o))}function vt(e,t){var o=nt(q++,4);!S.__s&&wt(o.__H,t)&&(o.__P=!1,o.__=e,o.u=t,j.__h.push(o))}function P(e){return ot=5,kt(function(){return{current:e}},[])}function kt(e,t){var o=nt(q++,7);return wt(o.__H,t)&&(o.__=e(),o.__H=t),o.__}function Re(){var e;do{for(;e=yt.shift();)try{K(e)}catch(o){S.__e(o,{__:(e=e.__P)&&e.__v})}for(;e=oe.shift();){var t=e.__H;if(e.__P&&t)try{t.__h.some(K),t.__h.some(bt),t.__h=[]}catch(o){t.__h=[],S.__e(o,e.__v)}}}while(yt.length)}S.__b=function(e){j=null,Gt&&Gt(e)},S.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),Yt&&Yt(e,t)},S.__r=function(e){Jt&&Jt(e),q=0;var t=(j=e.__c).__H;t&&(xt==j?j.__h=[]:(t.__h.some(K),t.__h.some(bt),q=0),t.__h=[],t.__.some(function(o){o.__N&&(o.__=o.__N),o.u=o.__N=void 0})),xt=j},S.diffed=function(e){Xt&&Xt(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&ee(oe.push(t)),t.__H.__.some(function(o){o.u&&(o.__H=o.u)})),xt=j=null},S.__c=function(e,t){t.some(function(o){try{o.__h.some(K),o.__h=o.__h.filter(function(n){return!n.__||bt(n)})}catch(n){o.__h=[function(){throw n}]}}),Zt&&Zt(e,t)},S.unmount=function(e){Qt&&Qt(e);var t,o,n=e.__c;n&&n.__H&&(n.__H.__.some(function(r){try{if(r.__P&&r.__c){if(o===void 0){for(o=e.__;o&&(!o.__c||!o.__c.__P);)o=o.__;o=o&&o.__c}r.__P=o,ee(yt.push(r))}else K(r)}catch(a){t=a}}),n.__H=void 0,t&&S.__e(t,n.__v))};var te=typeof requestAnimationFrame=="function";function ze(e){var t,o=function(){clearTimeout(n),te&&cancelAnimationFrame(t),setTimeout(e)},n=setTimeout(o,35);te&&(t=requestAnimationFrame(o))}function ee(e){e!=1&&Vt==S.requestAnimationFrame||((Vt=S.requestAnimationFrame)||ze)(Re)}function K(e){var t=j,o=e.__c;typeof o=="function"&&(e.__c=void 0,o()),j=t}function bt(e){var t=j;e.__c=e.__(),j=t}function wt(e,t){return!e||e.length!=t.length||t.some(function(o,n){return!gt(o,e[n])})}function ne(e,t){return typeof t=="function"?t(e):t}var Fe=Symbol.for("pv"),Be=0;function l(e,t,o,n,r,a){t||(t={});var i,s,p=t;if("ref"in p&&typeof e!="function")for(s in p={},t)s=="ref"?i=t[s]:p[s]=t[s];var f={type:e,props:p,key:o,ref:i,__k:null,__:null,__b:0,__e:null,__c:null,constructor:Fe,__v:--Be,__i:-1,__u:0};return(r||a)&&(f.__source=r,f.__self=a),g.vnode&&g.vnode(f),f}var D=e=>e.toLocaleString(),at=e=>`${e.toLocaleString([],{maximumFractionDigits:e<1?3:1})} s`;function re({about:e,run:t}){let o=t?.timings;return l(C,{children:[l("dl",{class:"ox-figures",children:[l(rt,{name:"Prompt",value:`${D(e.prompt_tokens)} tokens`,more:Ue(e)}),l(rt,{name:"From the cache",value:He(e),more:qe(e)}),o&&l(rt,{name:"First token",value:`after ${at(o.first_token)}`,more:We(o)}),o&&o.tokens_per_second>0&&l(rt,{name:"Answer",value:`${o.tokens_per_second.toLocaleString([],{maximumFractionDigits:1})} tokens/s`,more:`in ${at(o.completion)}`})]}),l(Ie,{about:e})]})}function rt({name:e,value:t,more:o}){return l("div",{children:[l("dt",{children:e}),l("dd",{children:t}),o&&l("dd",{class:"oxillama-quiet ox-more-figures",children:o})]})}function He({cached_tokens:e,prompt_tokens:t,run_id:o}){return e===null?o?"not known":"not sent yet":`${D(e)} cached, ${D(t-e)} new`}function qe({cached_tokens:e,prompt_tokens:t}){return e?`${Math.floor(100*e/t)} % not computed again`:""}function Ue({prompt_tokens:e,limit:t,context:o}){return o?`${Math.round(100*e/o)} % of a context of ${D(o)}; ${D(t)} allowed`:`${D(t)} allowed`}function We({queue:e,prompt:t}){return`${at(e)} in the queue, ${at(t)} reading`}function Ie({about:e}){let{prompt_tokens:t,cached_tokens:o,limit:n,context:r}=e,a=Math.max(r,n,t),i=p=>`${100*p/a}%`,s=`${D(t)} of ${D(n)} tokens that a prompt may have`;return l("div",{class:"ox-gauge",role:"img","aria-label":e.fits?s:`${s}: too long`,children:[l("div",{class:"cached",style:{width:i(o??0)}}),l("div",{class:e.fits?"new":"over",style:{width:i(t-(o??0))}}),l("div",{class:"limit",style:{insetInlineStart:i(n)}})]})}var ae=`.oxillama-panel {
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
`;function St(e,t,o){let n=`oxillama-${t}-styles`;if(e.getElementById(n))return;let r=e.createElement("style");r.id=n,r.textContent=o,e.head.append(r)}function O(e){return String(e??"").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,t=>`\\u${t.charCodeAt(0).toString(16).padStart(4,"0")}`)}function ie(e,t,o="",n=""){St(t.ownerDocument,"base",ae),o&&St(t.ownerDocument,n,o);let r=t.appendChild(t.ownerDocument.createElement("div"));return r.className=`oxillama-panel oxillama-${n}`,r.dataset.lmSuppressShortcuts="true",ht(e,r),()=>{ht(null,r),r.remove()}}function it(e,t){let[,o]=w(0);return $(()=>e.on(t,()=>o(n=>n+1)),[e,t]),[e.get(t),n=>(e.set(t,n),o(r=>r+1))]}function st(e,t){let[o,n]=w({loading:!0}),[r,a]=w(0);return $(()=>{let i=new AbortController;return n(s=>({...s,loading:!0})),e(i.signal).then(s=>i.signal.aborted||n({data:s})).catch(s=>i.signal.aborted||n(p=>({data:p.data,error:s}))),()=>i.abort()},[...t,r]),{...o,reload:()=>a(i=>i+1)}}function B({onClick:e,label:t,kind:o="",children:n,disabled:r,...a}){let[i,s]=w(!1),[p,f]=w(null),u=P(!0);$(()=>()=>u.current=!1,[]);let h=async _=>{s(!0),f(null);try{await e(_)}catch(c){u.current&&f(c)}u.current&&s(!1)};return l(C,{children:[l("button",{type:"button",class:`oxillama-button ${o}`,"aria-label":t,title:t,disabled:r||i,onClick:h,...a,children:n}),p&&l(U,{error:p})]})}function U({error:e,children:t}){return l("span",{class:"oxillama-notice",role:"alert",children:e?e.message:t})}var Ve=60,se=500,le=.004;function ce({prompt:e,go:t}){let{messages:o,older:n}=e.about,[r,a]=w(Ve),[i,s]=w(!0),p=i?Math.max(0,o.length-r):0,f=o.slice(p,p+r);return l("section",{class:"ox-outline","aria-label":"Messages of the prompt",children:[l(Qe,{prompt:e,go:t}),n>0&&l("p",{class:"ox-left-out",children:Ge(n)}),p>0&&l("p",{class:"oxillama-row",children:[l("button",{type:"button",class:"oxillama-button",onClick:()=>a(r+se),children:[p.toLocaleString()," messages before these"]}),l("button",{type:"button",class:"oxillama-button",onClick:()=>s(!1),children:"From the first"})]}),l("ol",{start:p+1,children:f.map((u,h)=>l(Xe,{message:u,number:p+h+1,go:t},p+h))}),p+f.length<o.length&&l("button",{type:"button",class:"oxillama-button",onClick:()=>a(r+se),children:[(o.length-f.length).toLocaleString()," more messages"]}),l(Je,{messages:o,about:e.about})]})}function Ge(e){return e===1?"1 older message is not read: the run takes the newest ones only (last_messages).":`${e.toLocaleString()} older messages are not read: the run takes the newest ones only (last_messages).`}function Je({messages:e,about:t}){let o=e.filter(r=>r.dropped).length;if(!o)return null;let n=o===1?"1 message is left out":`${o.toLocaleString()} messages are left out`;return l("p",{class:"ox-left-out",children:[n,": with ",o===1?"it":"them"," the prompt would have more than the ",t.limit.toLocaleString()," tokens it may have. Whole turns go, the oldest of the middle first; system messages and the newest question stay."]})}function Xe({message:e,number:t,go:o}){let{role:n,preview:r,dropped:a,tokens:i,first_token:s}=e,p=l(C,{children:[l("span",{class:"ox-number",children:t}),l("span",{class:`ox-role ${n}`,children:n}),l("bdi",{class:"ox-preview",children:O(r)}),l("span",{class:"ox-count",children:l(Ze,{tokens:i,dropped:a})})]});return i?l("li",{children:l("button",{type:"button",class:"ox-row",onClick:()=>o({begin:s,end:s+i}),children:p})}):l("li",{class:a?"dropped":"",children:l("span",{class:"ox-row",children:p})})}function Ze({tokens:e,dropped:t}){return t?"left out":e===null?"changed by the template":l(C,{children:[e.toLocaleString(),l("span",{class:"ox-unit",children:[" ",e===1?"token":"tokens"]})]})}function Qe({prompt:e,go:t}){let o=e.about.prompt_tokens,n=Ye(e);return l("div",{class:"ox-bar","aria-hidden":"true",children:n.map(({role:r,count:a,begin:i,end:s,title:p})=>l("div",{class:`ox-segment ${r}`,style:{flexGrow:a/o},title:p,onClick:()=>i>=0&&t({begin:i,end:s}),children:a/o>.07&&`${r} ${a.toLocaleString()}`},i))})}function Ye({spans:e,about:t}){let o=[],n=0;for(let{role:i,tokens:s,first_token:p,preview:f}of e){n+=s;let u=o.at(-1),h=s<le*t.prompt_tokens;if(h&&u?.small)u.count+=s,u.end=p+s,u.role="several",u.title=`${u.count.toLocaleString()} tokens of several messages`,u.small=u.count<le*t.prompt_tokens;else{let _=`${i}, ${s.toLocaleString()} tokens: ${O(f)}`;o.push({role:i,count:s,begin:p,end:p+s,title:_,small:h})}}let r=t.prompt_tokens-n,a=`${r.toLocaleString()} tokens of the template, of tools, and of what it has made of messages`;return r&&o.push({role:"template",count:r,begin:-1,end:-1,title:a}),o}var to=1e4,ue=400,eo=800,oo=9999,jt=class{constructor(t){this.about=t,this.text=t.text,this.tokens=[],this.starts=[],this.chunks=[],this.spans=t.messages.map((o,n)=>({...o,place:n})).filter(o=>o.tokens).sort((o,n)=>o.first_token-n.first_token),this.add(t)}get complete(){return this.tokens.length>=this.about.prompt_tokens}add(t){if(t.text!==this.text)return!1;let o=this.tokens.length?this.starts.at(-1)+this.#t(this.tokens.length-1):0;for(let n of t.tokens)this.tokens.push(n),this.starts.push(o),o+=this.#t(this.tokens.length-1);return this.#o(),!0}#t(t){let{text:o,bytes:n}=this.tokens[t];if(!n)return o.length;let r=0;for(let a of n)(a<128||a>=192)&&(r+=a>=240?2:1);return r}#o(){let t=this.chunks.at(-1);t&&t.to-t.from<ue&&!this.#n(t.to)&&this.chunks.pop();let o=this.chunks.at(-1)?.to??0;for(;o<this.tokens.length;){let n=this.#e(o);this.chunks.push({from:o,to:n}),o=n}}#e(t){let o=Math.min(this.tokens.length,t+eo);for(let n=t+1;n<o;n+=1)if(this.#n(n)||n-t>=ue&&this.tokens[n-1].text.endsWith(`
`))return n;return o}#n(t){return t===this.about.cached_tokens}indexAt(t){let o=0,n=this.starts.length-1;for(;o<n;){let r=o+n+1>>1;this.starts[r]<=t?o=r:n=r-1}return o}characterOf(t){let{bytes:o}=this.tokens[t],n=this.starts[t]+this.#t(t),r=o[0]>=128&&o[0]<192,a=[...this.text.slice(Math.max(0,this.starts[t]-2),this.starts[t])].at(-1);return r?a:[...this.text.slice(Math.max(0,n-2),n)].at(-1)}messageAt(t){let o=0,n=this.spans.length-1;for(;o<=n;){let r=o+n>>1,{first_token:a,tokens:i}=this.spans[r];if(t<a)n=r-1;else if(t>=a+i)o=r+1;else return this.spans[r]}return null}find(t){if(!t)return[];let o=new RegExp(t.replace(/[\\^$.*+?()[\]{}|/]/g,"\\$&"),"giu"),n=[];for(let{0:r,index:a}of this.text.matchAll(o))if(n.push([a,a+r.length])>=oo)break;return n}};function pe(e,t,o,n){let r=(m,b)=>{let v=`prompt?limit=${to}&offset=${m}`;if(o)return e.ask(e.own(`threads/${t}/runs/${o}/${v}`),{signal:b});let W={assistant_id:"default",...n};return e.ask(e.own(`threads/${t}/${v}`),{signal:b,body:W})},a=[t,o,JSON.stringify(n)],{data:i,error:s,loading:p,reload:f}=st(m=>r(0,m),a),u=kt(()=>i&&new jt(i),[i]),[,h]=w(0),[_,c]=w(null),d=P(null),y=P(null);$(()=>(y.current=new AbortController,c(null),d.current=null,()=>y.current.abort()),[u]);let x=async()=>{let m=u.add(await r(u.tokens.length,y.current.signal));return m?h(b=>b+1):f(),m};return{prompt:u,error:s,loading:p,reload:f,need:async m=>{try{for(;!u.complete&&!m(u);)if(d.current??=x().finally(()=>d.current=null),!await d.current)return!1}catch(b){return b.name!=="AbortError"&&c(b),!1}return c(null),!0},failure:_}}function _e({prompt:e,need:t,go:o}){let[n,r]=w(""),[a,i]=w({hits:[],at:-1}),s=e.about.cached_tokens,p=async(_,c)=>{if(i({hits:_,at:c}),c<0)return o(null);let[d,y]=_[c];if(await t(x=>x.starts.at(-1)>=y))return o({begin:e.indexAt(d),end:e.indexAt(y-1)+1})},f=_=>{r(_);let c=e.find(_);return p(c,c.length?0:-1)},u=_=>a.hits.length&&p(a.hits,(a.at+_+a.hits.length)%a.hits.length);return $(()=>{r(""),i({hits:[],at:-1})},[e]),l("div",{class:"oxillama-row ox-search",role:"search",children:[l("input",{class:"oxillama-input",type:"search",placeholder:"Search in the prompt","aria-label":"Search in the prompt",value:n,onInput:_=>f(_.target.value),onKeyDown:_=>{if(_.key==="Enter")u(_.shiftKey?-1:1);else if(_.key==="Escape"&&n)f("");else return;_.preventDefault(),_.stopPropagation()}}),l(B,{label:"Place before",kind:"plain",onClick:()=>u(-1),disabled:!a.hits.length,children:"\u2191"}),l(B,{label:"Next place",kind:"plain",onClick:()=>u(1),disabled:!a.hits.length,children:"\u2193"}),l("span",{class:"oxillama-quiet",role:"status",children:n&&no(a)}),s>0&&l(B,{onClick:()=>o({begin:s,end:s}),children:"To the new tokens"}),l(ro,{text:e.text})]})}function no({hits:e,at:t}){return e.length?`${(t+1).toLocaleString()} of ${e.length.toLocaleString()}`:"not found"}function ro({text:e}){let[t,o]=w(!1);return l(B,{label:"Copy the prompt's text",onClick:async()=>{await ao(e),o(!0),setTimeout(()=>o(!1),2e3)},children:l("span",{"aria-live":"polite",children:t?"Copied":"Copy text"})})}async function ao(e){if(navigator.clipboard)return navigator.clipboard.writeText(e);let t=document.body.appendChild(document.createElement("textarea"));t.value=e,t.select();let o=document.execCommand("copy");if(t.remove(),!o)throw new Error("The browser does not let the page copy.")}var io=new Set([..."id object created_at thread_id assistant_id status required_action last_error expires_at".split(" "),..."started_at cancelled_at failed_at completed_at incomplete_details model instructions tools".split(" "),..."tool_resources metadata usage dropped_message_ids timings additional_messages stream".split(" ")]);function fe({given:e}){let t=Object.entries(e).filter(([o,n])=>!io.has(o)&&n!==null);return t.length?l("details",{class:"ox-settings",children:[l("summary",{children:"Settings"}),l("dl",{children:t.map(([o,n])=>l("div",{children:[l("dt",{children:O(o)}),l("dd",{children:O(typeof n=="string"?n:JSON.stringify(n))})]},o))})]}):null}function de(e){return class extends H{shouldComponentUpdate(t){return[...new Set([...Object.keys(t),...Object.keys(this.props)])].some(n=>t[n]!==this.props[n])}render(t){return e(t)}}}var so=/ +|\n|\t|[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;function lt({text:e,bytes:t}){if(t)return t.map(i=>me(`\\x${i.toString(16).padStart(2,"0")}`));let o=e.length>400?e.slice(0,400):e,n=[],r=0;for(let{0:i,index:s}of o.matchAll(so))s>r&&n.push({kind:"text",text:o.slice(r,s)}),n.push(lo(i)),r=s+i.length;r<o.length&&n.push({kind:"text",text:o.slice(r)});let a=e.length-o.length;return a&&n.push({kind:"more",text:`\u2026 ${a.toLocaleString()} more characters`}),n}function lo(e){if(e[0]===" ")return{kind:"space",text:e,mark:"\xB7".repeat(e.length)};if(e===`
`)return{kind:"line",text:e,mark:"\u23CE"};if(e==="	")return{kind:"tab",text:e,mark:"\u2192"};let t=e.codePointAt(0).toString(16);return me(t.length>4?`\\u{${t}}`:`\\u${t.padStart(4,"0")}`)}function me(e){return{kind:"code",text:e}}function Ct(e){return lt(e).map(({kind:o,text:n,mark:r})=>o==="text"||o==="code"?n:r??n).join("")}function he({text:e,bytes:t},o=24){let n=t??new TextEncoder().encode(e),r=[...n.slice(0,o)].map(a=>a.toString(16).padStart(2,"0"));return{count:n.length,shown:r.join(" ")+(n.length>o?" \u2026":"")}}var co=22,$t=90,xe=de(({prompt:e,from:t,to:o,near:n,begin:r,end:a})=>{let i=e.tokens.slice(t,o),s={containIntrinsicBlockSize:`auto ${_o(i)}px`};return l("div",{class:"ox-chunk","data-from":t,"data-first":(t+1).toLocaleString(),style:s,children:n?i.map((p,f)=>uo(p,t+f,e,r,a)):po(i)})});function uo(e,t,{about:o},n,r){let a=o.cached_tokens!==null&&o.cached_tokens>0,i=["ox-token",t%2&&"odd",e.special&&"special",a&&(t<o.cached_tokens?"cached":"new"),t>=n&&t<r&&"hit"];return l("span",{class:i.filter(Boolean).join(" "),"data-token":t,children:lt(e).map(({kind:s,text:p,mark:f})=>s==="text"?p:l("i",{class:`ox-${s}`,"data-mark":s==="space"?void 0:f,children:p}))},t)}function po(e){return e.map(t=>lt(t).map(({text:o})=>o).join("")).join("")}function _o(e){let t=1,o=0;for(let{text:n}of e){let r=n.split(`
`).length-1;o=r?0:o+Math.min(n.length,400),t+=r,o>=$t&&(t+=Math.floor(o/$t),o%=$t)}return t*co}function ge({prompt:e,index:t,aloud:o}){let n=e.tokens[t];return l("div",{class:"ox-detail",role:"status","aria-live":o?"polite":"off",children:n?l(fo,{prompt:e,index:t,token:n}):l("span",{class:"oxillama-quiet",children:"Point at a token, or go through them with the arrow keys."})})}function fo({prompt:e,index:t,token:o}){let{count:n,shown:r}=he(o);return l(C,{children:[l("code",{class:"ox-this",children:Ct(o)}),l("span",{children:["token ",(t+1).toLocaleString()]}),l("span",{children:["id ",o.id]}),l("span",{children:[n," ",n===1?"byte":"bytes"," ",l("code",{children:r})]}),o.bytes&&l("span",{children:["part of ",Ct({text:e.characterOf(t)??""})]}),o.special&&l("span",{children:"special"}),ho(e.about,t),l("span",{class:"ox-place",children:mo(e,t)})]})}function mo(e,t){let o=e.messageAt(t);return o?l(C,{children:["in ",o.role," message ",o.place+1,": ",l("bdi",{class:"oxillama-quiet",children:O(o.preview)})]}):"of the template"}function ho({cached_tokens:e},t){return e===null?null:l("span",{children:t<e?"cached":"new"})}function be(e,t,o,n){if(e.altKey||e.ctrlKey||e.metaKey)return null;let r=o.about.prompt_tokens-1,a=n??xo(t),i={ArrowRight:a+1,ArrowLeft:a-1,PageDown:a+100,PageUp:a-100,Home:0,End:r};return e.key==="ArrowDown"?ye(t,a,1):e.key==="ArrowUp"?ye(t,a,-1):e.key in i?n===null&&e.key==="ArrowRight"?a:Math.max(0,Math.min(r,i[e.key])):null}function xo(e){let{top:t}=e.getBoundingClientRect(),o=[...e.querySelectorAll("[data-token]")].find(n=>n.getBoundingClientRect().top>=t);return Number(o?.dataset.token??0)}function ye(e,t,o){let n=s=>e.querySelector(`[data-token="${s}"]`),r=n(t)?.getBoundingClientRect();if(!r)return null;let a=t,i=null;for(let s=t+o;;s+=o){let p=n(s)?.getClientRects()[0];if(!p)return a;if(!(Math.abs(p.top-r.top)<3)){if(i??=p.top,Math.abs(p.top-i)>=3||(o>0?p.left>r.left+1&&a!==t:p.right<=r.left&&a!==t))return a;a=s}}}var ke="500px 0px";function we({prompt:e,target:t,need:o}){let n=P(null),r=bo(n,e),[a,i]=w({index:null,byKey:!1}),[s,p]=w(null);ve(n,t?.begin,t),ve(n,s,s),$(()=>(i({index:null}),p(null)),[e]),$(()=>t&&i({index:t.begin,byKey:!0}),[t]),vo(n,a.index,r);let f=async _=>{let c=be(_,n.current,e,a.index);c!==null&&(_.preventDefault(),_.stopPropagation(),await o(d=>d.tokens.length>c)&&(p(c),i({index:c,byKey:!0})))},u=({target:_})=>{let c=_.closest?.("[data-token]")?.dataset.token;c!==void 0&&i({index:Number(c),byKey:!1})},h=[t?.begin,s];return l("div",{class:"ox-tokens",children:[l("div",{class:"ox-scroller",ref:n,tabIndex:0,role:"group","aria-label":"The prompt, token by token. Arrow keys go from token to token.",dir:"ltr",onKeyDown:f,onMouseOver:u,onClick:u,children:[e.chunks.map(({from:_,to:c})=>[_>0&&_===e.about.cached_tokens&&l(go,{about:e.about},"cached"),l(xe,{prompt:e,from:_,to:c,near:r.has(_)||h.some(d=>d>=_&&d<c),begin:t&&t.begin<c&&t.end>_?t.begin:-1,end:t&&t.begin<c&&t.end>_?t.end:-1},_)]),!e.complete&&l(yo,{prompt:e,need:o,root:n})]}),l(ge,{prompt:e,index:a.index,aloud:a.byKey})]})}function go({about:e}){let t=e.prompt_tokens-e.cached_tokens;return l("div",{class:"ox-boundary",role:"separator","aria-label":"The cache ends here",children:[l("span",{children:["\u2191 ",e.cached_tokens.toLocaleString()," cached"]}),l("span",{children:["\u2193 ",t.toLocaleString()," new"]})]})}function yo({prompt:e,need:t,root:o}){let n=P(null),r=e.tokens.length,a=()=>t(s=>s.tokens.length>r);$(()=>{let s=([{isIntersecting:f}])=>f&&a(),p=new IntersectionObserver(s,{root:o.current,rootMargin:ke});return p.observe(n.current),()=>p.disconnect()},[r,e]);let i=(e.about.prompt_tokens-r).toLocaleString();return l("div",{class:"ox-rest",ref:n,children:l("button",{type:"button",class:"oxillama-button",onClick:a,children:[i," more tokens"]})})}function bo(e,t){let[o,n]=w(new Set([0]));return $(()=>{let r=i=>n(s=>{let p=new Set(s);for(let{target:f,isIntersecting:u}of i)p[u?"add":"delete"](Number(f.dataset.from));return p}),a=new IntersectionObserver(r,{root:e.current,rootMargin:ke});for(let i of e.current.querySelectorAll("[data-from]"))a.observe(i);return()=>a.disconnect()},[t,t.chunks.length]),o}function ve(e,t,o){vt(()=>{if(o==null)return;let n=0,r=0,a=()=>{let i=e.current,s=i?.querySelector(`[data-token="${t}"]`);if(!s)return;let[p,f]=[s.getBoundingClientRect(),i.getBoundingClientRect()];(p.top<f.top+20||p.bottom>f.bottom-20)&&(i.scrollTop+=p.top-f.top-f.height/3),(n+=1)<4&&(r=requestAnimationFrame(a))};return a(),()=>cancelAnimationFrame(r)},[o])}function vo(e,t,o){vt(()=>{let n=e.current.querySelector(`[data-token="${t}"]`);return n?.setAttribute("data-current",""),()=>n?.removeAttribute("data-current")},[t,o])}var Se=`.oxillama-prompt-xray {
  --ox-mono: var(--jp-code-font-family, monospace);
  --ox-tint: var(--jp-brand-color1, #1976d2);
  padding: 10px 12px;
}

.oxillama-prompt-xray p,
.oxillama-prompt-xray dl,
.oxillama-prompt-xray ol {
  margin: 6px 0;
}

/* Jupyter lays lists of definitions out in floats. */
.oxillama-prompt-xray dd,
.oxillama-prompt-xray dt {
  display: block;
  float: none;
  font-weight: normal;
  margin: 0;
  width: auto;
}

.oxillama-prompt-xray .ox-title {
  flex: 1;
  min-width: 0;
  overflow-wrap: anywhere;
}

.oxillama-prompt-xray .ox-figures {
  display: grid;
  gap: 6px 20px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 170px), 1fr));
}

.oxillama-prompt-xray dt {
  color: var(--jp-ui-font-color2, #616161);
  font-size: var(--jp-ui-font-size0, 11px);
}

.oxillama-prompt-xray .ox-figures dd {
  font-size: var(--jp-ui-font-size2, 15px);
  font-variant-numeric: tabular-nums;
}

.oxillama-prompt-xray .ox-figures dd.ox-more-figures {
  font-size: var(--jp-ui-font-size0, 11px);
}

.oxillama-prompt-xray .ox-gauge {
  background: var(--jp-layout-color2, #eee);
  border-radius: 3px;
  display: flex;
  height: 8px;
  margin: 8px 0 12px;
  position: relative;
}

.oxillama-prompt-xray .ox-gauge .cached {
  background: color-mix(in srgb, var(--ox-tint) 45%, var(--jp-layout-color1, #fff));
}

.oxillama-prompt-xray .ox-gauge .new {
  background: var(--ox-tint);
}

.oxillama-prompt-xray .ox-gauge .over {
  background: var(--jp-error-color1, #d32f2f);
}

.oxillama-prompt-xray .ox-gauge .limit {
  border-inline-start: 2px solid var(--jp-ui-font-color1, #212121);
  bottom: -3px;
  margin-inline-start: -2px;
  position: absolute;
  top: -3px;
}

.oxillama-prompt-xray .ox-bar {
  border-radius: 3px;
  display: flex;
  gap: 1px;
  height: 20px;
  overflow: hidden;
}

.oxillama-prompt-xray .ox-segment {
  background: color-mix(in srgb, var(--ox-role, var(--jp-layout-color3, #bdbdbd)) 22%, var(--jp-layout-color2, #eee));
  cursor: pointer;
  flex-basis: 0;
  font-size: var(--jp-ui-font-size0, 11px);
  line-height: 20px;
  min-width: 2px;
  overflow: hidden;
  padding-inline-start: 1px;
  text-align: center;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.oxillama-prompt-xray .user {
  --ox-role: var(--jp-brand-color1, #1976d2);
}

.oxillama-prompt-xray .assistant {
  --ox-role: var(--jp-success-color1, #388e3c);
}

.oxillama-prompt-xray .system {
  --ox-role: var(--jp-warn-color1, #f57c00);
}

.oxillama-prompt-xray .tool {
  --ox-role: var(--jp-info-color1, #0097a7);
}

.oxillama-prompt-xray .ox-segment.template {
  background: repeating-linear-gradient(
    135deg,
    var(--jp-layout-color2, #eee) 0 4px,
    var(--jp-layout-color3, #ddd) 4px 5px
  );
  cursor: default;
}

.oxillama-prompt-xray ol {
  list-style: none;
  max-height: 190px;
  overflow: auto;
  padding: 2px;
}

.oxillama-prompt-xray .ox-row {
  align-items: baseline;
  background: none;
  border: 0;
  border-radius: 3px;
  color: inherit;
  display: grid;
  font: inherit;
  gap: 8px;
  grid-template-columns: 2.2em 5.6em minmax(0, 1fr) auto;
  padding: 3px 6px;
  text-align: start;
  width: 100%;
}

.oxillama-prompt-xray button.ox-row {
  cursor: pointer;
}

.oxillama-prompt-xray button.ox-row:hover {
  background: var(--jp-layout-color2, #eee);
}

.oxillama-prompt-xray .ox-number,
.oxillama-prompt-xray .ox-count {
  color: var(--jp-ui-font-color2, #616161);
  font-variant-numeric: tabular-nums;
  text-align: end;
}

.oxillama-prompt-xray .ox-role {
  border-inline-start: 3px solid var(--ox-role, transparent);
  padding-inline-start: 5px;
}

.oxillama-prompt-xray .ox-preview {
  overflow: hidden;
  text-overflow: ellipsis;
  unicode-bidi: isolate;
  white-space: nowrap;
}

.oxillama-prompt-xray .dropped .ox-preview {
  text-decoration: line-through;
}

.oxillama-prompt-xray .dropped .ox-count,
.oxillama-prompt-xray .ox-left-out {
  color: var(--jp-ui-font-color1, #212121);
  font-style: italic;
}

.oxillama-prompt-xray .ox-left-out {
  border-inline-start: 3px solid var(--jp-warn-color1, #f57c00);
  padding-inline-start: 8px;
}

.oxillama-prompt-xray .ox-search {
  margin-top: 10px;
}

.oxillama-prompt-xray .ox-search input {
  flex: 1 1 160px;
  min-width: 0;
}

.oxillama-prompt-xray .ox-legend {
  display: flex;
  flex-wrap: wrap;
  font-size: var(--jp-ui-font-size0, 11px);
  gap: 2px 16px;
}

.oxillama-prompt-xray .ox-scroller {
  background: var(--jp-layout-color0, #fff);
  border: 1px solid var(--jp-border-color2, #ccc);
  border-radius: 3px 3px 0 0;
  font-family: var(--ox-mono);
  font-size: var(--jp-code-font-size, 13px);
  height: 380px;
  line-height: 22px;
  min-height: 120px;
  overflow: auto;
  overflow-wrap: anywhere;
  resize: vertical;
  white-space: pre-wrap;
}

.oxillama-prompt-xray .ox-chunk {
  content-visibility: auto;
  padding: 0 8px 0 62px;
  position: relative;
}

.oxillama-prompt-xray .ox-chunk::before {
  color: var(--jp-ui-font-color2, #616161);
  content: attr(data-first);
  font-size: 10px;
  inset-inline-start: 0;
  position: absolute;
  text-align: end;
  top: 0;
  width: 52px;
}

.oxillama-prompt-xray .ox-token {
  border-radius: 2px;
  unicode-bidi: isolate;
}

.oxillama-prompt-xray .ox-token.odd {
  background: color-mix(in srgb, var(--jp-ui-font-color1, #212121) 9%, transparent);
}

.oxillama-prompt-xray .ox-token.special {
  background: color-mix(in srgb, var(--ox-tint) 16%, transparent);
  box-shadow: inset 0 0 0 1px var(--ox-tint);
  font-weight: 700;
}

.oxillama-prompt-xray .ox-token.cached {
  color: var(--jp-ui-font-color2, #616161);
}

.oxillama-prompt-xray .ox-token.new {
  text-decoration: underline 1.5px var(--ox-tint);
  text-underline-offset: 3px;
}

.oxillama-prompt-xray .ox-token.hit {
  background: color-mix(in srgb, var(--jp-warn-color1, #f57c00) 35%, transparent);
}

.oxillama-prompt-xray .ox-token[data-current] {
  outline: 2px solid var(--jp-ui-font-color1, #212121);
}

.oxillama-prompt-xray .ox-scroller i,
.oxillama-prompt-xray .ox-legend i {
  font-style: normal;
}

/* A background and no box of its own: a prompt has very many spaces. */
.oxillama-prompt-xray .ox-space {
  background: radial-gradient(circle, var(--jp-ui-font-color3, #9e9e9e) 1px, transparent 1.4px) 0 50% / 1ch 1ch repeat-x;
}

.oxillama-prompt-xray .ox-tab {
  position: relative;
}

.oxillama-prompt-xray .ox-tab::before,
.oxillama-prompt-xray .ox-line::before {
  color: color-mix(in srgb, var(--jp-ui-font-color2, #616161) 60%, transparent);
  content: attr(data-mark);
  font-weight: 400;
}

.oxillama-prompt-xray .ox-tab::before {
  inset-inline-start: 0;
  line-height: 1;
  position: absolute;
  top: 0;
  white-space: pre;
}

.oxillama-prompt-xray .ox-code,
.oxillama-prompt-xray .ox-more {
  border: 1px dotted var(--jp-ui-font-color2, #616161);
  border-radius: 2px;
  font-family: var(--ox-mono);
  font-size: 0.85em;
}

.oxillama-prompt-xray .ox-boundary {
  align-items: center;
  border-block: 1px solid var(--ox-tint);
  color: var(--jp-ui-font-color1, #212121);
  display: flex;
  font-family: var(--jp-ui-font-family, sans-serif);
  font-size: var(--jp-ui-font-size0, 11px);
  gap: 24px;
  justify-content: center;
  margin: 2px 0;
  white-space: nowrap;
}

.oxillama-prompt-xray .ox-rest {
  padding: 12px;
  text-align: center;
}

.oxillama-prompt-xray .ox-detail {
  align-content: start;
  align-items: baseline;
  border: 1px solid var(--jp-border-color2, #ccc);
  border-radius: 0 0 3px 3px;
  border-top: 0;
  display: flex;
  flex-wrap: wrap;
  gap: 2px 14px;
  min-height: 50px;
  overflow-wrap: anywhere;
  padding: 4px 8px;
}

.oxillama-prompt-xray .ox-detail code {
  background: none;
  color: inherit;
  font-family: var(--ox-mono);
  font-size: inherit;
  padding: 0;
  white-space: pre-wrap;
}

.oxillama-prompt-xray .ox-detail .ox-this {
  border: 1px solid var(--jp-border-color1, #bdbdbd);
  border-radius: 2px;
  font-weight: 600;
  max-height: 3.2em;
  overflow: hidden;
  padding: 0 4px;
}

.oxillama-prompt-xray .ox-place {
  flex: 1 1 300px;
  min-width: 0;
  overflow: hidden;
  text-overflow: ellipsis;
  white-space: nowrap;
}

.oxillama-prompt-xray .ox-settings {
  margin-top: 8px;
}

.oxillama-prompt-xray .ox-settings summary {
  cursor: pointer;
}

.oxillama-prompt-xray .ox-settings dl {
  display: grid;
  gap: 4px 20px;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 180px), 1fr));
}

.oxillama-prompt-xray .ox-settings dd {
  font-family: var(--ox-mono);
  overflow-wrap: anywhere;
  unicode-bidi: isolate;
}

@container (max-width: 480px) {
  .oxillama-prompt-xray .ox-row {
    gap: 6px;
    grid-template-columns: 1.6em 5.2em minmax(0, 1fr) minmax(0, auto);
    padding-inline: 2px;
  }

  .oxillama-prompt-xray .ox-unit {
    display: none;
  }

  .oxillama-prompt-xray .ox-detail {
    min-height: 70px;
  }

  .oxillama-prompt-xray .ox-chunk {
    padding-inline: 6px;
  }

  .oxillama-prompt-xray .ox-chunk::before {
    content: none;
  }
}
`;var V=class extends Error{constructor(t,o,{code:n,after:r}={}){super(t),this.status=o,this.code=n,this.after=r}};function Tt(){let e=document.getElementById("jupyter-config-data");return e?JSON.parse(e.textContent):null}async function Ot(e,t={}){let o=Tt();if(!o)throw new V("This page is not its kernel's.",0);let{baseUrl:n,token:r}=o,a=/(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1],i={...a&&{"X-XSRFToken":a},...r&&{Authorization:`token ${r}`}},s=await fetch(n+e,{...t,credentials:"same-origin",headers:i});if(!s.ok)throw await wo(s);return s}async function wo(e){let t=Number(e.headers.get("retry-after"))||null,o=await e.text();try{let{message:n,code:r}=JSON.parse(o).error;return new V(n,e.status,{code:r,after:t})}catch{return new V(`${e.status} ${e.statusText}`,e.status,{after:t})}}var Mt=1,So=Symbol.for(`oxillama.page.${Mt}`),At=class{#t={};#o={};#e=null;#n=new Map;#a=new Set;constructor(t){this.id=t}learn(t){for(let o in t)/_id$/.test(o)?this.#t[o]||=t[o]:this.#t[o]??=t[o];return this}get connected(){return!!this.#e}get(t){return this.#e?.get(t)??this.#t[t]}set(t,o){this.#t[t]=o,this.#e?(this.#e.set(t,o),this.#e.save_changes()):(this.#o[t]=o,this.#r(t))}on(t,o){let n=this.#n.get(t)??new Set;return this.#n.set(t,n.add(o)),n.size===1&&this.#e?.on(`change:${t}`,this.#i(t)),()=>n.delete(o)}receive(t){return this.#a.add(t),()=>this.#a.delete(t)}send(t){return this.#e?.send(t),this.connected}async ask(t,{body:o,...n}={}){let r=o?{method:"POST",...n,body:JSON.stringify(o)}:n;return(await Ot(t,r)).json()}openai(t){return Ce(je().openai_prefix,t)}own(t){return Ce(je().prefix,t)}connect(t){if(!t)for(let o of[...this.#n.keys(),...Object.keys(this.#t)])this.#t[o]=this.get(o);if(this.#e=t,t){for(let o in this.#o)this.set(o,this.#o[o]);this.#o={}}for(let o of this.#n.keys())t?.on(`change:${o}`,this.#i(o)),this.#r(o);t?.on("comm_live_update",()=>this.#e===t&&this.connect(null)),t?.on("msg:custom",o=>this.#a.forEach(n=>n(o))),this.#r("connected")}#r(t){this.#n.get(t)?.forEach(o=>o(this.get(t)))}#i(t){let o=this.#e;return()=>this.#e===o&&this.#r(t)}};function je(){return Tt()?.oxillama??{}}function Ce(e,t){let[o]=t.split("?");if(!e||/[^\w%.~!'()*/-]|(^|\/)(\.|%2e)+(\/|$)/i.test(o))throw new Error("The server has no such route.");return`${e}/${t}`}var Lt=class{#t=new Map;#o={};lab=null;panel(t,o){return this.#t.has(t)||this.#t.set(t,new At(t)),this.#t.get(t).learn(o)}async show(t,o,n){let r=t.own(`widgets/${o}.js`);try{return(await(this.#o[r]??=jo(r))).show(t,n,this)}catch(a){throw this.#o={},a}}};async function jo(e){let t=URL.createObjectURL(new Blob([await(await Ot(e)).text()],{type:"text/javascript"}));try{let o=await import(t);if(o.PROTOCOL!==Mt)throw new Error("Reload the page.");return o}finally{URL.revokeObjectURL(t)}}var Mn=globalThis[So]??=new Lt;function Un(e,t){return ie(l(Co,{panel:e}),t,Se,"prompt-xray")}function Co({panel:e}){let[t]=it(e,"thread_id"),[o]=it(e,"run_id"),[n]=it(e,"settings");return t?l($o,{panel:e,threadId:t,runId:o,settings:n??{}}):l(U,{children:"There is no thread to show a prompt of."})}function $o({panel:e,threadId:t,runId:o,settings:n}){let{prompt:r,error:a,loading:i,reload:s,need:p,failure:f}=pe(e,t,o,n),u=st(async d=>o?e.ask(e.openai(`threads/${t}/runs/${o}`),{signal:d}):null,[t,o,r]).data,[h,_]=w(null),c=async d=>{(!d||await p(y=>y.tokens.length>d.begin))&&_(d)};return $(()=>_(null),[r]),l("section",{"aria-label":"Prompt X-ray","aria-busy":i,children:[l("header",{class:"oxillama-row",children:[l("h3",{children:"Prompt X-ray"}),l("span",{class:"oxillama-quiet ox-title",children:r&&To(r.about)}),l(B,{label:"Make the prompt again",kind:"plain",onClick:s,disabled:i,children:"\u21BB"})]}),i&&!r&&l("p",{class:"oxillama-quiet",role:"status",children:"Making the prompt; the model may have to be loaded \u2026"}),(a??f)&&l("p",{children:l(U,{error:a??f})}),r&&l(C,{children:[l(Oo,{about:r.about}),l(re,{about:r.about,run:u}),l(ce,{prompt:r,go:c}),l(_e,{prompt:r,need:p,go:c}),l(Ao,{about:r.about}),l(we,{prompt:r,target:h,need:p}),l(fe,{given:u??n})]})]})}function To({model:e,run_id:t}){return`${t?"what the run sent":"what a next run would send"} to ${O(e)}`}function Oo({about:e}){let{exact:t,fits:o,run_id:n}=e;return l(C,{children:[!o&&l("p",{children:l(U,{children:["Too long: ",e.prompt_tokens.toLocaleString()," tokens, where ",e.limit.toLocaleString()," are allowed.",n?"":" A run would fail."]})}),t===!0&&l("p",{class:"oxillama-quiet",children:"\u2713 Made again from what is stored, with as many tokens as the run counted."}),t===!1&&l("p",{children:l(U,{children:"Not quite what was sent: the run counted another number of tokens. Messages may have been deleted since, or the model replaced."})}),n&&t===null&&l("p",{class:"oxillama-quiet",children:"The run has counted no tokens: this is what is stored for it."})]})}function Ao({about:e}){let t=e.cached_tokens>0;return l("p",{class:"ox-legend oxillama-quiet","aria-hidden":"true",children:[l("span",{children:[l("span",{class:"ox-token special",children:"special"})," only the template writes these"]}),t&&l("span",{children:[l("span",{class:"ox-token cached",children:"cached"})," not computed again"]}),t&&l("span",{children:[l("span",{class:"ox-token new",children:"new"})," read for this answer"]}),l("span",{children:[l("i",{class:"ox-code",children:"\\u202e"})," a hidden character, written out"]})]})}export{Mt as PROTOCOL,Un as show};
