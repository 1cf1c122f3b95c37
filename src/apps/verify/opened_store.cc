#include "apps/verify/opened_store.h"

#include <utility>

namespace juncture::apps::verify {

Result<OpenedStore> look_into(Result<std::unique_ptr<Store>> store) {
  OpenedStore out;
  if (!store) return tl::unexpected(store.error());
  if (!*store) return out;
  const auto text = (*store)->mark();
  if (!text) return tl::unexpected(text.error());
  if (text->empty()) {
    std::size_t values = 0;
    const Status scanned = (*store)->scan([&](std::string_view, std::string_view) { ++values; });
    if (!scanned) return tl::unexpected(scanned.error());
    if (values == 0) return out;
  }
  out.mark = read_mark(*text);
  if (!out.mark) return fail(Domain::environment, "store_damaged", "its mark cannot be read: `" + *text + "`");
  out.open = std::move(*store);
  return out;
}

}  // namespace juncture::apps::verify
