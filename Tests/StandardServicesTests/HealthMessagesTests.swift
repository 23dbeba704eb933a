// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import StandardServices

struct HealthMessagesTests {
  @Test func `a request names a service, or nothing for the whole server`() throws {
    #expect(try HealthMessages.service(of: []) == "")
    #expect(try HealthMessages.service(of: [0x0A, 2, 0x61, 0x62]) == "ab")
  }

  @Test func `of a service named twice the last one counts`() throws {
    #expect(try HealthMessages.service(of: [0x0A, 1, 0x61, 0x0A, 1, 0x62]) == "b")
  }

  @Test func `unknown fields of every wire type are passed over`() throws {
    let unknown: [UInt8] =
      [0x10, 0x96, 0x01] + [0x19] + Array(repeating: 0, count: 8) + [0x22, 1, 0xFF]
      + [0x2D, 0, 0, 0, 0]
    #expect(try HealthMessages.service(of: unknown + [0x0A, 1, 0x61]) == "a")
  }

  @Test(
    arguments: [
      [0x0A], [0x0A, 2, 0x61], [0x08, 1], [0x0B], [0x0C], [0x02, 0], [0x00, 0],
      [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
      Array(repeating: 0xFF, count: 11), [0x10], [0x11, 0, 0], [0x15, 0],
    ] as [[UInt8]])
  func `what is no message is malformed`(bytes: [UInt8]) {
    #expect(throws: ProtobufError.malformed) { try HealthMessages.service(of: bytes) }
  }

  @Test func `a name that is not UTF-8 is refused`() {
    #expect(throws: ProtobufError.invalidText) {
      try HealthMessages.service(of: [0x0A, 1, 0xFF])
    }
  }

  @Test func `answers are in the encoding of the .proto`() {
    var message: [UInt8] = []
    HealthMessages.append(.notServing, to: &message)
    #expect(message == [0x08, 2])
    message = []
    HealthMessages.append([("", .serving), ("a", .notServing)], to: &message)
    #expect(
      message == [0x0A, 6, 0x0A, 0, 0x12, 2, 0x08, 1] + [0x0A, 7, 0x0A, 1, 0x61, 0x12, 2, 0x08, 2])
  }

  @Test func `a list request has no fields, and must be a message`() throws {
    try HealthMessages.checkList([])
    #expect(throws: ProtobufError.malformed) { try HealthMessages.checkList([0x0A]) }
  }

  @Test func `a watcher hears each status once, and not what came and went`() {
    var watch = HealthWatch()
    #expect(watch.roomAvailable(.notServing) == .tell(.notServing))
    #expect(watch.roomAvailable(.notServing) == .wait)
    #expect(watch.roomAvailable(.serving) == .tell(.serving))
    #expect(watch.roomAvailable(.serving) == .wait)
    #expect(watch.roomAvailable(.notServing) == .tell(.notServing))
  }

  @Test(arguments: ["", "iot.jobs.dataplane.v1.JobsDataPlaneService", "é"])
  func `a caller's question is read as it was meant`(service: String) throws {
    var request: [UInt8] = []
    HealthMessages.append(checkOf: service, to: &request)
    #expect(try HealthMessages.service(of: request) == service)
  }

  @Test(arguments: [ServingStatus.serving, .notServing, .serviceUnknown])
  func `a caller reads the status that was sent`(status: ServingStatus) throws {
    var response: [UInt8] = []
    HealthMessages.append(status, to: &response)
    #expect(try HealthMessages.status(of: response) == status)
  }

  @Test func `a status that is unknown is none`() throws {
    #expect(try HealthMessages.status(of: []) == nil)
    #expect(try HealthMessages.status(of: [8, 9]) == nil)
    #expect(throws: ProtobufError.malformed) { try HealthMessages.status(of: [8]) }
    #expect(throws: ProtobufError.malformed) { try HealthMessages.status(of: [10, 0]) }
  }
}
