// SPDX-License-Identifier: Apache-2.0
// OpenSSL as Swift sees it. Only CryptoEngine imports this module.
#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

#include <openssl/opensslv.h>

#if OPENSSL_VERSION_MAJOR < 3
#error "OpenSSL 3.0 or later is needed"
#endif

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

/// Tells an HMAC context which digest to use. A parameter keeps the addresses of its name and value,
/// and Swift would make strings for them that die too early; here both outlive the call.
static inline int copenssl_hmac_select_sha256(EVP_MAC_CTX *context) {
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  return EVP_MAC_CTX_set_params(context, parameters);
}

// Macros that Swift does not see, each a function or a constant of the same name.

static inline void copenssl_clear_retry_flags(BIO *bio) {
  BIO_clear_retry_flags(bio);
}

static inline void copenssl_set_retry_read(BIO *bio) {
  BIO_set_retry_read(bio);
}

static inline int copenssl_ctx_set_versions(SSL_CTX *context, int least, int greatest) {
  return SSL_CTX_set_min_proto_version(context, least) &&
         SSL_CTX_set_max_proto_version(context, greatest);
}

static inline void copenssl_ctx_set_mode(SSL_CTX *context, long mode) {
  SSL_CTX_set_mode(context, mode);
}

static inline void copenssl_ctx_set_session_cache_mode(SSL_CTX *context, long mode) {
  SSL_CTX_set_session_cache_mode(context, mode);
}

static inline void copenssl_ctx_set_max_cert_list(SSL_CTX *context, long bytes) {
  SSL_CTX_set_max_cert_list(context, bytes);
}

static inline int copenssl_ctx_add1_chain_cert(SSL_CTX *context, X509 *certificate) {
  return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

static inline int copenssl_set_tlsext_host_name(SSL *ssl, const char *name) {
  return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline void copenssl_free(void *memory) {
  OPENSSL_free(memory);
}

static inline X509 *copenssl_ctx_get0_certificate(const SSL_CTX *context) {
  return SSL_CTX_get0_certificate(context);
}

static const uint64_t copenssl_op_no_compression = SSL_OP_NO_COMPRESSION;
static const uint64_t copenssl_op_no_renegotiation = SSL_OP_NO_RENEGOTIATION;
static const uint64_t copenssl_op_server_preference = SSL_OP_CIPHER_SERVER_PREFERENCE;
static const unsigned long copenssl_name_on_one_line = XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ;

#endif
