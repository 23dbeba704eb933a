// SPDX-License-Identifier: Apache-2.0

import AWSSigning
package import JobsAPI
package import NIOHTTP1

/// Whose operation a request asks for. The planes are two hosts at AWS and share paths.
package enum ServedOperation: Hashable, Sendable {
  case dataPlane(JobsOperation)
  case controlPlane(ControlPlaneOperation)

  /// AWS's name; those of the control plane with `iot:` before them, since both planes have a
  /// DescribeJobExecution.
  package var name: String {
    switch self {
    case .dataPlane(let operation): operation.rawValue
    case .controlPlane(let operation): "iot:\(operation.rawValue)"
    }
  }

  /// The service that a signature for it names.
  var signingName: String {
    switch self {
    case .dataPlane: RequestSigner.jobsDataPlane
    case .controlPlane: RequestSigner.controlPlane
    }
  }

  package static let all: [ServedOperation] =
    JobsOperation.allCases.map { .dataPlane($0) }
    + ControlPlaneOperation.allCases.map { .controlPlane($0) }

  /// Finds the operation, nil if there is none. Where both planes have one, the service that the
  /// signature names decides, as AWS's two hosts would; without a signature it is the data plane's.
  package init?(method: HTTPMethod, target: RequestTarget, signedFor service: Substring?) {
    let dataPlane = JobsOperation(method: method, target: target)
    let controlPlane = ControlPlaneOperation(method: method, target: target)
    switch (dataPlane, controlPlane) {
    case (_, let operation?) where service == RequestSigner.controlPlane[...]:
      self = .controlPlane(operation)
    case (let operation?, _): self = .dataPlane(operation)
    case (nil, let operation?): self = .controlPlane(operation)
    case (nil, nil): return nil
    }
  }
}
