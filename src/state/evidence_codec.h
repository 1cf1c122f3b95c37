// One evidence record as exactly 64 bytes.
#pragma once

#include <string>

#include "juncture/core/evidence.h"
#include "state/bytes.h"

namespace juncture {

void put_evidence(const Evidence& evidence, ByteWriter& out);
Evidence take_evidence(ByteReader& in);

}  // namespace juncture
