// SPDX-License-Identifier: Apache-2.0

import JobsAPI
import Synchronization
import TrafficPolicy

/// What a caller sees of answers at hand, encoded ones included: encodes and keeps as the server
/// does, and reads encodings by knowing them.
private enum Encodings {
  private static let known = Mutex<[[UInt8]: JobExecution?]>([:])

  static func encode(_ execution: JobExecution?) -> [UInt8] {
    var bytes: [UInt8] = []
    WireResponse.appendDescribe(execution, to: &bytes)
    Self.known.withLock { $0[bytes] = .some(execution) }
    return bytes
  }

  /// Bytes that nobody has encoded are read as an execution without anything.
  static func read(_ bytes: [UInt8]) -> JobExecution? {
    Self.known.withLock { $0[bytes] ?? JobExecution() }
  }
}

extension CachedJobs {
  /// ``outcomeAtHand(of:in:)`` and what comes of it.
  func storedReply(
    _ call: DescribeJobExecution, in context: CallContext
  ) -> Result<JobsReply<JobExecution?>, JobsFailure>? {
    self.outcomeAtHand(of: call, in: context)?.map { stored in
      switch stored.answer {
      case .encoded(let bytes):
        return JobsReply(Encodings.read(bytes), trace: stored.trace)
      case .execution(let execution, let place):
        place?.keep(Encodings.encode(execution))
        return JobsReply(execution, trace: stored.trace)
      }
    }
  }
}
