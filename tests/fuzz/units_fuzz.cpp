// Durations, sizes and host:port: what is read is in its range, and printed it reads back as the
// same. The first eight bytes are a number of nanoseconds or bytes to print.
#include "common/base/check.hpp"
#include "common/base/units.hpp"
#include "common/net/socket.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <limits>

namespace echotrio::test {
namespace {

constexpr Nanos kLongest = std::chrono::hours(10'000);

void print_and_read(Nanos duration) {
    const auto again = parse_duration(format_duration(duration));
    CHECK(again.ok() && *again == duration);
    CHECK(!human_duration(duration).empty());
}

void print_and_read(std::uint64_t bytes) {
    const auto again = parse_size(format_size(bytes));
    CHECK(again.ok() && *again == bytes);
    CHECK(!human_bytes(static_cast<double>(bytes)).empty());
}

void run(std::uint64_t number, std::string_view text) {
    print_and_read(
        Nanos(static_cast<Nanos::rep>(number % static_cast<std::uint64_t>(kLongest.count() + 1))));
    print_and_read(number & std::uint64_t{std::numeric_limits<std::int64_t>::max()});

    if (const auto duration = parse_duration(text)) {
        CHECK(*duration >= Nanos(0) && *duration <= kLongest);
        print_and_read(*duration);
    }
    if (const auto size = parse_size(text)) print_and_read(*size);
    if (const auto where = net::parse_host_port(text)) {
        CHECK(!where->host.empty());
        const auto again = net::parse_host_port(net::format_host_port(*where));
        CHECK(again.ok() && again->host == where->host && again->port == where->port);
    }
}

}  // namespace
}  // namespace echotrio::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text = echotrio::test::text_of(data, size);
    const std::uint64_t number = echotrio::test::take_word(text);
    echotrio::test::run(number, text);
    return 0;
}
