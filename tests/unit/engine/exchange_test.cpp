// The ring of requests in flight against a plain queue, and what the kernel took of their bytes.
#include "loadgen/engine/exchange.hpp"

#include "common/base/rng.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

namespace echotrio::loadgen {
namespace {

std::uint64_t size_of(const Request& r) {
    return 1 + r.offset % 7;
}

Request request(std::uint32_t offset) {
    Request r;
    r.offset = offset;
    return r;
}

TEST(RequestRing, BehavesAsAPlainQueue) {
    for (const std::size_t places : {1U, 2U, 7U}) {
        std::vector<Request> storage(places);
        RequestRing ring(storage);
        std::deque<std::uint32_t> model;   // offsets in flight
        std::deque<std::uint64_t> unsent;  // bytes left of those that are not wholly written
        Rng rng(places);
        for (std::uint32_t step = 0; step < 20'000; ++step) {
            switch (rng.below(3)) {
                case 0:
                    if (ring.full()) break;
                    ring.push(request(step));
                    model.push_back(step);
                    unsent.push_back(size_of(request(step)));
                    break;
                case 1:
                    if (ring.empty()) break;
                    ring.pop();
                    if (unsent.size() == model.size()) unsent.pop_front();
                    model.pop_front();
                    break;
                default:
                    std::uint64_t all = 0;
                    for (const std::uint64_t bytes : unsent) all += bytes;
                    std::uint64_t taken = rng.below(all + 1);
                    ring.wrote(taken, size_of);
                    while (!unsent.empty() && taken >= unsent.front()) {
                        taken -= unsent.front();
                        unsent.pop_front();
                    }
                    if (!unsent.empty()) unsent.front() -= taken;
            }
            ASSERT_EQ(ring.size(), model.size());
            ASSERT_EQ(ring.empty(), model.empty());
            ASSERT_EQ(ring.full(), model.size() == places);
            ASSERT_EQ(ring.unwritten(), unsent.size());
            for (std::uint32_t k = 0; k < ring.size(); ++k) ASSERT_EQ(ring[k].offset, model[k]);
            if (!model.empty()) {
                ASSERT_EQ(ring.oldest().offset, model.front());
            }
            if (unsent.empty()) {
                ASSERT_EQ(ring.written(), 0);
            } else {
                const Request& next = ring[ring.first_unwritten()];
                ASSERT_EQ(size_of(next) - ring.written(), unsent.front());
            }
        }
    }
}

TEST(Exchange, ForgetsTheOldSocketButNotItsReplies) {
    std::vector<Request> storage(1);
    Exchange e;
    e.ring = RequestRing(storage);
    e.closing = e.answered = true;
    e.begun = 3;
    e.received = 5;
    e.replies = 2;
    e.restart();
    EXPECT_FALSE(e.closing || e.answered);
    EXPECT_EQ(e.begun + e.received, 0);
    EXPECT_EQ(e.replies, 2);
}

TEST(Exchange, TakesWhatIsInFlightAlong) {
    std::vector<Request> storage(2);
    Exchange e;
    e.ring = RequestRing(storage);
    e.ring.push({});
    e.ring.push({});
    e.ring.wrote(15, [](const Request&) { return std::uint64_t{10}; });
    e.restart();
    EXPECT_EQ(e.ring.size(), 2);
    EXPECT_EQ(e.ring.unwritten(), 2) << "all of both goes out again";
    EXPECT_EQ(e.ring.written(), 0);
    EXPECT_EQ(e.begun, 2);
}

}  // namespace
}  // namespace echotrio::loadgen
