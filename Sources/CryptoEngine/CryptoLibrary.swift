// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The library behind the fence, for build information.
package enum CryptoLibrary {
  /// OpenSSL's version as it is loaded, for example `3.0.19`.
  package static var version: String {
    // The text is static in the library.
    unsafe String(cString: OpenSSL_version(OPENSSL_VERSION_STRING))
  }
}
