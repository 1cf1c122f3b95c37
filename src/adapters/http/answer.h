// Writes an answer's bytes: fixed headers, problems as RFC 9457, nothing of the request but a sane request id.
#pragma once

#include <string>
#include <string_view>

#include "juncture/adapters/http_server.h"

namespace juncture {

struct SendOptions {
  bool head_only = false;
  bool keep_alive = true;
  std::string_view request_id;  // checked by is_sane_request_id
  std::string_view date;        // an IMF-fixdate
};

// Settles 304 for a request that already has the answer's ETag, then writes head and body. A `borrowed` body is left
// out of the bytes: the caller sends it after them.
std::string serialised(HttpAnswer& answer, const HttpRequest* request, const SendOptions& options);

// The head of an event stream; no length: it ends with the connection.
std::string stream_head(std::string_view request_id);

bool is_sane_request_id(std::string_view id);
std::string_view reason_of(int status);

}  // namespace juncture
