// Put on the pages of other sites: a button there, and the chat behind it. Everything it needs stands on its element:
//   <script src="https://…/embed.js" data-widget="<id>" data-label="Ask us" data-colour="#0f766e" data-identity="<token>" defer></script>
(() => {
  const own = document.currentScript, { widget, label = 'Chat', colour = '#0f5c63' } = own.dataset, place = 'guildhall:' + widget;
  const origin = new URL(own.src).origin, lang = document.documentElement.lang || navigator.language;
  const narrow = matchMedia('(max-width:30rem)');
  const button = document.createElement('button'), frame = document.createElement('iframe');
  const style = (el, rules) => Object.assign(el.style, rules);
  const corner = { position: 'fixed', insetBlockEnd: '1rem', insetInlineEnd: '1rem', zIndex: '2147483000' };

  button.type = 'button';
  button.textContent = label;
  button.setAttribute('aria-expanded', 'false');
  button.setAttribute('aria-haspopup', 'dialog');
  style(button, { ...corner, border: '0', borderRadius: '999px', padding: '.75rem 1.25rem', font: '600 1rem/1.2 system-ui,sans-serif', color: readable(colour), background: colour, cursor: 'pointer', boxShadow: '0 4px 16px rgb(0 0 0/.25)' });
  frame.title = label;
  frame.hidden = true;
  frame.allow = 'clipboard-write';

  function readable(hex) {
    const part = n => { const v = parseInt(hex.slice(1 + 2 * n, 3 + 2 * n), 16) / 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
    return /^#[0-9a-f]{6}$/i.test(hex) && .2126 * part(0) + .7152 * part(1) + .0722 * part(2) > .179 ? '#000' : '#fff';
  }
  function fit() {
    style(frame, { ...corner, border: '0', background: 'canvas', colorScheme: 'light dark', boxShadow: '0 8px 32px rgb(0 0 0/.3)',
      ...(narrow.matches ? { insetBlockEnd: '0', insetInlineEnd: '0', inlineSize: '100vw', blockSize: '100dvh', borderRadius: '0' }
        : { inlineSize: '24rem', blockSize: 'min(40rem,calc(100dvh - 2rem))', borderRadius: '12px' }) });
    frame.style.display = frame.hidden ? 'none' : 'block';
  }
  function show(is) {
    if (is && !frame.src) { frame.src = origin + '/embed/' + encodeURIComponent(widget) + '/?lang=' + encodeURIComponent(lang); }
    frame.hidden = !is;
    button.style.visibility = is ? 'hidden' : 'visible';
    button.setAttribute('aria-expanded', String(is));
    fit();
    (is ? frame : button).focus();
  }
  function kept() { try { return localStorage.getItem(place) || ''; } catch { return ''; } }
  function keep(token) { try { localStorage.setItem(place, token); } catch { /* nothing is kept here: known until the page is left */ } }
  button.onclick = () => show(true);
  narrow.addEventListener('change', fit);
  addEventListener('keydown', e => { if (e.key === 'Escape' && !frame.hidden) show(false); });
  addEventListener('message', e => {
    if (e.source !== frame.contentWindow || e.origin !== origin) return;
    if (e.data?.guildhall === 'ready') frame.contentWindow.postMessage({ guildhall: 'visitor', identity: own.dataset.identity || '', token: kept() }, origin);
    if (e.data?.guildhall === 'token') keep(String(e.data.token));
    if (e.data?.guildhall === 'close') show(false);
  });
  const put = () => { document.body.append(button, frame); fit(); };
  if (document.body) put(); else addEventListener('DOMContentLoaded', put);
})();
