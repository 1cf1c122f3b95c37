// Makes a partition's changelog and store anew from the input log, up to where the group has read.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "apps/verify/findings.h"
#include "apps/verify/subject.h"
#include "juncture/ports/log.h"
#include "juncture/ports/state.h"

namespace juncture::apps::verify {

struct Rebuilding {
  const Subject& subject;
  Log& log;
  Stores& stores;
  const Config& config;
  const Knowledge& knowledge;
  std::map<std::uint64_t, const Knowledge*> earlier;  // as for verify
  bool partial = false;                               // take what is left of the input
};

struct Rebuilt {
  Partition partition = 0;
  Offset from = 0, to = 0;     // of the input: what the state was made of
  std::uint64_t sequence = 0;  // of the commit that says so
  std::uint64_t keys = 0, removed = 0;
};

// Of one subject. One at a time, while no instance runs: it joins the group itself, and refuses with `in_use` when
// others are in it.
class Rebuilder {
 public:
  static Result<std::unique_ptr<Rebuilder>> open(const Rebuilding& with);
  ~Rebuilder();
  Rebuilder(const Rebuilder&) = delete;
  Rebuilder& operator=(const Rebuilder&) = delete;

  // Nothing is emitted again. Errors beside the log's: `input_gone`, `input_short`, `position_unknown`,
  // `changelog_genesis`; then nothing has been changed.
  Result<Rebuilt> rebuild(Partition partition);

 private:
  struct Impl;
  explicit Rebuilder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace juncture::apps::verify
