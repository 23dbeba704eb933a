// SPDX-License-Identifier: Apache-2.0

package import AWSSigning

extension ContainerPlan {
  /// The addresses where ECS and EKS put their endpoints. Nothing but these, this machine, and hosts
  /// behind TLS is trusted with the pod's token.
  private static let allowedHosts = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"]

  private static let fullURIRule =
    "https://, or http:// to a loopback address, localhost, "
    + Self.allowedHosts.joined(separator: ", ")

  /// Nil if neither variable is set. One that is set to nothing is a mistake, not an absence:
  /// whoever injects it means these credentials.
  init?(_ environment: AWSEnvironment) throws(AWSConfigurationError) {
    let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    if environment.isPresent(relative) {
      self.origin = .environment(variable: relative)
      guard let target = environment[relative], target.hasPrefix("/"),
        let url = HTTPURL("http://169.254.170.2" + target, allowsQuery: true)
      else { throw .invalid(self.origin, rule: "a path that begins with a slash") }
      self.url = url
    } else if environment.isPresent(full) {
      self.origin = .environment(variable: full)
      guard let text = environment[full], let url = HTTPURL(text, allowsQuery: true),
        Self.isAllowed(url)
      else { throw .invalid(self.origin, rule: Self.fullURIRule) }
      self.url = url
    } else {
      return nil
    }
    self.authorization = try Self.authorization(environment)
  }

  private static func isAllowed(_ url: HTTPURL) -> Bool {
    guard !url.isSecure, !url.isLoopback else { return true }
    return url.address.map { address in
      self.allowedHosts.contains { IPAddress($0) == address }
    } ?? false
  }

  private static func authorization(
    _ environment: AWSEnvironment
  ) throws(AWSConfigurationError) -> Authorization {
    if let file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] { return .file(path: file) }
    guard let token = environment.sourced("AWS_CONTAINER_AUTHORIZATION_TOKEN") else { return .none }
    guard let checked = Self.headerValue(token.value) else {
      throw .invalid(token.origin, rule: Self.tokenRule)
    }
    return .token(checked)
  }

  package static let tokenRule = "one line of printable ASCII"

  /// A token as it may stand in the `Authorization` header: white space around it is dropped, where
  /// botocore refuses a file that ends in a newline. Nil if it is empty, or holds what no header
  /// can.
  package static func headerValue(_ text: String) -> Secret? {
    let isBlank = { (byte: UInt8) in byte == 0x20 || 0x09...0x0d ~= byte }
    let bytes = text.utf8.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
    guard !bytes.isEmpty, bytes.allSatisfy({ 0x20...0x7e ~= $0 }) else { return nil }
    return Secret(String(decoding: bytes, as: UTF8.self))
  }
}
