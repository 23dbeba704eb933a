// SPDX-License-Identifier: Apache-2.0

/// What a signature is good for: one day, one region, one service.
/// Source: AWS General Reference, "Elements of an AWS API request signature".
struct CredentialScope: Equatable, Sendable {
  /// Its date is the scope's; its time of day plays no part in the scope.
  let time: SigningTime
  let region: String
  let service: String

  static let terminator = "aws4_request"

  /// Appends `yyyymmdd/region/service/aws4_request`.
  func append(to buffer: inout [UInt8]) {
    buffer.append(contentsOf: self.time.dateText.utf8)
    buffer.append(UInt8(ascii: "/"))
    buffer.append(contentsOf: self.region.utf8)
    buffer.append(UInt8(ascii: "/"))
    buffer.append(contentsOf: self.service.utf8)
    buffer.append(UInt8(ascii: "/"))
    buffer.append(contentsOf: Self.terminator.utf8)
  }
}
