// SPDX-License-Identifier: Apache-2.0

/// What a peer is told whose request was not even read to its end.
extension HTTP1Exchange.Refusal {
  var response: ServerResponse {
    self.error.response(form: .both)
  }

  private var error: AWSError {
    switch self {
    case .malformed:
      AWSError(400, "MalformedHttpRequestException", "The request is not HTTP/1.1.")
    case .headersTooLarge:
      AWSError(431, "MalformedHttpRequestException", "The headers are too large or too many.")
    case .bodyTooLarge:
      AWSError(413, "RequestEntityTooLargeException", "The body is too large.")
    case .tooSlow:
      AWSError(408, "RequestTimeoutException", "The request did not come to its end in time.")
    case .noMemory:
      .unavailable(
        "As many requests and answers are held as memory allows.", retryAfterMilliseconds: 1_000)
    }
  }
}
