// What `top -H` and a profiler call the calling thread.
#pragma once

#include <pthread.h>

namespace juncture {

// REQUIRES: at most 15 characters. Threads that it starts are called the same until they say otherwise.
inline void name_thread(const char* name) {
  static_cast<void>(pthread_setname_np(pthread_self(), name));
}

}  // namespace juncture
