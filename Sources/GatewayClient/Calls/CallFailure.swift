// SPDX-License-Identifier: Apache-2.0

package import GRPCWire
package import HTTP2Engine
package import JobsAPI
package import Transport

/// Why a call has no answer, and so whose fault it is.
package enum CallFailure: Error, Equatable, Sendable {
  /// There is no connection. The request was not sent.
  case unreachable(ConnectFailure)
  /// The gateway, or this end, takes no more requests here. It was not looked at (RFC 9113 §8.7).
  case notTaken
  /// The connection ended while the call was open: what became of it is not known.
  case connectionEnded(String)
  /// The other end gave up this call alone.
  case reset(HTTP2ErrorCode)
  /// The time that the caller gave is up: what becomes of the call is not known.
  case deadlineExceeded
  case cancelled
  /// What answers is an HTTP server, or a proxy, that does not speak gRPC.
  case notGRPC(httpStatus: Int)
  /// An answer that is not of the form it must have.
  case malformed(String)
  /// The gateway's own answer, with a code other than OK.
  case refused(CallEnd)
}

/// How a call ended, as the gateway says.
package struct CallEnd: Equatable, Sendable {
  package var status: GRPCStatus
  /// From `grpc-status-details-bin`; nil if there are none that can be read.
  package var details: RichStatus?
  /// All that came with the status.
  package var trailers: ResponseMetadata

  package init(
    status: GRPCStatus, details: RichStatus? = nil, trailers: ResponseMetadata = ResponseMetadata()
  ) {
    self.status = status
    self.details = details
    self.trailers = trailers
  }
}

/// What came beside the messages of a response.
package struct ResponseMetadata: Sendable {
  private let fields: HeaderFields

  package init(_ fields: HeaderFields = HeaderFields()) {
    self.fields = fields
  }

  /// The first value under a name, in lower case; nil if there is none.
  package subscript(_ name: StaticString) -> String? {
    self.bytes(name).map { String(decoding: $0, as: UTF8.self) }
  }

  func bytes(_ name: StaticString) -> ArraySlice<UInt8>? {
    for position in 0..<self.fields.count where self.fields.isNamed(name, at: position) {
      return self.fields.value(at: position)
    }
    return nil
  }
}

extension ResponseMetadata: Equatable {
  package static func == (left: ResponseMetadata, right: ResponseMetadata) -> Bool {
    left.fields.count == right.fields.count
      && (0..<left.fields.count).allSatisfy { left.fields[$0] == right.fields[$0] }
  }
}
