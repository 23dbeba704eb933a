// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import CryptoEngine
import Foundation
import NIOCore
import NIOPosix
import Synchronization

@testable import Upstream

/// The environment and the files that a process finds itself in, with a clock that stands still until
/// it is moved. Nothing of this machine's own shows through.
final class Surroundings: Sendable {
  static let start: Int64 = 1_767_323_045

  private let folder: URL
  private let time = Atomic<Int64>(Surroundings.start)

  init() throws {
    self.folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("surroundings-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: self.folder)
  }

  var clock: WallClock { WallClock { self.time.load(ordering: .relaxed) } }

  func moveClock(bySeconds seconds: Int64) {
    self.time.wrappingAdd(seconds, ordering: .relaxed)
  }

  func path(_ name: String) -> String { self.folder.appendingPathComponent(name).path }

  /// Replaces the file as a whole, as Kubernetes does.
  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: self.folder.appendingPathComponent(name), options: .atomic)
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(at: self.folder.appendingPathComponent(name))
  }

  func permit(_ name: String, _ mode: Int) throws {
    try FileManager.default.setAttributes(
      [.posixPermissions: mode], ofItemAtPath: self.path(name))
  }

  /// A chain for these variables. The instance's metadata is off unless they say otherwise.
  func chain(
    _ variables: [String: String], tls: TLSClientContext? = nil,
    limits: (inout CredentialChain.Limits) -> Void = { _ in }
  ) throws -> CredentialChain {
    var all = [
      "AWS_CONFIG_FILE": self.path("config"),
      "AWS_SHARED_CREDENTIALS_FILE": self.path("credentials"),
    ]
    if variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] == nil {
      all["AWS_EC2_METADATA_DISABLED"] = "true"
    }
    all.merge(variables) { $1 }
    let environment = AWSEnvironment(all)
    var bounds = CredentialChain.Limits()
    limits(&bounds)
    return CredentialChain(
      try AWSSettings(environment: environment, shared: try self.shared(environment)),
      files: SharedFilePaths(environment),
      fetcher: Fetcher(on: MultiThreadedEventLoopGroup.singleton.next(), tls: tls),
      threads: .singleton, clock: self.clock, limits: bounds)
  }

  private func shared(_ environment: AWSEnvironment) throws -> SharedConfiguration {
    func file(_ path: String?, _ kind: SharedFile.Kind) throws -> SharedFile? {
      guard let path, let data = FileManager.default.contents(atPath: path) else { return nil }
      return try SharedFile(parsing: Array(data), kind: kind, path: path)
    }
    let paths = SharedFilePaths(environment)
    return SharedConfiguration(
      config: try file(paths.config, .config),
      credentials: try file(paths.credentials, .credentials))
  }
}

extension CredentialChain {
  func result(
    notBelow pinned: CredentialSourceKind? = nil
  ) async -> Result<FoundCredential, CredentialError> {
    do throws(CredentialError) {
      return .success(try await self.find(notBelow: pinned))
    } catch {
      return .failure(error)
    }
  }

  /// Why there are no credentials; empty if there are.
  func words() async -> String {
    await self.result().failure.map { "\($0)" } ?? ""
  }
}

/// What ECS, EKS and the metadata service answer with.
func containerAnswer(
  _ id: String = "ASIACONTAINER0000001", endsIn seconds: Int64 = 3_600
) -> String {
  """
  {"Code": "Success", "AccessKeyId": "\(id)", "SecretAccessKey": "container-secret",
   "Token": "container-token",
   "Expiration": "\(isoTime(Surroundings.start + seconds))"}
  """
}

/// What STS answers with.
func stsAnswer(_ call: String, _ id: String = "ASIASTS0000000000001") -> String {
  """
  <\(call)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><\(call)Result><Credentials>
  <AccessKeyId>\(id)</AccessKeyId><SecretAccessKey>sts-secret</SecretAccessKey>
  <SessionToken>sts-token</SessionToken>
  <Expiration>\(isoTime(Surroundings.start + 3_600))</Expiration>
  </Credentials></\(call)Result></\(call)Response>
  """
}

func stsRefusal(_ code: String, _ message: String = "no") -> String {
  """
  <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
  <Code>\(code)</Code><Message>\(message)</Message></Error><RequestId>r</RequestId></ErrorResponse>
  """
}

func isoTime(_ seconds: Int64) -> String {
  ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: Double(seconds)))
}
