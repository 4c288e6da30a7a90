#include "common/base/units.hpp"
#include "loadgen/schedule/recording_builder.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace echotrio::loadgen {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// Arrivals of whole seconds, sorted: the i-th of n in a second moves to its i-th n-th.
void spread_within_seconds(std::deque<Recording::Arrival>& arrivals) {
    for (auto first = arrivals.begin(); first != arrivals.end();) {
        const std::int64_t second = first->at;
        const auto last = std::find_if(first, arrivals.end(),
                                       [&](const Recording::Arrival& a) { return a.at != second; });
        const std::int64_t n = last - first;
        for (std::int64_t i = 0; first != last; ++first, ++i) first->at += i * kSecond / n;
    }
}

}  // namespace

Nanos Recording::length() const {
    const std::int64_t span = arrivals_.back().at;
    if (span == 0) return Nanos(kSecond);
    const auto gaps = static_cast<std::int64_t>(arrivals_.size()) - 1;
    const std::int64_t gap = std::max<std::int64_t>(span / gaps, 1);
    return span < Nanos::max().count() - gap ? Nanos(span + gap) : Nanos::max();
}

Status RecordingBuilder::index_of(const Resource& resource, std::uint32_t& index) {
    ResourceTable& table = recording_.resources_;
    if (const auto found = known_.find(resource); found != known_.end()) {
        index = *found;
        return Done{};
    }
    if (table.size() == Recording::kMostResources) {
        return Error{fmt::format("more than {} different methods and paths",
                                 group_digits(std::to_string(Recording::kMostResources)))};
    }
    if (table.text_bytes() + resource.method.size() + resource.path.size() > Recording::kMostText) {
        return Error{
            fmt::format("more than {} of different paths", format_size(Recording::kMostText))};
    }
    index = static_cast<std::uint32_t>(table.size());
    table.push_back(resource);
    known_.insert(index);
    return Done{};
}

Status RecordingBuilder::add(std::int64_t at, const Resource& resource, std::uint32_t bytes) {
    if (size() == Recording::kMostRequests) {
        return Error{fmt::format("more than {} requests",
                                 group_digits(std::to_string(Recording::kMostRequests)))};
    }
    RecordedRequest request{0, bytes};
    if (const Status found = index_of(resource, request.resource); !found) return found;
    if (at < latest_) ++out_of_order_;
    latest_ = std::max(latest_, at);
    if (bytes != RecordedRequest::kUnknown) {
        recording_.most_bytes_ = std::max(recording_.most_bytes_, bytes);
    }
    recording_.arrivals_.push_back({at, request});
    return Done{};
}

Recording RecordingBuilder::build(bool spread) && {
    CHECK(size() > 0);
    auto& arrivals = recording_.arrivals_;
    if (out_of_order_ > 0) {
        std::stable_sort(
            arrivals.begin(), arrivals.end(),
            [](const Recording::Arrival& a, const Recording::Arrival& b) { return a.at < b.at; });
    }
    if (spread) spread_within_seconds(arrivals);
    recording_.origin_ = arrivals.front().at;
    for (Recording::Arrival& a : arrivals) a.at -= recording_.origin_;
    return std::move(recording_);
}

}  // namespace echotrio::loadgen
