// The life of a generator thread: connect, wait for the start, loop, close the books.
#include "loadgen/engine/worker.hpp"

#include "loadgen/engine/epoll_wait.hpp"
#include "loadgen/engine/shard.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace echotrio::loadgen {
namespace {

constexpr std::size_t kEvents = 256;
constexpr std::uint64_t kMostConnecting = 256;  // at a time: spares the server's accept queue
constexpr Nanos kConnectPoll = std::chrono::milliseconds(5);
Spinning spinning(const RunOptions& options) {
    const bool on_its_own = options.idle_strategy == IdleStrategy::automatic;
    return {options.idle_strategy == IdleStrategy::spin || (on_its_own && !options.cpus.empty()),
            on_its_own};
}

constexpr const char* kNoMemory =
    "there is no memory for this run: ask for less (--connections, --threads, --class), or raise "
    "the limit (ulimit -v)";

}  // namespace

Worker::Worker(const Prepared& prepared, const Profile* profile, Share share,
               const Signals& signals)
    : options_(*prepared.options),
      signals_(signals),
      thinks_(profile == nullptr && options_.think > Nanos(0)),
      spinning_(spinning(options_)),
      connections_(share_of(options_.connections, share)),
      sockets_(prepared, share, connections_.size(), share_of(options_.idle, share)),
      requests_(prepared, share.index, connections_.size()),
      demand_(options_, profile, share),
      sleep_(demand_.longest_spin()),
      events_(kEvents) {
    for (std::size_t i = 0; i < connections_.size(); ++i) {
        connections_[i].exchange = requests_.exchange(i);
    }
    if (prepared.noted > 0) requests_.note_in(notes_.emplace(prepared.noted));
    report_.error.reserve(std::strlen(kNoMemory));  // there will be none then
}

void Worker::run() noexcept {
    // Timers of a thread are 50 us late by default, so that the kernel can merge them.
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    Phase end = Phase::failed;
    try {
        end = live();
    } catch (const std::bad_alloc&) {
        report_.error = kNoMemory;
    }
    phase_.store(end, std::memory_order_release);
}

Worker::Phase Worker::live() {
    if (const int error = sockets_.create_epoll(); error != 0) {
        report_.error = fmt::format("cannot make an epoll set: {}", std::strerror(error));
        return Phase::failed;
    }
    // Before it says that it is ready: this takes time and memory.
    ledger_.emplace(LedgerRules{requests_.classes(), demand_.scheduled() || thinks_, {}, {}});
    if (!connect_all()) return Phase::failed;
    phase_.store(Phase::connected, std::memory_order_release);
    const std::optional<TimePoint> start = wait_for_start();
    if (!start) return Phase::failed;
    begin_run(*start);
    while (!finished()) turn();
    close_books();
    return Phase::done;
}

// Opens all sockets, within the timeout. False when not one of them could be opened, and when the
// run was called off.
bool Worker::connect_all() {
    now_ = now();
    const TimePoint deadline = now_ + options_.timeout;
    const std::size_t all = connections_.size() + sockets_.idle();
    // A connection for each request of a schedule: open and silent before its time it would hold a
    // worker of a pool from others. One tells whether anybody is there.
    const bool on_demand = demand_.scheduled() && options_.requests_per_connection == 1;
    for (std::size_t next = 0; now_ < deadline;) {
        for (; next < all && sockets_.connecting() < kMostConnecting; ++next) {
            if (next < connections_.size()) {
                if (next == 0 || !on_demand) connect(connections_[next]);
            } else {
                sockets_.open_idle(static_cast<std::uint32_t>(next));
            }
        }
        const bool resting = sockets_.resting() > 0 && sockets_.counts().opened > 0;
        if (next == all && sockets_.connecting() == 0 && !resting) break;
        if (stopped()) return false;
        wait(now_ + kConnectPoll, false);
        now_ = now();
        if (next == all && sockets_.resting() > 0) {
            for (Connection& c : connections_) look_after(c);
        }
    }
    if (sockets_.counts().opened > 0) return true;
    const int error = sockets_.last_error() != 0 ? sockets_.last_error() : ETIMEDOUT;
    report_.error = fmt::format("cannot connect to {}: {}",
                                net::format_host_port(options_.target.where), std::strerror(error));
    return false;
}

// Serves events (closing servers) until the common start is known. Empty when the run was called
// off.
std::optional<TimePoint> Worker::wait_for_start() {
    while (signals_.start.load(std::memory_order_acquire) == Signals::kNever) {
        if (stopped()) return std::nullopt;
        wait(now_ + kConnectPoll, false);
        now_ = now();
    }
    return TimePoint(Nanos(signals_.start.load(std::memory_order_acquire)));
}

void Worker::begin_run(TimePoint start) {
    window_.emplace(options_, start, *ledger_);
    requests_.open_books(*ledger_);
    demand_.start(start);
    report_.connect_errors = sockets_.counts().connect_errors;
    while (now_ < start) {
        wait(start, true);
        now_ = now();
    }
    // What a thread without a CPU has slept through is due all the same, be it the whole window.
    if (demand_.scheduled()) demand_.fall_due(now_, start, *ledger_);
    window_->tick(now_, TimePoint::max(), counts());
    phase_.store(Phase::running, std::memory_order_release);
    for (std::size_t i = 0; i < connections_.size(); ++i) {
        now_ = now();
        if (thinks_) {  // spread over the first think time, not all at once
            if (!may_begin(connections_[i])) continue;  // it rests
            connections_[i].due = start + options_.think * i / connections_.size();
            queue(connections_[i]);
        } else {
            available(connections_[i]);
        }
    }
    if (demand_.scheduled()) dispatch_due();
}

void Worker::turn() {
    const TimePoint tick_at = window_->next_tick();
    const TimePoint due = next_due();
    const Nanos slack = spinning_.polls() ? Nanos(0) : demand_.slack();
    wait(due < tick_at - slack ? due + slack : tick_at, due < tick_at);
    if (demand_.scheduled()) {
        dispatch_due();
    } else if (thinks_) {
        dispatch_thinkers();
    }
    if (now_ >= tick_at) tick();
}

// Handles what is ready, or waits until something is. `exactly`: the thread has something to do at
// that moment.
void Worker::wait(TimePoint until, bool exactly) {
    const bool spins =
        spinning_.polls() && phase() == Phase::running;  // not before: it may be hours
    const Nanos length = spins ? Nanos(0) : sleep_.length(until - now_, exactly);
    const int n = length > Nanos(0) ? sleep(length, exactly) : poll(until);
    for (int i = 0; i < n; ++i) handle(events_[static_cast<std::size_t>(i)]);
}

// The number of events; after 0 the clock was read.
int Worker::sleep(Nanos length, bool exactly) {
    ++waits_;
    const int n = wait_for_events(sockets_.epoll(), events_, length);
    if (n > 0) return n;
    const TimePoint before = now_;
    now_ = now();
    if (exactly) sleep_.ended(now_ - before - length);
    return 0;
}

// The same without sleeping. Two readings of the clock enclose each poll that finds nothing.
int Worker::poll(TimePoint until) {
    for (TimePoint before = now();; before = now_) {
        if (const int n = poll_events(sockets_.epoll(), events_); n > 0) {
            ++waits_;
            return n;
        }
        now_ = now();
        spinning_.polled(now_ - before);
        if (now_ >= until) return 0;
    }
}

// When the load wants the thread next; TimePoint::max() when it doesn't, or when nothing could be
// sent then.
TimePoint Worker::next_due() const {
    if (demand_.scheduled()) {
        return ready_.empty() ? TimePoint::max() : demand_.next(ledger_->window_end());
    }
    return thinks_ && !ready_.empty() ? ready_.front().due : TimePoint::max();
}

void Worker::dispatch_due() {
    for (;; now_ = now()) {
        demand_.fall_due(now_, ready_.empty() ? now_ : ready_since_, *ledger_);
        if (demand_.backlog() == 0 || ready_.empty() || now_ >= window_->sending_ends()) return;
        Connection& c = ready_.pop();
        if (options_.replay) {
            const RecordedRequest recorded = demand_.oldest();
            requests_.begin_recorded(c.exchange, recorded, demand_.take(), now_);
        } else {
            requests_.begin(c.exchange, demand_.take(), now_);
        }
        pump(c);
        if (!c.queued && may_begin(c)) queue(c);
    }
}

void Worker::dispatch_thinkers() {
    while (!ready_.empty() && ready_.front().due <= now_) {
        Connection& c = ready_.pop();
        if (window_->over(now_) || demand_.exhausted()) continue;
        begin(c, c.due);
        pump(c);
        now_ = now();
    }
}

void Worker::tick() {
    const TimePoint stop(Nanos(signals_.stop.load(std::memory_order_relaxed)));
    if (window_->tick(now_, stop, counts())) window_ended();
    const auto all = static_cast<std::uint32_t>(connections_.size());
    const std::uint32_t part = (all + WindowClock::kSweepTicks - 1) / WindowClock::kSweepTicks;
    for (std::uint32_t left = sockets_.resting() > 0 ? all : part; left > 0; --left) {
        look_after(connections_[sweep_at_]);
        sweep_at_ = sweep_at_ + 1 == all ? 0 : sweep_at_ + 1;
    }
}

// The coarse timer: a connection that waits too long for a reply, or has rested enough.
void Worker::look_after(Connection& c) {
    if (sockets_.rested(c.socket, now_)) {
        if (started()) {
            available(c);
        } else {
            connect(c);
        }
    } else if (requests_.overdue(c.exchange, now_)) {
        requests_.give_up(c.exchange, now_);
        replace(c, true);
    }
}

bool Worker::finished() const {
    return window_->finished(
        now_, {requests_.in_flight(), demand_.backlog(), demand_.exhausted(), stopped()});
}

void Worker::window_ended() {
    report_.in_flight_at_end = ledger_->progress().due - ledger_->progress().ended;
    report_.backlog_at_end = demand_.backlog();
}

void Worker::close_books() {
    if (options_.requests > 0 && window_->end_at(requests_.last_end(), now_, counts())) {
        window_ended();
    }
    now_ = now();
    for (const Connection& c : connections_) {
        requests_.leave(c.exchange, now_);
        const auto replies = static_cast<double>(c.exchange.replies);
        report_.served += c.exchange.replies > 0 ? 1 : 0;
        report_.replies += replies;
        report_.replies_squared += replies * replies;
    }
    while (demand_.backlog() > 0) {
        const Requests::Chosen chosen =
            options_.replay ? requests_.settled(demand_.oldest()) : requests_.drawn();
        requests_.never_sent(chosen, demand_.take(), now_);
    }
    report_.use = window_->use();
    report_.spun = spinning_.polls();
    report_.protocol_fault = requests_.fault();
    report_.sockets = sockets_.counts();
    report_.idle = sockets_.idle_open() + sockets_.counts().idle_lost;
    report_.unit_gaps = demand_.unit_gaps();
    // The sockets stay open until the worker is destroyed: the probe still reads what the server
    // holds for them when the window ends.
}

}  // namespace echotrio::loadgen
