// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import NIOHTTP1

extension UpstreamResponse {
  /// Picks what is read here out of a head, in one pass.
  ///
  /// - Returns: the response without its body, and the length of the body if it was announced.
  static func read(_ head: HTTPResponseHead) -> (UpstreamResponse, contentLength: Int?) {
    var response = UpstreamResponse(status: Int(head.status.code))
    var contentLength: Int?
    for (name, value) in head.headers {
      // The length sorts out nearly all the others.
      switch name.utf8.count {
      case 4 where name.isField("date"): response.head.date = value
      case 11 where name.isField("retry-after"): response.head.retryAfter = value
      case 14 where name.isField("content-length"): contentLength = Int(value)
      case 16 where name.isField("x-amzn-requestid"): response.head.requestID = Self.loggable(value)
      case 16 where name.isField("x-amzn-errortype"): response.head.errorType = value
      case 17 where name.isField("x-amz-retry-after"): response.head.retryAfterMilliseconds = value
      default: continue
      }
    }
    return (response, contentLength)
  }

  /// The id goes on to callers and into logs, so only what fits there is kept.
  private static func loggable(_ id: String) -> String? {
    1...128 ~= id.utf8.count && id.utf8.allSatisfy { 0x21...0x7e ~= $0 } ? id : nil
  }
}

extension String {
  /// Compares with a field name in lower case; field names ignore case (RFC 9110 §5.1).
  fileprivate func isField(_ lowercased: String) -> Bool {
    // The decoder lets only token characters into a name, and of those the bit tells case alone.
    self.utf8.elementsEqual(lowercased.utf8) { $0 | 0x20 == $1 }
  }
}
