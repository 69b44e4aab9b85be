// Whom egress believes about the names of others: the machine's own list of certificate authorities, read
// once, before the jail.
#pragma once

#include <curl/curl.h>

#include <memory>

#include "privsep/base/error.h"
#include "privsep/base/handles.h"

struct x509_store_st;
extern "C" void X509_STORE_free(x509_store_st*);

namespace mcpbox::egress {

class Roots {
 public:
  // path: PEM certificates.  Also has libcurl and its TLS library open and make what they open and make once.
  [[nodiscard]] static base::Result<Roots> load(const char* path);

  // This transfer verifies its peer against these and nothing else.
  void use_in(CURL* easy) const;

 private:
  std::unique_ptr<x509_store_st, base::FreeWith<X509_STORE_free>> store_;
};

}  // namespace mcpbox::egress
