// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import OperatorServer
import TrafficPolicy

extension JSONTree {
  init(_ policy: PolicySnapshot) {
    self = [
      "limiter": [
        "mode": .string(policy.limiter.mode.rawValue), "things": JSONTree(policy.limiter.things),
        "max_things": JSONTree(policy.limiter.maxThings),
        "overrides": JSONTree(policy.limiter.overrides),
      ],
      "budgets": .array(policy.budgets.map { JSONTree($0) }),
      "breaker": [
        "state": .string(policy.breaker.state.rawValue),
        "failures": JSONTree(policy.breaker.failures),
        "retry_after_ms": JSONTree(policy.breaker.retryAfterMilliseconds),
      ],
      "retries": [
        "tokens": JSONTree(policy.retries.tokens), "quota": JSONTree(policy.retries.quota),
      ],
      "cache": [
        "bytes": JSONTree(policy.cache.bytes), "max_bytes": JSONTree(policy.cache.maxBytes),
      ],
    ]
  }

  init(_ offenders: OffendersSnapshot) {
    self = [
      "refusals": JSONTree(offenders.refusals),
      "seconds": .number(Double(offenders.milliseconds) / 1_000),
      "things": .array(
        offenders.things.map { thing in
          [
            "thing": .string(thing.thing), "refusals": JSONTree(thing.refusals),
            "overcount": JSONTree(thing.overcount),
            "refusals_per_second": .number(thing.refusalsPerSecond),
          ]
        }),
    ]
  }

  init(_ cache: CacheSnapshot, _ contents: CacheContents) {
    self = [
      "bytes": JSONTree(cache.bytes), "max_bytes": JSONTree(cache.maxBytes),
      "entries": JSONTree(cache.entries), "stale": JSONTree(contents.stale),
      "answers": JSONTree(cache.answers),
      "parts": .array(cache.parts.map { JSONTree($0) }),
      "ages": .array(
        contents.ages.map { band in
          [
            "below_seconds": JSONTree(band.belowSeconds), "entries": JSONTree(band.entries),
            "bytes": JSONTree(band.bytes),
          ]
        }),
      "biggest": .array(contents.biggest.map { JSONTree($0) }),
    ]
  }

  private init(_ budget: BudgetSnapshot) {
    self = [
      "kind": .string(budget.kind.rawValue),
      "ceiling_per_second": .number(budget.ceilingPerSecond),
      "level_per_second": .number(budget.levelPerSecond), "burst": JSONTree(budget.burst),
      "tokens": JSONTree(budget.tokens), "waiting": JSONTree(budget.waiting),
      "max_waiting": JSONTree(budget.maxWaiting),
      "waiting_things": JSONTree(budget.waitingThings),
    ]
  }

  /// Counts since the start.
  private init(_ answers: CacheSnapshot.Answers) {
    self = [
      "hit": JSONTree(answers.hits), "miss": JSONTree(answers.misses),
      "stale": JSONTree(answers.stale), "coalesced": JSONTree(answers.coalesced),
      "bypass": JSONTree(answers.bypasses), "not_cached": JSONTree(answers.notCached),
      "hit_rate": JSONTree(answers.hitRate),
    ]
  }

  private init(_ part: CacheSnapshot.Part) {
    self = [
      "bytes": JSONTree(part.bytes), "max_bytes": JSONTree(part.maxBytes),
      "entries": JSONTree(part.entries), "flights": JSONTree(part.flights),
      "evictions": [
        "capacity": JSONTree(part.evictions.capacity), "expired": JSONTree(part.evictions.expired),
        "invalidated": JSONTree(part.evictions.invalidated),
        "replaced": JSONTree(part.evictions.replaced),
      ],
    ]
  }

  private init(_ entry: CacheContents.Entry) {
    self = [
      "thing": .string(entry.thing), "job": JSONTree(entry.jobID),
      "execution_number": JSONTree(entry.executionNumber), "bytes": JSONTree(entry.bytes),
      "age_ms": JSONTree(entry.ageMilliseconds),
      "fresh_for_ms": JSONTree(entry.freshForMilliseconds),
      "document": .bool(entry.hasDocument),
    ]
  }
}
