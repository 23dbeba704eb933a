// SPDX-License-Identifier: Apache-2.0

import AWSSigning
import JobsAPI
import NIOCore
import NIOHTTP1
import RESTServer
import Synchronization

/// The keys in force, for all event loops. They may be replaced while calls run: each request is
/// judged by those that are in force when it comes.
package final class KeyRing: Sendable {
  private let table: Mutex<KeyTable>
  /// One more for each replacement, so that loops know when what they hold is old.
  private let edition = Atomic<UInt64>(0)

  package init(_ table: KeyTable = KeyTable()) {
    self.table = Mutex(table)
  }

  /// Puts other keys in force. Those that are gone are refused from the next request on.
  package func replace(with table: KeyTable) {
    self.table.withLock { $0 = table }
    self.edition.wrappingAdd(1, ordering: .releasing)
  }

  /// The edition is asked for before what it stands for, so that what is held under it is never older.
  var currentEdition: UInt64 { self.edition.load(ordering: .acquiring) }
  var current: KeyTable { self.table.withLock { $0 } }
}

/// Checks the signatures of one event loop's requests against the keys in force.
final class SignatureCheck: Sendable {
  /// A verifier keeps buffers and derived keys, and serves one request at a time.
  private struct State: ~Copyable {
    var edition: UInt64
    var table: KeyTable
    var verifier: SignatureVerifier

    init(_ ring: KeyRing) throws(SigningError) {
      self.edition = ring.currentEdition
      self.table = ring.current
      self.verifier = try SignatureVerifier(credentials: self.table.credentials)
    }
  }

  private let ring: KeyRing
  /// Each loop has its own, so nobody waits for this lock; it is there because the compiler cannot
  /// know.
  private let state: Mutex<State>

  /// Throws what libcrypto lacks.
  init(_ ring: KeyRing) throws(SigningError) {
    self.ring = ring
    self.state = Mutex(try State(ring))
  }

  /// - Returns: The name of the key that signed the request, in its headers or as a presigned URL.
  func name(behind request: ServerRequest) throws(SignatureRefusal) -> String {
    try self.state.withLock { state throws(SignatureRefusal) in
      try self.lookForChanges(&state)
      let verdict = state.verifier.verify(
        method: request.method.rawValue, target: request.target, headers: Array(request.headers),
        body: request.body.readableBytesUInt8Span, service: RequestSigner.jobsDataPlane,
        now: SigningTime(epochSeconds: request.receivedAtSeconds))
      switch verdict {
      case .refused(let refusal): throw refusal
      case .verified(let caller):
        guard let name = state.table.name(ofKeyID: caller.accessKeyID) else {
          throw .unknownClient
        }
        return name
      }
    }
  }

  private func lookForChanges(_ state: inout State) throws(SignatureRefusal) {
    guard state.edition != self.ring.currentEdition else { return }
    do {
      state = try State(self.ring)
    } catch {
      // Old keys must not go on for want of memory.
      throw .internalFailure
    }
  }
}
