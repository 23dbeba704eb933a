// SPDX-License-Identifier: Apache-2.0

package import AWSSigning

/// A call of AWS STS: a form that is posted to `/`.
/// Source: STS API reference, AssumeRole and AssumeRoleWithWebIdentity, version 2011-06-15.
package struct STSRequest: Equatable, Sendable {
  package static let path = "/"
  package static let contentType = "application/x-www-form-urlencoded; charset=utf-8"

  /// Whether the request carries a signature. One with a token needs none.
  package let isSigned: Bool
  private let form: Secret

  /// The encoded form. It may hold a token: nothing may log it.
  package var body: [UInt8] { Array(self.form.text.utf8) }

  package static func assumeRole(_ plan: AssumeRolePlan, sessionName: String) -> STSRequest {
    var form = Form(action: "AssumeRole")
    form.add("RoleArn", plan.roleARN)
    form.add("RoleSessionName", plan.sessionName ?? sessionName)
    form.add("DurationSeconds", plan.durationSeconds.map { String($0) })
    form.add("ExternalId", plan.externalID)
    return STSRequest(isSigned: true, form: Secret(form.text))
  }

  /// - Parameter token: the text of the token's file, as it is.
  package static func assumeRole(
    _ plan: WebIdentityPlan, token: Secret, sessionName: String
  ) -> STSRequest {
    var form = Form(action: "AssumeRoleWithWebIdentity")
    form.add("RoleArn", plan.roleARN)
    form.add("RoleSessionName", plan.sessionName ?? sessionName)
    form.add("WebIdentityToken", token.text)
    return STSRequest(isSigned: false, form: Secret(form.text))
  }

  /// A token as STS takes it: 4 to 20000 characters. White space around it is dropped. Nil for
  /// anything else.
  package static func token(fileText text: String) -> Secret? {
    guard let token = ContainerPlan.headerValue(text), 4...20_000 ~= token.text.utf8.count else {
      return nil
    }
    return token
  }

  /// The name of a session for which nobody gave one; CloudTrail shows it.
  package static func sessionName(atSeconds now: Int64) -> String {
    "iot-jobs-gateway-\(now)"
  }
}

/// Names and values as HTML forms encode them: a space is a plus.
private struct Form {
  private(set) var text: String

  init(action: String) {
    self.text = "Action=\(action)&Version=2011-06-15"
  }

  mutating func add(_ name: String, _ value: String?) {
    guard let value else { return }
    self.text += "&\(name)="
    for byte in value.utf8 {
      if byte == UInt8(ascii: " ") {
        self.text += "+"
      } else if AWSRegion.isLabelByte(byte) || "._~".utf8.contains(byte) {
        self.text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        self.text += "%"
        if byte < 0x10 { self.text += "0" }
        self.text += String(byte, radix: 16, uppercase: true)
      }
    }
  }
}
