// Runs in [egress].  Pure but for one question to libcurl.  No word of a server gets into a text.
#include "egress/egress/faults.h"

#include <openssl/x509.h>

namespace mcpbox::egress {

using protocol::FetchFault;

namespace {

Fault tls_fault(CURLcode result, CURL* easy) {
  long verdict = X509_V_OK;
  curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
  if (verdict != X509_V_OK && verdict != X509_V_ERR_UNSPECIFIED)
    return {FetchFault::kTls, std::string("TLS: the server's certificate is not accepted: ") +
                                  X509_verify_cert_error_string(verdict)};
  if (result == CURLE_PEER_FAILED_VERIFICATION)
    return {FetchFault::kTls, "TLS: the server's certificate is for another name"};
  return {FetchFault::kTls, "TLS: the handshake failed: does the server speak TLS on this port?"};
}

}  // namespace

Fault fault_of(CURLcode result, CURL* easy, bool connected) {
  switch (result) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
      return tls_fault(result, easy);
    case CURLE_OPERATION_TIMEDOUT:
      if (!connected) return {FetchFault::kConnectTimeout, "the TLS handshake was not over in time"};
      return {FetchFault::kIdleTimeout, "the server did not answer in time"};
    case CURLE_COULDNT_CONNECT:
      return {FetchFault::kConnect, "the connection could not be used"};
    case CURLE_GOT_NOTHING:
      return {FetchFault::kProtocol, "the server closed the connection without an answer"};
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
      return {FetchFault::kWrite, "the connection broke while the request was sent"};
    case CURLE_RECV_ERROR:
      return {FetchFault::kRead, "the connection broke while the response came"};
    case CURLE_PARTIAL_FILE:
      return {FetchFault::kProtocol, "the server closed the connection before the response was complete"};
    default:
      return {FetchFault::kProtocol, "the server's answer is not proper HTTP"};
  }
}

Fault fault_of_dial(const base::Error& why, const std::string& where) {
  const std::string text = where + ": " + why.text;
  switch (why.why) {
    case base::Why::kRefused:
    case base::Why::kInvalid:
      return {FetchFault::kAddress, text};
    case base::Why::kNotFound:
      return {FetchFault::kName, "DNS: " + text};
    case base::Why::kTimeout:
      return {FetchFault::kConnectTimeout, text};
    default:
      return {FetchFault::kConnect, "connection: " + text};
  }
}

}  // namespace mcpbox::egress
