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

// What is being written in a long field is kept in this tab until it is recorded, for a session may end meanwhile. Each person's
// is apart, and signing out takes it away.
const person = document.body.dataset.person;
const DRAFT = 'draft ';
const SENT = 'sent';
const drafts = () => Object.keys(sessionStorage).filter((key) => key.startsWith(DRAFT));
const draftsOf = (form) => {
  const step = form.querySelector('[name=step], [name=action]')?.value ?? new URL(form.action).pathname;
  return `${DRAFT}${JSON.stringify([person, location.pathname, step])}`;
};

// The sign-in page shows nobody's: what was sent before it was not recorded. Any other page but an error's says that it was.
const sent = sessionStorage.getItem(SENT);
sessionStorage.removeItem(SENT);
// A page that asks once more whether to record what was sent says neither.
if (person && sent && document.querySelector('[name=sure]')) {
  sessionStorage.setItem(SENT, sent);
} else if (person && sent && !document.querySelector('[role=alert], .error-page')) {
  for (const key of drafts()) if (key.startsWith(sent)) sessionStorage.removeItem(key);
}

if (person) {
  for (const field of document.querySelectorAll('form[method=post] textarea')) {
    const key = `${draftsOf(field.form)} ${field.name}`;
    const draft = sessionStorage.getItem(key);
    if (draft && !field.value) {
      field.value = draft;
      const fold = field.closest('details');
      if (fold) fold.open = true;
      const told = document.createElement('p');
      told.className = 'hint';
      told.setAttribute('role', 'status');
      told.textContent = document.documentElement.lang.startsWith('zh')
        ? '这是您上次写的，还没有记录。'
        : 'This is what you wrote before. It is not recorded yet.';
      field.before(told);
    }
    field.addEventListener('input', () => {
      if (field.value) sessionStorage.setItem(key, field.value);
      else sessionStorage.removeItem(key);
    });
  }
}

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!person || event.defaultPrevented || form.method !== 'post') return;
  if (form.matches('.sign-out')) for (const key of drafts()) sessionStorage.removeItem(key);
  else sessionStorage.setItem(SENT, draftsOf(form));
});
