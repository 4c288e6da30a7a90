#include "servers/prefork/scoreboard.hpp"

#include <new>

namespace echotrio::prefork {

Result<Scoreboard> Scoreboard::create(std::string model, std::size_t slots, std::uint64_t seats) {
    const std::size_t limited = seats < slots ? static_cast<std::size_t>(seats) : 0;
    auto memory = supervise::SlotMemory::shared(bytes_for(slots, limited * sizeof(Seat)));
    if (!memory) return memory.error();
    return Scoreboard(std::move(model), slots, limited, *std::move(memory));
}

Scoreboard::Scoreboard(std::string model, std::size_t slots, std::size_t seats,
                       supervise::SlotMemory memory)
    : ScoreboardOf(std::move(memory), slots),
      model_(std::move(model)),
      seat_count_(seats),
      seats_(new (after_slots()) Seat[seats]{}) {}

bool Scoreboard::take_seat(std::size_t slot) noexcept {
    const auto owner = static_cast<std::uint32_t>(slot + 1);
    for (std::size_t i = 0; i < seat_count_; ++i) {
        std::uint32_t vacant = 0;
        if (seats_[i].compare_exchange_strong(vacant, owner)) return true;
    }
    return seat_count_ == 0;
}

void Scoreboard::leave_seat(std::size_t slot) noexcept {
    for (std::size_t i = 0; i < seat_count_; ++i) {
        if (seats_[i].load() == slot + 1) seats_[i].store(0);
    }
}

protocol::Stats Scoreboard::collect() {
    protocol::Stats stats;
    stats.model = model_;
    stats.uptime_s = seconds(now() - pool().started);
    stats.pids.push_back(pool().supervisor);
    Sums sums;
    for (std::size_t i = 0; i < size(); ++i) {
        const Slot& slot = this->slot(i);
        stats.totals.add(slot.counters);
        sums.lock_wait_ns += slot.lock_wait_ns.get();
        const pid_t pid = slot.pid.load();
        if (pid == 0) continue;
        stats.pids.push_back(pid);
        sums.connections.add(static_cast<double>(slot.connections.get()));
        if (slot.order.load() != Order::serve) {
            ++sums.retiring;
        } else {
            ++sums.in_state[static_cast<std::size_t>(slot.state.load())];
        }
    }
    stats.own.push_back(workers(sums));
    return stats;
}

protocol::Section Scoreboard::workers(const Sums& sums) const {
    using enum protocol::FieldKind;
    const auto in = [&](State state) { return sums.in_state[static_cast<std::size_t>(state)]; };
    const auto total = [](std::uint64_t n) { return static_cast<double>(n); };
    return {
        "workers",
        {{"starting", "Workers not yet accepting", gauge, in(State::starting)},
         {"idle", "Workers waiting for a connection", gauge, in(State::idle)},
         {"busy", "Workers serving a connection", gauge, in(State::busy)},
         {"closing", "Workers that end a connection", gauge, in(State::closing)},
         {"retiring", "Workers told to leave", gauge, sums.retiring},
         {"waiting", "Connections that no worker has accepted yet", gauge,
          total(pool().waiting.load())},
         {"fairness", "Jain's index of the connections over the slots in use", gauge,
          sums.connections.index()},
         {"generation", "Reloads since the start", gauge, total(pool().generation.load())},
         {"spawned_total", "Workers started", counter, total(pool().spawned.get())},
         {"dead_total", "Workers that were killed or failed", counter, total(pool().died.get())},
         {"lock_wait_us_total", "Time that workers waited for their turn to accept", counter,
          total(sums.lock_wait_ns / 1000)}}};
}

}  // namespace echotrio::prefork
