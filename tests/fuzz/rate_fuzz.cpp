// Rate profiles: what is read keeps what Profile asks for, printed it reads back as the same legs,
// and the two directions of the profile (requests due by a time, the time of a request) agree.
#include "common/base/check.hpp"
#include "loadgen/schedule/profile.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <cmath>

namespace echotrio::test {
namespace {

using namespace loadgen;

constexpr double kHighestRate = 1e8;

void check_legs(const std::vector<RateStep>& steps) {
    CHECK(!steps.empty());
    for (std::size_t i = 0; i < steps.size(); ++i) {
        CHECK(steps[i].rate >= 0 && steps[i].rate <= kHighestRate);
        if (steps[i].ramp_to) CHECK(*steps[i].ramp_to >= 0 && *steps[i].ramp_to <= kHighestRate);
        CHECK(steps[i].duration > Nanos(0) || i + 1 == steps.size());
    }
    const auto again = parse_rate(format_rate(steps));
    CHECK(again.ok() && again->size() == steps.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
        CHECK((*again)[i].rate == steps[i].rate && (*again)[i].ramp_to == steps[i].ramp_to &&
              (*again)[i].duration == steps[i].duration);
    }
}

// The n-th request comes no earlier than the one before it, and n are due by then.
void check_profile(const std::vector<RateStep>& steps) {
    const Profile profile(steps);
    const Nanos total = total_duration(steps);
    CHECK(total >= Nanos(0));
    const double all = total > Nanos(0) ? profile.count_at(seconds(total)) : 1e6;
    CHECK(all >= 0 && std::isfinite(all));
    std::size_t leg = 0;
    double before = 0;
    constexpr int kPoints = 50;
    for (int i = 1; i <= kPoints; ++i) {
        const double count = all * i / kPoints;
        const auto at = profile.time_of(count, leg);
        if (!at) continue;
        CHECK(*at >= before);
        before = *at;
        // A double's last place, of the count and of the time at the highest rate.
        const double slack = 1e-9 * count + 1e-6 + kHighestRate * *at * 1e-15;
        CHECK(std::abs(profile.count_at(*at) - count) <= slack);
    }
}

}  // namespace
}  // namespace echotrio::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto steps = echotrio::loadgen::parse_rate(echotrio::test::text_of(data, size));
    if (!steps) return 0;
    echotrio::test::check_legs(*steps);
    echotrio::test::check_profile(*steps);
    return 0;
}
