// The chat in a frame of another site. Who asks is told to the server by a token or by what the site signed; no cookies. Browsers
// let frames of others keep nothing, so the site's page keeps the token; not that of somebody whom it names, who may sign out there.
//   from the site  {guildhall: 'visitor', identity, token}     to it  {guildhall: 'ready'} {guildhall: 'token', token} {guildhall: 'close'}
// Frames of the socket are those of chat.js.
const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
const main = $('#main'), thread = $('#thread'), msgs = $('#msgs'), form = $('#composer'), box = $('#msg');
const say = $('#say'), line = $('#line'), sendB = $('#send'), stopB = $('#stop'), newB = $('#new'), closeB = $('#close');
const origins = main.dataset.origins.split(' ');
let socket, again = 0, tries = 0, site = '', identity = '', token = '', isNew = false, unsent = null;

const byId = id => $(`.msg[data-id="${CSS.escape(id)}"]`);
const open = () => $('.msg[data-open=yes]');
const note = text => { line.textContent = text; line.hidden = !text; };
const bottom = () => { thread.scrollTop = thread.scrollHeight; };
function state() {
  stopB.hidden = !open(); sendB.hidden = !!open(); sendB.disabled = !!unsent;
  newB.hidden = !msgs.children.length || !!open();
}

async function visit(asked) {
  const body = JSON.stringify({ identity: token ? '' : identity, token, is_new: isNew, ...asked });
  const answer = await fetch(main.dataset.visit, { method: 'POST', credentials: 'omit', headers: { 'Content-Type': 'application/json', 'Accept-Language': document.documentElement.lang }, body });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(told.detail || main.dataset.failed), { status: answer.status });
  if (told.token) { token = told.token; if (site && !identity) parent.postMessage({ guildhall: 'token', token }, site); }
  return told;
}
function leave() {
  clearTimeout(again);
  if (!socket) return;
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.close(); socket = null;
}
function later() {
  note(main.dataset.offline);
  clearTimeout(again);
  again = setTimeout(come, Math.min(15000, 400 * 2 ** Math.min(tries++, 6)) * (.7 + Math.random() * .6));
}
// Comes back to the conversation there is; who was never here has none.
async function come() {
  try {
    const told = await visit({});
    note('');
    if (told.conversation) follow(told);
  } catch (e) {
    if (e.status && e.status < 500 && e.status !== 429) note(e.message); else later();
  }
}
function follow(told) {
  leave();
  const address = (location.protocol === 'https:' ? 'wss://' : 'ws://') + location.host + '/ws/visits/' + told.conversation + '/';
  socket = new WebSocket(address + '?ticket=' + encodeURIComponent(told.ticket) + '&language=' + document.documentElement.lang);
  socket.onopen = () => {
    tries = 0; note('');
    const seen = {};
    $$('.msg[data-open=yes]').forEach(el => { seen[el.dataset.id] = $$('.prose>.blk:not(.caret)', el).length; });
    socket.send(JSON.stringify({ t: 'hello', page: $$('.msg[data-id]').map(el => el.dataset.id), seen }));
    if (unsent) socket.send(JSON.stringify({ t: 'send', ...unsent }));
  };
  socket.onmessage = e => on(JSON.parse(e.data));
  socket.onclose = later;
}

function on(f) {
  if (f.t === 'err') { note(f.text); unsent = null; state(); return; }
  if (f.t === 'sent') { unsent = null; box.value = ''; state(); return; }
  if (f.t === 'user' || f.t === 'start') { add(f); return; }
  const el = f.id && byId(f.id);
  if (!el) return;
  if (f.t === 'blk' || f.t === 'tail') write(el, f);
  if (f.t === 'wait') note(f.text);
  if (f.t === 'done') finish(el, f);
  bottom();
}
function add(f) {
  if (byId(f.id)) return;
  msgs.insertAdjacentHTML('beforeend', f.html);
  if (f.t === 'start') say.textContent = main.dataset.writing;
  state(); bottom();
}
function write(el, f) {
  const prose = $('.prose', el);
  $$(':scope>.blk', prose).slice(f.i + 1).forEach(b => b.remove());
  let block = $$(':scope>.blk', prose)[f.i];
  if (!f.html) { block?.remove(); return; }
  if (!block) { block = document.createElement('div'); prose.append(block); }
  block.className = f.t === 'tail' ? 'blk caret' : 'blk';
  block.innerHTML = f.html;
}
function finish(el, f) {
  $('.prose>.caret', el)?.classList.remove('caret');
  el.setAttribute('aria-busy', 'false');
  el.dataset.open = 'no';
  $('.end', el).innerHTML = f.html;
  note(''); say.textContent = f.say; state();
}

async function send(text) {
  unsent = { text, key: crypto.randomUUID?.() || String(Math.random()).slice(2) + Date.now() };
  state();
  if (socket && !isNew) {  // one that is not open (any more) takes it as soon as it is
    if (socket.readyState === 1) socket.send(JSON.stringify({ t: 'send', ...unsent }));
    return;
  }
  try {
    const told = await visit(unsent);
    isNew = false; box.value = ''; unsent = null;
    follow(told);
  } catch (e) { unsent = null; note(e.status ? e.message : main.dataset.failed); }
  state();
}
form.addEventListener('submit', e => { e.preventDefault(); const text = box.value.trim(); if (text && !open() && !unsent) send(text); });
box.addEventListener('keydown', e => { if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); form.requestSubmit(); } });
stopB.onclick = () => { if (socket?.readyState === 1) socket.send(JSON.stringify({ t: 'stop' })); };
newB.onclick = () => { leave(); msgs.replaceChildren(); isNew = true; note(''); state(); box.focus(); };
msgs.addEventListener('click', e => {
  const cite = e.target.closest('a.cite');
  if (!cite) return;
  e.preventDefault();
  const end = $('.end', cite.closest('.msg')), source = $(`[data-source="${cite.getAttribute('href').slice(4)}"]`, end);
  if (!source) return;
  source.closest('details').open = true;
  source.focus();
});
addEventListener('offline', () => { if (socket) { leave(); later(); } });
addEventListener('online', () => { tries = 0; come(); });

// The site around: it alone may say who is here.
const outside = window.parent !== window;
const post = what => parent.postMessage({ guildhall: what }, '*');  // nothing that others may not know
addEventListener('message', e => {
  if (!outside || e.source !== parent || !origins.includes(e.origin) || e.data?.guildhall !== 'visitor') return;
  site = e.origin;
  identity = String(e.data.identity || '');
  token = identity ? '' : String(e.data.token || '');  // a signature runs out while the page stands; the token for it lasts a day
  if (!identity && 'named' in main.dataset) note(main.dataset.unnamed); else if (identity || token) come();
});
closeB.hidden = !outside;
closeB.onclick = () => post('close');
addEventListener('keydown', e => { if (e.key === 'Escape' && outside) post('close'); });
if (outside) post('ready');
state();
