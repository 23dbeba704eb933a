// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import StandardServices

/// The first byte chooses the message, the rest is its wire form.
enum ProtobufTarget {
  static func run(_ bytes: [UInt8]) throws(BrokenClaim) {
    var input = InputReader(bytes)
    let choice = input.byte()
    let wire = Array(input.rest)
    switch choice % 5 {
    case 0:
      try Self.check(
        wire,
        { bytes, limit throws(WireError) in
          try DescribeJobExecution(wire: bytes.span, memoryLimit: limit)
        }, encoded: \.wire, request: \.restRequest)
    case 1:
      try Self.check(
        wire,
        { bytes, limit throws(WireError) in
          try GetPendingJobExecutions(wire: bytes.span, memoryLimit: limit)
        }, encoded: \.wire, request: \.restRequest)
    case 2:
      try Self.check(
        wire,
        { bytes, limit throws(WireError) in
          try StartNextPendingJobExecution(wire: bytes.span, memoryLimit: limit)
        }, encoded: \.wire, request: \.restRequest)
    case 3:
      try Self.check(
        wire,
        { bytes, limit throws(WireError) in
          try UpdateJobExecution(wire: bytes.span, memoryLimit: limit)
        }, encoded: \.wire, request: \.restRequest)
    default:
      if let name = try? HealthMessages.service(of: wire) {
        let again = try? HealthMessages.service(of: WireFields().text(1, name).bytes)
        try claim(again == name, "a service's name reads back")
      }
      try? HealthMessages.checkList(wire)
      try Self.checkPresign(wire)
    }
  }

  private static func checkPresign(_ wire: [UInt8]) throws(BrokenClaim) {
    guard let asked = try? PresignRequest(wire: wire.span) else { return }
    try claim(
      asked.violations().isEmpty && asked.call.violations().isEmpty,
      "what is signed keeps all constraints")
    try claim(
      asked.signedMethod.utf8.allSatisfy { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 },
      "a verb is one word of a request line")
    try Self.check(asked.call.restRequest)
  }

  private static func check<Call: ConstrainedCall & Equatable>(
    _ wire: [UInt8], _ decode: ([UInt8], Int) throws(WireError) -> Call,
    encoded: (Call) -> [UInt8], request: (Call) -> RESTRequest
  ) throws(BrokenClaim) {
    let limit = 2 << 20
    let small = Self.outcome { () throws(WireError) in try decode(wire, 512) }
    let large = Self.outcome { () throws(WireError) in try decode(wire, limit) }
    try claim(
      Self.isTooComplex(small) || small == large, "a limit on memory changes no other answer")
    guard case .success(let call) = large else { return }

    try claim(call.violations().isEmpty, "a decoded call keeps all constraints")
    let again = Self.outcome { () throws(WireError) in try decode(encoded(call), limit) }
    try claim(again == large, "a call reads back")
    let unknown = wire + WireFields().text(99, "unknown").number(98, 7).bytes
    try claim(
      Self.outcome { () throws(WireError) in try decode(unknown, limit) } == large,
      "unknown fields change nothing")
    try Self.check(request(call))
  }

  private static func check(_ request: RESTRequest) throws(BrokenClaim) {
    try claim(
      request.target.utf8.allSatisfy { 0x21...0x7E ~= $0 }, "a target is printable, without spaces")
    try claim(request.target.hasPrefix("/things/"), "a target is a thing's")
    guard let body = request.body else { return }
    try claim((try? JSONValue(parsing: body))?.isObject == true, "a body is a JSON object")
  }

  private static func outcome<Call>(
    _ decode: () throws(WireError) -> Call
  ) -> Result<Call, WireError> {
    do throws(WireError) {
      return .success(try decode())
    } catch {
      return .failure(error)
    }
  }

  private static func isTooComplex<Call>(_ outcome: Result<Call, WireError>) -> Bool {
    if case .failure(.tooComplex) = outcome { true } else { false }
  }
}

/// A protobuf encoder in a few lines, apart from the library under test.
/// Source: https://protobuf.dev/programming-guides/encoding.
private struct WireFields {
  var bytes: [UInt8] = []

  private func tag(_ field: UInt64, wireType: UInt64) -> WireFields {
    self.varint(field << 3 | wireType)
  }

  private func varint(_ value: UInt64) -> WireFields {
    var (copy, rest) = (self, value)
    while rest >= 0x80 {
      copy.bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    copy.bytes.append(UInt8(rest))
    return copy
  }

  func number(_ field: UInt64, _ value: Int64?) -> WireFields {
    guard let value else { return self }
    return self.tag(field, wireType: 0).varint(UInt64(bitPattern: value))
  }

  func flag(_ field: UInt64, _ value: Bool?) -> WireFields {
    self.number(field, value.map { $0 ? 1 : 0 })
  }

  func text(_ field: UInt64, _ value: String) -> WireFields {
    var copy = self.tag(field, wireType: 2).varint(UInt64(value.utf8.count))
    copy.bytes.append(contentsOf: value.utf8)
    return copy
  }

  /// A map, or the wish to clear it.
  func details(_ field: UInt64, clear: UInt64, _ value: StatusDetails?) -> WireFields {
    guard let value else { return self }
    guard !value.entries.isEmpty else { return self.flag(clear, true) }
    var copy = self
    for entry in value.entries {
      let pair = WireFields().text(1, entry.name).text(2, entry.value)
      copy = copy.tag(field, wireType: 2).varint(UInt64(pair.bytes.count))
      copy.bytes.append(contentsOf: pair.bytes)
    }
    return copy
  }
}

extension DescribeJobExecution {
  fileprivate var wire: [UInt8] {
    WireFields().text(1, self.thingName).text(2, self.jobID).number(3, self.executionNumber)
      .flag(4, self.includeJobDocument).bytes
  }
}

extension GetPendingJobExecutions {
  fileprivate var wire: [UInt8] { WireFields().text(1, self.thingName).bytes }
}

extension StartNextPendingJobExecution {
  fileprivate var wire: [UInt8] {
    WireFields().text(1, self.thingName).details(2, clear: 3, self.statusDetails)
      .number(4, self.stepTimeoutMinutes).bytes
  }
}

extension UpdateJobExecution {
  fileprivate var wire: [UInt8] {
    // The states are numbered as AWS lists them, from 1.
    let status = JobExecutionStatus.documented.firstIndex(of: self.status).map { $0 + 1 } ?? 0
    return WireFields().text(1, self.thingName).text(2, self.jobID)
      .number(3, Int64(status)).details(4, clear: 5, self.statusDetails)
      .number(6, self.expectedVersion).flag(7, self.includeJobExecutionState)
      .flag(8, self.includeJobDocument).number(9, self.executionNumber)
      .number(10, self.stepTimeoutMinutes).bytes
  }
}
