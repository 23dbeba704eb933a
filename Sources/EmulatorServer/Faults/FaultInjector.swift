// SPDX-License-Identifier: Apache-2.0

import JobsAPI
package import RESTServer

/// Decides what goes wrong with each request, by a ``FaultPlan``. Time is an argument; nothing is
/// done here.
package struct FaultInjector: Sendable {
  package private(set) var plan: FaultPlan
  private var random: SplitMix64
  private var nextIndex = 0
  private var tokens: Double
  private var tokensAtNanoseconds: UInt64?

  package init(_ plan: FaultPlan) {
    self.plan = plan
    self.random = SplitMix64(seed: plan.seed)
    self.tokens = Self.burst(of: plan)
  }

  /// Faults of the plan's list that are still to come.
  package var pendingNext: Int { self.plan.next.count - self.nextIndex }

  /// - Parameters:
  ///   - operation: what the request asks for; nil if it asks for nothing that is served.
  ///   - nowNanoseconds: a clock that never goes back.
  package mutating func decide(operation: ServedOperation?, nowNanoseconds: UInt64) -> Fault {
    guard self.concerns(operation) else { return .none }
    if self.nextIndex < self.plan.next.count {
      self.nextIndex += 1
      return self.plan.next[self.nextIndex - 1]
    }
    var fault = self.draw()
    if !self.spendToken(nowNanoseconds: nowNanoseconds) {
      fault.outcome = .refuse(AWSError(429, "ThrottlingException", "Rate exceeded"), .before)
    }
    return fault
  }

  /// Plans are made for the calls under test: those of the control plane, which set the scene, are
  /// left alone unless they are named.
  private func concerns(_ operation: ServedOperation?) -> Bool {
    switch operation {
    case nil: false
    case .dataPlane(let operation):
      self.plan.operations.isEmpty || self.plan.operations.contains(operation.rawValue)
    case .controlPlane?:
      operation.map { self.plan.operations.contains($0.name) } ?? false
    }
  }

  private mutating func draw() -> Fault {
    let plan = self.plan
    let jitter = self.random.nextUnit()
    let (error, whichError) = (self.random.nextUnit(), self.random.nextUnit())
    let (dropBefore, dropAfter) = (self.random.nextUnit(), self.random.nextUnit())
    let truncate = self.random.nextUnit()
    let (malformed, whichBody) = (self.random.nextUnit(), self.random.nextUnit())

    var fault = Fault(
      latencyMilliseconds: plan.latencyMilliseconds
        + Int64(jitter * Double(plan.latencyJitterMilliseconds + 1)))
    if dropBefore < plan.dropBeforeRate {
      fault.outcome = .drop(.before)
    } else if error < plan.errorRate, let refusal = Self.pick(whichError, from: plan.errors) {
      fault.outcome = .refuse(refusal, .before)
    } else if dropAfter < plan.dropAfterRate {
      fault.outcome = .drop(.after)
    } else if truncate < plan.truncateRate {
      fault.outcome = .truncate
    } else if malformed < plan.malformedRate,
      let body = Self.pick(whichBody, from: Fault.Body.allCases)
    {
      fault.outcome = .body(body, .after)
    }
    return fault
  }

  private static func pick<Element>(_ lot: Double, from elements: [Element]) -> Element? {
    elements.isEmpty ? nil : elements[min(Int(lot * Double(elements.count)), elements.count - 1)]
  }

  private mutating func spendToken(nowNanoseconds: UInt64) -> Bool {
    guard let rate = self.plan.throttleRatePerSecond else { return true }
    let last = self.tokensAtNanoseconds ?? nowNanoseconds
    let elapsed = nowNanoseconds > last ? nowNanoseconds - last : 0
    self.tokensAtNanoseconds = max(last, nowNanoseconds)
    self.tokens = min(
      self.tokens + Double(elapsed) / 1e9 * rate, Self.burst(of: self.plan))
    guard self.tokens >= 1 else { return false }
    self.tokens -= 1
    return true
  }

  private static func burst(of plan: FaultPlan) -> Double {
    max(1, plan.throttleBurst ?? plan.throttleRatePerSecond ?? 1)
  }
}
