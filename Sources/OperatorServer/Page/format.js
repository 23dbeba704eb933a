// SPDX-License-Identifier: Apache-2.0
// Numbers and elements. Text always goes in as text, never as markup: names of things are strangers'.
'use strict';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

const format = {
  /** [number, unit] of a rate. */
  rate(value) { return [format.short(value), '/s']; },
  count(value) { return [format.short(value), '']; },
  percent(value) {
    const percent = value * 100;
    const digits = percent > 0 && percent < 1 ? 2 : percent < 99.95 && percent % 1 ? 1 : 0;
    return [percent.toFixed(digits), '%'];
  },
  /** A duration in seconds. */
  time(value) {
    if (value >= 1) return [value.toFixed(value < 10 ? 2 : 1), 's'];
    const milliseconds = value * 1000;
    if (milliseconds < 0.1) return [(milliseconds * 1000).toFixed(0), 'µs'];
    return [milliseconds.toFixed(milliseconds < 1 ? 2 : milliseconds < 10 ? 1 : 0), 'ms'];
  },
  bytes(value) {
    const units = ['B', 'KiB', 'MiB', 'GiB'];
    let unit = 0;
    while (value >= 1024 && unit < 3) { value /= 1024; unit += 1; }
    return [value.toFixed(value < 10 && unit > 0 ? 1 : 0), units[unit]];
  },
  short(value) {
    if (value === 0) return '0';
    if (value < 0.1) return value.toFixed(2);
    if (value < 10) return value.toFixed(value % 1 ? 1 : 0);
    return whole.format(value);
  },
  text(kind, value) {
    if (value === null || value === undefined) return '–';
    const [number, unit] = format[kind](value);
    return unit === '%' || unit === '' || unit === '/s' ? number + unit : number + ' ' + unit;
  },
  /** The same for the end of a line across a chart: as round as the number is. */
  tick(kind, value) {
    const text = format.text(kind, value);
    return text.replace(/(\d)\.0+(?=\D|$)/, '$1').replace(/(\.\d*[1-9])0+(?=\D|$)/, '$1');
  },
  /** How long something still takes, in its two largest units. */
  span(seconds) {
    const past = seconds < 0;
    const left = Math.abs(Math.round(seconds));
    const units = [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];
    const first = units.findIndex(([, size]) => left >= size);
    if (first < 0) return '0 s';
    const parts = [];
    let rest = left;
    for (const [unit, size] of units.slice(first, first + 2)) {
      const count = Math.floor(rest / size);
      rest -= count * size;
      if (count > 0) parts.push(count + ' ' + unit);
    }
    return parts.join(' ') + (past ? ' ago' : '');
  },
  clock(epochSeconds, seconds = true) {
    return new Date(epochSeconds * 1000).toLocaleTimeString('en-GB',
      { hour: '2-digit', minute: '2-digit', ...(seconds && { second: '2-digit' }) });
  },
};

/** An element with a class, attributes and children: elements or texts. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const byID = (id) => document.getElementById(id);

/** Puts rows into the body of a table that is made once, so that a reader's place is not lost. */
function table(place, columns, rows, nothing) {
  if (rows.length === 0) {
    place.replaceChildren(element('p', { class: 'nothing' }, nothing));
    return;
  }
  const head = element('tr');
  for (const column of columns) {
    head.append(element('th', { scope: 'col', class: column.number ? 'number' : '' }, column.title));
  }
  const body = element('tbody');
  for (const row of rows) {
    const line = element('tr', row.class ? { class: row.class } : {});
    row.cells.forEach((cell, index) => {
      const kind = index === 0 ? 'th' : 'td';
      const attributes = { class: columns[index].number ? 'number' : '' };
      if (index === 0) attributes.scope = 'row';
      line.append(element(kind, attributes, ...[cell].flat()));
    });
    body.append(line);
  }
  place.replaceChildren(element('table', {}, element('thead', {}, head), body));
}

/** A bar as long as its share; the number stands beside it. */
function bar(share, colour) {
  const inner = element('span', { class: colour });
  inner.style.width = Math.max(1.5, Math.min(100, share * 100)) + '%';
  return element('span', { class: 'bar', 'aria-hidden': 'true' }, inner);
}
