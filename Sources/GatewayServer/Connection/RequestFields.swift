// SPDX-License-Identifier: Apache-2.0

import GRPCWire
import HTTP2Engine
import JobsAPI

/// The header fields of a request that mean something to this server, found in one pass.
///
/// Of a field that must not come twice the last one counts; `cache-control` and `tracestate` are
/// lists, which may come in several lines.
struct RequestFields {
  /// What gRPC itself reads.
  private(set) var head = RequestHeadFields()
  private(set) var requestID: ArraySlice<UInt8>?
  private(set) var cacheControl = CacheControl.unspecified
  private(set) var authorization = AuthorizationMetadata.none
  /// Twice what version 00 takes (Trace Context §3.2): later ones may be longer.
  private static let traceparentLimit = 128
  private var traceparentBytes: ArraySlice<UInt8>?
  private var tracestateBytes: ArraySlice<UInt8>?

  /// Text if it is any.
  var traceparent: String? {
    self.traceparentBytes.flatMap { String(validating: $0, as: UTF8.self) }
  }
  var tracestate: String? { self.tracestateBytes.flatMap { String(validating: $0, as: UTF8.self) } }

  /// - Parameter tracestateLimit: the most bytes of `tracestate` that are kept. Trace Context §3.3
  ///   asks for 512 at least.
  init(_ fields: HeaderFields, tracestateLimit: Int = 512) {
    for position in 0..<fields.count {
      func isNamed(_ name: StaticString) -> Bool { fields.isNamed(name, at: position) }
      var value: ArraySlice<UInt8> { fields.value(at: position) }
      switch fields.nameCount(at: position) {
      case 2 where isNamed("te"): self.head.te = value
      case 5 where isNamed(":path"): self.head.path = value
      case 7 where isNamed(":method"): self.head.method = value
      case 10 where isNamed("tracestate"): self.add(tracestate: value, limit: tracestateLimit)
      case 11 where isNamed("traceparent"): self.set(traceparent: value)
      case 12 where isNamed("content-type"): self.head.contentType = value
      case 12 where isNamed("grpc-timeout"): self.head.timeout = value
      case 12 where isNamed("x-request-id"): self.requestID = value
      case 13 where isNamed("grpc-encoding"): self.head.encoding = value
      case 13 where isNamed("authorization"): self.add(authorization: value)
      case 13 where isNamed("cache-control"): self.cacheControl.add(fieldValue: value)
      case 20 where isNamed("grpc-accept-encoding"): self.head.acceptEncoding = value
      default: if fields.isBinary(at: position) { self.check(binary: fields[position]) }
      }
    }
  }

  /// One that is too long is none: it goes no further, and must not be kept meanwhile.
  private mutating func set(traceparent value: ArraySlice<UInt8>) {
    self.traceparentBytes = value.count <= Self.traceparentLimit ? value : nil
  }

  private mutating func add(authorization value: ArraySlice<UInt8>) {
    if case .none = self.authorization {
      self.authorization = .value(value)
    } else {
      self.authorization = .several
    }
  }

  /// Nobody here reads binary metadata; but what is malformed may have been mangled on its way, and
  /// gRPC's own stacks refuse it too.
  private mutating func check(binary field: (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)) {
    guard !BinaryMetadata.isValid(field.value.span) else { return }
    self.head.malformedBinaryName = field.name
  }

  /// Several lines are one list, in their order (RFC 9110 §5.3). A line with which the list would
  /// be too long is left out as a whole: half a member would mean something else.
  private mutating func add(tracestate line: ArraySlice<UInt8>, limit: Int) {
    guard !line.isEmpty else { return }
    guard let list = self.tracestateBytes else {
      if line.count <= limit { self.tracestateBytes = line }
      return
    }
    guard list.count + 1 + line.count <= limit else { return }
    self.tracestateBytes = list + [UInt8(ascii: ",")] + line
  }
}
