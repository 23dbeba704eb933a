// SPDX-License-Identifier: Apache-2.0

package import JobsAPI
import RESTServer

// The plan as JSON, for `PUT /_emulator/faults` and back. Each member is optional:
//
//     {"operations": ["UpdateJobExecution"], "seed": 7,
//      "latencyMilliseconds": 20, "latencyJitterMilliseconds": 5,
//      "errorRate": 0.1, "errors": ["status=503", "error=ThrottlingException"],
//      "dropBeforeRate": 0, "dropAfterRate": 0.01, "truncateRate": 0, "malformedRate": 0,
//      "throttle": {"ratePerSecond": 50, "burst": 100},
//      "next": ["drop=after", "", "status=500;when=after"]}

extension FaultPlan {
  /// Reads a plan. Unknown members and values out of range are errors.
  package init(json: JSONValue) throws(FaultTextError) {
    guard json.isObject else { throw FaultTextError(message: "a plan is a JSON object") }
    for (name, value) in json.members where !value.isNull {
      try self.read(name, value)
    }
  }

  private mutating func read(_ name: String, _ value: JSONValue) throws(FaultTextError) {
    switch name {
    case "operations": self.operations = try Self.operations(value)
    case "seed":
      guard let seed = value.int64 else { throw FaultTextError(message: "seed is an integer") }
      self.seed = UInt64(bitPattern: seed)
    case "latencyMilliseconds": self.latencyMilliseconds = try Self.milliseconds(name, value)
    case "latencyJitterMilliseconds":
      self.latencyJitterMilliseconds = try Self.milliseconds(name, value)
    case "errorRate": self.errorRate = try Self.rate(name, value)
    case "errors": self.errors = try Self.refusals(value)
    case "dropBeforeRate": self.dropBeforeRate = try Self.rate(name, value)
    case "dropAfterRate": self.dropAfterRate = try Self.rate(name, value)
    case "truncateRate": self.truncateRate = try Self.rate(name, value)
    case "malformedRate": self.malformedRate = try Self.rate(name, value)
    case "throttle": try self.readThrottle(value)
    case "next": self.next = try Self.faults(name, value)
    default:
      throw FaultTextError(
        message: "\(name): known are operations, seed, latencyMilliseconds, "
          + "latencyJitterMilliseconds, errorRate, errors, dropBeforeRate, dropAfterRate, "
          + "truncateRate, malformedRate, throttle and next")
    }
  }

  private mutating func readThrottle(_ value: JSONValue) throws(FaultTextError) {
    for (name, value) in value.members where !value.isNull {
      guard let number = value.double, 0.001...1_000_000 ~= number else {
        throw FaultTextError(message: "throttle.\(name) is a number from 0.001 to 1000000")
      }
      switch name {
      case "ratePerSecond": self.throttleRatePerSecond = number
      case "burst": self.throttleBurst = number
      default: throw FaultTextError(message: "throttle has ratePerSecond and burst")
      }
    }
    guard self.throttleRatePerSecond != nil else {
      throw FaultTextError(message: "throttle needs a ratePerSecond")
    }
  }

  private static func operations(_ value: JSONValue) throws(FaultTextError) -> Set<String> {
    let known = Set(ServedOperation.all.map(\.name))
    return Set(
      try Self.texts("operations", value).map { (name) throws(FaultTextError) in
        guard known.contains(name) else {
          throw FaultTextError(message: "operations: \(name) is not served here")
        }
        return name
      })
  }

  private static func refusals(_ value: JSONValue) throws(FaultTextError) -> [AWSError] {
    let faults = try Self.faults("errors", value)
    return try faults.map { (fault) throws(FaultTextError) in
      guard case .refuse(let error, .before) = fault.outcome, fault.latencyMilliseconds == 0 else {
        throw FaultTextError(message: "errors holds texts of error= and status= alone")
      }
      return error
    }
  }

  private static func faults(
    _ name: String, _ value: JSONValue
  ) throws(FaultTextError) -> [Fault] {
    try Self.texts(name, value).map { (text) throws(FaultTextError) in try Fault(text: text) }
  }

  private static func texts(
    _ name: String, _ value: JSONValue
  ) throws(FaultTextError) -> [String] {
    let texts = value.elements.compactMap(\.string)
    guard value.kind == .array, texts.count == value.elements.count,
      texts.count <= Self.nextLimit
    else {
      throw FaultTextError(message: "\(name) is a list of at most \(Self.nextLimit) strings")
    }
    return texts
  }

  private static func rate(_ name: String, _ value: JSONValue) throws(FaultTextError) -> Double {
    guard let rate = value.double, 0...1 ~= rate else {
      throw FaultTextError(message: "\(name) is a number from 0 to 1")
    }
    return rate
  }

  private static func milliseconds(
    _ name: String, _ value: JSONValue
  ) throws(FaultTextError) -> Int64 {
    guard let number = value.int64, 0...Fault.latencyLimitMilliseconds ~= number else {
      throw FaultTextError(
        message: "\(name) is a number from 0 to \(Fault.latencyLimitMilliseconds)")
    }
    return number
  }
}

extension FaultPlan {
  /// The members that ``init(json:)`` reads.
  package func writeMembers(into json: inout JSONWriter) {
    json.member("operations", texts: self.operations.sorted())
    json.member("seed", Int64(bitPattern: self.seed))
    json.member("latencyMilliseconds", self.latencyMilliseconds)
    json.member("latencyJitterMilliseconds", self.latencyJitterMilliseconds)
    json.member("errorRate", self.errorRate)
    json.member("errors", texts: self.errors.map { Fault(outcome: .refuse($0, .before)).text })
    json.member("dropBeforeRate", self.dropBeforeRate)
    json.member("dropAfterRate", self.dropAfterRate)
    json.member("truncateRate", self.truncateRate)
    json.member("malformedRate", self.malformedRate)
    if let rate = self.throttleRatePerSecond {
      json.member(
        "throttle",
        object: { json in
          json.member("ratePerSecond", rate)
          json.member("burst", self.throttleBurst)
        })
    }
    json.member("next", texts: self.next.map(\.text))
  }
}

extension JSONWriter {
  fileprivate mutating func member(_ name: String, texts: [String]) {
    self.member(name, array: { json in for text in texts { json.element(text) } })
  }
}
