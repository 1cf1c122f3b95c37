// What the address of a page says: of which kind its host and the words of its path are, and whether it is the site
// that the query names.
#pragma once

#include <cstdint>

#include "juncture/core/web.h"
#include "text/normalise.h"
#include "text/web_words.h"

namespace juncture::text {

struct LandingFacts {
  bool page = false;            // there was a URL with a host or a path
  std::uint8_t host_kinds = 0;  // bits, of LandingKind
  std::uint8_t path_kinds = 0;
  std::uint8_t from_kinds = 0;  // of the referrer's host
  std::uint8_t depth = 0;       // segments of the path
  float likeness = 0;           // of query and site: 2 x longest common subsequence / letters of both
  float covered = 0;            // share of the site's letters that words of the query make up
  float used = 0;               // share of the query's letters that were used for it
  bool leads = false;           // the query begins with a word of the site's name
  bool initials = false;        // the site is called by the first letters of the query's words
};

// Any bytes; looks at the first 512 of an address. `query` may be empty.
LandingFacts read_landing(const Landing& landing, const Normalised& query, const WebIndex& index);

}  // namespace juncture::text
