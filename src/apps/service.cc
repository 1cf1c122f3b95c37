#include "apps/service.h"

#include <algorithm>

#include "apps/collect_metrics.h"
#include "juncture/core/json_writer.h"

namespace juncture::apps {
namespace {

bool serves(const ListenerConfig& listener, Serves what) {
  const std::string_view name = kServesNames[static_cast<std::size_t>(what)];
  return std::find(listener.serves.begin(), listener.serves.end(), name) != listener.serves.end();
}

HttpLimits limits_of(const HttpConfig& config) {
  HttpLimits limits;
  limits.header_bytes_max = static_cast<std::size_t>(config.header_max.count);
  limits.body_bytes_max = static_cast<std::size_t>(config.body_max.count);
  limits.body_within = config.request_timeout;
  limits.connections_max = static_cast<std::uint32_t>(config.connections_max);
  return limits;
}

}  // namespace

Result<std::unique_ptr<Service>> Service::start(const Config& config, std::shared_ptr<const Knowledge> knowledge,
                                                const Node::Options& options) {
  std::unique_ptr<Service> service(new Service());
  const bool synthetic = knowledge->synthetic;
  auto node = Node::start(config, std::move(knowledge), options);
  if (!node) return tl::unexpected(node.error());
  service->node_ = std::move(*node);
  auto feed = LiveFeed::open(service->node_->log(),
                             {.topic = service->node_->topics().sales, .rows_kept_for = config.privacy.text_ttl});
  if (!feed) return tl::unexpected(feed.error());
  service->feed_ = std::move(*feed);
  SseOptions stream;
  stream.source_kind = std::string(service->node_->log().kind());
  stream.synthetic = synthetic;
  stream.clients_max = static_cast<std::uint32_t>(config.http.stream_clients_max);
  stream.client_bytes_max = static_cast<std::size_t>(config.http.stream_buffer.count);
  auto hub = SseHub::start(stream, [feed_of = service->feed_.get()] { return feed_of->snapshot(); });
  if (!hub) return tl::unexpected(hub.error());
  service->hub_ = std::move(*hub);
  service->feed_->start(*service->hub_);
  service->board_ = std::make_unique<StatusBoard>(*service->node_);
  service->board_->start();
  service->forwarder_ = std::make_unique<Forwarder>(service->node_->log(), config, service->node_->topics().signals);
  service->desk_ = std::make_unique<Desk>(*service->node_, *service->feed_, *service->board_, *service->forwarder_);
  if (Status listening = service->listen(config); !listening) return tl::unexpected(listening.error());
  return service;
}

Status Service::listen(const Config& config) {
  for (const ListenerConfig& listener : config.http.listeners) {
    std::vector<Route> all = desk_->routes();
    const auto add = [&](std::vector<Route> more) {
      for (Route& route : more) all.push_back(std::move(route));
    };
    add(ops_routes({.not_ready = [this] { return node_->engine().not_ready(); },
                    .metrics = [this] { return metrics(); },
                    .checkpoint = [this] { return checkpoint(); }}));
    add(page_routes());
    std::erase_if(all, [&](const Route& route) { return !serves(listener, route.serves); });
    auto server = HttpServer::start({.address = listener.address,
                                     .port = static_cast<std::uint16_t>(listener.port),
                                     .limits = limits_of(config.http)},
                                    std::move(all), hub_.get());
    if (!server) return tl::unexpected(server.error());
    if (url_.empty()) {
      const bool v6 = listener.address.find(':') != std::string::npos;
      url_ = "http://" + (v6 ? "[" + listener.address + "]" : listener.address) + ":" +
             std::to_string((*server)->port()) + "/";
    }
    servers_.push_back(std::move(*server));
  }
  return {};
}

Service::~Service() {
  static_cast<void>(stop());
}

Status Service::stop() {
  if (hub_) hub_->stop();
  // First, so that its last answers still find their sessions.
  if (forwarder_) forwarder_->stop();
  for (const auto& server : servers_) server->stop();
  if (feed_) feed_->stop();
  if (board_) board_->stop();
  return node_ ? node_->stop() : Status{};
}

std::string Service::url() const {
  return url_;
}

HttpAnswer Service::checkpoint() {
  const auto copied = node_->checkpoint();
  if (!copied) return problem(copied.error());
  std::string body;
  JsonWriter json_of(body);
  json_of.begin_object();
  json_of.member("folder", checkpoint_folder(node_->config()));
  json_of.member("stores", *copied);
  json_of.end_object();
  return json(body + "\n");
}

std::string Service::metrics() const {
  std::vector<HttpStats> http;
  for (const auto& server : servers_) http.push_back(server->stats());
  return collect_metrics(*node_, *board_, http, *forwarder_, hub_->stats());
}

}  // namespace juncture::apps
