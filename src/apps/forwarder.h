// Sends a request about another instance's prospect to that instance.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "apps/owner_directory.h"
#include "juncture/adapters/http_client.h"
#include "juncture/adapters/http_server.h"
#include "juncture/config/config.h"

namespace juncture::apps {

// Any thread. Without `http.advertised`, or with `http.forward: off`, it answers 503.
class Forwarder {
 public:
  struct Question {
    Serves serves = Serves::ops;  // of the route that was asked for; the owner checks that it is its own's too
    Partition partition = 0;
    std::string target;  // of the same route there, percent-encoded
  };

  // `log` outlives the forwarder. `topic` is the one whose partitions are owned.
  Forwarder(Log& log, const Config& config, std::string topic);
  // The owner's answer later on, a redirect to it, or 503 where there is no owner to be asked. One hop: what another
  // instance asks is not asked any further.
  HttpAnswer ask_owner(const HttpRequest& request, Question question);
  // Calls under way are answered 503. Idempotent.
  void stop();

  HttpClientStats stats() const;
  std::uint64_t redirected() const { return redirected_.load(); }

 private:
  HttpAnswer answer_of(Result<HttpReply> reply);

  const std::string self_;
  const Forward forward_;
  OwnerDirectory directory_;
  std::unique_ptr<HttpClient> client_;  // none: off
  std::atomic<std::uint64_t> redirected_{0};
};

}  // namespace juncture::apps
