// A blocking loopback client for tests: writes bytes, reads answers, knows no HTTP but Content-Length.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace juncture {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval limit{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  int handle() const { return socket_; }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  // Everything up to and including `mark`; less when the connection ended or nothing came for 10 s.
  std::string read_until(std::string_view mark) {
    std::size_t at = 0;
    while ((at = input_.find(mark)) == std::string::npos) {
      if (!fill()) return std::exchange(input_, {});
    }
    return take(at + mark.size());
  }
  // One answer: head and as many bytes as its Content-Length says.
  std::string read_answer(bool head_only = false) {
    std::string out = read_until("\r\n\r\n");
    const std::size_t at = out.find("Content-Length: ");
    if (head_only || at == std::string::npos) return out;
    const std::size_t length = std::strtoul(out.c_str() + at + 16, nullptr, 10);
    while (input_.size() < length && fill()) {
    }
    return out + take(std::min(length, input_.size()));
  }
  // True when the other side hangs up.
  bool ended() {
    while (fill()) {
    }
    return end_;
  }
  std::string ask(std::string_view request) {
    send(request);
    return read_answer(request.starts_with("HEAD "));
  }
  std::string get(std::string_view target, std::string_view headers = {}) {
    return ask("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers) + "\r\n");
  }

 private:
  bool fill() {
    char bytes[65536];
    const ssize_t n = ::recv(socket_, bytes, sizeof bytes, 0);
    if (n == 0 || (n < 0 && errno == ECONNRESET)) end_ = true;
    if (n <= 0) return false;
    input_.append(bytes, static_cast<std::size_t>(n));
    return true;
  }
  std::string take(std::size_t n) {
    std::string out = input_.substr(0, n);
    input_.erase(0, n);
    return out;
  }

  int socket_;
  bool connected_ = false;
  bool end_ = false;
  std::string input_;
};

}  // namespace juncture
