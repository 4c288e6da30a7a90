// What a fuzz target is: one function that takes any bytes and aborts where something is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace echotrio::test {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return size == 0 ? std::string_view()
                     : std::string_view(reinterpret_cast<const char*>(data), size);
}

// Takes the first byte off `text`; 0 where there is none.
inline unsigned take_byte(std::string_view& text) {
    if (text.empty()) return 0;
    const auto first = static_cast<unsigned char>(text.front());
    text.remove_prefix(1);
    return first;
}

// Takes eight bytes, little endian; missing ones are 0.
inline std::uint64_t take_word(std::string_view& text) {
    std::uint64_t word = 0;
    for (unsigned i = 0; i < 8; ++i) word |= std::uint64_t{take_byte(text)} << (8 * i);
    return word;
}

}  // namespace echotrio::test
