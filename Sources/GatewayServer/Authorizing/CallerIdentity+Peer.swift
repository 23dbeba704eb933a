// SPDX-License-Identifier: Apache-2.0

import Authorization
import CryptoEngine
import Transport

extension CallerIdentity {
  /// Who a connection's peer is, as far as the connection itself tells.
  init(_ peer: ConnectionPeer) {
    switch peer {
    case .unix(let uid, _, _):
      self.init(uid: uid)
    case .certificate(let names):
      self.init(uriNames: names.uris, dnsNames: names.dnsNames, commonName: names.commonName)
    case .anonymous:
      self = .unknown
    }
  }
}
