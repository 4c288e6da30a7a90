// What a long log costs in memory.
#include "tests/support/allocations.hpp"
#include "tests/unit/traffic/reading.hpp"

namespace echotrio::loadgen {
namespace {

// A log of `n` requests, made while it is read: five a second, of 1,000 paths.
Source::Read long_log(std::size_t n) {
    return [n, i = std::size_t{0}, line = std::string(),
            at = std::size_t{0}](std::span<char> space) mutable {
        if (at == line.size()) {
            if (i == n) return std::size_t{0};
            const std::size_t second = i / 5;
            char text[160];
            const int size = std::snprintf(
                text, sizeof text,
                "10.0.0.1 - - [31/Jan/2026:%02zu:%02zu:%02zu +0000] \"GET /item/%zu HTTP/1.1\" 200 "
                "612 \"-\" \"curl/8\"\n",
                second / 3600 % 24, second / 60 % 60, second % 60, i % 1000);
            line.assign(text, static_cast<std::size_t>(size));
            at = 0;
            ++i;
        }
        const std::size_t piece = std::min(space.size(), line.size() - at);
        std::copy_n(line.begin() + static_cast<std::ptrdiff_t>(at), piece, space.begin());
        at += piece;
        return piece;
    };
}

TEST(TrafficMemory, ARequestTakesAFewBytesHoweverLongItsLine) {
    constexpr std::size_t kRequests = 200'000;
    const std::size_t before = test::live_bytes();
    const auto traffic = read_traffic(long_log(kRequests), std::nullopt);
    const std::size_t held = test::live_bytes() - before;
    ASSERT_TRUE(traffic.ok());
    EXPECT_EQ(traffic->recording->size(), kRequests);
    EXPECT_EQ(traffic->recording->resources().size(), 1000);
    EXPECT_LT(held, 24 * kRequests);
}

}  // namespace
}  // namespace echotrio::loadgen
