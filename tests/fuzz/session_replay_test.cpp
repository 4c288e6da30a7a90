// The session's fuzz target in the ordinary test run, without libFuzzer: the robustness table is
// the corpus, as it is and with seeded mutations.
#include "common/base/rng.hpp"
#include "tests/support/robustness_cases.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);  // NOLINT

namespace echotrio::test {
namespace {

constexpr std::size_t kLongest = 4000;  // longer cases only repeat themselves

void feed(Rng& rng, std::string input) {
    for (int i = 0; i < 8; ++i) input.insert(input.begin(), static_cast<char>(rng.below(256)));
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

// A byte changed, taken out, doubled or moved; or two cases spliced.
std::string mutate(Rng& rng, std::string input, const std::string& other) {
    for (std::uint64_t n = 1 + rng.below(3); n > 0 && !input.empty(); --n) {
        const auto at = static_cast<std::size_t>(rng.below(input.size()));
        switch (rng.below(5)) {
            case 0:
                input[at] = static_cast<char>(rng.below(256));
                break;
            case 1:
                input.erase(at, 1 + rng.below(4));
                break;
            case 2:
                input.insert(at, 1, "\r\n :,;\t0"[rng.below(8)]);
                break;
            case 3:
                input += input.substr(at);
                break;
            default:
                input = input.substr(0, at) + other.substr(rng.below(other.size() + 1));
        }
    }
    return input.substr(0, kLongest);
}

TEST(SessionFuzz, TableAndItsMutations) {
    const auto cases = robustness_cases();
    Rng rng(1);
    for (const RobustnessCase& c : cases) feed(rng, c.input.substr(0, kLongest));
    for (int i = 0; i < 5000; ++i) {
        const std::string& one = cases[rng.below(cases.size())].input;
        const std::string& other = cases[rng.below(cases.size())].input;
        feed(rng, mutate(rng, one.substr(0, kLongest), other.substr(0, kLongest)));
    }
}

}  // namespace
}  // namespace echotrio::test
