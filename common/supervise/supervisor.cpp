#include "common/supervise/supervisor.hpp"

#include "common/base/cli.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace echotrio::supervise {
namespace {

constexpr Nanos kTick = std::chrono::seconds(1);
// What a worker gets between SIGTERM and SIGKILL when the drain has taken too long.
constexpr Nanos kLastChance = std::chrono::seconds(1);

}  // namespace

Result<bool> Supervisor::run() {
    next_tick_ = now() + kTick;
    start_first();
    while (!stopping() || workers_.alive() > 0) {
        wait_for_event();
        take_starts();
        take_signals();
        take_deaths();
        if (now() >= next_tick_) tick();
        if (stopping() && workers_.alive() > 0 && now() >= deadline_) end_drain();
    }
    if (failure_) return *failure_;
    return !cut_short_;
}

void Supervisor::log(const std::string& message) const {
    net::log_line("echo-" + options_.settings.model, message);
}

void Supervisor::start_first() {
    for (int i = 1; i <= options_.pool.start; ++i) {
        if (auto spawned = workers_.spawn(); !spawned) {
            return fail(fmt::format("{} (number {} of {} {})", spawned.error().message, i,
                                    options_.count_flag, options_.pool.start));
        }
    }
}

void Supervisor::wait_for_event() {
    const TimePoint until = stopping() ? std::min(next_tick_, deadline_) : next_tick_;
    const Nanos left = std::max(until - now(), Nanos(0));
    const timespec timeout{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    std::array<pollfd, 2> events{{{signals_.fd(), POLLIN, 0}, {workers_.started_fd(), POLLIN, 0}}};
    ::ppoll(events.data(), events.size(), &timeout, nullptr);
}

void Supervisor::take_starts() {
    if (workers_.note_started() > 0) respawn_.started();
    if (workers_.starting()) return;
    if (phase_ == Phase::starting) {
        phase_ = Phase::serving;
        net::print_ready(options_, workers_.bound());
    }
    if (reloading_ && !stopping()) {
        reloading_ = false;
        workers_.retire_former();
        log(fmt::format("generation {} serves, the former one retires", workers_.generation()));
    }
}

void Supervisor::take_signals() {
    while (const auto signal = signals_.take()) {
        switch (*signal) {
            case SIGTERM:
            case SIGINT:
                if (stopping()) {
                    cut_short_ = true;
                    workers_.kill_all();
                } else {
                    drain();
                }
                break;
            case SIGHUP:
                reload_wanted_ = true;
                break;
            default:  // SIGCHLD: take_deaths() looks anyway
                break;
        }
    }
    if (reload_wanted_ && !reloading_ && phase_ == Phase::serving) reload();
}

void Supervisor::take_deaths() {
    for (const Death& death : workers_.reap()) {
        const bool failed_start = !death.started && !death.ordered;
        if (!death.clean && !cut_short_) {
            log(fmt::format("worker {} {}{}", death.pid, death.how,
                            failed_start ? " before it could accept" : ""));
        }
        if (stopping() && death.cut_off) cut_short_ = true;
        if (death.ordered || (death.clean && death.started) || stopping()) continue;
        respawn_.died(death.started, death.lived);
        if (!failed_start) continue;
        give_up_reload();
        const bool hopeless = respawn_.budget_spent() && !workers_.anyone_started();
        if (phase_ == Phase::starting || hopeless) {
            fail(fmt::format("workers cannot start: worker {} {} before it could accept", death.pid,
                             death.how));
        }
    }
}

void Supervisor::tick() {
    // After a stall of our own (a suspended terminal job, a machine that slept) the workers stalled
    // too: their heartbeats get one more tick.
    const bool stalled = now() > next_tick_ + kTick;
    next_tick_ = stalled ? now() + kTick : next_tick_ + kTick;
    if (!stalled) {
        for (const pid_t pid : workers_.abort_hung()) {
            log(fmt::format("worker {} hangs, it is aborted and replaced", pid));
        }
    }
    if (phase_ != Phase::serving) return;
    workers_.publish_waiting();
    maintain_pool();
}

void Supervisor::maintain_pool() {
    if (!respawn_.tick()) return;
    const Decision decision = pool_.tick(workers_.census());
    if (decision.ceiling && !std::exchange(ceiling_logged_, true)) {
        log(fmt::format("all {} workers are busy (--max-workers): connections wait in the backlog",
                        options_.pool.max_workers));
    }
    const int unattended = options_.socket_each ? workers_.listeners_without_worker() : 0;
    const int wanted = std::max(decision.spawn, unattended);
    if (wanted > 0) {
        spawn(wanted);
    } else if (decision.retire && !reloading_ && !options_.socket_each) {
        // (the worker's own listening socket would stay behind, and its queue)
        workers_.retire_one_idle();
    }
}

void Supervisor::reload() {
    reload_wanted_ = false;
    const Census census = workers_.census();
    const auto& pool = options_.pool;
    int wanted = std::max(pool.start, census.all - census.idle + pool.min_spare);
    wanted = std::min(wanted, pool.max_workers);
    // Where each has a socket, each queue needs a successor, and no more: the sockets of every
    // reload would stay.
    if (options_.socket_each) wanted = static_cast<int>(workers_.listener_count());
    workers_.next_generation();
    reloading_ = true;
    log(fmt::format("reload: starting generation {}", workers_.generation()));
    if (!spawn(wanted)) give_up_reload();
}

void Supervisor::give_up_reload() {
    if (!std::exchange(reloading_, false)) return;
    workers_.give_up_generation();  // else those that did start would add up, reload by reload
    log("reload given up, the former workers stay");
}

bool Supervisor::spawn(int count) {
    for (int i = 0; i < count; ++i) {
        if (auto spawned = workers_.spawn(); !spawned) {
            const std::string& reason = spawned.error().message;
            if (std::exchange(last_spawn_error_, reason) != reason) log(reason);
            return false;
        }
    }
    last_spawn_error_.clear();
    return true;
}

void Supervisor::fail(std::string reason) {
    if (failure_) return;
    failure_ = Error{std::move(reason)};
    drain();
}

void Supervisor::drain() {
    phase_ = Phase::draining;
    deadline_ = now() + options_.drain_timeout;
    workers_.stop_listening();
    workers_.order_all(Order::drain);
}

void Supervisor::end_drain() {
    if (phase_ == Phase::draining) {
        log(fmt::format("{} workers have not finished in time, they are ended", workers_.alive()));
        phase_ = Phase::killing;
        deadline_ = now() + kLastChance;
        workers_.order_all(Order::leave);
    } else {
        deadline_ = now() + kLastChance;
        workers_.kill_all();
    }
    cut_short_ = true;
}

int run(const Options& options, net::SignalFd signals, WorkerSet workers) {
    if (auto became = net::become_user(options); !became) {
        return cli::fail(became.error().message);
    }
    Supervisor supervisor(options, std::move(signals), std::move(workers));
    const auto finished = supervisor.run();
    if (!finished) return cli::fail(finished.error().message);
    return *finished ? cli::kExitOk : cli::kExitFailed;
}

}  // namespace echotrio::supervise
