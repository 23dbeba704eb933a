// SPDX-License-Identifier: Apache-2.0

/// The services of AWS that the gateway calls.
package enum AWSService: CaseIterable, Sendable {
  case iotJobsData
  /// For DescribeEndpoint alone.
  case iot
  /// For credentials.
  case sts

  /// The name in a signature's scope.
  package var signingName: String {
    switch self {
    case .iotJobsData: "iot-jobs-data"
    case .iot: "iot"
    case .sts: "sts"
    }
  }

  /// The service's id as the shared files spell it, in a block of a `[services …]` section.
  package var identifier: String {
    switch self {
    case .iotJobsData: "iot_jobs_data_plane"
    case .iot: "iot"
    case .sts: "sts"
    }
  }

  /// The variable with the service's own endpoint.
  package var endpointVariable: String { "AWS_ENDPOINT_URL_\(self.identifier.uppercased())" }
}
