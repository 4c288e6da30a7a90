// The session under any input: it must not crash, read a byte too far or use a buffer that is no
// longer its own, and its output must not depend on how the input was cut up or how the socket took
// the replies. The first eight bytes seed the cuts.
#include "common/base/check.hpp"
#include "common/base/rng.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/session_driver.hpp"

#include <algorithm>

namespace echotrio::test {
namespace {

// RFC 9110 10.1.1: "100 Continue" may be left out when the body is there already, so it is the one
// thing that does depend on the cuts.
std::string without_continue(std::string output) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    for (std::size_t at = output.find(kContinue); at != output.npos;
         at = output.find(kContinue, at)) {
        output.erase(at, kContinue.size());
    }
    return output;
}

void run(std::string_view input, std::uint64_t seed) {
    Rng rng(seed);
    protocol::Settings settings;
    settings.model = "fuzz";
    settings.max_request = 1024;
    settings.mode = rng.below(2) == 0 ? protocol::Mode::automatic : protocol::Mode::http;
    const Outcome whole = converse(input, 1 << 30, true, settings);

    SessionDriver driver(settings);
    driver.hold_at_every_step = rng.below(2) == 0;
    driver.write_at_most = rng.below(2) == 0 ? 1 + rng.below(100) : 1 << 30;
    const std::uint64_t longest = 1 + rng.below(64);
    while (!input.empty()) {
        const std::size_t n = std::min<std::size_t>(1 + rng.below(longest), input.size());
        driver.send(input.substr(0, n));
        input.remove_prefix(n);
    }
    driver.end();
    CHECK(without_continue(driver.outcome().output) == without_continue(whole.output));
    CHECK(driver.outcome().closed == whole.closed);
    CHECK(driver.outcome().computes == whole.computes);
    CHECK(driver.outcome().waits == whole.waits);
}

}  // namespace
}  // namespace echotrio::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input = echotrio::test::text_of(data, size);
    const std::uint64_t seed = echotrio::test::take_word(input);
    echotrio::test::run(input, seed);
    return 0;
}
