// Sorting and searching of tables. The page is whole without it; nothing is fetched, nothing stored.
(() => {
  'use strict';
  // Rows laid out at once: a browser is slow with tens of thousands of rows, not with hidden ones.
  const STEP = 500;
  // Time after the last key before a search begins, in milliseconds.
  const WAIT = 150;
  // A table shorter than this is searched by eye.
  const SEARCHED = 8;
  const number = new Intl.NumberFormat('en');
  document.documentElement.classList.add('js');

  function keyOf(cell, isNumber) {
    if (!cell || cell.classList.contains('none')) return null;
    const text = cell.textContent;
    if (!isNumber) return text.toLowerCase();
    const value = Number(text.replaceAll(',', ''));
    return Number.isNaN(value) ? null : value;
  }

  function compare(left, right) {
    if (left === right) return 0;
    return left < right ? -1 : 1;
  }

  function start(report) {
    const table = report.querySelector('table');
    if (!table) return;
    const body = table.tBodies[0];
    const original = Array.from(body.rows);
    const headings = Array.from(table.tHead.rows[0].cells);
    const [tools, more] = [report.querySelector('.tools'), report.querySelector('.more')];
    const [search, status] = [tools.querySelector('input'), tools.querySelector('output')];
    const texts = new Map();
    let rows = original;
    let room = STEP;

    function show() {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let found = 0;
      for (const row of rows) {
        let matches = true;
        if (words.length > 0) {
          let text = texts.get(row);
          if (text === undefined) {
            text = Array.from(row.cells, (cell) => cell.textContent).join('\n').toLowerCase();
            texts.set(row, text);
          }
          matches = words.every((word) => text.includes(word));
        }
        if (matches) found += 1;
        if (row.hidden === matches) row.hidden = !matches;
        row.classList.toggle('far', matches && found > room);
      }
      const shown = Math.min(found, room);
      const counted = `${number.format(found)} ${found === 1 ? 'row' : 'rows'}`;
      const part = shown < found ? `first ${number.format(shown)} of ${counted}` : counted;
      status.textContent = words.length > 0 ? `${part} found` : part;
      more.hidden = shown === found;
    }

    function sort(index) {
      const heading = headings[index];
      const isNumber = heading.classList.contains('number');
      // The most of a count is what people look for first, the start of the alphabet in a text.
      const order = isNumber ? ['descending', 'ascending', 'none'] : ['ascending', 'descending', 'none'];
      const next = order[(order.indexOf(heading.getAttribute('aria-sort')) + 1) % order.length];
      for (const each of headings) each.setAttribute('aria-sort', each === heading ? next : 'none');
      if (next === 'none') {
        rows = original;
      } else {
        const sign = next === 'ascending' ? 1 : -1;
        const keyed = original.map((row, place) => ({ row, place, key: keyOf(row.cells[index], isNumber) }));
        keyed.sort((left, right) => {
          // What is not known comes last either way.
          if (left.key === null || right.key === null) {
            return (left.key === null) - (right.key === null) || left.place - right.place;
          }
          return sign * compare(left.key, right.key) || left.place - right.place;
        });
        rows = keyed.map((each) => each.row);
      }
      // Out of the page, rows move without anything being looked at again after each.
      const after = body.nextSibling;
      body.remove();
      for (const row of rows) body.append(row);
      show();
      table.insertBefore(body, after);
    }

    headings.forEach((heading, index) => {
      const button = document.createElement('button');
      button.type = 'button';
      const onPaper = document.createElement('span');
      onPaper.className = 'on-paper';
      onPaper.setAttribute('aria-hidden', 'true');
      onPaper.textContent = heading.textContent;
      button.append(...heading.childNodes);
      button.addEventListener('click', () => sort(index));
      heading.append(button, onPaper);
      heading.setAttribute('aria-sort', 'none');
    });
    let waiting = 0;
    search.addEventListener('input', () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => { room = STEP; show(); }, WAIT);
    });
    const [further, all] = more.querySelectorAll('button');
    further.addEventListener('click', () => { room += STEP; show(); });
    all.addEventListener('click', () => { room = Infinity; show(); });
    tools.hidden = original.length < SEARCHED;
    show();
  }

  document.addEventListener('DOMContentLoaded', () => {
    for (const report of document.querySelectorAll('section.report')) {
      try { start(report); } finally { report.classList.add('ready'); }
    }
  });
})();
