// SPDX-License-Identifier: Apache-2.0

import GatewayTestKit
import JobsAPI

/// A gRPC request, whole and well-formed until a test changes it.
struct Request {
  var method = "POST"
  var path: String
  var contentType: String? = "application/grpc"
  var fields: [(String, String)] = []
  /// What stands in DATA frames: the length prefix and the message.
  var body: [UInt8]

  init(path: String, message: [UInt8]) {
    self.path = path
    self.body = Self.frame(message)
  }

  static func frame(_ message: [UInt8]) -> [UInt8] {
    [0] + UInt32(message.count).bigEndianBytes + message
  }

  static let service = "/iot.jobs.dataplane.v1.JobsDataPlaneService/"

  /// A call of an operation that is valid.
  init(_ operation: JobsOperation, thing: String = "t1") {
    var message = Self.text(1, thing)
    switch operation {
    case .describe: message += Self.text(2, "j1")
    case .update: message += Self.text(2, "j1") + [3 << 3, 3]
    case .getPending, .startNext: break
    }
    self.init(path: Self.service + operation.rawValue, message: message)
  }

  func adding(_ name: String, _ value: String) -> Request {
    var request = self
    request.fields.append((name, value))
    return request
  }

  var headers: [(String, String)] {
    [
      (":method", self.method), (":scheme", "http"), (":path", self.path),
      (":authority", "localhost"), ("te", "trailers"),
    ] + (self.contentType.map { [("content-type", $0)] } ?? []) + self.fields
  }

  func bytes(on streamID: Int32) -> [UInt8] {
    Frame.headers(self.headers, on: streamID).bytes
      + Frame.data(self.body, on: streamID, endStream: true).bytes
  }

  /// A length-delimited field of protobuf.
  static func text(_ field: UInt8, _ text: String) -> [UInt8] {
    [field << 3 | 2, UInt8(text.utf8.count)] + Array(text.utf8)
  }
}
