// Comforts only: every page works without this file.
'use strict';

// Work lists: j and k move between rows, Enter opens the row's link (the browser does that by itself).
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !['j', 'k'].includes(event.key)) return;
  if (event.target.closest('input, select, textarea, [contenteditable]')) return;
  const links = [...document.querySelectorAll('[data-rows] tbody .row-link')];
  if (links.length === 0) return;
  const here = links.indexOf(document.activeElement);
  const next = event.key === 'j' ? Math.min(here + 1, links.length - 1) : Math.max(here - 1, 0);
  links[next].focus();
  event.preventDefault();
});

// One tap sends once. The server gives a repeat the first answer anyway; this only spares the wait.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.method !== 'post') return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = 'yes';
  form.setAttribute('aria-busy', 'true');
});

// Coming back by the browser's own button: the form may be sent again.
window.addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) {
    delete form.dataset.sent;
    form.removeAttribute('aria-busy');
  }
});

// A print button appears only where printing by script is possible.
for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}

// A folded proof is opened for printing and folded again afterwards.
window.addEventListener('beforeprint', () => {
  for (const fold of document.querySelectorAll('details:not([open])')) {
    fold.dataset.folded = 'yes';
    fold.open = true;
  }
});
window.addEventListener('afterprint', () => {
  for (const fold of document.querySelectorAll('details[data-folded]')) {
    delete fold.dataset.folded;
    fold.open = false;
  }
});

// A link to a folded step opens it, and puts the keyboard there.
function unfold() {
  const named = document.getElementById(location.hash.slice(1));
  if (named?.tagName !== 'DETAILS') return;
  named.open = true;
  named.querySelector('summary').focus();
}
window.addEventListener('hashchange', unfold);
window.addEventListener('load', unfold);
