// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc

/// The library behind the fence, for build information.
package enum CryptoLibrary {
  /// OpenSSL's version as it is loaded, for example `3.0.19`.
  package static var version: String {
    // The text is static in the library.
    unsafe String(cString: OpenSSL_version(OPENSSL_VERSION_STRING))
  }

  /// Where ``TLSTrust/system`` looks: a file of certificates, and directories of them by their hash
  /// with colons between. The environment may name others than those the library was built with.
  package static var systemTrust: (file: String, directories: String) {
    (
      file: unsafe self.place(X509_get_default_cert_file_env(), X509_get_default_cert_file()),
      directories: unsafe self.place(X509_get_default_cert_dir_env(), X509_get_default_cert_dir())
    )
  }

  private static func place(
    _ variable: UnsafePointer<CChar>?, _ standard: UnsafePointer<CChar>?
  ) -> String {
    // Static strings of the library; the environment's is copied at once.
    if let variable = unsafe variable, let value = unsafe getenv(variable) {
      return unsafe String(cString: value)
    }
    return if let standard = unsafe standard { unsafe String(cString: standard) } else { "" }
  }
}
