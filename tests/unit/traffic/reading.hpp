// A text as a record.
#pragma once

#include "loadgen/traffic/traffic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace echotrio::loadgen {

// Hands the text over in pieces of at most `piece` bytes.
inline Source::Read from_text(std::string text, std::size_t piece = 1 << 20) {
    return [text = std::move(text), piece, at = std::size_t{0}](std::span<char> space) mutable {
        const std::size_t n = std::min({space.size(), piece, text.size() - at});
        std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), n, space.begin());
        at += n;
        return n;
    };
}

inline Result<Traffic> try_read(const std::string& text,
                                std::optional<TrafficFormat> format = std::nullopt) {
    return read_traffic(from_text(text), format);
}

inline Traffic read(const std::string& text, std::optional<TrafficFormat> format = std::nullopt) {
    auto traffic = try_read(text, format);
    EXPECT_TRUE(traffic.ok()) << (traffic ? "" : traffic.error().message);
    return traffic ? std::move(*traffic) : Traffic{};
}

// "0 GET /a 5", "250000000 POST /b ?": ns since the first, method, path, bytes.
inline std::vector<std::string> lines_of(const Traffic& traffic) {
    std::vector<std::string> lines;
    if (!traffic.recording) return lines;
    for (std::size_t i = 0; i < traffic.recording->size(); ++i) {
        const Recording::Arrival& a = (*traffic.recording)[i];
        const Resource r = traffic.recording->resource(a.request);
        const bool known = a.request.bytes != RecordedRequest::kUnknown;
        lines.push_back(std::to_string(a.at) + ' ' + std::string(r.method) + ' ' +
                        std::string(r.path) + ' ' +
                        (known ? std::to_string(a.request.bytes) : "?"));
    }
    return lines;
}

inline Skipped skipped(const Traffic& traffic, Skip why) {
    return traffic.skipped[static_cast<std::size_t>(why)];
}

using Lines = std::vector<std::string>;

}  // namespace echotrio::loadgen
