// The HTTP API's handlers: what analysts, websites and operators ask of a running node.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/client_address.h"
#include "apps/forwarder.h"
#include "apps/live_feed.h"
#include "apps/node.h"
#include "apps/status_board.h"
#include "juncture/adapters/http_server.h"

namespace juncture::apps {

// Handlers run on the API's threads: everything here is const, behind a lock, or the handler's own.
class Desk {
 public:
  // All of them outlive the desk.
  Desk(Node& node, const LiveFeed& feed, const StatusBoard& status, Forwarder& forwarder)
      : node_(node),
        feed_(feed),
        status_(status),
        forwarder_(forwarder),
        trusted_(networks_of(node.config().http.trusted_proxies)) {}

  std::vector<Route> routes();

 private:
  HttpAnswer post_signals(const HttpRequest& request);
  HttpAnswer get_suggestions(const HttpRequest& request) const;
  HttpAnswer post_feedback(const HttpRequest& request);
  HttpAnswer get_prospect(const HttpRequest& request) const;
  HttpAnswer get_account(const HttpRequest& request) const;

  Node& node_;
  const LiveFeed& feed_;
  const StatusBoard& status_;
  Forwarder& forwarder_;
  const std::vector<Network> trusted_;  // proxies
};

}  // namespace juncture::apps
