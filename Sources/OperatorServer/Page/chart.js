// SPDX-License-Identifier: Apache-2.0
// One chart over time: stacked areas, or lines, with a limit drawn over them. Drawn anew at each
// moment; what somebody points at stays pointed at.
'use strict';

const charts = [];
let cursor = null; // The time that is pointed at, in all charts at once; null for none.

function draw(name, attributes, text) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** The least of a few round numbers that is not below; half of each is round too. */
function niceAbove(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((step) => step >= value * 0.999);
}

class Chart {
  /** options: title, note, kind ('stack' or 'line'), unit, series: [{name, label, colour, limit}],
      full, log, top (the least upper end), fixed (the upper end). */
  constructor(options) {
    Object.assign(this, options);
    this.margin = { left: 50, right: 8, top: 10, bottom: 20 };
    this.svg = draw('svg', { class: 'plot', role: 'img', tabindex: '0', 'aria-label': this.title });
    this.rows = this.series.map((series) => ({
      now: element('td', { class: 'number' }), most: element('td', { class: 'number' }), series,
    }));
    const body = element('div', { class: 'body' }, this.svg, this.legend());
    this.card = element('article', { class: this.full ? 'card full' : 'card', id: 'chart-' + this.id },
      element('h3', {}, this.title), element('p', { class: 'note' }, this.note), body);
    this.svg.addEventListener('pointermove', (event) => this.point(event));
    this.svg.addEventListener('pointerdown', (event) => this.point(event));
    this.svg.addEventListener('pointerleave', () => moveCursor(null));
    this.svg.addEventListener('blur', () => moveCursor(null));
    this.svg.addEventListener('keydown', (event) => this.key(event));
    new ResizeObserver(() => this.render()).observe(this.svg);
    charts.push(this);
  }

  legend() {
    const body = element('tbody');
    for (const row of this.rows) {
      const look = row.series.limit ? 'dash' : this.kind === 'line' ? 'line ' + row.series.colour : row.series.colour;
      const key = element('span', { class: 'key ' + look, 'aria-hidden': 'true' });
      body.append(element('tr', {}, element('th', { scope: 'row' }, key, row.series.label), row.now, row.most));
    }
    const head = ['', 'now', 'highest'].map((title, index) =>
      element('th', { scope: 'col', class: index ? 'number' : '' }, title));
    return element('table', { class: 'legend' }, element('thead', {}, element('tr', {}, ...head)), body);
  }

  /** Takes the part of the data that is shown: times, values by name, and the ends of the axis. */
  show(view) {
    this.view = view;
    for (const row of this.rows) {
      const values = view.values[row.series.name];
      const known = values.filter((value) => value !== null);
      row.now.textContent = format.text(this.unit, values.at(-1));
      row.most.textContent = row.series.limit ? '' : format.text(this.unit, known.length ? Math.max(...known) : null);
    }
    this.render();
  }

  render() {
    const { clientWidth: width, clientHeight: height } = this.svg;
    if (!this.view || !width) return;
    this.width = width;
    this.height = height;
    this.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.svg.replaceChildren();
    this.scale();
    this.drawAxes();
    const drawn = this.series.filter((series) => !series.limit);
    if (this.kind === 'stack') this.drawStack(drawn); else this.drawLines(drawn);
    for (const limit of this.series.filter((series) => series.limit)) {
      this.svg.append(draw('path', { class: 'limit', d: this.path(this.view.values[limit.name], true) }));
    }
    if (!this.hasData) {
      this.svg.append(draw('text', { class: 'empty', x: width / 2, y: height / 2 }, this.nothing || 'nothing yet'));
    }
    this.drawCursor();
  }

  /** Finds what the axis must hold. */
  scale() {
    const values = this.view.values;
    const count = this.view.time.length;
    let highest = 0;
    let lowest = Infinity;
    for (let index = 0; index < count; index += 1) {
      let sum = 0;
      for (const series of this.series) {
        const value = values[series.name][index];
        if (value === null) continue;
        if (value > 0) lowest = Math.min(lowest, value);
        if (this.kind === 'stack' && !series.limit) sum += value; else highest = Math.max(highest, value);
      }
      highest = Math.max(highest, sum);
    }
    this.hasData = this.series.some((series) => !series.limit && values[series.name].some((value) => (this.fixed ? value !== null : value > 0)));
    this.low = 0;
    this.high = this.fixed || niceAbove(Math.max(highest * 1.05, this.top || 1));
    if (this.log) {
      this.low = lowest === Infinity ? 1e-3 : 10 ** Math.floor(Math.log10(lowest));
      this.high = highest ? Math.max(10 ** Math.ceil(Math.log10(highest)), this.low * 10) : 1;
    }
  }

  x(time) {
    const { left, right } = this.margin;
    return left + (time - this.view.from) / (this.view.to - this.view.from) * (this.width - left - right);
  }

  y(value) {
    const { top, bottom } = this.margin;
    const share = this.log
      ? Math.log(Math.max(value, this.low) / this.low) / Math.log(this.high / this.low)
      : value / this.high;
    return this.height - bottom - share * (this.height - top - bottom);
  }

  drawAxes() {
    const { left, right, bottom } = this.margin;
    const levels = [];
    if (this.log) {
      for (let level = this.low; level <= this.high * 1.001; level *= 10) levels.push(level);
    } else {
      for (let step = 0; step <= 2; step += 1) levels.push(this.high * step / 2);
    }
    for (const level of levels) {
      const y = Math.round(this.y(level)) + 0.5;
      this.svg.append(
        draw('line', { class: level === levels[0] ? 'base' : 'grid-line', x1: left, x2: this.width - right, y1: y, y2: y }),
        draw('text', { x: left - 8, y: y + 4, 'text-anchor': 'end' }, format.tick(this.unit, level)));
    }
    const step = [15, 30, 60, 120, 300].find((step) => (this.view.to - this.view.from) / step <= this.width / 110) || 300;
    for (let time = Math.ceil(this.view.from / step) * step; time <= this.view.to; time += step) {
      const x = this.x(time);
      const half = step < 60 ? 28 : 18;
      if (x > this.width - half || x < left + half - 8) continue;
      this.svg.append(draw('text', { x, y: this.height - bottom + 15, 'text-anchor': 'middle' },
        format.clock(time, step < 60)));
    }
  }

  drawStack(drawn) {
    const { time, values } = this.view;
    const below = time.map(() => 0);
    for (const series of [...drawn].reverse()) {
      const above = below.map((sum, index) => sum + (values[series.name][index] || 0));
      if (above.some((sum, index) => sum > below[index])) {
        const edge = (sums) => time.map((at, index) => `${this.x(at).toFixed(1)},${this.y(sums[index]).toFixed(1)}`);
        this.svg.append(draw('path', {
          class: 'area ' + series.colour,
          d: 'M' + [...edge(above), ...edge(below).reverse()].join('L') + 'Z',
        }));
      }
      above.forEach((sum, index) => { below[index] = sum; });
    }
  }

  drawLines(drawn) {
    for (const series of drawn) {
      const values = this.view.values[series.name];
      if (this.fill) this.svg.append(draw('path', { class: 'soft ' + series.colour, d: this.area(values) }));
      this.svg.append(draw('path', { class: 'curve ' + series.colour, d: this.path(values) }));
    }
  }

  /** The runs of moments that have a value. */
  runs(values) {
    const runs = [];
    let open = null;
    this.view.time.forEach((at, index) => {
      if (values[index] === null || values[index] === undefined) { open = null; return; }
      if (!open) { open = []; runs.push(open); }
      open.push([this.x(at), this.y(values[index])]);
    });
    return runs;
  }

  path(values, stepped = false) {
    return this.runs(values).map((run) => run.map(([x, y], index) => {
      const at = `${x.toFixed(1)},${y.toFixed(1)}`;
      if (index === 0) return 'M' + at + 'l.01,0';
      return (stepped ? 'H' + x.toFixed(1) + 'V' + y.toFixed(1) : 'L' + at);
    }).join('')).join('');
  }

  area(values) {
    const floor = this.y(0).toFixed(1);
    return this.runs(values).map((run) =>
      `M${run[0][0].toFixed(1)},${floor}L` + run.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join('L')
      + `L${run.at(-1)[0].toFixed(1)},${floor}Z`).join('');
  }

  drawCursor() {
    this.svg.querySelector('.cursor')?.remove();
    const index = cursor === null ? -1 : nearest(this.view.time, cursor);
    if (index < 0) return;
    const x = this.x(this.view.time[index]);
    this.svg.append(draw('line', { class: 'cursor', x1: x, x2: x, y1: this.margin.top, y2: this.height - this.margin.bottom }));
  }

  point(event) {
    if (!this.view) return;
    const box = this.svg.getBoundingClientRect();
    const { left, right } = this.margin;
    const share = (event.clientX - box.left - left) / (this.width - left - right);
    moveCursor(this.view.from + share * (this.view.to - this.view.from), this);
  }

  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === 'Escape') moveCursor(null);
    if (!step || !this.view?.time.length) return;
    event.preventDefault();
    const times = this.view.time;
    const index = cursor === null ? times.length - 1 : nearest(times, cursor) + step;
    moveCursor(times[Math.max(0, Math.min(times.length - 1, index))], this);
  }
}

function nearest(times, wanted) {
  let best = -1;
  times.forEach((time, index) => {
    if (best < 0 || Math.abs(time - wanted) < Math.abs(times[best] - wanted)) best = index;
  });
  return best;
}

/** Points at a time in all charts; the one that is looked at shows its numbers. */
function moveCursor(time, chart = null) {
  cursor = time;
  for (const each of charts) if (each.view && each.width) each.drawCursor();
  const tip = byID('tip');
  const index = time === null || !chart ? -1 : nearest(chart.view.time, time);
  tip.hidden = index < 0;
  if (index < 0) return;
  const rows = chart.series.map((series) => {
    const look = series.limit ? 'dash' : chart.kind === 'line' ? 'line ' + series.colour : series.colour;
    return element('tr', {},
      element('td', {}, element('span', { class: 'key ' + look }), series.label),
      element('td', { class: 'number' }, format.text(chart.unit, chart.view.values[series.name][index])));
  });
  tip.replaceChildren(element('b', {}, format.clock(chart.view.time[index])), element('table', {}, ...rows));
  const box = chart.svg.getBoundingClientRect();
  const x = box.left + chart.x(chart.view.time[index]);
  const beside = x + 16 + tip.offsetWidth < document.documentElement.clientWidth ? x + 14 : x - 14 - tip.offsetWidth;
  tip.style.left = Math.max(4, beside) + scrollX + 'px';
  tip.style.top = box.top + scrollY + 6 + 'px';
}
