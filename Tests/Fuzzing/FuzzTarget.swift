// SPDX-License-Identifier: Apache-2.0

// What strangers' bytes meet first, each behind one door: bytes go in, and what is claimed of the
// code holds or does not. libFuzzer looks for bytes that break a claim (Tests/fuzz.sh); the tests
// play what it has found worth keeping (Tests/Corpus). A claim here is more than "does not crash":
// how input is split must not matter, and what was written must read back.

/// A door that bytes from outside come through. The raw value names the folder of its corpus.
enum FuzzTarget: String, CaseIterable, Sendable {
  /// The body of a gRPC request: prefixes, messages, gzip.
  case framing
  /// The fields of a gRPC request's head.
  case metadata
  /// Requests' protobuf messages.
  case protobuf
  /// The messages of watches and waits, and resume tokens.
  case watching
  /// A stream of questions of server reflection.
  case reflection
  /// JSON of any form.
  case json
  /// Any server's answers as bytes of HTTP/1.1, and a proxy's.
  case answers
  /// The answers of AWS's REST services, errors included.
  case replies
  /// The answers of those who give credentials.
  case credentials
  /// A connection's bytes, HTTP/2 or not.
  case http2
  /// Requests as the emulator and the REST server get them.
  case signing
  /// The same requests once they are let in: targets, bodies, faults that are asked for.
  case requests
  /// The configuration file.
  case configuration
  /// AWS's shared files.
  case awsfiles
  /// The authorization policy and the table of tokens.
  case policy

  func run(_ bytes: [UInt8]) throws(BrokenClaim) {
    switch self {
    case .framing: try FramingTarget.run(bytes)
    case .metadata: try MetadataTarget.run(bytes)
    case .protobuf: try ProtobufTarget.run(bytes)
    case .watching: try WatchingTarget.run(bytes)
    case .reflection: try ReflectionTarget.run(bytes)
    case .json: try JSONTarget.run(bytes)
    case .answers: try AnswersTarget.run(bytes)
    case .replies: try RepliesTarget.run(bytes)
    case .credentials: try CredentialsTarget.run(bytes)
    case .http2: try HTTP2Target.run(bytes)
    case .signing: try SigningTarget.run(bytes)
    case .requests: try RequestsTarget.run(bytes)
    case .configuration: try ConfigurationTarget.run(bytes)
    case .awsfiles: try AWSFilesTarget.run(bytes)
    case .policy: try PolicyTarget.run(bytes)
    }
  }
}

/// Something that was said of the code and is not so.
struct BrokenClaim: Error, Equatable {
  var words: String
}

/// Says something of the code: `words` tell what holds.
func claim(_ holds: Bool, _ words: @autoclosure () -> String) throws(BrokenClaim) {
  guard holds else { throw BrokenClaim(words: words()) }
}
