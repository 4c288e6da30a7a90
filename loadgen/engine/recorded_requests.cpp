#include "loadgen/engine/recorded_requests.hpp"

#include "loadgen/engine/prepared.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace echotrio::loadgen {
namespace {

bool takes_body(std::string_view method) {
    constexpr std::array<std::string_view, 4> kNever{"GET", "HEAD", "OPTIONS", "TRACE"};
    return std::find(kNever.begin(), kNever.end(), method) == kNever.end();
}

}  // namespace

RecordedRequests::RecordedRequests(const RunOptions& options)
    : options_(&options),
      recording_(options.replay->recording.get()),
      raw_(options.target.scheme == Scheme::tcp),
      says_close_(!has_header(options.headers, "connection")) {
    if (raw_) return;
    if (!has_header(options.headers, "host")) {
        fields_ = fmt::format("Host: {}\r\n", host_field(options.target.where));
    }
    for (const std::string& line : options.headers) {
        if (!has_header({line}, "content-length")) fields_ += line + "\r\n";
    }
    body_ = options.body;
    const std::size_t given = body_.size();
    body_.resize(std::max<std::size_t>(given, recording_->most_bytes()));
    for (std::size_t i = given; i < body_.size(); ++i) body_[i] = static_cast<char>('a' + i % 26);
}

std::string_view RecordedRequests::method_of(const RecordedRequest& settled) const {
    const std::string_view recorded = recording_->resource(settled).method;
    if (!recorded.empty()) return recorded;
    if (!options_->method.empty()) return options_->method;
    return settled.bytes > 0 ? "POST" : "GET";
}

RecordedRequest RecordedRequests::settled(const RecordedRequest& recorded) const {
    const bool known = recorded.bytes != RecordedRequest::kUnknown;
    RecordedRequest settled = recorded;
    if (raw_) {
        if (!known || recorded.bytes == 0)
            settled.bytes = static_cast<std::uint32_t>(options_->size);
        return settled;
    }
    if (!known) settled.bytes = static_cast<std::uint32_t>(options_->body.size());
    if (!takes_body(method_of(settled))) settled.bytes = 0;
    return settled;
}

void RecordedRequests::pieces(const RecordedRequest& settled, bool last, const auto& take) const {
    const std::string_view path = recording_->resource(settled).path;
    const std::string_view method = method_of(settled);
    take(method);
    take(std::string_view(" "));
    take(path.empty() ? std::string_view(options_->target.path) : path);
    take(std::string_view(" HTTP/1.1\r\n"));
    take(std::string_view(fields_));
    if (takes_body(method)) {
        std::array<char, 40> line{};
        const auto end = fmt::format_to(line.begin(), "Content-Length: {}\r\n", settled.bytes);
        take(std::string_view(line.data(), static_cast<std::size_t>(end - line.begin())));
    }
    if (last && says_close_) take(std::string_view("Connection: close\r\n"));
    take(std::string_view("\r\n"));
}

std::size_t RecordedRequests::head_size(const RecordedRequest& settled, bool last) const {
    std::size_t size = 0;
    pieces(settled, last, [&](std::string_view piece) { size += piece.size(); });
    return size;
}

void RecordedRequests::append_head(std::string& to, const RecordedRequest& settled,
                                   bool last) const {
    pieces(settled, last, [&](std::string_view piece) { to += piece; });
}

}  // namespace echotrio::loadgen
