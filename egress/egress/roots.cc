// Runs in [egress]: load() before the jail.  Trusts the root-owned file.
#include "egress/egress/roots.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace mcpbox::egress {
namespace {

CURLcode set_store(CURL* /*easy*/, void* context, void* store) {
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(context), static_cast<X509_STORE*>(store));
  return CURLE_OK;
}

}  // namespace

base::Result<Roots> Roots::load(const char* path) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    return base::fail(base::Why::kBroken, "libcurl does not start");
  // Its algorithms come from configuration and providers that are looked for in files.
  const std::unique_ptr<SSL_CTX, base::FreeWith<SSL_CTX_free>> first(SSL_CTX_new(TLS_client_method()));
  Roots roots;
  roots.store_.reset(X509_STORE_new());
  if (first == nullptr || roots.store_ == nullptr)
    return base::fail(base::Why::kBroken, "TLS does not start");
  if (X509_STORE_load_file(roots.store_.get(), path) != 1)
    return base::fail(base::Why::kNotFound,
                      "the list of certificate authorities cannot be read: install ca-certificates");
  return roots;
}

void Roots::use_in(CURL* easy) const {
  curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, set_store);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, store_.get());
}

}  // namespace mcpbox::egress
