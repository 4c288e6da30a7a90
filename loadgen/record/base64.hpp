// Base64 (RFC 4648, with padding): what HDR logs carry binary histograms in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace echotrio::loadgen {

std::string encode_base64(std::string_view bytes);

// Empty when it is not base64: a foreign character, a wrong length, padding in the middle.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace echotrio::loadgen
