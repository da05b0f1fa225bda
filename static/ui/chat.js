// The chat page over one socket. The server sends finished HTML; this only places it.
//   user|start {id, html}     a message's frame      blk {id, i, html}  block i is final
//   cut {id}                  take away what follows that message
//   tail {id, i, html}  the open block after i       step, ask, src, wait    what is going on
//   done {id, html, say}                             err {text}
// Blocks are counted from the start of the answer, so after a cut the page asks from the block it has.
const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
const main = $('#main'), thread = $('#thread'), msgs = $('#msgs'), form = $('#composer'), box = $('#msg');
const say = $('#say'), line = $('#line'), sendB = $('#send'), stopB = $('#stop'), jump = $('#jump'), queue = $('#queue');
const calm = matchMedia('(prefers-reduced-motion:reduce)').matches, narrow = matchMedia('(max-width:70rem)');
const conversation = main.dataset.conversation;
let socket, again = 0, tries = 0, pinned = true, waiting = '', unsent = null, quiet = 0;

const bottom = () => { thread.scrollTop = thread.scrollHeight; };
const follow = () => pinned ? bottom() : (jump.hidden = false);
thread.addEventListener('scroll', () => {
  pinned = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 48;
  jump.hidden = pinned;
}, { passive: true });
jump.onclick = () => { thread.scrollTo({ top: thread.scrollHeight, behavior: calm ? 'auto' : 'smooth' }); box.focus(); };

const byId = id => $(`.msg[data-id="${CSS.escape(id)}"]`);
const open = () => $('.msg[data-open=yes]');
const asks = () => $('[data-approval]:not(.done)', msgs);
const blocks = el => $$('.prose>.blk:not(.caret)', el).length;
function state() {
  const busy = !!open();
  sendB.hidden = busy && !box.value.trim();
  if (stopB) stopB.hidden = !busy;
}
function note(text) { line.textContent = text; line.hidden = !text; }

function connect() {
  socket = new WebSocket((location.protocol === 'https:' ? 'wss://' : 'ws://') + location.host + '/ws/chat/' + conversation + '/');
  socket.onopen = () => {
    tries = 0; note('');
    const seen = {};
    $$('.msg[data-open=yes]').forEach(el => { seen[el.dataset.id] = blocks(el); });
    socket.send(JSON.stringify({ t: 'hello', page: $$('.msg[data-id]', msgs).map(el => el.dataset.id), seen }));
    if (unsent) transmit(unsent);
  };
  socket.onmessage = e => { quiet = Date.now(); on(JSON.parse(e.data)); };
  socket.onclose = e => {
    if (e.code === 4401 || e.code === 4404) { note(document.body.dataset.signedOut); return; }
    later();
  };
}
function later() {
  note(main.dataset.offline);
  clearTimeout(again);
  again = setTimeout(connect, Math.min(15000, 400 * 2 ** Math.min(tries++, 6)) * (.7 + Math.random() * .6));
}
// A network that is gone closes no socket: the old one is left at once, and a new one opened as soon as there is a network.
function leave() {
  clearTimeout(again);
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.close();
}

function on(f) {
  if (f.t === 'err') { note(f.text); if (unsent && f.key === unsent.key) { box.value = box.value || unsent.text; unsent = null; } state(); return; }
  if (f.t === 'sent') { if (unsent && f.key === unsent.key) unsent = null; return; }
  if (f.t === 'cut') { cut(f.id); return; }
  if (f.t === 'user' || f.t === 'start') { place(f); return; }
  const el = byId(f.id);
  if (!el) return;
  if (f.t === 'blk' || f.t === 'tail') write(el, f);
  if (f.t === 'step') { const s = $('.steps-slot', el), was = $('details', s)?.open; s.innerHTML = f.html; if (was) $('details', s)?.setAttribute('open', ''); }
  if (f.t === 'ask') ask($('.asks-slot', el), f.html);
  if (f.t === 'src') fillSources(f.html, f.id);
  if (f.t === 'wait') note(f.text);
  if (f.t === 'done') finish(el, f);
  follow();
}
function cut(id) {
  const all = $$('.msg[data-id]', msgs), kept = all.findIndex(el => el.dataset.id === id);
  all.slice(kept + 1).forEach(el => el.remove());
  state();
}
function place(f) {
  const holder = document.createElement('template');
  holder.innerHTML = f.html;
  const fresh = holder.content.firstElementChild, old = byId(f.id);
  if (old) return;
  msgs.append(fresh);
  adopt(fresh);
  if (f.t === 'start') { say.textContent = main.dataset.writing; quiet = Date.now(); }
  if (f.t === 'user') pinned = true;
  state(); follow();
}
function write(el, f) {
  const prose = $('.prose', el);
  $$(':scope>.blk', prose).slice(f.i + 1).forEach(b => b.remove());
  let block = $$(':scope>.blk', prose)[f.i];
  if (!f.html) { block?.remove(); return; }
  if (!block) { block = document.createElement('div'); prose.append(block); }
  block.className = f.t === 'tail' ? 'blk caret' : 'blk';
  const fresh = document.createElement('template');
  fresh.innerHTML = f.html;
  renew(block, fresh.content);
  markChosen();
}
// Writes what differs and keeps the elements: what is pressed, marked or has the focus stays while more comes in.
function renew(was, now) {
  const fresh = [...now.childNodes];
  fresh.forEach((node, n) => {
    const kept = was.childNodes[n];
    if (!kept) { was.append(node); return; }
    if (kept.nodeName !== node.nodeName) { kept.replaceWith(node); return; }
    if (kept.nodeType !== Node.ELEMENT_NODE) { if (kept.data !== node.data) kept.data = node.data; return; }
    [...kept.attributes].filter(a => !node.hasAttribute(a.name)).forEach(a => kept.removeAttribute(a.name));
    [...node.attributes].filter(a => kept.getAttribute(a.name) !== a.value).forEach(a => kept.setAttribute(a.name, a.value));
    renew(kept, node);
  });
  while (was.childNodes.length > fresh.length) was.lastChild.remove();
}
// What comes over the socket knows no CSRF token: its forms get the page's.
function adopt(slot) {
  $$('form', slot).filter(f => !$('[name=csrfmiddlewaretoken]', f)).forEach(f => f.prepend($('[name=csrfmiddlewaretoken]', form).cloneNode()));
  htmx.process(slot);
}
function ask(slot, html) {
  slot.innerHTML = html;
  adopt(slot);
  if (asks()) note('');
}
function finish(el, f) {
  $('.prose>.caret', el)?.classList.remove('caret');
  el.setAttribute('aria-busy', 'false');
  el.dataset.open = 'no';
  $('.end', el).innerHTML = f.html;
  adopt($('.end', el));
  note(''); say.textContent = f.say; state();
  if (waiting) { const text = waiting; waiting = ''; queue.hidden = true; push(text); }
}

function push(text, replaces) { transmit({ text, replaces, key: crypto.randomUUID?.() || String(Math.random()).slice(2) + Date.now() }); }
function transmit(message) {
  unsent = message;
  if (socket?.readyState === 1) socket.send(JSON.stringify({ t: 'send', ...message }));
}
const stop = () => { if (open() && socket?.readyState === 1) socket.send(JSON.stringify({ t: 'stop' })); };

if (conversation) {
  form.addEventListener('submit', e => {
    if (e.submitter === stopB) { e.preventDefault(); stop(); return; }
    e.preventDefault(); e.stopImmediatePropagation();
    const text = box.value.trim();
    if (!text) return;
    if (open() || unsent) { waiting = waiting ? waiting + '\n\n' + text : text; $('[data-q]', queue).textContent = waiting; queue.hidden = false; if (pinned) bottom(); }
    else push(text);
    box.value = ''; fit(); box.focus(); state();
  }, true);
  document.addEventListener('submit', async e => {
    if (e.target.matches('.bubble .edit')) { e.preventDefault(); e.stopImmediatePropagation(); resend(e.target); return; }
    if (!e.target.matches('[data-live]')) return;
    e.preventDefault(); e.stopImmediatePropagation();
    const body = new FormData(e.target); body.set('csrfmiddlewaretoken', $('[name=csrfmiddlewaretoken]', form).value);
    const answer = await fetch(e.target.action, { method: 'POST', body, redirect: 'manual' }).catch(() => null);
    if (!answer || answer.status >= 400) note(answer?.status === 409 ? main.dataset.busy : document.body.dataset.offline);
  }, true);
  connect();
  addEventListener('offline', () => { leave(); later(); });
  addEventListener('online', () => { leave(); tries = 0; connect(); });
  setInterval(() => {
    if (open() && !asks() && quiet && Date.now() - quiet > 10000) note(main.dataset.working + ' (' + Math.round((Date.now() - quiet) / 1000) + ' s)');
  }, 2000);
}
// Editing a message: its bubble becomes a form, which is sent as a further version of it.
function edit(message) {
  const bubble = $('.bubble', message), text = bubble.textContent;
  if ($('form', bubble)) return;
  message.dataset.text = text;
  bubble.replaceChildren($('#edit').content.cloneNode(true));
  message.classList.add('editing');
  const area = $('textarea', bubble);
  area.value = text; area.focus(); area.setSelectionRange(text.length, text.length);
}
function unedit(message) {
  message.classList.remove('editing');
  $('.bubble', message).textContent = message.dataset.text;
  $('[data-edit]', message)?.focus();
}
function resend(form) {
  const message = form.closest('.msg'), text = $('textarea', form).value.trim();
  if (open()) { note(main.dataset.busy); return; }
  if (!text) return;
  unedit(message);
  push(text, message.dataset.id);
  box.focus();
}
box.addEventListener('keydown', e => {
  if (e.key === 'Enter' && !e.shiftKey && !e.isComposing && !matchMedia('(pointer:coarse)').matches) { e.preventDefault(); if (box.value.trim()) form.requestSubmit(sendB); }
});
document.addEventListener('keydown', e => {
  const mod = e.ctrlKey || e.metaKey;
  if (e.key === 'Escape' && e.shiftKey) { box.focus(); return; }
  const editing = e.target.closest?.('.bubble .edit');
  if (editing && e.key === 'Escape') { unedit(editing.closest('.msg')); return; }
  if (editing && e.key === 'Enter' && mod) { e.preventDefault(); editing.requestSubmit(); return; }
  if (e.key === 'Escape' && open() && !$('dialog[open]') && !$('[popover]:popover-open')) { stop(); return; }
  if (mod && e.shiftKey && e.key.toLowerCase() === 'c') { e.preventDefault(); $$('.msg:not(.me) [data-copy]').pop()?.click(); }
});
const fit = CSS.supports('field-sizing', 'content') ? () => {} : () => { box.style.height = 'auto'; box.style.height = box.scrollHeight + 'px'; };
box.addEventListener('input', () => { fit(); state(); });

// Citations: mark the source in the panel, or open it as a sheet on small screens.
// An answer that is still being finished sends its sources again, so what was chosen is kept here, not in the page.
let chosen = null;
function fillSources(html, owner) {
  const list = $('#source-list'), focused = list.contains(document.activeElement);
  list.innerHTML = html; list.dataset.of = owner;
  const source = markChosen();
  if (focused && source) source.focus({ preventScroll: true });
}
function markChosen() {
  $$('.cite.on,.src.on').forEach(x => x.classList.remove('on'));
  if (!chosen) return null;
  const list = $('#source-list'), message = byId(chosen.owner);
  if (message) $(`a.cite[href="${chosen.href}"]`, message)?.classList.add('on');
  const source = list.dataset.of === chosen.owner ? $(chosen.href, list) : null;
  source?.classList.add('on');
  return source;
}
function chosenBy(target) {
  const cite = target.closest('a.cite');
  return cite && { cite, owner: cite.closest('.msg').dataset.id, href: cite.getAttribute('href') };
}
async function showSource({ cite, owner, href }) {
  chosen = { owner, href };
  if ($('#source-list').dataset.of !== owner) {
    const answer = await fetch('/chat/' + conversation + '/sources/' + owner + '/').catch(() => null);
    if (answer?.ok) fillSources(await answer.text(), owner);
  }
  const source = markChosen();
  if (!source) return;
  if (narrow.matches) { openSheet(source, cite); return; }
  main.dataset.panel = 'open';
  source.focus({ preventScroll: true });
  source.scrollIntoView({ block: 'nearest', behavior: calm ? 'auto' : 'smooth' });
}
function openSheet(source, back) {
  const body = $('#sheet-body'), sheet = $('#srcsheet');
  body.replaceChildren(...$$('#source-list .src').map(s => { const k = s.cloneNode(true); k.id = 'm-' + s.id; k.classList.toggle('on', s === source); return k; }));
  sheet.addEventListener('close', () => back?.focus(), { once: true });
  sheet.showModal();
  if (source) $('#m-' + source.id)?.focus();
}
document.addEventListener('click', e => {
  const source = chosenBy(e.target);
  if (source) { e.preventDefault(); showSource(source); return; }
  const pencil = e.target.closest('[data-edit]');
  if (pencil && conversation) { e.preventDefault(); edit(pencil.closest('.msg')); return; }
  if (e.target.closest('[data-unedit]')) { unedit(e.target.closest('.msg')); return; }
  const toggle = e.target.closest('[data-panel-toggle]');
  if (toggle) {
    if (narrow.matches) { openSheet(null, toggle); return; }
    const shut = main.dataset.panel !== 'closed';
    main.dataset.panel = shut ? 'closed' : 'open';
    $('[aria-controls=sources]').setAttribute('aria-expanded', !shut);
  }
  if (e.target.closest('[data-unqueue]')) { waiting = ''; queue.hidden = true; box.focus(); }
});
if (!location.hash) bottom();
state();
