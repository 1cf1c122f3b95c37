#include "juncture/pipeline/intake_pipeline.h"

#include <string>
#include <vector>

#include "juncture/ingest/canonical.h"
#include "juncture/ingest/connector.h"
#include "juncture/ingest/dead_letter.h"

namespace juncture {
namespace {

enum Topic : std::size_t { kSignals = 0, kDeadLetters = 1 };

class IntakePipeline final : public Pipeline {
 public:
  IntakePipeline(const Connector& connector, IntakeSource source, PipelineCounters& counters)
      : connector_(connector), source_(std::move(source)), count_(counters) {}

  Status process(const Record& record, bool /*fresh*/, State& /*state*/, Output& output) override {
    count_.read.add();
    count_.bytes.add(record.value.size());
    const ParseContext context{.received_at = record.timestamp,
                               .source = source_.format,
                               .consent = source_.consent,
                               .accounts = source_.accounts,
                               .visitor_seed = source_.visitor_seed};
    const ParseOutcome outcome = connector_.parse(scratch_, record.value, context, signals_);
    if (outcome.rejected()) {
      count_.rejected[index_in(kRejectionCodes, outcome.rejection.code)].add();
      buffer_.clear();
      write_dead_letter(dead_letter_of(record, connector_.name, outcome.rejection), buffer_);
      return output.emit(kDeadLetters, record.key, buffer_);
    }
    count_.accepted.add();
    if (!outcome.accepted()) count_.ignored[index_in(kIgnoredReasons, outcome.ignored)].add();
    for (const Signal& signal : signals_) {
      count_.signals[index_of(signal.type)].add();
      buffer_.clear();
      write_signal(signal, record.timestamp, buffer_);
      if (Status sent = output.emit(kSignals, signal.prospect.text(), buffer_); !sent) return sent;
    }
    return {};
  }

 private:
  const Connector& connector_;
  IntakeSource source_;
  PipelineCounters& count_;
  Scratch scratch_;
  std::vector<Signal> signals_;
  std::string buffer_;
};

}  // namespace

std::unique_ptr<Pipeline> make_intake_pipeline(IntakeSource source, PipelineCounters& counters) {
  const Connector* connector = find_connector(source.format);
  JUNCTURE_ASSERT(connector != nullptr);
  return std::make_unique<IntakePipeline>(*connector, std::move(source), counters);
}

}  // namespace juncture
