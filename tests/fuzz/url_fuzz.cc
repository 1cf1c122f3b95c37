// Where libcurl reads an address as it stands, our split gives the same host, path and query.
#include <curl/curl.h>

#include <string>
#include <string_view>

#include "ingest/url.h"
#include "juncture/core/result.h"

namespace {

std::string part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

// libcurl normalises; what it would change is left out of the comparison.
bool plain(std::string_view address) {
  return address.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/:?&=@,;+[]#") ==
             std::string_view::npos &&
         address.find("/.") == std::string_view::npos && address.find(":///") == std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace juncture;
  const std::string bytes(data, data + size);
  static Arena arena;
  arena.clear();
  const UrlParts any = split_url(bytes);
  if (const auto value = query_parameter(any.query, "q")) static_cast<void>(decode_parameter(*value, arena));

  const std::string address = "http://" + bytes;
  if (!plain(address)) return 0;
  CURLU* const url = curl_url();
  if (curl_url_set(url, CURLUPART_URL, address.c_str(), 0) == CURLUE_OK) {
    const UrlParts ours = split_url(address);
    std::string host = part(url, CURLUPART_HOST);
    if (!host.empty() && host.front() == '[') host = host.substr(1, host.size() - 2);
    // An address in numbers comes out in its usual spelling: 127.1 is 127.0.0.1.
    const bool numbers = host.find_first_not_of("0123456789.:abcdefABCDEF") == std::string::npos;
    JUNCTURE_ASSERT(numbers || equal_ignoring_case(ours.host, host));
    const std::string path = part(url, CURLUPART_PATH);
    JUNCTURE_ASSERT(ours.path == path || (ours.path.empty() && path == "/"));
    JUNCTURE_ASSERT(ours.query == part(url, CURLUPART_QUERY));
  }
  curl_url_cleanup(url);
  return 0;
}
