// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Transport

/// Decides whether a request comes from whoever sits at this machine, or from a page of somebody
/// else's that their browser has open.
///
/// A browser on the same machine reaches a loopback listener for any page it shows. Three things keep
/// such a page out:
///
/// - a name of its own that it has made to resolve to 127.0.0.1 (DNS rebinding) stands in `Host`, so
///   only this machine's own names are taken there;
/// - a browser says itself that a request crosses sites (Fetch Metadata): it may open the page, as a
///   link in a runbook does, and nothing else;
/// - a change needs a method and a content type that no form can send, so a browser would ask for
///   leave first (Fetch, "CORS-preflight fetch"), which is not given; and no `Origin` but our own.
///
/// Answers carry no `Access-Control-Allow-Origin`: other pages cannot read them.
enum RequestGuard {
  enum Verdict: Equatable {
    case admit
    case refuse(Refusal)
  }

  enum Refusal: Equatable {
    case foreignHost
    case crossSite
    case foreignOrigin
    case contentType

    var status: HTTPResponseStatus {
      switch self {
      case .foreignHost: .misdirectedRequest
      case .crossSite, .foreignOrigin: .forbidden
      case .contentType: .unsupportedMediaType
      }
    }

    var words: String {
      switch self {
      case .foreignHost: "ask for it by localhost or a loopback address"
      case .crossSite: "other sites have no business here"
      case .foreignOrigin: "a change comes from this page or from no page at all"
      case .contentType: "a change is sent as application/json"
      }
    }
  }

  static func judge(_ head: HTTPRequestHead) -> Verdict {
    let hosts = head.headers["host"]
    guard hosts.count == 1, let host = hosts.first, Self.isLocal(host) else {
      return .refuse(.foreignHost)
    }
    let isChange = head.method != .GET && head.method != .HEAD
    if let site = head.headers.first(name: "sec-fetch-site"), site != "same-origin",
      site != "none"
    {
      let opensPage = !isChange && head.headers.first(name: "sec-fetch-mode") == "navigate"
      guard opensPage else { return .refuse(.crossSite) }
    }
    guard isChange else { return .admit }
    let origins = head.headers["origin"]
    guard origins.allSatisfy({ $0.lowercased() == "http://\(host.lowercased())" }) else {
      return .refuse(.foreignOrigin)
    }
    guard Self.isJSON(head.headers["content-type"]) else { return .refuse(.contentType) }
    return .admit
  }

  /// True for `localhost` and literal loopback addresses, with any port: what stands here is the
  /// near end of a tunnel as often as our own.
  static func isLocal(_ host: String) -> Bool {
    let host = host.lowercased()
    guard !host.hasPrefix("unix:") else { return false }
    let hasPort = host.hasPrefix("[") ? host.contains("]:") : host.contains(":")
    let address = try? ListenAddress(hasPort ? host : host + ":80")
    return address?.isLoopback ?? false
  }

  private static func isJSON(_ values: [String]) -> Bool {
    guard values.count == 1, let value = values.first else { return false }
    let type = value.prefix { $0 != ";" }.filter { $0 != " " }
    return type.lowercased() == "application/json"
  }
}
