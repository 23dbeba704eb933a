// SPDX-License-Identifier: Apache-2.0

package import RESTServer

/// What goes wrong with one request, on demand.
///
/// As text, in the header `x-emulator-fault` and in a plan's list, parts are separated by `;`:
///
///     latency=250                wait 250 ms before the operation (0 to 600000)
///     error=ThrottlingException  refuse with this name, and its usual status unless status= is given
///     status=503                 refuse with this status, and its usual name unless error= is given
///     message=TEXT               the refusal's message
///     retry-after=1500           the refusal asks to come back in 1500 ms
///     drop=before | after        close the connection without an answer
///     truncate=after             send half of the answer's body, then close
///     body=html | text | empty | array | broken | output
///                                answer 200 with a body that is no answer
///     when=before | after        whether a refusal or a body comes before or after the operation
///                                is carried out; default before for a refusal, after for a body
///
/// At most one of error or status, drop, truncate and body. Unknown words are errors, so that no
/// test passes because of a spelling.
package struct Fault: Equatable, Sendable {
  package enum Moment: String, Equatable, Sendable {
    /// The operation is not carried out.
    case before
    /// The operation is carried out, and its answer is lost.
    case after
  }

  /// Bodies seen in the wild under status 200.
  package enum Body: String, CaseIterable, Equatable, Sendable {
    case html
    case text
    case empty
    case array
    /// JSON that ends in the middle.
    case broken
    /// The answer of a host that does not know the operation.
    case output
  }

  package enum Outcome: Equatable, Sendable {
    case refuse(AWSError, Moment)
    case drop(Moment)
    case truncate
    case body(Body, Moment)
  }

  package var latencyMilliseconds: Int64
  package var outcome: Outcome?

  package static let none = Fault()

  package init(latencyMilliseconds: Int64 = 0, outcome: Outcome? = nil) {
    self.latencyMilliseconds = latencyMilliseconds
    self.outcome = outcome
  }
}

extension Fault.Body {
  var response: ServerResponse {
    switch self {
    case .html:
      ServerResponse(
        status: 200, contentType: "text/html",
        body: Array("<html><body><h1>200 OK</h1></body></html>".utf8))
    case .text: ServerResponse(status: 200, contentType: "text/plain", body: Array("OK".utf8))
    case .empty: ServerResponse(status: 200)
    case .array: ServerResponse(status: 200, body: Array("[]".utf8))
    case .broken: ServerResponse(status: 200, body: Array(#"{"execution": {"jobId": "j"#.utf8))
    case .output:
      ServerResponse(
        status: 200,
        body: Array(
          (#"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException","#
            + #""message":null},"Version":"1.0"}"#).utf8))
    }
  }
}
