// Whether a text speaks of a problem, an opportunity, a want or a need.
#pragma once

#include <optional>
#include <string_view>

namespace juncture {

// Index into kPownNames; none where no word says so, or two say different things equally often. By English words alone:
// a text of another language has none. Looks at the first 64 words; allocates nothing.
std::optional<std::size_t> pown_of(std::string_view text);

}  // namespace juncture
