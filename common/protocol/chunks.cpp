#include "common/protocol/chunks.hpp"

#include "common/protocol/characters.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace echotrio::protocol {
namespace {

std::string_view without_space(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

// The size of the quoted-string that `text` begins with (RFC 9110 5.6.4); 0: none.
std::size_t quoted_size(std::string_view text) {
    if (!text.starts_with('"')) return 0;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') return i + 1;
        if (text[i] == '\\') ++i;
        if (i == text.size() || is_control(text[i])) return 0;
    }
    return 0;
}

// *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ). They mean nothing here, but what
// is none could be read in more than one way.
bool are_extensions(std::string_view text) {
    while (!text.empty()) {
        text = without_space(text);
        if (!text.starts_with(';')) return false;
        text = without_space(text.substr(1));
        const std::size_t name = token_size(text);
        if (name == 0) return false;
        text.remove_prefix(name);
        std::string_view value = without_space(text);
        if (!value.starts_with('=')) continue;
        value = without_space(value.substr(1));
        const std::size_t size = std::max(token_size(value), quoted_size(value));
        if (size == 0) return false;
        text = value.substr(size);
    }
    return true;
}

// The size that a chunk line says, without its line end. An overflow is no size.
std::optional<std::uint64_t> size_of_chunk(std::string_view line) {
    std::uint64_t size = 0;
    const char* const end = line.data() + line.size();
    const auto [rest, error] = std::from_chars(line.data(), end, size, 16);
    if (error != std::errc{}) return std::nullopt;
    line.remove_prefix(static_cast<std::size_t>(rest - line.data()));
    if (!are_extensions(line)) return std::nullopt;
    return size;
}

}  // namespace

Problem ChunkDecoder::decode(std::string_view bytes, char* to, std::uint64_t limit,
                             Decoded& decoded) {
    const Problem malformed{400, "the chunked body is malformed"};
    constexpr std::string_view kLineEnd = "\r\n";
    while (true) {
        const std::string_view rest = bytes.substr(decoded.used);
        if (part_ == Part::line) {
            const std::size_t lf = rest.find('\n', searched_);
            if (lf == std::string_view::npos) {
                searched_ = rest.size();
                return {};
            }
            searched_ = 0;
            // a CR anywhere else is no part of a size or an extension
            if (lf == 0 || rest[lf - 1] != '\r') return malformed;
            const auto size = size_of_chunk(rest.substr(0, lf - 1));
            if (!size) return malformed;
            decoded.used += lf + 1;
            left_ = *size;
            if (left_ == 0 || left_ > limit) {
                decoded.reached = left_ == 0 ? Reached::trailer : Reached::too_long;
                return {};
            }
            part_ = Part::data;
        } else if (part_ == Part::data) {
            const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
            std::memmove(to + decoded.content, rest.data(), n);
            decoded.content += n;
            decoded.used += n;
            left_ -= n;
            if (left_ > 0) return {};
            part_ = Part::data_end;
        } else {
            if (rest.substr(0, 2) != kLineEnd.substr(0, rest.size())) return malformed;
            if (rest.size() < kLineEnd.size()) return {};
            decoded.used += kLineEnd.size();
            part_ = Part::line;
        }
    }
}

}  // namespace echotrio::protocol
