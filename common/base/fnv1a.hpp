// FNV-1a, 64 bits: the same in every build and on every machine, unlike std::hash. It tells
// mistakes apart, not attacks. Source: http://www.isthe.com/chongo/tech/comp/fnv/
#pragma once

#include <cstdint>
#include <string_view>

namespace echotrio {

inline constexpr std::uint64_t kFnv1aBasis = 0xcbf29ce484222325U;

// Of several texts in turn: `hash` is what came before.
constexpr std::uint64_t fnv1a(std::string_view text, std::uint64_t hash = kFnv1aBasis) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

// Of its eight bytes, from the lowest up.
constexpr std::uint64_t fnv1a(std::uint64_t number, std::uint64_t hash = kFnv1aBasis) {
    for (int i = 0; i < 8; ++i, number >>= 8) hash = (hash ^ (number & 0xff)) * 0x100000001b3U;
    return hash;
}

}  // namespace echotrio
