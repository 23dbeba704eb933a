// SPDX-License-Identifier: Apache-2.0

import Transport
import Upstream

/// Everything that `serve` can be told, each with its default and its reason.
enum ServeSettings {
  static let listen = SharedSettings.addresses(
    "listen", help: "Where gRPC is served, over HTTP/2 with prior knowledge. Repeatable.",
    fallback: "127.0.0.1:50051")

  static let adminListen = SharedSettings.address(
    "admin-listen", help: "Where /metrics, /livez and /readyz are served.",
    fallback: "127.0.0.1:9464")

  static let upstreamEndpoint = Setting(
    "upstream-endpoint",
    help: "URL of the IoT Jobs data endpoint; `aws iot describe-endpoint --endpoint-type iot:Jobs` "
      + "tells it.",
    allowed: "an http:// or https:// URL without user name, query and fragment"
  ) { try? UpstreamEndpoint(url: $0) }

  static let region = Setting(
    "region", help: "AWS region, which is part of each signature.",
    allowed: "a region such as eu-west-1"
  ) { (text: String) -> String? in
    let legal = text.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
    }
    return legal && (1...32).contains(text.utf8.count) ? text : nil
  }

  static let requestLimit = Setting<Int>.count(
    "request-limit-bytes", help: "Largest request message taken.", in: 1_024...4_194_304,
    fallback: 65_536)

  static let connections = Setting<Int>.count(
    "connection-limit", help: "gRPC connections open at a time, for each listener.",
    in: 1...100_000, fallback: 10_000)

  static let streams = Setting<Int>.count(
    "stream-limit", help: "Calls at a time on one gRPC connection.", in: 1...10_000,
    fallback: 256)

  static let upstreamConnections = Setting<Int>.count(
    "upstream-connection-limit",
    help: "Connections to AWS open at a time, over all threads: HTTP/1.1 carries one call each.",
    in: 1...10_000, fallback: 100)

  static let upstreamWaiting = Setting<Int>.count(
    "upstream-waiting-limit",
    help: "Calls that may wait for a connection to AWS, over all threads; more are refused.",
    in: 0...100_000, fallback: 1_000)

  static let upstreamIdle = Setting<Duration>.duration(
    "upstream-idle-timeout", help: "How long an unused connection to AWS is kept.",
    fallback: "15s")

  static let upstreamConnect = Setting<Duration>.duration(
    "upstream-connect-timeout", help: "How long a connection to AWS may take to open.",
    fallback: "5s")

  static let upstreamAttempt = Setting<Duration>.duration(
    "upstream-attempt-timeout", help: "How long one request to AWS may take as a whole.",
    fallback: "30s")

  static let upstreamBody = Setting<Int>.count(
    "upstream-response-limit-bytes", help: "Largest response body read from AWS.",
    in: 1_024...16_777_216, fallback: 1_048_576)
}
