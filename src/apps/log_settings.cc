#include "apps/log_settings.h"

#include <spdlog/spdlog.h>

#include <string>

#include "juncture/engine/engine.h"

namespace juncture::apps {

std::vector<UsedTopic> used_topics(const Config& config) {
  const Topics topics(config.log.topics.prefix);
  std::vector<UsedTopic> all{{topics.signals, TopicUse::signals},
                             {changelog_topic(group_of(config), kProspects), TopicUse::changelog},
                             {changelog_topic(group_of(config), kAccounts), TopicUse::changelog},
                             {topics.evidence, TopicUse::signals},
                             {topics.accounts, TopicUse::output},
                             {topics.conditions, TopicUse::output},
                             {topics.sales, TopicUse::output},
                             {topics.public_, TopicUse::output},
                             {topics.dead_letters, TopicUse::output}};
  for (const InputConfig& input : config.input) all.push_back({input.topic, TopicUse::input});
  return all;
}

Status check_log_settings(Log& log, const Config& config, bool unsafe) {
  const auto findings = log.check(used_topics(config));
  if (!findings) return tl::unexpected(findings.error());
  int refused = 0;
  for (const LogFinding& finding : *findings) {
    if ((finding.broken || config.profile == Profile::production) && !unsafe) {
      ++refused;
      spdlog::error("a setting of the log breaks the promise: {}", finding.text);
    } else {
      spdlog::warn("a setting of the log weakens the promise: {}", finding.text);
    }
  }
  if (refused == 0) return {};
  return fail(
      Domain::setup, "log_settings",
      std::to_string(refused) + " settings of the log are refused, as said above; --unsafe runs without the promise");
}

}  // namespace juncture::apps
