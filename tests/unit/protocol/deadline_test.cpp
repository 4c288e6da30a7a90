#include "common/protocol/deadline.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

namespace echotrio::protocol {
namespace {

using namespace std::chrono_literals;

constexpr Nanos kNever = Deadline::kNever;

// How long a peer may go on, by what it does: silent from the start, or a byte every 100 ms.
struct Row {
    const char* what;
    Waiting waiting;
    Limits limits;
    Nanos silent;
    Nanos trickling;
};

void PrintTo(const Row& row, std::ostream* out) {
    *out << row.what;
}

constexpr Row kTable[] = {
    {"quiet", Waiting::quiet, {1s, 3s}, 1s, kNever},
    {"quiet, the other order", Waiting::quiet, {3s, 1s}, 3s, kNever},
    {"quiet, no idle limit", Waiting::quiet, {0s, 1s}, kNever, kNever},
    {"quiet, no request limit", Waiting::quiet, {1s, 0s}, 1s, kNever},
    {"quiet, none", Waiting::quiet, {0s, 0s}, kNever, kNever},
    {"request", Waiting::request, {1s, 3s}, 3s, 3s},
    {"request, the other order", Waiting::request, {3s, 1s}, 1s, 1s},
    {"request, no idle limit", Waiting::request, {0s, 1s}, 1s, 1s},
    {"request, no request limit", Waiting::request, {1s, 0s}, 1s, kNever},
    {"request, none", Waiting::request, {0s, 0s}, kNever, kNever},
    {"unsent", Waiting::unsent, {1s, 3s}, 1s, kNever},
    {"unsent, no idle limit", Waiting::unsent, {0s, 3s}, kNever, kNever},
    {"lingering", Waiting::lingering, {60s, 10s}, 2s, 10s},
    {"lingering, short requests", Waiting::lingering, {60s, 1s}, 1s, 1s},
    {"lingering, no request limit", Waiting::lingering, {1s, 0s}, 2s, 30s},
    {"refused", Waiting::refused, {60s, 10s}, 1s, 1s},
    {"refused, no limits", Waiting::refused, {0s, 0s}, 1s, 1s},
};

class DeadlineTable : public testing::TestWithParam<Row> {};

constexpr TimePoint kStart{1000s};

TEST_P(DeadlineTable, OfASilentPeer) {
    const Row& row = GetParam();
    Deadline deadline;
    EXPECT_EQ(deadline.left(row.waiting, 0, row.limits, [] { return kStart; }), row.silent);
}

TEST_P(DeadlineTable, OfOneThatTrickles) {
    const Row& row = GetParam();
    Deadline deadline;
    Nanos passed{0};
    for (; passed < 60s; passed += 100ms) {
        const Nanos left =
            deadline.left(row.waiting, 0, row.limits, [&] { return kStart + passed; });
        if (left <= 100ms) {
            passed += left;
            break;
        }
    }
    EXPECT_EQ(passed >= 60s ? kNever : passed, row.trickling);
}

INSTANTIATE_TEST_SUITE_P(Limits, DeadlineTable, testing::ValuesIn(kTable), [](const auto& row) {
    std::string name;
    for (const char c : std::string_view(row.param.what)) name += c == ' ' || c == ',' ? '_' : c;
    return name;
});

TEST(Deadline, OfEachRequestBeginsWithIt) {
    const Limits limits{60s, 10s};
    Deadline deadline;
    const auto left = [&](Waiting waiting, std::uint8_t request, Nanos at) {
        return deadline.left(waiting, request, limits, [&] { return kStart + at; });
    };
    EXPECT_EQ(left(Waiting::request, 0, 0s), 10s);
    EXPECT_EQ(left(Waiting::request, 0, 4s), 6s);
    EXPECT_EQ(left(Waiting::request, 1, 5s), 10s) << "the next one in a pipeline";
    EXPECT_EQ(left(Waiting::quiet, 1, 6s), 60s);
    EXPECT_EQ(left(Waiting::request, 1, 7s), 10s) << "after a pause";
    EXPECT_LE(left(Waiting::request, 1, 18s), 0s);
    EXPECT_EQ(left(Waiting::lingering, 2, 20s), 2s);
    EXPECT_EQ(left(Waiting::lingering, 2, 29s), 1s);
}

TEST(Deadline, GoesOnWhereTheMomentWraps) {
    constexpr TimePoint almost{std::chrono::milliseconds((1LL << 32) - 1000)};
    Deadline deadline;
    const auto left = [&](Nanos at) {
        return deadline.left(Waiting::request, 0, {60s, 10s}, [&] { return almost + at; });
    };
    EXPECT_EQ(left(0s), 10s);
    EXPECT_EQ(left(4s), 6s);
}

TEST(Deadline, AsksForTheTimeOnlyWhereItMatters) {
    Deadline deadline;
    deadline.left(Waiting::quiet, 0, {60s, 10s}, []() -> TimePoint {
        ADD_FAILURE();
        return {};
    });
}

}  // namespace
}  // namespace echotrio::protocol
