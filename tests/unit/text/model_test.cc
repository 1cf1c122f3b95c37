#include "juncture/text/model.h"

#include "juncture/core/hash.h"
#include "juncture/text/scorer.h"
#include "unit/text/given.h"

namespace juncture {
namespace {

std::uint64_t read_u64(const std::string& bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i > 0; --i) value = value << 8U | static_cast<unsigned char>(bytes[at + i - 1]);
  return value;
}
void write_u64(std::string& bytes, std::size_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i) & 0xffU);
}

constexpr std::size_t kHeader = 64, kEntry = 32;

std::size_t sections_of(const std::string& bytes) {
  return read_u64(bytes, 12) & 0xffffffffU;
}

// Makes all checksums right again, so that only the meaning is wrong.
void reseal(std::string& bytes) {
  const std::size_t count = sections_of(bytes), first = kHeader + count * kEntry;
  for (std::size_t s = 0; s < count; ++s) {
    const std::size_t entry = kHeader + s * kEntry;
    const std::string_view data(bytes.data() + read_u64(bytes, entry + 8), read_u64(bytes, entry + 16));
    write_u64(bytes, entry + 24, hash64(data));
  }
  const std::string_view body = std::string_view(bytes).substr(first);
  write_u64(bytes, 32, hash64(body));
  write_u64(bytes, 40, hash64(body, 1));
  write_u64(bytes, 48, hash64(std::string_view(bytes).substr(kHeader, count * kEntry)));
}

TEST_CASE("a model read back is the same model", "[text]") {
  const TextModel model = quickly_trained();
  const std::string bytes = serialize(model);
  const Result<TextModel> back = load_model(bytes);

  REQUIRE(back);
  CHECK(back->version() == model.version());
  CHECK(back->meta() == model.meta());
  CHECK(serialize(*back) == bytes);
  TextScorer a(model), b(*back);
  const TextEvidence x = a.score("best crm for hotels", Device::mobile),
                     y = b.score("best crm for hotels", Device::mobile);
  CHECK(x.log_ratio == y.log_ratio);
  CHECK(x.moments == y.moments);
  CHECK(x.roles == y.roles);
}

TEST_CASE("two trainings give the same bytes and another seed gives another version", "[text]") {
  TrainOptions options;
  options.epochs = 2;
  const TextModel model = trained(options);
  CHECK(serialize(trained(options)) == serialize(model));
  CHECK(model.version().size() == 10);
  CHECK(model.version().starts_with("m-"));

  options.seed = 5;
  CHECK(trained(options).version() != model.version());
}

TEST_CASE("a model carries a fitted chain, which is part of its version", "[text]") {
  const TextModel model = quickly_trained();
  const auto with = with_chain(model, "numbers"), other = with_chain(model, "others"), without = with_chain(*with, "");
  REQUIRE(with);
  REQUIRE(other);
  REQUIRE(without);
  CHECK(model.chain().empty());
  CHECK(with->chain() == "numbers");
  CHECK(with->version() != model.version());
  CHECK(with->version() != other->version());
  CHECK(serialize(*without) == serialize(model));
  const auto back = load_model(serialize(*with));
  REQUIRE(back);
  CHECK(back->chain() == "numbers");
  CHECK(back->version() == with->version());
}

TEST_CASE("what models say differs where they do", "[text]") {
  const TextModel model = quickly_trained();
  const auto with = with_chain(model, "numbers");
  REQUIRE(with);
  const auto facts = describe(model), same = describe(*load_model(serialize(model))), more = describe(*with);
  REQUIRE(facts.size() == same.size());
  for (std::size_t i = 0; i < facts.size(); ++i) CHECK(facts[i].value == same[i].value);
  CHECK(facts[0].name == "version");
  CHECK(facts[0].value == model.version());
  CHECK(more.size() == facts.size() + 1);
  CHECK(more[0].value != facts[0].value);
}

TEST_CASE("a flipped bit in the header, the table or any section is refused", "[text]") {
  const std::string good = serialize(*with_chain(quickly_trained(), "numbers"));
  const std::size_t count = sections_of(good);
  std::vector<std::size_t> places{0, 8, 12, 16, 33, 41, 49, 57, kHeader, kHeader + 9, kHeader + 17, kHeader + 25};
  for (std::size_t s = 0; s < count; ++s) {
    const std::size_t entry = kHeader + s * kEntry;
    const std::size_t offset = read_u64(good, entry + 8), size = read_u64(good, entry + 16);
    REQUIRE(size > 0);
    places.insert(places.end(), {entry, offset, offset + size / 2, offset + size - 1});
  }
  for (const std::size_t place : places) {
    std::string bad = good;
    bad[place] = static_cast<char>(bad[place] ^ 4);
    CAPTURE(place);
    const Result<TextModel> model = load_model(bad);
    REQUIRE_FALSE(model);
    CHECK(model.error().domain == Domain::setup);
    CHECK(model.error().code == "model");
  }
}

TEST_CASE("a model cut short or lengthened is refused", "[text]") {
  const std::string good = serialize(quickly_trained());
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{63}, std::size_t{200}, good.size() - 1}) {
    CHECK_FALSE(load_model(std::string_view(good).substr(0, size)));
  }
  CHECK_FALSE(load_model(good + "x"));
}

TEST_CASE("with true checksums a wrong meaning is still refused", "[text]") {
  const std::string good = serialize(quickly_trained());
  std::string same = good;
  reseal(same);
  REQUIRE(same == good);

  for (std::size_t s = 0; s < sections_of(good); ++s) {
    const std::size_t entry = kHeader + s * kEntry;
    const std::uint64_t type = read_u64(good, entry) & 0xffffffffU;
    if (type == 1) continue;  // words for people
    std::string bad = good;
    const std::size_t offset = read_u64(good, entry + 8), size = read_u64(good, entry + 16);
    for (std::size_t at = offset; at < offset + size; ++at) bad[at] = static_cast<char>(~bad[at]);
    reseal(bad);
    CAPTURE(type);
    CHECK_FALSE(load_model(bad));
  }
}

}  // namespace
}  // namespace juncture
