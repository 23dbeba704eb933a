// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The cases of Tests/Vectors/endpoints.json: what AWS's own rule set and client make of settings.
struct EndpointVectors: Decodable {
  /// Inputs to the rule set alone.
  struct RuleSetCase: Decodable, Sendable {
    struct Expected: Decodable, Sendable {
      var url: String?
      var error: String?
    }
    var id: String
    var region: String?
    var useFIPS: Bool
    var useDualStack: Bool
    var endpoint: String?
    var expected: Expected
  }

  /// A whole client with nothing else configured. The first four members stand for code.
  struct ClientCase: Decodable, Sendable {
    struct Expected: Decodable, Sendable {
      var url: String?
      var signingRegion: String?
      var signingName: String?
      var requestURL: String?
      var hostHeader: String?
      var clientError: String?
    }
    var id: String
    var region: String?
    var useFIPS: Bool?
    var useDualStack: Bool?
    var endpointURL: String?
    var useSSL: Bool?
    var env: [String: String]
    var sharedConfig: String?
    var expected: Expected
  }

  var ruleset: [RuleSetCase]
  var client: [ClientCase]

  static func load() throws -> EndpointVectors {
    let url = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Vectors/endpoints.json")
    return try JSONDecoder().decode(EndpointVectors.self, from: Data(contentsOf: url))
  }
}
