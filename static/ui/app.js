// Shell behaviour shared by every page. Event delegation only, so HTML swapped in by htmx works without re-binding.
const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];

export function toast(text) {
  const box = document.createElement('div');
  box.className = 'toast';
  box.append(Object.assign(document.createElement('span'), { textContent: text }));
  $('#toasts').append(box);
  fade(box);
}

function fade(box) {
  let timer;
  const arm = () => { timer = setTimeout(() => box.remove(), 5000); };
  box.onmouseenter = box.onfocusin = () => clearTimeout(timer);
  box.onmouseleave = box.onfocusout = arm;
  arm();
}
$$('[data-arrived]').forEach(fade);

async function copy(text, button) {
  await navigator.clipboard?.writeText(text).catch(() => {});
  const use = $('use', button), old = use?.getAttribute('href');
  use?.setAttribute('href', old.replace(/#.*/, '#check'));
  setTimeout(() => use?.setAttribute('href', old), 1500);
  const say = $('#say');
  if (say) say.textContent = button.getAttribute('aria-label') + ' ✓';
}

document.addEventListener('click', e => {
  const b = e.target.closest('button,a,[role=option]');
  if (!b) return;
  const d = b.dataset;
  if ('open' in d && document.getElementById(d.open)) {
    e.preventDefault();
    b.closest('[popover]')?.hidePopover();
    show(document.getElementById(d.open));
  }
  if ('close' in d) b.closest('dialog')?.close();
  if (b.hasAttribute('download')) b.closest('[popover]')?.hidePopover();
  if ('themeToggle' in d) {
    e.preventDefault();
    const root = document.documentElement, dark = matchMedia('(prefers-color-scheme:dark)').matches;
    const now = root.dataset.theme === 'auto' ? (dark ? 'dark' : 'light') : root.dataset.theme;
    root.dataset.theme = now === 'dark' ? 'light' : 'dark';
    const form = new FormData(b.form);
    form.set('theme', root.dataset.theme);
    fetch(b.form.action, { method: 'POST', body: form, redirect: 'manual' }).catch(() => {});
  }
  if ('copy' in d) copy((b.closest('.codebox,.msg')?.querySelector('pre,.prose,.bubble') || b).innerText, b);
  if ('copyText' in d) copy(d.copyText, b);
  if (d.all) {
    const boxes = [...document.querySelectorAll(`input[type=checkbox][name="${d.all}"]`)], some = boxes.some(box => !box.checked);
    boxes.forEach(box => { box.checked = some; });
  }
  if (d.href) location.href = d.href;
});
document.addEventListener('click', e => {
  if (!e.target.matches('dialog')) return;
  const r = e.target.getBoundingClientRect();
  if (e.clientX < r.left || e.clientX > r.right || e.clientY < r.top || e.clientY > r.bottom) e.target.close();
});

// A form that is on its way says so and is not sent twice.
document.addEventListener('submit', e => {
  const b = e.submitter;
  if (!b || e.defaultPrevented || e.target.method === 'dialog') return;
  if (b.getAttribute('aria-busy') === 'true') { e.preventDefault(); return; }
  b.setAttribute('aria-busy', 'true');
  setTimeout(() => b.removeAttribute('aria-busy'), 8000);
});

const typing = el => el?.closest?.('input,textarea,select,[contenteditable]');
let g = 0;
document.addEventListener('keydown', e => {
  const mod = e.ctrlKey || e.metaKey, k = e.key.toLowerCase();
  if (mod && k === 'k') { e.preventDefault(); show($('#palette')); return; }
  if (mod && e.shiftKey && k === 'o') { e.preventDefault(); location.href = '/chat/new/'; return; }
  if (typing(e.target) || mod || e.altKey || $('dialog[open]')) return;
  if (e.key === '?') { show($('#keys')); return; }
  if (g && Date.now() - g < 900) {
    const to = { h: '/', a: '/agents/', k: '/knowledge/', r: '/runs/' }[k];
    g = 0;
    if (to) location.href = to;
    return;
  }
  g = k === 'g' ? Date.now() : 0;
});

function show(dialog) {
  if (!dialog || dialog.open) return;
  dialog.showModal();
  if (dialog.id === 'palette') { $('input', dialog).select(); htmx.trigger($('input', dialog), 'load-palette'); }
}

// Command palette: an ARIA combobox over what the server found.
const palette = $('#palette');
if (palette) {
  const input = $('input', palette);
  let current = -1;
  const options = () => $$('[role=option][data-href]', palette);
  const pick = i => {
    const all = options();
    current = all.length ? (i + all.length) % all.length : -1;
    all.forEach((o, n) => o.setAttribute('aria-selected', n === current));
    if (all[current]) input.setAttribute('aria-activedescendant', all[current].id); else input.removeAttribute('aria-activedescendant');
    all[current]?.scrollIntoView({ block: 'nearest' });
  };
  palette.addEventListener('htmx:afterSwap', () => pick(0));
  input.addEventListener('keydown', e => {
    if (e.key === 'ArrowDown') { e.preventDefault(); pick(current + 1); }
    else if (e.key === 'ArrowUp') { e.preventDefault(); pick(current - 1); }
    else if (e.key === 'Enter') { e.preventDefault(); options()[current]?.click(); }
  });
}

// htmx errors become one calm toast; a session that ended says so, and what was typed stays.
for (const name of ['htmx:sendError', 'htmx:timeout']) document.addEventListener(name, () => toast(document.body.dataset.offline));
document.addEventListener('htmx:responseError', () => toast(document.body.dataset.offline));
document.addEventListener('htmx:beforeSwap', e => {
  if (e.detail.xhr.responseURL.includes('/accounts/login/')) { e.detail.shouldSwap = false; toast(document.body.dataset.signedOut); }
});
