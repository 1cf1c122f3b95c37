// A node with everything around it that serves: live feed, stream, API, status, metrics.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/desk.h"
#include "apps/forwarder.h"
#include "apps/live_feed.h"
#include "apps/node.h"
#include "apps/status_board.h"
#include "juncture/adapters/http_server.h"
#include "juncture/adapters/sse_hub.h"

namespace juncture::apps {

class Service {
 public:
  static Result<std::unique_ptr<Service>> start(const Config& config, std::shared_ptr<const Knowledge> knowledge,
                                                const Node::Options& options = {});
  ~Service();
  // Stops listening, says bye to the streams, finishes the records in hand. Idempotent.
  Status stop();

  Node& node() { return *node_; }
  std::string url() const;  // of the first listener, "http://127.0.0.1:8080/"
  std::string metrics() const;
  HttpAnswer checkpoint();
  Totals totals() const { return totals_of(*node_, kProspects); }

 private:
  Service() = default;
  Status listen(const Config& config);

  std::unique_ptr<Node> node_;
  std::unique_ptr<LiveFeed> feed_;
  std::unique_ptr<SseHub> hub_;
  std::unique_ptr<StatusBoard> board_;
  std::unique_ptr<Forwarder> forwarder_;
  std::unique_ptr<Desk> desk_;
  std::vector<std::unique_ptr<HttpServer>> servers_;
  std::string url_;
};

}  // namespace juncture::apps
