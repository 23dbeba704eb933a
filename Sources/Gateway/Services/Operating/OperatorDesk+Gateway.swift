// SPDX-License-Identifier: Apache-2.0

import GatewayServer
import Logging
import OperatorServer
import Telemetry
import TrafficPolicy

extension OperatorDesk {
  /// What of the gateway its operator may look at.
  init(
    _ settings: @escaping @Sendable () -> [EffectiveSetting], _ readiness: Readiness,
    _ policy: TrafficPolicy, _ upstream: UpstreamLink, _ levels: LogLevels
  ) {
    self.init(
      status: {
        let reasons = readiness.reasons
        return [
          "version": .string(Version.text), "ready": .bool(reasons.isEmpty),
          "reasons": .array(reasons.map { .string($0) }),
          "facts": .array(readiness.facts.map { .string($0) }),
          "policy": JSONTree(policy.snapshot(offenders: 0)),
        ]
      },
      configuration: { .array(settings().map { JSONTree($0) }) },
      offenders: { JSONTree(policy.snapshot().offenders) },
      pool: { .array(await upstream.snapshot().map { JSONTree($0) }) },
      cache: { JSONTree(policy.snapshot().cache, policy.cacheContents()) },
      logLevel: { levels.level },
      setLogLevel: { levels.level = $0 })
  }
}

extension JSONTree {
  fileprivate init(_ setting: EffectiveSetting) {
    self = [
      "name": .string(setting.name), "section": .string(setting.section),
      "value": JSONTree(setting.value), "source": JSONTree(setting.source),
      "default": JSONTree(setting.fallback), "unit": JSONTree(setting.unit),
      "meaning": .string(setting.help), "allowed": .string(setting.allowed),
      "secret": .bool(setting.isSecret),
      "changes_while_running": .bool(setting.changesWhileRunning),
    ]
  }
}
