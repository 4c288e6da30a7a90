#include "servers/prefork/scoreboard.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>

namespace echotrio::prefork {
namespace {

// Good to a few milliseconds, at a fifth of the cost of now().
std::int64_t coarse_now() noexcept {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

constexpr std::size_t whole_lines(std::size_t bytes) {
    return (bytes + alignof(Slot) - 1) / alignof(Slot) * alignof(Slot);
}

}  // namespace

void Slot::expect(Nanos bound) noexcept {
    due.store(bound > Nanos(0) ? coarse_now() + bound.count() : 0, std::memory_order_relaxed);
}

bool Slot::overdue() const noexcept {
    const std::int64_t until = due.load(std::memory_order_relaxed);
    return until != 0 && coarse_now() > until;
}

std::size_t Scoreboard::bytes_for(std::size_t slots, std::size_t seats) noexcept {
    return whole_lines(sizeof(Pool)) + slots * sizeof(Slot) + seats * sizeof(Seat);
}

Result<Scoreboard> Scoreboard::create(std::string model, std::size_t slots, std::uint64_t seats) {
    const std::size_t limited = seats < slots ? static_cast<std::size_t>(seats) : 0;
    const std::size_t bytes = bytes_for(slots, limited);
    void* memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return Error{fmt::format("cannot map the scoreboard: {}", std::strerror(errno))};
    }
    return Scoreboard(std::move(model), slots, limited, {memory, Unmap{bytes}});
}

Scoreboard::Scoreboard(std::string model, std::size_t slots, std::size_t seats,
                       std::unique_ptr<void, Unmap> memory)
    : model_(std::move(model)), size_(slots), seat_count_(seats), memory_(std::move(memory)) {
    auto* at = static_cast<std::byte*>(memory_.get());
    pool_ = new (at) Pool;
    at += whole_lines(sizeof(Pool));
    slots_ = new (at) Slot[slots];
    at += slots * sizeof(Slot);
    seats_ = new (at) Seat[seats]{};
    pool_->started = now();
}

void Scoreboard::Unmap::operator()(void* memory) const noexcept {
    ::munmap(memory, bytes);
}

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
    stats.uptime_s = seconds(now() - pool_->started);
    stats.pids.push_back(pool_->supervisor);
    Sums sums;
    for (std::size_t i = 0; i < size_; ++i) {
        const Slot& slot = slots_[i];
        stats.totals.add(slot.counters);
        sums.lock_wait_ns += slot.lock_wait_ns.get();
        const pid_t pid = slot.pid.load();
        if (pid == 0) continue;
        stats.pids.push_back(pid);
        const auto served = static_cast<double>(slot.connections.get());
        sums.connections += served;
        sums.squares += served * served;
        ++sums.alive;
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
    // Jain, Chiu and Hawe 1984: 1 when all have the same share, 1/n when one has all.
    const double fairness =
        sums.squares > 0 ? sums.connections * sums.connections / (sums.alive * sums.squares) : 1;
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
          total(pool_->waiting.load())},
         {"fairness", "Jain's index of the connections over the slots in use", gauge, fairness},
         {"generation", "Reloads since the start", gauge, total(pool_->generation.load())},
         {"spawned_total", "Workers started", counter, total(pool_->spawned.get())},
         {"dead_total", "Workers that were killed or failed", counter, total(pool_->died.get())},
         {"lock_wait_us_total", "Time that workers waited for their turn to accept", counter,
          total(sums.lock_wait_ns / 1000)}}};
}

}  // namespace echotrio::prefork
