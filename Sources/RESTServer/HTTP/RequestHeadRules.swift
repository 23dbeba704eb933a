// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// What a head must be so that nobody on the way can have read another request into the same bytes,
/// or another host (RFC 9112 §3.2, §6.1, §11.2). The parser refuses most of this; whoever stands
/// behind proxies of all kinds does not rest on one reader.
extension HTTPRequestHead {
  var isUnambiguous: Bool {
    var hosts = 0
    var lengths = 0
    var codings = 0
    for (name, value) in self.headers {
      // A value with a line end in it was folded (RFC 9112 §5.2), or is two headers to somebody else.
      guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else { return false }
      switch name.utf8.count {
      case 4 where name.isHeader("host"): hosts += 1
      case 14 where name.isHeader("content-length"):
        guard value.isNumber else { return false }
        lengths += 1
      case 17 where name.isHeader("transfer-encoding"):
        guard value.isHeader("chunked") else { return false }
        codings += 1
      default: break
      }
    }
    // HTTP/1.0 has no transfer codings, and needs no host (RFC 9112 §6.1, §3.2).
    let isLatest = self.version.minor >= 1
    return lengths + codings <= 1 && (isLatest ? hosts == 1 : hosts <= 1 && codings == 0)
  }

  /// The parser reads nothing more behind such a head, so its answer is the connection's last.
  var leavesHTTP1: Bool {
    self.method == .CONNECT || self.headers.contains(name: "upgrade")
  }
}

extension String {
  /// `name` is in lower case.
  fileprivate func isHeader(_ name: String) -> Bool {
    self.utf8.elementsEqual(name.utf8) { byte, wanted in
      (UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte) == wanted
    }
  }

  fileprivate var isNumber: Bool {
    1...18 ~= self.utf8.count
      && self.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
  }
}
