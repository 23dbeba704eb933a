// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import StandardServices

/// A set of two files, written by hand: `b.proto` imports `a.proto` and extends its message.
struct ReflectionTests {
  private static func message(_ build: (inout [UInt8]) -> Void) -> [UInt8] {
    var message: [UInt8] = []
    build(&message)
    return message
  }

  private static func named(_ name: String, _ more: (inout [UInt8]) -> Void = { _ in }) -> [UInt8] {
    self.message {
      ProtobufWriter.append(name, as: 1, to: &$0)
      more(&$0)
    }
  }

  private static let a = named("a.proto") { file in
    ProtobufWriter.append("x", as: 2, to: &file)
    let nested = named("Inner")
    let list = named("Colour") { ProtobufWriter.append(bytes: named("RED"), as: 2, to: &$0) }
    let outer = named("Outer") {
      ProtobufWriter.append(bytes: named("size"), as: 2, to: &$0)
      ProtobufWriter.append(bytes: nested, as: 3, to: &$0)
      ProtobufWriter.append(bytes: list, as: 4, to: &$0)
      ProtobufWriter.append(bytes: named("choice"), as: 8, to: &$0)
    }
    ProtobufWriter.append(bytes: outer, as: 4, to: &file)
    ProtobufWriter.append(bytes: list, as: 5, to: &file)
  }

  private static let b = named("b.proto") { file in
    ProtobufWriter.append("a.proto", as: 3, to: &file)
    ProtobufWriter.append("missing.proto", as: 3, to: &file)
    let service = named("S") { ProtobufWriter.append(bytes: named("Go"), as: 2, to: &$0) }
    ProtobufWriter.append(bytes: service, as: 6, to: &file)
    let more = named("more") {
      ProtobufWriter.append(".x.Outer", as: 2, to: &$0)
      ProtobufWriter.append(100, as: 3, to: &$0)
    }
    ProtobufWriter.append(bytes: more, as: 7, to: &file)
  }

  private static let set = message {
    ProtobufWriter.append(bytes: a, as: 1, to: &$0)
    ProtobufWriter.append(bytes: b, as: 1, to: &$0)
  }

  private let index: DescriptorIndex

  init() throws {
    self.index = try DescriptorIndex(set: Self.set)
  }

  @Test(arguments: [
    ("x.Outer", 0), ("x.Outer.size", 0), ("x.Outer.Inner", 0), ("x.Outer.choice", 0),
    ("x.Outer.Colour", 0), ("x.Outer.RED", 0), ("x.Colour", 0), ("x.RED", 0), ("S", 1),
    ("S.Go", 1), ("more", 1), ("x", nil), ("Outer", nil), (".x.Outer", nil), ("", nil),
    ("a.proto", nil),
  ])
  func `a symbol is in the file that declares it`(symbol: String, file: Int?) {
    #expect(self.index.file(declaring: symbol) == file)
  }

  @Test func `files, extensions and services are found by name`() {
    #expect(self.index.file(named: "b.proto") == 1)
    #expect(self.index.file(named: "c.proto") == nil)
    #expect(self.index.file(extending: "x.Outer", with: 100) == 1)
    #expect(self.index.file(extending: "x.Outer", with: 101) == nil)
    #expect(self.index.file(extending: "x.Inner", with: 100) == nil)
    #expect(self.index.extensionNumbers(of: "x.Outer") == [100])
    #expect(self.index.extensionNumbers(of: "x.Outer.Inner") == [])
    #expect(self.index.extensionNumbers(of: "x.Colour") == nil)
    #expect(self.index.services == ["S"])
  }

  @Test func `a set cut anywhere but between files is refused`() {
    let between = [
      0,
      Self.set.count
        - Self.message {
          ProtobufWriter.append(bytes: Self.b, as: 1, to: &$0)
        }.count,
    ]
    for count in 0..<Self.set.count where !between.contains(count) {
      #expect(throws: ProtobufError.malformed) {
        _ = try DescriptorIndex(set: Array(Self.set.prefix(count)))
      }
    }
  }

  // MARK: Dialogue

  private static func request(_ field: Int, _ text: String) throws -> ReflectionRequest {
    try ReflectionRequest(self.message { ProtobufWriter.append(text, as: field, to: &$0) })
  }

  /// The member of the response's oneof with its bytes.
  private func answer(
    _ dialogue: inout ReflectionDialogue, _ request: ReflectionRequest
  ) throws -> (Int, ArraySlice<UInt8>)? {
    guard case .answer(let response) = dialogue.received(request) else { return nil }
    let node = try DescriptorNode(response[...])
    #expect(try node.slices(2).map { Array($0) } == [request.original])
    for member in 4...7 {
      if let bytes = try node.slices(member).first { return (member, bytes) }
    }
    return nil
  }

  @Test func `a file comes with what it imports, once on a stream`() throws {
    var dialogue = ReflectionDialogue(self.index)
    let first = try #require(try self.answer(&dialogue, Self.request(3, "b.proto")))
    #expect(first.0 == 4)
    #expect(try DescriptorNode(first.1).slices(1).map { Array($0) } == [Self.b, Self.a])
    let second = try #require(try self.answer(&dialogue, Self.request(4, "S.Go")))
    #expect(try DescriptorNode(second.1).slices(1).map { Array($0) } == [Self.b])
    let third = try #require(try self.answer(&dialogue, Self.request(4, "x.RED")))
    #expect(try DescriptorNode(third.1).slices(1).map { Array($0) } == [Self.a])
  }

  @Test(arguments: [(3, "c.proto"), (4, "x.None"), (6, "x.Colour")])
  func `what there is not is NOT_FOUND in an answer`(field: Int, name: String) throws {
    var dialogue = ReflectionDialogue(self.index)
    let answer = try #require(try self.answer(&dialogue, Self.request(field, name)))
    #expect(answer.0 == 7)
    #expect(try DescriptorNode(answer.1).number(1) == 5)
    #expect(try self.answer(&dialogue, Self.request(7, "")) != nil)
  }

  @Test func `extensions are asked for by message and number`() throws {
    var dialogue = ReflectionDialogue(self.index)
    func ask(_ number: UInt64) throws -> (Int, ArraySlice<UInt8>) {
      let request = try ReflectionRequest(
        Self.message { request in
          ProtobufWriter.append(as: 5, to: &request) {
            ProtobufWriter.append("x.Outer", as: 1, to: &$0)
            ProtobufWriter.append(number, as: 2, to: &$0)
          }
        })
      return try #require(try self.answer(&dialogue, request))
    }
    #expect(try ask(100).0 == 4)
    #expect(try ask(99).0 == 7)
    #expect(try ask(.max).0 == 7)
    let numbers = try #require(try self.answer(&dialogue, Self.request(6, "x.Outer")))
    #expect(numbers.0 == 5)
    #expect(try DescriptorNode(numbers.1).text(1) == "x.Outer")
    #expect(try DescriptorNode(numbers.1).number(2) == 100)
  }

  @Test func `services are listed whatever the request says`() throws {
    var dialogue = ReflectionDialogue(self.index)
    let answer = try #require(try self.answer(&dialogue, Self.request(7, "*")))
    #expect(answer.0 == 6)
    #expect(try DescriptorNode(answer.1).nodes(1).map { try $0.text(1) } == ["S"])
  }

  @Test func `a request without a question, and one too many, end the dialogue`() throws {
    var dialogue = ReflectionDialogue(self.index, requestLimit: 2)
    #expect(dialogue.received(try Self.request(1, "host")) == .refuseQuestion)
    #expect(try self.answer(&dialogue, Self.request(7, "")) != nil)
    #expect(dialogue.received(try Self.request(7, "")) == .refuseMore)
    #expect(dialogue.received(try Self.request(7, "")) == .refuseMore)
  }

  @Test func `the host comes back, and of two questions the last one counts`() throws {
    var dialogue = ReflectionDialogue(self.index)
    let request = try ReflectionRequest(
      Self.message {
        ProtobufWriter.append("h", as: 1, to: &$0)
        ProtobufWriter.append("b.proto", as: 3, to: &$0)
        ProtobufWriter.append("", as: 7, to: &$0)
      })
    #expect(request.question == .services)
    guard case .answer(let response) = dialogue.received(request) else {
      Issue.record("no answer")
      return
    }
    #expect(try DescriptorNode(response[...]).text(1) == "h")
  }

  @Test func `a request with any one byte changed is read or refused`() {
    let request = Self.message { request in
      ProtobufWriter.append("h", as: 1, to: &request)
      ProtobufWriter.append(as: 5, to: &request) {
        ProtobufWriter.append("x.Outer", as: 1, to: &$0)
        ProtobufWriter.append(100, as: 2, to: &$0)
      }
    }
    for position in request.indices {
      for byte in UInt8.min...UInt8.max {
        var changed = request
        changed[position] = byte
        guard let read = try? ReflectionRequest(changed) else { continue }
        #expect(read.original == changed)
        var dialogue = ReflectionDialogue(self.index)
        #expect(dialogue.received(read) != .refuseMore)
      }
    }
  }

  @Test func `what is embedded declares what is served`() throws {
    let index = try DescriptorIndex.embedded()
    #expect(
      index.services == [
        "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection", "iot.jobs.dataplane.v1.JobsDataPlaneService",
        "iot.jobs.dataplane.v1.JobsPresignService", "iot.jobs.dataplane.v1.JobsWatchService",
      ])
    let service = try #require(
      index.file(declaring: "iot.jobs.dataplane.v1.JobsDataPlaneService.UpdateJobExecution"))
    #expect(index.file(named: "iot/jobs/dataplane/v1/jobs_data_plane.proto") == service)
    #expect(index.file(declaring: "google.rpc.ErrorInfo") != nil)
    #expect(index.file(declaring: "google.protobuf.Any") != nil)
  }
}
