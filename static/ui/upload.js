// Uploads with progress: each file goes on its own, so one that fails does not stop the others.
const $ = (s, r = document) => r.querySelector(s), drop = $('#drop'), up = $('#up'), list = $('#uploads');
if (drop) {  // not on the page of somebody who may only read
  for (const t of ['dragenter', 'dragover']) drop.addEventListener(t, e => { e.preventDefault(); drop.classList.add('over'); });
  for (const t of ['dragleave', 'drop']) drop.addEventListener(t, e => { e.preventDefault(); drop.classList.remove('over'); });
  drop.addEventListener('drop', e => add(e.dataTransfer.files));
  up.addEventListener('change', () => { add(up.files); up.value = ''; });
}

function row(name) {
  const li = document.createElement('li'), title = document.createElement('strong'), bar = document.createElement('progress');
  const stop = Object.assign(document.createElement('button'), { type: 'button', className: 'btn small', textContent: drop.dataset.cancel });
  title.className = 'grow clip'; title.textContent = name; bar.max = 100; bar.value = 0; bar.setAttribute('aria-label', name);
  stop.setAttribute('aria-label', drop.dataset.cancel + ': ' + name);
  const gap = document.createElement('span');
  li.append(gap, title, stop, bar); list.append(li); list.hidden = false;
  return { li, bar, stop };
}
function gone(li) { li.remove(); list.hidden = !list.children.length; }
function fail(li, text) {
  const p = document.createElement('span'); p.className = 'err'; p.setAttribute('role', 'alert'); p.textContent = text;
  li.querySelector('progress')?.remove(); li.append(p);
}
function add(files) { [...files].reduce((before, file) => before.then(() => send(file)), Promise.resolve()); }
function send(file) {
  return new Promise(done => {
    const { li, bar, stop } = row(file.name), body = new FormData(), x = new XMLHttpRequest();
    body.set('csrfmiddlewaretoken', $('[name=csrfmiddlewaretoken]', drop).value); body.append('file', file, file.name);
    x.open('POST', drop.action); x.setRequestHeader('HX-Request', 'true');
    x.upload.onprogress = e => { bar.value = e.loaded / e.total * 100; };
    stop.onclick = () => { x.abort(); gone(li); done(); };
    x.onerror = x.ontimeout = () => { fail(li, drop.dataset.failed); done(); };
    x.onload = () => {
      if (x.status < 500 && x.responseText.includes('id="reading"')) { $('#reading').outerHTML = x.responseText; htmx.process($('#reading')); gone(li); }
      else fail(li, drop.dataset.failed);
      done();
    };
    x.send(body);
  });
}
// When the last document has been read, the table below is out of date.
document.addEventListener('htmx:beforeSwap', e => {
  if (e.detail.target.id === 'reading' && e.detail.target.dataset.busy === 'yes' && e.detail.xhr.responseText.includes('data-busy="no"'))
    htmx.ajax('GET', location.href, { target: '#documents', swap: 'innerHTML' });
});
