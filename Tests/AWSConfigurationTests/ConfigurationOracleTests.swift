// SPDX-License-Identifier: Apache-2.0

import AWSConfiguration
import AWSSigning
import Foundation
import Testing

/// What Tests/Vectors/configuration.py had botocore make of environments and files, against what
/// comes out here.
@Suite struct ConfigurationOracleTests {
  static func cases() throws -> [OracleCase] {
    struct File: Decodable {
      var count: Int
      var cases: [OracleCase]
    }
    let url = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Vectors/configuration.json")
    let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
    #expect(file.count == file.cases.count && file.count >= 140)
    return file.cases
  }

  @Test func `region, endpoints and source of credentials are botocore's`() throws {
    for oracle in try Self.cases() where oracle.differs == nil {
      for (member, expected) in oracle.botocore {
        #expect(
          oracle.outcome(of: member) == expected.withoutErrorNames,
          "\(oracle.id) \(oracle.note): \(member)")
      }
    }
  }

  @Test func `where the gateway means to differ, it does so as it says`() throws {
    let differing = try Self.cases().filter { $0.differs != nil }
    #expect(
      Set(differing.compactMap(\.differs)) == [
        "AWS_REGION counts", "an empty variable counts as unset",
        "the region is put into lower case", "STS is not called without a region",
        "FIPS is not dropped silently", "a section without keys is there",
        "a password in an endpoint is refused", "AWS_PROFILE counts before AWS_DEFAULT_PROFILE",
        "half a pair is an error, whichever half", "SSO needs a human", "a login needs a human",
        "the variable must not name another host",
        "an empty path is an error before anything is asked",
      ])
    for oracle in differing {
      let expected = oracle.botocore.merging(oracle.gateway ?? [:]) { _, ours in ours }
      for (member, expected) in expected {
        #expect(
          oracle.outcome(of: member) == expected.withoutErrorNames,
          "\(oracle.id) \(oracle.note): \(member)")
      }
    }
  }
}

/// JSON of any form.
enum JSONTree: Decodable, Equatable, Sendable {
  case null
  case text(String)
  case list([JSONTree])
  case object([String: JSONTree])

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else if let list = try? value.decode([JSONTree].self) {
      self = .list(list)
    } else {
      self = .object(try value.decode([String: JSONTree].self))
    }
  }

  static let error = JSONTree.object(["error": .null])

  /// An error is an error, whatever its class is called.
  var withoutErrorNames: JSONTree {
    switch self {
    case .null, .text, .list: self
    case .object(let members):
      members["error"] != nil ? .error : .object(members.mapValues(\.withoutErrorNames))
    }
  }
}

/// One environment with its files.
struct OracleCase: Decodable, Sendable {
  var id: String
  var note: String
  var env: [String: String]?
  var config: String?
  var credentials: String?
  var differs: String?
  var gateway: [String: JSONTree]?
  var botocore: [String: JSONTree]

  /// What this gateway makes of it, in the form of the file.
  func outcome(of member: String) -> JSONTree {
    do {
      let settings = try self.settings()
      return member == "endpoints"
        ? Self.endpoints(settings) : try Self.credentials(CredentialPlan(settings), settings)
    } catch {
      return member == "endpoints"
        ? .object(["iot-jobs-data": .error, "iot": .error, "sts": .error]) : .error
    }
  }

  private func settings() throws -> AWSSettings {
    let environment = AWSEnvironment((self.env ?? [:]).merging(["HOME": "$HOME"]) { $1 })
    let paths = SharedFilePaths(environment)
    let files = ["$HOME/.aws/config": self.config, "$HOME/.aws/credentials": self.credentials]
    let shared = SharedConfiguration(
      config: try Self.file(paths.config, kind: .config, in: files),
      credentials: try Self.file(paths.credentials, kind: .credentials, in: files))
    return try AWSSettings(environment: environment, shared: shared)
  }

  private static func file(
    _ path: String?, kind: SharedFile.Kind, in files: [String: String?]
  ) throws -> SharedFile? {
    guard let path, let text = files[path] ?? nil else { return nil }
    return try SharedFile(parsing: Array(text.utf8), kind: kind, path: path)
  }

  // MARK: Endpoints

  private static func endpoints(_ settings: AWSSettings) -> JSONTree {
    let targets: [AWSService: String] = [
      .iotJobsData: "/things/t/jobs", .iot: DescribeEndpoint.target, .sts: STSRequest.path,
    ]
    var outcome: [String: JSONTree] = [:]
    for (service, target) in targets {
      outcome[service.signingName] =
        (try? settings.endpoint(for: service)).map { endpoint in
          .object([
            "url": .text(Self.url(endpoint.url, target)),
            "scope": .text("\(endpoint.signingRegion)/\(endpoint.signingName)"),
          ])
        } ?? .error
    }
    return .object(outcome)
  }

  private static func url(_ url: HTTPURL, _ target: String) -> String {
    "\(url.isSecure ? "https" : "http")://\(url.hostHeader)\(url.basePath)\(target)"
  }

  // MARK: Credentials

  private static func credentials(
    _ plan: CredentialPlan, _ settings: AWSSettings
  ) throws -> JSONTree {
    guard let step = plan.chosen else { return .null }
    guard case .configured(let source) = step.finding else { return .error }
    #expect(source.kind == step.kind)
    var requests: [JSONTree] = []
    let key = try Self.ask(source, settings, &requests)
    var outcome = ["source": JSONTree.text(step.kind.name)]
    if [.environment, .sharedFile, .configFile].contains(step.kind) {
      outcome["accessKeyId"] = .text(key)
    }
    if !requests.isEmpty { outcome["requests"] = .list(requests) }
    return .object(outcome)
  }

  /// Notes what would be asked, and answers with the id of the key that would come of it.
  private static func ask(
    _ source: PlannedSource, _ settings: AWSSettings, _ requests: inout [JSONTree]
  ) throws -> String {
    switch source {
    case .environment(let credential), .sharedFile(let credential, _),
      .configFile(let credential, _):
      return credential.accessKeyID
    case .process(let plan):
      requests.append(.object(["command": .list(plan.command.map { .text($0.text) })]))
      return "ASIAANSWERED00000000"
    case .container(let plan):
      var request = ["url": JSONTree.text(plan.url.text)]
      switch plan.authorization {
      case .none: break
      case .token(let token): request["authorization"] = .text(token.text)
      case .file(let path):
        #expect(path == "$TOKEN")
        request["authorization"] = .text("head.body.tail")
      }
      requests.append(.object(request))
      return "ASIAANSWERED00000000"
    case .instanceMetadata(let plan):
      requests.append(.object(["url": .text(plan.endpoint.text)]))
      return "ASIAANSWERED00000000"
    case .webIdentity(let plan):
      #expect(plan.tokenFile == "$TOKEN")
      let call = STSRequest.assumeRole(
        plan, token: Secret("head.body.tail"), sessionName: "SESSION")
      return try Self.ask(call, signedWith: nil, settings, &requests)
    case .assumeRole(let plan):
      let key = try Self.ask(plan.source, settings, &requests)
      let call = STSRequest.assumeRole(plan, sessionName: "SESSION")
      return try Self.ask(call, signedWith: key, settings, &requests)
    }
  }

  private static func ask(
    _ call: STSRequest, signedWith key: String?, _ settings: AWSSettings,
    _ requests: inout [JSONTree]
  ) throws -> String {
    #expect(call.isSigned == (key != nil))
    let endpoint = try settings.endpoint(for: .sts)
    var request: [String: JSONTree] = [
      "url": .text(Self.url(endpoint.url, STSRequest.path)), "form": .object(Self.form(call.body)),
    ]
    if let key { request["signedWith"] = .text(key) }
    requests.append(.object(request))
    let number = String(requests.count)
    return "ASIAASSUMED" + String(repeating: "0", count: 9 - number.count) + number
  }

  private static func form(_ body: [UInt8]) -> [String: JSONTree] {
    var form: [String: JSONTree] = [:]
    for pair in String(decoding: body, as: UTF8.self).split(separator: "&") {
      let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      form[String(halves[0])] = .text(
        halves[1].replacing("+", with: " ").removingPercentEncoding ?? "")
    }
    return form
  }
}
