#include "servers/prefork/accept_lock.hpp"

#include "common/base/check.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace echotrio::prefork {

Result<AcceptLock> AcceptLock::create() {
    void* memory = ::mmap(nullptr, sizeof(pthread_mutex_t), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return Error{fmt::format("cannot map the accept lock: {}", std::strerror(errno))};
    }
    auto* mutex = static_cast<pthread_mutex_t*>(memory);
    pthread_mutexattr_t attributes;
    ::pthread_mutexattr_init(&attributes);
    ::pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    ::pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    CHECK(::pthread_mutex_init(mutex, &attributes) == 0);
    ::pthread_mutexattr_destroy(&attributes);
    return AcceptLock(mutex);
}

void AcceptLock::Unmap::operator()(pthread_mutex_t* mutex) const noexcept {
    ::munmap(mutex, sizeof *mutex);
}

bool AcceptLock::acquire(const std::atomic<bool>& give_up) noexcept {
    while (!give_up.load(std::memory_order_relaxed)) {
        timespec until{};
        ::clock_gettime(CLOCK_MONOTONIC, &until);
        ++until.tv_sec;
        const int rc = ::pthread_mutex_clocklock(mutex_.get(), CLOCK_MONOTONIC, &until);
        if (rc == ETIMEDOUT) continue;
        if (rc == EOWNERDEAD) ::pthread_mutex_consistent(mutex_.get());  // it guards no data
        CHECK(rc == 0 || rc == EOWNERDEAD);
        return true;
    }
    return false;
}

void AcceptLock::release() noexcept {
    ::pthread_mutex_unlock(mutex_.get());
}

}  // namespace echotrio::prefork
