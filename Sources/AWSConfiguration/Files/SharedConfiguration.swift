// SPDX-License-Identifier: Apache-2.0

/// Both shared files together.
package struct SharedConfiguration: Equatable, Sendable {
  private let config: SharedFile?
  private let credentials: SharedFile?

  /// A file that is missing is nil.
  package init(config: SharedFile? = nil, credentials: SharedFile? = nil) {
    self.config = config
    self.credentials = credentials
  }

  /// The files that are there.
  package var paths: [String] {
    [self.config?.path, self.credentials?.path].compactMap { $0 }
  }

  /// A profile with the keys of both files, where those of the credentials file win. Nil if neither
  /// has it.
  package func profile(_ name: String) -> Profile? {
    let config = self.config?.profiles[name]
    let credentials = self.credentials?.profiles[name]
    guard config != nil || credentials != nil else { return nil }
    return Profile(
      name: name, config: config?.values ?? [:], credentials: credentials?.values ?? [:])
  }

  /// The `[services NAME]` section of the config file, by service.
  func services(_ name: String) -> [String: ProfileValue]? {
    self.config?.services[name]?.values
  }
}

/// What the shared files say of one profile.
package struct Profile: Equatable, Sendable {
  package let name: String
  /// The keys that are in the config file.
  let config: [String: ProfileValue]
  /// The keys that are in the credentials file.
  let credentials: [String: ProfileValue]

  init(
    name: String, config: [String: ProfileValue] = [:], credentials: [String: ProfileValue] = [:]
  ) {
    self.name = name
    self.config = config
    self.credentials = credentials
  }

  /// The value of a key, from the credentials file if it is there; nil if it is empty or a block.
  package func sourced(_ key: String) -> Sourced<String>? {
    self.sourced(key, in: self.credentials) ?? self.sourced(key, in: self.config)
  }

  /// The same in one of the two files.
  func sourced(_ key: String, in values: [String: ProfileValue]) -> Sourced<String>? {
    guard let value = values[key], !value.text.isEmpty else { return nil }
    return Sourced(value.text, from: self.origin(key, value))
  }

  func origin(_ key: String, _ value: ProfileValue) -> SettingOrigin {
    .profile(self.name, key: key, value.place)
  }
}

/// Which profile counts.
package struct ProfileChoice: Equatable, Sendable {
  package let name: String
  /// Nil if nobody chose: then the profile is `default`, and may be missing.
  package let origin: SettingOrigin?

  /// `AWS_PROFILE`, else `AWS_DEFAULT_PROFILE`, else `default`.
  ///
  /// botocore looks at the two in the other order; the other SDKs know `AWS_PROFILE` alone. It is
  /// first here so that the one name that all of them share means the same to all.
  package init(_ environment: AWSEnvironment) {
    let chosen = environment.sourced("AWS_PROFILE") ?? environment.sourced("AWS_DEFAULT_PROFILE")
    self.name = chosen?.value ?? "default"
    self.origin = chosen?.origin
  }

  /// The profile. Empty if nobody chose and there is no `default`.
  package func profile(in shared: SharedConfiguration) throws(AWSConfigurationError) -> Profile {
    if let profile = shared.profile(self.name) { return profile }
    guard let origin = self.origin else { return Profile(name: self.name) }
    throw .profileNotFound(name: self.name, namedBy: origin, files: shared.paths)
  }
}
