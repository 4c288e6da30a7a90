// The queue of connections with room: order, and removal from anywhere, against a plain list.
#include "common/base/rng.hpp"
#include "loadgen/engine/connection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>

namespace echotrio::loadgen {
namespace {

TEST(ReadyQueue, BehavesAsAPlainList) {
    std::vector<Connection> connections(50);
    ReadyQueue queue;
    std::list<Connection*> model;
    Rng rng(5);
    for (int step = 0; step < 20'000; ++step) {
        Connection& c = connections[rng.below(connections.size())];
        const bool queued = std::find(model.begin(), model.end(), &c) != model.end();
        ASSERT_EQ(c.queued, queued);
        ASSERT_EQ(queue.empty(), model.empty());
        switch (rng.below(3)) {
            case 0:
                if (queued) break;
                queue.push(c);
                model.push_back(&c);
                break;
            case 1:
                queue.remove(c);
                model.remove(&c);
                break;
            default:
                if (model.empty()) break;
                ASSERT_EQ(&queue.front(), model.front());
                ASSERT_EQ(&queue.pop(), model.front());
                model.pop_front();
        }
    }
}

TEST(Connection, IsSmall) {
    // 1 KiB a connection is the budget, with its request places and the kernel's none of it.
    EXPECT_LE(sizeof(Connection) + sizeof(Request), 256);
}

}  // namespace
}  // namespace echotrio::loadgen
