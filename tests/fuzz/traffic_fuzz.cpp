// Recorded traffic, in any format and as any of them: never a crash, every request can be sent, and
// what was read reads back the same when it is written as a record. The first byte chooses.
#include "common/base/check.hpp"
#include "loadgen/traffic/rates.hpp"
#include "loadgen/traffic/traffic.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <string>

namespace echotrio::test {
namespace {

using namespace loadgen;

Source::Read in_pieces(std::string_view text, std::size_t piece) {
    return [text, piece](std::span<char> space) mutable {
        const std::size_t n = std::min({space.size(), piece, text.size()});
        std::copy_n(text.begin(), n, space.begin());
        text.remove_prefix(n);
        return n;
    };
}

void check_requests(const Recording& recording) {
    std::int64_t before = 0;
    for (std::size_t i = 0; i < recording.size(); ++i) {
        const Recording::Arrival& a = recording[i];
        CHECK(a.at >= before);
        before = a.at;
        const auto [method, path] = recording.resource(a.request);
        CHECK(method != "CONNECT" && (path.empty() || path.front() == '/'));
        for (const std::string_view text : {method, path}) {
            CHECK(std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; }));
        }
    }
    CHECK(recording.length() > Nanos(0));
    const TrafficRates rates = rates_of(recording);
    CHECK(rates.p99 <= rates.max && rates.demand() >= rates.p99 && rates.seconds > 0);
}

void check(std::string_view text, std::optional<TrafficFormat> format) {
    const auto traffic = read_traffic(in_pieces(text, 1 << 16), format);
    const auto again = read_traffic(in_pieces(text, 3), format);
    CHECK(traffic.ok() == again.ok());
    if (!traffic) {
        CHECK(traffic.error().message == again.error().message);
        return;
    }
    CHECK(skipped_words(*traffic) == skipped_words(*again));
    const Recording& recording = *traffic->recording;
    check_requests(recording);
    std::string record;
    for (std::size_t i = 0; i < recording.size(); ++i) {
        const Recording::Arrival& a = recording[i];
        record += format_record_line(recording.origin() + a.at, recording.resource(a.request),
                                     a.request.bytes);
    }
    const auto back = read_traffic(in_pieces(record, 1 << 16), TrafficFormat::ndjson);
    CHECK(back.ok() && back->all_skipped() == 0);
    CHECK(back->recording->size() == recording.size());
    for (std::size_t i = 0; i < recording.size(); ++i) {
        const Recording::Arrival& a = recording[i];
        const Recording::Arrival& b = (*back->recording)[i];
        CHECK(a.at == b.at && a.request.bytes == b.request.bytes);
        CHECK(recording.resource(a.request) == back->recording->resource(b.request));
    }
}

}  // namespace
}  // namespace echotrio::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace echotrio;
    std::string_view text = test::text_of(data, size);
    std::optional<loadgen::TrafficFormat> format;
    if (const unsigned choice = test::take_byte(text) % 8; choice < 4) {
        format = static_cast<loadgen::TrafficFormat>(choice);
    }
    test::check(text, format);
    return 0;
}
