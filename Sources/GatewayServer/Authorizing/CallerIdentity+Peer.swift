// SPDX-License-Identifier: Apache-2.0

package import Authorization
import CryptoEngine
package import Transport

extension CallerIdentity {
  /// Who a connection's peer is, as far as the connection itself tells.
  package init(_ peer: ConnectionPeer) {
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
