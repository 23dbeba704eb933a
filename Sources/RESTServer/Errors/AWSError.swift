// SPDX-License-Identifier: Apache-2.0

package import JobsAPI

/// An error as AWS's REST-JSON services send it.
package struct AWSError: Error, Equatable, Sendable {
  package var status: Int
  package var name: String
  package var message: String
  /// The present state, with refused updates.
  package var executionState: JobExecutionState?
  package var retryAfterMilliseconds: Int64?
  /// AWS's id of the request, when it was AWS that refused.
  package var requestID: String?

  package init(_ status: Int, _ name: String, _ message: String) {
    self.status = status
    self.name = name
    self.message = message
  }

  /// Where the name stands in the answer. AWS's services differ, and clients read all of these.
  package enum Form: String, CaseIterable, Equatable, Sendable {
    /// In the header `x-amzn-ErrorType`.
    case header
    /// In the body's member `__type`.
    case body
    case both
  }
}

extension AWSError {
  /// What was asked for has not the form of the operation.
  package static func invalidRequest(_ message: String) -> AWSError {
    AWSError(400, "InvalidRequestException", message)
  }

  /// No operation has such a method and path.
  package static let unknownOperation = AWSError(
    404, "UnknownOperationException", "No operation is served under this method and path.")

  /// The answer on the wire.
  package func response(form: Form) -> ServerResponse {
    var headers: [ServerResponse.Header] = []
    if form != .body {
      headers.append(.init(name: "x-amzn-ErrorType", value: Self.headerSafe(self.name)))
    }
    if let milliseconds = self.retryAfterMilliseconds {
      let seconds = milliseconds / 1000 + (milliseconds % 1000 == 0 ? 0 : 1)
      headers.append(.init(name: "Retry-After", value: String(seconds)))
      headers.append(.init(name: "x-amz-retry-after", value: String(milliseconds)))
    }
    var json = JSONWriter(reserving: 128 + self.message.utf8.count)
    json.object { json in
      if form != .header { json.member("__type", self.name) }
      json.member("message", self.message)
      if let state = self.executionState {
        json.member("executionState", object: state.writeMembers)
      }
    }
    var response = ServerResponse(status: self.status, headers: headers, body: json.bytes)
    response.requestID = self.requestID.map(Self.headerSafe)
    return response
  }

  /// Names and ids may come from another server; they must not become headers of their own.
  private static func headerSafe(_ text: String) -> String {
    text.utf8.allSatisfy { 0x21...0x7e ~= $0 }
      ? text : String(decoding: text.utf8.filter { 0x21...0x7e ~= $0 }, as: UTF8.self)
  }
}
