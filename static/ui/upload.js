// Uploads by parts (the tus protocol): each file goes on its own, and one that broke off goes on where it was, after a reload too.
const $ = (s, r = document) => r.querySelector(s), drop = $('#drop'), up = $('#up'), list = $('#uploads');
const PART = 1 << 20, AT_ONCE = 3, WAITS_S = [1, 2, 4, 8, 15, 30];
const waiting = [], counted = { all: 0, sent: 0, bytes: 0, came: 0, busy: 0 };
if (drop) {  // not on the page of somebody who may only read
  for (const t of ['dragenter', 'dragover']) drop.addEventListener(t, e => { e.preventDefault(); drop.classList.add('over'); });
  for (const t of ['dragleave', 'drop']) drop.addEventListener(t, e => { e.preventDefault(); drop.classList.remove('over'); });
  drop.addEventListener('drop', e => add(e.dataTransfer.files));
  up.addEventListener('change', () => { add(up.files); up.value = ''; });
}

function add(files) {
  if (!counted.busy && !waiting.length) Object.assign(counted, { all: 0, sent: 0, bytes: 0, came: 0 });
  for (const file of files) { waiting.push({ file, came: 0 }); counted.all++; counted.bytes += file.size; }
  show();
  while (counted.busy < AT_ONCE && waiting.length) work();
}
async function work() {
  counted.busy++;
  for (let item = waiting.shift(); item; item = waiting.shift()) await send(item);
  counted.busy--;
}
function show() {
  $('#sending').hidden = !list.children.length && !waiting.length;
  $('#sending-n').textContent = drop.dataset.sent.replace('{n}', counted.sent).replace('{all}', counted.all);
  $('#sending-all').value = counted.bytes ? counted.came / counted.bytes * 100 : 0;
}

function button(words, name, act) {
  const made = Object.assign(document.createElement('button'), { type: 'button', className: 'btn small', textContent: words, onclick: act });
  made.setAttribute('aria-label', `${words}: ${name}`);
  return made;
}
function row({ file }) {
  const li = document.createElement('li'), title = document.createElement('strong'), bar = document.createElement('progress');
  title.className = 'grow clip'; title.textContent = file.name; bar.max = 100; bar.value = 0; bar.setAttribute('aria-label', file.name);
  li.append(document.createElement('span'), title, bar); list.append(li);
  return { li, bar, title };
}
function told(li, text) {
  let p = $('.err', li);
  if (!text) { p?.remove(); return; }
  if (!p) { p = document.createElement('span'); p.className = 'err'; p.setAttribute('role', 'alert'); li.append(p); }
  p.textContent = text;
}

async function send(item) {
  const { file } = item, { li, bar, title } = row(item), stopping = new AbortController();
  const stop = button(drop.dataset.cancel, file.name, () => stopping.abort());
  title.after(stop);
  const moved = bytes => { counted.came += bytes - item.came; item.came = bytes; bar.value = file.size ? bytes / file.size * 100 : 100; show(); };
  try {
    await parts(file, stopping.signal, moved, text => told(li, text));
    counted.sent++; li.remove(); look();
  } catch (problem) {
    counted.bytes -= file.size; counted.came -= item.came; counted.all--; item.came = 0;
    if (problem.name === 'AbortError') li.remove();
    else {
      told(li, problem.message || drop.dataset.failed); bar.remove();
      const leave = () => { li.remove(); show(); };
      stop.replaceWith(problem.isFinal ? button(drop.dataset.remove, file.name, leave) : button(drop.dataset.again, file.name, () => { leave(); add([file]); }));
    }
  }
  show();
}

// What a file's upload is kept under until it is whole, so that choosing the file again goes on with it.
const keyOf = file => ['upload', drop.dataset.base, file.name, file.size, file.lastModified].join('|');
async function parts(file, signal, moved, say) {
  const key = keyOf(file);
  try { await goOn(file, key, signal, moved, say); localStorage.removeItem(key); }
  catch (problem) {
    const place = localStorage.getItem(key);
    if (problem.name === 'AbortError' && place) ask('DELETE', place, {}).catch(() => {});
    if (problem.name === 'AbortError' || problem.isFinal) localStorage.removeItem(key);
    throw problem;
  }
}
async function goOn(file, key, signal, moved, say) {
  let offset = null, tried = 0;
  while (true) {
    try {
      offset ??= await standing(file, key, signal);
      moved(offset);
      const answer = await ask('PATCH', localStorage.getItem(key), { 'Upload-Offset': offset, 'Content-Type': 'application/offset+octet-stream' }, signal, file.slice(offset, offset + PART));
      if ((answer.status === 404 || answer.status === 409) && tried++ < WAITS_S.length) { offset = null; continue; }
      await refuse(answer);
      offset = Number(answer.headers.get('Upload-Offset')); tried = 0; say('');
      moved(offset);
      if (answer.headers.get('Document-Id')) return;
    } catch (problem) {
      if (problem.name === 'AbortError' || problem.isFinal || tried >= WAITS_S.length) throw problem;
      say(problem.isTold ? problem.message : drop.dataset.waits);
      await pause(problem.waitS || WAITS_S[tried++], signal);
      offset = null;
    }
  }
}
// How much of a file has come in: of one that is not known (any more) nothing, and it is begun.
async function standing(file, key, signal) {
  const place = localStorage.getItem(key);
  if (place) {
    const answer = await ask('HEAD', place, {}, signal);
    if (answer.ok) return Number(answer.headers.get('Upload-Offset'));
    if (answer.status !== 404) throw Object.assign(new Error(drop.dataset.failed), { isFinal: answer.status < 500 });
  }
  const told = { filename: file.name, knowledge_base: drop.dataset.base }, coded = Object.entries(told).map(([name, value]) => `${name} ${base64(value)}`);
  const answer = await ask('POST', drop.dataset.uploads, { 'Upload-Length': file.size, 'Upload-Metadata': coded.join(',') }, signal);
  await refuse(answer);
  localStorage.setItem(key, new URL(answer.headers.get('Location')).pathname);
  return 0;
}
function ask(method, place, headers, signal, body) {
  const token = $('[name=csrfmiddlewaretoken]', drop).value;
  return fetch(place, { method, body, signal, headers: { 'Tus-Resumable': '1.0.0', 'X-CSRFToken': token, ...headers } });
}
async function refuse(answer) {  // what will never succeed is final; a busy or full server is asked again later
  if (answer.ok) return;
  const told = await answer.json().catch(() => ({})), waitS = Number(answer.headers.get('Retry-After'));
  const isFinal = answer.status < 500 && answer.status !== 429;
  throw Object.assign(new Error(told.detail || drop.dataset.failed), { isFinal, isTold: !!told.detail, waitS: Math.min(waitS || 0, 60) });
}
const base64 = text => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
function pause(seconds, signal) {
  return new Promise((go, stop) => {
    const over = () => { clearTimeout(timer); removeEventListener('online', over); go(); }, timer = setTimeout(over, seconds * 1000);
    addEventListener('online', over);
    signal.addEventListener('abort', () => { clearTimeout(timer); stop(new DOMException('', 'AbortError')); }, { once: true });
  });
}
addEventListener('beforeunload', e => { if (counted.busy) e.preventDefault(); });

// What is being read is looked at once a second at most, however many files came in.
let looking = null;
function look() {
  looking ||= setTimeout(async () => {
    looking = null;
    await htmx.ajax('GET', drop.dataset.reading, { target: '#reading', swap: 'outerHTML' });
    if ($('#reading').dataset.busy === 'no') renew();
  }, 400);
}
const renew = () => htmx.ajax('GET', location.href, { target: '#documents', swap: 'innerHTML' });
// How far the reading is: the most that waited since none did is the whole.
let most = 0;
function whole() {
  const left = Number($('#reading')?.dataset.waiting || 0), bar = $('#whole');
  most = left ? Math.max(most, left) : 0;
  if (bar && most > 1) { bar.hidden = false; bar.value = (most - left) / most * 100; }
}
document.addEventListener('htmx:afterSettle', whole);
whole();
// When the last document has been read, the table below is out of date.
document.addEventListener('htmx:beforeSwap', e => {
  if (e.detail.target.id === 'reading' && e.detail.target.dataset.busy === 'yes' && e.detail.xhr.responseText.includes('data-busy="no"'))
    renew();
});
