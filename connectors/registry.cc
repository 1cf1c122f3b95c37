// Every connector there is. A new one: a folder beside this file, and a line here.
#include <array>

#include "access-log/access_log.h"
#include "juncture/ingest/connector.h"
#include "native/native.h"

namespace juncture {
namespace {

constexpr std::array<Connector, 2> kConnectors{{
    {"native", parse_native},
    {"access-log", parse_access_log},
}};

}  // namespace

std::span<const Connector> connectors() {
  return kConnectors;
}

const Connector* find_connector(std::string_view name) {
  for (const Connector& connector : kConnectors) {
    if (connector.name == name) return &connector;
  }
  return nullptr;
}

}  // namespace juncture
