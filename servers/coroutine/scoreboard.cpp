#include "servers/coroutine/scoreboard.hpp"

#include "common/supervise/jain.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <utility>

namespace echotrio::coroutine {
namespace {

using enum protocol::FieldKind;

// Read while they are counted: one that was closed meanwhile may count, one too few never does.
std::uint64_t open_connections(const Slot& slot) noexcept {
    const std::uint64_t closed = slot.counters.closed.get();
    std::atomic_thread_fence(std::memory_order_acquire);
    const std::uint64_t opened = slot.counters.opened.get();
    return opened > closed ? opened - closed : 0;
}

protocol::Section loop_section(const Lag& lag, std::uint64_t frames, std::uint64_t yields,
                               std::uint64_t pauses) {
    return {"loop",
            {{"lag_p50_us", "How late a tick of the loop is, median", gauge, lag.quantile_us(0.5)},
             {"lag_p99_us", "How late a tick of the loop is, 99th percentile", gauge,
              lag.quantile_us(0.99)},
             {"lag_max_us", "How late a tick of the loop was at most", gauge, lag.max_us()},
             {"ticks", "Ticks of the loop, each a measurement of its lag", counter,
              static_cast<double>(lag.count())},
             {"frames", "Coroutines of connections, so connections that are open", gauge,
              static_cast<double>(frames)},
             {"yields", "Times that CPU work gave way to others (--yield-every)", counter,
              static_cast<double>(yields)},
             {"accept_pauses", "Times that accepting paused: no descriptor or memory left", counter,
              static_cast<double>(pauses)}}};
}

}  // namespace

Scoreboard::Scoreboard(std::string model)
    : Scoreboard(std::move(model), 1, supervise::SlotMemory::alone(bytes_for(1))) {
    pool().supervisor = ::getpid();
}

Result<Scoreboard> Scoreboard::shared(std::string model, std::size_t slots) {
    auto memory = supervise::SlotMemory::shared(bytes_for(slots));
    if (!memory) return memory.error();
    return Scoreboard(std::move(model), slots, *std::move(memory));
}

std::uint64_t Scoreboard::connections() const noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < size(); ++i) sum += open_connections(slot(i));
    return sum;
}

protocol::Stats Scoreboard::collect() {
    protocol::Stats stats;
    stats.model = model_;
    stats.pids = {pool().supervisor};
    stats.uptime_s = seconds(now() - pool().started);
    Lag lag;
    supervise::Jain shares;
    std::uint64_t frames = 0, most = 0, yields = 0, pauses = 0;
    for (std::size_t i = 0; i < size(); ++i) {
        const Slot& one = std::as_const(*this).slot(i);
        stats.totals.add(one.counters);
        lag.add(one.lag);
        yields += one.yields.get();
        pauses += one.accept_pauses.get();
        const std::uint64_t open = open_connections(one);
        frames += open;
        most = std::max(most, open);
        shares.add(static_cast<double>(one.counters.opened.get()));
        if (const pid_t pid = one.pid.load(); pid != 0) stats.pids.push_back(pid);
    }
    stats.own = {loop_section(lag, frames, yields, pauses)};
    if (size() == 1) return stats;
    const auto total = [](std::uint64_t n) { return static_cast<double>(n); };
    stats.own.push_back(
        {"processes",
         {{"alive", "Processes that serve", gauge, total(stats.pids.size() - 1)},
          {"most_connections", "Connections of the process that has most", gauge, total(most)},
          {"waiting", "Connections that no process has accepted yet", gauge,
           total(pool().waiting.load())},
          {"fairness", "Jain's index of the processes' connections so far", gauge, shares.index()},
          {"spawned_total", "Processes started", counter, total(pool().spawned.get())},
          {"dead_total", "Processes that were killed or failed", counter,
           total(pool().died.get())}}});
    return stats;
}

}  // namespace echotrio::coroutine
