// SPDX-License-Identifier: Apache-2.0
// What is shown of the present: what needs attention, key figures, tables.
'use strict';

/** The sum of what is told of a level, by its labels; null if nothing is. */
const level = (data, member) => {
  const samples = data.levels[member];
  return samples && samples.length ? samples.reduce((sum, sample) => sum + sample.value, 0) : null;
};

const last = (data, name, back = 1) => data.series[name]?.at(-back) ?? null;

/** The mean of the last so many moments that have a value. */
function lately(data, name, moments = 15) {
  const known = (data.series[name] || []).slice(-moments).filter((value) => value !== null);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}

const budget = (data, kind) => data.status.policy.budgets.find((budget) => budget.kind === kind);

const DAY = 86400;

/** What an operator should look at, the worst first: [rank, heading, words]. */
function findings(data) {
  const found = [];
  const say = (rank, heading, words) => found.push([rank, heading, words]);
  const { status, levels } = data;
  if (!status.ready) say('bad', 'Not ready', status.reasons.join('; '));
  const breaker = status.policy.breaker;
  if (breaker.state !== 'closed') {
    say('bad', 'Circuit', breaker.state === 'open'
      ? 'AWS fails, so it is left alone' + (breaker.retry_after_ms ? ` for ${format.span(breaker.retry_after_ms / 1000)} more` : '')
      : 'AWS failed; a few calls find out how it is');
  }
  const failed = lately(data, 'calls.failed');
  if (failed > 0) {
    const top = data.failures.find((failure) => failure.outcome === 'failed') || data.failures.find((failure) => failure.side === 'aws');
    say('bad', 'Failing', `${format.text('rate', failed)} in the last half minute, through no fault of the callers`
      + (top ? `; of late mostly ${top.reason}` : ''));
  }
  for (const kind of ['read', 'write']) {
    const one = budget(data, kind);
    if (one && one.level_per_second < one.ceiling_per_second) {
      say('warn', 'Throttled', `AWS throttles: ${kind}s are down to ${format.text('rate', one.level_per_second)} of ${format.text('rate', one.ceiling_per_second)}`);
    }
    if (one && one.waiting > 0) {
      say('warn', 'Waiting', `${one.waiting} ${kind}s of ${one.waiting_things} things wait for their turn in the account's budget`);
    }
  }
  const waiting = lately(data, 'pool.waiting', 5);
  if (waiting > 0) say('warn', 'Pool', 'calls wait for a connection to AWS');
  const lag = lately(data, 'loops.lag', 5);
  if (lag > 0.1) say('warn', 'Busy', `event loops are ${format.text('time', lag)} late: calls wait for each other`);
  const limited = lately(data, 'calls.limited');
  if (limited > 0) {
    const most = data.offenders.things[0];
    say('warn', 'Limited', `${format.text('rate', limited)} refused over a limit` + (most ? `; most of them ${most.thing}` : ''));
  }
  for (const credentials of levels.credentials) {
    if (credentials.value < 300) {
      say(credentials.value < 0 ? 'bad' : 'warn', 'Credentials', credentials.value < 0
        ? `those of ${credentials.source} ended ${format.span(credentials.value)}`
        : `those of ${credentials.source} end in ${format.span(credentials.value)} and are not renewed yet`);
    }
  }
  for (const certificate of levels.certificates) {
    const left = certificate.value - data.now;
    if (left < 14 * DAY) {
      say(left < 2 * DAY ? 'bad' : 'warn', 'Certificate', left < 0 ? `ended ${format.span(left)}` : `ends in ${format.span(left)}`);
    }
  }
  const reloads = levels.reload_failing.filter((sample) => sample.value > 0);
  if (reloads.length) say('warn', 'Files', `what changed could not be read: ${reloads.map(nameOf).join(', ')}; the last good ones are in use`);
  const offset = level(data, 'clock_offset');
  if (Math.abs(offset) > 0) say('warn', 'Clock', `this machine's is ${format.span(Math.abs(offset))} ${offset > 0 ? 'behind' : 'ahead of'} AWS's; signatures are made by AWS's`);
  if (['trace', 'debug'].includes(data.log_level)) say('info', 'Log', `the level is ${data.log_level}: much is written`);
  const order = ['bad', 'warn', 'info'];
  return found.sort((one, other) => order.indexOf(one[0]) - order.indexOf(other[0]));
}

const nameOf = (sample) => Object.entries(sample).filter(([key]) => key !== 'value').map(([, value]) => value).join(' ');

function showAttention(data) {
  const found = findings(data);
  const calm = data.series['calls.ok'].length ? 'Nothing needs attention.' : 'The first moments are being gathered.';
  const items = (found.length ? found : [['good', 'All well', calm]]).map(([rank, heading, words]) =>
    element('li', { class: rank }, element('b', {}, heading), element('span', {}, words)));
  const place = byID('attention');
  // Only what has changed is put in anew, so that it is read aloud once.
  if (place.textContent !== items.map((item) => item.textContent).join('')) place.replaceChildren(...items);
}

const outcomes = ['calls.ok', 'calls.limited', 'calls.caller', 'calls.cancelled', 'calls.failed'];

/** Of the mean over the last ten seconds: a number that jumps cannot be read. */
function showFigures(data) {
  const total = outcomes.reduce((sum, name) => sum + (lately(data, name, 5) || 0), 0);
  const failed = lately(data, 'calls.failed', 5) || 0;
  const share = total > 0 ? failed / total : 0;
  const used = ['read', 'write'].map((kind) => [kind, budget(data, kind), lately(data, `aws.${kind}s`, 5) || 0])
    .filter(([, one]) => one)
    .map(([kind, one, rate]) => ({ kind, rate, share: rate / one.level_per_second, level: one.level_per_second }))
    .sort((one, other) => other.share - one.share)[0];
  const active = last(data, 'pool.active') || 0;
  const idle = last(data, 'pool.idle') || 0;
  const soonest = [...data.levels.credentials].sort((one, other) => one.value - other.value)[0];
  const fields = [
    figure('Calls', format.rate(total), `${whole.format(last(data, 'calls.in_flight') || 0)} in flight`),
    figure('Failed', format.percent(share), failed > 0 ? format.text('rate', failed) : 'none',
      share > 0.01 ? 'bad' : share > 0 ? 'warn' : ''),
    figure('Time to answer', timeOr(lately(data, 'latency.p99', 5)), `99 of 100 calls; half of them ${format.text('time', lately(data, 'latency.p50', 5))}`),
    figure('Spared by the cache', percentOr(lately(data, 'cache.spared', 5)), `of ${format.text('rate', lately(data, 'cache.reads', 5))} reads`),
    figure('AWS budget used', used ? format.percent(used.share) : ['–', ''],
      used ? `${used.kind}s: ${format.text('rate', used.rate)} of ${format.text('rate', used.level)}` : 'no limit is set',
      used && used.share > 0.95 ? 'warn' : ''),
    figure('Connections to AWS', format.count(active), `busy, ${idle} idle`),
    figure('Credentials', soonest ? spanParts(soonest.value) : ['–', ''], soonest ? `until they end, ${soonest.source}` : 'do not end, or are not there',
      soonest && soonest.value < 300 ? 'warn' : ''),
  ];
  byID('figures').replaceChildren(...fields);
}

const timeOr = (value) => (value === null ? ['–', ''] : format.time(value));
const percentOr = (value) => (value === null ? ['–', ''] : format.percent(value));
const spanParts = (seconds) => {
  const [number, ...unit] = format.span(seconds).split(' ').slice(0, 2);
  return [number, unit.join(' ')];
};

function figure(name, [number, unit], note, rank = '') {
  return element('div', rank ? { class: rank } : {}, element('dt', {}, name),
    element('dd', {}, number, ...(unit ? [element('small', {}, unit)] : [])), element('dd', {}, note));
}

function showTables(data) {
  const minutes = Math.max(1, Math.round(data.time.length * data.every_seconds / 60));
  byID('failures-note').textContent = `In the last ${minutes} min; the caller's own mistakes included`;
  const failures = byReason(data.failures);
  const most = Math.max(...failures.map((failure) => failure.count), 1);
  table(byID('failures'),
    [{ title: 'Reason' }, { title: 'Told by' }, { title: 'Last' }, { title: 'Times', number: true }],
    failures.slice(0, 8).map((failure) => ({
      cells: [
        [element('span', { class: 'code' }, failure.reason), bar(failure.count / most, failure.outcome || 'failed')],
        `${failure.side === 'aws' ? 'AWS' : 'gateway'}: ${failure.operations.join(', ')}`, format.clock(failure.last), whole.format(failure.count),
      ],
    })), 'No call has failed.');
  const offenders = data.offenders;
  byID('offenders-note').textContent = offenders.refusals
    ? `${whole.format(offenders.refusals)} refusals in the last ${format.span(offenders.seconds)}, by a limit of this gateway`
    : 'By a limit of this gateway';
  const worst = Math.max(...offenders.things.map((thing) => thing.refusals), 1);
  table(byID('offenders'),
    [{ title: 'Thing' }, { title: 'A second', number: true }, { title: 'Refusals', number: true }],
    offenders.things.slice(0, 8).map((thing) => ({
      cells: [
        [element('span', { class: 'code' }, thing.thing), bar(thing.refusals / worst, 'limited')],
        format.short(thing.refusals_per_second), (thing.overcount ? '≤ ' : '') + whole.format(thing.refusals),
      ],
    })), 'No thing has been refused.');
  showExpiry(data);
  showProcess(data);
}

/** Failures of all operations together, the most frequent reason first. */
function byReason(failures) {
  const sums = new Map();
  for (const { side, reason, outcome, operation, count, last: at } of failures) {
    const key = `${side} ${outcome} ${reason}`;
    const sum = sums.get(key) || { side, reason, outcome, operations: [], count: 0, last: 0 };
    sum.operations.push(short(operation));
    sum.count += count;
    sum.last = Math.max(sum.last, at);
    sums.set(key, sum);
  }
  return [...sums.values()].sort((one, other) => other.count - one.count);
}

const words = {
  DescribeJobExecution: 'describe', GetPendingJobExecutions: 'get pending',
  StartNextPendingJobExecution: 'start next', UpdateJobExecution: 'update',
};
const short = (operation) => words[operation] || operation;

function showExpiry(data) {
  const rows = [
    ...data.levels.credentials.map((sample) => ['credentials', sample.source, sample.value, 300, 60]),
    ...data.levels.certificates.map((sample) => ['certificate', nameOf(sample), sample.value - data.now, 14 * DAY, 2 * DAY]),
  ];
  table(byID('expiry'), [{ title: 'What' }, { title: 'Whose' }, { title: 'Ends' }, { title: 'Left', number: true }],
    rows.map(([what, whose, left, warn, bad]) => ({
      cells: [what, whose ? element('span', { class: 'code' }, whose) : 'TLS listeners',
        new Date((data.now + left) * 1000).toLocaleString('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' }),
        element('span', { class: left < bad ? 'bad-text' : left < warn ? 'warn-text' : '' }, format.span(left))],
    })), 'Nothing in use ends: credentials are long-lived, and no listener has TLS.');
}

function showProcess(data) {
  const build = data.levels.build[0] || {};
  const started = level(data, 'started');
  const listeners = data.levels.connections.map((sample) => `${sample.listener} ${sample.value}`).join(', ');
  byID('process-note').textContent = started ? `Up for ${format.span(data.now - started)}` : '';
  const rows = [
    ['CPU', `${format.text('percent', lately(data, 'process.cpu', 5))} of one core`],
    ['Memory', format.text('bytes', last(data, 'process.resident'))],
    ['File descriptors', format.text('count', last(data, 'process.descriptors'))],
    ['Connections of callers', listeners || '–'],
    ['Cache', `${format.text('bytes', last(data, 'cache.bytes'))} of ${format.text('bytes', data.status.policy.cache.max_bytes)}, ${format.text('count', last(data, 'cache.entries'))} answers`],
    ['Things kept track of', `${whole.format(data.status.policy.limiter.things)} of ${whole.format(data.status.policy.limiter.max_things)}`],
    ['Log lines dropped', format.text('count', level(data, 'log_lines_dropped'))],
    ['Log level', levelChoice(data.log_level)],
  ];
  const place = byID('process');
  // Who has the list of levels open is not disturbed.
  if (place.contains(document.activeElement)) return;
  table(place, [{ title: 'What' }, { title: 'Now' }], rows.map((cells) => ({ cells })), '');
  byID('build').textContent = build.version ? `version ${build.version}, Swift ${build.swift}, nghttp2 ${build.nghttp2}, OpenSSL ${build.openssl}` : '';
}

function levelChoice(current) {
  const choice = element('select', { 'aria-label': 'Log level', id: 'log-level' });
  for (const name of ['trace', 'debug', 'info', 'notice', 'warning', 'error', 'critical']) {
    choice.append(element('option', name === current ? { selected: '' } : {}, name));
  }
  choice.addEventListener('change', async () => {
    try {
      const answer = await fetch('/loglevel', {
        method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ level: choice.value }),
      });
      if (!answer.ok) throw new Error(answer.statusText);
    } catch {
      choice.value = current;
    }
    choice.blur();
  });
  return choice;
}
