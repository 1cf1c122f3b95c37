// One connection's protocol without its socket: bytes in, requests and refusals out. The server, the tests and the
// fuzzer all drive this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/http/router.h"

namespace juncture {

class Exchange {
 public:
  enum class Step : std::uint8_t {
    more,           // give it more bytes
    send_continue,  // say "100 Continue", then feed({})
    run,            // a whole request: run route()'s handler, then next()
    stream,         // a whole request for a stream
    answer          // send answer(), run nothing
  };

  // `router` and `limits` outlive it. `serial` makes request ids where the client gives none.
  Exchange(const Router& router, const HttpLimits& limits, std::string remote, std::string serial);
  ~Exchange();

  // Takes all bytes; those of a pipelined next request wait. Not to be called after run, stream or answer but by
  // next().
  Step feed(std::string_view bytes);
  // Goes on with the next request of the connection, which may have arrived already.
  Step next();

  bool idle() const;  // no byte of the current request has come
  bool head_complete() const;
  HttpRequest& request();
  const Route& route() const;  // after run or stream
  const Resolution& resolution() const;
  HttpAnswer& answer();     // after answer
  bool must_close() const;  // the connection cannot go on after this answer

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace juncture
