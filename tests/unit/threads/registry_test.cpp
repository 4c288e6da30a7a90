// The slots of the connections that are served: used again, counted for good, ended when idle.
#include "servers/threads/registry.hpp"

#include "servers/threads/server.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <thread>
#include <vector>

namespace echotrio::threads {
namespace {

// Slots name the server that they belong to; it does nothing here.
class RegistryTest : public testing::Test {
  protected:
    std::vector<Slot*> acquire(std::size_t count) {
        std::vector<Slot*> slots;
        for (std::size_t i = 0; i < count; ++i) slots.push_back(registry_.acquire(server_));
        return slots;
    }

    Server server_{{}, net::Fd(), *net::SignalFd::block({SIGUSR2})};
    Registry registry_;
};

TEST_F(RegistryTest, EachSlotIsItsHoldersAlone) {
    const auto slots = acquire(150);  // more than two blocks
    std::set<const void*> apart(slots.begin(), slots.end());
    for (const Slot* slot : slots) {
        ASSERT_NE(slot, nullptr);
        EXPECT_TRUE(apart.insert(slot->buffers).second);
        EXPECT_EQ(slot->server, &server_);
        EXPECT_EQ(slot->connection, -1);
        EXPECT_FALSE(slot->idle);
    }
    EXPECT_EQ(apart.size(), 300U);
}

TEST_F(RegistryTest, ThereAreAsManyAsThereWereConnectionsAtOnce) {
    auto first = acquire(64);  // a block
    for (int round = 0; round < 3; ++round) {
        for (Slot* slot : first) registry_.release(*slot);
        auto again = acquire(64);
        std::sort(first.begin(), first.end());
        std::sort(again.begin(), again.end());
        EXPECT_EQ(again, first);
    }
}

TEST_F(RegistryTest, ThreadsGiveTheirSlotsBackAtAnyTime) {
    constexpr std::size_t kThreads = 4;
    constexpr std::size_t kEach = 16;  // of one block
    std::set<Slot*> all;
    for (int round = 0; round < 50; ++round) {
        const auto slots = acquire(kThreads * kEach);
        std::vector<std::thread> threads;
        for (std::size_t t = 0; t < kThreads; ++t) {
            threads.emplace_back([&, t] {
                for (std::size_t i = 0; i < kEach; ++i) {
                    slots[t * kEach + i]->counters.requests.add();
                    registry_.release(*slots[t * kEach + i]);
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
        all.insert(slots.begin(), slots.end());
    }
    EXPECT_EQ(all.size(), kThreads * kEach) << "none lost, none given to two";
    protocol::Totals totals;
    registry_.add_to(totals);
    EXPECT_EQ(totals.requests, 50 * kThreads * kEach) << "and no count lost";
}

TEST_F(RegistryTest, CountsOfThoseWhoLeftStay) {
    Slot* const gone = registry_.acquire(server_);
    gone->counters.opened.add(3);
    gone->counters.closed.add(3);
    registry_.release(*gone);
    Slot* const next = registry_.acquire(server_);
    next->counters.opened.add();
    protocol::Totals totals;
    registry_.add_to(totals);
    EXPECT_EQ(totals.opened, 4U);
    EXPECT_EQ(totals.closed, 3U);
}

// A pair of sockets; the server's end in a slot.
struct Pair {
    Pair() {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
        ours.reset(ends[0]);
        theirs.reset(ends[1]);
    }
    bool ended() const {
        char byte = 0;
        return ::recv(ours.get(), &byte, 1, 0) == 0;
    }
    net::Fd ours, theirs;
};

TEST_F(RegistryTest, ADrainEndsThoseThatWaitForARequestAndNoOther) {
    const Pair idle, busy, former;
    const auto slots = acquire(4);
    slots[0]->connection = idle.ours.get();
    slots[0]->idle = true;
    slots[1]->connection = busy.ours.get();
    slots[2]->idle = true;  // between its accept and its first read: no connection to shut down
    slots[3]->connection = former.ours.get();
    slots[3]->idle = true;
    slots[3]->connection = -1;  // closed meanwhile
    int pauses = 0;
    registry_.end_idle([&] { ++pauses; });
    EXPECT_TRUE(idle.ended());
    EXPECT_FALSE(busy.ended());
    EXPECT_FALSE(former.ended());
    EXPECT_EQ(pauses, 0);
    EXPECT_EQ(::send(idle.ours.get(), "x", 1, MSG_NOSIGNAL), 1) << "it may still answer";
}

TEST_F(RegistryTest, ADrainOfManyPausesBetweenBatches) {
    const Pair one;
    for (Slot* slot : acquire(200)) {
        slot->connection = one.ours.get();
        slot->idle = true;
    }
    int pauses = 0;
    registry_.end_idle([&] { ++pauses; });
    EXPECT_EQ(pauses, 3);
}

}  // namespace
}  // namespace echotrio::threads
