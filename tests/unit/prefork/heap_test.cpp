// The heap in a forked worker: what it has dirtied, by the kernel's own books.
#include "servers/prefork/heap.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

namespace echotrio::prefork {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

// Pages of this process alone that it has written to, in bytes.
std::int64_t private_dirty() {
    std::ifstream rollup("/proc/self/smaps_rollup");
    std::string word;
    while (rollup >> word) {
        std::int64_t kib = 0;
        if (word == "Private_Dirty:" && rollup >> kib) return kib * 1024;
    }
    return -1;
}

// By how much a forked child's own memory has grown after so many requests, in their order; a write
// of the child's own stack and the like is in it.
std::vector<std::int64_t> growth_in_a_child(Heap& heap, const std::vector<int>& requests) {
    int results[2];
    if (::pipe(results) != 0) return {};
    const pid_t child = ::fork();
    if (child == 0) {
        std::vector<std::int64_t> grown(requests.size());
        private_dirty();  // what looking costs
        const std::int64_t before = private_dirty();
        int done = 0;
        for (std::size_t i = 0; i < requests.size(); ++i) {
            for (; done < requests[i]; ++done) heap.touch();
            grown[i] = private_dirty() - before;
        }
        const auto bytes = grown.size() * sizeof grown[0];
        ::_exit(::write(results[1], grown.data(), bytes) == static_cast<ssize_t>(bytes) ? 0 : 1);
    }
    std::vector<std::int64_t> grown(requests.size());
    const auto bytes = grown.size() * sizeof grown[0];
    EXPECT_EQ(::read(results[0], grown.data(), bytes), static_cast<ssize_t>(bytes));
    ::waitpid(child, nullptr, 0);
    ::close(results[0]);
    ::close(results[1]);
    return grown;
}

TEST(Heap, AWorkerDirtiesItsShareRequestByRequest) {
    if (private_dirty() < 0) GTEST_SKIP() << "no /proc/PID/smaps_rollup here";
    auto heap = Heap::create(40 * kMiB, 0.5);
    ASSERT_TRUE(heap) << heap.error().message;
    const auto grown = growth_in_a_child(*heap, {0, 50, 100, 200});
    constexpr double kNear = 0.25 * kMiB;
    EXPECT_NEAR(static_cast<double>(grown[0]), 0, kNear);
    EXPECT_NEAR(static_cast<double>(grown[1]), 10 * kMiB, kNear);
    EXPECT_NEAR(static_cast<double>(grown[2]), 20 * kMiB, kNear);
    EXPECT_NEAR(static_cast<double>(grown[3]), 20 * kMiB, kNear) << "no more than its share";
    // the parent's own has not been touched: another child begins anew
    EXPECT_NEAR(static_cast<double>(growth_in_a_child(*heap, {200})[0]), 20 * kMiB, kNear);
}

TEST(Heap, OfAFewPagesIsDirtiedPageByPage) {
    if (private_dirty() < 0) GTEST_SKIP() << "no /proc/PID/smaps_rollup here";
    auto heap = Heap::create(1, 1);  // rounded up to a page
    ASSERT_TRUE(heap);
    for (int i = 0; i < 3; ++i) heap->touch();
}

TEST(Heap, NoneIsNothing) {
    auto heap = Heap::create(0, 1);
    ASSERT_TRUE(heap);
    heap->touch();
    auto untouched = Heap::create(kMiB, 0);
    ASSERT_TRUE(untouched);
    untouched->touch();
}

TEST(Heap, MoreThanTheMachineHasIsRefused) {
    const auto heap = Heap::create(std::numeric_limits<std::uint64_t>::max() / 4, 0);
    ASSERT_FALSE(heap);
    EXPECT_NE(heap.error().message.find("--heap: "), std::string::npos) << heap.error().message;
}

}  // namespace
}  // namespace echotrio::prefork
