// SPDX-License-Identifier: Apache-2.0

package import AWSSigning
import NIOCore
import NIOHTTP1
import Synchronization

/// Whether and how callers must prove who they are.
package enum AuthenticationPolicy: Sendable {
  /// Everybody is let in, signed or not. For tools that cannot sign.
  case disabled
  /// Requests are signed with one of these, in their headers or as presigned URLs.
  case required([Credential], region: String? = nil)
}

/// Checks the signatures of the requests of one event loop.
package final class Authentication: Sendable {
  /// A verifier keeps buffers and serves one request at a time. Each loop has its own, so nobody
  /// waits for this lock; it is there because the compiler cannot know.
  private let verifier: Mutex<SignatureVerifier>?

  /// Throws what libcrypto lacks.
  package init(_ policy: AuthenticationPolicy) throws(SigningError) {
    switch policy {
    case .disabled:
      self.verifier = nil
    case .required(let credentials, let region):
      self.verifier = Mutex(try SignatureVerifier(credentials: credentials, region: region))
    }
  }

  /// Lets the request in, or says in AWS's words why not.
  package func admit(_ request: ServerRequest, for operation: ServedOperation) throws(AWSError) {
    let verdict = self.verifier?.withLock { verifier in
      verifier.verify(
        method: request.method.rawValue, target: request.target,
        headers: Array(request.headers), body: request.body.readableBytesUInt8Span,
        service: operation.signingName, now: SigningTime(epochSeconds: request.receivedAtSeconds))
    }
    switch verdict {
    case nil, .verified: return
    case .refused(let refusal):
      throw AWSError(refusal.httpStatus, refusal.name, refusal.message)
    }
  }
}

extension ServerRequest {
  /// The service that the signature is said to be for, unproven: the fourth part of its credential
  /// scope, from the header or from the query.
  package var claimedService: Substring? {
    if let authorization = self.headers.first(name: "authorization") {
      Self.service(in: authorization, after: "Credential=", separator: "/")
    } else {
      Self.service(in: self.target, after: "X-Amz-Credential=", separator: "%2F")
    }
  }

  private static func service(
    in text: String, after prefix: String, separator: String
  ) -> Substring? {
    guard let scope = text.utf8.tail(after: prefix.utf8) else { return nil }
    var rest = scope
    for _ in 0..<3 {
      guard let next = rest.tail(after: separator.utf8) else { return nil }
      rest = next
    }
    let service = rest.prefix {
      $0 == UInt8(ascii: "-") || UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0
    }
    return Substring(service)
  }
}

extension Collection where Element == UInt8, SubSequence: Collection<UInt8> {
  /// What follows the first place where `needle` stands. Linear for needles whose first byte is
  /// rare, as these are.
  fileprivate func tail(after needle: some Collection<UInt8>) -> SubSequence? {
    guard let first = needle.first else { return self[...] }
    var rest = self[...]
    while let start = rest.firstIndex(of: first) {
      rest = rest[start...]
      if rest.starts(with: needle) { return rest.dropFirst(needle.count) }
      rest = rest.dropFirst()
    }
    return nil
  }
}
