// SPDX-License-Identifier: Apache-2.0

import EmulatorServer
import JobsEmulator
import Transport

/// An error that knows the exit status it deserves (sysexits(3)).
protocol ExitStatus: Error {
  var exitCode: Int32 { get }
}

extension ConfigurationError: ExitStatus {}

extension ListenError: ExitStatus {
  /// EX_OSERR.
  var exitCode: Int32 { 71 }
}

extension EmulatorServerError: ExitStatus, CustomStringConvertible {
  /// EX_OSERR, or EX_SOFTWARE when libcrypto lacks what verifying needs.
  var exitCode: Int32 {
    switch self {
    case .listening(let error): error.exitCode
    case .signing: 70
    }
  }

  package var description: String {
    switch self {
    case .listening(let error): error.description
    case .signing(let error): "\(error)"
    }
  }
}

extension EmulatorSeedError: ExitStatus {
  /// EX_DATAERR.
  var exitCode: Int32 { 65 }
}
