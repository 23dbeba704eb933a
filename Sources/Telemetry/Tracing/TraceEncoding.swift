// SPDX-License-Identifier: Apache-2.0

/// Puts spans into the words of OTLP: one `ExportTraceServiceRequest` in protobuf.
///
/// Source: open-telemetry/opentelemetry-proto 1.x, trace/v1/trace.proto, common/v1/common.proto,
/// resource/v1/resource.proto; protobuf.dev, "Encoding".
package struct TraceEncoding: Sendable {
  /// The version of the semantic conventions whose names are used.
  private static let schema = "https://opentelemetry.io/schemas/1.40.0"

  private let resource: [SpanAttribute]
  private let scope: String
  private let version: String

  /// - Parameters:
  ///   - resource: what this process is, as traces show it.
  ///   - scope: the name of whoever makes the spans, and its version.
  package init(resource: [SpanAttribute], scope: String, version: String) {
    self.resource = resource
    self.scope = scope
    self.version = version
  }

  package func request(_ spans: [EndedSpan]) -> [UInt8] {
    var request: [UInt8] = []
    request.reserveCapacity(512 + spans.count * 512)
    request.appendMessage(1) { resourceSpans in
      resourceSpans.appendMessage(1) { $0.append(self.resource, as: 1) }
      resourceSpans.appendMessage(2) { scopeSpans in
        scopeSpans.appendMessage(1) {
          $0.append(self.scope, as: 1)
          $0.append(self.version, as: 2)
        }
        for span in spans {
          scopeSpans.appendMessage(2) { Self.encode(span, to: &$0) }
        }
      }
      resourceSpans.append(Self.schema, as: 3)
    }
    return request
  }

  private static func encode(_ span: EndedSpan, to message: inout [UInt8]) {
    message.append(span.context.traceID, as: 1)
    message.append(id: span.context.spanID, as: 2)
    if let parentID = span.parentID { message.append(id: parentID, as: 4) }
    message.append(span.name, as: 5)
    message.append(varint: span.kind.rawValue, as: 6)
    message.append(fixed: span.startNanoseconds, as: 7)
    message.append(fixed: span.endNanoseconds, as: 8)
    message.append(span.attributes, as: 9)
    for link in span.links {
      message.appendMessage(13) {
        $0.append(link.traceID, as: 1)
        $0.append(id: link.spanID, as: 2)
        $0.append(fixed: UInt32(link.flags), as: 6)
      }
    }
    if span.error != nil {
      // STATUS_CODE_ERROR; why stands in `error.type`.
      message.appendMessage(15) { $0.append(varint: 2, as: 3) }
    }
    message.append(fixed: UInt32(span.context.flags), as: 16)
  }
}

// MARK: - Protobuf

extension [UInt8] {
  fileprivate mutating func append(_ attributes: [SpanAttribute], as field: Int) {
    for attribute in attributes {
      self.appendMessage(field) { pair in
        pair.append(attribute.key, as: 1)
        pair.appendMessage(2) { value in
          switch attribute.value {
          case .text(let text): value.append(text, as: 1)
          case .truth(let truth): value.append(varint: truth ? 1 : 0, as: 2)
          case .number(let number): value.append(varint: UInt64(bitPattern: number), as: 3)
          }
        }
      }
    }
  }

  /// A message within the message. Most are shorter than 128 bytes, so that one byte is kept for the
  /// length and the others make room when they are known to be longer.
  fileprivate mutating func appendMessage(_ field: Int, _ encode: (inout [UInt8]) -> Void) {
    self.append(varint: UInt64(field) << 3 | 2)
    let place = self.count
    self.append(0)
    encode(&self)
    let length = self.count - place - 1
    if length < 0x80 {
      self[place] = UInt8(length)
    } else {
      var digits: [UInt8] = []
      digits.append(varint: UInt64(length))
      self.replaceSubrange(place...place, with: digits)
    }
  }

  fileprivate mutating func append(_ text: String, as field: Int) {
    self.append(varint: UInt64(field) << 3 | 2)
    self.append(varint: UInt64(text.utf8.count))
    self.append(contentsOf: text.utf8)
  }

  fileprivate mutating func append(_ trace: TraceID, as field: Int) {
    self.append(varint: UInt64(field) << 3 | 2)
    self.append(16)
    self.append(bytesOf: trace.high.bigEndian)
    self.append(bytesOf: trace.low.bigEndian)
  }

  fileprivate mutating func append(id: UInt64, as field: Int) {
    self.append(varint: UInt64(field) << 3 | 2)
    self.append(8)
    self.append(bytesOf: id.bigEndian)
  }

  fileprivate mutating func append(varint number: UInt64, as field: Int) {
    self.append(varint: UInt64(field) << 3)
    self.append(varint: number)
  }

  fileprivate mutating func append(fixed number: UInt64, as field: Int) {
    self.append(varint: UInt64(field) << 3 | 1)
    self.append(bytesOf: number.littleEndian)
  }

  fileprivate mutating func append(fixed number: UInt32, as field: Int) {
    self.append(varint: UInt64(field) << 3 | 5)
    self.append(bytesOf: number.littleEndian)
  }

  /// The bytes in the order in which they are in memory.
  private mutating func append<Number: FixedWidthInteger>(bytesOf number: Number) {
    var rest = number.littleEndian
    for _ in 0..<(Number.bitWidth / 8) {
      self.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  private mutating func append(varint number: UInt64) {
    var rest = number
    while rest >= 0x80 {
      self.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    self.append(UInt8(rest))
  }
}
