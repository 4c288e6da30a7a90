#include "loadgen/record/hdr_codec.hpp"

#include "loadgen/record/base64.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <bit>
#include <cstdlib>

namespace echotrio::loadgen {
namespace {

constexpr std::uint32_t kPayloadCookie = 0x1c849313;     // V2 base 0x1c849303 + word size 0x10
constexpr std::uint32_t kCompressedCookie = 0x1c849314;  // V2 base 0x1c849304 + 0x10
constexpr std::size_t kHeader = 40;
// Every slot's count in nine bytes: no payload of ours is longer.
constexpr std::size_t kLongestPayload = kHeader + Histogram::kSlots * 9;

void put(std::string& out, std::uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
}

std::uint64_t get(std::string_view in, std::size_t at, int bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i) {
        value = value << 8U | static_cast<unsigned char>(in[at + static_cast<std::size_t>(i)]);
    }
    return value;
}

void put_zigzag(std::string& out, std::int64_t value) {
    std::uint64_t left =
        (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63U);
    for (int i = 0; i < 8 && left >= 0x80; ++i) {
        out.push_back(static_cast<char>(left | 0x80U));
        left >>= 7U;
    }
    out.push_back(static_cast<char>(left));  // the ninth byte holds eight bits
}

// The next value; moves `at`. False at a value that is cut off.
bool get_zigzag(std::string_view in, std::size_t& at, std::int64_t& value) {
    std::uint64_t bits = 0;
    for (unsigned i = 0; i < 9; ++i) {
        if (at >= in.size()) return false;
        const auto byte = static_cast<unsigned char>(in[at++]);
        if (i == 8) {
            bits |= static_cast<std::uint64_t>(byte) << 56U;
            break;
        }
        bits |= static_cast<std::uint64_t>(byte & 0x7fU) << (7 * i);
        if ((byte & 0x80U) == 0) break;
    }
    value = static_cast<std::int64_t>(bits >> 1U) ^ -static_cast<std::int64_t>(bits & 1U);
    return true;
}

std::string payload_of(const Histogram& histogram) {
    std::string counts;
    const auto slots = histogram.counts();
    std::size_t used = slots.size();
    while (used > 0 && slots[used - 1] == 0) --used;
    for (std::size_t i = 0; i < used;) {
        std::size_t zeros = 0;
        while (slots[i + zeros] == 0) ++zeros;  // ends: the last used slot is not 0
        if (zeros > 0) {
            put_zigzag(counts, zeros == 1 ? 0 : -static_cast<std::int64_t>(zeros));
            i += zeros;
        } else {
            put_zigzag(counts, static_cast<std::int64_t>(slots[i++]));
        }
    }
    std::string out;
    put(out, kPayloadCookie, 4);
    put(out, counts.size(), 4);
    put(out, 0, 4);
    put(out, Histogram::kDigits, 4);
    put(out, Histogram::kLowest, 8);
    put(out, Histogram::kHighest, 8);
    put(out, std::bit_cast<std::uint64_t>(1.0), 8);
    return out + counts;
}

Result<std::string> inflate_payload(std::string_view compressed) {
    std::string out(kLongestPayload, '\0');
    uLongf length = out.size();
    const int rc = ::uncompress(reinterpret_cast<Bytef*>(out.data()), &length,
                                reinterpret_cast<const Bytef*>(compressed.data()),
                                static_cast<uLong>(compressed.size()));
    if (rc != Z_OK) return Error{"HDR histogram: the zlib stream is damaged or too long"};
    out.resize(length);
    return out;
}

Result<Histogram> decode_payload(std::string_view in) {
    if (in.size() < kHeader || get(in, 0, 4) != kPayloadCookie) {
        return Error{"HDR histogram: not a V2 payload"};
    }
    if (get(in, 8, 4) != 0 || get(in, 12, 4) != Histogram::kDigits ||
        get(in, 16, 8) != Histogram::kLowest || get(in, 24, 8) != Histogram::kHighest) {
        return Error{fmt::format("HDR histogram: only 3 digits from 1 ns to {} ns are read",
                                 Histogram::kHighest)};
    }
    if (get(in, 4, 4) != in.size() - kHeader) return Error{"HDR histogram: its length is wrong"};
    Histogram histogram;
    std::size_t slot = 0;
    for (std::size_t at = kHeader; at < in.size();) {
        std::int64_t value = 0;
        if (!get_zigzag(in, at, value)) return Error{"HDR histogram: its counts are cut off"};
        // Compared before it is added, so that a damaged run of zeros can't wrap around.
        const std::uint64_t step = value < 0 ? 0 - static_cast<std::uint64_t>(value) : 1;
        if (step > Histogram::kSlots - slot) return Error{"HDR histogram: too many slots"};
        if (value > 0) histogram.add_to_slot(slot, static_cast<std::uint64_t>(value));
        slot += static_cast<std::size_t>(step);
    }
    return histogram;
}

}  // namespace

std::string encode_hdr(const Histogram& histogram) {
    const std::string payload = payload_of(histogram);
    uLongf length = ::compressBound(static_cast<uLong>(payload.size()));
    std::string deflated(length, '\0');
    const int rc = ::compress2(reinterpret_cast<Bytef*>(deflated.data()), &length,
                               reinterpret_cast<const Bytef*>(payload.data()),
                               static_cast<uLong>(payload.size()), Z_BEST_COMPRESSION);
    CHECK(rc == Z_OK);
    std::string out;
    put(out, kCompressedCookie, 4);
    put(out, length, 4);
    out.append(deflated, 0, length);
    return encode_base64(out);
}

Result<Histogram> decode_hdr(std::string_view text) {
    const auto bytes = decode_base64(text);
    if (!bytes) return Error{"HDR histogram: not base64"};
    if (bytes->size() < 8 || get(*bytes, 0, 4) != kCompressedCookie ||
        get(*bytes, 4, 4) != bytes->size() - 8) {
        return Error{"HDR histogram: not a compressed V2 histogram"};
    }
    const auto payload = inflate_payload(std::string_view(*bytes).substr(8));
    if (!payload) return payload.error();
    return decode_payload(*payload);
}

}  // namespace echotrio::loadgen
