// SPDX-License-Identifier: Apache-2.0

import JobsAPI
package import Logging
import Telemetry

/// What an operator is told of the breaker: one line for each change.
package struct BreakerLog: Sendable {
  private let logger: Logger

  package init(_ logger: Logger) {
    self.logger = logger
  }

  func opened(forNanoseconds pause: Int64, because cause: JobsFailure.Cause?) {
    self.logger.warning(
      "AWS failed too often, calls are refused for a while", metadata: Self.metadata(pause, cause))
  }

  func reopened(forNanoseconds pause: Int64, because cause: JobsFailure.Cause?) {
    self.logger.warning(
      "AWS still fails, calls are refused for longer", metadata: Self.metadata(pause, cause))
  }

  func halfOpened() {
    self.logger.info("AWS is tried again")
  }

  func closed() {
    self.logger.notice("AWS answers again, calls go through")
  }

  func turnedOff() {
    self.logger.notice("AWS is called whether it fails or not, calls go through")
  }

  private static func metadata(_ pause: Int64, _ cause: JobsFailure.Cause?) -> Logger.Metadata {
    [
      LogKey.pauseMilliseconds: "\(pause / 1_000_000)",
      LogKey.reason: "\(cause?.breakerWords ?? "")",
    ]
  }
}
