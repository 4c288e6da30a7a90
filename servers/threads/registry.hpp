// The connections that are being served, one slot each: what their threads count, the buffers that
// they may use, and what the main thread needs to end the idle ones when the server stops. Slots
// are used again, so there are as many as there were connections at once. No locks: only the main
// thread takes slots.
#pragma once

#include "common/net/fd.hpp"
#include "common/protocol/counters.hpp"
#include "common/protocol/session.hpp"
#include "common/protocol/stats.hpp"

#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <memory>
#include <new>
#include <utility>

namespace echotrio::threads {

class Server;

// Cache lines of its own: its thread writes it at every request.
struct alignas(64) Slot {
    Server* server = nullptr;
    protocol::Buffers* buffers = nullptr;
    protocol::Counters counters;      // of all connections that this slot has held
    std::atomic<int> connection{-1};  // the descriptor; -1 when there is none to shut down
    // It waits for a request: stopping may end that. Stored before the thread looks whether the
    // server is stopping, read after that was said, both seq_cst: one of the two sees the other.
    std::atomic<bool> idle{false};
    Slot* next_free = nullptr;
};

class Registry {
  public:
    Registry() = default;
    ~Registry() {
        for (Block* block = all_.load(); block != nullptr;) {
            delete std::exchange(block, block->next);
        }
    }
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    // Main thread. Null when memory is out.
    Slot* acquire(Server& server) {
        if (free_ == nullptr) free_ = returned_.exchange(nullptr, std::memory_order_acquire);
        if (free_ == nullptr) grow(server);
        return free_ == nullptr ? nullptr : std::exchange(free_, free_->next_free);
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
    // After every kBatch it calls pause().
    template <class Pause>
    void end_idle(Pause pause) const {
        constexpr int kBatch = 64;
        int ended = 0;
        for_each([&](const Slot& slot) {
            const int fd = slot.connection.load();
            if (fd < 0 || !slot.idle.load()) return;
            ::shutdown(fd, SHUT_RD);
            if (++ended % kBatch == 0) pause();
        });
    }

    void add_to(protocol::Totals& totals) const {
        for_each([&](const Slot& slot) { totals.add(slot.counters); });
    }

  private:
    // Of the buffers, whole pages, only what a connection touches costs memory.
    struct alignas(4096) Block {
        std::array<protocol::Buffers, 64> buffers;
        std::array<Slot, 64> slots;
        Block* next = nullptr;
    };
    static_assert(sizeof(protocol::Buffers) % 4096 == 0);

    void grow(Server& server) {
        auto* block = new (std::nothrow) Block;
        if (block == nullptr) return;
        ::madvise(block, sizeof *block, MADV_NOHUGEPAGE);
        for (std::size_t i = 0; i < block->slots.size(); ++i) {
            Slot& slot = block->slots[i];
            slot.server = &server;
            slot.buffers = &block->buffers[i];
            slot.next_free = std::exchange(free_, &slot);
        }
        block->next = all_.load(std::memory_order_relaxed);
        all_.store(block, std::memory_order_release);
    }

    template <class Visit>
    void for_each(Visit visit) const {
        for (const Block* block = all_.load(std::memory_order_acquire); block != nullptr;
             block = block->next) {
            for (const Slot& slot : block->slots) visit(slot);
        }
    }

    std::atomic<Block*> all_{nullptr};
    Slot* free_ = nullptr;                  // the main thread's
    std::atomic<Slot*> returned_{nullptr};  // pushed one by one, taken all at once
};

}  // namespace echotrio::threads
