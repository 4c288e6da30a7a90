// The lock of --accept lock: one worker at a time in accept, as in Stevens' prefork variants. It
// lies in memory shared by the processes and is robust: when its holder is killed, the next waiter
// gets it. This is the only mutex of this server, and no request waits for it.
#pragma once

#include "common/base/result.hpp"

#include <pthread.h>

#include <atomic>
#include <memory>

namespace echotrio::prefork {

class AcceptLock {
  public:
    // Before the first fork. Error: no memory.
    static Result<AcceptLock> create();

    // True: the caller holds it. False: `give_up` became true while it waited; noticed within a
    // second, because a wait for a mutex is not ended by a signal.
    bool acquire(const std::atomic<bool>& give_up) noexcept;
    void release() noexcept;

  private:
    struct Unmap {
        void operator()(pthread_mutex_t* mutex) const noexcept;
    };
    explicit AcceptLock(pthread_mutex_t* mutex) : mutex_(mutex) {}
    std::unique_ptr<pthread_mutex_t, Unmap> mutex_;
};

}  // namespace echotrio::prefork
