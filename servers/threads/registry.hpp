// The connections that are being served, one slot each: what their threads count, and what the
// main thread needs to end the idle ones when the server stops. Slots are used again, so there are
// as many as there were connections at once. No locks: only the main thread takes slots.
#pragma once

#include "common/net/fd.hpp"
#include "common/protocol/counters.hpp"
#include "common/protocol/stats.hpp"

#include <sys/socket.h>

#include <atomic>
#include <new>
#include <utility>

namespace echotrio::threads {

class Server;

// Cache lines of its own: its thread writes it at every request.
struct alignas(64) Slot {
    explicit Slot(Server& s) : server(s) {}

    Server& server;
    protocol::Counters counters;      // of all connections that this slot has held
    std::atomic<int> connection{-1};  // the descriptor; -1 when there is none to shut down
    // Between requests: stopping may close it. Stored before the thread looks whether the server
    // is stopping, read after that was said, both seq_cst: one of the two sees the other.
    std::atomic<bool> idle{false};
    void mark_idle(bool now_idle) noexcept {
        if (idle.load(std::memory_order_relaxed) != now_idle) idle.store(now_idle);
    }

    Slot* next_free = nullptr;
    Slot* next = nullptr;  // all slots
};

class Registry {
  public:
    Registry() = default;
    ~Registry() {
        for (Slot* slot = all_.load(); slot != nullptr;) delete std::exchange(slot, slot->next);
    }
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    // Main thread. Null when memory is out.
    Slot* acquire(Server& server) {
        if (free_ == nullptr) free_ = returned_.exchange(nullptr, std::memory_order_acquire);
        if (free_ != nullptr) return std::exchange(free_, free_->next_free);
        auto* slot = new (std::nothrow) Slot(server);
        if (slot == nullptr) return nullptr;
        slot->next = all_.load(std::memory_order_relaxed);
        all_.store(slot, std::memory_order_release);
        return slot;
    }

    // The slot's thread, when its connection is closed; or the main thread, when none began.
    void release(Slot& slot) {
        slot.next_free = returned_.load(std::memory_order_relaxed);
        while (!returned_.compare_exchange_weak(slot.next_free, &slot, std::memory_order_release,
                                                std::memory_order_relaxed)) {
        }
    }

    // Main thread, after the server was told to stop. It is the only one that makes descriptors,
    // so a number that a thread closes meanwhile can't have become another connection.
    void end_idle() const {
        for (const Slot* slot = all_.load(); slot != nullptr; slot = slot->next) {
            const int fd = slot->connection.load();
            if (fd >= 0 && slot->idle.load()) ::shutdown(fd, SHUT_RD);
        }
    }

    void add_to(protocol::Totals& totals) const {
        for (const Slot* slot = all_.load(std::memory_order_acquire); slot != nullptr;
             slot = slot->next) {
            totals.add(slot->counters);
        }
    }

  private:
    std::atomic<Slot*> all_{nullptr};
    Slot* free_ = nullptr;                  // the main thread's
    std::atomic<Slot*> returned_{nullptr};  // pushed one by one, taken all at once
};

}  // namespace echotrio::threads
