// The life of a generator thread: connect, wait for the start, loop, close the books.
#include "loadgen/engine/worker.hpp"

#include "loadgen/engine/epoll_wait.hpp"

#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kEvents = 256;
constexpr std::size_t kBufferSize = 64 * 1024;
constexpr std::uint64_t kMostConnecting = 256;  // at a time: spares the server's accept queue
constexpr Nanos kConnectPoll = std::chrono::milliseconds(5);
constexpr Nanos kEndless = std::chrono::hours(24 * 300);
constexpr std::uint32_t kSweepParts = 16;
constexpr std::size_t kSampledGaps = 1000;

// Polling for the last part of a wait may cost this share of the CPU.
constexpr double kSpinShare = 0.1;
constexpr Nanos kLongestSpin = std::chrono::microseconds(100);
// A sleep costs as much CPU time as a request or two. Where arrivals come closer together than
// this, each would have one of its own; they may be this late then, and mostly go out with a
// reply's event.
constexpr Nanos kHighRateSlack = std::chrono::microseconds(20);

Nanos thread_cpu() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return std::chrono::seconds(t.tv_sec) + Nanos(t.tv_nsec);
}

// Time that this thread was runnable and had no CPU; 0 where the kernel doesn't tell.
double thread_run_queue_wait() {
    std::FILE* file = std::fopen("/proc/thread-self/schedstat", "re");
    if (file == nullptr) return 0;
    unsigned long long ran = 0;
    unsigned long long waited = 0;
    const int fields = std::fscanf(file, "%llu %llu", &ran, &waited);
    std::fclose(file);
    return fields == 2 ? static_cast<double>(waited) * 1e-9 : 0;
}

// Part `share` of `whole`, so that all parts add up.
std::uint64_t part(std::uint64_t whole, Share share) {
    return whole / share.of + (share.index < whole % share.of ? 1 : 0);
}

}  // namespace

Worker::Worker(const Prepared& prepared, const Profile* profile, Share share,
               const Signals& signals)
    : prepared_(prepared),
      options_(*prepared.options),
      signals_(signals),
      share_(share),
      open_loop_(profile != nullptr),
      thinks_(options_.think > Nanos(0)),
      pipeline_(static_cast<std::uint32_t>(options_.pipeline)),
      quota_(options_.requests > 0 ? part(options_.requests, share) : Signals::kNever),
      connections_(part(options_.connections, share)),
      idle_(part(options_.idle, share)),
      learned_(prepared.class_limits.size()),
      rng_(Rng(options_.seed ^ 0x636c6173736573ULL).split(share.index)) {
    requests_.resize(connections_.size() * pipeline_);
    for (std::size_t i = 0; i < connections_.size(); ++i) {
        connections_[i].ring = &requests_[i * pipeline_];
    }
    next_offset_ = static_cast<std::uint32_t>(rng_.below(Prepared::kOffsets));
    tick_length_ = std::clamp<Nanos>(options_.timeout / 64, std::chrono::milliseconds(1),
                                     std::chrono::milliseconds(20));
    if (open_loop_) {
        arrivals_.emplace(Schedule(*profile, options_.arrival, options_.seed, share));
        const double window = seconds(options_.duration + options_.warmup);
        const double rate = profile->count_at(window) / window / static_cast<double>(share.of);
        spin_limit_ = std::min(kLongestSpin, from_seconds(kSpinShare / std::max(rate, 1.0)));
        if (rate * seconds(kHighRateSlack) > 1) slack_ = kHighRateSlack;
        const double gaps = options_.requests > 0 ? static_cast<double>(quota_) : rate * window;
        gap_stride_ =
            static_cast<std::uint64_t>(gaps * static_cast<double>(share.of) / kSampledGaps) + 1;
    } else if (thinks_) {
        const double rate = static_cast<double>(connections_.size()) / seconds(options_.think);
        spin_limit_ = std::min(kLongestSpin, from_seconds(kSpinShare / std::max(rate, 1.0)));
    }
}

Worker::~Worker() = default;

void Worker::run() {
    // Timers of a thread are 50 us late by default, so that the kernel can merge them.
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    events_.resize(kEvents);
    buffer_.resize(kBufferSize);
    epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
    now_ = now();
    if (!epoll_) {
        report_.error = std::string("cannot make an epoll set: ") + std::strerror(errno);
    } else if (connect_all()) {
        phase_.store(Phase::connected, std::memory_order_release);
        if (wait_for_start()) {
            mark_window();
            phase_.store(Phase::running, std::memory_order_release);
            for (std::size_t i = 0; i < connections_.size(); ++i) {
                now_ = now();
                if (thinks_) {  // spread over the first think time, not all at once
                    connections_[i].due = start_ + options_.think * i / connections_.size();
                    ready_.push(connections_[i]);
                } else {
                    available(connections_[i]);
                }
            }
            while (!finished()) turn();
            close_books();
            phase_.store(Phase::done, std::memory_order_release);
            return;
        }
    }
    phase_.store(Phase::failed, std::memory_order_release);
}

// Opens all sockets, within the timeout. False when not one of them could be opened.
bool Worker::connect_all() {
    const TimePoint deadline = now_ + options_.timeout;
    const std::size_t all = connections_.size() + idle_.size();
    for (std::size_t next = 0; now_ < deadline;) {
        for (; next < all && connecting_ < kMostConnecting; ++next) {
            if (next < connections_.size()) {
                open_socket(connections_[next]);
            } else {
                open_idle(next - connections_.size());
            }
        }
        if (next == all && connecting_ == 0 && (resting_ == 0 || report_.opened == 0)) break;
        if (signals_.stop.load(std::memory_order_relaxed) != Signals::kNever) break;
        wait(now_ + kConnectPoll, false);
        now_ = now();
        if (resting_ > 0 && next == all) {
            for (Connection& c : connections_) look_after(c);
        }
    }
    if (report_.opened > 0) return true;
    report_.error = std::strerror(last_connect_error_ != 0 ? last_connect_error_ : ETIMEDOUT);
    return false;
}

// Serves events (closing servers) until the common start. False when the run was called off.
bool Worker::wait_for_start() {
    while (signals_.start.load(std::memory_order_acquire) == Signals::kNever) {
        if (signals_.stop.load(std::memory_order_relaxed) != Signals::kNever) return false;
        wait(now_ + kConnectPoll, false);
        now_ = now();
    }
    start_ = TimePoint(Nanos(signals_.start.load(std::memory_order_acquire)));
    const TimePoint begin = start_ + options_.warmup;
    ledger_.emplace(LedgerRules{learned_.size(), open_loop_ || thinks_, begin,
                                begin + (counts_requests() ? kEndless : options_.duration)});
    started_ = true;
    while (now_ < start_) {
        wait(start_, true);
        now_ = now();
    }
    next_tick_ = now_;
    return true;
}

void Worker::turn() {
    TimePoint until = next_tick_;
    const TimePoint due = next_due();
    wait(due < until - slack_ ? due + slack_ : until, due < until);
    if (open_loop_) {
        dispatch_due();
    } else if (thinks_) {
        dispatch_thinkers();
    }
    if (now_ >= next_tick_) tick();
}

// Handles what is ready, or sleeps until something is. `exactly`: the thread has something to do at
// that moment; since a sleep ends late, the last part of it is spent polling where the rate is so
// low that polling costs little.
void Worker::wait(TimePoint until, bool exactly) {
    const Nanos left = until - now_;
    const Nanos early = exactly && oversleep_ <= spin_limit_ ? oversleep_ : Nanos(0);
    const Nanos sleep = std::max(left - early, Nanos(0));
    if (sleep > Nanos(0) || !exactly) ++syscalls_;
    const int n = wait_for_events(epoll_.get(), events_, sleep);
    if (n == 0) {
        const TimePoint before = now_;
        now_ = now();
        if (exactly && sleep > Nanos(0)) {
            const Nanos late = std::max(now_ - before - sleep, Nanos(0));
            // A slow average from below and a quick one from above: a high, not extreme, quantile.
            oversleep_ += (late - oversleep_) / (late > oversleep_ ? 8 : 32);
        }
        return;
    }
    for (int i = 0; i < n; ++i) handle(events_[static_cast<std::size_t>(i)]);
}

// When the schedule wants the thread next; TimePoint::max() when it doesn't.
TimePoint Worker::next_due() const {
    if (open_loop_) {
        const Nanos due = arrivals_->next().due();
        if (due == Nanos::max() || quota_ == 0) return TimePoint::max();
        const TimePoint at = start_ + due;
        return at < ledger_->window_end() ? at : TimePoint::max();
    }
    return thinks_ && !ready_.empty() ? ready_.front().due : TimePoint::max();
}

// Gaps are sampled evenly over the run.
void Worker::sample_gap() {
    gap_countdown_ = gap_stride_;
    if (report_.unit_gaps.size() < kSampledGaps) {
        report_.unit_gaps.push_back(arrivals_->next().unit_gap());
    }
}

Worker::Usage Worker::usage_now() {
    Usage usage;
    usage.before = now();
    usage.wait_s = thread_run_queue_wait();
    usage.cpu_s = seconds(thread_cpu());
    usage.after = now();
    return usage;
}

// Notes the thread's own use at the window's begin and end, and hands over its seconds.
void Worker::mark_window() {
    const TimePoint stop(Nanos(signals_.stop.load(std::memory_order_relaxed)));
    if (!measured_ && stop < ledger_->window_end()) ledger_->set_window_end(std::max(stop, now_));
    if (!measuring_) {
        // Who had no CPU when the window began has to show that: the look before it counts then.
        const Nanos late = now_ - ledger_->window_begin();
        if (late <= tick_length_ || usage_at_begin_.before == TimePoint()) {
            usage_at_begin_ = usage_now();
        }
        if (late < Nanos(0)) return;
        measuring_ = true;
        next_second_ = ledger_->window_begin() + std::chrono::seconds(1);
        syscalls_at_begin_ = syscalls_;
    }
    if (measured_) return;
    if (now_ >= next_second_ && ledger_->flip()) {
        while (next_second_ <= now_) next_second_ += std::chrono::seconds(1);
    }
    if (!window_is_over()) return;
    measured_ = true;
    const Usage end = usage_now();
    report_.cpu_s = end.cpu_s - usage_at_begin_.cpu_s;
    report_.run_queue_wait_s = end.wait_s - usage_at_begin_.wait_s;
    report_.measured_s = seconds(end.after - usage_at_begin_.before);
    report_.syscalls = syscalls_ - syscalls_at_begin_;
    report_.in_flight_at_end = ledger_->progress().due - ledger_->progress().ended;
    report_.backlog_at_end = open_loop_ ? arrivals_->backlog() : 0;
}

void Worker::tick() {
    mark_window();
    const auto all = static_cast<std::uint32_t>(connections_.size());
    const std::uint32_t some = resting_ > 0 ? all : (all + kSweepParts - 1) / kSweepParts;
    for (std::uint32_t i = 0; i < some; ++i) {
        look_after(connections_[sweep_at_]);
        sweep_at_ = sweep_at_ + 1 == all ? 0 : sweep_at_ + 1;
    }
    next_tick_ = now_ + tick_length_;
    for (const TimePoint edge : {ledger_->window_begin(), ledger_->window_end(), next_second_}) {
        if (edge > now_) next_tick_ = std::min(next_tick_, edge);
    }
}

// The coarse timer: a connection that waits too long for a reply, or has rested enough.
void Worker::look_after(Connection& c) {
    if (c.state == Connection::State::resting) {
        if (now_ < c.due) return;
        --resting_;
        c.state = Connection::State::closed;
        if (started_) {
            available(c);
        } else {
            open_socket(c);
        }
    } else if (c.in_flight > 0 && now_ - oldest(c).sent > options_.timeout) {
        time_out(c);
    }
}

bool Worker::finished() const {
    const bool nothing_left = in_flight_ == 0 && (!open_loop_ || arrivals_->backlog() == 0);
    if (counts_requests() && quota_ == 0 && nothing_left) return true;
    if (!measured_) return false;
    const bool stopped = signals_.stop.load(std::memory_order_relaxed) != Signals::kNever;
    const Nanos drain =
        stopped ? longest_drain_sending()
                : options_.timeout + longest_drain_sending() + tick_length_ * (kSweepParts + 1);
    const Nanos past = now_ - ledger_->window_end();
    if (in_flight_ == 0) return nothing_left || past >= longest_drain_sending();
    return past >= drain;
}

void Worker::close_books() {
    if (counts_requests() && !measured_) {
        ledger_->set_window_end(std::max(last_end_, ledger_->window_begin()));
        mark_window();
    }
    now_ = now();
    for (const Connection& c : connections_) {
        for (std::uint32_t k = 0; k < c.in_flight; ++k) {
            const Request& r = in_flight(c, k);
            ledger_->left_in_flight(r.request_class, r.intended, now_);
        }
        const auto replies = static_cast<double>(c.replies);
        report_.served += c.replies > 0 ? 1 : 0;
        report_.replies += replies;
        report_.replies_squared += replies * replies;
    }
    while (open_loop_ && arrivals_->backlog() > 0) {
        const TimePoint intended = start_ + arrivals_->take();
        ledger_->left_unsent(draw_class(), intended, now_);
    }
    for (const IdleConnection& idle : idle_) report_.idle += idle.open ? 1 : 0;
    report_.idle += report_.idle_lost;
    // The sockets stay open until the worker is destroyed: the probe still reads what the server
    // holds for them when the window ends.
}

}  // namespace echotrio::loadgen
