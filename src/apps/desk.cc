#include "apps/desk.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "apps/feedback_body.h"
#include "apps/prospect_view.h"
#include "apps/wall_clock.h"
#include "juncture/adapters/http_client.h"
#include "juncture/core/json_writer.h"
#include "juncture/ingest/canonical.h"
#include "juncture/ingest/connector.h"
#include "juncture/pipeline/render.h"
#include "juncture/state/account_codec.h"
#include "juncture/state/codec.h"
#include "juncture/state/keys.h"

namespace juncture::apps {
namespace {

constexpr std::size_t kSlateMax = 10;
// Beacons come as text/plain, and `curl -d` says that JSON is a form: what counts is what the body is.
const std::vector<std::string> kBodyTypes{"application/json", "text/plain", "application/x-www-form-urlencoded"};

// Empty where nothing is known.
struct Known {
  Prospect prospect;
  AsOf as_of;
};

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  JUNCTURE_ASSERT(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out.push_back("0123456789abcdef"[digest[i] >> 4U]);
    out.push_back("0123456789abcdef"[digest[i] & 15U]);
  }
  return out;
}

Partition partition_of(const Node& node, std::string_view id) {
  return juncture::partition_of(id, node.engine().partitions(kProspects));
}

Result<Known> committed(const Node& node, std::string_view id) {
  std::string key;
  keys::prospect(ProspectId(id), key);
  const auto value = node.engine().read(kProspects, key, id);
  if (!value) return tl::unexpected(value.error());
  Known out;
  out.as_of = {.partition = partition_of(node, id), .offset = value->as_of_offset, .time = value->as_of_time};
  // After the read: a process that was stopped in between has it from before, and says so.
  out.as_of.stale = !node.leases().held(kProspects, out.as_of.partition, std::chrono::steady_clock::now());
  if (!value->value || decode_tombstone(*value->value)) return out;
  out.as_of.digest = sha256_hex(*value->value);
  if (Status decoded = decode(*value->value, out.prospect); !decoded) return tl::unexpected(decoded.error());
  return out;
}

// `safe` where another instance has no answer to give.
HttpAnswer or_safe(HttpAnswer answer, HttpAnswer safe) {
  if (!answer.later) return answer.status >= 400 ? safe : answer;
  answer.later = [ask = std::move(answer.later), safe = std::move(safe)](std::function<void(HttpAnswer)> done) {
    ask([safe, done = std::move(done)](const HttpAnswer& given) { done(given.status == 200 ? given : safe); });
  };
  return answer;
}

void write_rejected(JsonWriter& json, std::size_t index, const Rejection& rejection) {
  json.begin_object();
  json.member("index", index);
  json.member("reason", rejection.code);
  json.member("position", rejection.position);
  json.member("detail", rejection.detail);
  json.end_object();
}

}  // namespace

std::vector<Route> Desk::routes() {
  std::vector<Route> routes;
  routes.push_back({.method = Method::post,
                    .path = "/v1/signals",
                    .serves = Serves::public_,
                    .handler = [this](const HttpRequest& request) { return post_signals(request); },
                    .blocking = true,
                    .body_bytes_max = kBatchBytesMax,
                    .media_types = kBodyTypes});
  routes.push_back({.method = Method::get,
                    .path = "/v1/suggestions",
                    .serves = Serves::public_,
                    .handler = [this](const HttpRequest& request) { return get_suggestions(request); }});
  routes.push_back({.method = Method::post,
                    .path = "/v1/feedback",
                    .serves = Serves::public_,
                    .handler = [this](const HttpRequest& request) { return post_feedback(request); },
                    .blocking = true,
                    .media_types = kBodyTypes});
  routes.push_back({.method = Method::get,
                    .path = "/v1/prospects/{id}",
                    .serves = Serves::analyst,
                    .handler = [this](const HttpRequest& request) { return get_prospect(request); }});
  routes.push_back({.method = Method::get,
                    .path = "/v1/accounts/{id}",
                    .serves = Serves::analyst,
                    .handler = [this](const HttpRequest& request) { return get_account(request); }});
  routes.push_back({.method = Method::get, .path = "/v1/stream", .serves = Serves::analyst, .stream = true});
  routes.push_back(
      {.method = Method::get, .path = "/v1/status", .serves = Serves::analyst, .handler = [this](const HttpRequest&) {
         return json(status_.to_json());
       }});
  return routes;
}

HttpAnswer Desk::post_signals(const HttpRequest& request) {
  const Timestamp now = wall_now();
  Scratch scratch;
  std::vector<KeyedSignal> accepted;
  std::string rejected;
  std::vector<std::string_view> codes;
  JsonWriter rejections(rejected);
  rejections.begin_array();
  const ParseContext context{.received_at = now,
                             .source = "http",
                             .accounts = &node_.knowledge().accounts,
                             .address = client_address(request.remote, request.forwarded_for, trusted_)};
  const BatchResult result = parse_batch(scratch, *find_connector("native"), request.body, context,
                                         [&](std::size_t index, std::string_view /*payload*/,
                                             const ParseOutcome& outcome, std::span<const Signal> signals) {
                                           if (outcome.rejected()) {
                                             codes.push_back(outcome.rejection.code);
                                             return write_rejected(rejections, index, outcome.rejection);
                                           }
                                           for (Signal signal : signals) {
                                             // Global Privacy Control: no profile, whatever the page says.
                                             if (request.opted_out) signal.consent = Consent::denied;
                                             KeyedSignal& out = accepted.emplace_back();
                                             out.prospect = signal.prospect.text();
                                             write_signal(signal, now, out.record);
                                           }
                                         });
  rejections.end_array();
  if (result.refused) codes.push_back(result.refused->code);
  status_.count_http(codes);
  if (result.refused) {
    return problem(400, result.refused->code,
                   result.refused->detail + " at byte " + std::to_string(result.refused->position));
  }
  if (Status durable = node_.sink().append(accepted); !durable) return problem(durable.error());
  std::string body;
  JsonWriter answer(body);
  answer.begin_object();
  answer.member("accepted", result.accepted + result.ignored);
  answer.key("rejected").raw(rejected);
  answer.end_object();
  return json(std::move(body), result.rejected > 0 && result.accepted == 0 ? 422 : 202);
}

HttpAnswer Desk::get_suggestions(const HttpRequest& request) const {
  const auto prospect = request.query_value("prospect");
  if (!prospect || prospect->empty() || prospect->size() > kIdBytesMax) {
    return problem(400, "missing_prospect", "?prospect=ID is needed, at most 256 bytes");
  }
  const auto limit = query_number(request, "limit", 1, kSlateMax, 3);
  if (!limit) return problem(limit.error());
  SlateRequest wanted{.prospect = *prospect, .now = wall_now(), .limit = static_cast<std::size_t>(*limit)};
  const auto known = committed(node_, *prospect);
  if (!known) {
    // A website wants something to show: whatever is wrong with us, the safe default is right.
    wanted.stale = true;
    HttpAnswer safe = json(default_slate(node_.knowledge(), wanted));
    if (known.error().code != "not_here") return safe;
    return or_safe(forwarder_.ask_owner(request, {.serves = Serves::public_,
                                                  .partition = partition_of(node_, *prospect),
                                                  .target = "/v1/suggestions?prospect=" + percent_encoded(*prospect) +
                                                            "&limit=" + std::to_string(*limit)}),
                   std::move(safe));
  }
  wanted.stale = known->as_of.stale;
  return json(known->prospect.empty() ? default_slate(node_.knowledge(), wanted)
                                      : public_slate(node_.knowledge(), wanted, known->prospect));
}

HttpAnswer Desk::post_feedback(const HttpRequest& request) {
  const Timestamp now = wall_now();
  FeedbackBody body;
  if (const auto rejection = read_feedback(request.body, node_.knowledge().token_key, body)) {
    return problem(400, rejection->code, rejection->detail);
  }
  // Without a token it is an analyst who speaks; another site's script is not.
  if (!body.from_token && request.cross_origin) {
    return problem(403, "cross_origin", "feedback without a token comes from the analysts' page");
  }
  std::vector<KeyedSignal> records(1);
  records[0].prospect = body.prospect;
  write_signal(body.to_signal(now), now, records[0].record);
  if (Status durable = node_.sink().append(records); !durable) return problem(durable.error());
  std::string text;
  JsonWriter answer(text);
  answer.begin_object();
  answer.member("accepted", true);
  answer.member("id", body.id);
  answer.end_object();
  return json(std::move(text), 202);
}

HttpAnswer Desk::get_prospect(const HttpRequest& request) const {
  const std::string_view id = request.parameter;
  const auto known = committed(node_, id);
  if (!known && known.error().code == "not_here") {
    return forwarder_.ask_owner(request, {.serves = Serves::analyst,
                                          .partition = partition_of(node_, id),
                                          .target = "/v1/prospects/" + percent_encoded(id)});
  }
  if (!known) return problem(known.error());
  if (!known->prospect.empty()) {
    return json(describe(node_.knowledge(), id, known->prospect, wall_now(), feed_.row_of(id), &known->as_of));
  }
  // Another instance may know better.
  if (known->as_of.stale) return problem(503, "stale", "the log has not been heard of for a while; ask again");
  return problem(404, "unknown_prospect", "nothing is known of this prospect");
}

// Who counts as active is told by the stream's time, which goes on where an account is silent. The group gives
// partition p of both topics to one member: what is known of the owner of signals' p holds for accounts.evidence's.
HttpAnswer Desk::get_account(const HttpRequest& request) const {
  const std::string_view id = request.parameter;
  const Partition partition = partition_of(node_, id);
  std::string key;
  keys::account(AccountId(id), key);
  const auto value = node_.engine().read(kAccounts, key, id);
  if (!value && value.error().code == "not_here") {
    return forwarder_.ask_owner(
        request, {.serves = Serves::analyst, .partition = partition, .target = "/v1/accounts/" + percent_encoded(id)});
  }
  if (!value) return problem(value.error());
  const bool stale = !node_.leases().held(kProspects, partition, std::chrono::steady_clock::now());
  if (!value->value) {
    if (stale) return problem(503, "stale", "the log has not been heard of for a while; ask again");
    return problem(404, "unknown_account", "nothing is known of this account");
  }
  Account account;
  if (Status decoded = decode(*value->value, account); !decoded) return problem(decoded.error());
  std::string text;
  JsonWriter answer(text);
  answer.begin_object();
  const AccountRules rules = rules_of(node_.knowledge(), AccountId(id));
  const AccountBelief belief = account_belief(rules.chain, account);
  write_account_people(answer, rules, id, account, read_account(rules.chain, belief, value->as_of_time),
                       conditions_of(rules.chain, account, belief));
  answer.member("partition", partition);
  answer.member("as_of_offset", value->as_of_offset);
  answer.member("stale", stale);
  answer.end_object();
  return json(std::move(text));
}

}  // namespace juncture::apps
