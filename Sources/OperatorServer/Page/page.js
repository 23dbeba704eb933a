// SPDX-License-Identifier: Apache-2.0
// Asks for what is new every other second, and shows it.
'use strict';

const data = { time: [], series: {}, last: null };
const spans = [2, 5, 10];
let minutes = null; // As many as somebody chose; null for as many as there is something to show of.

const calls = [
  { name: 'calls.ok', label: 'answered', colour: 'ok' },
  { name: 'calls.cancelled', label: 'cancelled', colour: 'cancelled' },
  { name: 'calls.caller', label: "caller's mistake", colour: 'caller' },
  { name: 'calls.limited', label: 'over a limit', colour: 'limited' },
  { name: 'calls.failed', label: 'failed', colour: 'failed' },
];

for (const options of [
  { id: 'calls', title: 'Calls by outcome', note: 'Calls a second', kind: 'stack', unit: 'rate', full: true, series: calls,
    nothing: 'no calls' },
  { id: 'latency', title: 'Time to answer', note: "All operations, from a call's headers to its answer", kind: 'line',
    unit: 'time', log: true, nothing: 'no calls', series: [
      { name: 'latency.p99', label: '99 of 100 calls', colour: 'high' },
      { name: 'latency.p90', label: '9 of 10', colour: 'mid' },
      { name: 'latency.p50', label: 'half of them', colour: 'low' },
    ] },
  { id: 'stages', title: 'Where the time goes', note: '99 of 100 calls that come to a stage leave it sooner', kind: 'line',
    unit: 'time', log: true, nothing: 'no calls to AWS', series: [
      { name: 'stage.first_byte', label: "AWS, until its answer's first byte", colour: 'mid' },
      { name: 'stage.limiter', label: 'waiting for the budget', colour: 'limited' },
      { name: 'stage.queue', label: 'waiting for a connection', colour: 'caller' },
      { name: 'stage.backoff', label: 'between attempts', colour: 'failed' },
    ] },
  { id: 'cache', title: 'Spared by the cache', note: 'Reads that needed no call to AWS of their own', kind: 'line', fill: true,
    unit: 'percent', fixed: 1, nothing: 'no reads', series: [{ name: 'cache.spared', label: 'of all reads', colour: 'mid' }] },
  { id: 'reads', title: 'Reads sent to AWS', note: "Against the account's budget", kind: 'line', fill: true, unit: 'rate',
    nothing: 'no reads', series: [
      { name: 'aws.reads', label: 'describe, get pending', colour: 'mid' },
      { name: 'budget.reads', label: 'budget', limit: true },
    ] },
  { id: 'writes', title: 'Writes sent to AWS', note: "Against the account's budget", kind: 'line', fill: true, unit: 'rate',
    nothing: 'no writes', series: [
      { name: 'aws.writes', label: 'start next, update', colour: 'mid' },
      { name: 'budget.writes', label: 'budget', limit: true },
    ] },
  { id: 'pool', title: 'Connections to AWS', note: 'By what they do', kind: 'stack', unit: 'count', top: 4,
    nothing: 'no connections', series: [
      { name: 'pool.connecting', label: 'connecting', colour: 'limited' },
      { name: 'pool.idle', label: 'idle', colour: 'low' },
      { name: 'pool.active', label: 'busy', colour: 'ok' },
    ] },
  { id: 'callers', title: 'Callers', note: 'Connections open, and calls under way or waiting', kind: 'line', unit: 'count', top: 4,
    nothing: 'no callers', series: [
      { name: 'connections', label: 'connections', colour: 'mid' },
      { name: 'calls.in_flight', label: 'calls in flight', colour: 'high' },
      { name: 'budget.waiting', label: 'waiting for the budget', colour: 'limited' },
      { name: 'pool.waiting', label: 'waiting for a connection', colour: 'caller' },
    ] },
  { id: 'loops', title: 'Event loops', note: 'How late their timers fire: how long calls wait for each other', kind: 'line',
    unit: 'time', log: true, nothing: 'nothing yet', series: [
      { name: 'loops.lag', label: '99 of 100 timers', colour: 'mid' },
    ] },
]) byID('charts').append(new Chart(options).card);

for (const span of spans) {
  const input = element('input', { type: 'radio', name: 'span', value: span });
  input.addEventListener('change', () => { minutes = span; showCharts(); });
  byID('spans').append(element('label', {}, input, `${span} min`));
}

/** Adds what is new, and lets go of what is older than the gateway itself keeps. */
function take(news) {
  const isNew = data.last === null || news.last < data.last;
  if (isNew) { data.time = []; data.series = {}; }
  data.time = [...data.time, ...news.time].slice(-news.capacity);
  for (const [name, values] of Object.entries(news.series)) {
    data.series[name] = [...(data.series[name] || []), ...values].slice(-news.capacity);
  }
  for (const member of ['last', 'every_seconds', 'capacity', 'status', 'log_level', 'offenders', 'failures', 'levels']) {
    data[member] = news[member];
  }
  data.now = data.time.at(-1) ?? Date.now() / 1000;
}

function showCharts() {
  const to = data.now;
  const age = data.time.length ? to - data.time[0] : 0;
  const shown = minutes ?? spans.find((span) => age <= span * 60) ?? spans.at(-1);
  byID('spans').querySelector(`[value="${shown}"]`).checked = true;
  const from = to - shown * 60;
  const first = data.time.findIndex((time) => time >= from);
  const start = first < 0 ? data.time.length : first;
  const values = Object.fromEntries(Object.entries(data.series).map(([name, all]) => [name, all.slice(start)]));
  for (const chart of charts) chart.show({ time: data.time.slice(start), values, from, to });
}

function show() {
  const state = byID('state');
  state.className = data.status.ready ? 'pill good' : 'pill bad';
  const words = data.status.ready ? 'serving' : data.status.reasons.includes('draining') ? 'draining' : 'not ready';
  if (state.textContent !== words) state.textContent = words;
  document.body.classList.remove('stale');
  byID('updated').textContent = `As of ${format.clock(data.now)}, every ${data.every_seconds} s`;
  showAttention(data);
  showFigures(data);
  showTables(data);
  showCharts();
}

function lost() {
  byID('state').className = 'pill bad';
  byID('state').textContent = data.now ? `no answer since ${format.clock(data.now)}` : 'no answer';
  document.body.classList.add('stale');
}

async function ask() {
  try {
    const answer = await fetch('/live' + (data.last === null ? '' : `?after=${data.last}`), { signal: AbortSignal.timeout(8000) });
    if (!answer.ok) throw new Error(answer.statusText);
    take(await answer.json());
    show();
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof DOMException)) console.error(error);
    lost();
  }
  setTimeout(ask, (data.every_seconds || 2) * 1000);
}

let settings = [];

function showSettings() {
  const wanted = byID('config-find').value.trim().toLowerCase();
  const shown = settings.filter((setting) => [setting.name, setting.meaning, setting.section, setting.value]
    .some((text) => text?.toLowerCase().includes(wanted)));
  const isSet = (setting) => setting.source !== null && setting.source !== 'default';
  const ordered = [...shown.filter(isSet), ...shown.filter((setting) => !isSet(setting))];
  table(byID('config-table'),
    [{ title: 'Setting' }, { title: 'Value' }, { title: 'From' }, { title: 'Default' }, { title: 'Meaning' }],
    ordered.map((setting) => ({
      class: isSet(setting) ? 'set' : '',
      cells: [
        element('span', { class: 'code' }, setting.name), element('span', { class: 'code' }, setting.value ?? '–'),
        setting.source ?? 'not set', element('span', { class: 'code' }, setting.default ?? '–'),
        setting.meaning + (setting.changes_while_running ? ' Changes while running.' : ''),
      ],
    })), 'No setting is called so.');
}

byID('config').addEventListener('toggle', async () => {
  if (!byID('config').open) return;
  try {
    settings = await (await fetch('/config')).json();
    showSettings();
  } catch {
    byID('config-table').replaceChildren(element('p', { class: 'nothing' }, 'The gateway does not answer.'));
  }
});
byID('config-find').addEventListener('input', showSettings);

ask();
