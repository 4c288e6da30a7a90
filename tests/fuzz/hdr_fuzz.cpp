// HDR histograms and their log: any text is read or refused, what is read encodes back as the same,
// and what we encode decodes as what it was. The first byte says what the rest is: 'c' the counts
// of a payload, 'p' a payload (both get their wrapping here, which chance would never make), 'v'
// values to record, else text.
#include "common/base/check.hpp"
#include "loadgen/record/base64.hpp"
#include "loadgen/record/hdr_codec.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <zlib.h>

#include <string>

namespace echotrio::test {
namespace {

using namespace loadgen;

std::string big_endian(std::uint64_t value, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
    return out;
}

std::string payload_with(std::string_view counts) {
    return big_endian(0x1c849313, 4) + big_endian(counts.size(), 4) + big_endian(0, 4) +
           big_endian(Histogram::kDigits, 4) + big_endian(Histogram::kLowest, 8) +
           big_endian(Histogram::kHighest, 8) + big_endian(0x3ff0000000000000, 8) +
           std::string(counts);
}

std::string wrapped(const std::string& payload) {
    uLongf length = ::compressBound(static_cast<uLong>(payload.size()));
    std::string deflated(length, '\0');
    CHECK(::compress2(reinterpret_cast<Bytef*>(deflated.data()), &length,
                      reinterpret_cast<const Bytef*>(payload.data()),
                      static_cast<uLong>(payload.size()), Z_BEST_SPEED) == Z_OK);
    return encode_base64(big_endian(0x1c849314, 4) + big_endian(length, 4) +
                         deflated.substr(0, length));
}

void check_histogram(const Histogram& histogram) {
    const auto again = decode_hdr(encode_hdr(histogram));
    CHECK(again.ok() && *again == histogram);
    CHECK(histogram.min() <= histogram.max() && histogram.max() <= Histogram::kHighest);
    CHECK(histogram.value_at_percentile(0) == histogram.min());
    CHECK(histogram.mean() >= 0 && histogram.stddev() >= 0);
}

void check_log(std::string_view text) {
    const auto lines = parse_hdr_log(text);
    if (!lines) return;
    const auto again = parse_hdr_log(format_hdr_log(0, *lines));
    CHECK(again.ok() && again->size() == lines->size());
    for (std::size_t i = 0; i < lines->size(); ++i) {
        CHECK((*again)[i].tag == (*lines)[i].tag);
        CHECK((*again)[i].histogram == (*lines)[i].histogram);
    }
}

void record_values(std::string_view bytes) {
    Histogram histogram;
    std::uint64_t count = 0;
    while (!bytes.empty()) {
        const auto ns = static_cast<std::int64_t>(take_word(bytes));
        const std::uint64_t times = take_byte(bytes);
        if (ns < 0 || ns > Histogram::kHighest) continue;  // clamped: not part of the format
        histogram.record(ns, times);
        count += times;
    }
    CHECK(histogram.count() == count);
    check_histogram(histogram);
}

void check_text(std::string_view text) {
    if (const auto bytes = decode_base64(text)) {
        CHECK(decode_base64(encode_base64(*bytes)) == bytes);
    }
    CHECK(decode_base64(encode_base64(text)) == std::string(text));
    if (const auto histogram = decode_hdr(text)) check_histogram(*histogram);
    check_log(text);
}

}  // namespace
}  // namespace echotrio::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace echotrio::test;
    const std::string_view all = text_of(data, size);
    std::string_view rest = all;
    const unsigned kind = take_byte(rest);
    if (kind == 'c') {
        const auto histogram = echotrio::loadgen::decode_hdr(wrapped(payload_with(rest)));
        if (histogram) check_histogram(*histogram);
    } else if (kind == 'p') {
        const auto histogram = echotrio::loadgen::decode_hdr(wrapped(std::string(rest)));
        if (histogram) check_histogram(*histogram);
    } else if (kind == 'v') {
        record_values(rest);
    } else {
        check_text(all);
    }
    return 0;
}
