#include "juncture/adapters/sse_hub.h"

#include <utility>  // before Boost: 1.74 forgets it in C++20

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "adapters/http/answer.h"
#include "adapters/http/sse_ring.h"
#include "juncture/adapters/http_server.h"

namespace juncture {
namespace {

using Clock = std::chrono::steady_clock;
using Tcp = boost::asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Text = std::shared_ptr<const std::string>;

// The kernel keeps this much for a client that does not read; it doubles the figure itself.
constexpr int kSocketBufferBytes = 64 * 1024;
constexpr std::size_t kInputBytesMax = 4096;
constexpr std::chrono::milliseconds kByeWithin{300};

Text shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace

// Hub thread only, but for the members that say otherwise.
struct SseHub::Impl {
  struct Client : std::enable_shared_from_this<Client> {
    Client(Tcp::socket s, std::string address) : socket(std::move(s)), remote(std::move(address)) {}
    Tcp::socket socket;
    std::string remote;
    StreamFilter filter;
    std::vector<Text> out;     // being written, in order; at most head, hello, gap and snapshot, or one frame
    std::size_t sent = 0;      // of out.front()
    std::uint64_t next = 0;    // the first row it has not been sent
    bool resuming = false;     // may be further behind than client_bytes_max until it has caught up
    bool was_blocked = false;  // a write was under way at the last tick
    bool closed = false;
    Clock::time_point progress = Clock::now();
    std::array<char, 256> input{};
    std::size_t input_bytes = 0;
  };
  using ClientPtr = std::shared_ptr<Client>;

  Impl(SseOptions given, std::function<std::string()> callback)
      : options(std::move(given)), snapshot(std::move(callback)), ring(options.ring_rows), timer(io) {}

  void welcome(int socket, bool v6, const HttpRequest& request);
  void tick();
  void take_pending();
  void pump(const ClientPtr& client);
  void say_gap(Client& client, std::optional<std::uint64_t> missed, SseDrop reason);
  void write(const ClientPtr& client);
  void watch(const ClientPtr& client);
  void close(const ClientPtr& client);
  void finish();
  Text snapshot_text();
  void drop(SseDrop reason) { dropped[index_of(reason)].fetch_add(1, std::memory_order_relaxed); }

  SseOptions options;
  std::function<std::string()> snapshot;
  SseRing ring;
  boost::asio::io_context io{1};
  boost::asio::steady_timer timer;
  std::vector<ClientPtr> clients;
  std::uint64_t frame_from = 0;  // the frame made last, shared by all clients without a filter that stand there
  SseRing::Frame frame;
  Text frame_text;
  Text snapshot_cache;  // of this tick
  Text heartbeat = shared(": hb\n\n");
  bool stopping = false;
  std::thread thread;

  // Any thread.
  struct Pending {
    std::string cursor;
    std::string json;
    StreamTags tags;
  };
  mutable std::mutex mutex;
  std::deque<Pending> pending;                     // guarded by mutex
  std::uint64_t pending_skipped = 0;               // guarded by mutex
  std::map<std::string, std::uint32_t> addresses;  // guarded by mutex
  std::uint32_t count = 0;                         // guarded by mutex
  bool accepting = true;                           // guarded by mutex
  std::array<std::atomic<std::uint64_t>, kSseDropNames.size()> dropped{};
  std::atomic<std::uint64_t> rows{0};
  std::atomic<std::uint64_t> frames{0};
};

Text SseHub::Impl::snapshot_text() {
  if (snapshot_cache == nullptr) snapshot_cache = shared(snapshot_frame(ring.last_cursor(), snapshot()));
  return snapshot_cache;
}

void SseHub::Impl::welcome(int handle, bool v6, const HttpRequest& request) {
  ErrorCode error;
  Tcp::socket socket(io);
  socket.assign(v6 ? Tcp::v6() : Tcp::v4(), handle, error);
  auto client = std::make_shared<Client>(std::move(socket), request.remote);
  clients.push_back(client);
  if (error || stopping) return close(client);
  client->socket.set_option(boost::asio::socket_base::send_buffer_size(kSocketBufferBytes), error);
  client->filter = stream_filter(request).value_or(StreamFilter{});
  client->out = {shared(stream_head(request.request_id)), shared(hello_frame(options))};
  const std::string_view cursor = request.last_event_id.empty() ? request.query_value("cursor").value_or("")
                                                                : std::string_view(request.last_event_id);
  take_pending();
  const auto from = cursor.empty() ? std::nullopt : ring.after(cursor);
  if (from) {
    client->next = *from;
    client->resuming = true;
  } else {
    if (!cursor.empty()) {
      client->out.push_back(shared(gap_frame(std::nullopt, kSseDropNames[index_of(SseDrop::unknown_cursor)])));
      drop(SseDrop::unknown_cursor);
    }
    client->out.push_back(snapshot_text());
    client->next = ring.end();
  }
  watch(client);
  write(client);
}

void SseHub::Impl::take_pending() {
  std::deque<Pending> taken;
  std::uint64_t skipped = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    taken.swap(pending);
    skipped = std::exchange(pending_skipped, 0);
  }
  if (skipped != 0 || !taken.empty()) snapshot_cache.reset();
  ring.skip(skipped);
  for (Pending& row : taken) ring.add(std::move(row.cursor), std::move(row.json), row.tags);
}

void SseHub::Impl::tick() {
  timer.expires_after(options.frame_every);
  timer.async_wait([this](ErrorCode error) {
    if (error || stopping) return;
    snapshot_cache.reset();
    take_pending();
    const Clock::time_point now = Clock::now();
    const std::vector<ClientPtr> all = clients;
    for (const ClientPtr& client : all) {
      if (client->closed) continue;
      if (client->out.empty()) {
        pump(client);
        client->was_blocked = false;
      } else {
        client->was_blocked = true;
        if (now - client->progress > options.stall_max) {
          drop(SseDrop::stalled);
          client->socket.set_option(boost::asio::socket_base::linger(true, 0), error);
          close(client);
        }
      }
    }
    tick();
  });
}

void SseHub::Impl::say_gap(Client& client, std::optional<std::uint64_t> missed, SseDrop reason) {
  drop(reason);
  client.out.push_back(shared(gap_frame(missed, kSseDropNames[index_of(reason)])));
  client.out.push_back(snapshot_text());
  client.next = ring.end();
  client.resuming = false;
}

// Gives an idle client what it has not had: a frame, a gap, or a heartbeat when it is due.
void SseHub::Impl::pump(const ClientPtr& client) {
  const bool behind = client->next < ring.begin();
  if (behind || (!client->resuming && ring.bytes_from(client->next) > options.client_bytes_max)) {
    say_gap(*client, ring.end() - client->next, client->was_blocked || behind ? SseDrop::slow : SseDrop::rate);
    return write(client);
  }
  if (client->next < ring.end()) {
    if (client->filter.passes_all()) {
      if (frame_text == nullptr || frame_from != client->next || frame.next < ring.end()) {
        frame_from = client->next;
        frame = ring.frame(client->next, client->filter, options.client_bytes_max);
        frame_text = shared(std::move(frame.text));
      }
      client->next = frame.next;
      client->out.push_back(frame_text);
    } else {
      SseRing::Frame own = ring.frame(client->next, client->filter, options.client_bytes_max);
      client->next = own.next;
      if (!own.text.empty()) client->out.push_back(shared(std::move(own.text)));
    }
    frames.fetch_add(client->out.size(), std::memory_order_relaxed);
  }
  if (client->next >= ring.end()) client->resuming = false;
  if (client->out.empty() && Clock::now() - client->progress >= options.heartbeat_every) {
    // A filtered client that sees nothing still moves on, so that its cursor does not fall off the ring.
    const bool moves = !client->filter.passes_all() && !ring.last_cursor().empty();
    client->out.push_back(moves ? shared(": hb\nid: " + std::string(ring.last_cursor()) + "\n\n") : heartbeat);
  }
  if (!client->out.empty()) write(client);
}

void SseHub::Impl::write(const ClientPtr& client) {
  const std::string& text = *client->out.front();
  client->socket.async_write_some(boost::asio::buffer(text.data() + client->sent, text.size() - client->sent),
                                  [this, client](ErrorCode error, std::size_t size) {
                                    if (client->closed) return;
                                    if (error) return close(client);
                                    client->progress = Clock::now();
                                    client->sent += size;
                                    if (client->sent == client->out.front()->size()) {
                                      client->out.erase(client->out.begin());
                                      client->sent = 0;
                                    }
                                    if (!client->out.empty()) return write(client);
                                    if (stopping) return close(client);
                                    if (client->resuming) pump(client);
                                  });
}

// Reading is how a closed connection is noticed; a browser sends nothing on a stream.
void SseHub::Impl::watch(const ClientPtr& client) {
  client->socket.async_read_some(boost::asio::buffer(client->input), [this, client](ErrorCode error, std::size_t size) {
    if (client->closed) return;
    client->input_bytes += size;
    if (error || client->input_bytes > kInputBytesMax) return close(client);
    watch(client);
  });
}

void SseHub::Impl::close(const ClientPtr& client) {
  if (client->closed) return;
  client->closed = true;
  ErrorCode ignored;
  client->socket.close(ignored);
  clients.erase(std::remove(clients.begin(), clients.end(), client), clients.end());
  if (stopping && clients.empty()) io.stop();
  const std::lock_guard<std::mutex> lock(mutex);
  --count;
  const auto found = addresses.find(client->remote);
  if (found != addresses.end() && --found->second == 0) addresses.erase(found);
}

// What is being written is finished, then bye; a client that cannot take that in a moment is left.
void SseHub::Impl::finish() {
  stopping = true;
  const Text bye = shared("event: bye\ndata: {}\n\n");
  const std::vector<ClientPtr> all = clients;
  for (const ClientPtr& client : all) {
    client->out.push_back(bye);
    if (client->out.size() == 1) write(client);
  }
  timer.expires_after(kByeWithin);
  timer.async_wait([this](ErrorCode error) {
    if (error) return;
    const std::vector<ClientPtr> left = clients;
    for (const ClientPtr& client : left) close(client);
    io.stop();
  });
  if (clients.empty()) io.stop();
}

SseHub::SseHub(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

SseHub::~SseHub() {
  stop();
}

Result<std::unique_ptr<SseHub>> SseHub::start(SseOptions options, std::function<std::string()> snapshot) {
  if (options.ring_rows == 0 || options.frame_every.count() <= 0 || snapshot == nullptr) {
    return fail(Domain::setup, "bad_stream", "the stream needs a ring, an interval and a snapshot");
  }
  auto impl = std::make_unique<Impl>(std::move(options), std::move(snapshot));
  Impl* const raw = impl.get();
  raw->tick();
  raw->thread = std::thread([raw] {
    const auto work = boost::asio::make_work_guard(raw->io);
    raw->io.run();
  });
  return std::unique_ptr<SseHub>(new SseHub(std::move(impl)));
}

void SseHub::publish(std::string cursor, std::string_view json_row, StreamTags tags) {
  impl_->rows.fetch_add(1, std::memory_order_relaxed);
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  impl_->pending.push_back({std::move(cursor), std::string(json_row), tags});
  // More than the ring holds before the hub looks: the oldest would be gone from the ring as well.
  if (impl_->pending.size() > impl_->options.ring_rows) {
    impl_->pending.pop_front();
    ++impl_->pending_skipped;
  }
}

bool SseHub::has_room(const std::string& remote) const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  const auto found = impl_->addresses.find(remote);
  const std::uint32_t here = found == impl_->addresses.end() ? 0 : found->second;
  return impl_->accepting && impl_->count < impl_->options.clients_max && here < impl_->options.clients_per_address_max;
}

bool SseHub::adopt(int socket, bool v6, const HttpRequest& request) {
  if (!has_room(request.remote)) {
    impl_->drop(SseDrop::refused);
    return false;
  }
  {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    ++impl_->count;
    ++impl_->addresses[request.remote];
  }
  boost::asio::post(impl_->io, [impl = impl_.get(), socket, v6, request] { impl->welcome(socket, v6, request); });
  return true;
}

void SseHub::stop() {
  {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    impl_->accepting = false;
  }
  if (!impl_->thread.joinable()) return;
  boost::asio::post(impl_->io, [impl = impl_.get()] { impl->finish(); });
  impl_->thread.join();
}

SseStats SseHub::stats() const {
  SseStats out;
  {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    out.clients = impl_->count;
  }
  for (std::size_t i = 0; i < out.dropped.size(); ++i) out.dropped[i] = impl_->dropped[i].load();
  out.rows = impl_->rows.load();
  out.frames = impl_->frames.load();
  return out;
}

}  // namespace juncture
