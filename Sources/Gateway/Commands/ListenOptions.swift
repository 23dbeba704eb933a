// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The flags that say where callers come in, and how they are secured.
struct ListenOptions: ParsableArguments {
  @Option(help: .of(ListenSettings.addresses)) var listen: [String] = []
  @Option(help: .of(ServeSettings.adminListen)) var adminListen: String?
  @Option(help: .of(ServeSettings.operatorListen)) var operatorListen: String?
  @Flag(help: .of(SharedSettings.allowInsecureRemote)) var allowInsecureRemote = false
  @Option(help: .of(UnixSocketSettings.mode)) var unixSocketMode: String?
  @Option(help: .of(UnixSocketSettings.owner)) var unixSocketOwner: String?
  @Option(help: .of(ListenSettings.certificate)) var tlsCertificate: String?
  @Option(help: .of(ListenSettings.key)) var tlsKey: String?
  @Option(help: .of(ListenSettings.clientCA)) var tlsClientCa: String?
  @Option(help: .of(ListenSettings.clientCRL)) var tlsClientCrl: String?
  @Option(help: .of(ListenSettings.clientAuthentication)) var tlsClientAuth: String?
  @Option(help: .of(ListenSettings.patience)) var handshakeTimeout: String?

  func add(to table: inout FlagTable) {
    table.take(ListenSettings.addresses, self.listen)
    table.take(ServeSettings.adminListen, self.adminListen)
    table.take(ServeSettings.operatorListen, self.operatorListen)
    table.take(SharedSettings.allowInsecureRemote, self.allowInsecureRemote)
    table.take(UnixSocketSettings.mode, self.unixSocketMode)
    table.take(UnixSocketSettings.owner, self.unixSocketOwner)
    table.take(ListenSettings.certificate, self.tlsCertificate)
    table.take(ListenSettings.key, self.tlsKey)
    table.take(ListenSettings.clientCA, self.tlsClientCa)
    table.take(ListenSettings.clientCRL, self.tlsClientCrl)
    table.take(ListenSettings.clientAuthentication, self.tlsClientAuth)
    table.take(ListenSettings.patience, self.handshakeTimeout)
  }
}
