// The three locks; the theory is in gil.hpp.
#include "servers/threads/gil.hpp"

#include "common/base/check.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace echotrio::threads {
namespace {

class Guard {
  public:
    explicit Guard(pthread_mutex_t& mutex) : mutex_(mutex) { ::pthread_mutex_lock(&mutex_); }
    ~Guard() { ::pthread_mutex_unlock(&mutex_); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

  private:
    pthread_mutex_t& mutex_;
};

// The address of a thread's own variable tells it from all other threads alive. A new thread may
// get the address of one that has ended; a switch to it is then not counted, no more than that.
const void* this_thread() {
    static thread_local const char identity = 0;
    return &identity;
}

void init_monotonic(pthread_cond_t& cond) {
    pthread_condattr_t attributes;
    ::pthread_condattr_init(&attributes);
    ::pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    ::pthread_cond_init(&cond, &attributes);
    ::pthread_condattr_destroy(&attributes);
}

timespec to_timespec(TimePoint at) {
    const auto ns = at.time_since_epoch().count();
    return {ns / 1'000'000'000, ns % 1'000'000'000};
}

}  // namespace

Gil::Gil(const Options& options)
    : mode_(options.mode),
      forced_switching_(options.forced_switching),
      interval_(options.switch_interval),
      grain_(options.mode == Mode::ticks ? kTick * static_cast<Nanos::rep>(options.check_interval)
                                         : kTurn) {
    CHECK(interval_ > Nanos(0) && grain_ > Nanos(0));
    for (auto* mutex : {&mutex_, &switch_mutex_}) ::pthread_mutex_init(mutex, nullptr);
    for (auto* cond : {&cond_, &switch_cond_}) init_monotonic(*cond);
    ::sem_init(&plain_, 0, 1);
}

Gil::~Gil() {
    for (auto* cond : {&cond_, &switch_cond_}) ::pthread_cond_destroy(cond);
    for (auto* mutex : {&mutex_, &switch_mutex_}) ::pthread_mutex_destroy(mutex);
    ::sem_destroy(&plain_);
}

void Gil::take() {
    if (mode_ == Mode::off) return;
    const int kept = errno;
    mode_ == Mode::switching ? take_switching() : take_plain();
    errno = kept;
}

void Gil::drop() {
    if (mode_ == Mode::off) return;
    note_dropped();
    mode_ == Mode::switching ? drop_switching() : drop_plain();
}

void Gil::take_switching() {
    const Thread self = this_thread();
    const Guard guard(mutex_);
    const bool contended = locked_;
    TimePoint wanted_since{};
    if (contended) {
        wanted_since = now();
        wait_until_free();
    }
    {
        const Guard switching(switch_mutex_);
        locked_ = true;
        if (last_holder_.load(std::memory_order_relaxed) != self) {
            last_holder_.store(self, std::memory_order_relaxed);
            ++switches_;
        }
        ::pthread_cond_signal(&switch_cond_);
    }
    // Whoever asked, a switch has come of it; those who still wait ask again after an interval.
    drop_request_.store(false, std::memory_order_relaxed);
    note_taken(wanted_since, contended);
}

// Under mutex_.
void Gil::wait_until_free() {
    const auto waiters = waiters_.fetch_add(1, std::memory_order_relaxed) + 1;
    waiters_max_ = std::max(waiters_max_, waiters);
    while (locked_) {
        const std::uint64_t switches_before = switches_;
        const timespec deadline = to_timespec(now() + interval_);
        const bool timed_out =
            ::pthread_cond_timedwait(&cond_, &mutex_, &deadline) == ETIMEDOUT && locked_;
        if (!timed_out) continue;
        ++timeouts_;
        // If the lock changed hands meanwhile, its holder has not had it for an interval yet.
        if (switches_ == switches_before) {
            ++drop_requests_;
            drop_request_.store(true, std::memory_order_relaxed);
        }
    }
    waiters_.fetch_sub(1, std::memory_order_relaxed);
}

void Gil::drop_switching() {
    const Thread self = this_thread();
    CHECK(last_holder_.load(std::memory_order_relaxed) == self);
    {
        const Guard guard(mutex_);
        locked_ = false;
        ::pthread_cond_signal(&cond_);
    }
    if (forced_switching_ && drop_request_.load(std::memory_order_relaxed)) wait_for_switch(self);
}

// A drop request means that a thread is waiting, and a waiting thread does take the lock: this
// wait ends.
void Gil::wait_for_switch(Thread self) {
    const Guard switching(switch_mutex_);
    if (last_holder_.load(std::memory_order_relaxed) != self) return;  // already switched
    drop_request_.store(false, std::memory_order_relaxed);
    ++forced_switches_;
    while (last_holder_.load(std::memory_order_relaxed) == self) {
        ::pthread_cond_wait(&switch_cond_, &switch_mutex_);
    }
}

void Gil::take_plain() {
    if (::sem_trywait(&plain_) == 0) {
        note_taken({}, false);
    } else {
        const TimePoint wanted_since = now();
        waiters_.fetch_add(1, std::memory_order_relaxed);
        while (::sem_wait(&plain_) != 0) {  // a debugger's stop interrupts it
        }
        waiters_.fetch_sub(1, std::memory_order_relaxed);
        waiters_max_ = std::max<std::uint64_t>(waiters_max_, 1);
        note_taken(wanted_since, true);
    }
    const Thread self = this_thread();
    if (last_holder_.load(std::memory_order_relaxed) != self) {
        last_holder_.store(self, std::memory_order_relaxed);
        ++switches_;
    }
}

void Gil::drop_plain() {
    // Nobody leaves the wait while the lock is held: here they are the most, and none has been
    // woken.
    waiters_max_ = std::max(waiters_max_, waiters_.load(std::memory_order_relaxed));
    ::sem_post(&plain_);
}

void Gil::note_taken(TimePoint wanted_since, bool contended) {
    held_since_ = now();
    ++acquisitions_;
    if (contended) {
        ++contended_;
        waits_.record(held_since_ - wanted_since);
    }
}

void Gil::note_dropped() {
    longest_hold_ = std::max(longest_hold_, now() - held_since_);
}

Gil::Stats Gil::stats() {
    const Guard guard(mutex_);
    const Guard switching(switch_mutex_);
    return {.acquisitions = acquisitions_,
            .contended = contended_,
            .timeouts = timeouts_,
            .drop_requests = drop_requests_,
            .forced_switches = forced_switches_,
            .switches = switches_,
            .waiters_max = waiters_max_,
            .wait_p50 = waits_.quantile(0.5),
            .wait_p99 = waits_.quantile(0.99),
            .longest_hold = longest_hold_};
}

}  // namespace echotrio::threads
