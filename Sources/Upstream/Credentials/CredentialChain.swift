// SPDX-License-Identifier: Apache-2.0

package import AWSConfiguration
package import AWSSigning
package import NIOPosix

// Credentials from the places that AWS's clients know: which one counts is AWSConfiguration's to
// say, what is done to ask it is here. Everything that may change between two attempts is read anew
// for each: the shared files, tokens, programs' output.

/// Finds the credentials of the environment that the process runs in.
///
/// The first source that is configured is asked, and no other: one that fails ends the search, for
/// to go on would be to sign with an identity that nobody meant.
package struct CredentialChain: Sendable {
  private let settings: AWSSettings
  private let files: SharedFilePaths
  let fetcher: Fetcher
  let threads: NIOThreadPool
  let clock: WallClock
  let metadataToken: InstanceMetadataToken
  let limits: Limits

  /// The bounds on one question to one source.
  package struct Limits: Equatable, Sendable {
    /// For a container's endpoint.
    package var containerTimeout: Duration = .seconds(2)
    /// For a call of STS.
    package var stsTimeout: Duration = .seconds(10)
    /// For a program.
    package var processTimeout: Duration = .seconds(60)
    /// Between two looks at files, which change without a sign.
    package var fileInterval: Duration = .seconds(60)

    package init() {}
  }

  /// - Parameters:
  ///   - settings: as they were at start. Profiles are read anew from `files`, all else stays.
  ///   - threads: for what blocks: files and programs.
  package init(
    _ settings: AWSSettings, files: SharedFilePaths, fetcher: Fetcher,
    threads: NIOThreadPool, clock: WallClock = .system, limits: Limits = Limits()
  ) {
    self.settings = settings
    self.files = files
    self.fetcher = fetcher
    self.threads = threads
    self.clock = clock
    self.metadataToken = InstanceMetadataToken()
    self.limits = limits
  }

  /// Asks the source that counts.
  ///
  /// - Parameter pinned: a source that comes after this one in AWS's order is not asked: this one
  ///   gave credentials before, and it is not for a file that vanished to change who we are.
  /// - Throws: why there are none, in words that name settings and files and hold no secret.
  package func find(
    notBelow pinned: CredentialSourceKind? = nil
  ) async throws(CredentialError) -> FoundCredential {
    let plan = try await self.plan()
    guard let step = plan.chosen else {
      throw .unavailable("no source is configured: \(plan.absences)")
    }
    if let pinned, pinned.isBefore(step.kind) {
      throw .unavailable(
        "\(pinned.name) gave credentials before and is no longer configured; "
          + "\(step.kind.name) is not asked in its place")
    }
    switch step.finding {
    case .absent(let why): throw .unavailable("\(step.kind.name): \(why)")
    case .refused(let error): throw .unavailable("\(step.kind.name): \(error)")
    case .configured(let source):
      do throws(CredentialError) {
        let credential = try await self.credential(from: source)
        return FoundCredential(
          credential, kind: step.kind, origin: source.origin, renewal: self.renewal(of: source),
          hidden: plan.hidden)
      } catch {
        throw .unavailable(Self.words(for: error, of: source, after: plan))
      }
    }
  }

  /// The plan by files that are read now.
  private func plan() async throws(CredentialError) -> CredentialPlan {
    let shared = try await SharedConfiguration.read(self.files, on: self.threads)
    do throws(AWSConfigurationError) {
      return try CredentialPlan(self.settings, rereading: shared)
    } catch {
      throw .unavailable("\(error)")
    }
  }

  func endpointOfSTS() throws(CredentialError) -> ServiceEndpoint {
    do throws(AWSConfigurationError) {
      return try self.settings.endpoint(for: .sts)
    } catch {
      throw .unavailable("the endpoint of STS: \(error)")
    }
  }

  private func renewal(of source: PlannedSource) -> FoundCredential.Renewal {
    switch source {
    case .environment, .assumeRole, .webIdentity, .process, .container: .byExpiry
    case .sharedFile, .configFile: .every(self.limits.fileInterval)
    case .instanceMetadata: .lenient
    }
  }

  /// The metadata service is asked when nobody configured anything, so what is not configured is
  /// part of why there is nothing.
  private static func words(
    for error: CredentialError, of source: PlannedSource, after plan: CredentialPlan
  ) -> String {
    let own = "\(source.kind.name) (\(source.origin)): \(error)"
    guard case .instanceMetadata = source else { return own }
    return plan.absences.isEmpty ? own : "\(own); \(plan.absences)"
  }
}

// MARK: - Sources

extension CredentialChain {
  /// Asks one source. A role's source is asked first, and so on along the chain.
  func credential(
    from source: PlannedSource
  ) async throws(CredentialError) -> Credential {
    switch source {
    case .environment(let credential), .sharedFile(let credential, _),
      .configFile(let credential, _):
      return credential
    case .assumeRole(let plan):
      let signer = try await self.credential(from: plan.source)
      return try await self.assumeRole(plan, signedWith: signer)
    case .webIdentity(let plan): return try await self.assumeRole(plan)
    case .process(let plan): return try await self.run(plan)
    case .container(let plan): return try await self.ask(plan)
    case .instanceMetadata(let settings): return try await self.ask(settings)
    }
  }
}

extension PlannedSource {
  /// Who or what is asked.
  var origin: String {
    switch self {
    case .environment: "AWS_ACCESS_KEY_ID"
    case .assumeRole(let plan): "\(plan.roleARN) by \(plan.source.kind.name)"
    case .webIdentity(let plan): "\(plan.roleARN) by \(plan.origin)"
    case .sharedFile(_, let place), .configFile(_, let place): "\(place)"
    case .process(let plan): "\(plan.origin)"
    case .container(let plan): "\(plan.origin)"
    case .instanceMetadata(let settings): settings.endpoint.hostHeader
    }
  }
}

extension CredentialSourceKind {
  fileprivate func isBefore(_ other: CredentialSourceKind) -> Bool {
    let order = Self.allCases
    return (order.firstIndex(of: self) ?? 0) < (order.firstIndex(of: other) ?? 0)
  }
}
