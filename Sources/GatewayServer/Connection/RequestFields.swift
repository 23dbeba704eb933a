// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import HTTP2Engine
import JobsAPI

/// The header fields of a request that mean something to this server, found in one pass.
///
/// Of a field that must not come twice the last one counts.
struct RequestFields {
  /// What gRPC itself reads.
  private(set) var head = RequestHeadFields()
  private(set) var requestID: ArraySlice<UInt8>?
  private(set) var cacheControl = CacheControl.unspecified
  private var traceparentBytes: ArraySlice<UInt8>?
  private var tracestateBytes: ArraySlice<UInt8>?

  /// Text if it is any.
  var traceparent: String? {
    self.traceparentBytes.flatMap { String(validating: $0, as: UTF8.self) }
  }
  var tracestate: String? { self.tracestateBytes.flatMap { String(validating: $0, as: UTF8.self) } }

  init(_ fields: HeaderFields) {
    for position in 0..<fields.count {
      func isNamed(_ name: StaticString) -> Bool { fields.isNamed(name, at: position) }
      var value: ArraySlice<UInt8> { fields.value(at: position) }
      switch fields.nameCount(at: position) {
      case 2 where isNamed("te"): self.head.te = value
      case 5 where isNamed(":path"): self.head.path = value
      case 7 where isNamed(":method"): self.head.method = value
      case 10 where isNamed("tracestate"): self.tracestateBytes = value
      case 11 where isNamed("traceparent"): self.traceparentBytes = value
      case 12 where isNamed("content-type"): self.head.contentType = value
      case 12 where isNamed("grpc-timeout"): self.head.timeout = value
      case 12 where isNamed("x-request-id"): self.requestID = value
      case 13 where isNamed("grpc-encoding"): self.head.encoding = value
      case 13 where isNamed("cache-control"): self.cacheControl.add(fieldValue: value)
      default: break
      }
    }
  }
}
