#include "apps/forwarder.h"

#include <utility>

#include "apps/node.h"

namespace juncture::apps {
namespace {

// What an owner says of a prospect or of a request; anything else is no answer to the client's question.
bool is_answer(const HttpReply& reply) {
  const bool ours = reply.content_type == "application/json" || reply.content_type == "application/problem+json";
  return ours && (reply.status == 200 || reply.status == 400 || reply.status == 404 || reply.status == 503);
}

}  // namespace

Forwarder::Forwarder(Log& log, const Config& config, std::string topic)
    : self_(config.http.advertised),
      forward_(config.http.forward),
      directory_(log, group_of(config), std::move(topic)) {
  if (self_.empty() || forward_ == Forward::off) return;
  client_ = std::make_unique<HttpClient>();
  directory_.start();
}

HttpAnswer Forwarder::ask_owner(const HttpRequest& request, Question question) {
  if (client_ == nullptr || !request.forwarded.empty()) {
    return problem(503, "not_here", "another instance has this prospect");
  }
  std::string owner = directory_.endpoint_of(question.partition);
  if (owner.empty() || owner == self_) {
    directory_.missed();
    return problem(503, "no_owner", "no instance has this prospect just now: partitions are moving or being restored");
  }
  HttpAnswer out;
  if (forward_ == Forward::redirect) {
    ++redirected_;
    out.status = 307;
    out.location = owner + question.target;
    return out;
  }
  HttpCall call{.endpoint = std::move(owner), .target = std::move(question.target)};
  call.headers = {{"Juncture-Forwarded", std::string(kServesNames[index_of(question.serves)])},
                  {"X-Request-Id", request.request_id}};
  if (!request.authorization.empty()) call.headers.emplace_back("Authorization", request.authorization);
  out.later = [this, call = std::move(call)](const std::function<void(HttpAnswer)>& done) {
    client_->get(call, [this, done](Result<HttpReply> reply) { done(answer_of(std::move(reply))); });
  };
  return out;
}

HttpAnswer Forwarder::answer_of(Result<HttpReply> reply) {
  if (!reply || reply->status == 503) directory_.missed();
  if (!reply) {
    if (reply.error().code == "overloaded") return problem(reply.error());
    return problem(503, "owner_unreachable", "the instance that has this prospect does not answer");
  }
  if (!is_answer(*reply)) return problem(503, "owner_unreachable", "the instance that has this prospect refuses");
  HttpAnswer out = json(std::move(reply->body), reply->status);
  out.content_type = std::move(reply->content_type);
  if (out.status == 503) out.retry_after_s = 1;
  return out;
}

void Forwarder::stop() {
  if (client_) client_->stop();
  directory_.stop();
}

HttpClientStats Forwarder::stats() const {
  return client_ ? client_->stats() : HttpClientStats{};
}

}  // namespace juncture::apps
