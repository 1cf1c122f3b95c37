// Splits URLs by hand for the hot path; tests/fuzz/url_fuzz.cc holds it to libcurl's parser.
#pragma once

#include <optional>
#include <string_view>

#include "ingest/scratch.h"

namespace juncture {

// Views into the URL. Of a target like /path?query the host is empty.
struct UrlParts {
  std::string_view scheme;
  std::string_view host;  // without user, port and the brackets of an IPv6 address
  std::string_view path;
  std::string_view query;  // without '?'
};

UrlParts split_url(std::string_view url);

// Value of the first parameter of that name, still encoded; none if it is not there or empty.
std::optional<std::string_view> query_parameter(std::string_view query, std::string_view name);

// A form's encoding: %xx, '+' for a space; an escape that is none stays as it is. None if it is not UTF-8.
std::optional<std::string_view> decode_parameter(std::string_view encoded, Arena& arena);

bool equal_ignoring_case(std::string_view a, std::string_view b);  // ASCII
bool ends_with_ignoring_case(std::string_view text, std::string_view ending);

}  // namespace juncture
